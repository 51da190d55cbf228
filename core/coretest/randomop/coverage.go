package randomop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Coverage counts what of the schema was asked, and which fields were answered by a value.
type Coverage struct {
	schema   *ast.Schema
	asked    map[string]int
	answered map[string]int
	hunger
}

func newCoverage(schema *ast.Schema) Coverage {
	return Coverage{schema, map[string]int{}, map[string]int{}, newHunger(schema)}
}

// Kinds of what can be covered.
var kinds = []string{"fields", "arguments", "input fields", "enum values"}

// Missing are the coordinates that can be reached from the root field Query or Mutation and were
// never asked, and those of fields that were asked and never answered by anything but null.
func (c *Coverage) Missing(root string) (asked, answered []string) {
	for coordinate, kind := range c.reachable(root) {
		switch {
		case c.asked[coordinate] == 0:
			asked = append(asked, coordinate)
		case kind == "fields" && c.answered[coordinate] == 0:
			answered = append(answered, coordinate)
		}
	}
	slices.Sort(asked)
	slices.Sort(answered)
	return asked, answered
}

// Answered is how often the field was answered by a value.
func (c *Coverage) Answered(coordinate string) int { return c.answered[coordinate] }

// Report says how much was reached: fields 312/312, arguments 97/97.
func (c *Coverage) Report(root string) string {
	all, reached, answered := map[string]int{}, map[string]int{}, 0
	for coordinate, kind := range c.reachable(root) {
		all[kind]++
		reached[kind] += min(1, c.asked[coordinate])
		if kind == "fields" {
			answered += min(1, c.answered[coordinate])
		}
	}
	parts := make([]string, len(kinds))
	for i, kind := range kinds {
		parts[i] = fmt.Sprintf("%s %d/%d", kind, reached[kind], all[kind])
	}
	return fmt.Sprintf("%s; fields answered by a value %d/%d", strings.Join(parts, ", "), answered, all["fields"])
}

// reachable are the coordinates below a root, with their kinds; introspection is not of interest.
func (c *Coverage) reachable(root string) map[string]string {
	found, seen := map[string]string{}, map[string]bool{}
	var visit func(def *ast.Definition)
	visit = func(def *ast.Definition) {
		if seen[def.Name] || strings.HasPrefix(def.Name, "__") {
			return
		}
		seen[def.Name] = true
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			found[def.Name+"."+f.Name] = "fields"
			if def.Kind == ast.InputObject {
				found[def.Name+"."+f.Name] = "input fields"
			}
			for _, a := range f.Arguments {
				found[def.Name+"."+f.Name+"("+a.Name+":)"] = "arguments"
				c.values(c.schema.Types[a.Type.Name()], found)
				visit(c.schema.Types[a.Type.Name()])
			}
			if def.Kind == ast.InputObject {
				c.values(c.schema.Types[f.Type.Name()], found)
			}
			visit(c.schema.Types[f.Type.Name()])
		}
		for _, object := range c.schema.PossibleTypes[def.Name] {
			visit(object)
		}
	}
	visit(c.schema.Types[root])
	return found
}

// values are those of an enum that is taken as input.
func (c *Coverage) values(def *ast.Definition, found map[string]string) {
	for _, v := range def.EnumValues {
		found[def.Name+"."+v.Name] = "enum values"
	}
}

// Saw counts what an answer's data holds.
func (c *Coverage) Saw(op *Operation, data any) {
	operation := op.Document.Operations[0]
	root := cmp.Or(map[ast.Operation]*ast.Definition{ast.Mutation: c.schema.Mutation}[operation.Operation], c.schema.Query)
	c.see(root, operation.SelectionSet, data)
}

// see counts fields of an object of a known type; one seen as an interface is known by its
// __typename, and passed over without it.
func (c *Coverage) see(on *ast.Definition, set ast.SelectionSet, data any) {
	if list, ok := data.([]any); ok {
		for _, element := range list {
			c.see(on, set, element)
		}
		return
	}
	object, ok := data.(map[string]any)
	if !ok {
		return
	}
	if on.IsAbstractType() {
		name, _ := object[typename].(string)
		if on = c.schema.Types[name]; on == nil {
			return
		}
	}
	for _, f := range fieldsAs(c.schema, set, on) {
		value := object[f.Alias]
		if value == nil || f.Name == typename {
			continue
		}
		c.answered[f.ObjectDefinition.Name+"."+f.Name]++
		c.answered[on.Name+"."+f.Name]++
		c.see(c.schema.Types[f.Definition.Type.Name()], f.SelectionSet, value)
	}
}

// fieldsAs are the fields of a set that an object of the type answers.
func fieldsAs(schema *ast.Schema, set ast.SelectionSet, on *ast.Definition) (all []*ast.Field) {
	holds := func(condition string) bool {
		return condition == "" || slices.Contains(possible(schema, schema.Types[condition]), on)
	}
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			all = append(all, selection)
		case *ast.InlineFragment:
			if holds(selection.TypeCondition) {
				all = append(all, fieldsAs(schema, selection.SelectionSet, on)...)
			}
		case *ast.FragmentSpread:
			if holds(selection.Definition.TypeCondition) {
				all = append(all, fieldsAs(schema, selection.Definition.SelectionSet, on)...)
			}
		}
	}
	return all
}
