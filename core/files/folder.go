package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder keeps blobs in a folder of the local disk, one folder below it a municipality.
type Folder struct{ root *os.Root }

// NewFolder opens the folder, which must be there.
func NewFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return &Folder{root: root}, nil
}

// Put moves the file to its place: it is written out to the disk first, so that after a failure of
// power there is the whole of it or nothing. The path lies on the same file system.
func (f *Folder) Put(_ context.Context, key Key, path, _ string) error {
	if err := syncFile(path); err != nil {
		return err
	}
	town := filepath.Join(f.root.Name(), key.Municipality.String())
	if err := os.MkdirAll(town, 0o700); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	if err := os.Rename(path, filepath.Join(f.root.Name(), filepath.FromSlash(key.String()))); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	for _, dir := range []string{town, f.root.Name()} {
		if err := syncFile(dir); err != nil {
			return err
		}
	}
	return nil
}

// syncFile writes a file, or the names in a folder, out to the disk.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	return nil
}

// Open gives the blob.
func (f *Folder) Open(_ context.Context, key Key) (io.ReadSeekCloser, error) {
	file, err := f.root.Open(filepath.FromSlash(key.String()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrAbsent
	}
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return file, nil
}

// Remove removes the blob.
func (f *Folder) Remove(_ context.Context, key Key) error {
	err := f.root.Remove(filepath.FromSlash(key.String()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("files: %w", err)
	}
	return nil
}
