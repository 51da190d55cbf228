package read

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/veche-city/veche/core"
)

// run reads what was planned, for one viewer in one municipality.
type run struct {
	*Reader
	ctx   context.Context
	db    bun.IDB
	owner uuid.UUID
	today core.Date
}

func (r *Reader) run(ctx context.Context) *run {
	m := core.MunicipalityOf(ctx)
	return &run{Reader: r, ctx: ctx, db: r.db, owner: m.ID, today: m.Today(r.clock)}
}

// sql expands the names that declarations may use: ?TableAlias, ?today, ?asOf.
func (x *run) sql(text, alias string, asOf *core.Date) string {
	if asOf == nil {
		asOf = &x.today
	}
	gen := x.gen.WithNamedArg("TableAlias", bun.Ident(alias)).WithNamedArg("today", x.today).WithNamedArg("asOf", *asOf)
	return gen.FormatQuery(text)
}

func (x *run) condition(c condition, alias string) string {
	return x.gen.FormatQuery(c.op, bun.Safe(x.sql(c.expr, alias, nil)), c.value)
}

// visible is what every statement on a type's rows holds: the tenant and the viewer's rights.
func (x *run) visible(t *typ, alias string) (string, error) {
	allowed, err := x.allowed(t, t.Guard, alias)
	if err != nil {
		return "", err
	}
	return x.owned(alias) + " AND " + allowed, nil
}

// hidden says that the viewer may see no row of the type: nothing is asked of the database then,
// and no statement names what is not theirs to see.
func (x *run) hidden(t *typ) (bool, error) {
	decision, err := x.guard.Decide(x.ctx, t.Guard)
	return err == nil && decision.None(), err
}

// owned is the tenant's filter of the statements that the reader writes.
func (x *run) owned(alias string) string {
	return x.gen.FormatQuery("?.? = ?", bun.Ident(alias), bun.Ident(tenant), x.owner)
}

func (x *run) allowed(t *typ, permission, alias string) (string, error) {
	decision, err := x.guard.Decide(x.ctx, permission)
	if err != nil {
		return "", err
	}
	predicate, args := decision.SQL(t.Rows, alias)
	return "(" + x.gen.FormatQuery(x.sql(predicate, alias, nil), args...) + ")", nil
}

// from is the table and the filter of one place.
func (x *run) from(n *node, where ...string) (string, error) {
	visible, err := x.visible(n.typ, n.typ.table.Alias)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(" FROM %s AS %s WHERE %s", n.typ.table.SQLName, n.typ.table.SQLAlias, strings.Join(append([]string{visible}, where...), " AND ")), nil
}

// columns are the expressions of one place, after those that the caller needs for itself.
func (x *run) columns(n *node, lead ...string) (string, error) {
	list := append(lead, x.column(n, n.typ.key))
	for _, c := range n.columns {
		text, err := x.shown(n, c)
		if err != nil {
			return "", err
		}
		list = append(list, text)
	}
	for _, v := range n.computed {
		text, err := x.computed(n, v)
		if err != nil {
			return "", err
		}
		list = append(list, text)
	}
	return strings.Join(list, ", "), nil
}

// shown is a column as the viewer may see it: a protected one is null where they may not, and is
// not named at all where they may nowhere.
func (x *run) shown(n *node, c *schema.Field) (string, error) {
	permission := n.typ.protected[c]
	if permission == "" {
		return x.column(n, c), nil
	}
	decision, err := x.guard.Decide(x.ctx, permission)
	switch {
	case err != nil:
		return "", err
	case decision.None():
		return "NULL", nil
	case decision.All():
		return x.column(n, c), nil
	}
	allowed, err := x.allowed(n.typ, permission, n.typ.table.Alias)
	return "CASE WHEN " + allowed + " THEN " + x.column(n, c) + " END", err
}

func (x *run) column(n *node, c *schema.Field) string {
	return string(n.typ.table.SQLAlias) + "." + string(c.SQLName)
}

func (x *run) computed(n *node, v *value) (string, error) {
	text := v.as.SQL
	if v.as.Counts != "" {
		visible, err := x.visible(x.byName[v.as.Counts], "counted")
		if err != nil {
			return "", err
		}
		// Split and joined, not formatted twice: the filter may hold a question mark in a value.
		parts := strings.Split(text, "?visible")
		for i := range parts {
			parts[i] = x.sql(parts[i], n.typ.table.Alias, &v.asOf)
		}
		return "(" + strings.Join(parts, visible) + ")", nil
	}
	return "(" + x.sql(text, n.typ.table.Alias, &v.asOf) + ")", nil
}

// where are a list's own conditions, without its window.
func (x *run) where(pg *page) []string {
	t := pg.node.typ
	var all []string
	if pg.asOf != nil && t.AsOf != "" {
		all = append(all, "("+x.sql(t.AsOf, t.table.Alias, pg.asOf)+")")
	}
	if pg.of == nil && t.Listed != "" && !pg.asks(t.ListedUnless) {
		all = append(all, "("+x.sql(t.Listed, t.table.Alias, pg.asOf)+")")
	}
	if pg.of != nil && pg.of.Where != "" {
		all = append(all, "("+x.sql(pg.of.Where, t.table.Alias, pg.asOf)+")")
	}
	for _, c := range pg.filters {
		all = append(all, "("+x.condition(c, t.table.Alias)+")")
	}
	return all
}

// keys are the expressions that order a list; the row's own key makes the order total.
func (x *run) keys(pg *page) (exprs, casts []string) {
	for _, k := range pg.keys {
		exprs = append(exprs, x.condition(k.condition, pg.node.typ.table.Alias))
		casts = append(casts, k.cast)
	}
	return append(exprs, x.column(pg.node, pg.node.typ.key)), append(casts, castOfKey)
}

// window is the part of a list that a page shows: beyond the cursor, in order, one row more than
// asked for, which tells whether there is a next page.
func (x *run) window(pg *page) (where []string, tail string) {
	exprs, casts := x.keys(pg)
	direction, beyond := "ASC", ">"
	if pg.desc != pg.back {
		direction, beyond = "DESC", "<"
	}
	if pg.after != nil {
		values := make([]string, len(exprs))
		for i := range exprs {
			values[i] = x.gen.FormatQuery("?::?", pg.after[i], bun.Safe(casts[i]))
		}
		where = append(where, fmt.Sprintf("(%s) %s (%s)", strings.Join(exprs, ", "), beyond, strings.Join(values, ", ")))
	}
	order := make([]string, len(exprs))
	for i, e := range exprs {
		order[i] = e + " " + direction
	}
	return where, fmt.Sprintf(" ORDER BY %s LIMIT %d", strings.Join(order, ", "), pg.size+1)
}

// cursorKeys are selected only where a cursor is asked for.
func (x *run) cursorKeys(pg *page) []string {
	if !pg.cursors {
		return nil
	}
	exprs, _ := x.keys(pg)
	for i := range exprs {
		exprs[i] = "(" + exprs[i] + ")::text"
	}
	return exprs
}
