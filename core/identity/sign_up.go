package identity

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// NewOwner is an account that somebody makes for themself, and how they will be signed in to it.
type NewOwner struct {
	Login, Password, DisplayName string
	Kind                         SessionKind
}

// SignUp makes a resident's account and signs it in, where the operator has opened sign-up. It
// tells that a login is taken, as it must; the count by address bounds how many can be asked.
func (s *Service) SignUp(ctx context.Context, write Write, in NewOwner) (out SignedIn, err error) {
	if !s.settings.OpenSignUp {
		return SignedIn{}, &core.Error{Code: core.CodeForbidden, Text: core.T("Accounts are made by the municipality here. Ask for an invitation.",
			"Учётные записи здесь создаёт муниципалитет. Попросите приглашение.")}
	}
	if err := s.checkKind(ctx, in.Kind); err != nil {
		return SignedIn{}, err
	}
	account, password, err := checkAccount(in.Login, in.DisplayName, in.Password, false)
	if err != nil {
		return SignedIn{}, err
	}
	if _, err := s.charge(ctx, bySignUp(ClientOf(ctx).Address)); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return SignedIn{}, err
	}
	err = write.run(ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		out, err = s.openNew(ctx, tx, account, hash, in.Kind)
		return accountChange(core.Created, out.Account.ID, nil), err
	})
	return s.handOver(ctx, out, err)
}

func (s *Service) openNew(ctx context.Context, tx bun.IDB, account Account, hash string, kind SessionKind) (SignedIn, error) {
	if err := s.insertAccount(ctx, tx, &account, hash); err != nil {
		return SignedIn{}, err
	}
	return s.openSession(ctx, tx, Proven{Account: account.ID, Epoch: firstEpoch}, kind)
}
