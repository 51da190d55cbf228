package house

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/graph"
)

// streams gives every event of a subscription the rights that the caller holds when it comes: a
// role taken away, or a session ended, is felt at once. And it tells why a subscription ended:
// what its resolver's goroutine adds by graphql.AddError, which gqlgen would drop, is the last
// answer before the end.
//
// gqlgen waits for an event inside of InterceptResponse, so that the context made there is as old
// as the event before. The rights are therefore asked for by the first field of the event.
type streams struct{ house *House }

func (streams) ExtensionName() string                   { return "Streams" }
func (streams) Validate(graphql.ExecutableSchema) error { return nil }

// streamed is one subscription.
type streamed struct {
	mu   sync.Mutex
	root context.Context // of the resolver that subscribed: its errors are found there
	told bool
}

// event is the rights at one event of a subscription.
type event struct {
	once  sync.Once
	actor core.Actor
	err   error
}

type (
	streamKey struct{}
	eventKey  struct{}
	freshKey  struct{}
)

// InterceptOperation marks a subscription's contexts.
func (s streams) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if op := graphql.GetOperationContext(ctx).Operation; op != nil && op.Operation == ast.Subscription {
		ctx = context.WithValue(ctx, streamKey{}, &streamed{})
	}
	return next(ctx)
}

// InterceptResponse answers one event; without rights its error stands in its place.
func (s streams) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	of, ok := ctx.Value(streamKey{}).(*streamed)
	if !ok {
		return next(ctx)
	}
	e := &event{}
	answer := next(context.WithValue(of.below(ctx), eventKey{}, e))
	if answer == nil {
		return of.reason()
	}
	if e.err != nil {
		return &graphql.Response{Errors: gqlerror.List{graph.Present(s.house.Log)(ctx, e.err)}}
	}
	return answer
}

// InterceptField hands the rights of the event down from its first fields on.
func (s streams) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	of, ok := ctx.Value(streamKey{}).(*streamed)
	if !ok || ctx.Value(freshKey{}) != nil {
		return next(ctx)
	}
	e, ok := ctx.Value(eventKey{}).(*event)
	if !ok { // the field that subscribes
		of.begin(ctx)
		return next(ctx)
	}
	e.once.Do(func() { e.actor, e.err = s.house.Identity.Refresh(ctx, core.ActorOf(ctx)) })
	if e.err != nil {
		return nil, e.err
	}
	return next(context.WithValue(core.WithActor(ctx, e.actor), freshKey{}, true))
}

func (of *streamed) begin(root context.Context) {
	of.mu.Lock()
	defer of.mu.Unlock()
	of.root = root
}

// below is the context under the field that subscribed, without which gqlgen leaves that field out
// of the paths of an event's errors.
func (of *streamed) below(ctx context.Context) context.Context {
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.root == nil {
		return ctx
	}
	field := *graphql.GetFieldContext(of.root) // a copy: gqlgen notes in it what it lies below
	return graphql.WithFieldContext(ctx, &field)
}

// reason is the last answer of a subscription that its server ended; nil when there is nothing to
// tell, or it was told.
func (of *streamed) reason() *graphql.Response {
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.root == nil || of.told {
		return nil
	}
	of.told = true
	if errs := graphql.GetErrors(of.root); len(errs) > 0 {
		return &graphql.Response{Errors: errs}
	}
	return nil
}
