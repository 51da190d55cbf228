package randomop

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Shrink is an operation with parts taken away as long as what is left is valid and differs still.
// The one given stays as it is: others may be asking it.
func (g *Generator) Shrink(given *Operation, differs func(*Operation) bool) *Operation {
	document, err := gqlparser.LoadQueryWithRules(g.schema, given.Text(), rules.NewDefaultRules())
	if err != nil {
		return given
	}
	op := &Operation{Document: document, Variables: maps.Clone(given.Variables), Wrong: given.Wrong, Uses: given.Uses}
	for again := true; again; {
		again = false
		for _, set := range sets(op) {
			for i := len(*set) - 1; i >= 0; i-- {
				again = g.without(op, set, i, differs) || again
			}
		}
		for _, f := range fieldsBelow(op) {
			for i := len(f.Arguments) - 1; i >= 0; i-- {
				again = withoutPart(g, op, (*[]*ast.Argument)(&f.Arguments), i, differs) || again
			}
			for i := len(f.Directives) - 1; i >= 0; i-- {
				again = withoutPart(g, op, (*[]*ast.Directive)(&f.Directives), i, differs) || again
			}
		}
	}
	op.prune()
	return op
}

// without leaves out a selection, or puts what is below a fragment in its place.
func (g *Generator) without(op *Operation, set *ast.SelectionSet, i int, differs func(*Operation) bool) bool {
	before := *set
	if len(before) > 1 {
		*set = slices.Delete(slices.Clone(before), i, i+1)
		if g.still(op, differs) {
			return true
		}
	}
	var below ast.SelectionSet
	switch selection := before[i].(type) {
	case *ast.InlineFragment:
		below = selection.SelectionSet
	case *ast.FragmentSpread:
		below = selection.Definition.SelectionSet
	}
	if below != nil {
		*set = slices.Replace(slices.Clone(before), i, i+1, below...)
		if g.still(op, differs) {
			return true
		}
	}
	*set = before
	return false
}

// withoutPart leaves out an argument or a directive.
func withoutPart[T any](g *Generator, op *Operation, all *[]T, i int, differs func(*Operation) bool) bool {
	before := *all
	*all = slices.Delete(slices.Clone(before), i, i+1)
	if g.still(op, differs) {
		return true
	}
	*all = before
	return false
}

// still asks whether the operation, less what it no longer uses, is valid and differs; it is left
// as it was unless both hold.
func (g *Generator) still(op *Operation, differs func(*Operation) bool) bool {
	less := op.less()
	if _, err := gqlparser.LoadQueryWithRules(g.schema, less.Text(), rules.NewDefaultRules()); err != nil {
		return false
	}
	return differs(less)
}

// less is the operation without what it does not use.
func (o *Operation) less() *Operation {
	operation := *o.Document.Operations[0]
	c := *o
	c.Document = &ast.QueryDocument{Operations: ast.OperationList{&operation}, Fragments: o.Document.Fragments}
	c.Variables = maps.Clone(o.Variables)
	c.prune()
	return &c
}

// sets are all selection sets of an operation.
func sets(op *Operation) (all []*ast.SelectionSet) {
	var visit func(set *ast.SelectionSet)
	visit = func(set *ast.SelectionSet) {
		if len(*set) > 0 {
			all = append(all, set)
		}
		for _, selection := range *set {
			switch selection := selection.(type) {
			case *ast.Field:
				visit(&selection.SelectionSet)
			case *ast.InlineFragment:
				visit(&selection.SelectionSet)
			}
		}
	}
	visit(&op.Document.Operations[0].SelectionSet)
	for _, f := range op.Document.Fragments {
		visit(&f.SelectionSet)
	}
	return all
}

func fieldsBelow(op *Operation) (all []*ast.Field) {
	for _, set := range sets(op) {
		for _, selection := range *set {
			if f, ok := selection.(*ast.Field); ok {
				all = append(all, f)
			}
		}
	}
	return all
}
