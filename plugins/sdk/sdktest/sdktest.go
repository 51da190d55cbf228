// Package sdktest runs a plugin in a test without a process: the same contract over gRPC in memory,
// and a host that does what Veche's does as far as a plugin sees it. Statements run on a real Postgres
// where a database is given; queries to Veche are answered by a function of the test's.
package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/sdk"
)

// Town is a municipality in which the plugin is enabled.
type Town struct {
	// Query answers what the plugin asks of Veche: the data, and an error for the whole.
	Query func(q Asked) (any, error)
	// Rows answers statements where there is no database: rows, structs or maps by column.
	Rows func(sql string, args []any) ([]any, error)

	t      testing.TB
	plugin contract.PluginClient
	sends  func(event string) bool
	pool   *pgxpool.Pool

	mu       sync.Mutex
	watched  *sync.Cond
	now      time.Time
	calls    map[string]*Caller
	values   map[string]value
	events   []*contract.Event
	watchers map[chan *contract.Event][]string
	jobs     []*contract.Schedule
	audits   []*contract.Audit
	cases    map[string]*contract.OpenCaseRequest
}

type value struct {
	text    []byte
	version int64
}

// Asked is a query of the plugin's.
type Asked struct {
	Query     string
	Variables json.RawMessage
	Caller    *Caller
}

// Option is of New.
type Option func(*Town)

// At is the moment at which the town's clock stands.
func At(moment time.Time) Option { return func(town *Town) { town.now = moment } }

// New checks the plugin, makes its tables, and runs it for the length of the test.
func New(t testing.TB, p *sdk.Plugin, options ...Option) *Town {
	t.Helper()
	if err := p.Check(); err != nil {
		t.Fatalf("the plugin is not complete:\n%v", err)
	}
	p.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	town := &Town{
		t: t, sends: p.Sends, now: time.Date(2012, 10, 1, 5, 0, 0, 0, time.UTC), calls: map[string]*Caller{}, values: map[string]value{},
		watchers: map[chan *contract.Event][]string{}, cases: map[string]*contract.OpenCaseRequest{},
	}
	town.watched = sync.NewCond(&town.mu)
	for _, one := range options {
		one(town)
	}
	if town.pool != nil {
		if err := migrate(context.Background(), town.pool, p); err != nil {
			t.Fatalf("the plugin's tables: %v", err)
		}
	}
	host := contract.NewHostClient(wire(t, func(s *grpc.Server) { contract.RegisterHostServer(s, &host{town: town}) }))
	town.plugin = contract.NewPluginClient(wire(t, func(s *grpc.Server) { contract.RegisterPluginServer(s, p.Server(host)) }))
	return town
}

// wire is a connection in memory to what register registers.
func wire(t testing.TB, register func(*grpc.Server)) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(contract.MaxMessage), grpc.MaxSendMsgSize(contract.MaxMessage))
	register(server)
	go func() { _ = server.Serve(listener) }()
	client, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(contract.MaxMessage)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		server.Stop()
	})
	return client
}

// Now is the town's clock.
func (town *Town) Now() time.Time {
	town.mu.Lock()
	defer town.mu.Unlock()
	return town.now
}

// Pass lets time pass.
func (town *Town) Pass(d time.Duration) {
	town.mu.Lock()
	defer town.mu.Unlock()
	town.now = town.now.Add(d)
}

// Caller is somebody who asks.
type Caller struct {
	Language       string
	IdempotencyKey string

	town  *Town
	actor *contract.Actor
	may   map[string][]sdk.ID
}

// Anonymous is nobody in particular.
func (town *Town) Anonymous() *Caller {
	return &Caller{Language: "en", town: town, actor: &contract.Actor{Kind: contract.Actor_KIND_ANONYMOUS}, may: map[string][]sdk.ID{}}
}

// Person is somebody new with an account.
func (town *Town) Person() *Caller {
	c := town.Anonymous()
	c.actor = &contract.Actor{Kind: contract.Actor_KIND_ACCOUNT, Account: sdk.NewID("Account").String(), Person: sdk.NewID("Person").String()}
	return c
}

func (town *Town) self() *Caller {
	c := town.Anonymous()
	c.actor = &contract.Actor{Kind: contract.Actor_KIND_PLUGIN}
	return c
}

// May gives the caller a permission, in those objects or anywhere.
func (c *Caller) May(permission string, in ...sdk.ID) *Caller {
	c.may[permission] = append(c.may[permission], in...)
	return c
}

// Person is the caller's person.
func (c *Caller) Person() sdk.ID {
	id, err := sdk.ParseID(c.actor.Person)
	if err != nil {
		c.town.t.Fatalf("the caller is nobody's account: %v", err)
	}
	return id
}

func (c *Caller) can(permission, object string) bool {
	in, ok := c.may[permission]
	return ok && (object == "" || len(in) == 0 || slices.ContainsFunc(in, func(id sdk.ID) bool { return id.String() == object }))
}

// call begins a call of the plugin; its token ends with it.
func (c *Caller) call() (*contract.Call, func()) {
	token := uuid.NewString()
	town := c.town
	town.mu.Lock()
	defer town.mu.Unlock()
	town.calls[token] = c
	return &contract.Call{
			Municipality: "kansk", Actor: c.actor, Language: c.Language, Token: token, RequestId: "test-" + token[:8],
			IdempotencyKey: c.IdempotencyKey, At: timestamppb.New(town.now), TimeZone: "Asia/Krasnoyarsk",
		}, func() {
			town.mu.Lock()
			defer town.mu.Unlock()
			delete(town.calls, token)
		}
}

// Ask asks a field, "District.parkingPermits", of parents: sdk.Ref or values of the plugin's own. A
// parent's error is among Errors.
func Ask[V any](c *Caller, coordinate string, args any, parents ...any) ([]V, error) {
	typ, field := cut(coordinate)
	request := &contract.FieldCall{Type: typ, Field: field, Arguments: encode(c.town.t, args)}
	for _, parent := range parents {
		request.Parents = append(request.Parents, encode(c.town.t, parent))
	}
	call, end := c.call()
	defer end()
	answer, err := c.town.plugin.Resolve(context.Background(), &contract.ResolveRequest{Call: call, Calls: []*contract.FieldCall{request}})
	if err != nil {
		return nil, err
	}
	items := answer.Results[0].Items
	if want := max(1, len(parents)); len(items) != want {
		return nil, fmt.Errorf("%s: %d items for %d parents", coordinate, len(items), want)
	}
	values, failed := make([]V, len(items)), sdk.Errors{}
	for i, item := range items {
		if item.Error != nil {
			failed[i] = problem(item.Error)
		} else if err := json.Unmarshal(item.Value, &values[i]); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", coordinate, item.Value, err)
		}
	}
	if len(failed) > 0 {
		return values, failed
	}
	return values, nil
}

// Root asks a field of Query or Mutation.
func Root[V any](c *Caller, coordinate string, args any) (V, error) {
	values, err := Ask[V](c, coordinate, args)
	if failed, ok := err.(sdk.Errors); ok { //nolint:errorlint // made a few lines above, never wrapped
		err = failed[0]
	}
	if err != nil {
		var none V
		return none, err
	}
	return values[0], nil
}

// Listen subscribes to a field of Subscription; next waits for its next event.
func Listen[V any](c *Caller, coordinate string, args any) (next func() (V, error)) {
	_, field := cut(coordinate)
	call, end := c.call()
	ctx, cancel := context.WithCancel(context.Background())
	c.town.t.Cleanup(func() { cancel(); end() })
	stream, err := c.town.plugin.Listen(ctx, &contract.ListenRequest{Call: call, Field: field, Arguments: encode(c.town.t, args)})
	return func() (value V, _ error) {
		if err != nil {
			return value, err
		}
		item, err := stream.Recv()
		if err != nil {
			return value, err
		}
		if item.Error != nil {
			return value, problem(item.Error)
		}
		return value, json.Unmarshal(item.Value, &value)
	}
}
