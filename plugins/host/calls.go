package host

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/plugins/contract"
)

// call is a call to a plugin that is under way, and so what a callback is made on behalf of.
type call struct {
	instance *instance
	version  *version
	ctx      context.Context // of the caller: who acts, in which words; ends with the call
	nesting  nesting
	key      string // the request's Idempotency-Key

	mu   sync.Mutex
	asks map[string]int // mutations asked for under the key, by what they are
}

// calls are those under way on this replica, by token. A token is nowhere else.
type calls struct {
	mu  sync.RWMutex
	all map[string]*call
}

func (c *calls) of(token string) *call {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.all[token]
}

// nesting is how deep one operation went through plugins, and through which.
type nesting struct {
	depth int
	chain []string
}

type nestingKey struct{}

func nestingOf(ctx context.Context) nesting {
	n, _ := ctx.Value(nestingKey{}).(nesting)
	return n
}

// begin notes a call and says for whom it is. end ends its token, and with it every callback under way.
func (i *instance) begin(ctx context.Context, v *version) (*contract.Call, *call, func(), error) {
	if core.MunicipalityOf(ctx).ID != i.town.ID {
		return nil, nil, nil, fmt.Errorf("plugin %s: called in another municipality than %s", i.enabled.Name, i.town.Key)
	}
	n := nestingOf(ctx)
	if n.depth >= i.host.options.Limits.Nesting {
		return nil, nil, nil, &core.Error{Code: core.CodePluginError, Text: core.Textf(
			"Plugins asked each other over more than %[1]d steps. Ask for less in one operation.",
			"Плагины обратились друг к другу более %[1]d раз подряд. Запросите меньше за одну операцию.", i.host.options.Limits.Nesting)}
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &call{instance: i, version: v, ctx: ctx, key: mutation.KeyOf(ctx), nesting: nesting{n.depth + 1, append(slices.Clone(n.chain), i.enabled.Name)}}
	var random [32]byte
	rand.Read(random[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(random[:])
	all := &i.host.calls
	all.mu.Lock()
	all.all[token] = c
	all.mu.Unlock()
	end := func() {
		all.mu.Lock()
		delete(all.all, token)
		all.mu.Unlock()
		cancel()
	}
	return i.said(ctx, token, c.key), c, end, nil
}

func (i *instance) said(ctx context.Context, token, key string) *contract.Call {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	town := core.MunicipalityOf(ctx)
	return &contract.Call{
		Municipality: town.Key, Actor: actorOf(core.ActorOf(ctx)), Language: string(core.LanguageOf(ctx)), Token: token,
		RequestId: core.RequestIDOf(ctx), Traceparent: carrier["traceparent"], IdempotencyKey: key,
		At: timestamppb.New(i.host.Clock()), TimeZone: town.TimeZone,
	}
}

func actorOf(a core.Actor) *contract.Actor {
	out := &contract.Actor{}
	switch a.Kind {
	case core.Account:
		out.Kind, out.Account = contract.Actor_KIND_ACCOUNT, core.ID{Type: "Account", Key: a.Account}.String()
	case core.Service:
		out.Kind, out.Account = contract.Actor_KIND_SERVICE, core.ID{Type: "ServiceToken", Key: a.Account}.String()
	case core.System:
		out.Kind = contract.Actor_KIND_SYSTEM
	case core.Plugin:
		out.Kind = contract.Actor_KIND_PLUGIN
	default:
		out.Kind = contract.Actor_KIND_ANONYMOUS
	}
	if a.Person != [16]byte{} {
		out.Person = core.ID{Type: "Person", Key: a.Person}.String()
	}
	return out
}

// context is that of a callback: cut off with the callback and with the call, and holding of the
// caller's context who acts and where, but nothing of the operation under way there.
func (c *call) context(ctx context.Context) (context.Context, func()) {
	from := c.ctx
	ctx = core.WithActor(core.WithMunicipality(ctx, core.MunicipalityOf(from)), core.ActorOf(from))
	ctx = core.WithLanguage(core.WithRequestID(ctx, core.RequestIDOf(from)), core.LanguageOf(from))
	ctx = identity.WithClient(ctx, identity.ClientOf(from))
	ctx = trace.ContextWithSpanContext(ctx, trace.SpanContextFromContext(from))
	ctx = context.WithValue(ctx, nestingKey{}, c.nesting)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(from, cancel)
	return ctx, func() { stop(); cancel() }
}
