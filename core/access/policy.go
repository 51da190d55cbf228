package access

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/veche-city/veche/core"
)

// policyLine is one default rule: p, role, scope, permission, relation, effect.
type policyLine struct {
	role, permission, relation, effect string
}

// defaultRole is a role that every municipality begins with.
type defaultRole struct {
	Key         string    `yaml:"key"`
	Parents     []string  `yaml:"parents"`
	Name        core.Text `yaml:"name"`
	Description core.Text `yaml:"description"`
}

// Know tells the guard of the modules: their permissions, the default rules in their policy
// files, and the roles that their memberships grant. The kernel's own card (Info) is added unless
// a module brings it. It is called once more after New, when modules are made that are handed the
// guard themselves, and before the first decision.
func (g *Guard) Know(modules []core.Info) error {
	if !slices.ContainsFunc(modules, func(m core.Info) bool { return m.Name == kernel }) {
		modules = append([]core.Info{Info()}, modules...)
	}
	g.modules, g.known, g.defaults = modules, map[string]bool{}, nil
	var grants []core.Grant
	for _, module := range modules {
		if err := g.declare(module); err != nil {
			return err
		}
		lines, err := readPolicy(module, g.roles)
		if err != nil {
			return err
		}
		g.defaults = append(g.defaults, lines...)
		for _, grant := range module.Grants {
			if !strings.Contains(grant.Query, "?municipality") {
				return fmt.Errorf("access: the grant %s would see every municipality: filter by ?municipality", grant.Name)
			}
			grants = append(grants, grant)
		}
	}
	g.granted = grantedQuery(grants)
	return nil
}

func (g *Guard) declare(module core.Info) error {
	for _, p := range module.Permissions {
		switch {
		case !permissionForm.MatchString(p.Name) || moduleOf(p.Name) != module.Name:
			return fmt.Errorf("access: module %s declares %q, which is not of the form %[1]s:action", module.Name, p.Name)
		case g.known[p.Name]:
			return fmt.Errorf("access: the permission %s is declared twice", p.Name)
		}
		g.known[p.Name] = true
	}
	return nil
}

// readPolicy reads a module's policy.csv. Casbin's own reader drops lines that it does not
// understand; here every one that is not wholly right is an error.
func readPolicy(module core.Info, roles []defaultRole) ([]policyLine, error) {
	file := module.Name + "/policy.csv"
	reader := csv.NewReader(strings.NewReader(module.Policy))
	reader.Comment, reader.TrimLeadingSpace, reader.FieldsPerRecord = '#', true, -1
	seen := map[policyLine]int{}
	var lines []policyLine
	for {
		words, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		at, _ := reader.FieldPos(0)
		l, err := parseLine(words, module, roles)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", file, at, err)
		}
		same := policyLine{role: l.role, permission: l.permission, relation: l.relation}
		if first := seen[same]; first != 0 {
			return nil, fmt.Errorf("%s: line %d says again, or denies, what line %d says", file, at, first)
		}
		seen[same] = at
		lines = append(lines, l)
	}
}

func parseLine(words []string, module core.Info, roles []defaultRole) (policyLine, error) {
	if len(words) != 6 {
		return policyLine{}, fmt.Errorf("%d words instead of 6: p, role, scope, permission, relation, effect", len(words))
	}
	for i, word := range words {
		words[i] = strings.TrimSpace(word)
	}
	l := policyLine{role: words[1], permission: words[3], relation: words[4], effect: words[5]}
	switch {
	case words[0] != "p":
		return l, fmt.Errorf("begins with %q instead of p", words[0])
	case !slices.ContainsFunc(roles, func(r defaultRole) bool { return r.Key == l.role }):
		return l, fmt.Errorf("there is no default role %q", l.role)
	case words[2] != everything:
		return l, fmt.Errorf("the scope is %q; a default holds in every municipality, so write *", words[2])
	case !declares(module, l.permission):
		return l, fmt.Errorf("module %s does not declare the permission %q", module.Name, l.permission)
	case !relationForm.MatchString(l.relation):
		return l, fmt.Errorf("%q is not a relation such as any, own, assigned, member", l.relation)
	case l.effect != effectAllow && l.effect != effectDeny:
		return l, fmt.Errorf("the effect is %q; write allow or deny", l.effect)
	case l.effect == effectDeny && overlap(l.permission, permissionsAll):
		return l, errors.New("the power over permissions is never denied: the town could lock itself out")
	}
	return l, nil
}

// declares says whether a module's file may speak of the pattern: it covers a permission of its
// own. Only the kernel's may speak of everything.
func declares(module core.Info, pattern string) bool {
	if pattern == everything {
		return module.Name == kernel
	}
	return slices.ContainsFunc(module.Permissions, func(p core.Permission) bool { return covers(pattern, p.Name) })
}
