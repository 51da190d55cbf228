package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/manifest"
)

// The resolvers that gqlgen asks for and no declaration answers.
type (
	QueryResolver    struct{ Module *Module }
	MutationResolver struct{ Module *Module }
	PluginResolver   struct{ Module *Module }
)

func (r QueryResolver) PluginBundles(ctx context.Context, name *string) ([]*PluginBundle, error) {
	rows, err := r.Module.catalog.Installed(ctx)
	if err != nil {
		return nil, err
	}
	all := []*PluginBundle{}
	for _, row := range rows {
		if name != nil && *name != row.Name {
			continue
		}
		m, err := row.Manifest()
		if err != nil {
			return nil, err
		}
		all = append(all, bundleOf(ctx, row, m))
	}
	return all, nil
}

func bundleOf(ctx context.Context, row *catalog.Installed, m *manifest.Manifest) *PluginBundle {
	lang := core.LanguageOf(ctx)
	asks := catalog.AsksOf(m, row.Policy)
	proposed := map[string]string{}
	for _, h := range m.Hooks {
		proposed[h.Before] = h.Failure
	}
	return &PluginBundle{
		Digest: row.Digest, Name: row.Name, Title: m.Title.Core().In(lang), Description: m.Description.Core().In(lang), Author: m.Author,
		Release: row.Version, Signer: row.Signer, InstalledAt: row.InstalledAt, Size: int(row.Size), Asks: asksIn(ctx, asks), AsksKey: asks.Key(row.Digest),
		HookFailures: failuresOf(proposed), SettingsSchema: row.Settings, SDL: row.SDL,
	}
}

func asksIn(ctx context.Context, asks catalog.Asks) []*PluginAsk {
	all := make([]*PluginAsk, len(asks))
	for i, ask := range asks {
		all[i] = &PluginAsk{Kind: ask.Kind, Name: ask.Name, Title: ask.Title.In(core.LanguageOf(ctx))}
	}
	return all
}

func failuresOf(by map[string]string) []*PluginHookFailure {
	all := []*PluginHookFailure{}
	for _, action := range slices.Sorted(maps.Keys(by)) {
		all = append(all, &PluginHookFailure{Action: action, Failure: PluginFailure(strings.ToUpper(by[action]))})
	}
	return all
}

func (r QueryResolver) PluginUpgrade(ctx context.Context, id core.ID, release string) (*PluginUpgrade, error) {
	p, err := r.Module.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	to, err := r.Module.catalog.Version(ctx, r.Module.host.DB, p.Name, release)
	if err != nil {
		return nil, core.Invalid(core.Textf("Release %q of plugin %s is not installed. pluginBundles lists what there is.", "Версия %q плагина %s не установлена. Имеющиеся перечисляет pluginBundles.", release, p.Name), "release")
	}
	d, err := r.Module.catalog.Difference(ctx, p, to)
	if err != nil {
		return nil, err
	}
	up := &PluginUpgrade{From: d.From.Version, To: to.Version, Digest: to.Digest, AsksMore: asksIn(ctx, d.More), AsksLess: asksIn(ctx, d.Less),
		Added: d.Schema.Added, Removed: d.Schema.Removed, Breaking: d.Schema.Breaking, Operations: []*PluginOperation{}, NeedsApproval: d.NeedsApproval, Key: d.Key}
	for _, o := range d.Operations {
		up.Operations = append(up.Operations, &PluginOperation{Hash: o.Hash, Text: o.Text, SeenAt: o.SeenAt, Count: int(o.Count), Why: o.Why})
	}
	return up, nil
}

// byID is the plugin of the context's municipality, whatever its state.
func (m *Module) byID(ctx context.Context, id core.ID) (*catalog.Plugin, error) {
	key, err := id.Of(typePlugin, "id")
	if err != nil {
		return nil, err
	}
	return m.catalog.ByID(ctx, key)
}

func (r QueryResolver) PluginSettings(ctx context.Context, id core.ID) (*PluginSettings, error) {
	p, err := r.Module.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	shown, err := r.Module.catalog.Shown(ctx, p.Name)
	if err != nil {
		return nil, err
	}
	settings := &PluginSettings{Schema: shown.Schema, Settings: string(shown.Settings), Revision: int(shown.Revision), Secrets: []*PluginSecret{}}
	for _, secret := range shown.Secrets {
		settings.Secrets = append(settings.Secrets, &PluginSecret{Path: secret.Path, Set: secret.Set})
	}
	return settings, nil
}

func (r QueryResolver) PluginLogs(ctx context.Context, id core.ID, last int) ([]*PluginLogLine, error) {
	if last < 0 || last > 1000 {
		return nil, core.Invalid(core.T("last is from 0 to 1000.", "last — от 0 до 1000."), "last")
	}
	p, err := r.Module.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	lines, err := r.Module.catalog.LogsHere(ctx, p.Name, last)
	if err != nil {
		return nil, err
	}
	all := make([]*PluginLogLine, len(lines))
	for i, line := range lines {
		all[i] = &PluginLogLine{At: line.At, Level: line.Level, Text: line.Text}
	}
	return all, nil
}

func (r QueryResolver) PluginDeadLetters(ctx context.Context, id core.ID, last int) ([]*PluginDeadLetter, error) {
	if last < 0 || last > 1000 {
		return nil, core.Invalid(core.T("last is from 0 to 1000.", "last — от 0 до 1000."), "last")
	}
	p, err := r.Module.byID(ctx, id)
	if err != nil || r.Module.catalog.Dead == nil {
		return []*PluginDeadLetter{}, err
	}
	letters, err := r.Module.catalog.Dead(ctx, core.MunicipalityOf(ctx), p.Name, last)
	if err != nil {
		return nil, err
	}
	all := make([]*PluginDeadLetter, len(letters))
	for i, l := range letters {
		all[i] = &PluginDeadLetter{EventID: l.Event.String(), Name: l.Name, At: l.At, GivenUp: l.Dead, Attempts: l.Attempts, Reason: l.Reason}
		if l.Object.Type != "" {
			all[i].ObjectID = &l.Object
		}
	}
	return all, nil
}

// Asks reads the list that SQL gave as JSON.
func (r PluginResolver) Asks(ctx context.Context, obj *Plugin) ([]*PluginAsk, error) {
	asks, err := listOf[catalog.Asks](ctx, r.Module.host.Reads, obj)
	return asksIn(ctx, asks), err
}

// HookFailures reads the choices that SQL gave as JSON.
func (r PluginResolver) HookFailures(ctx context.Context, obj *Plugin) ([]*PluginHookFailure, error) {
	by, err := listOf[map[string]string](ctx, r.Module.host.Reads, obj)
	return failuresOf(by), err
}

// Process asks what runs on this replica.
func (r PluginResolver) Process(ctx context.Context, obj *Plugin) (*PluginProcess, error) {
	name, err := read.Value[string](ctx, r.Module.host.Reads, obj)
	if err != nil || r.Module.catalog.Process == nil {
		return nil, err
	}
	p := r.Module.catalog.Process(core.MunicipalityOf(ctx), name)
	if p == nil {
		return nil, nil //nolint:nilnil // none is an answer
	}
	answer := &PluginProcess{State: PluginProcessState(strings.ToUpper(p.Phase)), Since: p.Since, Reason: p.Reason, Restarts: p.Restarts,
		BreakerOpen: p.BreakerOpen, Release: p.Release, Unbounded: append([]string{}, p.Unbounded...)}
	if p.Waiting != "" {
		answer.WaitingRelease = &p.Waiting
	}
	return answer, nil
}

// History reads the list that SQL worked out as JSON.
func (r PluginResolver) History(ctx context.Context, obj *Plugin) ([]*PluginStep, error) {
	return listOf[[]*PluginStep](ctx, r.Module.host.Reads, obj)
}

func listOf[V any](ctx context.Context, reads *read.Reader, obj *Plugin) (v V, err error) {
	text, err := read.Value[string](ctx, reads, obj)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return v, fmt.Errorf("plugin %s: %w", obj.ID, err)
	}
	return v, nil
}

func (r MutationResolver) InstallPlugin(ctx context.Context, input InstallPluginInput) (*InstallPluginPayload, error) {
	return r.Module.Service.Install(ctx, input)
}

func (r MutationResolver) EnablePlugin(ctx context.Context, input EnablePluginInput) (*core.Payload, error) {
	return r.Module.Service.Enable(ctx, input)
}

func (r MutationResolver) DisablePlugin(ctx context.Context, input DisablePluginInput) (*core.Payload, error) {
	return r.Module.Service.Disable(ctx, input)
}

func (r MutationResolver) UpgradePlugin(ctx context.Context, input UpgradePluginInput) (*core.Payload, error) {
	return r.Module.Service.Upgrade(ctx, input)
}

func (r MutationResolver) RollBackPlugin(ctx context.Context, input RollBackPluginInput) (*core.Payload, error) {
	return r.Module.Service.RollBack(ctx, input)
}

func (r MutationResolver) ConfigurePlugin(ctx context.Context, input ConfigurePluginInput) (*core.Payload, error) {
	return r.Module.Service.Configure(ctx, input)
}

func (r MutationResolver) RemovePlugin(ctx context.Context, input RemovePluginInput) (*RemovePluginPayload, error) {
	return r.Module.Service.Remove(ctx, input)
}

func (r MutationResolver) RestartPlugin(ctx context.Context, input RestartPluginInput) (*core.Payload, error) {
	return r.Module.Service.Restart(ctx, input)
}

func (r MutationResolver) ReplayPluginDeliveries(ctx context.Context, input ReplayPluginDeliveriesInput) (*ReplayPluginDeliveriesPayload, error) {
	return r.Module.Service.Replay(ctx, input)
}

// Handlers serve what removed plugins left, to who may manage plugins.
func (m *Module) Handlers() map[string]http.Handler {
	return map[string]http.Handler{"GET " + exports + "{id}": http.HandlerFunc(m.export)}
}

func (m *Module) export(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if err := m.host.Guard.Check(ctx, mayManage, access.Resource{}); err != nil {
		http.Error(w, core.Forbidden(ctx).Text.In(core.LanguageOf(ctx)), http.StatusForbidden)
		return
	}
	content, err := m.catalog.Exported(ctx, id)
	if errors.Is(err, core.ErrNotFound) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		m.host.Log.ErrorContext(ctx, "an export of a plugin cannot be read", "error", err)
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="plugin.zip"`)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(content)
}
