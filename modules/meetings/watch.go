package meetings

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
)

// watch delivers what happens to one meeting, or to all that the caller may see.
func (m *Module) watch(ctx context.Context, id *core.ID) (<-chan *MeetingChange, error) {
	return host.Watch[Meeting](ctx, m.host, "Meeting", id, changeOf)
}

func changeOf(e core.Event) (*MeetingChange, uuid.UUID) {
	change := &MeetingChange{EventID: core.ID{Type: "Event", Key: e.ID}, Kind: e.Kind, At: e.At}
	for _, id := range slices.Concat(e.Touched, []core.ID{{Type: e.Type, Key: e.Object}}) {
		if id.Type == "Meeting" {
			change.Meeting = read.Ref[Meeting](id.Key)
		}
	}
	return change, uuid.UUID(change.Meeting)
}
