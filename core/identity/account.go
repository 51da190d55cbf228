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

// Account is who may sign in. What its password hangs on is not part of it and is never read
// together with it.
type Account struct {
	bun.BaseModel `bun:"table:accounts,alias:account"`
	postgres.Owned
	ID          uuid.UUID  `bun:"id,pk,type:uuid"`
	Login       string     `bun:"login"` // folded; personal data
	DisplayName string     `bun:"display_name"`
	PersonID    *uuid.UUID `bun:"person_id,type:uuid"`
	// PasswordExpiresAt is set while the password is a temporary one that somebody else knows.
	PasswordExpiresAt *time.Time `bun:"password_expires_at"`
	Version           int        `bun:"version"`
	CreatedAt         time.Time  `bun:"created_at"`
	LastSignInAt      *time.Time `bun:"last_sign_in_at"`
	DisabledAt        *time.Time `bun:"disabled_at"`
}

// MustChangePassword asks the owner to replace a temporary password.
func (a *Account) MustChangePassword() bool { return a.PasswordExpiresAt != nil }

// Disabled says that nobody can sign in to the account.
func (a *Account) Disabled() bool { return a.DisabledAt != nil }

// Types' names in ids, audit and events.
const (
	typeAccount      = "Account"
	typeServiceToken = "ServiceToken"
)

const firstEpoch = 1 // the column's default

// secret is what stands beside an account for sign-in alone. The epoch is raised by everything
// that ends all sessions, so that a sign-in that began before cannot open one after.
type secret struct {
	PasswordHash string // empty where there is none, or a temporary one has run out
	Epoch        int64
	Disabled     bool
}

// AccountByID finds an account of this municipality.
func (s *Service) AccountByID(ctx context.Context, id uuid.UUID) (Account, error) {
	var a Account
	err := s.db.NewSelect().Model(&a).Where("account.id = ?", id).Scan(ctx)
	if postgres.NoRows(err) {
		return Account{}, core.ErrNotFound
	}
	if err != nil {
		return Account{}, fmt.Errorf("reading an account: %w", err)
	}
	return a, nil
}

// insertAccount makes the row; passwordHash is empty while the owner has none.
func (s *Service) insertAccount(ctx context.Context, tx bun.IDB, a *Account, passwordHash string) error {
	a.ID, a.Version, a.CreatedAt = core.NewID(), 1, s.now()
	_, err := tx.NewInsert().Model(a).Value("password_hash", "NULLIF(?, '')", passwordHash).Exec(ctx)
	return s.accountError(err)
}

func (*Service) accountError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("writing an account: %w", postgres.Conflicts(err, map[string]*core.Error{
		"accounts_login": core.Conflict(core.T("This login is taken. Choose another one, or sign in with it.",
			"Этот логин занят. Выберите другой или войдите с ним."), "input", "login"),
		"accounts_person_fkey": core.Invalid(core.T("There is no such person.", "Такого человека нет."), "input", "personId"),
	}))
}

// change updates one account under its version and answers it. expected is what the caller saw;
// nil accepts any version.
func (s *Service) change(ctx context.Context, tx bun.IDB, id uuid.UUID, expected *int, set func(*bun.UpdateQuery)) (Account, error) {
	var a Account
	q := tx.NewUpdate().Model(&a).Set("version = version + 1").Where("account.id = ?", id).Returning("?TableColumns")
	if expected != nil {
		q.Where("account.version = ?", *expected)
	}
	set(q)
	if err := q.Scan(ctx); postgres.NoRows(err) {
		return Account{}, s.whyUnchanged(ctx, tx, id)
	} else if err != nil {
		return Account{}, s.accountError(err)
	}
	return a, nil
}

// whyUnchanged tells a stale version from an account that is not there. (Not by bun's Exists: it
// runs no hooks, and so would see other municipalities.)
func (*Service) whyUnchanged(ctx context.Context, tx bun.IDB, id uuid.UUID) error {
	err := tx.NewSelect().Model(&Account{}).Column("id").Where("account.id = ?", id).Scan(ctx)
	switch {
	case postgres.NoRows(err):
		return core.ErrNotFound
	case err != nil:
		return fmt.Errorf("reading an account: %w", err)
	default:
		return core.Conflict(core.ErrConflict.Text, "input", "expectedVersion")
	}
}

func accountChange(kind core.ChangeKind, id uuid.UUID, after any) core.Change {
	return core.Change{Kind: kind, Type: typeAccount, ID: id, After: after}
}
