package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/veche-city/veche/cmd/veche/demo"
	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/plugins/dev"
	"github.com/veche-city/veche/plugins/manifest"
)

type devPlugin struct {
	settingsFile
	Path string `arg:"" help:"The plugin's folder, with its plugin.yaml." type:"existingdir"`
}

// Run serves the demo city, and brings the plugin in as it is saved. Unless another folder is named it
// has a data folder of its own, beside that of veche demo.
func (d *devPlugin) Run(ctx context.Context, s *Settings) error {
	if _, err := manifest.Read(os.DirFS(d.Path)); err != nil {
		return err
	}
	given, err := d.read()
	if err != nil {
		return err
	}
	keys, err := os.MkdirTemp("", "veche-dev-keys-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(keys) }()
	key, err := devKey(keys)
	if err != nil {
		return err
	}
	if s.DataDir == dataDir() {
		s.DataDir += "-dev"
	}
	s.PluginKeys, s.pluginsDev = keys, true
	return s.within(ctx, func(ctx context.Context, h *house.House, failed <-chan error) error {
		if err := demo.Load(ctx, h, progress); err != nil {
			return err
		}
		town, err := townOf(h, s.Municipality)
		if err != nil {
			return err
		}
		return d.loop(ctx, s, failed, &house.Workshop{House: h, Town: town, Key: key, Settings: given})
	})
}

// loop serves, and watches the folder meanwhile; either one's end is the other's.
func (d *devPlugin) loop(ctx context.Context, s *Settings, failed <-chan error, w *house.Workshop) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var watching sync.WaitGroup
	var lost error
	loop := &dev.Loop{Folder: d.Path, House: w, Say: func(text string) { progress(d.Path + ": " + text) }}
	watching.Go(func() {
		defer cancel()
		lost = loop.Run(ctx)
	})
	err := s.serve(ctx, w.House, failed)
	cancel()
	watching.Wait()
	return errors.Join(err, lost)
}

// devKey makes the key of this run, which the house trusts and nobody else has.
func devKey(keys string) (ed25519.PrivateKey, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	shown, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	return private, os.WriteFile(filepath.Join(keys, "dev.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: shown}), 0o600)
}
