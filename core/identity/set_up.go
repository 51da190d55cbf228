package identity

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// sameStart is how long codes printed by processes that start together stand beside each other.
const sameStart = 10 * time.Minute

// EnsureSetupCode answers a fresh code for the municipality of ctx while it has no administrator,
// and "" once it has one. Only hashes are kept, so each start makes a code anew and the older ones
// stop to work; those of the last ten minutes stay, since another process that starts at the same
// time has just printed one. All of them go with the first use of any.
func (s *Service) EnsureSetupCode(ctx context.Context) (code string, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx postgres.Tx) error {
		has, err := s.lockAdministrator(ctx, tx)
		if err != nil || has {
			return err
		}
		municipality, now := core.MunicipalityOf(ctx).ID, s.now()
		if _, err := tx.NewRaw(`DELETE FROM setup_codes WHERE municipality_id = ? AND created_at <= ?`,
			municipality, now.Add(-sameStart)).Exec(ctx); err != nil {
			return err
		}
		code = newCode()
		_, err = tx.NewRaw(`INSERT INTO setup_codes (municipality_id, code_hash, created_at) VALUES (?, ?, ?)`,
			municipality, hashOfCode(code), now).Exec(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("set-up code: %w", err)
	}
	return code, nil
}

// lockAdministrator lets one transaction at a time ask whether there is an administrator and act
// upon it, and answers that. The lock is the municipality's row; it holds up no foreign key.
func (s *Service) lockAdministrator(ctx context.Context, tx postgres.Tx) (bool, error) {
	var one int
	err := tx.NewRaw(`SELECT 1 FROM municipalities WHERE id = ? FOR NO KEY UPDATE`, core.MunicipalityOf(ctx).ID).Scan(ctx, &one)
	if postgres.NoRows(err) {
		return false, core.ErrNotFound
	}
	if err != nil {
		return false, err
	}
	return s.hooks.HasAdministrator(asSystem(ctx), tx)
}

func asSystem(ctx context.Context) context.Context {
	return core.WithActor(ctx, core.Actor{Kind: core.System})
}

// SetUp makes the first administrator's account and signs it in. Of any number of parallel uses,
// of one code or of several, one wins; once there is an administrator no code works.
func (s *Service) SetUp(ctx context.Context, write Write, code string, in NewOwner) (out SignedIn, err error) {
	if err := s.checkKind(ctx, in.Kind); err != nil {
		return SignedIn{}, err
	}
	account, password, err := checkAccount(in.Login, in.DisplayName, in.Password, false)
	if err != nil {
		return SignedIn{}, err
	}
	charged, err := s.charge(ctx, byCode(ClientOf(ctx).Address))
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.checkSetupCode(ctx, s.db, code); err != nil { // before a hash is spent on it
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
		if err := s.useSetupCode(ctx, tx, code); err != nil {
			return core.Change{}, err
		}
		if out, err = s.openNew(ctx, tx, account, hash, in.Kind); err != nil {
			return core.Change{}, err
		}
		return accountChange(core.Created, out.Account.ID, nil), s.hooks.MakeAdministrator(asSystem(ctx), tx, out.Account.ID)
	})
	return s.handOver(ctx, out, err)
}

// useSetupCode checks again under the lock, and takes every code away.
func (s *Service) useSetupCode(ctx context.Context, tx postgres.Tx, code string) error {
	has, err := s.lockAdministrator(ctx, tx)
	if err != nil {
		return fmt.Errorf("set-up: %w", err)
	}
	if has {
		return errWrongCode()
	}
	if err := s.checkSetupCode(ctx, tx, code); err != nil {
		return err
	}
	if _, err := tx.NewRaw(`DELETE FROM setup_codes WHERE municipality_id = ?`, core.MunicipalityOf(ctx).ID).Exec(ctx); err != nil {
		return fmt.Errorf("set-up: %w", err)
	}
	return nil
}

// checkSetupCode compares with every live code, in constant time each.
func (s *Service) checkSetupCode(ctx context.Context, db bun.IDB, code string) error {
	var live [][]byte
	err := db.NewRaw(`SELECT code_hash FROM setup_codes WHERE municipality_id = ?`, core.MunicipalityOf(ctx).ID).Scan(ctx, &live)
	if err != nil && !postgres.NoRows(err) {
		return fmt.Errorf("reading set-up codes: %w", err)
	}
	given, match := hashOfCode(code), 0
	for _, hash := range live {
		match |= subtle.ConstantTimeCompare(given, hash)
	}
	if match != 1 {
		return errWrongCode()
	}
	return nil
}
