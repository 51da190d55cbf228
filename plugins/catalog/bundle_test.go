package catalog_test

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/veche-city/veche/plugins/bundle"
)

// pack makes a bundle of a plugin's files, signed by the key, if there is one.
func pack(t testing.TB, files map[string]string, key ed25519.PrivateKey) []byte {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	path := filepath.Join(t.TempDir(), "plugin.veche")
	out, err := os.Create(path)
	must(t, err)
	_, err = bundle.Pack(folder, out)
	must(t, err)
	must(t, out.Close())
	if key != nil {
		must(t, bundle.Sign(path, key))
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	return raw
}

func reader(raw []byte) (io.ReaderAt, int64) { return bytes.NewReader(raw), int64(len(raw)) }
