package graph

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
)

// nodes is a part that has gqlgen read objects of one type by their ids, where not all that is
// selected of them is declared: one operation a round, under the caller's rights like any other.
type nodes struct {
	schema *compiled
	typ    string
	set    ast.SelectionSet
	slots  []extension.Slot
}

// mostNodes is how many objects one operation reads (the reader's own bound).
const mostNodes = 1000

// Fill reads the objects that are wanted, each once.
func (n *nodes) Fill(wanted []*extension.Wanted) {
	var ids []core.ID
	for _, w := range wanted {
		if id := w.Parent.(core.ID); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for some := range slices.Chunk(ids, mostNodes) {
		found, errs := n.read(wanted[0].Context, some)
		for _, w := range wanted {
			at := slices.Index(some, w.Parent.(core.ID))
			if at < 0 {
				continue
			}
			w.JSON = append(slices.Clone(w.Before), found[at]...)
			w.Null = string(found[at]) == "null"
			for _, e := range errs {
				switch {
				case len(e.Path) < 2: // of the operation as a whole
					w.Errors = append(w.Errors, &extension.Error{Path: w.Path, Field: e.Field, Err: e.Err})
				case e.Path[1] == ast.PathIndex(at):
					w.Errors = append(w.Errors, &extension.Error{Path: slices.Concat(w.Path, e.Path[2:]), Field: e.Field, Err: e.Err})
				}
			}
		}
	}
}

// read runs the operation, and gives a value for each id; errors have paths nodes, index, ….
func (n *nodes) read(ctx context.Context, ids []core.ID) ([]json.RawMessage, []*extension.Error) {
	query := parsedSchema.Types["Query"]
	list := &ast.Value{Kind: ast.ListValue}
	for _, id := range ids {
		list.Children = append(list.Children, &ast.ChildValue{Value: &ast.Value{Kind: ast.StringValue, Raw: id.String()}})
	}
	field := &ast.Field{
		Alias: "nodes", Name: "nodes", Definition: query.Fields.ForName("nodes"), ObjectDefinition: query, Position: &ast.Position{},
		Arguments:    ast.ArgumentList{{Name: "ids", Value: list}},
		SelectionSet: ast.SelectionSet{&ast.InlineFragment{TypeCondition: n.typ, SelectionSet: n.set, ObjectDefinition: parsedSchema.Types["Node"]}},
	}
	p := &plan{operation: &ast.OperationDefinition{Operation: ast.Query, SelectionSet: ast.SelectionSet{field}}, slots: n.slots}
	ctx = graphql.WithFreshResponseContext(ctx)
	answer := p.resolve(ctx, n.schema, graphql.GetOperationContext(ctx))(ctx)
	found := make([]json.RawMessage, len(ids))
	for i := range found {
		found[i] = json.RawMessage("null")
	}
	var data struct{ Nodes []json.RawMessage }
	if answer != nil && json.Unmarshal(answer.Data, &data) == nil && len(data.Nodes) == len(ids) {
		found = data.Nodes
	}
	return found, n.errors(ctx)
}

// errors are those that gqlgen noted, from the operation's own root: where the objects are wanted below
// a field, gqlgen puts its path before theirs.
func (*nodes) errors(ctx context.Context) []*extension.Error {
	var all []*extension.Error
	outer := len(graphql.GetPath(ctx))
	for _, e := range graphql.GetErrors(ctx) {
		e.Path = e.Path[min(outer, len(e.Path)):]
		one := &extension.Error{Path: e.Path, Err: e}
		if len(e.Locations) > 0 {
			one.Field = &ast.Position{Line: e.Locations[0].Line, Column: e.Locations[0].Column}
		}
		all = append(all, one)
	}
	return all
}
