package datadir_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/veche-city/veche/core/datadir"
	"github.com/veche-city/veche/core/files"
)

// Whoever makes the data folder first leaves it such that the others' users can pass through.
func TestWhoeverComesFirst(t *testing.T) {
	want := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		want = 0o711
	}
	for name, first := range map[string]func(dir string) error{
		"itself": datadir.Make,
		"files": func(dir string) error {
			_, err := files.New(t.Context(), files.Settings{Dir: filepath.Join(dir, "files")}, slog.New(slog.DiscardHandler))
			return err
		},
	} {
		dir := filepath.Join(t.TempDir(), "above", "data")
		if err := errors.Join(first(dir), datadir.Make(dir)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; %v wanted", name, info.Mode(), err, want)
		}
	}
}
