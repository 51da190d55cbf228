package reports

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
)

// counted is a plugin's indicator.
type counted struct {
	key  string
	rows []Row
	fail error
}

func (c counted) Card() core.Indicator {
	return core.Indicator{Key: c.key, Name: core.T("Orders", "Порядок"), Permission: "orders:read", Type: "OrdersOrder"}
}

func (c counted) Parts(context.Context, core.Date, core.Date) ([]IndicatorPart, error) {
	return []IndicatorPart{{Label: "a", Value: 2}, {Label: "b", Value: 1}}, c.fail
}

func (c counted) Rows(_ context.Context, _, _ core.Date, after Row, most int) ([]Row, error) {
	i := slices.IndexFunc(c.rows, func(r Row) bool { return after.Day.Before(r.Day) })
	if i < 0 {
		return nil, c.fail
	}
	return c.rows[i:min(len(c.rows), i+most)], c.fail
}

// What plugins count stands beside the modules' figures, for who holds the plugin's permission, and a
// row of theirs is named by its id.
func TestFiguresOfPlugins(t *testing.T) {
	t.Parallel()
	db, clock := coretest.Database(t), coretest.Noon(2012, time.October, 1)
	town := coretest.Town(t, db, "kansk")
	hall := townhall.Open(t, db, town, clock)
	m := New(hall)
	townhall.Settle(t, hall, town, m)
	source := counted{key: "orders.count"}
	for day := range 3 {
		source.rows = append(source.rows, Row{ID: core.NewID(), Part: fmt.Sprint(day), Day: core.NewDate(2012, 5, 1+day)})
	}
	m.Join(func(context.Context) ([]Source, error) { return []Source{source}, nil })
	card := core.Info{Name: "orders", Permissions: []core.Permission{{Name: "orders:read"}}}
	townhall.Must(t, hall.Guard.Learn(town.ID, []core.Info{card}))
	ask := func(roles ...core.Assignment) []*Indicator {
		t.Helper()
		ctx := townhall.As(town, core.Actor{Kind: core.Account, Account: core.NewID(), Assignments: roles})
		all, err := QueryResolver{m}.Indicators(ctx, core.NewDate(2012, 1, 1), core.NewDate(2012, 12, 31), []string{"orders.count"})
		townhall.Must(t, err)
		return all
	}
	if got := ask(); len(got) != 0 {
		t.Errorf("without the permission: %+v", got)
	}
	got := ask(core.Assignment{Role: "administrator"})
	if len(got) != 1 || got[0].Value != 3 || len(got[0].Breakdown) != 2 || got[0].Name != "Orders" {
		t.Fatalf("%+v", got)
	}
	two := 2
	page, err := IndicatorResolver{m}.Rows(t.Context(), got[0], &two, nil)
	townhall.Must(t, err)
	if len(page.Nodes) != 2 || !page.PageInfo.HasNextPage || page.Nodes[0].Object.Type != "" || *page.Nodes[0].PluginObjectID != (core.ID{Type: "OrdersOrder", Key: source.rows[0].ID}) {
		t.Errorf("%+v", page)
	}
	if page, err = (IndicatorResolver{m}).Rows(t.Context(), got[0], &two, page.PageInfo.EndCursor); err != nil || len(page.Nodes) != 1 || page.PageInfo.HasNextPage {
		t.Errorf("%+v %v", page, err)
	}
	source.fail = errors.New("its table is gone")
	m.Join(func(context.Context) ([]Source, error) { return []Source{source}, nil })
	ctx := townhall.As(town, core.Actor{Kind: core.System})
	if got, err := (QueryResolver{m}).Indicators(ctx, core.NewDate(2012, 1, 1), core.NewDate(2012, 12, 31), nil); err == nil {
		t.Errorf("a figure of a broken table: %+v", got)
	}
}
