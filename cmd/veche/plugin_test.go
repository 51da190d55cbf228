package main

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veche-city/veche/plugins/bundle"
)

// TestPluginCommands: a key is made once, a plugin packed and signed by it, and one that does not
// speak the contract fails the trial.
func TestPluginCommands(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"schema.graphql": "extend type Query { weather: String @public }", "plugin.yaml": `name: weather
version: 1.0.0
contract: 1
title: {ru: Погода, en: Weather}
prefix: Weather
schema: schema.graphql
build: {run: "printf '#!/bin/sh\\necho no plugin' > $VECHE_OUT; chmod +x $VECHE_OUT", platforms: [any]}
`} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	key, out := filepath.Join(folder, "town"), filepath.Join(folder, "weather.veche")
	if err := (&keyPlugin{Name: key}).Run(); err != nil {
		t.Fatal(err)
	}
	if err := (&keyPlugin{Name: key}).Run(); err == nil {
		t.Error("a key was written over")
	}
	if err := (&packPlugin{Path: folder, Out: out}).Run(); err != nil {
		t.Fatal(err)
	}
	if err := (&signPlugin{Bundle: out, Key: key + ".pub"}).Run(); err == nil || !strings.Contains(err.Error(), "no private key") {
		t.Errorf("got %v", err)
	}
	if err := (&signPlugin{Bundle: out, Key: key + ".key"}).Run(); err != nil {
		t.Fatal(err)
	}
	private, err := readPrivateKey(key + ".key")
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	info, _ := in.Stat()
	b, err := bundle.Open(in, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	if name, ok := b.SignedBy(map[string]ed25519.PublicKey{"town": private.Public().(ed25519.PublicKey)}); !ok || name != "town" {
		t.Errorf("signed by %q", name)
	}
	if err := (&verifyPlugin{Path: out}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "checks failed") {
		t.Errorf("got %v", err)
	}
}
