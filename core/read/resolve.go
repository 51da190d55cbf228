package read

import (
	"context"
	"fmt"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// Get answers a field that finds one object by its id: null when there is none to be seen.
func Get[M any](ctx context.Context, r *Reader, id core.ID) (*M, error) {
	t, err := typeOf[M](r)
	if err != nil {
		return nil, err
	}
	key, err := id.Of(t.Name, "id")
	if err != nil {
		return nil, err
	}
	return Changed[M](ctx, r, key)
}

// Changed answers a field whose object is known by its key: a payload's, an event's.
func Changed[M any](ctx context.Context, r *Reader, key uuid.UUID) (*M, error) {
	t, err := typeOf[M](r)
	if err != nil || key == uuid.Nil {
		return nil, err
	}
	rows, err := r.byKeys(ctx, t, []uuid.UUID{key})
	if err != nil || rows[key] == nil {
		return nil, err
	}
	return any(rows[key]).(*M), nil
}

// byKeys reads objects of one type for the selection of the current field.
func (r *Reader) byKeys(ctx context.Context, t *typ, keys []uuid.UUID) (map[uuid.UUID]core.Node, error) {
	p := r.planner(ctx)
	n := p.node(t)
	if err := p.want(n, graphql.GetFieldContext(ctx).Field.Selections); err != nil {
		return nil, err
	}
	rows, err := r.run(ctx).byKey(n, t.key, keys)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]core.Node, len(rows))
	for _, f := range rows {
		found[t.keyOf(f.row)] = f.row.Interface().(core.Node)
	}
	return found, nil
}

// Nodes finds objects of any types by their ids: the same order, nil where there is none to be
// seen. One load a type, whatever the number of ids. A type whose module is switched off for the
// municipality is not there.
func (r *Reader) Nodes(ctx context.Context, ids []core.ID) ([]core.Node, error) {
	if len(ids) > mostNodes {
		return nil, tooManyNodes
	}
	keys := map[string][]uuid.UUID{}
	for _, id := range ids {
		if t := r.byName[id.Type]; t != nil && core.MunicipalityOf(ctx).Has(t.module()) {
			keys[id.Type] = append(keys[id.Type], id.Key)
		}
	}
	rows := map[string]map[uuid.UUID]core.Node{}
	for name, of := range keys {
		found, err := r.byKeys(ctx, r.byName[name], of)
		if err != nil {
			return nil, err
		}
		rows[name] = found
	}
	nodes := make([]core.Node, len(ids))
	for i, id := range ids {
		nodes[i] = rows[id.Type][id.Key]
	}
	return nodes, nil
}

// All answers a list at the root.
func All[M any](ctx context.Context, r *Reader) (*Connection[M], error) {
	t, err := typeOf[M](r)
	if err != nil {
		return nil, err
	}
	p := r.planner(ctx)
	field := graphql.GetFieldContext(ctx).Field
	pg, err := p.page(field.Field, t, nil)
	if err != nil {
		return nil, err
	}
	if err := p.wantPage(pg, field.Selections); err != nil {
		return nil, err
	}
	got, err := r.run(ctx).root(pg)
	if err != nil {
		return nil, err
	}
	return connection[M](got), nil
}

// Page answers a list below an object.
func Page[M any](ctx context.Context, r *Reader, parent Object) (*Connection[M], error) {
	v, err := r.loaded(ctx, parent)
	if err != nil {
		return nil, err
	}
	got, ok := v.(*pageRows)
	if !ok {
		return nil, fmt.Errorf("read: a list was wanted, %T was loaded", v)
	}
	return connection[M](got), nil
}

// One answers a to-one relation of an object: null when there is none to be seen.
func One[M any](ctx context.Context, r *Reader, parent Object) (*M, error) {
	v, err := r.loaded(ctx, parent)
	if err != nil {
		return nil, err
	}
	if v == nil {
		t, err := typeOf[M](r)
		if err == nil && t.Refused {
			err = core.Forbidden(ctx)
		}
		return nil, err
	}
	return v.(*M), nil
}

// loaded is what stands at the current field of the object. An object that did not come from here
// (or was planned for another place) is read again for this field alone: right, but one by one.
func (r *Reader) loaded(ctx context.Context, parent Object) (any, error) {
	field := graphql.GetFieldContext(ctx).Field
	if v, ok, err := parent.row().at(field.Field); ok {
		return v, err
	}
	row := reflect.ValueOf(parent)
	t := r.byModel[row.Elem().Type()]
	if t == nil {
		return nil, fmt.Errorf("read: %T is not declared", parent)
	}
	p := r.planner(ctx)
	n := p.node(t)
	if err := p.field(n, field); err != nil {
		return nil, err
	}
	rows, err := r.run(ctx).byKey(n, t.key, []uuid.UUID{t.keyOf(row)})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 { // gone, or hidden from the viewer, since the object was made
		return nil, core.ErrNotFound
	}
	v, _, err := rows[0].row.Interface().(Object).row().at(field.Field)
	return v, err
}

func connection[M any](got *pageRows) *Connection[M] {
	n := len(got.rows)
	edges := make([]Edge[M], n)
	c := &Connection[M]{TotalCount: got.total, PageInfo: &PageInfo{}, Nodes: make([]*M, n), Edges: make([]*Edge[M], n)}
	for i, f := range got.rows {
		edges[i].Node = f.row.Interface().(*M)
		if got.page.each || got.page.cursors && (i == 0 || i == n-1) {
			edges[i].Cursor = got.page.cursor(texts(f.lead))
		}
		c.Nodes[i], c.Edges[i] = edges[i].Node, &edges[i]
	}
	beyond := got.page.after != nil
	c.PageInfo.HasNextPage, c.PageInfo.HasPreviousPage = got.more, beyond
	if got.page.back {
		c.PageInfo.HasNextPage, c.PageInfo.HasPreviousPage = beyond, got.more
	}
	if n > 0 && got.page.cursors {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c
}

func texts(values []any) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = fmt.Sprint(v)
	}
	return all
}

// Cost is the complexity of a list: its page's size times what one row costs. gqlgen does not
// multiply by itself.
func Cost(child int, first, last *int) int {
	const most = 1 << 30
	n := DefaultPage
	if first != nil {
		n = *first
	} else if last != nil {
		n = *last
	}
	if n < 1 {
		return 1 + child
	}
	if child > most/n {
		return most
	}
	return 1 + n*child
}

// Many answers a list of objects whose keys are known, in their order, less those not to be seen.
func Many[M any](ctx context.Context, r *Reader, keys []uuid.UUID) ([]*M, error) {
	t, err := typeOf[M](r)
	if err != nil {
		return nil, err
	}
	all := []*M{}
	if len(keys) == 0 {
		return all, nil
	}
	rows, err := r.byKeys(ctx, t, keys)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if row := rows[key]; row != nil {
			all = append(all, any(row).(*M))
		}
	}
	return all, nil
}

// Object answers a field that shows one object of any type: nil when it is not to be seen.
func (r *Reader) Object(ctx context.Context, id core.ID) (core.Node, error) {
	nodes, err := r.Nodes(ctx, []core.ID{id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}
