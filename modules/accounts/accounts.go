// Package accounts is the graph's face of core/identity: who asks (viewer), signing in and out,
// one's own password and sessions, and for administrators accounts and service tokens.
//
// It owns no table. Reads are declared over those of core/identity (declare.go), which alone
// writes them, save sessions, which only their owner sees; writes go through Service, which asks
// for the caller's right and has core/identity make the change.
//
// Whoever can let themself into an account, or keep its owner out, holds what the account holds.
// So an account's roles bound who may touch it (power.go).
//
// Secrets: passwords and codes come in, tokens and codes go out, and nothing of them is kept. What
// takes a password or code is never written under an Idempotency-Key (service_sign_in.go says
// why); what shows a secret keeps the object's key alone under it, so a retry shows no secret.
package accounts

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Types' names in ids.
const (
	typeAccount      = "Account"
	typePerson       = "Person"
	typeSession      = "Session"
	typeServiceToken = "ServiceToken"
)

// Account is who may sign in, as the graph shows it.
type Account struct {
	bun.BaseModel `bun:"table:accounts,alias:account"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID  `bun:"id,pk,type:uuid"`
	Login        string     `bun:"login" class:"account"`
	DisplayName  string     `bun:"display_name" class:"account"`
	CreatedAt    time.Time  `bun:"created_at"`
	LastSignInAt *time.Time `bun:"last_sign_in_at"`
	DisabledAt   *time.Time `bun:"disabled_at"`
	Version      int        `bun:"version"`
}

// ServiceToken lets a program in, as the graph shows it.
type ServiceToken struct {
	bun.BaseModel `bun:"table:service_tokens,alias:service_token"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID  `bun:"id,pk,type:uuid"`
	Name        string     `bun:"name"`
	Permissions []string   `bun:"permissions,array"`
	CreatedByID uuid.UUID  `bun:"created_by,type:uuid"`
	CreatedBy   *Account   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:created_by=id"`
	CreatedAt   time.Time  `bun:"created_at"`
	ExpiresAt   time.Time  `bun:"expires_at"`
	UsedAt      *time.Time `bun:"used_at"`
	RevokedAt   *time.Time `bun:"revoked_at"`
}

// Session is one of the viewer's own.
type Session struct {
	ID                           uuid.UUID
	Kind                         SessionKind
	Current                      bool
	UserAgent, Address           string
	CreatedAt, SeenAt, ExpiresAt time.Time
}

// SessionKind is how a session's token travels.
type SessionKind string

const (
	Cookie SessionKind = "COOKIE"
	Bearer SessionKind = "BEARER"
)

// ViewerKind is what sort of caller asks.
type ViewerKind string

// SignInPayload answers what signs somebody in.
type SignInPayload struct {
	core.Payload
	Viewer *Viewer
	Token  *string
}

// ViewerPayload answers what changes something of the caller's own.
type ViewerPayload struct {
	core.Payload
	Viewer *Viewer
}

// InvitationPayload answers what makes a code for an account's owner.
type InvitationPayload struct {
	core.Payload
	Invitation *string
}

// IssuedServiceTokenPayload answers the making of a service token.
type IssuedServiceTokenPayload struct {
	core.Payload
	Token *string
}
