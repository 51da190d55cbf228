package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

// Enabled is a plugin that is enabled in a municipality.
type Enabled struct {
	Municipality  uuid.UUID
	Name, Version string
	Digest        string
	Manifest      *manifest.Manifest
	SDL           string
	Functions     []string
	HookFailure   map[string]string // action: open or closed
	Revision      int64             // of its settings; 0: the defaults
}

// enabledRow is a plugin with the bundle that it runs. It is read for all municipalities at once: for
// the processes, which serve all of them, and never for a caller.
type enabledRow struct {
	Installed    `bun:",extend"`
	Municipality uuid.UUID       `bun:"municipality"`
	HookFailure  json.RawMessage `bun:"hook_failure"`
	Revision     int64           `bun:"revision"`
}

func (c *Catalog) rows(ctx context.Context, db bun.IDB, where string, args ...any) (rows []*enabledRow, err error) {
	err = db.NewRaw(`SELECT bundle.*, plugin.municipality_id AS municipality, plugin.hook_failure, coalesce(settings.revision, 0) AS revision
		FROM plugins AS plugin JOIN plugin_bundles AS bundle USING (digest)
		LEFT JOIN plugin_settings AS settings ON settings.municipality_id = plugin.municipality_id AND settings.plugin_id = plugin.id
		WHERE plugin.state = 'ENABLED' AND `+where+` ORDER BY plugin.municipality_id, plugin.name`, args...).Scan(ctx, &rows)
	return rows, err
}

// Enabled are all that are enabled, in all municipalities.
func (c *Catalog) Enabled(ctx context.Context) ([]Enabled, error) {
	rows, err := c.rows(ctx, c.db, "TRUE")
	if err != nil {
		return nil, fmt.Errorf("enabled plugins: %w", err)
	}
	return enabledOf(rows)
}

// Kept are the plugins of which the context's municipality keeps data: those that are enabled, and those
// that are disabled and not removed. It may be asked within a transaction.
func (c *Catalog) Kept(ctx context.Context, db bun.IDB) ([]Enabled, error) {
	var rows []*enabledRow
	err := db.NewRaw(`SELECT bundle.*, plugin.municipality_id AS municipality, plugin.hook_failure, 0 AS revision
		FROM plugins AS plugin JOIN plugin_bundles AS bundle USING (digest)
		WHERE plugin.state IN ('ENABLED', 'DISABLED') AND plugin.municipality_id = ? ORDER BY plugin.name`, core.MunicipalityOf(ctx).ID).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("kept plugins: %w", err)
	}
	return enabledOf(rows)
}

func enabledOf(rows []*enabledRow) ([]Enabled, error) {
	all := make([]Enabled, len(rows))
	for i, row := range rows {
		m, err := row.Manifest()
		if err != nil {
			return nil, err
		}
		all[i] = Enabled{Municipality: row.Municipality, Name: row.Name, Version: row.Version, Digest: row.Digest, Manifest: m, SDL: row.SDL,
			Functions: row.Functions, HookFailure: map[string]string{}, Revision: row.Revision}
		if err := json.Unmarshal(row.HookFailure, &all[i].HookFailure); err != nil {
			return nil, fmt.Errorf("plugin %s: %w", row.Name, err)
		}
	}
	return all, nil
}

// cards are what the guard learns, by municipality.
func (c *Catalog) cards(ctx context.Context) (map[uuid.UUID][]core.Info, error) {
	rows, err := c.rows(ctx, c.db, "TRUE")
	if err != nil {
		return nil, fmt.Errorf("enabled plugins: %w", err)
	}
	cards := map[uuid.UUID][]core.Info{}
	for _, row := range rows {
		card, err := row.card()
		if err != nil {
			return nil, err
		}
		cards[row.Municipality] = append(cards[row.Municipality], card)
	}
	return cards, nil
}

// sources are what is enabled in the context's municipality, with the one in place of what it has of it;
// nil leaves it out.
func (c *Catalog) sources(ctx context.Context, db bun.IDB, name string, instead *Installed) ([]*fields.Source, error) {
	rows, err := c.rows(ctx, db, "plugin.municipality_id = ? AND plugin.name <> ?", core.MunicipalityOf(ctx).ID, name)
	if err != nil {
		return nil, fmt.Errorf("enabled plugins: %w", err)
	}
	all := make([]*Installed, 0, len(rows)+1)
	for _, row := range rows {
		all = append(all, &row.Installed)
	}
	if instead != nil {
		all = append(all, instead)
	}
	var sources []*fields.Source
	for _, row := range all {
		m, err := row.Manifest()
		if err != nil {
			return nil, err
		}
		sources = append(sources, sourceOf(m, row))
	}
	return sources, nil
}

// failures are the administrator's choices over the manifest's proposals.
func failures(m *manifest.Manifest, chosen map[string]string) (map[string]string, error) {
	all := map[string]string{}
	for _, h := range m.Hooks {
		all[h.Before] = h.Failure
	}
	for action, failure := range chosen {
		if all[action] == "" {
			return nil, core.Invalid(core.Textf("Plugin %s does not ask to be asked before %s. Leave it out.", "Плагин %s не просит опрашивать его перед действием %s. Не указывайте его.", m.Name, action), "input", "hookFailure")
		}
		if failure != "open" && failure != "closed" {
			return nil, core.Invalid(core.T("What is done when a plugin does not answer is open or closed.", "Если плагин не отвечает: open — пропустить, closed — отказать."), "input", "hookFailure")
		}
	}
	maps.Copy(all, chosen)
	return all, nil
}
