package graph

import (
	"context"

	"github.com/veche-city/veche/core"
)

// baseQuery resolves what no module owns.
type baseQuery struct{ *Resolver }

// mostNodes is how many objects nodes finds at once.
const mostNodes = 1000

func (q baseQuery) Node(ctx context.Context, id core.ID) (core.Node, error) {
	return q.Reads.Object(ctx, id)
}

func (q baseQuery) Nodes(ctx context.Context, ids []*core.ID) ([]core.Node, error) {
	if len(ids) > mostNodes {
		return nil, core.Invalid(core.Textf("Ask for at most %d objects at once.", "Запрашивайте не более %d объектов за раз.", mostNodes), "ids")
	}
	all := make([]core.ID, len(ids))
	for i, id := range ids {
		all[i] = *id
	}
	return q.Reads.Nodes(ctx, all)
}

func priceOfNodes(child int, ids []*core.ID) int { return 1 + len(ids)*child }
