package access

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// EnsureDefaults gives a municipality the default roles that it does not have yet, and the default
// rules of those permissions that it has not seen before; so a new module's rules arrive, and a
// rule that an administrator removed stays removed. It is called at each start and when a
// municipality is added.
//
// Many processes may call it at once: each works under the lock of the municipality's row, which
// all writers of a policy take, and the later ones find nothing to do. The version is raised only
// when something was added. It fails whole, or not at all.
func (g *Guard) EnsureDefaults(ctx context.Context, town *core.Municipality) error {
	ctx = core.WithMunicipality(ctx, town)
	err := postgres.InTx(ctx, g.db, func(ctx context.Context, tx postgres.Tx) error {
		var found int
		err := tx.NewRaw("SELECT 1 FROM municipalities WHERE id = ? FOR NO KEY UPDATE", town.ID).Scan(ctx, &found)
		if err != nil {
			return err
		}
		roles, err := g.addRoles(ctx, tx)
		if err != nil {
			return err
		}
		rules, err := g.addRules(ctx, tx, g.defaults, slices.Collect(maps.Keys(g.known)))
		if err != nil || roles+rules == 0 {
			return err
		}
		if _, err := g.Bump(ctx, tx); err != nil {
			return err
		}
		_, err = readSnapshot(ctx, tx, town.ID) // refuses a chain that grew too long
		return err
	})
	if err != nil {
		return fmt.Errorf("default roles of municipality %s: %w", town.Key, err)
	}
	return nil
}

// addRoles adds the missing roles, and the parents of those that were missing.
func (g *Guard) addRoles(ctx context.Context, tx postgres.Tx) (added int, err error) {
	var here []string
	if err := tx.NewSelect().Model((*Role)(nil)).Column("key").Scan(ctx, &here); err != nil {
		return 0, err
	}
	has := set(here)
	var roles []*Role
	var parents []*RoleParent
	for _, r := range g.roles {
		if has[r.Key] {
			continue
		}
		roles = append(roles, &Role{ID: core.NewID(), Key: r.Key, Name: r.Name, Description: r.Description,
			Builtin: true, Version: 1, CreatedAt: g.settings.Clock()})
		for _, parent := range r.Parents {
			parents = append(parents, &RoleParent{Role: r.Key, Parent: parent})
		}
	}
	if err := insertAll(ctx, tx, roles); err != nil {
		return 0, err
	}
	return len(roles), insertAll(ctx, tx, parents)
}

// addRules adds the default rules of unseen permissions, and marks all permissions as seen.
func (g *Guard) addRules(ctx context.Context, tx postgres.Tx, defaults []policyLine, known []string) (added int, err error) {
	var here []string
	if err := tx.NewSelect().Model((*permissionSeen)(nil)).Column("permission").Scan(ctx, &here); err != nil {
		return 0, err
	}
	has, now := set(here), g.settings.Clock()
	var rules []*Rule
	var unseen []*permissionSeen
	marked := map[string]bool{}
	see := func(permission string) {
		if !has[permission] && !marked[permission] {
			marked[permission] = true
			unseen = append(unseen, &permissionSeen{Permission: permission, SeenAt: now})
		}
	}
	for _, l := range defaults {
		if !has[l.permission] {
			rules = append(rules, &Rule{ID: core.NewID(), Role: l.role, Permission: l.permission,
				Relation: l.relation, Effect: l.effect, CreatedAt: now})
		}
		see(l.permission)
	}
	for _, permission := range known {
		see(permission)
	}
	if err := insertAll(ctx, tx, unseen); err != nil {
		return 0, err
	}
	// A town may have written such a rule by itself before the default came.
	if len(rules) > 0 {
		_, err = tx.NewInsert().Model(&rules).On("CONFLICT ON CONSTRAINT policy_rules_once DO NOTHING").Exec(ctx)
	}
	return len(rules), err
}

func insertAll[T any](ctx context.Context, tx bun.IDB, rows []*T) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&rows).Exec(ctx)
	return err
}

func set(words []string) map[string]bool {
	s := make(map[string]bool, len(words))
	for _, w := range words {
		s[w] = true
	}
	return s
}
