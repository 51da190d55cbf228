package host

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/read"
)

// Watch is a subscription to what happens to one M, or to all that the caller may see. typ is the
// GraphQL type of M; of makes of an event what the subscriber gets, and the key of the M that it is
// about. Rights are asked at every event: who may no longer see the M hears no more of it.
func Watch[M, C any](ctx context.Context, h *Host, typ string, id *core.ID, of func(core.Event) (*C, uuid.UUID)) (<-chan *C, error) {
	filter := events.Filter{Type: typ}
	if id != nil {
		key, err := id.Of(typ, "id")
		if err != nil {
			return nil, err
		}
		if err := read.Seen[M](ctx, h.Reads, h.DB, key, "id"); err != nil {
			return nil, err
		}
		filter.Object = key
	}
	return Stream(ctx, h, filter, func(ctx context.Context, e core.Event) (*C, error) {
		change, key := of(e)
		if seen, err := read.Sees[M](ctx, h.Reads, key); err != nil || !seen {
			return nil, err
		}
		return change, nil
	}), nil
}

// Stream hands on what of makes of each event that the filter chooses, under the caller's rights as
// they are at the event; nil is left out. It ends with ctx, with the session, or with an error.
func Stream[C any](ctx context.Context, h *Host, filter events.Filter, of func(ctx context.Context, e core.Event) (*C, error)) <-chan *C {
	subscription, out := h.Events.Subscribe(ctx, filter), make(chan *C)
	go func() {
		defer close(out)
		for e := range subscription.Events() {
			change, err := fresh(ctx, h, e, of)
			if err != nil {
				graphql.AddError(ctx, err)
				return
			}
			if change == nil {
				continue
			}
			select {
			case out <- change:
			case <-ctx.Done():
				return
			}
		}
		if err := subscription.Err(); err != nil {
			graphql.AddError(ctx, err)
		}
	}()
	return out
}

func fresh[C any](ctx context.Context, h *Host, e core.Event, of func(context.Context, core.Event) (*C, error)) (*C, error) {
	now, err := h.Fresh(ctx)
	if err != nil {
		return nil, err
	}
	return of(now, e)
}
