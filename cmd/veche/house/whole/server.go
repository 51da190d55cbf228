//go:build whole

// Package whole is one plain gqlgen server with the whole schema: the core's, and what the plugins of this
// repository add to it, known when it was generated. It is what Veche with plugins is held against
// (TestOperationsWithPluginsAgainstAPlainServer), and of no use to anything else.
//
// The core's fields have graph's resolvers. A plugin's field is asked of the plugin by itself: one call for
// one field of one object, whose value gqlgen completes. It shares no code with plugins/fields, nor with
// graph's compiler: what it takes from there is the seam itself, fields.Plugin.
//
// Everything but the hand-written files comes from cmd/generate (whole.go there).
package whole

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/graph"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/fields"
)

// Server is the root of the resolvers.
type Server struct {
	core    graph.ResolverRoot
	sources func(context.Context) []*fields.Source
	calls   chan struct{}
}

// Options is what the house gives.
type Options struct {
	Core graph.ResolverRoot
	// Sources are the plugins that are enabled in the municipality of the request.
	Sources func(context.Context) []*fields.Source
	// May is nil when the caller holds the permission anywhere, and otherwise the refusal.
	May     func(ctx context.Context, permission string) error
	Present graphql.ErrorPresenterFunc
	Recover graphql.RecoverFunc
}

// mostCalls is how many calls of plugins are under way at once.
const mostCalls = 16

// New makes the server's handler, for POST alone. Whatever is put around it says who asks, where and in
// which language.
func New(o Options) http.Handler {
	s := &Server{core: o.Core, sources: o.Sources, calls: make(chan struct{}, mostCalls)}
	h := handler.New(NewExecutableSchema(Config{Resolvers: s, Directives: DirectiveRoot{
		Can: func(ctx context.Context, _ any, next graphql.Resolver, permission string) (any, error) {
			if err := o.May(ctx, permission); err != nil {
				return nil, err
			}
			return next(ctx)
		},
		Public: func(ctx context.Context, _ any, next graphql.Resolver) (any, error) { return next(ctx) },
	}}))
	h.AddTransport(transport.POST{})
	h.SetErrorPresenter(o.Present)
	h.SetRecoverFunc(o.Recover)
	return h
}

// owner is the plugin that has the field, and whether the plugin has a function for it.
func (s *Server) owner(ctx context.Context, coordinate string) (*fields.Source, bool) {
	for _, source := range s.sources(ctx) {
		if source.Functions[coordinate] {
			return source, true
		}
	}
	return nil, false
}

// ask calls the plugin's function for one object; parent is nil at the root.
func (s *Server) ask(ctx context.Context, of fields.Plugin, parent map[string]any) (any, error) {
	at := graphql.GetFieldContext(ctx)
	given := at.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	for _, def := range at.Field.Definition.Arguments {
		if v, ok := given[def.Name]; ok {
			given[def.Name] = input(v, def.Type)
		}
	}
	arguments, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	call := &contract.FieldCall{Type: at.Object, Field: at.Field.Name, Arguments: arguments}
	if parent != nil {
		text, err := json.Marshal(parent)
		if err != nil {
			return nil, err
		}
		call.Parents = [][]byte{text}
	}
	s.calls <- struct{}{}
	results, err := of.Resolve(ctx, []*contract.FieldCall{call}, false)
	<-s.calls
	if err != nil {
		return nil, err
	}
	item := results[0].Items[0]
	if item.Error != nil {
		return nil, refusal(item.Error)
	}
	return parse(item.Value)
}

// refusal is a plugin's error as docs/plugins say that clients are told it: five codes are the plugin's to
// say, in its words; anything else is PLUGIN_ERROR.
func refusal(e *contract.Error) error {
	switch code := core.Code(e.Code); code {
	case core.CodeBadUserInput, core.CodeNotFound, core.CodeConflict, core.CodeForbidden, core.CodeUnauthenticated:
		return &core.Error{Code: code, Text: core.T(e.Message, e.Message), Path: e.Path}
	}
	return &core.Error{Code: core.CodePluginError, Text: core.T("The plugin failed.", "Расширение дало сбой.")}
}

// input is an argument's value as GraphQL coerces it (section 3.11): one value stands for a list of it. No
// field of these plugins that reads takes an object.
func input(v any, t *ast.Type) any {
	if v == nil || t.Elem == nil {
		return v
	}
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice {
		list = reflect.ValueOf([]any{v})
	}
	out := make([]any, list.Len())
	for i := range out {
		out[i] = input(list.Index(i).Interface(), t.Elem)
	}
	return out
}
