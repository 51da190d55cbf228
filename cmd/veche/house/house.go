// Package house puts the whole together: the database, the kernel's services, the modules, the
// graph and the HTTP handlers. The commands of cmd/veche open one and run it; so do the tests
// that come through the door.
//
// Order: the database is migrated, the services are made, the modules declare themselves to them,
// the declarations are checked, every municipality gets its default rules. Run starts what works
// by itself (events, jobs, listening) and stops it in the reverse order. Anything that does not
// fit stops the start.
package house

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/files"
	corehost "github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/core/tenancy"
	"github.com/veche-city/veche/graph"
	"github.com/veche-city/veche/migrations"
	"github.com/veche-city/veche/modules"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/host"
)

// Settings are the operator's choices that the house itself needs.
type Settings struct {
	Municipality   string // key of the one meant when a request names none
	MaxPage        int    // cap of first and last
	AllowedOrigins []string
	TrustedProxies []netip.Prefix
	OpenSignUp     bool
	Introspection  bool   // whether the anonymous may read the schema
	Reads          string // Compiled, unless Resolvers
	ReadsHeader    bool   // whether the header X-Veche-Reads may choose otherwise: for tests
	// TrustedDocuments is the manifest of queries that may be named by id; TrustedOnly refuses others.
	TrustedDocuments string
	TrustedOnly      bool
	Files            files.Settings
	Plugins          catalog.Settings
	// PluginsAsSelf runs plugins as the house's own user although it is root.
	PluginsAsSelf bool
	// PluginCgroup is a delegated folder of cgroups for plugins' processes; empty: the house's own, where that was.
	PluginCgroup string
}

// House is everything that runs.
type House struct {
	*corehost.Host
	Towns    *tenancy.Registry
	Identity *identity.Service
	Graph    *graph.Graph
	Modules  []core.Module
	Plugins  *catalog.Catalog
	Runner   *host.Host
	// EndStreams ends subscriptions, whose clients then come back elsewhere; other requests go on.
	EndStreams func()

	settings Settings
	programs *programs
	inner    inner
	metrics  *metrics
	streams  context.Context
	changes  changes
}

// Open makes the house over an open database, which stays the caller's to close. progress hears
// of what may take longer than a second.
func Open(ctx context.Context, db *postgres.DB, settings Settings, clock core.Clock, log *slog.Logger, progress func(string)) (*House, error) {
	if err := postgres.Migrate(ctx, db, migrations.Files, progress); err != nil {
		return nil, err
	}
	towns, err := tenancy.New(ctx, db, settings.Municipality)
	if err != nil {
		return nil, err
	}
	h := &House{Towns: towns, settings: settings}
	h.streams, h.EndStreams = context.WithCancel(context.WithoutCancel(ctx))
	if h.Host, err = services(ctx, db, towns, settings, clock, log); err != nil {
		return nil, err
	}
	h.Host.Fresh, h.metrics = h.fresh, newMetrics(h)
	if h.Identity, err = h.identity(); err != nil {
		return nil, err
	}
	h.Host.Identity = h.Identity
	if err := h.makeCatalog(); err != nil {
		return nil, err
	}
	if err := h.furnish(); err != nil {
		return nil, err
	}
	if err := h.plugged(); err != nil {
		return nil, err
	}
	if err := h.begin(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// begin brings what was made to what the database says. Plugins are known by then, and start with Run:
// a command that only changes something starts none.
func (h *House) begin(ctx context.Context) error {
	return errors.Join(h.Consumers.Begin(ctx), h.Settle(ctx), h.Plugins.Refresh(ctx))
}

// services makes what the modules are given.
func services(ctx context.Context, db *postgres.DB, towns *tenancy.Registry, settings Settings, clock core.Clock, log *slog.Logger) (*corehost.Host, error) {
	guard, err := access.New(db, access.Settings{Clock: clock, Log: log})
	if err != nil {
		return nil, err
	}
	broker, err := events.New(ctx, db, log, events.Settings{})
	if err != nil {
		return nil, err
	}
	queue, err := jobs.New(db, log, towns.ByID)
	if err != nil {
		return nil, err
	}
	keeper, err := files.New(ctx, settings.Files, log)
	if err != nil {
		return nil, err
	}
	return &corehost.Host{
		DB: db, Guard: guard, Reads: read.New(db, guard, clock, settings.MaxPage),
		Writer: &mutation.Writer{DB: db, Clock: clock, Jobs: queue},
		Events: broker, Consumers: events.NewConsumers(db, log, poll), Jobs: queue, Files: keeper, Clock: clock, Log: log,
	}, nil
}

// furnish makes the modules, and joins what they declare.
func (h *House) furnish() error {
	all, err := modules.New(h.Host, h.Plugins)
	if err != nil {
		return err
	}
	h.Modules = all
	if err := h.Reads.Ready(); err != nil {
		return err
	}
	infos := make([]core.Info, len(all))
	for i, m := range all {
		infos[i] = m.Info()
	}
	if err := h.Guard.Know(infos); err != nil {
		return err
	}
	if err := checkClasses(h.Reads.Classes(), infos); err != nil {
		return err
	}
	h.Graph, err = graph.New(all, h.Reads, h.Guard, h.Log)
	return err
}

// Settle gives every municipality the default roles and rules that it lacks; it is called at each
// start, and after a municipality was added.
func (h *House) Settle(ctx context.Context) error {
	for _, town := range h.Towns.All() {
		if err := h.Guard.EnsureDefaults(ctx, town); err != nil {
			return fmt.Errorf("municipality %s: %w", town.Key, err)
		}
	}
	return nil
}

// Close ends the plugins, and gives back what Open took.
func (h *House) Close() error { return errors.Join(h.Runner.Close(), h.Guard.Close()) }

// checkClasses holds columns and cards together: every data class that a column bears is declared
// by a module, once, and every one declared is borne by a column.
func checkClasses(borne map[string][]string, infos []core.Info) error {
	declared := map[string]bool{}
	for _, info := range infos {
		for _, class := range info.DataClasses {
			if declared[class.Key] || len(borne[class.Key]) == 0 {
				return fmt.Errorf("module %s declares the data class %s, which is declared twice or borne by no column", info.Name, class.Key)
			}
			declared[class.Key] = true
		}
	}
	for class, fields := range borne {
		if !declared[class] {
			return fmt.Errorf("%s bears the data class %s, which no module declares", fields[0], class)
		}
	}
	return nil
}
