package access

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Role is a named set of rules. Its key is how rules, assignments and modules call it, and is
// never changed.
type Role struct {
	bun.BaseModel `bun:"table:roles,alias:role"`
	postgres.Owned
	ID          uuid.UUID `bun:"id,pk,type:uuid"`
	Key         string    `bun:"key"`
	Name        core.Text `bun:"name,type:jsonb"`
	Description core.Text `bun:"description,type:jsonb"`
	Builtin     bool      `bun:"builtin"`
	Version     int64     `bun:"version"`
	CreatedAt   time.Time `bun:"created_at"`
}

// RoleParent says that a role holds whatever its parent holds.
type RoleParent struct {
	bun.BaseModel `bun:"table:role_parents,alias:role_parent"`
	postgres.Owned
	Role   string `bun:"role,pk"`
	Parent string `bun:"parent,pk"`
}

// Rule is a policy line: the role may, or may not, do what the permission (or pattern) covers to
// things in the scope that stand in the relation to the actor.
type Rule struct {
	bun.BaseModel `bun:"table:policy_rules,alias:policy_rule"`
	postgres.Owned
	ID         uuid.UUID `bun:"id,pk,type:uuid"`
	Role       string    `bun:"role"`
	ScopeKind  string    `bun:"scope_kind"`
	ScopeID    uuid.UUID `bun:"scope_id,type:uuid"`
	Permission string    `bun:"permission"`
	Relation   string    `bun:"relation"`
	Effect     string    `bun:"effect"` // allow or deny
	CreatedAt  time.Time `bun:"created_at"`
}

// RoleAssignment says that an account holds a role in a scope, from its first day to its last,
// both included, in the town's time zone.
type RoleAssignment struct {
	bun.BaseModel `bun:"table:role_assignments,alias:role_assignment"`
	postgres.Owned
	ID         uuid.UUID  `bun:"id,pk,type:uuid"`
	AccountID  uuid.UUID  `bun:"account_id,type:uuid"`
	Role       string     `bun:"role"`
	ScopeKind  string     `bun:"scope_kind"`
	ScopeID    uuid.UUID  `bun:"scope_id,type:uuid"`
	StartsOn   core.Date  `bun:"starts_on,type:date"`
	EndsOn     *core.Date `bun:"ends_on,type:date"`
	Note       string     `bun:"note"`
	AssignedBy *uuid.UUID `bun:"assigned_by,type:uuid"`
	AssignedAt time.Time  `bun:"assigned_at"`
	Version    int64      `bun:"version"`
}

type permissionSeen struct {
	bun.BaseModel `bun:"table:permissions_seen,alias:permission_seen"`
	postgres.Owned
	Permission string    `bun:"permission,pk"`
	SeenAt     time.Time `bun:"seen_at"`
}

// Scope is where the rule holds.
func (r *Rule) Scope() core.Scope { return core.Scope{Kind: r.ScopeKind, ID: r.ScopeID} }

// Scope is where the role is held.
func (a *RoleAssignment) Scope() core.Scope { return core.Scope{Kind: a.ScopeKind, ID: a.ScopeID} }
