package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

// Add keeps a candidate. The same bundle again changes nothing; one that was removed comes back.
func (c *Catalog) Add(ctx context.Context, tx postgres.Tx, candidate *Candidate) (*Installed, error) {
	row := candidate.Installed
	if err := unused(ctx, tx, &row); err != nil {
		return nil, err
	}
	now := c.Clock()
	row.State, row.InstalledAt, row.InstalledBy = bundleInstalled, now, whoOf(ctx)
	row.History = momentOf(moment{At: now, State: bundleInstalled, By: row.InstalledBy})
	added, err := tx.NewInsert().Model(&row).On("CONFLICT (digest) DO UPDATE").
		Set("state = EXCLUDED.state, signer = EXCLUDED.signer, functions = EXCLUDED.functions, history = bundle.history || EXCLUDED.history").
		Where("bundle.state <> EXCLUDED.state").Exec(ctx)
	if err != nil {
		return nil, postgres.Conflicts(err, map[string]*core.Error{"plugin_bundles_version": taken(&row)})
	}
	if n, err := added.RowsAffected(); err != nil || n == 0 {
		return &row, err
	}
	if err := writeParts(ctx, tx, row.Digest, io.NewSectionReader(candidate.content, 0, candidate.Size)); err != nil {
		return nil, err
	}
	return &row, bump(ctx, tx)
}

func momentOf(m moment) json.RawMessage {
	raw, _ := json.Marshal([]moment{m}) // a time and three texts
	return raw
}

func writeParts(ctx context.Context, tx postgres.Tx, digest string, from io.Reader) error {
	buffer := make([]byte, partSize)
	for part := 0; ; part++ {
		n, err := io.ReadFull(from, buffer)
		if n > 0 {
			if _, err := tx.Pgx.Exec(ctx, "INSERT INTO plugin_bundle_parts (digest, part, bytes) VALUES ($1, $2, $3)", digest, part, buffer[:n]); err != nil {
				return fmt.Errorf("bundle %s: %w", digest, err)
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return fmt.Errorf("bundle %s: %w", digest, err)
		}
	}
}

// Uninstall takes away the bytes of a bundle that no municipality runs or may go back to. Its row stays.
func (c *Catalog) Uninstall(ctx context.Context, tx postgres.Tx, name, version, reason string) error {
	row, err := c.Version(ctx, tx, name, version)
	if err != nil {
		return err
	}
	var used bool
	err = tx.NewRaw(`SELECT EXISTS (SELECT FROM plugins WHERE state <> 'REMOVED' AND (digest = ?0 OR previous_digest = ?0))`, row.Digest).Scan(ctx, &used)
	if err != nil {
		return err
	}
	if used {
		return core.Conflict(core.Textf("A municipality has version %s of plugin %s, or may go back to it. Upgrade or remove it there first.",
			"Версия %s плагина %s используется муниципалитетом или доступна ему для возврата. Сначала обновите или удалите плагин там.", version, name), "input", "version")
	}
	history := momentOf(moment{At: c.Clock(), State: bundleRemoved, Reason: reason, By: whoOf(ctx)})
	_, err = tx.NewRaw(`UPDATE plugin_bundles SET state = 'REMOVED', history = history || ?::jsonb WHERE digest = ?`, string(history), row.Digest).Exec(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.NewRaw("DELETE FROM plugin_bundle_parts WHERE digest = ?", row.Digest).Exec(ctx); err != nil {
		return err
	}
	return bump(ctx, tx)
}

// Installed are the bundles that may be enabled, by name and then the latest first.
func (c *Catalog) Installed(ctx context.Context) ([]*Installed, error) {
	rows := []*Installed{}
	err := c.db.NewSelect().Model(&rows).Where("state = ?", bundleInstalled).Order("name", "installed_at DESC", "version DESC").Scan(ctx)
	return rows, err
}

// Version is an installed bundle by its name and version.
func (c *Catalog) Version(ctx context.Context, db bun.IDB, name, version string) (*Installed, error) {
	return c.bundle(ctx, db, "name = ? AND version = ? AND state = 'INSTALLED'", []string{"input", "version"}, name, version)
}

// ByDigest is an installed bundle by its digest.
func (c *Catalog) ByDigest(ctx context.Context, digest string) (*Installed, error) {
	return c.digest(ctx, c.db, digest)
}

func (c *Catalog) digest(ctx context.Context, db bun.IDB, digest string) (*Installed, error) {
	return c.bundle(ctx, db, "digest = ? AND state = 'INSTALLED'", []string{"input", "digest"}, digest)
}

func (c *Catalog) bundle(ctx context.Context, db bun.IDB, where string, path []string, args ...any) (*Installed, error) {
	row := &Installed{}
	err := db.NewSelect().Model(row).Where(where, args...).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, core.Invalid(core.T("No such bundle is installed. The operator installs it by veche plugin install; pluginBundles lists what there is.",
			"Такой пакет не установлен. Его устанавливает оператор: veche plugin install; имеющиеся перечисляет pluginBundles."), path...)
	}
	return row, err
}

// sourceOf is the bundle as the compiler takes it.
func sourceOf(m *manifest.Manifest, row *Installed) *fields.Source {
	s := &fields.Source{Manifest: m, SDL: row.SDL, Functions: map[string]bool{}, Hooks: map[string]bool{}}
	for _, f := range row.Functions {
		s.Functions[f] = true
	}
	for _, h := range m.Hooks {
		s.Hooks[h.Before] = true
	}
	return s
}

// ago is a moment before now by the catalog's clock.
func (c *Catalog) ago(d time.Duration) time.Time { return c.Clock().Add(-d) }

// folderOf is where a bundle is unpacked.
func (c *Catalog) folderOf(digest string) string { return filepath.Join(c.Dir, "bundles", digest) }
