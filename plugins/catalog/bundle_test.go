package catalog_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing/fstest"

	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/manifest"
)

// packed is a bundle as these tests have it: what plugins/bundle promises, in its simplest form.
type packed struct {
	Files     map[string][]byte
	Sums      []byte
	Signature []byte
}

// pack makes a bundle of the files, signed by the key.
func pack(files map[string]string, key ed25519.PrivateKey) []byte {
	p := packed{Files: map[string][]byte{}}
	sums := map[string]string{}
	for name, text := range files {
		sum := sha256.Sum256([]byte(text))
		p.Files[name], sums[name] = []byte(text), hex.EncodeToString(sum[:])
	}
	p.Sums, _ = json.Marshal(sums)
	if key != nil {
		p.Signature = ed25519.Sign(key, p.Sums)
	}
	raw, _ := json.Marshal(p)
	return raw
}

type opened struct {
	packed
	card *manifest.Manifest
}

func open(r io.ReaderAt, size int64) (catalog.Bundle, error) {
	b := &opened{}
	if err := json.NewDecoder(io.NewSectionReader(r, 0, size)).Decode(&b.packed); err != nil {
		return nil, fmt.Errorf("no bundle: %w", err)
	}
	sums := map[string]string{}
	if err := json.Unmarshal(b.Sums, &sums); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		if sum := sha256.Sum256(b.Files[name]); sums[name] != hex.EncodeToString(sum[:]) {
			return nil, errors.New(name + " is not what was packed")
		}
	}
	var err error
	b.card, err = manifest.Read(b.FS())
	return b, err
}

func (b *opened) Digest() string {
	sum := sha256.Sum256(b.Sums)
	return hex.EncodeToString(sum[:])
}

func (b *opened) Manifest() *manifest.Manifest { return b.card }
func (b *opened) SDL() string                  { return string(b.Files[b.card.Schema]) }

func (b *opened) FS() fs.FS {
	all := fstest.MapFS{}
	for name, text := range b.Files {
		all[name] = &fstest.MapFile{Data: text}
	}
	return all
}

func (b *opened) SignedBy(keys map[string]ed25519.PublicKey) (string, bool) {
	for name, key := range keys {
		if ed25519.Verify(key, b.Sums, b.Signature) {
			return name, true
		}
	}
	return "", false
}

func (b *opened) Unpack(dir string) error {
	if err := os.CopyFS(dir, b.FS()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "files.json"), b.Sums, 0o400)
}

func reader(raw []byte) (io.ReaderAt, int64) { return bytes.NewReader(raw), int64(len(raw)) }
