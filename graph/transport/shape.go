package transport

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// saturated is where counts stop: fragments that spread others twice reach 2^n.
const saturated = 1_000_000_000

// shape is the size of a selection set with its fragments expanded.
type shape struct {
	selections, aliases, directives, roots int
	depth                                  int // levels of fields outside introspection
	introspection                          int // levels below __schema or __type, that field included
}

// checkShape refuses a document that is larger than the limits, before anything whose cost grows faster than the text runs over
// it. All operations must pass, whichever is asked for: the parsed document is kept and serves all of them.
func (l Limits) checkShape(document *ast.QueryDocument) *refusal {
	if n := len(document.Operations) + len(document.Fragments); n > l.Definitions {
		return badRequest(codeLimit, "definitions", n, l.Definitions)
	}
	if refused := l.checkTexts(document); refused != nil {
		return refused
	}
	m := newMeasurer(document)
	for _, operation := range document.Operations {
		measured := m.measure(operation.SelectionSet)
		if m.cycle != nil {
			break
		}
		if refused := l.checkOperation(measured, len(operation.Directives)); refused != nil {
			return refused
		}
	}
	// Fragments that no operation spreads are invalid, but validation walks them before it says so.
	for _, fragment := range document.Fragments {
		if measured := m.measureFragment(fragment); measured.selections > l.Selections {
			return badRequest(codeLimit, "selections", measured.selections, l.Selections)
		}
	}
	if m.cycle != nil {
		refused := badRequest(codeValidation, "cycle", m.cycle.Name)
		refused.at = located(m.cycle.Position)
		return refused
	}
	if overlaps := countOverlaps(document, l.Overlaps); overlaps > l.Overlaps {
		return badRequest(codeLimit, "overlaps", l.Overlaps)
	}
	return nil
}

func (l Limits) checkOperation(s shape, directives int) *refusal {
	for _, bound := range []struct {
		key          string
		found, limit int
	}{
		{"depth", s.depth, l.Depth},
		{"introspection", s.introspection, l.Introspection},
		{"root_fields", s.roots, l.RootFields},
		{"aliases", s.aliases, l.Aliases},
		{"directives", plus(s.directives, directives), l.Directives},
		{"selections", s.selections, l.Selections},
	} {
		if bound.found > bound.limit {
			return badRequest(codeLimit, bound.key, bound.found, bound.limit)
		}
	}
	return nil
}

// measurer measures each fragment once. A fragment that is met again while it is being measured is a cycle, and counts nothing.
type measurer struct {
	fragments map[string]*ast.FragmentDefinition
	measured  map[string]shape
	open      map[string]bool
	cycle     *ast.FragmentDefinition
}

func newMeasurer(document *ast.QueryDocument) *measurer {
	return &measurer{fragments: fragmentsByName(document), measured: map[string]shape{}, open: map[string]bool{}}
}

func (m *measurer) measure(set ast.SelectionSet) shape {
	var total shape
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			total.add(m.measureField(selection))
		case *ast.InlineFragment:
			inner := m.measure(selection.SelectionSet)
			inner.directives = plus(inner.directives, len(selection.Directives))
			total.add(inner)
		case *ast.FragmentSpread:
			var inner shape
			if fragment := m.fragments[selection.Name]; fragment != nil {
				inner = m.measureFragment(fragment)
			}
			inner.directives = plus(inner.directives, len(selection.Directives))
			total.add(inner)
		}
	}
	return total
}

func (m *measurer) measureField(field *ast.Field) shape {
	inner := m.measure(field.SelectionSet)
	inner.roots = 1
	inner.selections = plus(inner.selections, 1)
	inner.directives = plus(inner.directives, len(field.Directives))
	if field.Alias != "" && field.Alias != field.Name {
		inner.aliases = plus(inner.aliases, 1)
	}
	if field.Name == "__schema" || field.Name == "__type" {
		inner.introspection = max(inner.introspection, inner.depth+1)
		inner.depth = 0
	}
	inner.depth++
	return inner
}

func (m *measurer) measureFragment(fragment *ast.FragmentDefinition) shape {
	if known, ok := m.measured[fragment.Name]; ok {
		return known
	}
	if m.open[fragment.Name] {
		m.cycle = fragment
		return shape{}
	}
	m.open[fragment.Name] = true
	measured := m.measure(fragment.SelectionSet)
	measured.directives = plus(measured.directives, len(fragment.Directives))
	delete(m.open, fragment.Name)
	m.measured[fragment.Name] = measured
	return measured
}

// add joins a sibling: counts add up, levels do not.
func (s *shape) add(sibling shape) {
	s.selections = plus(s.selections, sibling.selections)
	s.aliases = plus(s.aliases, sibling.aliases)
	s.directives = plus(s.directives, sibling.directives)
	s.roots = plus(s.roots, sibling.roots)
	s.depth = max(s.depth, sibling.depth)
	s.introspection = max(s.introspection, sibling.introspection)
}

func plus(a, b int) int { return min(a+b, saturated) }

// fragmentsByName takes the first of one name, as validation does.
func fragmentsByName(document *ast.QueryDocument) map[string]*ast.FragmentDefinition {
	byName := make(map[string]*ast.FragmentDefinition, len(document.Fragments))
	for _, fragment := range slices.Backward(document.Fragments) {
		byName[fragment.Name] = fragment
	}
	return byName
}

func located(position *ast.Position) []gqlerror.Location {
	if position == nil {
		return nil
	}
	return []gqlerror.Location{{Line: position.Line, Column: position.Column}}
}
