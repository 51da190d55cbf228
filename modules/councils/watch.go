package councils

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
)

// watch delivers what happens to one body, or to all that the caller may see.
func (m *Module) watch(ctx context.Context, id *core.ID) (<-chan *CouncilChange, error) {
	return host.Watch[Council](ctx, m.host, "Council", id, func(e core.Event) (*CouncilChange, uuid.UUID) {
		change := changeOf(e)
		return change, uuid.UUID(change.Council)
	})
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
