package catalog

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/veche-city/veche/core/datadir"
)

// keys are the operator's trusted keys by name, read anew each time: a key that is taken away counts no
// more at once. A file that holds no key is an error: trust is not guessed.
func (c *Catalog) keys() (map[string]ed25519.PublicKey, error) {
	entries, err := os.ReadDir(c.Keys)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("trusted keys of plugins: %w", err)
	}
	keys := map[string]ed25519.PublicKey{}
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(c.Keys, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("trusted keys of plugins: %w", err)
		}
		key, err := ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("trusted keys of plugins: %s: %w", filepath.Join(c.Keys, entry.Name()), err)
		}
		keys[nameOfKey(entry.Name())] = key
	}
	return keys, nil
}

func nameOfKey(file string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".pem"), ".pub")
}

// ParseKey reads a public key: PEM (PKIX), or 32 bytes in base64. A private key is refused, so that
// nobody leaves one where it does not belong.
func ParseKey(text []byte) (ed25519.PublicKey, error) {
	wrong := errors.New("it is no public Ed25519 key: give its PEM (PUBLIC KEY), or its 32 bytes in base64")
	if block, _ := pem.Decode(text); block != nil {
		if block.Type != "PUBLIC KEY" {
			return nil, fmt.Errorf("it is a %s: %w", block.Type, wrong)
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w (%w)", wrong, err)
		}
		if public, ok := key.(ed25519.PublicKey); ok {
			return public, nil
		}
		return nil, wrong
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, wrong
	}
	return raw, nil
}

// Trust adds a public key to the operator's in the folder; further replicas need the file too. It answers
// the key's name.
func Trust(folder, file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("the key cannot be read: %w", err)
	}
	if _, err := ParseKey(text); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	name := nameOfKey(file)
	if err := makeKeys(folder); err != nil {
		return "", fmt.Errorf("trusted keys of plugins: %w", err)
	}
	to, err := os.OpenFile(filepath.Join(folder, name+".pub"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("there is a trusted key %q already: remove %s first, or give the new one another name", name, filepath.Join(folder, name+".pub"))
	}
	if err != nil {
		return "", fmt.Errorf("trusted keys of plugins: %w", err)
	}
	_, err = to.Write(text)
	return name, errors.Join(err, to.Close())
}

// makeKeys makes the folder of keys, which may be the first in the data folder; the one of plugins is open to
// them.
func makeKeys(folder string) error {
	above := filepath.Dir(folder)
	return errors.Join(datadir.Make(filepath.Dir(above)), makeDir(above), os.MkdirAll(folder, 0o750))
}
