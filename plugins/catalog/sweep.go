package catalog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Sweep removes what is unpacked on this replica of bundles that are installed no more. A process that
// still ends from there has its files open.
func (c *Catalog) Sweep(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Join(c.Dir, "bundles"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("plugins' folder: %w", err)
	}
	var gone []string
	if err := c.db.NewSelect().Model((*Installed)(nil)).Column("digest").Where("state = ?", bundleRemoved).Scan(ctx, &gone); err != nil {
		return fmt.Errorf("plugins' folder: %w", err)
	}
	var problems []error
	for _, entry := range entries {
		if slices.Contains(gone, entry.Name()) {
			problems = append(problems, c.sweep(ctx, entry.Name()))
		}
	}
	return errors.Join(problems...)
}

// sweep removes one, unless it was installed again meanwhile.
func (c *Catalog) sweep(ctx context.Context, digest string) error {
	defer c.folders.lock(digest)()
	if _, err := c.digest(ctx, c.db, digest); err == nil {
		return nil
	}
	if err := removeAll(c.folderOf(digest)); err != nil {
		return fmt.Errorf("plugins' folder: %w", err)
	}
	return nil
}

// UninstallDev takes away the versions of a plugin that its author made and nobody runs or may go back to.
func (c *Catalog) UninstallDev(ctx context.Context, name string) error {
	all, err := c.Installed(ctx)
	if err != nil {
		return err
	}
	for _, row := range all {
		if row.Name != name || !strings.Contains(row.Version, devVersion) {
			continue
		}
		err := postgres.InTx(ctx, c.db, func(ctx context.Context, tx postgres.Tx) error {
			return c.Uninstall(ctx, tx, name, row.Version, "the author went on")
		})
		if err != nil && core.CodeOf(err) != core.CodeConflict { // it is in use
			return err
		}
	}
	return c.Sweep(ctx)
}
