package transport

import "github.com/vektah/gqlparser/v2/ast"

// countOverlaps estimates from above what the rule OverlappingFieldsCanBeMerged will compare, and stops at the limit. gqlparser
// compares every pair of fields with one response name wherever selection sets merge, so that a text of n equal fields costs n².
// The estimate merges the same sets, once, and counts the fields and pairs that it meets; selections are bounded before.
//
// Validation checks an inline fragment anew in every operation and fragment from which it is reached, so that it is weighed by
// their number.
func countOverlaps(document *ast.QueryDocument, limit int) int {
	counter := &overlapCounter{fragments: fragmentsByName(document), limit: limit}
	walks := len(document.Operations) + len(document.Fragments)
	for _, operation := range document.Operations {
		counter.root(operation.SelectionSet, walks)
	}
	for _, fragment := range document.Fragments {
		counter.root(fragment.SelectionSet, walks)
	}
	return counter.found
}

type overlapCounter struct {
	fragments map[string]*ast.FragmentDefinition
	limit     int
	weight    int
	found     int
}

func (c *overlapCounter) root(set ast.SelectionSet, walks int) {
	c.weight = 1
	c.merge([]ast.SelectionSet{set})
	c.weight = walks
	c.inlines(set)
}

// inlines starts from each inline fragment as from a root of its own.
func (c *overlapCounter) inlines(set ast.SelectionSet) {
	for _, selection := range set {
		if c.found > c.limit {
			return
		}
		switch selection := selection.(type) {
		case *ast.Field:
			c.inlines(selection.SelectionSet)
		case *ast.InlineFragment:
			c.merge([]ast.SelectionSet{selection.SelectionSet})
			c.inlines(selection.SelectionSet)
		}
	}
}

// merge groups the fields of sets that merge by response name, counts the pairs, and goes on into each group's sub-selections.
func (c *overlapCounter) merge(sets []ast.SelectionSet) {
	groups := map[string][]ast.SelectionSet{}
	visited := map[string]bool{}
	for _, set := range sets {
		c.collect(set, groups, visited)
	}
	for _, group := range groups {
		c.found = plus(c.found, c.weight*(len(group)*(len(group)-1)/2))
		if c.found > c.limit {
			return
		}
		c.merge(group)
	}
}

func (c *overlapCounter) collect(set ast.SelectionSet, groups map[string][]ast.SelectionSet, visited map[string]bool) {
	for _, selection := range set {
		if c.found > c.limit {
			return
		}
		switch selection := selection.(type) {
		case *ast.Field:
			c.found = plus(c.found, c.weight)
			groups[selection.Alias] = append(groups[selection.Alias], selection.SelectionSet)
		case *ast.InlineFragment:
			c.collect(selection.SelectionSet, groups, visited)
		case *ast.FragmentSpread:
			fragment := c.fragments[selection.Name]
			if fragment != nil && !visited[selection.Name] {
				visited[selection.Name] = true // validation compares no fragment with itself
				c.collect(fragment.SelectionSet, groups, visited)
			}
		}
	}
}
