package councils

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/read"
)

// watch delivers what happens to one body, or to all that the caller may see. Rights are asked at
// every event: who may no longer see a body hears no more of it.
func (m *Module) watch(ctx context.Context, id *core.ID) (<-chan *CouncilChange, error) {
	filter := events.Filter{Type: "Council"}
	if id != nil {
		key, err := id.Of("Council", "id")
		if err != nil {
			return nil, err
		}
		if err := read.Seen[Council](ctx, m.host.Reads, m.host.DB, key, "id"); err != nil {
			return nil, err
		}
		filter.Object = key
	}
	subscription := m.host.Events.Subscribe(ctx, filter)
	out := make(chan *CouncilChange)
	go func() {
		defer close(out)
		for event := range subscription.Events() {
			if !m.pass(ctx, event, out) {
				return
			}
		}
		if err := subscription.Err(); err != nil {
			graphql.AddError(ctx, err)
		}
	}()
	return out, nil
}

// pass hands one event on; false ends the subscription.
func (m *Module) pass(ctx context.Context, event core.Event, out chan<- *CouncilChange) bool {
	change := changeOf(event)
	fresh, err := m.host.Fresh(ctx)
	if err != nil {
		graphql.AddError(ctx, err)
		return false
	}
	seen, err := read.Sees[Council](fresh, m.host.Reads, uuid.UUID(change.Council))
	if err != nil {
		graphql.AddError(ctx, err)
		return false
	}
	if !seen {
		return true
	}
	select {
	case out <- change:
		return true
	case <-ctx.Done():
		return false
	}
}

func changeOf(e core.Event) *CouncilChange {
	change := &CouncilChange{EventID: core.ID{Type: "Event", Key: e.ID}, Kind: e.Kind, At: e.At}
	for _, id := range slices.Concat(e.Touched, []core.ID{{Type: e.Type, Key: e.Object}}) {
		switch id.Type {
		case "Council":
			change.Council = read.Ref[Council](id.Key)
		case "Membership":
			change.Membership = read.Ref[Membership](id.Key)
		}
	}
	return change
}
