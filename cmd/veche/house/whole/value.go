//go:build whole

package whole

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
)

// named is a core object as plugins are told of it.
func named(id core.ID) map[string]any { return map[string]any{"id": id.String()} }

// value resolves a field of a plugin: a property of its parent's value; what has arguments, or is no
// property, is asked of the plugin's function.
func value[T any](ctx context.Context, s *Server, parent map[string]any) (T, error) {
	var out T
	at := graphql.GetFieldContext(ctx)
	found, is := parent[at.Field.Name]
	source, isFunction := s.owner(ctx, at.Object+"."+at.Field.Name)
	if isFunction && (!is || len(at.Field.Definition.Arguments) > 0) {
		var err error
		if found, err = s.ask(ctx, source.Plugin, parent); err != nil {
			return out, err
		}
	}
	c := completing{ctx, s}
	v, err := c.complete(found, reflect.TypeFor[T](), at.Field.Definition.Type)
	if err == nil {
		out = v.Interface().(T)
	}
	return out, err
}

func parse(text []byte) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, unfit(v)
	}
	return v, nil
}

func unfit(v any) error {
	return &core.Error{Code: core.CodePluginBadResponse, Text: core.T(fmt.Sprintf("%v does not fit.", v), fmt.Sprintf("%v не подходит.", v))}
}

// completing makes of JSON the Go value that gqlgen takes for the field.
type completing struct {
	context.Context
	*Server
}

func (c completing) complete(v any, to reflect.Type, t *ast.Type) (reflect.Value, error) {
	zero := reflect.Zero(to)
	if v == nil {
		if t.NonNull {
			return zero, unfit(nil)
		}
		return zero, nil
	}
	if t.Elem != nil {
		return c.list(v, to, t)
	}
	if to.Implements(reflect.TypeFor[core.Node]()) {
		return c.node(v, to, t)
	}
	if to.Kind() == reflect.Pointer {
		inner, err := c.complete(v, to.Elem(), t)
		if err != nil {
			return zero, err
		}
		out := reflect.New(to.Elem())
		out.Elem().Set(inner)
		return out, nil
	}
	leaf, err := leaf(v, to)
	if err != nil {
		return zero, err
	}
	return reflect.ValueOf(leaf), nil
}

// list notes what is wrong with elements that may be null at their places.
func (c completing) list(v any, to reflect.Type, t *ast.Type) (reflect.Value, error) {
	items, ok := v.([]any)
	if !ok {
		return reflect.Zero(to), unfit(v)
	}
	out := reflect.MakeSlice(to, len(items), len(items))
	spoiled := false
	for i, item := range items {
		one, err := c.complete(item, to.Elem(), t.Elem)
		if err != nil {
			graphql.AddError(graphql.WithPathContext(c.Context, graphql.NewPathWithIndex(i)), err)
			spoiled = spoiled || t.Elem.NonNull
			continue
		}
		out.Index(i).Set(one)
	}
	if spoiled {
		return reflect.Zero(to), nil
	}
	return out, nil
}

// node is the core's object that the plugin names, read as node(id) is.
func (c completing) node(v any, to reflect.Type, t *ast.Type) (reflect.Value, error) {
	of, _ := v.(map[string]any)
	text, _ := of["id"].(string)
	id, err := core.ParseID(text)
	if err != nil || id.Type != t.Name() {
		return reflect.Zero(to), unfit(v)
	}
	found, err := c.core.Query().Node(c.Context, id)
	if err != nil || found == nil {
		if err == nil && t.NonNull {
			err = unfit(nil)
		}
		return reflect.Zero(to), err
	}
	return reflect.ValueOf(found), nil
}

func leaf(v any, to reflect.Type) (any, error) {
	text, isText := v.(string)
	switch to {
	case reflect.TypeFor[map[string]any]():
		if of, ok := v.(map[string]any); ok {
			return of, nil
		}
	case reflect.TypeFor[string]():
		if isText {
			return text, nil
		}
	case reflect.TypeFor[bool]():
		if is, ok := v.(bool); ok {
			return is, nil
		}
	case reflect.TypeFor[int]():
		if n, ok := v.(json.Number); ok {
			if whole, err := n.Int64(); err == nil {
				return int(whole), nil
			}
		}
	case reflect.TypeFor[core.ID]():
		if id, err := core.ParseID(text); err == nil {
			return id, nil
		}
	case reflect.TypeFor[time.Time]():
		if at, err := core.UnmarshalDateTime(v); err == nil {
			return at, nil
		}
	case reflect.TypeFor[core.Date]():
		if day, err := core.ParseDate(text); err == nil {
			return day, nil
		}
	}
	return nil, unfit(v)
}
