package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/modules/audit"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/internal/testplugin"
	"github.com/veche-city/veche/plugins/manifest"
)

func TestMain(m *testing.M) {
	testplugin.Main()
	goleak.VerifyTestMain(m)
}

// house is a kernel with the audit in it, and the host of plugins over processes of the test's own: real
// gRPC servers, which speak to the host over its socket as any plugin does.
type house struct {
	*testing.T
	host        *host.Host
	town, other *core.Municipality
	catalog     *shelf
	now         atomic.Pointer[time.Time]
	asked       []host.Query // what came through the grants
	mu          sync.Mutex
	plugins     map[string]*plugin // by digest
	keys        func(string)       // told the idempotency keys of nested operations
}

const coreSchema = `
directive @can(permission: String!) on FIELD_DEFINITION
directive @public on FIELD_DEFINITION
interface Node { id: ID! }
type Query { node(id: ID!): Node @public councils(first: Int): CouncilConnection! @can(permission: "audit:read") persons: [Person!]! @can(permission: "people:read") }
type Mutation { planMeeting(title: String): MeetingPayload! @can(permission: "meetings:plan") dropAll: Int @can(permission: "x:y") }
type Subscription { happened: Int }
type Council implements Node { id: ID! name: String! members: [Person!]! }
type CouncilConnection { nodes: [Council!]! edges: [CouncilEdge!]! pageInfo: PageInfo! totalCount: Int! }
type CouncilEdge { cursor: String! node: Council! }
type PageInfo { endCursor: String }
type Person implements Node { id: ID! name: String! phone: String }
type MeetingPayload { meeting: Meeting userErrors: [UserError!]! }
type Meeting implements Node { id: ID! title: String! }
type UserError { code: String! message: String! path: [String!]! }
`

const ordersSDL = `type Order implements Node { id: ID! text: String }
extend type Query { orders: [Order!] @public }
extend type Council { orders: [Order!] @public }
`

const badgesSDL = `type Badge implements Node { id: ID! }
extend type Query { badges: [Badge!] @public }
extend type Council { badges: [Badge!] @public }
`

// shelf is a catalog in memory.
type shelf struct {
	mu       sync.Mutex
	enabled  []host.Enabled
	disabled []host.Enabled
	folders  map[string]string
	set      json.RawMessage
}

func (s *shelf) Enabled(context.Context) ([]host.Enabled, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]host.Enabled{}, s.enabled...), nil
}

func (s *shelf) Settings(_ context.Context, town uuid.UUID, name string) (json.RawMessage, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.enabled {
		if e.Municipality == town && e.Name == name {
			return s.set, e.Revision, nil
		}
	}
	return nil, 0, core.ErrNotFound
}

func (s *shelf) Kept(ctx context.Context, _ bun.IDB) (all []host.Enabled, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range append(s.enabled, s.disabled...) {
		if e.Municipality == core.MunicipalityOf(ctx).ID {
			all = append(all, e)
		}
	}
	return all, nil
}

func (s *shelf) Folder(_ context.Context, digest string) (string, error) {
	return s.folders[digest], nil
}

func empty(t *testing.T) *house {
	h := &house{T: t, plugins: map[string]*plugin{}, catalog: &shelf{folders: map[string]string{}, set: json.RawMessage(`{"a":1}`)}}
	h.at(time.Date(2026, 11, 30, 5, 0, 0, 0, time.UTC))
	return h
}

func open(t *testing.T, limits host.Limits, options ...func(*host.Options)) *house {
	t.Helper()
	h := empty(t)
	db := coretest.Database(t)
	h.furnish(db, limits, options...)
	return h
}

// furnish makes the house over the database.
func (h *house) furnish(db *postgres.DB, limits host.Limits, options ...func(*host.Options)) {
	t := h.T
	t.Helper()
	h.town, h.other = coretest.Town(t, db, "kansk"), coretest.Town(t, db, "achinsk")
	kernel := townhall.Open(t, db, h.town, func() time.Time { return *h.now.Load() })
	var err error
	kernel.Events, err = events.New(t.Context(), db, kernel.Log, events.Settings{})
	townhall.Must(t, err)
	kernel.Consumers = events.NewConsumers(db, kernel.Log, time.Second)
	trail := audit.New(kernel)
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: coreSchema}, &ast.Source{Input: ordersSDL}, &ast.Source{Input: badgesSDL})
	townhall.Must(t, err)
	o := host.Options{
		Limits: limits,
		Start: func(_ context.Context, p host.Program) (host.Process, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			running := h.plugins[p.Digest]
			if running == nil {
				return nil, fmt.Errorf("there is no program %s", p.Digest)
			}
			h.reach(running, p.HostAddress)
			return child{running}, nil
		},
		Town: func(_ context.Context, id uuid.UUID) (*core.Municipality, error) {
			for _, m := range []*core.Municipality{h.town, h.other} {
				if m.ID == id {
					return m, nil
				}
			}
			return nil, core.ErrNotFound
		},
		Schema: func(context.Context) *ast.Schema { return schema },
		Query: func(ctx context.Context, q host.Query) (json.RawMessage, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.asked = append(h.asked, q)
			if h.keys != nil {
				h.keys(mutation.KeyOf(ctx))
			}
			return json.Marshal(map[string]any{"data": map[string]any{"town": core.MunicipalityOf(ctx).Key, "kind": core.ActorOf(ctx).Kind, "account": core.ActorOf(ctx).Account, "key": mutation.KeyOf(ctx)}})
		},
	}
	for _, set := range options {
		set(&o)
	}
	h.host, err = host.New(kernel, h.catalog, o)
	townhall.Must(t, err)
	t.Cleanup(func() { townhall.Must(t, h.host.Close()) })
	townhall.Settle(t, kernel, h.town, trail)
	townhall.Must(t, kernel.Guard.EnsureDefaults(t.Context(), h.other))
	townhall.Must(t, kernel.Consumers.Begin(t.Context()))
}

func (h *house) at(now time.Time) { h.now.Store(&now) }

func (h *house) later(d time.Duration) { h.at(h.now.Load().Add(d)) }

// orders is a plugin's card, with tables.
func orders(change ...func(m *manifest.Manifest)) *manifest.Manifest {
	t := manifest.Text{Ru: "р", En: "e"}
	m := &manifest.Manifest{Name: "orders", Version: "1.0.0", Contract: 1, Title: t, Prefix: "Order", Schema: "s.graphql", Values: true, Migrations: "migrations", Cases: true,
		Permissions: []manifest.Permission{{Name: "orders:edit", Title: t}},
		Reads:       []string{"Query.councils", "Council.name"}, Actions: []string{"planMeeting"},
		Hooks: []manifest.Hook{{Before: "planMeeting", Reason: t, Failure: "closed"}},
		Hears: []string{"Council.CREATED", "AuditEntry.CREATED", "badges.given"}, Sends: []manifest.Event{{Name: "orders.accepted", Title: t}},
		Indicators: []manifest.Indicator{{Key: "orders.count", Name: t, Unit: t, Definition: t, Permission: "orders:edit", Type: "Order", Rows: "SELECT id, text AS breakdown, made AS day FROM orders WHERE made BETWEEN $1 AND $2"}}}
	for _, c := range change {
		c(m)
	}
	return m
}

const ordersTables = `-- +goose Up
CREATE TABLE orders (id uuid PRIMARY KEY, text text NOT NULL, made date NOT NULL DEFAULT '2026-11-30', sum numeric(12,2), at timestamptz, tags text[], data jsonb,
	CONSTRAINT orders_text UNIQUE (text));
`

// folder is an unpacked bundle with these steps.
func (h *house) folder(steps ...string) string {
	h.Helper()
	dir := h.TempDir()
	townhall.Must(h, os.Mkdir(filepath.Join(dir, "migrations"), 0o700))
	for n, sql := range steps {
		townhall.Must(h, os.WriteFile(filepath.Join(dir, "migrations", fmt.Sprintf("%05d_step.sql", n+1)), []byte(sql), 0o600))
	}
	return dir
}

// enable installs a plugin under the digest and enables it in the towns.
func (h *house) enable(digest string, m *manifest.Manifest, sdl string, p *plugin, steps []string, towns ...*core.Municipality) {
	h.Helper()
	h.mu.Lock()
	h.plugins[digest] = p
	h.mu.Unlock()
	h.catalog.mu.Lock()
	h.catalog.folders[digest] = h.folder(steps...)
	var kept []host.Enabled
	for _, e := range h.catalog.enabled {
		if e.Name != m.Name {
			kept = append(kept, e)
		}
	}
	for _, town := range towns {
		kept = append(kept, host.Enabled{Municipality: town.ID, Name: m.Name, Version: m.Version, Digest: digest, Manifest: m, SDL: sdl, Functions: []string{"Query.orders", "Council.orders"}, Revision: 1})
	}
	h.catalog.enabled = kept
	h.catalog.mu.Unlock()
	townhall.Must(h, h.host.Refresh(h.Context()))
}

// settled waits until the plugin is ready, or says why not.
func (h *house) settled(town *core.Municipality, name string) host.Status {
	h.Helper()
	s, err := h.host.Settled(h.Context(), town, name)
	townhall.Must(h, err)
	return s
}

// serving is the plugin orders, ready in kansk and in those others.
func (h *house) serving(also ...*core.Municipality) *plugin {
	h.Helper()
	p := h.newPlugin(true)
	h.enable("d1", orders(), ordersSDL, p, []string{ordersTables}, append(also, h.town)...)
	for _, town := range append(also, h.town) {
		if s := h.settled(town, "orders"); s.Reason != "" {
			h.Fatal(s.Reason)
		}
	}
	return p
}

// within runs do as the plugin does while it is asked a field, on behalf of the actor.
func (h *house) within(p *plugin, town *core.Municipality, actor core.Actor, do func(ctx context.Context, api contract.HostClient, call *contract.Call)) {
	h.Helper()
	p.resolve = func(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
		do(p.as(ctx, r.Call.Token), p.host, r.Call)
		return &contract.ResolveResponse{Results: []*contract.FieldResult{{Items: []*contract.Item{{Value: []byte(`null`)}}}}}, nil
	}
	_, err := h.source(town, "orders").Plugin.Resolve(h.as(town, actor), []*contract.FieldCall{{Type: "Query", Field: "orders"}}, false)
	townhall.Must(h, err)
}

func (h *house) as(town *core.Municipality, actor core.Actor) context.Context {
	return townhall.As(town, actor)
}

func (h *house) source(town *core.Municipality, name string) *fields.Source {
	h.Helper()
	for _, s := range h.host.Set(town).Sources {
		if s.Manifest.Name == name {
			return s
		}
	}
	h.Fatalf("%s is not in the set", name)
	return nil
}

var anonymous = core.Actor{Kind: core.Anonymous}

func auditor() core.Actor {
	return core.Actor{Kind: core.Account, Account: core.NewID(), Assignments: []core.Assignment{{Role: "auditor", Scope: core.Everywhere}}}
}
