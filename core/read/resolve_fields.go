package read

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core"
)

// How fields that SQL works out are answered in the resolvers' way: each is one expression in the
// row's statement, whose value waits for its place.

// expression is the SQL of a field that is neither column nor relation nor list.
func (t *typ) expression(field string) (Computed, bool) {
	if c, ok := t.Computed[field]; ok {
		return Computed{SQL: c.named(), Counts: c.Counts, Show: c.Show}, true
	}
	if g, ok := t.Groups[field]; ok {
		return Computed{SQL: g.json()}, true
	}
	if ref, ok := t.References[field]; ok {
		return Computed{SQL: fmt.Sprintf(`(%s) || ':' || (%s)::text`, ref.Type, ref.Key)}, true
	}
	return Computed{}, false
}

// named is the expression; of an id, with the name of its type.
func (c Computed) named() string {
	if c.ID == "" || c.ID == AnyType {
		return c.SQL
	}
	return fmt.Sprintf(`'%s:' || (%s)::text`, c.ID, c.SQL)
}

// json is the group as one JSON object, in which floats keep every digit. An id stands in it as
// encoding/json reads a core.ID.
func (g Group) json() string {
	members := make([]string, 0, len(g.Fields))
	for _, name := range slices.Sorted(maps.Keys(g.Fields)) {
		c := g.Fields[name]
		value := "(" + c.SQL + ")"
		if c.ID != "" {
			whole := "(" + c.named() + ")"
			value = fmt.Sprintf(`CASE WHEN %[1]s IS NOT NULL THEN json_build_object('Type', split_part(%[1]s, ':', 1), 'Key', split_part(%[1]s, ':', 2)) END`, whole)
		}
		members = append(members, "'"+name+"', "+value)
	}
	object := "json_build_object(" + strings.Join(members, ", ") + ")::text"
	if g.When == "" {
		return object
	}
	return "CASE WHEN " + g.When + " THEN " + object + " END"
}

// Value answers a computed field.
func Value[V any](ctx context.Context, r *Reader, parent Object) (V, error) {
	var v sql.Null[V]
	raw, err := r.loaded(ctx, parent)
	if err != nil || raw == nil && reflect.TypeFor[V]().Kind() == reflect.Pointer {
		return v.V, err
	}
	if _, scans := any(&v.V).(sql.Scanner); !scans && reflect.TypeFor[V]().Kind() == reflect.Slice {
		err = pgdialect.Array(&v.V).Scan(raw)
	} else {
		err = v.Scan(raw)
	}
	return v.V, err
}

// Grouped answers a group: null where its condition does not hold.
func Grouped[V any](ctx context.Context, r *Reader, parent Object) (*V, error) {
	text, err := Value[*string](ctx, r, parent)
	if err != nil || text == nil {
		return nil, err
	}
	v := new(V)
	if err := json.Unmarshal([]byte(*text), v); err != nil {
		return nil, fmt.Errorf("read %T: %w", v, err)
	}
	return v, nil
}

// Refer answers a reference: null when there is no object to be seen.
func Refer(ctx context.Context, r *Reader, parent Object) (core.Node, error) {
	id, err := Value[*core.ID](ctx, r, parent)
	if err != nil || id == nil {
		return nil, err
	}
	return r.Object(ctx, *id)
}

// Column answers a protected column: an error where the viewer may not see it.
func Column[V any](ctx context.Context, r *Reader, parent Object) (V, error) {
	var none V
	v, err := r.loaded(ctx, parent)
	if err != nil {
		return none, err
	}
	column, ok := v.(V)
	if !ok {
		return none, fmt.Errorf("read: a column of %T was wanted, %T was loaded", none, v)
	}
	return column, nil
}
