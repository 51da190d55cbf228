package read_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

//go:embed testdata/town.graphqls
var sdl string

var townSchema = gqlparser.MustLoadSchema(&ast.Source{Name: "town.graphqls", Input: sdl})

type object = map[string]any

// answer is an operation's outcome. Unlike in GraphQL a null does not climb.
type answer struct {
	data object
	errs []failure
}

type failure struct {
	path string
	err  error
}

// execution walks an operation in the way of gqlgen's generated code: fields are collected for each
// object by its own type, a field's context holds the collected field, and everything that has a
// resolver runs in a goroutine of its own.
type execution struct {
	op    *graphql.OperationContext
	reads *read.Reader
	mu    sync.Mutex
	errs  []failure
}

func (w *world) ask(ctx context.Context, query string, vars ...any) *answer {
	w.Helper()
	op, err := operation(query, vars...)
	w.must(err)
	x := &execution{op: op, reads: w.reads}
	ctx = graphql.WithOperationContext(ctx, op)
	logged := len(w.log.calls)
	got := &answer{x.object(ctx, townSchema.Query, op.Operation.SelectionSet, nil), x.errs}
	w.compare(ctx, op, got, slices.Clone(w.log.calls[logged:]))
	return got
}

// operation validates the query; vars are names and values in turn, which pass through JSON.
func operation(query string, vars ...any) (*graphql.OperationContext, error) {
	doc, errs := gqlparser.LoadQuery(townSchema, query)
	if len(errs) > 0 {
		return nil, errs
	}
	given := object{}
	for i := 0; i < len(vars); i += 2 {
		given[vars[i].(string)] = vars[i+1]
	}
	raw, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	given = object{}
	if err := decoder.Decode(&given); err != nil {
		return nil, err
	}
	values, err := validator.VariableValues(townSchema, doc.Operations[0], given)
	if err != nil {
		return nil, err
	}
	return &graphql.OperationContext{RawQuery: query, Variables: values, Doc: doc, Operation: doc.Operations[0]}, nil
}

func (x *execution) fail(ctx context.Context, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.errs = append(x.errs, failure{graphql.GetFieldContext(ctx).Path().String(), err})
}

func (x *execution) object(ctx context.Context, def *ast.Definition, set ast.SelectionSet, obj any) object {
	fields := graphql.CollectFields(x.op, set, append([]string{def.Name}, def.Interfaces...))
	values := make([]any, len(fields))
	var wait sync.WaitGroup
	for i, f := range fields {
		wait.Go(func() { values[i] = x.field(ctx, def, f, obj) })
	}
	wait.Wait()
	out := object{}
	for i, f := range fields {
		out[f.Alias] = values[i]
	}
	return out
}

func (x *execution) field(ctx context.Context, def *ast.Definition, f graphql.CollectedField, obj any) any {
	if f.Name == "__typename" {
		return def.Name
	}
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: def.Name, Field: f, Args: f.ArgumentMap(x.op.Variables)})
	v, err := x.resolve(ctx, def.Name+"."+f.Name, obj)
	if err != nil {
		x.fail(ctx, err)
		return nil
	}
	return x.complete(ctx, f.Definition.Type, f.Selections, v)
}

func (x *execution) complete(ctx context.Context, typ *ast.Type, set ast.SelectionSet, v any) any {
	rv := reflect.ValueOf(v)
	if v == nil || rv.Kind() == reflect.Pointer && rv.IsNil() {
		if typ.NonNull {
			x.fail(ctx, errors.New("must not be null"))
		}
		return nil
	}
	if typ.Elem != nil {
		all := make([]any, rv.Len())
		for i := range all {
			in := graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i})
			all[i] = x.complete(in, typ.Elem, set, rv.Index(i).Interface())
		}
		return all
	}
	switch def := townSchema.Types[typ.Name()]; def.Kind {
	case ast.Interface:
		return x.object(ctx, townSchema.Types[reflect.Indirect(rv).Type().Name()], set, v)
	case ast.Object:
		return x.object(ctx, def, set, v)
	}
	return scalar(ctx, v)
}

func scalar(ctx context.Context, v any) any {
	switch v := v.(type) {
	case uuid.UUID:
		var out bytes.Buffer
		if err := core.MarshalUUID(v).MarshalGQLContext(ctx, &out); err != nil {
			return err
		}
		return strings.Trim(out.String(), `"`)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case interface{ String() string }:
		return v.String()
	}
	return reflect.Indirect(reflect.ValueOf(v)).Interface()
}

// resolve is what cmd/generate writes for each declared field, and the struct's fields and methods
// for the others.
func (x *execution) resolve(ctx context.Context, name string, obj any) (any, error) {
	switch name {
	case "Query.node", "Query.street", "Query.house", "Query.handmade":
		var id core.ID
		if err := id.UnmarshalGQL(graphql.GetFieldContext(ctx).Args["id"]); err != nil {
			return nil, err
		}
		return x.byID(ctx, name, id)
	case "Query.nodes":
		var ids []core.ID
		for _, raw := range graphql.GetFieldContext(ctx).Args["ids"].([]any) {
			var id core.ID
			if err := id.UnmarshalGQL(raw); err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return x.reads.Nodes(ctx, ids)
	case "Query.streets":
		return read.All[Street](ctx, x.reads)
	case "Query.houses":
		return read.All[House](ctx, x.reads)
	case "Query.flats":
		return read.All[Flat](ctx, x.reads)
	case "Query.signs":
		return read.All[Sign](ctx, x.reads)
	case "Street.signs":
		return read.Page[Sign](ctx, x.reads, obj.(read.Object))
	case "Flat.house":
		return read.One[House](ctx, x.reads, obj.(read.Object))
	case "Sign.about":
		return read.Refer(ctx, x.reads, obj.(read.Object))
	case "Street.parent", "House.street":
		return read.One[Street](ctx, x.reads, obj.(read.Object))
	case "Street.secret":
		return read.One[Secret](ctx, x.reads, obj.(read.Object))
	case "House.twin":
		return read.One[House](ctx, x.reads, obj.(read.Object))
	case "Street.branches":
		return read.Page[Street](ctx, x.reads, obj.(read.Object))
	case "Street.houses", "Street.standing", "House.twins":
		return read.Page[House](ctx, x.reads, obj.(read.Object))
	case "Street.houseCount":
		return read.Value[int](ctx, x.reads, obj.(read.Object))
	case "Street.status", "Street.title", "Street.tongue":
		return read.Value[string](ctx, x.reads, obj.(read.Object))
	case "Street.marks":
		return read.Value[[]string](ctx, x.reads, obj.(read.Object))
	case "House.onStreet":
		return read.Value[core.ID](ctx, x.reads, obj.(read.Object))
	case "House.inTwin", "House.aboutKey":
		return read.Value[*core.ID](ctx, x.reads, obj.(read.Object))
	case "House.spot", "House.home":
		return read.Grouped[Spot](ctx, x.reads, obj.(read.Object))
	case "House.about":
		return read.Refer(ctx, x.reads, obj.(read.Object))
	case "House.remark":
		return read.Column[*string](ctx, x.reads, obj.(read.Object))
	case "Street.loud":
		return read.Value[*string](ctx, x.reads, obj.(read.Object))
	case "Secret.length":
		return read.Value[*int](ctx, x.reads, obj.(read.Object))
	}
	return member(obj, name[strings.IndexByte(name, '.')+1:])
}

func (x *execution) byID(ctx context.Context, name string, id core.ID) (any, error) {
	switch name {
	case "Query.street":
		return read.Get[Street](ctx, x.reads, id)
	case "Query.house":
		return read.Get[House](ctx, x.reads, id)
	case "Query.handmade":
		return &Street{ID: id.Key}, nil
	}
	return x.reads.Object(ctx, id)
}

func member(obj any, name string) (any, error) {
	same := func(s string) bool { return strings.EqualFold(s, name) }
	if f := reflect.Indirect(reflect.ValueOf(obj)).FieldByNameFunc(same); f.IsValid() {
		return f.Interface(), nil
	}
	for i := range reflect.TypeOf(obj).NumMethod() {
		if same(reflect.TypeOf(obj).Method(i).Name) {
			return reflect.ValueOf(obj).Method(i).Call(nil)[0].Interface(), nil
		}
	}
	return nil, fmt.Errorf("nothing resolves %T.%s", obj, name)
}

// ok fails the test when the operation had an error.
func (w *world) ok(ctx context.Context, query string, vars ...any) object {
	w.Helper()
	got := w.ask(ctx, query, vars...)
	for _, f := range got.errs {
		w.Fatalf("%s: %v\n%s", f.path, f.err, query)
	}
	return got.data
}

// at follows names and indexes: "streets", "nodes", 0, "name".
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(object)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

func list(v any, path ...any) []any { return at(v, path...).([]any) }

func idOf(row any) string {
	switch row := row.(type) {
	case *Street:
		return core.ID{Type: "Street", Key: row.ID}.String()
	case *House:
		return core.ID{Type: "House", Key: row.ID}.String()
	}
	panic(row)
}
