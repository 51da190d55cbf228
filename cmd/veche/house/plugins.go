package house

import (
	"context"
	"io"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/permissions"
	"github.com/veche-city/veche/modules/reports"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/process"
)

// makeCatalog makes the catalog, which says which plugins are enabled; the modules know it. What it needs of
// the host (plugged) is called later, and leads through the house.
func (h *House) makeCatalog() (err error) {
	h.programs = &programs{log: h.Log, metrics: process.NewMetrics(), asSelf: h.settings.PluginsAsSelf, cgroup: h.settings.PluginCgroup, dev: h.settings.Plugins.Dev, address: func() string { return h.Runner.Address() }}
	h.metrics.registry.MustRegister(h.programs.metrics.Collectors()...)
	options := catalog.Options{
		Settings: h.settings.Plugins, Guard: h.Guard, Clock: h.Clock, Log: h.Log, Towns: h.Towns.All,
		Probe: h.programs.probe, Restart: func(name string) { h.Runner.Restart(name) }, Process: h.pluginProcess, Logs: h.programs.logs,
		Schema: h.composed,
		Export: func(ctx context.Context, m *core.Municipality, name string, out io.Writer) error {
			return h.Runner.Export(ctx, m, name, out)
		},
		Erase: func(ctx context.Context, m *core.Municipality, name string) error {
			return h.Runner.Erase(ctx, m, name)
		},
		Purge: func(ctx context.Context) error { return h.Runner.Purge(ctx) },
		Dead: func(ctx context.Context, m *core.Municipality, name string, most int) ([]catalog.Letter, error) {
			return h.Runner.Dead(ctx, m, name, most)
		},
		Replay: func(ctx context.Context, m *core.Municipality, name string, events ...uuid.UUID) (int, error) {
			return h.Runner.Replay(ctx, m, name, events...)
		},
		Changed: func(context.Context) { h.Runner.Wake(catalog.Channel) },
	}
	h.Plugins, err = catalog.New(h.DB, options)
	return err
}

// plugged makes the host, which runs what is enabled, and joins what it runs to the graph and the
// reports. The modules are there, and what works by itself has not begun.
func (h *House) plugged() (err error) {
	h.Runner, err = host.New(h.Host, host.Of(h.Plugins), host.Options{
		Start: h.programs.start, Town: h.Towns.ByID, Query: h.query, Schema: h.schema, OpenCase: h.openCase,
	})
	if err != nil {
		return err
	}
	h.Graph.Extend(h.Runner.Set, h.fresh)
	h.Graph.Seen = h.asked
	for _, m := range h.Modules {
		switch m := m.(type) {
		case *reports.Module:
			m.Join(h.indicators)
		case *people.Module:
			m.Join(keeper(h.Runner))
		case *permissions.Module:
			m.Join(h.keptByPlugins)
		}
	}
	return nil
}

// asked records what clients ask of plugins, so that an upgrade shows what it would break. What plugins ask
// themselves is not a client's.
func (h *House) asked(ctx context.Context, text string) {
	if ctx.Value(innerKey{}) == nil {
		h.Plugins.Seen(ctx, text)
	}
}

// composed is the schema that a municipality would have with these plugins.
func (h *House) composed(m *core.Municipality, sources []*fields.Source) (*ast.Schema, error) {
	joined, err := h.Graph.Compose(m, &fields.Set{Sources: sources})
	if err != nil {
		return nil, err
	}
	return joined.Schema, nil
}

// wakePlugins looks whether plugins were changed by whatever replica, and what waits for them.
func (h *House) wakePlugins(ctx context.Context, channel string) {
	if channel == "" || channel == catalog.Channel {
		h.Plugins.Wake(ctx)
	}
	h.Runner.Wake(channel)
}
