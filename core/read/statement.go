package read

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
)

// text writes the parts of a statement for one viewer in one municipality, in both ways of reading.
type text struct {
	*Reader
	values
	ctx   context.Context
	owner uuid.UUID
	today day
}

func (r *Reader) text(ctx context.Context, v values) text {
	m := core.MunicipalityOf(ctx)
	return text{Reader: r, values: v, ctx: ctx, owner: m.ID, today: day{m.Today(r.clock), origin{source: today}}}
}

// run reads what was planned in the resolvers' way: level by level, each statement with its values.
type run struct {
	text
	db bun.IDB
}

func (r *Reader) run(ctx context.Context) *run {
	return &run{text: r.text(ctx, literals{r.gen}), db: r.db}
}

var word = regexp.MustCompile(`\?(TableAlias|today|asOf|language)\b`)

// sql expands the names that declarations may use.
func (x *text) sql(declared, alias string, asOf *day) string {
	if asOf == nil {
		asOf = &x.today
	}
	return word.ReplaceAllStringFunc(declared, func(w string) string {
		switch w {
		case "?TableAlias":
			return pgx.Identifier{alias}.Sanitize()
		case "?today":
			return x.day(x.today)
		case "?asOf":
			return x.day(*asOf)
		default:
			return x.write(origin{source: language}, string(core.LanguageOf(x.ctx)), "text")
		}
	})
}

func (x *text) day(d day) string { return x.write(d.from, d.date, "date") }

// condition writes one of a page's, whose values are the page's.
func (x *text) condition(pg *page, c condition, alias string) string {
	put := []string{"?0", x.sql(c.expr, alias, pg.asOf)}
	for i, mark := range [...]string{"?1", "?2"} {
		if strings.Contains(c.op, mark) {
			put = append(put, mark, x.argument(pg, c.from+i, castOf(pg.values[c.from+i])))
		}
	}
	return strings.NewReplacer(put...).Replace(c.op)
}

func (x *text) argument(pg *page, index int, cast string) string {
	return x.write(origin{ofArgument, pg.place, index}, pg.values[index], cast)
}

// visible is what every statement on a type's rows holds: the tenant and the viewer's rights.
func (x *text) visible(t *typ, alias string) (string, error) {
	allowed, err := x.allowed(t, t.Guard, alias)
	if err != nil {
		return "", err
	}
	return x.owned(alias) + " AND " + allowed, nil
}

// hidden says that the viewer may see no row of the type: nothing is asked of the database then,
// and no statement names what is not theirs to see.
func (x *text) hidden(t *typ) (bool, error) {
	decision, err := x.guard.Decide(x.ctx, t.Guard)
	return err == nil && decision.None(), err
}

// owned is the tenant's filter of the statements that the reader writes.
func (x *text) owned(alias string) string {
	return pgx.Identifier{alias, tenant}.Sanitize() + " = " + x.write(origin{}, x.owner, "uuid")
}

func (x *text) allowed(t *typ, permission, alias string) (string, error) {
	decision, err := x.guard.Decide(x.ctx, permission)
	if err != nil {
		return "", err
	}
	if t.Hangs != nil && permission != t.Guard {
		return x.hanging(t, permission, alias)
	}
	if t.Only != "" {
		decision = decision.Only(t.Only)
	}
	sources := map[access.ArgumentKind]source{access.OfRights: fixed, access.OfAccount: ofAccount, access.OfPerson: ofPerson}
	predicate := decision.Predicate(t.Rows, alias, func(a access.Argument) string {
		return x.write(origin{source: sources[a.Of]}, a.Key, "uuid")
	})
	mine := "(" + x.sql(predicate, alias, nil) + ")"
	if t.Hangs == nil || decision.None() {
		return mine, nil
	}
	object, err := x.hanging(t, permission, alias)
	return "(" + mine + " AND " + object + ")", err
}

// hanging is the part of it for rows that hang on objects: they are seen where the object is seen, and
// changed where the permission holds on the object.
func (x *text) hanging(t *typ, permission, alias string) (string, error) {
	var cases strings.Builder
	for _, name := range t.Hangs.Of() {
		of, inner, asked := x.byName[name], alias+"_of", permission
		if of == nil {
			return "", fmt.Errorf("read: %s hangs on %s, which is not declared", t.Name, name)
		}
		if of.Hangs != nil {
			continue // what hangs bears nothing itself
		}
		if permission == t.Guard {
			asked = of.Guard
		}
		allowed, err := x.allowed(of, asked, inner)
		if err != nil {
			return "", err
		}
		if allowed != "("+never+")" {
			fmt.Fprintf(&cases, " WHEN '%s' THEN EXISTS (SELECT FROM %s AS %s WHERE %s AND %s = %s AND %s)", name, of.table.SQLName,
				pgx.Identifier{inner}.Sanitize(), x.owned(inner), columnOf(inner, of.key), x.sql(t.Hangs.Key, alias, nil), allowed)
		}
	}
	if cases.Len() == 0 {
		return "(" + never + ")", nil
	}
	return "(CASE " + x.sql(t.Hangs.Type, alias, nil) + cases.String() + " ELSE FALSE END)", nil
}

// computed is an expression that a module declared. An id comes with the name of its type.
func (x *text) computed(c Computed, alias string, asOf *day) (string, error) {
	sql := c.SQL
	if c.Counts == "" {
		return "(" + x.sql(sql, alias, asOf) + ")", nil
	}
	visible, err := x.visible(x.byName[c.Counts], "counted")
	if err != nil {
		return "", err
	}
	// Split and joined, not written twice: the filter may hold a question mark in a value.
	parts := strings.Split(sql, "?visible")
	for i := range parts {
		parts[i] = x.sql(parts[i], alias, asOf)
	}
	return "(" + strings.Join(parts, visible) + ")", nil
}

// shown says on which rows the viewer may see a column: a condition, empty when on all.
func (x *text) shown(t *typ, c *schema.Field, alias string) (string, error) {
	permission := t.protected[c]
	if permission == "" {
		return "", nil
	}
	decision, err := x.guard.Decide(x.ctx, permission)
	switch {
	case err != nil:
		return "", err
	case decision.None():
		return never, nil
	case decision.All():
		return "", nil
	}
	return x.allowed(t, permission, alias)
}

// never is the condition of what no row fulfils.
const never = "FALSE"

func columnOf(alias string, c *schema.Field) string {
	return pgx.Identifier{alias}.Sanitize() + "." + string(c.SQLName)
}

// where are a list's own conditions, without its window.
func (x *text) where(pg *page, alias string) []string {
	t := pg.node.typ
	var all []string
	if pg.asOf != nil && t.AsOf != "" {
		all = append(all, "("+x.sql(t.AsOf, alias, pg.asOf)+")")
	}
	if pg.of == nil && t.Listed != "" && !pg.asks(t.ListedUnless) {
		all = append(all, "("+x.sql(t.Listed, alias, pg.asOf)+")")
	}
	if pg.of != nil && pg.of.Where != "" {
		all = append(all, "("+x.sql(pg.of.Where, alias, pg.asOf)+")")
	}
	for _, c := range pg.filters {
		all = append(all, "("+x.condition(pg, c, alias)+")")
	}
	return all
}

// keys are the expressions that order a list; the row's own key makes the order total.
func (x *text) keys(pg *page, alias string) (exprs, casts []string) {
	for _, k := range pg.keys {
		exprs = append(exprs, x.condition(pg, k.condition, alias))
		casts = append(casts, k.cast)
	}
	return append(exprs, columnOf(alias, pg.node.typ.key)), append(casts, castOfKey)
}

// window is the part of a list that a page shows: beyond the cursor, in order, and one row more where
// it is asked whether there are any.
func (x *text) window(pg *page, alias string) (where []string, tail string) {
	exprs, casts := x.keys(pg, alias)
	direction, beyond := "ASC", ">"
	if pg.desc != pg.back {
		direction, beyond = "DESC", "<"
	}
	if pg.after != nil {
		values := make([]string, len(exprs))
		for i := range exprs {
			values[i] = x.argument(pg, pg.afterAt+i, casts[i])
		}
		where = append(where, fmt.Sprintf("(%s) %s (%s)", strings.Join(exprs, ", "), beyond, strings.Join(values, ", ")))
	}
	order := make([]string, len(exprs))
	for i, e := range exprs {
		order[i] = e + " " + direction
	}
	limit := pg.size
	if pg.peek {
		limit++
	}
	return where, fmt.Sprintf(" ORDER BY %s LIMIT %d", strings.Join(order, ", "), limit)
}

// cursorKeys are what a cursor is made of, as text; they are selected only where one is asked for.
func (x *text) cursorKeys(pg *page, alias string) []string {
	if !pg.cursors {
		return nil
	}
	exprs, _ := x.keys(pg, alias)
	for i := range exprs {
		exprs[i] = "(" + exprs[i] + ")::text"
	}
	return exprs
}
