package cases

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
)

// CaseChange is something that happened to a case.
type CaseChange struct {
	EventID core.ID
	Kind    core.ChangeKind
	At      time.Time
	Case    read.Ref[Case]
}

func (m *Module) watch(ctx context.Context, id *core.ID) (<-chan *CaseChange, error) {
	return host.Watch[Case](ctx, m.host, "Case", id, changeOf)
}

func changeOf(e core.Event) (*CaseChange, uuid.UUID) {
	change := &CaseChange{EventID: core.ID{Type: "Event", Key: e.ID}, Kind: e.Kind, At: e.At}
	for _, id := range slices.Concat(e.Touched, []core.ID{{Type: e.Type, Key: e.Object}}) {
		if id.Type == "Case" {
			change.Case = read.Ref[Case](id.Key)
		}
	}
	return change, uuid.UUID(change.Case)
}
