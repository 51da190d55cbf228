package read

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/uptrace/bun/schema"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
)

// compiler composes one statement, and what is written of its rows, for viewers of one standing.
// Every row of the statement is a record: the columns of a row, of the rows joined to it, and for
// each list below it an array of records.
type compiler struct {
	text
	*Part
	op     *graphql.OperationContext
	said   []reading // what the arguments of the part's fields say
	tables int
}

// record is the list of what is selected for one row.
type record struct {
	exprs []string
	index map[string]int
	joins []string
}

func newRecord() *record { return &record{index: map[string]int{}} }

// at is the place of the expression in the record; the same one is selected once.
func (r *record) at(expr string) int {
	i, ok := r.index[expr]
	if !ok {
		i = len(r.exprs)
		r.exprs = append(r.exprs, expr)
		r.index[expr] = i
	}
	return i
}

// list is the select list; a record of nothing is no SQL.
func (r *record) list() string {
	if len(r.exprs) == 0 {
		return "true"
	}
	return strings.Join(r.exprs, ", ")
}

// scope is one table in a record.
type scope struct {
	*record
	t      *typ
	alias  string
	joined map[*relation]*scope
}

func (c *compiler) scope(r *record, t *typ) *scope {
	c.tables++
	return &scope{record: r, t: t, alias: "t" + strconv.Itoa(c.tables), joined: map[*relation]*scope{}}
}

// from is the table with those joined to it, and the filter of its rows.
func (c *compiler) from(s *scope, where ...string) (string, error) {
	visible, err := c.visible(s.t, s.alias)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(" FROM %s AS %s%s WHERE %s", s.t.table.SQLName, s.alias, strings.Join(s.joins, ""), strings.Join(append([]string{visible}, where...), " AND ")), nil
}

func (c *compiler) object(s *scope, set ast.SelectionSet) (*object, error) {
	o := &object{typ: s.t, keyAt: -1}
	for _, f := range graphql.CollectFields(c.op, set, s.t.satisfies) {
		out, err := c.field(s, o, f)
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, memberOf(f, out))
	}
	if s.t.OnRead != nil && len(o.columns) > 0 {
		o.keyAt = s.at(columnOf(s.alias, s.t.key))
	}
	return o, nil
}

func (c *compiler) field(s *scope, o *object, f graphql.CollectedField) (output, error) {
	name, t := fold(f.Name), s.t
	if f.Name == "__typename" {
		return constant(strconv.Quote(t.Name)), nil
	}
	if _, ours := t.References[f.Name]; !ours {
		if part := c.referredOf(f); part != nil {
			return outside{typ: t.Name, key: s.at(columnOf(s.alias, t.key)), part: part}, nil
		}
	}
	place := c.placeOf(f.Field)
	if place >= 0 && c.said[place].early() {
		return failed{place}, nil
	}
	if refused, err := c.refusedField(f); refused || err != nil {
		return refusal{}, err
	}
	if l := t.lists[name]; l != nil {
		return c.list(s, f, l)
	}
	if rel := t.relations[name]; rel != nil {
		o.reads(rel.base)
		return c.one(s, f, rel)
	}
	if group, ok := t.Groups[f.Name]; ok {
		return c.group(s, f, group)
	}
	if ref, ok := t.References[f.Name]; ok {
		return c.reference(s, f, ref)
	}
	if computed, ok := t.Computed[f.Name]; ok {
		o.columns = append(o.columns, f.Name)
		return c.value(s, f, computed)
	}
	if column := t.columns[name]; column != nil {
		o.reads(column)
		return c.column(s, f, column)
	}
	return nil, fmt.Errorf("read: %s.%s is not declared", t.Name, f.Name)
}

// refusedField is what the directive @can says of a field for this viewer.
func (c *compiler) refusedField(f graphql.CollectedField) (bool, error) {
	can := f.Definition.Directives.ForName("can")
	if can == nil {
		return false, nil
	}
	decision, err := c.guard.Decide(c.ctx, can.Arguments.ForName("permission").Value.Raw)
	return err == nil && decision.None(), err
}

func (c *compiler) column(s *scope, f graphql.CollectedField, col *schema.Field) (output, error) {
	allowed, err := c.shown(s.t, col, s.alias)
	switch {
	case err != nil:
		return nil, err
	case allowed == never:
		return refusal{}, nil
	}
	out := scalar{as: encodingOf(f, s.t.Name)}
	if out.at = s.at(unless(allowed, columnOf(s.alias, col))); allowed == "" {
		return out, nil
	}
	return guarded{allowed: s.at("(" + allowed + ")"), scalar: out}, nil
}

func (c *compiler) value(s *scope, f graphql.CollectedField, computed Computed) (output, error) {
	sql, err := c.computed(computed, s.alias, c.dayOf(f))
	if err != nil {
		return nil, err
	}
	if computed.Show != nil {
		return showing{at: s.at(sql), show: computed.Show}, nil
	}
	return scalar{at: s.at(sql), as: encodingOf(f, computed.ID)}, nil
}

// one is a row joined to the row: the same relation is joined once, whatever it is called.
func (c *compiler) one(s *scope, f graphql.CollectedField, rel *relation) (output, error) {
	target := c.byModel[rel.target]
	if target == nil {
		return nil, fmt.Errorf("read: %s.%s leads to %s, which is not declared", s.t.Name, f.Name, rel.target)
	}
	if hidden, err := c.hidden(target); hidden || err != nil {
		return absent{target.Refused}, err
	}
	j := s.joined[rel]
	if j == nil {
		j = c.scope(s.record, target)
		visible, err := c.visible(target, j.alias)
		if err != nil {
			return nil, err
		}
		s.joins = append(s.joins, fmt.Sprintf(" LEFT JOIN %s AS %s ON %s = %s AND %s", target.table.SQLName, j.alias,
			columnOf(j.alias, rel.join), columnOf(s.alias, rel.base), visible))
		s.joined[rel] = j
	}
	inner, err := c.object(j, f.Selections)
	if err != nil {
		return nil, err
	}
	return one{present: s.at(columnOf(j.alias, target.key)), object: inner, absent: absent{target.Refused}}, nil
}

func (c *compiler) group(s *scope, f graphql.CollectedField, g Group) (output, error) {
	inner := &object{keyAt: -1}
	for _, member := range graphql.CollectFields(c.op, f.Selections, []string{f.Definition.Type.Name()}) {
		if member.Name == "__typename" {
			inner.members = append(inner.members, memberOf(member, constant(strconv.Quote(f.Definition.Type.Name()))))
			continue
		}
		out, err := c.value(s, member, g.Fields[member.Name])
		if err != nil {
			return nil, err
		}
		inner.members = append(inner.members, memberOf(member, out))
	}
	if g.When == "" {
		return group{when: -1, object: inner}, nil
	}
	return group{when: s.at("(" + c.sql(g.When, s.alias, nil) + ")"), object: inner}, nil
}

func (c *compiler) reference(s *scope, f graphql.CollectedField, ref Reference) (output, error) {
	return reference{
		typ: s.at("(" + c.sql(ref.Type, s.alias, nil) + ")"), key: s.at("(" + c.sql(ref.Key, s.alias, nil) + ")"),
		part: c.referredOf(f),
	}, nil
}

// list is a list below the row: an array of records, selected with the row itself.
func (c *compiler) list(s *scope, f graphql.CollectedField, l *list) (output, error) {
	place := c.placeOf(f.Field)
	if c.said[place].err != nil {
		return failed{place}, nil
	}
	pg := c.said[place].page.at(place)
	conn, inner, err := c.connection(pg, f)
	if err != nil || conn.hidden {
		return conn, err
	}
	mine := columnOf(inner.alias, l.child) + " = " + columnOf(s.alias, l.parent)
	if conn.total {
		count, err := c.count(pg, l, s)
		if err != nil {
			return nil, err
		}
		conn.totalAt = s.at(count)
	}
	if conn.rows {
		rows, err := c.rows(pg, inner, mine)
		if err != nil {
			return nil, err
		}
		conn.at = s.at("ARRAY(SELECT ROW(" + inner.list() + ")" + rows + ")")
	}
	return conn, nil
}

// connection is how a page is written; nothing of it is in a statement yet.
func (c *compiler) connection(pg *page, f graphql.CollectedField) (*listing, *scope, error) {
	s := c.scope(newRecord(), pg.node.typ)
	hidden, err := c.hidden(pg.node.typ)
	if err != nil {
		return nil, nil, err
	}
	conn := &listing{page: pg, at: -1, totalAt: -1, hidden: hidden, typ: pg.node.typ.Name}
	for _, field := range graphql.CollectFields(c.op, f.Selections, []string{conn.typ + "Connection"}) {
		out, err := c.ofPage(conn, s, field)
		if err != nil {
			return nil, nil, err
		}
		conn.members = append(conn.members, memberOf(field, out))
	}
	if pg.cursors && !hidden {
		c.cursor(conn, s)
	}
	return conn, s, nil
}

// cursor selects what a cursor is made of: columns as they are, so that one that is shown is not
// selected twice, and no text is made of those at which no cursor is asked for.
func (c *compiler) cursor(conn *listing, s *scope) {
	exprs, casts := c.keys(conn.page, s.alias)
	for i, expr := range exprs {
		if casts[i] == "real" { // of which Postgres alone knows the text
			expr = "(" + expr + ")::text"
		}
		conn.cursor = append(conn.cursor, s.at(expr))
	}
}

func (c *compiler) ofPage(conn *listing, s *scope, f graphql.CollectedField) (output, error) {
	switch f.Name {
	case "totalCount":
		conn.total = true
		return totalCount{}, nil
	case "nodes":
		conn.rows = true
		if conn.hidden {
			return elements{}, nil
		}
		inner, err := c.object(s, f.Selections)
		return elements{of: inner}, err
	case "edges":
		conn.rows = true
		return c.edges(conn, s, f)
	case "pageInfo":
		conn.rows = true
		return c.pageInfo(conn, f), nil
	default:
		return constant(strconv.Quote(conn.typ + "Connection")), nil
	}
}

func (c *compiler) edges(conn *listing, s *scope, f graphql.CollectedField) (output, error) {
	edge := &object{keyAt: -1}
	for _, e := range graphql.CollectFields(c.op, f.Selections, []string{conn.typ + "Edge"}) {
		var out output = constant(strconv.Quote(conn.typ + "Edge"))
		switch {
		case e.Name == "cursor":
			conn.page.cursors = true
			out = cursor{conn}
		case e.Name == "node" && !conn.hidden:
			inner, err := c.object(s, e.Selections)
			if err != nil {
				return nil, err
			}
			out = inner
		}
		edge.members = append(edge.members, memberOf(e, out))
	}
	return elements{of: edge}, nil
}

func (c *compiler) pageInfo(conn *listing, f graphql.CollectedField) output {
	info := &object{keyAt: -1}
	for _, i := range graphql.CollectFields(c.op, f.Selections, []string{"PageInfo"}) {
		switch i.Name {
		case "startCursor", "endCursor":
			conn.page.cursors = true
		case "hasNextPage", "hasPreviousPage":
			conn.page.peek = true
		}
		info.members = append(info.members, memberOf(i, pageFact(i.Name)))
	}
	return info
}

// rows is the window of a list, after its columns.
func (c *compiler) rows(pg *page, s *scope, where ...string) (string, error) {
	beyond, tail := c.window(pg, s.alias)
	from, err := c.from(s, append(append(where, c.where(pg, s.alias)...), beyond...)...)
	return from + tail, err
}

// count is the total of a list; of the parent's, or of the one at the root.
func (c *compiler) count(pg *page, l *list, parent *scope) (string, error) {
	s := c.scope(newRecord(), pg.node.typ)
	where := c.where(pg, s.alias)
	if l != nil {
		where = append(where, columnOf(s.alias, l.child)+" = "+columnOf(parent.alias, l.parent))
	}
	from, err := c.from(s, where...)
	return "(SELECT count(*)" + from + ")", err
}

// reads notes a column for those who log what was read.
func (o *object) reads(column *schema.Field) {
	for _, known := range o.columns {
		if known == column.Name {
			return
		}
	}
	if !column.IsPK {
		o.columns = append(o.columns, column.Name)
	}
}

// dayOf is the argument asOf; nil when it is not given.
func (c *compiler) dayOf(f graphql.CollectedField) *day {
	place := c.placeOf(f.Field)
	if place < 0 || len(c.said[place].values) == 0 {
		return nil
	}
	on, _ := c.said[place].values[0].(core.Date)
	return &day{on, origin{ofArgument, place, 0}}
}
