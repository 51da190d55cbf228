package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/manifest"
)

var rootCall = []*contract.FieldCall{{Type: "Query", Field: "orders"}}

func echo(_ context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
	out := &contract.ResolveResponse{}
	for _, c := range r.Calls {
		result := &contract.FieldResult{}
		if len(c.Parents) == 0 {
			result.Items = []*contract.Item{{Value: []byte(`"root"`)}}
		}
		for _, parent := range c.Parents {
			result.Items = append(result.Items, &contract.Item{Value: append([]byte(c.Field), parent...)})
		}
		out.Results = append(out.Results, result)
	}
	return out, nil
}

func TestTheCallSaysForWhom(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving(h.other)
	person := core.NewID()
	actor := core.Actor{Kind: core.Account, Account: core.NewID(), Person: person}
	var got *contract.Call
	p.resolve = func(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
		got = r.Call
		for range 2 {
			if _, err := p.host.Query(p.as(ctx, r.Call.Token), &contract.QueryRequest{Query: `mutation { planMeeting { meeting { id } } }`}); err != nil {
				return nil, err
			}
		}
		return echo(ctx, r)
	}
	keys := map[string]bool{}
	h.keys = func(key string) { keys[key] = true }
	ctx := mutation.WithKey(core.WithRequestID(core.WithLanguage(h.as(h.town, actor), core.Russian), "r-1"), "key-1")
	for range 2 {
		_, err := h.source(h.town, "orders").Plugin.Resolve(ctx, rootCall, true)
		townhall.Must(t, err)
	}
	if got.Municipality != "kansk" || got.Language != "ru" || got.RequestId != "r-1" || got.IdempotencyKey != "key-1" || got.TimeZone != "Asia/Krasnoyarsk" || !got.At.AsTime().Equal(*h.now.Load()) ||
		got.Actor.Kind != contract.Actor_KIND_ACCOUNT || got.Actor.Person != (core.ID{Type: "Person", Key: person}).String() || got.Actor.Account != (core.ID{Type: "Account", Key: actor.Account}).String() {
		t.Errorf("got %v", got)
	}
	// Asked for twice it has two keys, and sent again the same two.
	if len(keys) != 2 {
		t.Errorf("mutations under the key had the keys %v", keys)
	}
	if p.settings != `{"a":1}` || p.configs.Load() != 2 { // one for each municipality
		t.Errorf("configured %d times with %s", p.configs.Load(), p.settings)
	}
}

func TestRoundsThatAreTooLargeForOneMessage(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{Parents: 10, Message: 2000})
	p := h.serving()
	p.resolve = func(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
		parents, size := 0, 0
		for _, c := range r.Calls {
			for _, parent := range c.Parents {
				parents, size = parents+1, size+len(parent)
			}
		}
		if parents > 10 || size > 2000 && parents > 1 || len(r.Calls) == 0 {
			t.Errorf("%d parents of %d bytes in %d calls", parents, size, len(r.Calls))
		}
		return echo(ctx, r)
	}
	var calls []*contract.FieldCall
	for n, count := range []int{25, 0, 3, 10, 1, 7} {
		c := &contract.FieldCall{Type: "Council", Field: fmt.Sprintf("f%d", n)}
		for k := range count {
			c.Parents = append(c.Parents, []byte(fmt.Sprintf(`-%d%s`, k, strings.Repeat("x", n*n*20))))
		}
		calls = append(calls, c)
	}
	calls = append(calls, &contract.FieldCall{Type: "Council", Field: "large", Parents: [][]byte{[]byte(strings.Repeat("y", 5000))}})
	got, err := h.source(h.town, "orders").Plugin.Resolve(h.as(h.town, anonymous), calls, false)
	townhall.Must(t, err)
	for n, c := range calls {
		if len(got[n].Items) != max(1, len(c.Parents)) {
			t.Fatalf("%s: %d items", c.Field, len(got[n].Items))
		}
		for k, parent := range c.Parents {
			if want := c.Field + string(parent); string(got[n].Items[k].Value) != want {
				t.Errorf("%s of %d: got %s", c.Field, k, got[n].Items[k].Value)
			}
		}
	}
}

func TestAnAnswerOfTheWrongShape(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	plugin := h.source(h.town, "orders").Plugin
	item := &contract.Item{Value: []byte(`1`)}
	calls := []*contract.FieldCall{{Type: "Council", Field: "orders", Parents: [][]byte{[]byte(`1`), []byte(`2`)}}}
	for _, results := range [][]*contract.FieldResult{nil, {{}}, {{Items: []*contract.Item{item}}}, {{Items: []*contract.Item{item, item, item}}}, {{Items: []*contract.Item{item, item}}, {}}} {
		p.resolve = func(context.Context, *contract.ResolveRequest) (*contract.ResolveResponse, error) {
			return &contract.ResolveResponse{Results: results}, nil
		}
		if _, err := plugin.Resolve(h.as(h.town, anonymous), calls, false); core.CodeOf(err) != core.CodePluginBadResponse {
			t.Errorf("%v: got %v", results, err)
		}
	}
}

func TestListenEndsWithAnErrorWhenItBreaks(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	var end error
	var token string
	p.listen = func(r *contract.ListenRequest, stream grpc.ServerStreamingServer[contract.Item]) error {
		token = r.Call.Token
		for range 3 {
			// The token lives as long as the stream.
			if _, err := p.host.Get(p.as(stream.Context(), token), &contract.GetRequest{Key: "a"}); err != nil {
				return err
			}
			if err := stream.Send(&contract.Item{Value: []byte(`1`)}); err != nil {
				return err
			}
		}
		return end
	}
	listen := func(most int) (items int, last error) {
		for item, err := range h.source(h.town, "orders").Plugin.Listen(h.as(h.town, anonymous), "happened", json.RawMessage(`{}`), nil) {
			if last = err; item != nil {
				items++
			}
			if items == most {
				break
			}
		}
		return items, last
	}
	if items, err := listen(9); items != 3 || err != nil {
		t.Errorf("got %d, %v", items, err)
	}
	end = errors.New("broken")
	if items, err := listen(9); items != 3 || core.CodeOf(err) != core.CodePluginError {
		t.Errorf("got %d, %v", items, err)
	}
	if items, err := listen(1); items != 1 || err != nil {
		t.Errorf("got %d, %v", items, err)
	}
	if _, err := p.host.Get(p.as(t.Context(), token), &contract.GetRequest{Key: "a"}); code(err).String() != "Unauthenticated" {
		t.Errorf("after the stream: got %v", err)
	}
}

func TestBefore(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{Hook: 50 * time.Millisecond})
	p := h.serving()
	before := func() error {
		return h.source(h.town, "orders").Plugin.Before(mutation.WithKey(h.as(h.town, auditor()), "k"), "planMeeting", json.RawMessage(`{"title":"a"}`))
	}
	var errs []*contract.Error
	p.before = func(_ context.Context, r *contract.BeforeRequest) (*contract.BeforeResponse, error) {
		if r.Action != "planMeeting" || string(r.Arguments) != `{"title":"a"}` {
			t.Errorf("got %v", r)
		}
		return &contract.BeforeResponse{Errors: errs}, nil
	}
	if err := before(); err != nil {
		t.Errorf("got %v", err)
	}
	errs = []*contract.Error{{Code: "BAD_USER_INPUT", Message: "Too early.", Path: []string{"input", "startsAt"}}, {Code: "CONFLICT", Message: "Taken."}, {Code: "SECRET", Message: "stack"}}
	var problems core.Problems
	if err := before(); !errors.As(err, &problems) || len(problems) != 3 || strings.Join(problems[0].Path, ".") != "input.startsAt" || problems[0].Text.En != "Too early." ||
		problems[1].Code != core.CodeConflict || problems[2].Code != core.CodePluginError || strings.Contains(problems[2].Text.En, "stack") {
		t.Errorf("got %v", problems)
	}
	// It does not answer in time: the manifest says closed, and then the administrator says open.
	p.before = func(ctx context.Context, _ *contract.BeforeRequest) (*contract.BeforeResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := before(); core.CodeOf(err) != core.CodeHookUnavailable {
		t.Errorf("got %v", err)
	}
	h.catalog.mu.Lock()
	for n := range h.catalog.enabled {
		h.catalog.enabled[n].HookFailure, h.catalog.enabled[n].Revision = map[string]string{"planMeeting": "open"}, 2
	}
	h.catalog.mu.Unlock()
	townhall.Must(t, h.host.Refresh(t.Context()))
	h.settled(h.town, "orders")
	if err := before(); err != nil {
		t.Errorf("got %v", err)
	}
	var noted int
	townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'skipPluginHook' AND after = '{"plugin":"orders","action":"planMeeting"}' AND actor_kind = 'account'`).Scan(&noted))
	if noted != 1 {
		t.Errorf("%d actions are noted that passed unasked", noted)
	}
}

// The schema follows what is enabled; a version that does not get ready takes nobody's place.
func TestAnUpgrade(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	slow := h.newPlugin(false)
	slow.resolve = echo
	h.enable("d1", orders(), ordersSDL, slow, []string{ordersTables}, h.town)
	first := h.host.Set(h.town)
	if len(first.Sources) != 1 || len(h.host.Set(h.other).Sources) != 0 {
		t.Fatalf("got %+v", first)
	}
	if _, err := first.Sources[0].Plugin.Resolve(h.as(h.town, anonymous), rootCall, false); core.CodeOf(err) != core.CodePluginUnavailable {
		t.Errorf("before it is ready: got %v", err)
	}
	close(slow.ready)
	h.settled(h.town, "orders")
	if _, err := first.Sources[0].Plugin.Resolve(h.as(h.town, anonymous), rootCall, false); err != nil {
		t.Error(err)
	}
	if h.host.Set(h.town) != first {
		t.Error("the set is another one although nothing was changed")
	}
	upgrade := func(m *manifest.Manifest) { m.Version = "1.1.0" }
	for name, bad := range map[string]func(p *plugin) []string{
		"it does not start":      func(p *plugin) []string { p.broken = errors.New("described otherwise"); return []string{ordersTables} },
		"its settings are bad":   func(p *plugin) []string { p.refuse = "limit is too small"; return []string{ordersTables} },
		"its tables do not come": func(*plugin) []string { return []string{ordersTables, "-- +goose Up\nCREATE TABLE public.x (a int);"} },
	} {
		p := h.newPlugin(true)
		steps := bad(p)
		h.enable(name, orders(upgrade), ordersSDL, p, steps, h.town)
		s := h.settled(h.town, "orders")
		if s.Reason == "" || s.Version != "1.0.0" || s.Waiting != "1.1.0" || !s.Ready || h.host.Set(h.town) != first {
			t.Errorf("%s: got %+v", name, s)
		}
		if _, err := first.Sources[0].Plugin.Resolve(h.as(h.town, anonymous), rootCall, false); err != nil {
			t.Errorf("%s: the old one: %v", name, err)
		}
	}
	better := h.newPlugin(true)
	better.resolve = echo
	h.enable("d2", orders(upgrade), ordersSDL, better, []string{ordersTables, "-- +goose Up\nALTER TABLE orders ADD COLUMN more text;"}, h.town)
	if s := h.settled(h.town, "orders"); s.Reason != "" || s.Version != "1.1.0" {
		t.Fatalf("got %+v", s)
	}
	second := h.host.Set(h.town)
	if second == first || second.Key == first.Key {
		t.Error("the set did not change")
	}
	if _, err := second.Sources[0].Plugin.Resolve(h.as(h.town, anonymous), rootCall, false); err != nil {
		t.Error(err)
	}
	h.catalog.mu.Lock()
	h.catalog.enabled = nil
	h.catalog.mu.Unlock()
	townhall.Must(t, h.host.Refresh(t.Context()))
	if last := h.host.Set(h.town); len(last.Sources) != 0 || last == first || last == second {
		t.Errorf("got %v", last)
	}
}

// A process that was started anew is told the settings before its first call.
func TestARestartedProcessIsConfigured(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	again := h.newPlugin(true)
	again.resolve = echo
	p.client = again.client
	_, err := h.source(h.town, "orders").Plugin.Resolve(h.as(h.town, anonymous), rootCall, false)
	townhall.Must(t, err)
	if again.configs.Load() != 1 || again.settings != `{"a":1}` {
		t.Errorf("configured %d times", again.configs.Load())
	}
}

func TestPermissionsOfAPluginByItself(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	var actor *contract.Actor
	var reads, others bool
	p.deliver = func(ctx context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
		actor = r.Call.Actor
		for permission, got := range map[string]*bool{"audit:read": &reads, "audit:no": &others} {
			answer, err := p.host.Can(p.as(ctx, r.Call.Token), &contract.CanRequest{Permission: permission})
			*got = err == nil && answer.Allowed
		}
		return done(r), nil
	}
	h.happen(h.town, "Council", core.NewID())
	townhall.Must(t, h.host.Deliver(t.Context()))
	if actor.GetKind() != contract.Actor_KIND_PLUGIN || !reads || others {
		t.Errorf("got %v, %v, %v", actor, reads, others)
	}
}
