package read

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
)

// Connection is a page of a list (GraphQL Cursor Connections Specification).
type Connection[M any] struct {
	Edges      []*Edge[M]
	Nodes      []*M
	PageInfo   *PageInfo
	TotalCount int
}

// Edge is one row of a page.
type Edge[M any] struct {
	Cursor string
	Node   *M
}

// PageInfo says where the page stands in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// page is what an operation wants of a list at one place.
type page struct {
	field   *ast.Field
	of      *list // nil for a list at the root
	node    *node
	size    int
	peek    bool     // one row more is read, which tells whether there are any
	back    bool     // last and before: taken from the end
	after   []string // the cursor's keys, which stand among the values from afterAt on
	afterAt int
	desc    bool
	keys    []sortKey
	order   uint64         // of which order a cursor is
	given   map[string]any // the argument filter
	values  []any          // what the arguments say: the day, the cursor's keys, what filters compare with
	place   int            // of the arguments in their plan
	filters []condition
	search  *condition
	asOf    *day
	rows    bool
	total   bool
	cursors bool // any is wanted
	each    bool // and not only those at the page's ends
}

// asks says whether the filter of that name was given.
func (pg *page) asks(filter string) bool { return filter != "" && pg.given[filter] != nil }

// day is what ?asOf stands for.
type day struct {
	date core.Date
	from origin
}

// sortKey is an expression to order by; the row's own key always comes last.
type sortKey struct {
	condition
	cast string
}

// page reads a list's arguments.
func (p *planner) page(f *ast.Field, t *typ, l *list) (*page, error) {
	args := f.ArgumentMap(p.op.Variables)
	pg := &page{field: f, of: l, node: p.node(t), peek: true}
	on, err := p.asOf(f)
	switch {
	case err != nil:
		return nil, err
	case on != nil:
		pg.asOf = &day{*on, origin{ofArgument, 0, 0}}
		pg.values = append(pg.values, *on)
	case l != nil && l.Today:
		pg.asOf = &day{p.today, origin{source: today}}
	}
	if filter, ok := args["filter"].(map[string]any); ok {
		if err := pg.filter(t, filter); err != nil {
			return nil, err
		}
	}
	if err := pg.orderBy(t, args["orderBy"]); err != nil {
		return nil, err
	}
	return pg, pg.window(args, p.maxPage)
}

// orderBy picks the order: asked for, else by likeness when searched, else the list's, else the type's.
func (pg *page) orderBy(t *typ, arg any) error {
	name := t.Order
	if pg.of != nil && pg.of.Order != "" {
		name = pg.of.Order
	}
	if by, ok := arg.(map[string]any); ok {
		name, _ = by["field"].(string)
		pg.desc = by["direction"] == "DESC"
	} else if pg.search != nil {
		name = "likeness"
		pg.keys = []sortKey{{*pg.search, "real"}}
	}
	if t.Orders[name] == nil && name != "" && pg.keys == nil {
		return fmt.Errorf("read: the order %s of %s is not declared", name, t.Name)
	}
	for _, k := range t.Orders[name] {
		pg.keys = append(pg.keys, sortKey{condition{op: "?0", expr: k.SQL}, cmp.Or(k.Cast, "text")})
	}
	h := fnv.New64a()
	_, _ = h.Write(append([]byte(t.Name+" "+name), strconv.FormatBool(pg.desc)...))
	for _, k := range t.Orders[name] { // an order that is declared anew is another
		_, _ = h.Write([]byte(k.SQL + "::" + k.Cast))
	}
	pg.order = h.Sum64()
	return nil
}

// window reads first, after, last and before.
func (pg *page) window(args map[string]any, most int) error {
	first, hasFirst := number(args["first"])
	last, hasLast := number(args["last"])
	after, hasAfter := args["after"].(string)
	before, hasBefore := args["before"].(string)
	switch {
	case hasFirst && hasLast:
		return core.Invalid(core.T("Give first or last, not both.", "Укажите либо first, либо last, но не оба."), "last")
	case hasAfter && (hasLast || hasBefore):
		return core.Invalid(oneWay, "after")
	case hasBefore && hasFirst:
		return core.Invalid(oneWay, "before")
	}
	size, sizeName, cursor, cursorName := first, "first", after, "after"
	if pg.back = hasLast || hasBefore; pg.back {
		size, sizeName, cursor, cursorName = last, "last", before, "before"
	}
	if !hasFirst && !hasLast {
		size = min(DefaultPage, most)
	}
	if size < 0 || size > most {
		return core.Invalid(core.Textf("%[1]s is from 0 to %[2]d; ask for the rest page by page.", "%[1]s — от 0 до %[2]d; остальное запрашивайте постранично.", sizeName, most), sizeName)
	}
	pg.size = size
	var err error
	if hasAfter || hasBefore {
		pg.after, err = pg.parseCursor(cursor)
		pg.afterAt = len(pg.values)
		for _, key := range pg.after {
			pg.values = append(pg.values, key)
		}
	}
	return at(err, cursorName)
}

var oneWay = core.T("A page goes one way: first with after, or last with before.", "Страница листается в одну сторону: first с after либо last с before.")

func number(v any) (int, bool) {
	switch n := v.(type) {
	case int64:
		return int(n), true
	case int:
		return n, true
	case float64:
		return int(n), true
	case json.Number:
		i, err := strconv.Atoi(n.String())
		return i, err == nil
	}
	return 0, false
}

// at puts the argument's name before the path of a user's error.
func at(err error, name string) error {
	var e *core.Error
	if errors.As(err, &e) {
		return &core.Error{Code: e.Code, Text: e.Text, Path: append([]string{name}, e.Path...), Err: e.Err}
	}
	return err
}
