package randomop_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core/coretest/randomop"
)

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../../../graph/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, err := gqlparser.LoadSchema(&ast.Source{Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	if s.Query == nil || s.Mutation == nil {
		t.Fatal("graph/schema.graphql holds no schema: make generate")
	}
	return s
}

func pool(s *ast.Schema) *randomop.Pool {
	p := &randomop.Pool{IDs: map[string][]string{}, Cursors: map[string][]string{}, Numbers: map[string][]float64{"longitude": {95.7}}, Texts: map[string][]string{
		"search": {"образцов", "совет"}, "Date": {"2012-12-31"}, "DateTime": {"2012-12-31T00:00:00Z"}, "GeoJSON": {"shape"}, "Upload": {"file"}}}
	for _, def := range s.PossibleTypes["Node"] {
		p.IDs[def.Name] = []string{def.Name + "-1", def.Name + "-2"}
	}
	for _, def := range s.Types {
		for _, f := range def.Fields {
			p.Cursors[def.Name+"."+f.Name] = []string{"c"}
		}
	}
	return p
}

// Every operation is valid, small enough for the door, and together they reach everything.
func TestOperationsAreValidAndReachTheWholeSchema(t *testing.T) {
	s := schema(t)
	g, again := randomop.New(s, pool(s), 1), randomop.New(s, pool(s), 1)
	kinds := map[string]int{}
	for n := range 8000 {
		op := g.Query(nil)
		text := op.Text()
		if same := again.Query(nil).Text(); same != text {
			t.Fatalf("operation %d differs with the same seed:\n%s\n%s", n, text, same)
		}
		document, err := gqlparser.LoadQuery(s, text)
		if err != nil {
			t.Fatalf("operation %d: %v\n%s", n, err, text)
		}
		look(document, op, kinds)
		if depth := depthOf(document.Operations[0].SelectionSet); depth > 15 {
			t.Errorf("operation %d is %d levels deep:\n%s", n, depth, text)
		}
	}
	t.Log(g.Report("Query"), kinds)
	if missing, _ := g.Missing("Query"); len(missing) > 0 {
		t.Errorf("never asked: %s", strings.Join(missing, ", "))
	}
	for _, kind := range []string{"fragment used twice", "alias id", "merged", "bare inline fragment", "skip", "include", "default", "null", "absent", "variable in an object", "object variable", "list variable", "wrong", "deep"} {
		if kinds[kind] < 5 {
			t.Errorf("%s: only %d times in 8,000", kind, kinds[kind])
		}
	}
}

func TestMutationsAreValid(t *testing.T) {
	s := schema(t)
	g := randomop.New(s, pool(s), 2)
	for range 10 {
		for _, f := range s.Mutation.Fields {
			text := g.Mutation(f.Name, nil).Text()
			if _, err := gqlparser.LoadQuery(s, text); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
		}
	}
	t.Log(g.Report("Mutation"))
}

// What is avoided is nowhere, neither by its field nor by its type.
func TestAvoid(t *testing.T) {
	s := schema(t)
	g := randomop.New(s, pool(s), 3)
	for range 1000 {
		op := g.Query(func(c string) bool { return c == "Person.personal" || c == "PersonalData" || c == "Query.persons" })
		if text := op.Text(); strings.Contains(text, "on PersonalData ") || op.Uses["Person.personal"] || op.Uses["Query.persons"] {
			t.Fatal(text)
		}
	}
}

// Shrinking leaves the part by which an operation differs, and little else.
func TestShrink(t *testing.T) {
	s := schema(t)
	g := randomop.New(s, pool(s), 4)
	differs := func(op *randomop.Operation) bool {
		text := op.Text()
		return strings.Contains(text, "memberCount") && !strings.Contains(text, "memberCount:")
	}
	for shrunk := 0; shrunk < 5; {
		op := g.Query(nil)
		if !differs(op) {
			continue
		}
		op = g.Shrink(op, differs)
		if text := op.Text(); !differs(op) || len(strings.Fields(text)) > 45 {
			t.Errorf("not shrunk:\n%s", text)
		}
		shrunk++
	}
}

// look counts the kinds of things that the operation shows.
func look(document *ast.QueryDocument, op *randomop.Operation, kinds map[string]int) {
	spreads := map[string]int{}
	var visit func(set ast.SelectionSet)
	visit = func(set ast.SelectionSet) {
		names := map[string]bool{}
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				if selection.Alias == "id" && selection.Name != "id" {
					kinds["alias id"]++
				}
				if names[selection.Alias] && len(selection.SelectionSet) > 0 {
					kinds["merged"]++
				}
				names[selection.Alias] = true
				for _, d := range selection.Directives {
					kinds[d.Name]++
				}
				if slices.ContainsFunc(selection.Arguments, func(a *ast.Argument) bool { return strings.Contains(a.Value.String(), ":$") }) {
					kinds["variable in an object"]++
				}
				visit(selection.SelectionSet)
			case *ast.InlineFragment:
				if selection.TypeCondition == "" {
					kinds["bare inline fragment"]++
				}
				visit(selection.SelectionSet)
			case *ast.FragmentSpread:
				if spreads[selection.Name]++; spreads[selection.Name] == 2 {
					kinds["fragment used twice"]++
				}
			}
		}
	}
	visit(document.Operations[0].SelectionSet)
	for _, f := range document.Fragments {
		visit(f.SelectionSet)
	}
	for _, v := range document.Operations[0].VariableDefinitions {
		given, ok := op.Variables[v.Variable]
		_, object := given.(map[string]any)
		_, list := given.([]any)
		for kind, is := range map[string]bool{"default": v.DefaultValue != nil, "absent": !ok && v.DefaultValue == nil, "null": ok && given == nil, "object variable": object, "list variable": list} {
			if is {
				kinds[kind]++
			}
		}
	}
	if op.Wrong {
		kinds["wrong"]++
	}
	if depthOf(document.Operations[0].SelectionSet) >= 9 {
		kinds["deep"]++
	}
}

// depthOf counts levels of fields with fragments laid open.
func depthOf(set ast.SelectionSet) (deepest int) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			deepest = max(deepest, 1+depthOf(selection.SelectionSet))
		case *ast.InlineFragment:
			deepest = max(deepest, depthOf(selection.SelectionSet))
		case *ast.FragmentSpread:
			deepest = max(deepest, depthOf(selection.Definition.SelectionSet))
		}
	}
	return deepest
}
