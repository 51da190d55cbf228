package access

import (
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// Resource is a thing that is asked about in memory: one that is not a row yet, or was loaded.
// It names every scope that it stands in and every relation in which it stands to the actor.
type Resource struct {
	Scopes    []core.Scope
	Relations []string
}

// Decision is what one actor may do under one permission. The zero value is nothing.
type Decision struct {
	to              *compiled
	account, person uuid.UUID
}

// compiled is the part of a decision that actors of the same roles share. It is never changed.
type compiled struct {
	all   bool
	allow []condition
	deny  []condition
}

// condition holds for a thing that stands in all of the scopes (at most two: the role's and the
// line's; none is the whole municipality) and in the relation to the actor.
type condition struct {
	scopes   []core.Scope
	relation string
}

// All says that the actor may everywhere: no filter is needed.
func (d Decision) All() bool { return d.to != nil && d.to.all }

// None says that the actor may nowhere.
func (d Decision) None() bool { return d.to == nil || (!d.to.all && len(d.to.allow) == 0) }

// Only is the decision narrowed to things that stand in the relation to the actor, whatever else would
// allow them.
func (d Decision) Only(relation string) Decision {
	if d.None() {
		return d
	}
	to := &compiled{deny: d.to.deny}
	if d.All() {
		to.allow = []condition{{relation: relation}}
	}
	for _, c := range d.to.allow {
		if c.relation == anyRelation || c.relation == relation {
			to.allow = append(to.allow, condition{scopes: c.scopes, relation: relation})
		}
	}
	return Decision{to: to, account: d.account, person: d.person}
}

// Allows decides about one thing.
func (d Decision) Allows(r Resource) bool {
	if d.All() || d.None() {
		return d.All()
	}
	holds := func(c condition) bool { return c.holds(r) }
	return slices.ContainsFunc(d.to.allow, holds) && !slices.ContainsFunc(d.to.deny, holds)
}

func (c condition) holds(r Resource) bool {
	if c.relation != anyRelation && !slices.Contains(r.Relations, c.relation) {
		return false
	}
	for _, scope := range c.scopes {
		if !slices.Contains(r.Scopes, scope) {
			return false
		}
	}
	return true
}

func (c condition) always() bool { return c.relation == anyRelation && len(c.scopes) == 0 }

// within says whether c holds only where wide holds too.
func (c condition) within(wide condition) bool {
	if wide.relation != anyRelation && wide.relation != c.relation {
		return false
	}
	for _, scope := range wide.scopes {
		if !slices.Contains(c.scopes, scope) {
			return false
		}
	}
	return true
}

// compile reduces the conditions of all matching lines: none that another contains is kept, an
// allowance that a denial contains is void, and a denial without an allowance says nothing.
func compile(allow, deny []condition) *compiled {
	deny = reduce(deny)
	allow = slices.DeleteFunc(reduce(allow), func(c condition) bool {
		return slices.ContainsFunc(deny, c.within)
	})
	switch {
	case len(allow) == 0:
		return &compiled{}
	case len(deny) == 0 && slices.ContainsFunc(allow, condition.always):
		return &compiled{all: true}
	default:
		return &compiled{allow: allow, deny: deny}
	}
}

// reduce keeps the widest conditions, in the order in which they came.
func reduce(conditions []condition) []condition {
	var kept []condition
	for _, c := range conditions {
		if slices.ContainsFunc(kept, c.within) {
			continue
		}
		kept = slices.DeleteFunc(kept, func(k condition) bool { return k.within(c) })
		kept = append(kept, c)
	}
	return kept
}

// conditionOf is the condition of a line under a role that is held in a scope.
func conditionOf(held core.Scope, l line) condition {
	c := condition{relation: l.relation}
	for _, scope := range [2]core.Scope{held, l.scope} {
		if scope != core.Everywhere && !slices.Contains(c.scopes, scope) {
			c.scopes = append(c.scopes, scope)
		}
	}
	return c
}
