package randomop

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// prune takes away fragments and variables that nothing uses, which would be invalid.
func (o *Operation) prune() {
	operation := o.Document.Operations[0]
	fragments, variables := map[string]bool{}, map[string]bool{}
	o.used(operation.SelectionSet, fragments, variables)
	o.Document.Fragments = slices.DeleteFunc(slices.Clone(o.Document.Fragments), func(f *ast.FragmentDefinition) bool { return !fragments[f.Name] })
	operation.VariableDefinitions = slices.DeleteFunc(slices.Clone(operation.VariableDefinitions), func(v *ast.VariableDefinition) bool { return !variables[v.Variable] })
	for name := range o.Variables {
		if !variables[name] {
			delete(o.Variables, name)
		}
	}
}

func (o *Operation) used(set ast.SelectionSet, fragments, variables map[string]bool) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			for _, a := range selection.Arguments {
				variablesOf(a.Value, variables)
			}
			directiveVariables(selection.Directives, variables)
			o.used(selection.SelectionSet, fragments, variables)
		case *ast.InlineFragment:
			directiveVariables(selection.Directives, variables)
			o.used(selection.SelectionSet, fragments, variables)
		case *ast.FragmentSpread:
			directiveVariables(selection.Directives, variables)
			if !fragments[selection.Name] {
				fragments[selection.Name] = true
				o.used(selection.Definition.SelectionSet, fragments, variables)
			}
		}
	}
}

func directiveVariables(all ast.DirectiveList, variables map[string]bool) {
	for _, d := range all {
		for _, a := range d.Arguments {
			variablesOf(a.Value, variables)
		}
	}
}

func variablesOf(v *ast.Value, variables map[string]bool) {
	if v.Kind == ast.Variable {
		variables[v.Raw] = true
	}
	for _, child := range v.Children {
		variablesOf(child.Value, variables)
	}
}
