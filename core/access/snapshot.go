package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2/model"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// maxDepth bounds a chain of inheritance, the role itself not counted. Casbin follows ten links.
const maxDepth = 8

var (
	errCycle = errors.New("access: a role inherits itself")
	errDepth = fmt.Errorf("access: a role inherits over more than %d steps", maxDepth)
)

// line is a policy line without its role.
type line struct {
	scope    core.Scope
	pattern  string
	relation string
	deny     bool
}

// snapshot is one municipality's policy at one version, compiled: for each role its own lines and
// all inherited ones, by pattern. It is never changed.
type snapshot struct {
	version int64
	roles   map[string]map[string][]line
	parents map[string][]string
}

// newSnapshot compiles what the adapter loaded without assignments, so that every g line of the
// model is an inheritance.
func newSnapshot(version int64, m model.Model) (*snapshot, error) {
	own, err := linesOf(m)
	if err != nil {
		return nil, err
	}
	s := &snapshot{version: version, roles: map[string]map[string][]line{}, parents: map[string][]string{}}
	for _, g := range m["g"]["g"].Policy {
		s.parents[g[0]] = append(s.parents[g[0]], g[1])
		if _, named := own[g[0]]; !named {
			own[g[0]] = nil // a role with no line of its own inherits all the same
		}
	}
	for role := range own {
		ancestors, err := s.ancestors(role)
		if err != nil {
			return nil, err
		}
		s.roles[role] = map[string][]line{}
		for _, r := range append(ancestors, role) {
			for _, l := range own[r] {
				s.roles[role][l.pattern] = append(s.roles[role][l.pattern], l)
			}
		}
	}
	return s, nil
}

// ancestors are the roles that a role inherits, each once, nearest first.
func (s *snapshot) ancestors(role string) ([]string, error) {
	var found []string
	for level, depth := s.parents[role], 1; len(level) > 0; depth++ {
		if slices.Contains(level, role) {
			return nil, fmt.Errorf("%w: %s", errCycle, role)
		}
		if depth > maxDepth {
			return nil, fmt.Errorf("%w: %s", errDepth, role)
		}
		var next []string
		for _, r := range level {
			if !slices.Contains(found, r) {
				found = append(found, r)
			}
			for _, parent := range s.parents[r] {
				if !slices.Contains(next, parent) {
					next = append(next, parent)
				}
			}
		}
		level = next
	}
	return found, nil
}

func linesOf(m model.Model) (map[string][]line, error) {
	own := map[string][]line{}
	for _, p := range m["p"]["p"].Policy {
		if len(p) != 5 {
			return nil, fmt.Errorf("access: a policy line of %d words", len(p))
		}
		scope, err := parseScope(p[1])
		if err != nil {
			return nil, err
		}
		own[p[0]] = append(own[p[0]], line{scope: scope, pattern: p[2], relation: p[3], deny: p[4] == effectDeny})
	}
	return own, nil
}

// parseScope reads what core.Scope's String wrote.
func parseScope(s string) (core.Scope, error) {
	if s == everything {
		return core.Everywhere, nil
	}
	kind, key, _ := strings.Cut(s, ":")
	id, err := uuid.Parse(key)
	if err != nil || kind == "" {
		return core.Scope{}, fmt.Errorf("access: %q is not a scope", s)
	}
	return core.Scope{Kind: kind, ID: id}, nil
}

// held are the roles of an actor, implied ones first.
func held(actor core.Actor) []core.Assignment {
	roles := []core.Assignment{{Role: roleAnonymous}}
	if actor.Kind == core.Account {
		roles = append(roles, core.Assignment{Role: roleResident})
		roles = append(roles, actor.Assignments...)
	}
	return roles
}

// compile finds the lines that decide for holders of the roles under the permission.
func (s *snapshot) compile(roles []core.Assignment, permission string) *compiled {
	var allow, deny []condition
	for _, h := range roles {
		lines := s.roles[h.Role]
		for _, pattern := range patternsOf(permission) {
			for _, l := range lines[pattern] {
				if l.deny {
					deny = append(deny, conditionOf(h.Scope, l))
				} else {
					allow = append(allow, conditionOf(h.Scope, l))
				}
			}
		}
	}
	return compile(allow, deny)
}

// covered says whether the actor holds all that the pattern covers, now and when permissions are
// added: everywhere, in any relation, with no denial inside.
func (s *snapshot) covered(actor core.Actor, pattern string) bool {
	switch actor.Kind {
	case core.System:
		return true
	case core.Service, core.Plugin:
		return slices.ContainsFunc(actor.Permissions, func(p string) bool { return covers(p, pattern) })
	}
	var allowed bool
	for _, h := range held(actor) {
		for p, lines := range s.roles[h.Role] {
			if !overlap(p, pattern) {
				continue
			}
			for _, l := range lines {
				if l.deny {
					return false
				}
				allowed = allowed || (covers(p, pattern) && conditionOf(h.Scope, l).always())
			}
		}
	}
	return allowed
}

// governs says whether the role gives power over permissions themselves, more than to look.
func (s *snapshot) governs(role string) bool {
	for pattern, lines := range s.roles[role] {
		if pattern == permissionRead || !overlap(pattern, permissionsAll) {
			continue
		}
		if slices.ContainsFunc(lines, func(l line) bool { return !l.deny }) {
			return true
		}
	}
	return false
}
