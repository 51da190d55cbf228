package graph

import (
	"context"

	"github.com/veche-city/veche/core"
)

// baseQuery resolves what no module owns.
type baseQuery struct{ *Resolver }

func (q baseQuery) Node(ctx context.Context, id core.ID) (core.Node, error) {
	return q.Reads.Object(ctx, id)
}

func (q baseQuery) Nodes(ctx context.Context, ids []*core.ID) ([]core.Node, error) {
	all := make([]core.ID, len(ids))
	for i, id := range ids {
		all[i] = *id
	}
	return q.Reads.Nodes(ctx, all)
}

func priceOfNodes(child int, ids []*core.ID) int { return 1 + len(ids)*child }
