package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// words is the schema as the modules wrote it, and what follows from it.
type words struct {
	types  map[string]*ast.Definition
	pages  map[string]string // object that is paged over → its module's folder
	source *ast.Source       // the injected part
}

// inject reads the modules' sources and writes the types that they name but need not spell out:
// XConnection with XEdge, XPayload, XFilter of an enum X, XOrder of an enum XOrderField.
func inject(sources []*ast.Source) (*words, error) {
	doc, err := parser.ParseSchemas(sources...)
	if err != nil {
		return nil, err
	}
	w := &words{types: map[string]*ast.Definition{}, pages: map[string]string{}}
	for _, def := range doc.Definitions {
		w.types[def.Name] = def
	}
	var out strings.Builder
	for _, name := range w.missing(append(doc.Definitions, doc.Extensions...)) {
		text, err := w.write(name)
		if err != nil {
			return nil, err
		}
		out.WriteString(text)
	}
	out.WriteString(w.slots())
	w.source = &ast.Source{Name: injected, Input: out.String()}
	return w, nil
}

// injected names the source of what is written here; it lies in no folder, since it is no file.
const injected = "injected.graphqls"

var builtin = []string{"Int", "Float", "String", "Boolean", "ID"}

// missing are the names that fields and arguments use and nobody defines, in order.
func (w *words) missing(defs ast.DefinitionList) []string {
	found := map[string]bool{}
	note := func(t *ast.Type) {
		if name := t.Name(); w.types[name] == nil && !slices.Contains(builtin, name) {
			found[name] = true
		}
	}
	for _, def := range defs {
		for _, f := range def.Fields {
			note(f.Type)
			for _, arg := range f.Arguments {
				note(arg.Type)
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (w *words) write(name string) (string, error) {
	for suffix, write := range map[string]func(of string) string{
		"Connection": w.connection, "Payload": w.payload, "Filter": w.filter, "Order": w.order,
	} {
		if of, ok := strings.CutSuffix(name, suffix); ok {
			if text := write(of); text != "" {
				return text, nil
			}
		}
	}
	return "", fmt.Errorf("type %s is used but not defined, and does not follow from another type's name", name)
}

func (w *words) is(name string, kind ast.DefinitionKind) bool {
	return w.types[name] != nil && w.types[name].Kind == kind
}

func (w *words) connection(of string) string {
	if !w.is(of, ast.Object) {
		return ""
	}
	w.pages[of] = filepath.Dir(w.types[of].Position.Src.Name)
	return fmt.Sprintf(`
"A page of a list of %[1]s."
type %[1]sConnection {
  edges: [%[1]sEdge!]!
  "The same as the edges' nodes, for those who need no cursor at each."
  nodes: [%[1]s!]!
  pageInfo: PageInfo!
  "How many there are in the whole list; counted only when asked."
  totalCount: Int!
}

type %[1]sEdge {
  "Where this one stands in the list."
  cursor: String!
  node: %[1]s!
}
`, of)
}

func (w *words) payload(of string) string {
	if !w.is(of, ast.Object) {
		return ""
	}
	field := strings.ToLower(of[:1]) + of[1:]
	return fmt.Sprintf(`
type %[1]sPayload {
  "As it is now; null when nothing was changed."
  %[2]s: %[1]s
  "What stood against it, for a form; empty when it was done."
  userErrors: [UserError!]!
  clientMutationId: String
  _extension(slot: Int!): Extension
}
`, of, field)
}

func (w *words) filter(of string) string {
	if !w.is(of, ast.Enum) {
		return ""
	}
	return fmt.Sprintf(`
"Each condition that is given must hold."
input %[1]sFilter {
  eq: %[1]s
  in: [%[1]s!]
  notIn: [%[1]s!]
}
`, of)
}

func (w *words) order(of string) string {
	if !w.is(of+"OrderField", ast.Enum) {
		return ""
	}
	return fmt.Sprintf(`
input %[1]sOrder {
  field: %[1]sOrderField!
  direction: OrderDirection! = ASC
}
`, of)
}

// slots is the hidden field through which parts of an operation that gqlgen does not resolve join
// its answer: in the generated schema it is in every root, every object with an id, and every other
// one that shows such an object, and left out of every schema that is served. (A subscription's own
// slot is a stream and comes with the plugins that have one.)
func (w *words) slots() string {
	var out strings.Builder
	out.WriteString("\nscalar Extension\n")
	for _, name := range slices.Sorted(maps.Keys(w.types)) {
		if def := w.types[name]; name == "Query" || name == "Mutation" || !isRoot(name) && def.Kind == ast.Object && w.joins(def) {
			fmt.Fprintf(&out, "extend type %s { _extension(slot: Int!): Extension }\n", name)
		}
	}
	return out.String()
}

// joins says whether the object has an id, or may show one that has.
func (w *words) joins(def *ast.Definition) bool {
	return w.hasID(def) || slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool {
		return !f.Type.NonNull && f.Type.Elem == nil && (f.Type.Name() == "Node" || w.hasID(w.types[f.Type.Name()]))
	})
}

func (w *words) hasID(def *ast.Definition) bool {
	return def != nil && slices.Contains(def.Interfaces, "Node")
}

func isRoot(name string) bool { return name == "Query" || name == "Mutation" || name == "Subscription" }
