package read

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/uptrace/bun/schema"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
)

// node is what an operation wants of the rows of one type at one place.
type node struct {
	typ      *typ
	columns  []*schema.Field // without the key, which is always read
	computed []*value
	ones     []*branch
	pages    []*page
	refused  []place     // where the arguments are wrong: an error at the place, and at no other
	guarded  []*guard    // columns with a permission of their own
	seen     map[any]any // columns and places that are planned already
}

// guard is a protected column at one place.
type guard struct {
	field  *ast.Field
	column *schema.Field
}

// value is one expression at one place.
type value struct {
	field *ast.Field
	as    Computed
	asOf  *day
}

// branch is a to-one relation at one place.
type branch struct {
	field *ast.Field
	by    *relation
	node  *node
}

// planner plans one operation for one viewer.
type planner struct {
	*Reader
	op    *graphql.OperationContext
	today core.Date
}

func (r *Reader) planner(ctx context.Context) *planner {
	return &planner{Reader: r, op: graphql.GetOperationContext(ctx), today: core.MunicipalityOf(ctx).Today(r.clock)}
}

func (p *planner) node(t *typ) *node { return &node{typ: t, seen: map[any]any{}} }

// want adds a selection set to what is wanted of the rows. Sets are kept apart rather than joined:
// gqlgen later walks each by itself, and the field it finds first there names the place.
func (p *planner) want(n *node, set ast.SelectionSet) error {
	for _, f := range graphql.CollectFields(p.op, set, n.typ.satisfies) {
		if err := p.field(n, f); err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) field(n *node, f graphql.CollectedField) error {
	name := fold(f.Name)
	switch t := n.typ; {
	case f.Name == "__typename":
		return nil
	case t.lists[name] != nil:
		return p.list(n, f, t.lists[name])
	case t.relations[name] != nil:
		return p.one(n, f, t.relations[name])
	case t.columns[name] != nil:
		n.column(t.columns[name])
		n.guard(f.Field, t.columns[name])
		return nil
	}
	if c, ok := n.typ.expression(f.Name); ok {
		return p.value(n, f, c)
	}
	return nil // a field that the module resolves by hand
}

// guard has it asked of each row whether the viewer may see the column, where it is protected.
func (n *node) guard(f *ast.Field, c *schema.Field) {
	if n.typ.protected[c] != "" && n.seen[f] == nil {
		n.seen[f] = true
		n.guarded = append(n.guarded, &guard{f, c})
	}
}

func (n *node) column(c *schema.Field) {
	if c != n.typ.key && n.seen[c] == nil {
		n.seen[c] = true
		n.columns = append(n.columns, c)
	}
}

func (p *planner) value(n *node, f graphql.CollectedField, c Computed) error {
	if n.seen[f.Field] != nil {
		return nil
	}
	asOf, err := p.asOf(f.Field)
	if err != nil {
		return n.refuse(f.Field, err)
	}
	on := &day{p.today, origin{source: today}}
	if asOf != nil {
		on = &day{*asOf, origin{source: ofArgument}}
	}
	n.seen[f.Field] = true
	n.computed = append(n.computed, &value{field: f.Field, as: c, asOf: on})
	return nil
}

// refuse keeps a user's error for its place; any other error ends the planning.
func (n *node) refuse(f *ast.Field, err error) error {
	if core.CodeOf(err) != core.CodeBadUserInput {
		return err
	}
	n.seen[f] = err
	n.refused = append(n.refused, place{f, err})
	return nil
}

// asOf is the argument of that name; nil when it is not given.
func (p *planner) asOf(f *ast.Field) (*core.Date, error) {
	raw, ok := f.ArgumentMap(p.op.Variables)["asOf"]
	if !ok || raw == nil {
		return nil, nil
	}
	var d core.Date
	if err := d.UnmarshalGQL(raw); err != nil {
		return nil, at(err, "asOf")
	}
	return &d, nil
}

func (p *planner) one(n *node, f graphql.CollectedField, by *relation) error {
	b, _ := n.seen[f.Field].(*branch)
	if b == nil {
		target := p.byModel[by.target]
		if target == nil {
			return fmt.Errorf("read: %s.%s leads to %s, which is not declared", n.typ.Name, f.Name, by.target)
		}
		b = &branch{field: f.Field, by: by, node: p.node(target)}
		n.seen[f.Field] = b
		n.ones = append(n.ones, b)
		n.column(by.base)
	}
	return p.want(b.node, f.Selections)
}

func (p *planner) list(n *node, f graphql.CollectedField, l *list) error {
	pg, _ := n.seen[f.Field].(*page)
	if pg == nil {
		if n.seen[f.Field] != nil {
			return nil // refused
		}
		var err error
		if pg, err = p.page(f.Field, l.of, l); err != nil {
			return n.refuse(f.Field, err)
		}
		n.seen[f.Field] = pg
		n.pages = append(n.pages, pg)
		n.column(l.parent)
	}
	return p.wantPage(pg, f.Selections)
}

// wantPage adds what a selection of a connection wants of its rows.
func (p *planner) wantPage(pg *page, set ast.SelectionSet) error {
	for _, f := range graphql.CollectFields(p.op, set, []string{pg.node.typ.Name + "Connection"}) {
		switch f.Name {
		case "nodes":
			if err := p.want(pg.node, f.Selections); err != nil {
				return err
			}
		case "edges":
			for _, e := range graphql.CollectFields(p.op, f.Selections, []string{pg.node.typ.Name + "Edge"}) {
				pg.each = pg.each || e.Name == "cursor"
				pg.cursors = pg.cursors || pg.each
				if e.Name == "node" {
					if err := p.want(pg.node, e.Selections); err != nil {
						return err
					}
				}
			}
		case "pageInfo":
			for _, i := range graphql.CollectFields(p.op, f.Selections, []string{"PageInfo"}) {
				pg.cursors = pg.cursors || i.Name == "startCursor" || i.Name == "endCursor"
			}
		case "totalCount":
			pg.total = true
			continue
		}
		pg.rows = pg.rows || f.Name != "__typename"
	}
	return nil
}
