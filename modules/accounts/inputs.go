package accounts

import (
	"strings"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/identity"
)

// SetUpInput makes the first administrator's account.
type SetUpInput struct {
	Code, Login, Password, DisplayName string
	Kind                               SessionKind
	ClientMutationID                   *string
}

// SignInInput opens a session.
type SignInInput struct {
	Login, Password  string
	Kind             SessionKind
	ClientMutationID *string
}

// SignUpInput makes a resident's own account.
type SignUpInput struct {
	Login, Password, DisplayName string
	Kind                         SessionKind
	ClientMutationID             *string
}

// AcceptInvitationInput sets the password of the account that the code was made for.
type AcceptInvitationInput struct {
	Code, Password   string
	Kind             SessionKind
	ClientMutationID *string
}

// SignOutInput ends the session of the request.
type SignOutInput struct{ ClientMutationID *string }

// ChangePasswordInput replaces one's own password.
type ChangePasswordInput struct {
	CurrentPassword, NewPassword string
	ClientMutationID             *string
}

// RevokeSessionInput ends one of one's own sessions.
type RevokeSessionInput struct {
	ID               core.ID
	ClientMutationID *string
}

// RevokeOtherSessionsInput ends all of one's own sessions but this one.
type RevokeOtherSessionsInput struct{ ClientMutationID *string }

// CreateAccountInput makes an account for somebody else.
type CreateAccountInput struct {
	Login, DisplayName string
	PersonID           *core.ID
	ClientMutationID   *string
}

// LinkPersonInput says whose account it is.
type LinkPersonInput struct {
	ID               core.ID
	ExpectedVersion  int
	PersonID         *core.ID
	ClientMutationID *string
}

// DisableAccountInput keeps an account's owner out.
type DisableAccountInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// EnableAccountInput lets an account's owner in again.
type EnableAccountInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// ResetPasswordInput takes another's password away.
type ResetPasswordInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// CreateServiceTokenInput issues a token.
type CreateServiceTokenInput struct {
	Name             string
	Permissions      []string
	ExpiresAt        time.Time
	ClientMutationID *string
}

// RevokeServiceTokenInput ends a token.
type RevokeServiceTokenInput struct {
	ID               core.ID
	ClientMutationID *string
}

// kept is the kind as core/identity calls it; it refuses one that it does not know.
func (k SessionKind) kept() identity.SessionKind {
	return identity.SessionKind(strings.ToLower(string(k)))
}

func kindOf(kept identity.SessionKind) SessionKind {
	return SessionKind(strings.ToUpper(string(kept)))
}
