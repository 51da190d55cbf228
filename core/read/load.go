package read

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/veche-city/veche/core"
)

// found is one row with what was selected before its columns.
type found struct {
	row  reflect.Value // pointer to the model
	lead []any
}

// byKey reads the rows whose column is one of the keys; the column's value leads each.
func (x *run) byKey(n *node, column *schema.Field, keys []uuid.UUID) ([]found, error) {
	if hidden, err := x.hidden(n.typ); hidden || err != nil {
		return nil, err
	}
	by := columnOf(n.typ.table.Alias, column)
	columns, err := x.selected(n, by)
	if err != nil {
		return nil, err
	}
	from, err := x.from(n, x.gen.FormatQuery("? IN (?)", bun.Safe(by), bun.List(keys)))
	if err != nil {
		return nil, err
	}
	return x.load(n, "SELECT "+columns+from, 1)
}

// load runs the statement and everything below its rows.
func (x *run) load(n *node, sql string, lead int) ([]found, error) {
	all, err := x.scan(n, sql, lead)
	if err != nil {
		return nil, err
	}
	return all, x.follow(n, all)
}

// follow is called with the rows that will be shown, and no others: they are logged, and then what
// is wanted below them is loaded.
func (x *run) follow(n *node, all []found) error {
	if len(all) == 0 {
		return nil
	}
	rows := make([]reflect.Value, len(all))
	for i, f := range all {
		rows[i] = f.row
	}
	if err := x.logged(n, rows); err != nil {
		return err
	}
	return x.below(n, rows)
}

// scan runs the statement. The values that lead each row are the caller's own.
func (x *run) scan(n *node, sql string, lead int) ([]found, error) {
	all, err := x.rows(n, sql, lead)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", n.typ.Name, err)
	}
	return all, nil
}

func (x *run) rows(n *node, sql string, lead int) ([]found, error) {
	rows, err := x.db.QueryContext(x.ctx, sql)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	values := make([]any, lead+1+len(n.columns)+len(n.computed)+len(n.guarded))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	var all []found
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row, err := x.row(n, values[lead:])
		if err != nil {
			return nil, err
		}
		all = append(all, found{row, slices.Clone(values[:lead])})
	}
	return all, rows.Err()
}

// selected is what a statement selects at one place: the columns, and whether each protected one is
// the viewer's to see.
func (x *run) selected(n *node, lead ...string) (string, error) {
	columns, err := x.columns(n, lead...)
	for _, g := range n.guarded {
		allowed, err := x.shown(n.typ, g.column, n.typ.table.Alias)
		if err != nil {
			return "", err
		}
		columns += ", " + cmp.Or(allowed, always)
	}
	return columns, err
}

// always is the condition of what every row fulfils.
const always = "TRUE"

// row makes a model of the values, which stand as selected put them.
func (x *run) row(n *node, values []any) (reflect.Value, error) {
	row := reflect.New(n.typ.model)
	if err := n.typ.key.ScanValue(row.Elem(), values[0]); err != nil {
		return row, fmt.Errorf("key: %w", err)
	}
	for i, c := range n.columns {
		if err := c.ScanValue(row.Elem(), values[1+i]); err != nil {
			return row, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	store := row.Interface().(Object).row()
	for i, v := range n.computed {
		value := values[1+len(n.columns)+i]
		if text, ok := value.(string); ok && v.as.Show != nil {
			value = v.as.Show(x.ctx, text)
		}
		store.put(v.field, value)
	}
	for i, g := range n.guarded {
		if may, _ := values[1+len(n.columns)+len(n.computed)+i].(bool); may {
			store.put(g.field, g.column.Value(row.Elem()).Interface())
		} else {
			store.put(g.field, core.Forbidden(x.ctx))
		}
	}
	return row, nil
}

// logged tells a type that its rows are about to be shown.
func (x *run) logged(n *node, rows []reflect.Value) error {
	if n.typ.OnRead == nil || len(n.columns)+len(n.computed) == 0 {
		return nil
	}
	keys := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		keys[i] = n.typ.keyOf(row)
	}
	columns := make([]string, 0, len(n.columns)+len(n.computed))
	for _, c := range n.columns {
		columns = append(columns, c.Name)
	}
	for _, v := range n.computed {
		columns = append(columns, v.field.Name)
	}
	return n.typ.OnRead(x.ctx, keys, columns)
}

// below loads every relation and list below the rows: one statement each, however many rows.
func (x *run) below(n *node, rows []reflect.Value) error {
	for _, r := range n.refused {
		for _, row := range rows {
			row.Interface().(Object).row().put(r.field, r.value)
		}
	}
	for _, b := range n.ones {
		if err := x.one(b, rows); err != nil {
			return err
		}
	}
	for _, pg := range n.pages {
		if err := x.lists(pg, rows); err != nil {
			return err
		}
	}
	return nil
}

func (x *run) one(b *branch, parents []reflect.Value) error {
	keys, of := keysOf(b.by.base, parents)
	for _, parent := range parents {
		parent.Interface().(Object).row().put(b.field, nil)
	}
	if len(keys) == 0 {
		return nil
	}
	children, err := x.byKey(b.node, b.by.join, keys)
	if err != nil {
		return err
	}
	for _, child := range children {
		key, err := toUUID(child.lead[0])
		if err != nil {
			return err
		}
		for _, parent := range of[key] {
			parent.Interface().(Object).row().put(b.field, child.row.Interface())
		}
	}
	return nil
}

// keysOf are the distinct values of a column of the rows, in order, and the rows of each.
func keysOf(column *schema.Field, rows []reflect.Value) ([]uuid.UUID, map[uuid.UUID][]reflect.Value) {
	var keys []uuid.UUID
	of := map[uuid.UUID][]reflect.Value{}
	for _, row := range rows {
		v := column.Value(row.Elem())
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				continue
			}
			v = v.Elem()
		}
		key := v.Interface().(uuid.UUID)
		if of[key] == nil {
			keys = append(keys, key)
		}
		of[key] = append(of[key], row)
	}
	return keys, of
}

func toUUID(v any) (uuid.UUID, error) {
	var id uuid.UUID
	err := id.Scan(v)
	return id, err
}
