package identity

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// ChangePassword replaces the actor's own password and ends all of their sessions but this one. A
// wrong current password counts like a failed sign-in: a borrowed session is no way to guess it.
func (s *Service) ChangePassword(ctx context.Context, write Write, current, next string) error {
	actor, err := owner(ctx)
	if err != nil {
		return err
	}
	account, err := s.AccountByID(ctx, actor.Account)
	if err != nil {
		return err
	}
	next, err = checkPassword(account.Login, next, "newPassword")
	if err != nil {
		return err
	}
	charged, err := s.charge(ctx, byLoginHere(account.Login, ClientOf(ctx).Address))
	if err != nil {
		return err
	}
	proven, err := s.Passwords().Verify(ctx, Credentials{Subject: account.Login, Secret: current})
	if err != nil {
		return atCurrentPassword(err)
	}
	if normalizePassword(current) == next {
		return core.Invalid(core.T("The new password is the current one. Choose another.", "Новый пароль совпадает с текущим. Выберите другой."), "input", "newPassword")
	}
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	return write.run(ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		if err := s.settle(ctx, tx, charged); err != nil {
			return core.Change{}, err
		}
		if _, err := s.setPassword(ctx, tx, actor.Account, proven.Epoch, hash); err != nil {
			return core.Change{}, err
		}
		if err := s.endSessions(ctx, tx, actor.Account, actor.Session); err != nil {
			return core.Change{}, err
		}
		return accountChange(core.Updated, actor.Account, map[string]any{"passwordChanged": true}), nil
	})
}

// atCurrentPassword names the field of the form that has no login.
func atCurrentPassword(err error) error {
	if core.CodeOf(err) != core.CodeBadUserInput {
		return err
	}
	return core.Invalid(core.T("The current password is wrong.", "Текущий пароль неверен."), "input", "currentPassword")
}
