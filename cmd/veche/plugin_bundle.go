package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/kit"
	"github.com/veche-city/veche/plugins/manifest"
)

type packPlugin struct {
	Path string `arg:"" help:"The plugin's folder, with its plugin.yaml." type:"existingdir"`
	Out  string `help:"The bundle's file; <name>-<version>.veche by default." placeholder:"FILE"`
}

// Run packs, and prints the bundle's file and digest.
func (p *packPlugin) Run() error {
	m, err := manifest.Read(os.DirFS(p.Path))
	if err != nil {
		return err
	}
	if p.Out == "" {
		p.Out = m.Name + "-" + m.Version + ".veche"
	}
	var out bytes.Buffer
	digest, err := bundle.Pack(p.Path, &out)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.Out, out.Bytes(), 0o644); err != nil { //nolint:gosec // a bundle is given to others
		return err
	}
	fmt.Printf("%s\nsha256:%s\n", p.Out, digest)
	return nil
}

type signPlugin struct {
	Bundle string `arg:"" help:"The bundle's file." type:"existingfile"`
	Key    string `required:"" help:"Private key (PEM), as veche plugin key makes it." type:"existingfile" placeholder:"FILE"`
}

func (s *signPlugin) Run() error {
	key, err := readPrivateKey(s.Key)
	if err != nil {
		return err
	}
	if err := bundle.Sign(s.Bundle, key); err != nil {
		return err
	}
	fmt.Printf("%s is signed by the key %s\n", s.Bundle, bundle.KeyID(key.Public().(ed25519.PublicKey))) //nolint:forcetypeassert // an Ed25519 key's is one
	return nil
}

func readPrivateKey(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s is no private key in PEM: veche plugin key makes one", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is not an Ed25519 key: veche plugin key makes one", path)
	}
	return private, nil
}

type keyPlugin struct {
	Name string `arg:"" help:"The files' name: <name>.key, to be kept secret, and <name>.pub, which operators are given."`
}

// Run makes the pair. It never writes over a key that is there.
func (k *keyPlugin) Run() error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	shown, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	if err := writeNew(k.Name+".key", "PRIVATE KEY", secret, 0o600); err != nil {
		return err
	}
	if err := writeNew(k.Name+".pub", "PUBLIC KEY", shown, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s.key: keep it secret\n%s.pub: give it to who is to trust it (key %s)\n", k.Name, k.Name, bundle.KeyID(public))
	return nil
}

func writeNew(path, kind string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // the operator's choice
	if err != nil {
		return err
	}
	return errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: text}), f.Close())
}

type verifyPlugin struct {
	Path string `arg:"" help:"A plugin's folder, or a bundle's file." type:"path"`
}

// Run prints each check and what it found; it fails when one did.
func (v *verifyPlugin) Run(ctx context.Context) error {
	failed := 0
	for _, one := range kit.Verify(ctx, v.Path) {
		sign := "ok    "
		if !one.OK {
			sign, failed = "FAILED", failed+1
		}
		fmt.Printf("%s %s\n", sign, one.Check)
		if one.Why != "" {
			fmt.Printf("       %s\n", strings.ReplaceAll(one.Why, "\n", "\n       "))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}
