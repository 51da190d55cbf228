package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// CreateAccount makes an account and the code by which its owner sets the password.
func (s *Service) CreateAccount(ctx context.Context, in CreateAccountInput) (*InvitationPayload, error) {
	p := &InvitationPayload{Payload: core.Payload{ClientMutationID: in.ClientMutationID}}
	made, err := s.createAccount(ctx, &p.Payload, in)
	return invited(ctx, p, made, err)
}

func (s *Service) createAccount(ctx context.Context, p *core.Payload, in CreateAccountInput) (made identity.CreatedAccount, err error) {
	if err := s.guard.Check(ctx, mayWrite, access.Resource{}); err != nil {
		return made, err
	}
	person, err := s.person(ctx, in.PersonID)
	if err != nil {
		return made, err
	}
	return s.identity.CreateAccount(ctx, s.write("createAccount", in, p),
		identity.NewAccount{Login: in.Login, DisplayName: in.DisplayName, PersonID: person})
}

// person is the key of a person whose roles the caller might give; nil stays nil.
func (s *Service) person(ctx context.Context, id *core.ID) (*uuid.UUID, error) {
	key, err := core.KeyOf(id, typePerson, "input", "personId")
	if err != nil || key == nil {
		return nil, err
	}
	return key, s.mayTake(ctx, uuid.Nil, *key)
}

// LinkPerson says whose account it is. The caller must be one who might give the roles that go
// with the person before, and those that come with the person after.
func (s *Service) LinkPerson(ctx context.Context, in LinkPersonInput) (*core.Payload, error) {
	p := &core.Payload{ClientMutationID: in.ClientMutationID}
	account, err := s.reach(ctx, mayWrite, in.ID)
	if err != nil {
		return p, refuse(ctx, p, err)
	}
	person, err := s.person(ctx, in.PersonID)
	if err != nil {
		return p, refuse(ctx, p, err)
	}
	return p, refuse(ctx, p, s.run(ctx, "linkPerson", in, p, func(ctx context.Context, tx *mutation.Tx) (core.Change, error) {
		_, change, err := s.identity.LinkPerson(ctx, tx.Tx, account, person, &in.ExpectedVersion)
		return change, err
	}))
}

// DisableAccount ends what lets anybody into the account, and its role of administrator with it: so
// that the last administrator cannot be disabled is core/access's to keep, under its lock, and no
// disabled account is ever counted as one.
func (s *Service) DisableAccount(ctx context.Context, in DisableAccountInput) (*core.Payload, error) {
	p := &core.Payload{ClientMutationID: in.ClientMutationID}
	account, err := s.reach(ctx, mayWrite, in.ID)
	if err != nil {
		return p, refuse(ctx, p, err)
	}
	return p, refuse(ctx, p, s.run(ctx, "disableAccount", in, p, func(ctx context.Context, tx *mutation.Tx) (core.Change, error) {
		_, change, err := s.identity.DisableAccount(ctx, tx.Tx, account, &in.ExpectedVersion)
		if err != nil {
			return core.Change{}, err
		}
		return change, s.endAdministrator(ctx, tx, account)
	}))
}

// endAdministrator takes the role of administrator away at once, one of later too. The account's
// row is locked by then.
func (s *Service) endAdministrator(ctx context.Context, tx *mutation.Tx, account uuid.UUID) error {
	held, err := assigned(ctx, tx, account, tx.Today())
	if err != nil {
		return err
	}
	for _, a := range held {
		if a.Role != access.RoleAdministrator {
			continue
		}
		ended, err := s.guard.Store().EndAssignment(ctx, tx.Tx, a.ID, access.Ending{LastDay: tx.Today().AddDays(-1)})
		if err != nil {
			return err
		}
		tx.Changed(endOf(ended))
	}
	return nil
}

// endOf is the record of an assignment's end; one that ends before it begins is gone.
func endOf(a *access.RoleAssignment) core.Change {
	c := core.Change{Kind: core.Ended, Type: "RoleAssignment", ID: a.ID, Touched: []core.ID{{Type: typeAccount, Key: a.AccountID}},
		After: map[string]any{"account": a.AccountID, "role": a.Role, "endsOn": a.EndsOn}}
	if a.EndsOn.Before(a.StartsOn) {
		c.Kind = core.Deleted
	}
	return c
}

// EnableAccount lets the owner in again.
func (s *Service) EnableAccount(ctx context.Context, in EnableAccountInput) (*core.Payload, error) {
	p := &core.Payload{ClientMutationID: in.ClientMutationID}
	account, err := s.reach(ctx, mayWrite, in.ID)
	if err != nil {
		return p, refuse(ctx, p, err)
	}
	return p, refuse(ctx, p, s.run(ctx, "enableAccount", in, p, func(ctx context.Context, tx *mutation.Tx) (core.Change, error) {
		_, change, err := s.identity.EnableAccount(ctx, tx.Tx, account, &in.ExpectedVersion)
		return change, err
	}))
}

// ResetPassword takes another's password away and makes the code by which the owner sets a new one.
func (s *Service) ResetPassword(ctx context.Context, in ResetPasswordInput) (*InvitationPayload, error) {
	p := &InvitationPayload{Payload: core.Payload{ClientMutationID: in.ClientMutationID}}
	made, err := s.resetPassword(ctx, &p.Payload, in)
	return invited(ctx, p, made, err)
}

func (s *Service) resetPassword(ctx context.Context, p *core.Payload, in ResetPasswordInput) (made identity.CreatedAccount, err error) {
	account, err := s.reach(ctx, mayReset, in.ID)
	if err != nil {
		return made, err
	}
	if account == core.ActorOf(ctx).Account { // a borrowed session is no way to a new password
		return made, core.Invalid(core.T("To replace your own password use changePassword.", "Собственный пароль меняют через changePassword."), "input", "id")
	}
	err = s.run(ctx, "resetPassword", in, p, func(ctx context.Context, tx *mutation.Tx) (change core.Change, err error) {
		made, change, err = s.identity.ResetPassword(ctx, tx.Tx, account, &in.ExpectedVersion)
		return change, err
	})
	return made, err
}

// invited shows the code, unless the request repeated an earlier one, which made none.
func invited(ctx context.Context, p *InvitationPayload, made identity.CreatedAccount, err error) (*InvitationPayload, error) {
	if err != nil {
		if err := refuse(ctx, &p.Payload, err); err != nil {
			return nil, err
		}
		return p, nil
	}
	if made.Invitation != "" {
		p.Invitation = &made.Invitation
	}
	return p, nil
}

// reach finds an account that the caller may touch under the permission: NOT_FOUND when they may
// not see it, FORBIDDEN when they do not hold the permission or might not give the account's roles.
func (s *Service) reach(ctx context.Context, permission string, id core.ID) (uuid.UUID, error) {
	key, err := id.Of(typeAccount, "input", "id")
	if err != nil {
		return uuid.Nil, err
	}
	if err := read.Require[Account](ctx, s.reads, s.reads.DB(), permission, key, "input", "id"); err != nil {
		return uuid.Nil, err
	}
	return key, s.mayTouch(ctx, key)
}
