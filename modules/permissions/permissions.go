// Package permissions is the graph's face of core/access: roles, their rules and who holds them,
// for administrators and auditors.
//
// It owns no table. Reads are declared over those of core/access (declare.go), which alone writes
// them; writes go through Service, which asks for the caller's right, has core/access make the
// change and records it. What must hold whoever asks (the last administrator, who may give power
// over permissions, cycles) is core/access's to refuse.
//
// Roles are called by their keys and never by ids in inputs, as rules and assignments call them.
//
// Order of a write: the lock on the municipality's policy, the right, the change, its record.
package permissions

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Role is a named set of rules.
type Role struct {
	bun.BaseModel `bun:"table:roles,alias:role"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID      uuid.UUID `bun:"id,pk,type:uuid"`
	Key     string    `bun:"key"`
	Builtin bool      `bun:"builtin"`
	Version int       `bun:"version"`
}

// RoleRule is one rule of a role.
type RoleRule struct {
	ID         uuid.UUID
	Permission string
	Relation   string
	Effect     RuleEffect
	Place      core.Scope
}

// Scope is where the rule holds.
func (r *RoleRule) Scope() *Scope { return scopeOf(r.Place) }

// RuleEffect is whether a rule allows or denies.
type RuleEffect string

const (
	Allow RuleEffect = "ALLOW"
	Deny  RuleEffect = "DENY"
)

// Scope is a place in the tree of rights.
type Scope struct {
	Kind string
	ID   *core.ID
}

// RoleAssignment is a role held by an account for a time.
type RoleAssignment struct {
	bun.BaseModel `bun:"table:role_assignments,alias:assignment"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID  `bun:"id,pk,type:uuid"`
	Role       string     `bun:"role"`
	StartsOn   core.Date  `bun:"starts_on"`
	EndsOn     *core.Date `bun:"ends_on"`
	Note       string     `bun:"note"`
	AssignedAt time.Time  `bun:"assigned_at"`
	Version    int        `bun:"version"`
}

// Permission is a right that rules can give.
type Permission struct {
	Name, Title, Module, ModuleTitle string
}

// Answer is what every mutation of this module answers; Key is the role's or the assignment's.
type Answer struct {
	core.Payload
	PolicyVersion *string `json:"policyVersion"`
}

// DeletedRoleID is the id of the role that is gone; nil when nothing was deleted.
func (a *Answer) DeletedRoleID() *core.ID {
	if a.Key == uuid.Nil {
		return nil
	}
	return &core.ID{Type: "Role", Key: a.Key}
}

// The payloads as the graph calls them.
type (
	RolePayload           = Answer
	DeleteRolePayload     = Answer
	RoleAssignmentPayload = Answer
)
