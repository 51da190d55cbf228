package read

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

type filtered struct {
	bun.BaseModel `bun:"table:filtered,alias:filtered"`
	Row           `bun:"-"`
	postgres.Owned
	ID       uuid.UUID  `bun:"id,pk,type:uuid"`
	StartsOn core.Date  `bun:"starts_on"`
	EndsOn   *core.Date `bun:"ends_on"`
	At       *time.Time `bun:"at"`
	Name     string     `bun:"name"`
}

// filterType is a declared type, over a pool that is never asked for a connection.
func filterType(t *testing.T) (*Reader, *typ) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), "postgres://nobody@localhost:1/none")
	if err != nil {
		t.Fatal(err)
	}
	sqldb := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() { _ = sqldb.Close(); pool.Close() })
	r := New(&postgres.DB{DB: bun.NewDB(sqldb, pgdialect.New())}, nil, time.Now, 100)
	Declare[filtered](r, Type{Name: "Filtered", Filters: map[string]Filter{
		"startsOn": {SQL: `?TableAlias.starts_on`},
		"endsOn":   {SQL: `?TableAlias.ends_on`},
		"at":       {SQL: `?TableAlias.at`},
		"name":     {SQL: `?TableAlias.name`},
		"district": {SQL: `?TableAlias.id`, ID: "District"},
		"object":   {SQL: `(?TableAlias.name, ?TableAlias.id)`, ID: AnyType},
	}})
	if err := r.Ready(); err != nil {
		t.Fatal(err)
	}
	return r, r.byName["Filtered"]
}

func TestWrongFilterValuesAreToldByTheirField(t *testing.T) {
	_, typ := filterType(t)
	council := core.ID{Type: "Council", Key: core.NewID()}.String()
	for _, c := range []struct {
		field, op string
		value     any
	}{
		{"startsOn", "gte", "never"}, {"startsOn", "lte", "2012-02-30"}, {"startsOn", "eq", int64(7)}, {"startsOn", "eq", map[string]any{"a": 1}},
		{"endsOn", "eq", "2012-10-01T00:00:00Z"}, {"endsOn", "in", []any{"2012-10-01", "1 October"}},
		{"at", "gte", "2012-10-01"}, {"at", "lte", int64(0)},
		{"district", "eq", "nonsense"}, {"district", "eq", int64(7)}, {"district", "in", []any{council}}, {"object", "eq", "nonsense"},
	} {
		err := (&page{}).filter(typ, map[string]any{c.field: map[string]any{c.op: c.value}})
		var e *core.Error
		if !errors.As(err, &e) || e.Code != core.CodeBadUserInput || !slices.Equal(e.Path, []string{"filter", c.field, c.op}) {
			t.Errorf("%s %s %v: got %v", c.field, c.op, c.value, err)
		}
	}
}

func TestFilterValues(t *testing.T) {
	r, typ := filterType(t)
	id := core.ID{Type: "District", Key: uuid.MustParse("01a20963-95a6-7425-a2f0-cf69f5a17f33")}
	for _, c := range []struct {
		field, op string
		value     any
		want      string
	}{
		{"startsOn", "gte", "2012-10-01", `"filtered".starts_on >= '2012-10-01'::date`},
		{"endsOn", "isNull", true, `"filtered".ends_on IS NULL`},
		{"at", "lte", "2012-10-01T08:00:00+08:00", `"filtered".at <= '2012-10-01 00:00:00+00:00'::timestamptz`},
		{"name", "eq", "never", `"filtered".name = 'never'::text`},
		{"district", "eq", id.String(), `"filtered".id = '01a20963-95a6-7425-a2f0-cf69f5a17f33'::uuid`},
		{"object", "in", []any{id.String()}, `("filtered".name, "filtered".id) IN (SELECT * FROM unnest('{"District"}'::text[], '{"01a20963-95a6-7425-a2f0-cf69f5a17f33"}'::uuid[]))`},
	} {
		pg := &page{}
		if err := pg.filter(typ, map[string]any{c.field: map[string]any{c.op: c.value}}); err != nil {
			t.Fatal(err)
		}
		if got := r.run(t.Context()).condition(pg, pg.filters[0], "filtered"); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// A condition stands in the statement as it is, or denied, and takes no value: so an index serves it.
func TestAConditionTakesNoValue(t *testing.T) {
	r, typ := filterType(t)
	typ.Filters["open"] = Filter{SQL: `?TableAlias.starts_on <= ?asOf`, Condition: true}
	x := r.run(t.Context())
	for value, want := range map[bool]string{true: `("f".starts_on <= '2012-10-01'::date)`, false: `(("f".starts_on <= '2012-10-01'::date) IS NOT TRUE)`} {
		pg := &page{node: &node{typ: typ}, asOf: &day{date: core.NewDate(2012, 10, 1)}}
		if err := pg.filter(typ, map[string]any{"open": map[string]any{"eq": value}}); err != nil {
			t.Fatal(err)
		}
		if got := x.where(pg, "f"); len(pg.values) > 0 || !slices.Equal(got, []string{want}) {
			t.Errorf("%t: %v, with %v", value, got, pg.values)
		}
	}
}
