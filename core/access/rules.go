package access

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// RuleInput is a rule to be laid.
type RuleInput struct {
	Scope      core.Scope
	Permission string // a permission, module:* or *
	Relation   string // any, own, assigned, member, ...
	Deny       bool
}

// RuleSet is all rules that a role shall have.
type RuleSet struct {
	Role            string
	Rules           []RuleInput
	ExpectedVersion *int64 // of the role
}

// SetRules gives a role exactly these rules; those that stay keep their ids.
func (s Store) SetRules(ctx context.Context, tx postgres.Tx, in RuleSet) (role *Role, err error) {
	if len(in.Rules) > maxRules {
		return nil, core.Invalid(core.Textf("A role has %d rules at most. Use module:* where whole modules are meant.", "У роли не более %d правил. Где речь о модуле целиком, пишите модуль:*.", maxRules), "input", "rules")
	}
	for _, rule := range in.Rules {
		if err := s.checkRule(ctx, tx, rule); err != nil {
			return nil, err
		}
	}
	err = s.edit(ctx, tx, in.Role, func() error {
		if role, err = s.ruled(ctx, tx, in.Role, in.ExpectedVersion); err != nil {
			return err
		}
		return s.replaceRules(ctx, tx, in)
	})
	return role, err
}

// AddRule gives a role one more rule.
func (s Store) AddRule(ctx context.Context, tx postgres.Tx, role string, in RuleInput) (*Rule, error) {
	if err := s.checkRule(ctx, tx, in); err != nil {
		return nil, err
	}
	rule := s.newRule(role, in)
	return rule, s.edit(ctx, tx, role, func() error {
		if _, err := s.ruled(ctx, tx, role, nil); err != nil {
			return err
		}
		var count int
		err := tx.NewSelect().Model((*Rule)(nil)).ColumnExpr("count(*)").Where("?TableAlias.role = ?", role).Scan(ctx, &count)
		if err != nil {
			return err
		}
		if count >= maxRules {
			return core.Conflict(core.Textf("The role has %d rules, and can have no more. Remove some first.", "У роли уже %d правил, больше нельзя. Сначала уберите лишние.", maxRules), "input", "role")
		}
		_, err = tx.NewInsert().Model(rule).Exec(ctx)
		return err
	})
}

// RemoveRule takes a rule away and returns what it was.
func (s Store) RemoveRule(ctx context.Context, tx postgres.Tx, id uuid.UUID) (*Rule, error) {
	rule := &Rule{}
	err := tx.NewSelect().Model(rule).Where("?TableAlias.id = ?", id).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, core.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return rule, s.edit(ctx, tx, rule.Role, func() error {
		if _, err := s.ruled(ctx, tx, rule.Role, nil); err != nil {
			return err
		}
		_, err := tx.NewDelete().Model(rule).WherePK().Exec(ctx)
		return err
	})
}

// ruled loads a role whose rules are about to change, and gives it its next version.
func (s Store) ruled(ctx context.Context, tx postgres.Tx, key string, expected *int64) (*Role, error) {
	if err := unchangeable(key); err != nil {
		return nil, err
	}
	role, err := s.role(ctx, tx, key, "input", "role")
	if err != nil {
		return nil, err
	}
	if err := expect(expected, role.Version); err != nil {
		return nil, err
	}
	return role, s.touch(ctx, tx, role)
}

func (s Store) replaceRules(ctx context.Context, tx postgres.Tx, in RuleSet) error {
	var here []*Rule
	if err := tx.NewSelect().Model(&here).Where("?TableAlias.role = ?", in.Role).Scan(ctx); err != nil {
		return err
	}
	wanted := map[RuleInput]bool{}
	for _, rule := range in.Rules {
		wanted[rule] = true
	}
	var gone []uuid.UUID
	for _, rule := range here {
		was := RuleInput{Scope: rule.Scope(), Permission: rule.Permission, Relation: rule.Relation, Deny: rule.Effect == effectDeny}
		if !wanted[was] {
			gone = append(gone, rule.ID)
		}
		delete(wanted, was)
	}
	if len(gone) > 0 {
		_, err := tx.NewDelete().Model((*Rule)(nil)).Where("?TableAlias.id IN (?)", bun.List(gone)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	var added []*Rule
	for rule := range wanted {
		added = append(added, s.newRule(in.Role, rule))
	}
	return insertAll(ctx, tx, added)
}

func (s Store) newRule(role string, in RuleInput) *Rule {
	effect := effectAllow
	if in.Deny {
		effect = effectDeny
	}
	return &Rule{ID: core.NewID(), Role: role, ScopeKind: in.Scope.Kind, ScopeID: in.Scope.ID, Permission: in.Permission,
		Relation: in.Relation, Effect: effect, CreatedAt: s.guard.settings.Clock()}
}

func (s Store) checkRule(ctx context.Context, tx postgres.Tx, in RuleInput) error {
	if err := checkScope(in.Scope); err != nil {
		return err
	}
	declared, err := s.declared(ctx, tx, in.Permission)
	if err != nil {
		return err
	}
	switch {
	case !declared:
		return core.Invalid(core.Textf("There is no permission %q. Take one from the list of permissions, or write module:* for all of a module's.", "Права %q нет. Возьмите его из списка прав или напишите модуль:* для всех прав модуля.", clip(in.Permission)), "input", "permission")
	case !relationForm.MatchString(in.Relation):
		return core.Invalid(core.T("A relation is a word such as any, own, assigned or member.", "Отношение — слово: any, own, assigned, member и так далее."), "input", "relation")
	case in.Deny && overlap(in.Permission, permissionsAll):
		return core.Invalid(core.T("The power over permissions is not denied by a rule: the town could lock itself out. End the assignment of the role that gives it.", "Власть над правами нельзя запретить правилом: город мог бы остаться без доступа. Снимите роль, которая её даёт."), "input", "permission")
	}
	return nil
}

// declared says whether a rule may name the pattern: it covers a permission that is known in the town,
// or was: that of a plugin which is disabled for now, whose rules an administrator keeps.
func (s Store) declared(ctx context.Context, tx postgres.Tx, pattern string) (bool, error) {
	if s.guard.declared(core.MunicipalityOf(ctx).ID, pattern) {
		return true, nil
	}
	var seen []string
	err := tx.NewSelect().Model((*permissionSeen)(nil)).Column("permission").Scan(ctx, &seen)
	return slices.ContainsFunc(seen, func(permission string) bool { return covers(pattern, permission) }), err
}

// declared says whether the pattern covers some permission that is known in the municipality.
func (g *Guard) declared(municipality uuid.UUID, pattern string) bool {
	if pattern == everything || g.known[pattern] {
		return true
	}
	for permission := range g.known {
		if covers(pattern, permission) {
			return true
		}
	}
	for _, card := range g.Learned(municipality) {
		if slices.ContainsFunc(card.Permissions, func(p core.Permission) bool { return covers(pattern, p.Name) }) {
			return true
		}
	}
	return false
}
