package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const townSDL = `
"What can be asked of the test town."
type Query {
	hello(name: String): String!
	person(id: ID!): Person
	people(first: Int = 10): [Person!]!
	failures(count: Int!): [String]
	slow: String
	panic: String
	echo(text: String, data: Data): String
}
type Person { id: ID! name: String! friends(first: Int = 10): [Person!]! }
type Mutation { rename(input: RenameInput!): String! }
input RenameInput { id: ID!, name: String! }
type Subscription { ticks(to: Int!): Int! forever: Int! }
scalar Data
`

// town is a hand-made executable schema: it interprets operations as gqlgen's generated code executes them, with gqlgen's own
// field collection, paths and error list, and answers introspection.
type town struct {
	schema  *ast.Schema
	fields  map[string]func(ctx context.Context, args map[string]any) (any, error)
	renamed atomic.Int64
}

func newTown() *town {
	s := &town{schema: gqlparser.MustLoadSchema(&ast.Source{Name: "town", Input: townSDL})}
	people := func(context.Context, map[string]any) (any, error) {
		return []any{map[string]any{"id": "1", "name": "Анна"}, map[string]any{"id": "2", "name": "Boris"}}, nil
	}
	s.fields = map[string]func(context.Context, map[string]any) (any, error){
		"Query.hello": func(_ context.Context, args map[string]any) (any, error) {
			return fmt.Sprint("hello ", args["name"]), nil
		},
		"Query.person": func(context.Context, map[string]any) (any, error) {
			return map[string]any{"id": "1", "name": "Анна"}, nil
		},
		"Query.people":   people,
		"Query.echo":     func(_ context.Context, args map[string]any) (any, error) { return args["text"], nil },
		"Query.slow":     func(ctx context.Context, _ map[string]any) (any, error) { <-ctx.Done(); return nil, ctx.Err() },
		"Query.panic":    func(context.Context, map[string]any) (any, error) { panic("secret detail") },
		"Query.failures": fail,
		"Person.friends": people,
		"Mutation.rename": func(context.Context, map[string]any) (any, error) {
			return fmt.Sprint("renamed ", s.renamed.Add(1)), nil
		},
		"Query.__schema": func(context.Context, map[string]any) (any, error) { return introspection.WrapSchema(s.schema), nil },
		"Query.__type": func(_ context.Context, args map[string]any) (any, error) {
			return introspection.WrapTypeFromDef(s.schema, s.schema.Types[args["name"].(string)]), nil
		},
	}
	return s
}

func fail(ctx context.Context, args map[string]any) (any, error) {
	count, err := graphql.UnmarshalInt(args["count"])
	for i := range count {
		graphql.AddError(ctx, fmt.Errorf("secret failure %d", i))
	}
	return nil, err
}

func (s *town) Schema() *ast.Schema { return s.schema }

func (s *town) Complexity(_ context.Context, object, field string, child int, args map[string]any) (int, bool) {
	if field != "people" && field != "friends" {
		return 0, false
	}
	first, err := graphql.UnmarshalInt(args["first"])
	return 1 + first*child, err == nil
}

func (s *town) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	switch operation.Operation.Operation {
	case ast.Query:
		return s.once(s.schema.Query)
	case ast.Mutation:
		return s.once(s.schema.Mutation)
	}
	field := graphql.CollectFields(operation, operation.Operation.SelectionSet, nil)[0]
	count, limit := 0, -1
	if to, ok := field.ArgumentMap(operation.Variables)["to"]; ok {
		limit, _ = graphql.UnmarshalInt(to)
	}
	return func(ctx context.Context) *graphql.Response {
		if count++; limit >= 0 && count > limit {
			return nil
		}
		if limit < 0 && count > 1 {
			<-ctx.Done()
			return nil
		}
		return &graphql.Response{Data: fmt.Appendf(nil, `{%q:%d}`, field.Alias, count)}
	}
}

func (s *town) once(root *ast.Definition) graphql.ResponseHandler {
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		var out bytes.Buffer
		s.object(ctx, &out, root, graphql.GetOperationContext(ctx).Operation.SelectionSet, map[string]any{})
		return &graphql.Response{Data: out.Bytes()}
	}
}

func (s *town) object(ctx context.Context, out *bytes.Buffer, definition *ast.Definition, set ast.SelectionSet, value any) {
	separator := "{"
	for _, field := range graphql.CollectFields(graphql.GetOperationContext(ctx), set, []string{definition.Name}) {
		fmt.Fprintf(out, "%s%q:", separator, field.Alias)
		separator = ","
		s.field(graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: definition.Name, Field: field}), out, definition, field, value)
	}
	out.WriteString("}")
}

func (s *town) field(ctx context.Context, out *bytes.Buffer, definition *ast.Definition, field graphql.CollectedField, parent any) {
	if field.Name == "__typename" {
		fmt.Fprintf(out, "%q", definition.Name)
		return
	}
	operation := graphql.GetOperationContext(ctx)
	if strings.HasPrefix(field.Name, "__") && operation.DisableIntrospection {
		graphql.AddError(ctx, errors.New("introspection disabled"))
		out.WriteString("null")
		return
	}
	value, err := s.resolve(ctx, definition, field, parent)
	if err != nil {
		graphql.AddError(ctx, err)
	}
	s.value(ctx, out, field.Definition.Type, field, value)
}

func (s *town) resolve(ctx context.Context, definition *ast.Definition, field graphql.CollectedField, parent any) (value any, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = graphql.GetOperationContext(ctx).Recover(ctx, panicked)
		}
	}()
	args := field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	if resolver, ok := s.fields[definition.Name+"."+field.Name]; ok {
		return resolver(ctx, args)
	}
	if values, ok := parent.(map[string]any); ok {
		return values[field.Name], nil
	}
	return reflected(parent, field.Name, args), nil
}

// reflected reads gqlgen's introspection types, whose fields and methods are the schema's in Go's spelling.
func reflected(parent any, name string, args map[string]any) any {
	goName := strings.ToUpper(name[:1]) + name[1:]
	if name == "specifiedByURL" {
		goName = "SpecifiedByURL"
	}
	value := reflect.ValueOf(parent)
	method := value.MethodByName(goName)
	if !method.IsValid() && value.Kind() == reflect.Struct {
		pointer := reflect.New(value.Type())
		pointer.Elem().Set(value)
		value, method = pointer, pointer.MethodByName(goName)
	}
	if !method.IsValid() {
		return reflect.Indirect(value).FieldByName(goName).Interface()
	}
	in := []reflect.Value{}
	if method.Type().NumIn() == 1 {
		deprecated, _ := args["includeDeprecated"].(bool)
		in = append(in, reflect.ValueOf(deprecated))
	}
	return method.Call(in)[0].Interface()
}

func (s *town) value(ctx context.Context, out *bytes.Buffer, kind *ast.Type, field graphql.CollectedField, value any) {
	reflectedValue := reflect.ValueOf(value)
	isNil := !reflectedValue.IsValid() || (reflectedValue.Kind() == reflect.Pointer && reflectedValue.IsNil())
	switch definition := s.schema.Types[kind.Name()]; {
	case isNil && kind.Elem == nil, isNil && !kind.NonNull:
		out.WriteString("null")
	case kind.Elem != nil:
		out.WriteString("[")
		for i := 0; !isNil && i < reflectedValue.Len(); i++ {
			if i > 0 {
				out.WriteString(",")
			}
			s.value(ctx, out, kind.Elem, field, reflectedValue.Index(i).Interface())
		}
		out.WriteString("]")
	case definition.Kind == ast.Object:
		s.object(ctx, out, definition, field.Selections, value)
	default:
		body, err := json.Marshal(value)
		if err != nil {
			graphql.AddError(ctx, err)
			body = []byte("null")
		}
		out.Write(body)
	}
}
