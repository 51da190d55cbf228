package permissions

import (
	"github.com/veche-city/veche/core"
)

// CreateRoleInput makes a role.
type CreateRoleInput struct {
	Key              string
	Name             core.Text
	Description      core.Text
	Parents          []string
	ClientMutationID *string
}

// UpdateRoleInput changes a role; nil stays.
type UpdateRoleInput struct {
	Role             string
	ExpectedVersion  int
	Name             *core.Text
	Description      *core.Text
	Parents          []string
	ClientMutationID *string
}

// DeleteRoleInput deletes a role.
type DeleteRoleInput struct {
	Role             string
	ClientMutationID *string
}

// RoleRuleInput is one rule of a set.
type RoleRuleInput struct {
	ScopeID    *core.ID
	Permission string
	Relation   string
	Effect     RuleEffect
}

// SetRoleRulesInput gives a role exactly these rules.
type SetRoleRulesInput struct {
	Role             string
	ExpectedVersion  int
	Rules            []*RoleRuleInput
	ClientMutationID *string
}

// AddRoleRuleInput gives a role one more rule.
type AddRoleRuleInput struct {
	Role             string
	ScopeID          *core.ID
	Permission       string
	Relation         string
	Effect           RuleEffect
	ClientMutationID *string
}

// RemoveRoleRuleInput takes a rule away.
type RemoveRoleRuleInput struct {
	ID               core.ID
	ClientMutationID *string
}

// AssignRoleInput gives an account a role.
type AssignRoleInput struct {
	Role             string
	AccountID        core.ID
	ScopeID          *core.ID
	StartsOn         *core.Date
	EndsOn           *core.Date
	Note             string
	ClientMutationID *string
}

// EndRoleAssignmentInput gives an assignment its last day.
type EndRoleAssignmentInput struct {
	ID               core.ID
	ExpectedVersion  int
	EndsOn           core.Date
	Reason           *string
	ClientMutationID *string
}
