package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// NewAccount is an account made by an administrator.
type NewAccount struct {
	Login, DisplayName string
	PersonID           *uuid.UUID
	// Password may be empty: then the account gets an invitation, by which its owner sets one.
	Password string
	// Temporary makes the password one that must be changed and soon stops to work.
	Temporary bool
}

// CreatedAccount is a new account and, where it has no password, the code to hand to its owner,
// shown this once.
type CreatedAccount struct {
	Account    Account
	Invitation string
}

// CreateAccount makes an account. The caller has decided that the actor may.
func (s *Service) CreateAccount(ctx context.Context, write Write, in NewAccount) (out CreatedAccount, err error) {
	account, password, err := checkAccount(in.Login, in.DisplayName, in.Password, in.Password == "")
	if err != nil {
		return CreatedAccount{}, err
	}
	account.PersonID = in.PersonID
	var hash string
	if password != "" {
		if hash, err = s.hasher.hash(ctx, password); err != nil {
			return CreatedAccount{}, err
		}
		if in.Temporary {
			until := s.now().Add(s.settings.TemporaryKeep)
			account.PasswordExpiresAt = &until
		}
	}
	err = write.run(ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		out.Account = account
		if err := s.insertAccount(ctx, tx, &out.Account, hash); err != nil {
			return core.Change{}, err
		}
		if hash == "" {
			if out.Invitation, err = s.invite(ctx, tx, out.Account.ID); err != nil {
				return core.Change{}, err
			}
		}
		return accountChange(core.Created, out.Account.ID, nil), nil
	})
	if err != nil {
		return CreatedAccount{}, err
	}
	return out, nil
}

// checkAccount reads login, name and password as typed, and tells all that is wrong at once. The
// password may be left out.
func checkAccount(login, name, password string, without bool) (a Account, normal string, err error) {
	var problems core.Problems
	var wrong [3]error
	a.Login, wrong[0] = foldLogin(login)
	a.DisplayName, wrong[1] = checkName(name, "displayName")
	if !without {
		normal, wrong[2] = checkPassword(a.Login, password, "password")
	}
	for _, w := range wrong {
		if err := problems.Add(w); err != nil {
			return Account{}, "", err
		}
	}
	return a, normal, problems.Err()
}

// LinkPerson says whose account it is; nil unlinks. With it go the rights that the person's
// memberships and posts give.
func (s *Service) LinkPerson(ctx context.Context, tx postgres.Tx, id uuid.UUID, person *uuid.UUID, expected *int) (Account, core.Change, error) {
	a, err := s.change(ctx, tx, id, expected, func(q *bun.UpdateQuery) { q.Set("person_id = ?", person) })
	return a, accountChange(core.Updated, id, map[string]any{"personId": person}), err
}

// DisableAccount ends the account's sessions, its invitation and the service tokens that it made.
// Nobody disables their own account: they could not undo it.
func (s *Service) DisableAccount(ctx context.Context, tx postgres.Tx, id uuid.UUID, expected *int) (Account, core.Change, error) {
	if core.ActorOf(ctx).Account == id {
		return Account{}, core.Change{}, core.Invalid(core.T("You cannot disable your own account. Ask another administrator.",
			"Нельзя отключить собственную учётную запись. Попросите другого администратора."), "input", "id")
	}
	now := s.now()
	a, err := s.change(ctx, tx, id, expected, func(q *bun.UpdateQuery) {
		q.Set("disabled_at = COALESCE(account.disabled_at, ?)", now).Set("epoch = epoch + 1")
	})
	if err != nil {
		return Account{}, core.Change{}, err
	}
	if err := s.shutOut(ctx, tx, id); err != nil {
		return Account{}, core.Change{}, err
	}
	_, err = tx.NewUpdate().Model((*ServiceToken)(nil)).Set("revoked_at = ?", now).
		Where("service_token.created_by = ?", id).Where("service_token.revoked_at IS NULL").Exec(ctx)
	if err != nil {
		return Account{}, core.Change{}, fmt.Errorf("revoking service tokens: %w", err)
	}
	return a, accountChange(core.Updated, id, map[string]any{"disabled": true}), nil
}

// EnableAccount lets the owner sign in again, with the password that stood before.
func (s *Service) EnableAccount(ctx context.Context, tx postgres.Tx, id uuid.UUID, expected *int) (Account, core.Change, error) {
	a, err := s.change(ctx, tx, id, expected, func(q *bun.UpdateQuery) { q.Set("disabled_at = NULL") })
	return a, accountChange(core.Updated, id, map[string]any{"disabled": false}), err
}

// ResetPassword takes the password away, ends the sessions and answers a code by which the owner
// sets a new one. The code is shown this once.
func (s *Service) ResetPassword(ctx context.Context, tx postgres.Tx, id uuid.UUID, expected *int) (CreatedAccount, core.Change, error) {
	a, err := s.change(ctx, tx, id, expected, func(q *bun.UpdateQuery) {
		q.Set("password_hash = NULL").Set("password_expires_at = NULL").Set("epoch = epoch + 1")
	})
	if err != nil {
		return CreatedAccount{}, core.Change{}, err
	}
	if err := s.shutOut(ctx, tx, id); err != nil {
		return CreatedAccount{}, core.Change{}, err
	}
	code, err := s.invite(ctx, tx, id)
	if err != nil {
		return CreatedAccount{}, core.Change{}, err
	}
	return CreatedAccount{Account: a, Invitation: code}, accountChange(core.Updated, id, map[string]any{"passwordReset": true}), nil
}

// shutOut ends what lets somebody in without the password: every session and the invitation.
func (s *Service) shutOut(ctx context.Context, tx bun.IDB, id uuid.UUID) error {
	if err := s.endSessions(ctx, tx, id, uuid.Nil); err != nil {
		return err
	}
	_, err := tx.NewRaw(`DELETE FROM account_invitations WHERE municipality_id = ? AND account_id = ?`,
		core.MunicipalityOf(ctx).ID, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("ending an invitation: %w", err)
	}
	return nil
}

// setPassword replaces the password and raises the epoch; it answers the new epoch, or the
// refusal when another change came first.
func (s *Service) setPassword(ctx context.Context, tx bun.IDB, id uuid.UUID, epoch int64, hash string) (int64, error) {
	var next int64
	err := tx.NewRaw(`UPDATE accounts SET password_hash = ?, password_expires_at = NULL, epoch = epoch + 1, version = version + 1
		WHERE municipality_id = ? AND id = ? AND epoch = ? AND disabled_at IS NULL RETURNING epoch`,
		hash, core.MunicipalityOf(ctx).ID, id, epoch).Scan(ctx, &next)
	if postgres.NoRows(err) {
		return 0, core.ErrConflict
	}
	if err != nil {
		return 0, fmt.Errorf("setting a password: %w", err)
	}
	return next, nil
}

// secretOf reads what sign-in needs of an account; a zero secret and nil when there is none.
func (s *Service) secretOf(ctx context.Context, login string) (id uuid.UUID, sec secret, err error) {
	var row struct {
		ID                uuid.UUID
		PasswordHash      *string
		PasswordExpiresAt *time.Time
		Epoch             int64
		DisabledAt        *time.Time
	}
	err = s.db.NewRaw(`SELECT id, password_hash, password_expires_at, epoch, disabled_at FROM accounts
		WHERE municipality_id = ? AND login = ?`, core.MunicipalityOf(ctx).ID, login).Scan(ctx, &row)
	if err != nil && !postgres.NoRows(err) {
		return uuid.Nil, secret{}, fmt.Errorf("reading an account: %w", err)
	}
	sec = secret{Epoch: row.Epoch, Disabled: row.DisabledAt != nil}
	if row.PasswordHash != nil && (row.PasswordExpiresAt == nil || row.PasswordExpiresAt.After(s.now())) {
		sec.PasswordHash = *row.PasswordHash
	}
	return row.ID, sec, nil
}
