package motions

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
)

// watch delivers what happens to a vote, or to all votes of a meeting. Rights are asked at every event.
func (m *Module) watch(ctx context.Context, id core.ID) (<-chan *VoteChange, error) {
	if id.Type != "Vote" && id.Type != "Meeting" {
		return nil, core.Invalid(core.Textf("A vote's or a meeting's id is wanted here; this is the id of a %s.", "Нужен идентификатор голосования или заседания, а это идентификатор объекта %s.", id.Type), "id")
	}
	if err := read.RequireID(ctx, m.host.Reads, m.host.DB, "", id, "id"); err != nil {
		return nil, err
	}
	return host.Stream(ctx, m.host, events.Filter{Type: id.Type, Object: id.Key}, func(ctx context.Context, e core.Event) (*VoteChange, error) {
		vote := voteOf(e)
		if vote == uuid.Nil {
			return nil, nil
		}
		if seen, err := read.Sees[Vote](ctx, m.host.Reads, vote); err != nil || !seen {
			return nil, err
		}
		return &VoteChange{EventID: core.ID{Type: "Event", Key: e.ID}, Kind: e.Kind, At: e.At, Vote: read.Ref[Vote](vote)}, nil
	}), nil
}

// voteOf is the vote that the event is about; nil for none.
func voteOf(e core.Event) uuid.UUID {
	switch e.Type {
	case "Vote":
		return e.Object
	case "Ballot":
		for _, id := range e.Touched {
			if id.Type == "Vote" {
				return id.Key
			}
		}
	}
	return uuid.Nil
}
