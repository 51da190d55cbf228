package randomop

import "github.com/vektah/gqlparser/v2/ast"

// size is what an operation, or a part of it, costs at the door with its fragments expanded.
type size struct{ price, fields, aliases, directives, levels int }

// most stays well below the door's limits: operations are to be many rather than large.
var most = size{price: 4000, fields: 250, aliases: 45, directives: 45, levels: 13}

// mostRoots is how many fields the door takes at the top of an operation.
const mostRoots = 20

// roots are the fields of a set itself, fragments expanded.
func roots(set ast.SelectionSet) (n int) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			n++
		case *ast.InlineFragment:
			n += roots(selection.SelectionSet)
		case *ast.FragmentSpread:
			n += roots(selection.Definition.SelectionSet)
		}
	}
	return n
}

func (b *builder) exhausted(rows int) bool {
	return b.spent.fields >= most.fields || b.spent.price+10*rows > most.price
}

// measure is the size of a set whose parents are rows.
func (b *builder) measure(set ast.SelectionSet, rows int) (s size) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			below := b.measure(selection.SelectionSet, rows*max(1, b.each[selection]))
			below.price += rows
			below.fields++
			below.levels++
			if selection.Alias != selection.Name {
				below.aliases++
			}
			s.add(below, len(selection.Directives))
		case *ast.InlineFragment:
			s.add(b.measure(selection.SelectionSet, rows), len(selection.Directives))
		case *ast.FragmentSpread:
			s.add(b.measure(selection.Definition.SelectionSet, rows), len(selection.Directives))
		}
	}
	return s
}

// add joins a sibling.
func (s *size) add(sibling size, directives int) {
	s.price += sibling.price
	s.fields += sibling.fields
	s.aliases += sibling.aliases
	s.directives += sibling.directives + directives
	s.levels = max(s.levels, sibling.levels)
}

// within says whether one more part fits into what is left; levels are for the caller to compare.
func (s size) within(part size) bool {
	return s.price+part.price <= most.price && s.fields+part.fields <= most.fields &&
		s.aliases+part.aliases <= most.aliases && s.directives+part.directives <= most.directives
}
