// Package host runs what the catalog says is enabled: for each municipality and plugin a source of
// fields (plugins/fields) over a process, the service Host that plugins call back, their tables, and
// what is brought to them in the background (events, jobs).
//
// Order of a start of a plugin in a municipality (bring.go): the process, the tables, the settings, then
// it serves. Until then, and whenever it does not run, its fields answer PLUGIN_UNAVAILABLE: the schema
// follows what is enabled, never what runs. Another version starts beside the old one, and takes its
// place once it is ready; if it is not, the old one stays, and Status says why.
//
// Who may: a plugin calls back only on behalf of a call that is under way, by that call's token and its
// own process's key, under the caller's rights and the manifest's grants, both. Its SQL runs on
// connections that logged in as its role in that municipality, which may do nothing outside its schema.
//
// Failure: a plugin that does not answer holds up nobody but its own callers. What its writes leave for
// the core (events, audit, jobs) and what waits for it stands in tables, so a death of either loses
// nothing; what is brought twice bears the same id.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/vektah/gqlparser/v2/ast"
	"google.golang.org/grpc"

	"github.com/veche-city/veche/core"
	corehost "github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

// Enabled is a plugin as it is enabled in a municipality.
type Enabled struct {
	Municipality          uuid.UUID
	Name, Version, Digest string
	Manifest              *manifest.Manifest
	SDL                   string
	Functions             []string          // Type.field that it answers
	HookFailure           map[string]string // action → open or closed
	Revision              int64             // changes with settings and hooks
}

// Catalog says what is enabled (plugins/catalog).
type Catalog interface {
	Enabled(ctx context.Context) ([]Enabled, error)
	Settings(ctx context.Context, municipality uuid.UUID, name string) (json.RawMessage, int64, error)
	Folder(ctx context.Context, digest string) (string, error)
	// Kept are the plugins of which the context's municipality keeps data, disabled ones too.
	Kept(ctx context.Context, db bun.IDB) ([]Enabled, error)
}

// Program is what a process is started of.
type Program struct {
	Digest, Dir, HostAddress string
	Manifest                 *manifest.Manifest
	SDL                      string
}

// Process is a plugin's supervised process (plugins/process). The client that it hands out is the same
// value for as long as the same process lives, and another after a restart: that is how a process that
// does not know the settings yet is told from one that does.
type Process interface {
	Key() string
	Ready(ctx context.Context) error
	Call(ctx context.Context, write bool, do func(context.Context, contract.PluginClient) error) error
	Stream(ctx context.Context, do func(context.Context, contract.PluginClient) error) error
	Drain(ctx context.Context) error
	Kill()
}

// Query is an operation that a plugin asks for.
type Query struct {
	Query     string
	Variables map[string]any
	Operation string
}

// Case is a case that a plugin opens.
type Case struct {
	Plugin      string // its origin
	Title, Text string
	About       *core.ID
	Person      *core.ID
	Kind        string // key of a kind of case; empty: the default
}

// Options are what the host is joined to the house by.
type Options struct {
	// Start starts a plugin's program, and returns before it is ready.
	Start func(ctx context.Context, p Program) (Process, error)
	// Town is a municipality by its key.
	Town func(ctx context.Context, id uuid.UUID) (*core.Municipality, error)
	// Query runs an operation in the context's municipality, for the context's actor, and answers data
	// and errors as JSON. The grants are checked before.
	Query func(ctx context.Context, q Query) (json.RawMessage, error)
	// Schema is that of the context's municipality, plugins' fields included, hidden ones not.
	Schema func(ctx context.Context) *ast.Schema
	// OpenCase opens a case in tx, for the context's actor, whose rights it asks; nil: none can be opened.
	OpenCase func(ctx context.Context, tx *mutation.Tx, c Case) (uuid.UUID, error)
	// Limits bound what plugins ask for; zero values take the defaults.
	Limits Limits
}

// Host runs plugins. Its methods may be called from any goroutine.
type Host struct {
	*corehost.Host
	catalog Catalog
	options Options
	log     *slog.Logger

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wait   sync.WaitGroup

	folder  string // of the socket
	address string
	server  *grpc.Server
	calls   calls
	secrets secrets

	sets atomic.Pointer[map[uuid.UUID]*fields.Set]
	made atomic.Int64 // instances

	refreshing sync.Mutex // one Refresh at a time
	mu         sync.Mutex // what follows
	slots      map[place]*slot
	versions   map[string]*version
	stores     map[place]*store
	closed     bool
	settled    chan struct{} // closed and made anew when an instance got ready, or could not

	opening     chan struct{} // holds those that make or migrate tables: each takes connections of the house
	connections chan struct{} // holds those that run SQL of plugins

	wakeRefresh, wakeDeliver, wakeForward chan struct{}
	deliverer                             deliverer
}

// place is a plugin in a municipality.
type place struct {
	town   uuid.UUID
	plugin string
}

// New makes the host, with nothing running, and begins to answer plugins on a socket in a folder that is
// its own. It adds a consumer of events and a worker of jobs, so it is called before those begin.
func New(h *corehost.Host, c Catalog, o Options) (*Host, error) {
	o.Limits = o.Limits.orDefaults()
	host := &Host{
		Host: h, catalog: c, options: o, log: h.Log.With("part", "plugins"),
		slots: map[place]*slot{}, versions: map[string]*version{}, stores: map[place]*store{}, settled: make(chan struct{}),
		wakeRefresh: make(chan struct{}, 1), wakeDeliver: make(chan struct{}, 1), wakeForward: make(chan struct{}, 1),
	}
	host.ctx, host.cancel = context.WithCancel(context.Background())
	host.opening, host.connections = make(chan struct{}, 2), make(chan struct{}, o.Limits.Connections)
	host.calls.all = map[string]*call{}
	host.sets.Store(&map[uuid.UUID]*fields.Set{})
	if err := host.listen(); err != nil {
		return nil, err
	}
	if h.Consumers != nil {
		h.Consumers.Add("plugins", host.fanOut)
	}
	if h.Jobs != nil {
		if err := h.Jobs.Register(host.worker()); err != nil {
			return nil, errors.Join(err, host.Close())
		}
	}
	return host, nil
}

func (h *Host) listen() (err error) {
	if h.folder, err = os.MkdirTemp("", "veche-host-"); err != nil { // of mode 0700
		return err
	}
	path := h.folder + "/host.sock"
	socket, err := net.Listen("unix", path)
	if err != nil {
		return errors.Join(err, os.RemoveAll(h.folder))
	}
	h.address = "unix:" + path
	h.server = h.serve()
	h.wait.Go(func() {
		if err := h.server.Serve(socket); err != nil && h.ctx.Err() == nil {
			h.log.Error("plugins cannot call back any more", "error", err)
		}
	})
	return nil
}

// Address is where plugins call back.
func (h *Host) Address() string { return h.address }

// Set is what is enabled in the municipality now.
func (h *Host) Set(m *core.Municipality) *fields.Set {
	if set := (*h.sets.Load())[m.ID]; set != nil {
		return set
	}
	return nothing
}

var nothing = &fields.Set{}

// Channels are those of Postgres' notifications on which Wake is to be called, beside the catalog's.
func (*Host) Channels() []string { return []string{deliveries} }

// Wake looks at what may have changed, soon. It is called for each notification, also the catalog's, and
// with "" where one may have been missed. It never blocks.
func (h *Host) Wake(channel string) {
	switch channel {
	case deliveries:
		wake(h.wakeDeliver)
	case "":
		wake(h.wakeDeliver)
		wake(h.wakeForward)
	default:
		wake(h.wakeRefresh)
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run refreshes, delivers and passes on until ctx ends.
func (h *Host) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() {
		h.loop(ctx, h.wakeRefresh, h.options.Limits.Poll, "plugins cannot be brought up to date", h.Refresh)
	})
	running.Go(func() {
		h.loop(ctx, h.wakeDeliver, h.options.Limits.DeliveryPoll, "events cannot be brought to plugins", func(ctx context.Context) error {
			return h.deliverDue(ctx, &running, func(err error) { h.log.Error("events cannot be brought to a plugin; trying again", "error", err) })
		})
	})
	running.Go(func() {
		h.loop(ctx, h.wakeForward, h.options.Limits.Poll, "what plugins wrote cannot be passed on", h.Forward)
	})
	running.Wait()
	h.deliverer.close()
}

// loop does the work at once, when woken, and every poll; a failure is logged once until it passes.
func (h *Host) loop(ctx context.Context, woken chan struct{}, poll time.Duration, words string, do func(context.Context) error) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		err := do(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			h.log.Error(words+"; trying again", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-woken:
		case <-tick.C:
		}
	}
}

// Close drains what runs for as long as Limits.Drain, ends it, and gives the socket and the pools back.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	var all []*version
	for _, v := range h.versions {
		all = append(all, v)
	}
	h.mu.Unlock()
	var draining sync.WaitGroup
	for _, v := range all {
		draining.Go(func() { v.end(h.options.Limits.Drain) })
	}
	draining.Wait()
	h.cancel()
	h.server.Stop()
	h.wait.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.stores {
		s.pool.Close()
	}
	h.deliverer.close()
	return os.RemoveAll(h.folder)
}
