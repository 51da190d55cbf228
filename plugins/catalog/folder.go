package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/bundle"
)

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Folder is where the bundle is unpacked on this replica. When it is not there it is fetched from the
// database, opened, and held against its digest and the keys that are trusted now. What is there from
// before is taken only if its list of files is the one that the digest names; each file is held against
// that list before a start (plugins/bundle).
func (c *Catalog) Folder(ctx context.Context, digest string) (string, error) {
	if !digestForm.MatchString(digest) {
		return "", fmt.Errorf("%q is no digest of a bundle", digest)
	}
	defer c.folders.lock(digest)()
	dir := c.folderOf(digest)
	if whole, err := bundle.Check(dir); err == nil && whole == digest {
		return dir, nil
	}
	if err := removeAll(dir); err != nil {
		return "", fmt.Errorf("plugins' folder: %w", err)
	}
	if err := makeDir(filepath.Dir(dir)); err != nil {
		return "", fmt.Errorf("plugins' folder: %w", err)
	}
	return dir, c.fetch(ctx, digest, dir)
}

func (c *Catalog) fetch(ctx context.Context, digest, dir string) (err error) {
	packed, err := os.CreateTemp(filepath.Dir(dir), ".fetch-*")
	if err != nil {
		return fmt.Errorf("plugins' folder: %w", err)
	}
	defer func() { err = errors.Join(err, packed.Close(), os.Remove(packed.Name())) }()
	size, err := c.read(ctx, digest, packed)
	if err != nil {
		return err
	}
	b, err := bundle.Open(packed, size)
	if err != nil {
		return fmt.Errorf("bundle %s, as the database has it: %w", digest, err)
	}
	if b.Digest() != digest {
		return fmt.Errorf("bundle %s: the database holds bytes of another bundle, %s", digest, b.Digest())
	}
	if _, err := c.signer(b); err != nil {
		return err
	}
	return b.Unpack(dir)
}

// read copies the bundle's bytes from the database.
func (c *Catalog) read(ctx context.Context, digest string, to io.Writer) (size int64, err error) {
	for part := 0; ; part++ {
		var bytes []byte
		err := c.db.Pool.QueryRow(ctx, "SELECT bytes FROM plugin_bundle_parts WHERE digest = $1 AND part = $2", digest, part).Scan(&bytes)
		if postgres.NoRows(err) && part > 0 {
			return size, nil
		}
		if err != nil {
			return size, fmt.Errorf("bundle %s, part %d: %w", digest, part, err)
		}
		n, err := to.Write(bytes)
		if size += int64(n); err != nil {
			return size, fmt.Errorf("plugins' folder: %w", err)
		}
	}
}

// keyedLock is a lock for each key.
type keyedLock struct{ locks sync.Map }

func (l *keyedLock) lock(key string) (unlock func()) {
	one, _ := l.locks.LoadOrStore(key, &sync.Mutex{})
	mutex := one.(*sync.Mutex)
	mutex.Lock()
	return mutex.Unlock
}
