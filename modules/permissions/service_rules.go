package permissions

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// mostRules are looked at in one set; core/access keeps to the same for the whole role.
const mostRules = 500

// SetRoleRules gives a role exactly these rules; those that stay keep their ids.
func (s *Service) SetRoleRules(ctx context.Context, in SetRoleRulesInput) (*Answer, error) {
	a := action{name: "setRoleRules", input: in, client: in.ClientMutationID,
		fields: map[string]string{"permission": "rules", "relation": "rules", "scope": "rules"}}
	return s.change(ctx, a, in.Role, func(ctx context.Context, tx *mutation.Tx) error {
		if len(in.Rules) > mostRules {
			return core.Invalid(core.Textf("At most %d rules. Write module:* where a whole module is meant.", "Не более %d правил. Где речь о модуле целиком, пишите модуль:*.", mostRules), "input", "rules")
		}
		set := access.RuleSet{Role: in.Role, ExpectedVersion: version(in.ExpectedVersion), Rules: make([]access.RuleInput, len(in.Rules))}
		for i, rule := range in.Rules {
			var err error
			if set.Rules[i], err = s.rule(ctx, tx, *rule, "input", "rules", strconv.Itoa(i), "scopeId"); err != nil {
				return err
			}
		}
		_, err := s.guard.Store().SetRules(ctx, tx.Tx, set)
		return err
	})
}

// rule reads a rule; the scope that it names must be there.
func (s *Service) rule(ctx context.Context, tx *mutation.Tx, in RoleRuleInput, path ...string) (access.RuleInput, error) {
	scope, err := s.scope(ctx, tx, mayEdit, in.ScopeID, path...)
	return access.RuleInput{Scope: scope, Permission: in.Permission, Relation: in.Relation, Deny: in.Effect == Deny}, err
}

// AddRoleRule gives a role one more rule.
func (s *Service) AddRoleRule(ctx context.Context, in AddRoleRuleInput) (*Answer, error) {
	a := action{name: "addRoleRule", input: in, client: in.ClientMutationID, fields: map[string]string{"scope": "scopeId"}}
	return s.change(ctx, a, in.Role, func(ctx context.Context, tx *mutation.Tx) error {
		rule, err := s.rule(ctx, tx, RoleRuleInput{ScopeID: in.ScopeID, Permission: in.Permission, Relation: in.Relation, Effect: in.Effect}, "input", "scopeId")
		if err != nil {
			return err
		}
		_, err = s.guard.Store().AddRule(ctx, tx.Tx, in.Role, rule)
		return err
	})
}

// RemoveRoleRule takes a rule away.
func (s *Service) RemoveRoleRule(ctx context.Context, in RemoveRoleRuleInput) (*Answer, error) {
	return s.do(ctx, action{name: "removeRoleRule", input: in, client: in.ClientMutationID}, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.mayEdit(ctx); err != nil {
			return uuid.Nil, err
		}
		key, err := in.ID.Of("RoleRule", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		role, err := roleOfRule(ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		before, err := roleNow(ctx, tx, role)
		if err != nil {
			return uuid.Nil, err
		}
		if _, err := s.guard.Store().RemoveRule(ctx, tx.Tx, key); err != nil {
			return uuid.Nil, err
		}
		return before.id, recordRole(ctx, tx, core.Updated, role, before)
	})
}

func roleOfRule(ctx context.Context, tx *mutation.Tx, rule uuid.UUID) (role string, err error) {
	err = tx.NewSelect().Model((*access.Rule)(nil)).Column("role").Where("?TableAlias.id = ?", rule).Scan(ctx, &role)
	if postgres.NoRows(err) {
		err = &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: []string{"input", "id"}}
	}
	return role, err
}
