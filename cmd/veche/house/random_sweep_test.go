package house_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// sweep asks, before anything random, for every field of every type, of objects that hold
// something there; and for what stands alone at the root, as every caller. So that no field is
// compared as null only.
func (r *referee) sweep() {
	schema := r.generator.Schema()
	for _, def := range schema.PossibleTypes["Node"] {
		ids := slices.Compact(slices.Sorted(slices.Values(r.pool.IDs[def.Name])))
		if len(ids) == 0 {
			r.t.Errorf("there is no %s to ask for", def.Name)
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			for some := range slices.Chunk(ids, 60) {
				r.ask(caller{login: r.admin}, fmt.Sprintf(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on %s { id %s } } }`, def.Name, whole(schema, f, 4)), map[string]any{"ids": some})
			}
		}
	}
	for _, f := range schema.Query.Fields {
		if strings.HasPrefix(f.Name, "__") || slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool {
			return a.Type.NonNull && a.DefaultValue == nil
		}) {
			continue
		}
		for _, c := range r.callers {
			levels := 3
			if f.Arguments.ForName("first") != nil && c.login != r.admin { // some lists only their owner sees
				levels = 2
			}
			r.ask(c, "{ "+whole(schema, f, levels)+" }", nil)
		}
	}
	r.sweepSlips(schema)
	r.ask(caller{login: r.admin}, `{ indicators(from: "2012-01-01", to: "2012-12-31") { `+wholeOf(schema, schema.Types["Indicator"], 4)+` } }`, nil)
}

func (r *referee) ask(by caller, text string, variables map[string]any) {
	op, err := r.generator.Parse(text, variables)
	must(r.t, err)
	r.compare(question{op: op, by: by, language: "ru"})
}

// whole is a field with all below it, that many levels down; objects below an object by their ids.
func whole(schema *ast.Schema, f *ast.FieldDefinition, levels int) string {
	args := ""
	def := schema.Types[f.Type.Name()]
	if f.Arguments.ForName("first") != nil {
		args = "(first: 2)"
		if node := def.Fields.ForName("nodes"); node != nil && !slices.Contains(schema.Types[node.Type.Name()].Interfaces, "Node") {
			args = "(first: 50)" // which nothing else leads to
		}
	}
	switch {
	case def.IsLeafType():
		return f.Name + args
	case def.IsAbstractType() || slices.Contains(def.Interfaces, "Node") && f.Name != "personal":
		return f.Name + args + " { __typename id }"
	}
	return f.Name + args + " { " + wholeOf(schema, def, levels-1) + " }"
}

func wholeOf(schema *ast.Schema, def *ast.Definition, levels int) string {
	fields := []string{"__typename"}
	for _, f := range def.Fields {
		if leaf := schema.Types[f.Type.Name()].IsLeafType(); !strings.HasPrefix(f.Name, "__") && (leaf || levels > 0) {
			fields = append(fields, whole(schema, f, levels))
		}
	}
	return strings.Join(fields, " ")
}
