package events

import (
	"context"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
)

// A plugin's own event comes with its name and what it bears, to consumers and to subscribers alike.
func TestAPluginsEventBearsNameAndPayload(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	var got []core.Event
	c := consumers(db, 9, nil)
	c.all[0].handle = hear(&got)
	must(t, c.Begin(ctx))
	now, err := snapshot(ctx, db)
	must(t, err)
	named := core.Change{Kind: core.Updated, Type: "Order", ID: core.NewID(), Name: "orders.accepted", Payload: []byte(`{"a":1}`)}
	appendOne(ctx, t, db, named)
	appendOne(ctx, t, db, council(core.NewID()))
	must(t, c.Drain(ctx, "book"))
	reader := cursor{db: db, from: now, to: now}
	must(t, reader.round(ctx, func(e *core.Event) { got = append(got, *e) }))
	if len(got) != 4 {
		t.Fatalf("got %d events", len(got))
	}
	for n, e := range got {
		if n%2 == 0 && (e.Name != named.Name || string(e.Payload) != `{"a": 1}` || e.Kind != core.Updated || e.Type != "Order") || n%2 == 1 && (e.Name != "" || e.Payload != nil) {
			t.Errorf("%d: got %+v", n, e)
		}
	}
}

func hear(got *[]core.Event) Handle {
	return func(_ context.Context, _ postgres.Tx, batch []core.Event) error {
		*got = append(*got, batch...)
		return nil
	}
}
