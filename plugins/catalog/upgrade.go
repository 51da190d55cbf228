package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Difference is what another version of a plugin would change in the context's municipality.
type Difference struct {
	From, To   *Installed
	More, Less Asks
	Schema     SchemaChanges
	// Operations are recorded ones that the new schema refuses.
	Operations []Broken
	// Key stands for exactly this difference: an approval names it.
	Key string
	// NeedsApproval says that it asks for more, or breaks operations of clients.
	NeedsApproval bool
}

// Upgrade is the wish for another version.
type Upgrade struct {
	Name     string
	Digest   string
	Approve  string // Difference.Key; may be left out where no approval is needed
	Expected *int64
	// HookFailure is of the new version; what is left out stays, or is as its manifest proposes.
	HookFailure map[string]string
	Settings    json.RawMessage // none: those from before
}

// Difference is what the version would change, for an administrator to read.
func (c *Catalog) Difference(ctx context.Context, p *Plugin, to *Installed) (*Difference, error) {
	return c.difference(ctx, c.db, p, to)
}

func (c *Catalog) difference(ctx context.Context, db bun.IDB, p *Plugin, to *Installed) (*Difference, error) {
	from := &Installed{}
	if err := db.NewSelect().Model(from).Where("digest = ?", p.Digest).Scan(ctx); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", p.Name, err)
	}
	m, err := to.Manifest()
	if err != nil {
		return nil, err
	}
	asks := AsksOf(m, to.Policy)
	d := &Difference{From: from, To: to, More: asks.Without(p.Granted), Less: p.Granted.Without(asks)}
	if d.Schema, err = compare(from.SDL, to.SDL); err != nil {
		return nil, at(refused(err, "The plugin's schema cannot be read: %v.", "Схема плагина не читается: %v."), "digest")
	}
	if d.Operations, err = c.broken(ctx, db, p.Name, to); err != nil {
		return nil, err
	}
	d.NeedsApproval = len(d.More) > 0 || len(d.Operations) > 0
	d.Key = d.key(asks)
	return d, nil
}

func (d *Difference) key(asks Asks) string {
	lines := []string{d.From.Digest, d.To.Digest, asks.Key(d.To.Digest), d.More.Key("more"), d.Less.Key("less")}
	for _, o := range d.Operations {
		lines = append(lines, o.Hash)
	}
	return keyOf(lines)
}

// Upgrade puts another version in the place of the one that is enabled, which stays as the way back.
func (c *Catalog) Upgrade(ctx context.Context, tx postgres.Tx, in Upgrade) (*Done, error) {
	before, err := c.present(ctx, tx, in.Name, in.Expected)
	if err != nil {
		return nil, err
	}
	row, err := c.digest(ctx, tx, in.Digest)
	if err != nil {
		return nil, err
	}
	switch {
	case row.Name != in.Name:
		return nil, core.Invalid(core.Textf("This digest is of plugin %s.", "Этот отпечаток — плагина %s.", row.Name), "input", "digest")
	case before.State != StateEnabled:
		return nil, core.Conflict(core.Textf("Plugin %s is disabled. Enable it before you upgrade it.", "Плагин %s отключён. Включите его, прежде чем обновлять.", in.Name), "input", "name")
	case before.Digest == in.Digest:
		return nil, core.Conflict(core.Textf("Plugin %s runs in this very version.", "Плагин %s уже работает в этой версии.", in.Name), "input", "digest")
	}
	d, err := c.difference(ctx, tx, before, row)
	if err != nil {
		return nil, err
	}
	if in.Approve != d.Key && (d.NeedsApproval || in.Approve != "") {
		return nil, d.unapproved(in.Approve)
	}
	m, err := row.Manifest()
	if err != nil {
		return nil, err
	}
	after := c.next(ctx, before, row)
	was := before.Granted
	after.PreviousDigest, after.PreviousGranted, after.Granted = &before.Digest, &was, AsksOf(m, row.Policy)
	if in.Approve != "" {
		after.ApprovedBy, after.ApprovedAt = whoOf(ctx), c.Clock()
	}
	if after.HookFailure, err = failures(m, in.HookFailure); err != nil {
		return nil, err
	}
	for action, failure := range before.HookFailure {
		if after.HookFailure[action] != "" && in.HookFailure[action] == "" {
			after.HookFailure[action] = failure
		}
	}
	return c.activate(ctx, tx, &Done{before, after}, row, in.Settings, "upgrade")
}

// unapproved tells what is to be approved, or that what was approved has changed.
func (d *Difference) unapproved(approved string) *core.Error {
	if approved != "" {
		return stale("approve")
	}
	return core.Conflict(core.Textf("Version %s of %s asks for %d things more, and breaks %d recorded operations. Read pluginUpgrade, and give its key as approve.",
		"Версия %s плагина %s запрашивает новое (%d) и ломает записанные запросы (%d). Прочитайте pluginUpgrade и укажите его key в approve.",
		d.To.Version, d.To.Name, len(d.More), len(d.Operations)), "input", "approve")
}

// RollBack goes back to the version from before, with what was granted to it; the one that is left becomes
// the way forward.
func (c *Catalog) RollBack(ctx context.Context, tx postgres.Tx, name string, expected *int64) (*Done, error) {
	before, err := c.present(ctx, tx, name, expected)
	if err != nil {
		return nil, err
	}
	if before.State != StateEnabled || before.PreviousDigest == nil || before.PreviousGranted == nil {
		return nil, core.Conflict(core.Textf("There is no version of %s to go back to. Choose one by upgradePlugin.", "Плагину %s некуда возвращаться. Выберите версию через upgradePlugin.", name), "input", "name")
	}
	row, err := c.digest(ctx, tx, *before.PreviousDigest)
	if err != nil {
		return nil, at(err, "name")
	}
	m, err := row.Manifest()
	if err != nil {
		return nil, err
	}
	after := c.next(ctx, before, row)
	was := before.Granted
	after.PreviousDigest, after.PreviousGranted, after.Granted = &before.Digest, &was, *before.PreviousGranted
	if after.HookFailure, err = failures(m, kept(before.HookFailure, after.Granted)); err != nil {
		return nil, err
	}
	return c.activate(ctx, tx, &Done{before, after}, row, nil, "rollback")
}

// kept are the choices about hooks that are granted.
func kept(chosen map[string]string, granted Asks) map[string]string {
	left := map[string]string{}
	for action, failure := range chosen {
		if slices.ContainsFunc(granted, Ask{Kind: AskHook, Name: action}.same) {
			left[action] = failure
		}
	}
	return left
}

// Disable takes the plugin out of the municipality's schema; its data and what was granted are kept.
func (c *Catalog) Disable(ctx context.Context, tx postgres.Tx, name, reason string, expected *int64) (*Done, error) {
	before, err := c.present(ctx, tx, name, expected)
	if err != nil {
		return nil, err
	}
	if before.State == StateDisabled {
		return nil, core.Conflict(core.Textf("Plugin %s is disabled already.", "Плагин %s уже отключён.", name), "input", "name")
	}
	row, err := c.digest(ctx, tx, before.Digest)
	if err != nil {
		return nil, at(err, "name")
	}
	after := c.next(ctx, before, row)
	after.State, after.Reason = StateDisabled, reason
	done := &Done{before, after}
	return done, c.save(ctx, tx, done, row.Version, "disable")
}

// AskRestart has every replica start the plugin's processes anew.
func (c *Catalog) AskRestart(ctx context.Context, tx postgres.Tx, name string) (*Plugin, error) {
	p, err := c.present(ctx, tx, name, nil)
	if err != nil {
		return nil, err
	}
	if p.State != StateEnabled {
		return nil, core.Conflict(core.Textf("Plugin %s is disabled and does not run. Enable it.", "Плагин %s отключён и не работает. Включите его.", name), "input", "name")
	}
	_, err = tx.NewRaw(`INSERT INTO plugin_restarts (name, count) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET count = plugin_restarts.count + 1`, name).Exec(ctx)
	if err != nil {
		return nil, err
	}
	return p, bump(ctx, tx)
}
