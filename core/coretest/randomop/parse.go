package randomop

import (
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Parse makes an operation of a text that somebody wrote, and counts it among what was asked.
func (g *Generator) Parse(text string, variables map[string]any) (*Operation, error) {
	document, err := gqlparser.LoadQueryWithRules(g.schema, text, rules.NewDefaultRules())
	if err != nil {
		return nil, err
	}
	op := &Operation{Document: document, Variables: variables, Uses: map[string]bool{}}
	op.count(document.Operations[0].SelectionSet)
	for _, f := range document.Fragments {
		op.count(f.SelectionSet)
	}
	for coordinate := range op.Uses {
		g.Coverage.asked[coordinate]++
		g.fed(coordinate)
	}
	return op, nil
}

// count notes the fields and arguments of a set.
func (o *Operation) count(set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			coordinate := selection.ObjectDefinition.Name + "." + selection.Name
			o.Uses[coordinate] = true
			for _, a := range selection.Arguments {
				o.Uses[coordinate+"("+a.Name+":)"] = true
			}
			o.count(selection.SelectionSet)
		case *ast.InlineFragment:
			o.count(selection.SelectionSet)
		}
	}
}
