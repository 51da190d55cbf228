package catalog

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

const (
	// exportsKept is how many days what a removed plugin left can be taken away.
	exportsKept = 30
	// mostExported is how large an export may be that is kept in the database.
	mostExported = 256 << 20
)

// Removing is the wish to be rid of a plugin and its data.
type Removing struct {
	Name     string
	Reason   string
	Expected *int64
	// To takes the export; nil: it is kept in the database for thirty days.
	To io.Writer
}

// Remove exports the data of a disabled plugin, and deletes its settings and secrets. The row stays. It
// answers the export's id, when the database has it. Data are erased by EraseRemoved, after the commit:
// only when their export is whole and kept, and surely some day, whatever fails meanwhile.
func (c *Catalog) Remove(ctx context.Context, tx postgres.Tx, in Removing) (*Done, uuid.UUID, error) {
	before, err := c.present(ctx, tx, in.Name, in.Expected)
	if err != nil {
		return nil, uuid.Nil, err
	}
	if before.State != StateDisabled {
		return nil, uuid.Nil, core.Conflict(core.Textf("Plugin %s is enabled. Disable it first, look whether anything is missed, then remove it.",
			"Плагин %s включён. Сначала отключите его и убедитесь, что без него можно обойтись.", in.Name), "input", "name")
	}
	kept, err := c.export(ctx, tx, before, in.To)
	if err != nil {
		return nil, uuid.Nil, err
	}
	if _, err := tx.NewDelete().Model((*settingsRow)(nil)).Where("?TableAlias.plugin_id = ?", before.ID).Exec(ctx); err != nil {
		return nil, uuid.Nil, err
	}
	row := &Installed{}
	if err := tx.NewSelect().Model(row).Where("digest = ?", before.Digest).Scan(ctx); err != nil {
		return nil, uuid.Nil, err
	}
	after := c.next(ctx, before, row)
	after.State, after.Reason, after.PreviousDigest, after.PreviousGranted = StateRemoved, in.Reason, nil, nil
	done := &Done{before, after}
	return done, kept, c.save(ctx, tx, done, row.Version, "remove")
}

// export writes the plugin's data and settings as a zip.
func (c *Catalog) export(ctx context.Context, tx postgres.Tx, p *Plugin, to io.Writer) (uuid.UUID, error) {
	bounded := &buffer{}
	out := to
	if out == nil {
		out = bounded
	}
	settings, err := c.shown(ctx, tx, p.Name)
	if err == nil {
		err = c.pack(ctx, p.Name, settings, out)
	}
	if errors.Is(err, errTooLarge) {
		return uuid.Nil, core.Conflict(core.Textf("What plugin %s left is larger than 256 MiB. The operator removes it by veche plugin remove, into a file.",
			"Данные плагина %s больше 256 МиБ. Удалить его с выгрузкой в файл может оператор: veche plugin remove.", p.Name), "input", "name")
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("export of plugin %s: %w", p.Name, err)
	}
	if to != nil {
		return uuid.Nil, nil
	}
	id := core.NewID()
	_, err = tx.Pgx.Exec(ctx, "INSERT INTO plugin_exports (municipality_id, id, plugin_id, content) VALUES ($1, $2, $3, $4)",
		core.MunicipalityOf(ctx).ID, id, p.ID, bounded.bytes)
	return id, err
}

// pack joins the host's zip with the settings.
func (c *Catalog) pack(ctx context.Context, name string, settings *Shown, out io.Writer) error {
	packed := zip.NewWriter(out)
	entry, err := packed.Create("settings.json")
	if err == nil {
		_, err = entry.Write(settings.Settings)
	}
	if err != nil || c.Export == nil {
		return errors.Join(err, packed.Close())
	}
	spool, err := os.CreateTemp("", "veche-export-*")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(spool.Close(), os.Remove(spool.Name())) }()
	if err := c.Export(ctx, core.MunicipalityOf(ctx), name, spool); err != nil {
		return err
	}
	size, err := spool.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	tables, err := zip.NewReader(spool, size)
	if err != nil {
		return err
	}
	for _, f := range tables.File {
		if err := packed.Copy(f); err != nil {
			return err
		}
	}
	return packed.Close()
}

// EraseRemoved erases the data of plugins that were removed, in all municipalities, where that has not
// been done. What fails is tried again at the next call: after each removal, and each day.
func (c *Catalog) EraseRemoved(ctx context.Context) error {
	var all error
	for _, town := range c.Towns() {
		ctx := core.WithMunicipality(ctx, town)
		var removed []*Plugin
		if err := c.db.NewSelect().Model(&removed).Where("?TableAlias.state = ?", StateRemoved).Where("?TableAlias.erased_at IS NULL").Scan(ctx); err != nil {
			return errors.Join(all, err)
		}
		for _, p := range removed {
			if err := c.erase(ctx, town, p.Name); err != nil {
				all = errors.Join(all, fmt.Errorf("data of plugin %s in %s: %w", p.Name, town.Key, err))
				continue
			}
			_, err := c.db.NewUpdate().Model(p).Set("erased_at = ?", c.Clock()).WherePK().Where("?TableAlias.state = ?", StateRemoved).Exec(ctx)
			all = errors.Join(all, err)
		}
	}
	return all
}

func (c *Catalog) erase(ctx context.Context, town *core.Municipality, name string) error {
	if c.Erase == nil { // nothing runs plugins here, and so nothing kept data
		return nil
	}
	return c.Erase(ctx, town, name)
}

var errTooLarge = errors.New("the export is too large")

type buffer struct{ bytes []byte }

func (b *buffer) Write(p []byte) (int, error) {
	if len(b.bytes)+len(p) > mostExported {
		return 0, errTooLarge
	}
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

// Exported is what a removed plugin of the context's municipality left; ErrNotFound when there is none.
func (c *Catalog) Exported(ctx context.Context, id uuid.UUID) ([]byte, error) {
	var content []byte
	err := c.db.Pool.QueryRow(ctx, "SELECT content FROM plugin_exports WHERE municipality_id = $1 AND id = $2", core.MunicipalityOf(ctx).ID, id).Scan(&content)
	if postgres.NoRows(err) {
		return nil, core.ErrNotFound
	}
	return content, err
}

// PurgeOld deletes exports that are older than thirty days, of all municipalities, and what the host has
// remembered for as long.
func (c *Catalog) PurgeOld(ctx context.Context) error {
	_, err := c.db.ExecContext(ctx, `DELETE FROM plugin_exports WHERE made_at < now() - make_interval(days => ?)`, exportsKept)
	if c.Purge == nil {
		return err
	}
	return errors.Join(err, c.Purge(ctx))
}
