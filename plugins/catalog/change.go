package catalog

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Done is a change of a plugin in the context's municipality: as it was (nil: it was not) and as it is.
type Done struct{ Before, After *Plugin }

// Enabling is an administrator's approval.
type Enabling struct {
	Name   string
	Digest string
	// Asks is the key of what was read and is approved (Asks.Key).
	Asks        string
	HookFailure map[string]string // what is left out is as the manifest proposes
	Settings    json.RawMessage   // none: those from before, or the defaults
}

// Enable lets the municipality have the plugin, with what it asks for.
func (c *Catalog) Enable(ctx context.Context, tx postgres.Tx, in Enabling) (*Done, error) {
	if err := lock(ctx, tx); err != nil {
		return nil, err
	}
	row, err := c.digest(ctx, tx, in.Digest)
	if err != nil {
		return nil, err
	}
	before, err := c.plugin(ctx, tx, in.Name)
	if err != nil {
		return nil, err
	}
	if err := mayEnable(before, row, in); err != nil {
		return nil, err
	}
	m, err := row.Manifest()
	if err != nil {
		return nil, err
	}
	asks := AsksOf(m, row.Policy)
	if in.Asks != asks.Key(row.Digest) {
		return nil, stale("asks")
	}
	after := c.next(ctx, before, row)
	after.State, after.Granted, after.ApprovedBy, after.ApprovedAt = StateEnabled, asks, whoOf(ctx), c.Clock()
	if after.HookFailure, err = failures(m, in.HookFailure); err != nil {
		return nil, err
	}
	return c.activate(ctx, tx, &Done{before, after}, row, in.Settings, "enable")
}

func mayEnable(before *Plugin, row *Installed, in Enabling) error {
	switch {
	case row.Name != in.Name:
		return core.Invalid(core.Textf("This digest is of plugin %s.", "Этот отпечаток — плагина %s.", row.Name), "input", "digest")
	case before == nil:
		return nil
	case before.State == StateRemoved:
		if before.ErasedAt == nil {
			return core.Conflict(core.Textf("The data that plugin %s left are being erased. Try again in a minute; when it takes longer, the server's log says why.",
				"Данные, оставшиеся от плагина %s, ещё стираются. Повторите через минуту; если это длится дольше, причина — в журнале сервера.", in.Name), "input", "name")
		}
		return nil
	case before.State == StateEnabled:
		return core.Conflict(core.Textf("Plugin %s is enabled already. Another version is taken by upgradePlugin.", "Плагин %s уже включён. Другую версию вводит upgradePlugin.", in.Name), "input", "name")
	case before.Digest != in.Digest:
		return core.Conflict(core.Textf("Plugin %s was disabled in another version, whose data are kept. Enable that one, then upgrade it.",
			"Плагин %s отключён в другой версии, её данные сохранены. Включите её, затем обновите.", in.Name), "input", "digest")
	}
	return nil
}

func stale(field string) *core.Error {
	return core.Conflict(core.T("What is approved is not what the plugin asks for now. Read it again, and approve that.",
		"Согласовано не то, что плагин запрашивает сейчас. Прочитайте запрашиваемое заново и согласуйте его."), "input", field)
}

// next is the row after a change, to be filled in.
func (c *Catalog) next(_ context.Context, before *Plugin, row *Installed) *Plugin {
	after := &Plugin{ID: core.PluginKey(row.Name), Name: row.Name} // by which the audit names it too
	if before != nil {
		*after = *before
		after.Version++
	} else {
		after.Version = 1
	}
	if before != nil && before.State == StateRemoved {
		after.PreviousDigest, after.PreviousGranted, after.ErasedAt = nil, nil, nil
	}
	after.Digest, after.Reason, after.ChangedAt = row.Digest, "", c.Clock()
	return after
}

// activate brings a bundle into force: it is still trusted, its schema fits, its settings are valid, its
// default rules are laid.
func (c *Catalog) activate(ctx context.Context, tx postgres.Tx, done *Done, row *Installed, settings json.RawMessage, action string) (*Done, error) {
	keys, err := c.keys()
	if err != nil {
		return nil, err
	}
	if keys[row.Signer] == nil {
		return nil, core.Conflict(core.Textf("The key %q that signed this version of %s is trusted no more. Take a version that a trusted key signed.",
			"Ключ %q, которым подписана эта версия плагина %s, больше не доверенный. Возьмите версию с доверенной подписью.", row.Signer, row.Name), "input", "digest")
	}
	sources, err := c.sources(ctx, tx, row.Name, row)
	if err != nil {
		return nil, err
	}
	if err := c.composes(core.MunicipalityOf(ctx), sources); err != nil {
		return nil, at(err, "digest")
	}
	card, err := row.card()
	if err != nil {
		return nil, err
	}
	if err := c.Guard.GiveDefaults(ctx, tx, card); err != nil {
		return nil, err
	}
	if err := c.save(ctx, tx, done, row.Version, action); err != nil {
		return nil, err
	}
	return done, c.settle(ctx, tx, done.After, row, settings)
}

// at is err with the path of another field of the input.
func at(err error, field string) error {
	if e, ok := err.(*core.Error); ok { //nolint:errorlint // made by composes, and not wrapped
		return &core.Error{Code: e.Code, Text: e.Text, Path: []string{"input", field}, Err: e.Err}
	}
	return err
}

// save writes the plugin's row, its step, and the catalog's version.
func (c *Catalog) save(ctx context.Context, tx postgres.Tx, done *Done, version, action string) error {
	p := done.After
	var err error
	if done.Before == nil {
		_, err = tx.NewInsert().Model(p).Exec(ctx)
	} else {
		_, err = tx.NewUpdate().Model(p).ExcludeColumn("name").WherePK().Exec(ctx)
	}
	if err != nil {
		return err
	}
	row := &step{ID: core.NewID(), PluginID: p.ID, At: p.ChangedAt, Action: action, State: p.State, Version: version, Digest: p.Digest, Reason: p.Reason, By: whoOf(ctx)}
	if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
		return err
	}
	return bump(ctx, tx)
}

// plugin is the row of the context's municipality; nil when it never had it.
func (c *Catalog) plugin(ctx context.Context, db bun.IDB, name string) (*Plugin, error) {
	p := &Plugin{}
	err := db.NewSelect().Model(p).Where("?TableAlias.name = ?", name).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, nil //nolint:nilnil // nothing is an answer here
	}
	return p, err
}

// present is the row, which must be there, not removed, and in the version that the caller read.
func (c *Catalog) present(ctx context.Context, tx postgres.Tx, name string, expected *int64) (*Plugin, error) {
	if err := lock(ctx, tx); err != nil {
		return nil, err
	}
	p, err := c.plugin(ctx, tx, name)
	switch {
	case err != nil:
		return nil, err
	case p == nil || p.State == StateRemoved:
		return nil, core.Invalid(core.Textf("This municipality has no plugin %q. enablePlugin brings it.", "В этом муниципалитете нет плагина %q. Его вводит enablePlugin.", name), "input", "name")
	case expected != nil && *expected != p.Version:
		return nil, core.Conflict(core.ErrConflict.Text, "input", "expectedVersion")
	}
	return p, nil
}

// whoOf is the context's actor as a typed id; empty: Veche itself.
func whoOf(ctx context.Context) string {
	switch actor := core.ActorOf(ctx); actor.Kind {
	case core.Account:
		return "Account:" + actor.Account.String()
	case core.Service:
		return "ServiceToken:" + actor.Account.String()
	default:
		return ""
	}
}

// Here is the plugin in the context's municipality, whatever its state; ErrNotFound where it never was.
func (c *Catalog) Here(ctx context.Context, name string) (*Plugin, error) {
	p, err := c.plugin(ctx, c.db, name)
	if p == nil && err == nil {
		return nil, core.ErrNotFound
	}
	return p, err
}

// Listed is a plugin with the release that it runs.
type Listed struct {
	Name, Release string
	State         State
}

// All are the plugins of the context's municipality, by name.
func (c *Catalog) All(ctx context.Context) (all []Listed, err error) {
	err = c.db.NewRaw(`SELECT plugin.name, bundle.version AS release, plugin.state FROM plugins AS plugin JOIN plugin_bundles AS bundle USING (digest)
		WHERE plugin.municipality_id = ? ORDER BY plugin.name`, core.MunicipalityOf(ctx).ID).Scan(ctx, &all)
	return all, err
}

// ByID is Here by the plugin's key.
func (c *Catalog) ByID(ctx context.Context, id uuid.UUID) (*Plugin, error) {
	p := &Plugin{}
	err := c.db.NewSelect().Model(p).Where("?TableAlias.id = ?", id).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, core.ErrNotFound
	}
	return p, err
}

// LogsHere are the last lines of the plugin's processes on this replica that the context's municipality
// may see: those written in its name, and those in nobody's when no other municipality has the plugin.
func (c *Catalog) LogsHere(ctx context.Context, name string, last int) ([]LogLine, error) {
	lines := []LogLine{}
	if c.Logs == nil {
		return lines, nil
	}
	var shared bool
	err := c.db.NewRaw("SELECT EXISTS (SELECT FROM plugins WHERE name = ? AND state = 'ENABLED' AND municipality_id <> ?)", name, core.MunicipalityOf(ctx).ID).Scan(ctx, &shared)
	if err != nil {
		return nil, err
	}
	for _, line := range c.Logs(name, mostLogs) {
		if line.Municipality == core.MunicipalityOf(ctx).Key || line.Municipality == "" && !shared {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-last):], nil
}

// mostLogs are looked at of a plugin's lines.
const mostLogs = 10_000
