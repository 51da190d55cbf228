package randomop

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// scope is what the response names stand for at one place of an answer, whichever selection sets
// and fragments they come from.
type scope struct {
	schema *ast.Schema
	names  map[string]*entry
}

func newScope(schema *ast.Schema) scope { return scope{schema, map[string]*entry{}} }

type entry struct {
	fields []*ast.Field // those that bear the name
	below  scope
}

// fits says whether the field can stand beside those that bear its name. It is stricter than the
// specification, which lets fields below two object types differ more.
func (s scope) fits(f *ast.Field) bool {
	e := s.names[f.Alias]
	if e == nil {
		return true
	}
	for _, other := range e.fields {
		apart := f.ObjectDefinition != other.ObjectDefinition && !f.ObjectDefinition.IsAbstractType() && !other.ObjectDefinition.IsAbstractType()
		if !apart && (f.Name != other.Name || arguments(f) != arguments(other)) || s.shape(f) != s.shape(other) {
			return false
		}
	}
	return true
}

// allFit is fits for a whole set and what is below it.
func (s scope) allFit(set ast.SelectionSet) bool {
	return !slices.ContainsFunc(fieldsOf(set), func(f *ast.Field) bool {
		return !s.fits(f) || s.names[f.Alias] != nil && !s.names[f.Alias].below.allFit(f.SelectionSet)
	})
}

func (s scope) place(f *ast.Field) *entry {
	e := s.names[f.Alias]
	if e == nil {
		e = &entry{below: newScope(s.schema)}
		s.names[f.Alias] = e
	}
	e.fields = append(e.fields, f)
	return e
}

func (s scope) placeAll(set ast.SelectionSet) {
	for _, f := range fieldsOf(set) {
		s.place(f).below.placeAll(f.SelectionSet)
	}
}

// fieldsOf are the fields of a set with its fragments laid open.
func fieldsOf(set ast.SelectionSet) (all []*ast.Field) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			all = append(all, selection)
		case *ast.InlineFragment:
			all = append(all, fieldsOf(selection.SelectionSet)...)
		case *ast.FragmentSpread:
			all = append(all, fieldsOf(selection.Definition.SelectionSet)...)
		}
	}
	return all
}

// arguments tells apart what a field is asked with.
func arguments(f *ast.Field) string {
	all := make([]string, len(f.Arguments))
	for i, a := range f.Arguments {
		all[i] = a.Name + ":" + a.Value.String()
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

// shape is what the answers of two fields must have in common to stand under one name: lists and
// nulls alike, and values of the same type.
func (s scope) shape(f *ast.Field) string {
	if f.Name == typename {
		return typename // gqlparser takes it for one that can be null; it stands beside no other text
	}
	text := f.Definition.Type.String()
	if isLeaf(s.schema, f.Definition) {
		return text
	}
	return strings.ReplaceAll(text, f.Definition.Type.Name(), "object")
}
