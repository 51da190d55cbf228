package house_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/pgtest"
)

// longList is a page of a list by two columns and by time, with three relations, as the benchmark asks.
const longList = `query($basis: MembershipBasis!, $after: String) {
	memberships(first: 50, after: $after, filter: {post: {eq: MEMBER}, basis: {eq: $basis}}, orderBy: {field: STARTS_ON, direction: %s}) {
		nodes { id post basis startsOn endsOn council { id name } person { id name } organisation { id name } }
		pageInfo { hasNextPage endCursor } } }`

// The list is read in order from one index, from the place where the page begins, whatever its length:
// nothing is sorted, and no row is read to be thrown away. That is seen in the plan, which does not
// hang on the machine; both with the values known and for any values, as prepared statements run.
func TestALongListIsReadFromItsIndex(t *testing.T) {
	w, sent := newTracedWorld(t)
	_, err := w.DB.Exec(longRoll)
	must(t, err)
	_, err = w.DB.Exec("ANALYZE")
	must(t, err)
	conn, err := w.DB.Pool.Acquire(t.Context())
	must(t, err)
	defer conn.Release()
	for _, direction := range []string{"ASC", "DESC"} {
		var after any
		for _, page := range []string{"first", "second"} {
			var data map[string]any
			statements := sent.during(func() {
				data = w.ask(request{Query: fmt.Sprintf(longList, direction), Variables: map[string]any{"basis": "ACTIVE_CITIZEN", "after": after}})
			})
			if nodes := at(data, "memberships", "nodes").([]any); len(nodes) != 50 {
				t.Fatalf("%s page %s: %d seats", page, direction, len(nodes))
			}
			after = at(data, "memberships", "pageInfo", "endCursor")
			for form, plans := range plansOf(t, conn.Conn(), statements) {
				if wrong := misread(plans, page == "second"); wrong != "" {
					t.Errorf("%s page %s, %s: %s\n%s", page, direction, form, wrong, strings.Join(texts(plans), "\n"))
				}
			}
			indexIsNeeded(t, conn.Conn(), statements)
		}
	}
}

// indexIsNeeded holds that the check finds out what it is there to find out.
func indexIsNeeded(t *testing.T, conn *pgx.Conn, statements []traced) {
	t.Helper()
	_, err := conn.Exec(t.Context(), "BEGIN; DROP INDEX "+listIndex, pgx.QueryExecModeSimpleProtocol)
	must(t, err)
	for form, plans := range plansOf(t, conn, statements) {
		if misread(plans, false) == "" {
			t.Errorf("without its index the plan (%s) is taken for good:\n%s", form, strings.Join(texts(plans), "\n"))
		}
	}
	_, err = conn.Exec(t.Context(), "ROLLBACK")
	must(t, err)
}

// longRoll is 20,000 seats of 1,000 persons in 20 bodies, on all grounds, over 2,000 days.
const longRoll = `
WITH town AS (SELECT id FROM municipalities WHERE key = 'kansk'),
	folk AS (INSERT INTO persons (municipality_id, id, family_name, given_name, created_at)
		SELECT town.id, gen_random_uuid(), 'Образцов', 'Иван', '2000-01-01Z' FROM town, generate_series(1, 1000) RETURNING municipality_id, id),
	bodies AS (INSERT INTO councils (municipality_id, id, kind, name, founding_act, founded_on)
		SELECT town.id, gen_random_uuid(), 'TERRITORIAL_COMMISSION', 'Комиссия', 'Постановление', '2000-01-01' FROM town, generate_series(1, 20) RETURNING id)
INSERT INTO memberships (municipality_id, id, council_id, person_id, post, basis, starts_on)
SELECT municipality_id, gen_random_uuid(), body, person, CASE WHEN n % 7 = 0 THEN 'SECRETARY' ELSE 'MEMBER' END,
	(ARRAY['ACTIVE_CITIZEN', 'RECOGNISED_MERIT', 'HONORARY_CITIZEN', 'EX_OFFICIO'])[1 + n % 4], date '2000-01-01' + (n * 37 % 2000)::int
FROM (SELECT folk.municipality_id, bodies.id AS body, folk.id AS person, row_number() OVER () AS n FROM folk, bodies) AS pairs`

// newTracedWorld is a world whose every statement is remembered as it was sent.
func newTracedWorld(t *testing.T) (*world, *tracer) {
	t.Helper()
	db := coretest.Open(t, pgtest.New(t, pgtest.Template{Name: "kansk", Fingerprint: fingerprint(t), Build: buildKansk}))
	bare, sent := *db, &tracer{names: map[string]string{}}
	t.Cleanup(func() { must(t, bare.Close()) })
	config := bare.Pool.Config()
	config.ConnConfig.Tracer = sent
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	both := stdlib.OpenDBFromPool(pool)
	both.SetMaxIdleConns(0)
	db.Pool, db.DB = pool, bun.NewDB(both, pgdialect.New())
	w := &world{t: t, tokens: map[string]string{}}
	w.House = open(t, db, coretest.Quiet())
	handler, err := w.Handler()
	must(t, err)
	w.server = httptest.NewServer(handler)
	t.Cleanup(w.server.Close)
	return w, sent
}

// traced is a statement with what it was sent with.
type traced struct {
	sql  string
	args []any
}

// tracer remembers statements that read memberships. A prepared one may be sent by its name.
type tracer struct {
	mu    sync.Mutex
	names map[string]string
	seen  []traced
}

func (x *tracer) TracePrepareStart(ctx context.Context, _ *pgx.Conn, d pgx.TracePrepareStartData) context.Context {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.names[d.Name] = d.SQL
	return ctx
}

func (x *tracer) TracePrepareEnd(context.Context, *pgx.Conn, pgx.TracePrepareEndData) {}

func (x *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	x.mu.Lock()
	defer x.mu.Unlock()
	if sql, named := x.names[d.SQL]; named {
		d.SQL = sql
	}
	if strings.Contains(d.SQL, "memberships") {
		x.seen = append(x.seen, traced{d.SQL, slices.DeleteFunc(slices.Clone(d.Args), isOption)})
	}
	return ctx
}

func (x *tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// isOption says whether it tells pgx how to send, and is no argument of the statement.
func isOption(arg any) bool {
	switch arg.(type) {
	case pgx.QueryResultFormats, pgx.QueryResultFormatsByOID, pgx.QueryExecMode, pgx.QueryRewriter:
		return true
	}
	return false
}

func (x *tracer) during(fn func()) []traced {
	x.mu.Lock()
	x.seen = nil
	x.mu.Unlock()
	fn()
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.seen
}

// planNode is what is looked at of EXPLAIN's answer.
type planNode struct {
	Type     string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Index    string `json:"Index Name"`
	Cond     string `json:"Index Cond"`
	Filter   string
	Parent   string `json:"Parent Relationship"`
	Plans    []planNode
	text     []byte
}

func texts(plans []planNode) []string {
	all := make([]string, len(plans))
	for i, p := range plans {
		all[i] = string(p.text)
	}
	return all
}

// plansOf asks how Postgres runs the statements, in both ways in which it may.
func plansOf(t *testing.T, conn *pgx.Conn, statements []traced) map[string][]planNode {
	t.Helper()
	all := map[string][]planNode{}
	for _, s := range statements {
		all["with these values"] = append(all["with these values"], explain(t, conn, s.sql, s.args...))
		exec := func(sql string) {
			_, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
			must(t, err)
		}
		exec("SET plan_cache_mode = force_generic_plan; PREPARE traced AS " + s.sql)
		execute := "EXECUTE traced"
		if n := len(s.args); n > 0 {
			execute += "(" + strings.Repeat("NULL, ", n-1) + "NULL)"
		}
		all["with any values"] = append(all["with any values"], explain(t, conn, execute))
		exec("DEALLOCATE traced; RESET plan_cache_mode")
	}
	return all
}

func explain(t *testing.T, conn *pgx.Conn, sql string, args ...any) planNode {
	t.Helper()
	var text []byte
	must(t, conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+sql, append([]any{pgx.QueryExecModeDescribeExec}, args...)...).Scan(&text))
	var plans []struct{ Plan planNode }
	must(t, json.Unmarshal(text, &plans))
	plans[0].Plan.text = text
	return plans[0].Plan
}

// misread says what is wrong with how the plans read the list; "" where nothing is.
func misread(plans []planNode, placed bool) string {
	lists := 0
	for _, plan := range plans {
		for _, n := range plan.all() {
			if n.Relation == "memberships" && !strings.HasPrefix(n.Type, "Index") {
				return n.Type + " of memberships"
			}
			if strings.HasSuffix(n.Type, "Sort") && n.reaches() {
				return "the list is sorted"
			}
			if n.Index != listIndex {
				continue
			}
			lists++
			for _, column := range []string{"post", "basis"} {
				if !strings.Contains(n.Cond, column) || strings.Contains(n.Filter, column) {
					return "rows are read and thrown away by " + column
				}
			}
			if placed && !strings.Contains(n.Cond, "starts_on") {
				return "the list is read from its beginning"
			}
		}
	}
	if lists != 1 {
		return fmt.Sprintf("the index is read in %d places", lists)
	}
	return ""
}

const listIndex = "memberships_ground"

// all is the node and everything below it.
func (n *planNode) all() []*planNode {
	list := []*planNode{n}
	for i := range n.Plans {
		list = append(list, n.Plans[i].all()...)
	}
	return list
}

// reaches says whether the list's rows come to this node without a limit in between.
func (n *planNode) reaches() bool {
	return slices.ContainsFunc(n.Plans, func(p planNode) bool {
		return p.Parent != "SubPlan" && p.Type != "Limit" && (p.Index == listIndex || p.reaches())
	})
}
