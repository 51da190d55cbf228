package graph

import (
	"os"
	"path"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	gqlparser "github.com/vektah/gqlparser/v2"
)

// Deny by default: a root field says which permission it asks for, or that it asks for none.
func TestEveryRootFieldSaysWhoMay(t *testing.T) {
	for _, root := range []*ast.Definition{parsedSchema.Query, parsedSchema.Mutation, parsedSchema.Subscription} {
		for _, f := range root.Fields {
			if f.Name == hidden || strings.HasPrefix(f.Name, "__") {
				continue
			}
			can, public := f.Directives.ForName("can"), f.Directives.ForName("public")
			if (can == nil) == (public == nil) {
				t.Errorf("%s.%s needs @can or @public, and not both", root.Name, f.Name)
			}
		}
	}
}

// What other people read of the schema are its descriptions.
func TestEverythingIsDescribed(t *testing.T) {
	s := without(parsedSchema, nil)
	for _, root := range []*ast.Definition{s.Query, s.Mutation, s.Subscription} {
		for _, f := range root.Fields {
			if f.Description == "" && !strings.HasPrefix(f.Name, "__") {
				t.Errorf("%s.%s has no description", root.Name, f.Name)
			}
		}
	}
}

// The schema that code generators take is the one that is served.
func TestSchemaFileIsFresh(t *testing.T) {
	file, err := os.ReadFile("schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	if string(file) != SDL() {
		t.Error("graph/schema.graphql is stale: run make generate")
	}
	if _, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(file)}); err != nil {
		t.Error(err)
	}
}

func TestTheSlotIsInNoServedSchema(t *testing.T) {
	if strings.Contains(SDL(), hidden) || strings.Contains(SDL(), "scalar Extension") {
		t.Error("the hidden field shows")
	}
	if parsedSchema.Query.Fields.ForName(hidden) == nil || parsedSchema.Types["Council"].Fields.ForName(hidden) == nil {
		t.Error("the hidden field is not there")
	}
}

// A module that is switched off is gone: its fields and types, its fields on others' types, and
// what only it led to. What it needs stays, and the rest still holds together.
func TestAModuleSwitchedOffIsGone(t *testing.T) {
	s := without(parsedSchema, []string{"councils"})
	for _, query := range []string{
		`{ councils { totalCount } }`, `{ districts { nodes { councils { totalCount } } } }`, `{ node(id: "x") { ... on Council { id } } }`,
		`mutation { createCouncil { userErrors { code } } }`, `subscription { councilChanged { eventId } }`,
	} {
		if errs := validate(t, s, query); len(errs) == 0 {
			t.Errorf("%s is still valid", query)
		}
	}
	if errs := validate(t, s, `{ districts { nodes { name } } persons { nodes { name } } }`); len(errs) > 0 {
		t.Error(errs)
	}
	for name, def := range s.Types {
		if strings.HasPrefix(name, "Council") || strings.HasPrefix(name, "Membership") {
			t.Errorf("type %s is still there", name)
		}
		for _, f := range def.Fields {
			if s.Types[f.Type.Name()] == nil {
				t.Errorf("%s.%s leads to %s, which is gone", name, f.Name, f.Type.Name())
			}
		}
	}
	var streaming []string
	for _, f := range parsedSchema.Subscription.Fields {
		streaming = append(streaming, strings.TrimSuffix(path.Base(f.Position.Src.Name), ".graphqls"))
	}
	if s := without(parsedSchema, streaming); s.Subscription != nil {
		t.Error("a root without fields is still there")
	}
}

func validate(t *testing.T, s *ast.Schema, query string) gqlerror.List {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatal(err)
	}
	return validator.ValidateWithRules(s, doc, nil)
}
