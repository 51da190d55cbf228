package identity

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// invite makes the account's one code to set a password; a code made before stops to work.
func (s *Service) invite(ctx context.Context, tx bun.IDB, account uuid.UUID) (string, error) {
	code, now := newCode(), s.now()
	_, err := tx.NewRaw(`INSERT INTO account_invitations (municipality_id, account_id, code_hash, created_at, expires_at)
		VALUES (?0, ?1, ?2, ?3, ?4) ON CONFLICT (municipality_id, account_id)
		DO UPDATE SET code_hash = EXCLUDED.code_hash, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at`,
		core.MunicipalityOf(ctx).ID, account, hashOfCode(code), now, now.Add(s.settings.InvitationKeep)).Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("making an invitation: %w", err)
	}
	return code, nil
}

// AcceptInvitation sets the password of the account that the code was made for, ends its sessions
// and opens one. Of any number of parallel uses one wins.
func (s *Service) AcceptInvitation(ctx context.Context, write Write, code, password string, kind SessionKind) (out SignedIn, err error) {
	if err := s.checkKind(ctx, kind); err != nil {
		return SignedIn{}, err
	}
	charged, err := s.charge(ctx, byCode(ClientOf(ctx).Address))
	if err != nil {
		return SignedIn{}, err
	}
	found, err := s.invited(ctx, s.db, code)
	if err != nil {
		return SignedIn{}, err
	}
	if password, err = checkPassword(found.Login, password, "password"); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return SignedIn{}, err
	}
	err = write.run(ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		if err := s.settle(ctx, tx, charged); err != nil {
			return core.Change{}, err
		}
		out, err = s.accept(ctx, tx, code, hash, kind)
		return accountChange(core.Updated, found.ID, map[string]any{"passwordChanged": true}), err
	})
	return s.handOver(ctx, out, err)
}

type invitedAccount struct {
	ID    uuid.UUID
	Login string
	Epoch int64
}

// invited is the account that a live code was made for. Looking the code up by its hash tells
// nothing of it by time.
func (s *Service) invited(ctx context.Context, db bun.IDB, code string) (a invitedAccount, err error) {
	err = db.NewRaw(`SELECT a.id, a.login, a.epoch FROM account_invitations i
		JOIN accounts a ON a.municipality_id = i.municipality_id AND a.id = i.account_id
		WHERE i.municipality_id = ? AND i.code_hash = ? AND i.expires_at > ? AND a.disabled_at IS NULL`,
		core.MunicipalityOf(ctx).ID, hashOfCode(code), s.now()).Scan(ctx, &a)
	if postgres.NoRows(err) {
		return invitedAccount{}, errWrongCode()
	}
	if err != nil {
		return invitedAccount{}, fmt.Errorf("reading an invitation: %w", err)
	}
	return a, nil
}

// accept changes the account first, as every other write on it does: the epoch lets one of several
// parallel uses through, and the code goes with it.
func (s *Service) accept(ctx context.Context, tx bun.IDB, code, hash string, kind SessionKind) (SignedIn, error) {
	a, err := s.invited(ctx, tx, code)
	if err != nil {
		return SignedIn{}, err
	}
	epoch, err := s.setPassword(ctx, tx, a.ID, a.Epoch, hash)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.shutOut(ctx, tx, a.ID); err != nil {
		return SignedIn{}, err
	}
	return s.openSession(ctx, tx, Proven{Account: a.ID, Epoch: epoch}, kind)
}
