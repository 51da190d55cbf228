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

// SessionKind says how a session's token travels. A token of one kind is not taken as the other,
// so that a bearer token never acts with a browser's automatism.
type SessionKind string

const (
	Cookie SessionKind = "cookie"
	Bearer SessionKind = "bearer"
)

// Session is a signed-in browser or program. User agent and address are personal data: they are
// shown to the owner only, and Sessions reads no others.
type Session struct {
	bun.BaseModel `bun:"table:sessions,alias:session"`
	postgres.Owned
	ID        uuid.UUID   `bun:"id,pk,type:uuid"`
	AccountID uuid.UUID   `bun:"account_id,type:uuid"`
	Kind      SessionKind `bun:"kind"`
	UserAgent string      `bun:"user_agent"`
	Address   string      `bun:"address"`
	CreatedAt time.Time   `bun:"created_at"`
	SeenAt    time.Time   `bun:"seen_at"` // to the minute
	ExpiresAt time.Time   `bun:"expires_at"`
}

// SignedIn is a new session with its token, shown this once.
type SignedIn struct {
	Token   string
	Session Session
	Account Account
}

// openSession starts a session for an account whose epoch still is what the proof was given
// under. The account's row is locked first: a change of password or a disabling that commits
// before refuses this session, one that comes after ends it.
func (s *Service) openSession(ctx context.Context, tx bun.IDB, p Proven, kind SessionKind) (SignedIn, error) {
	now, client := s.now(), ClientOf(ctx)
	out := SignedIn{Token: newToken("")}
	err := tx.NewUpdate().Model(&out.Account).Set("last_sign_in_at = ?", now).
		Where("account.id = ?", p.Account).Where("account.epoch = ?", p.Epoch).Where("account.disabled_at IS NULL").
		Returning("?TableColumns").Scan(ctx)
	if postgres.NoRows(err) {
		return SignedIn{}, errWrongCredentials()
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("opening a session: %w", err)
	}
	out.Session = Session{
		ID: core.NewID(), AccountID: p.Account, Kind: kind, UserAgent: client.UserAgent, Address: client.addressText(),
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(s.settings.SessionIdle),
	}
	_, err = tx.NewInsert().Model(&out.Session).Value("token_hash", "?", hashOf(out.Token)).Exec(ctx)
	if err != nil {
		return SignedIn{}, fmt.Errorf("opening a session: %w", err)
	}
	return out, nil
}

// endSessions deletes the account's sessions but the one kept (uuid.Nil: none).
func (*Service) endSessions(ctx context.Context, db bun.IDB, account, kept uuid.UUID) error {
	_, err := db.NewDelete().Model((*Session)(nil)).Where("session.account_id = ?", account).
		Where("session.id <> ?", kept).Exec(ctx)
	if err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	return nil
}

// owner is the account of a person who is signed in themself; service tokens have no sessions,
// password or tokens of their own.
func owner(ctx context.Context) (core.Actor, error) {
	a := core.ActorOf(ctx)
	if a.Kind != core.Account {
		return core.Actor{}, core.Forbidden(ctx)
	}
	return a, nil
}

// maxSessions is how many sessions are listed; all can be ended by RevokeOtherSessions.
const maxSessions = 100

// Sessions are the actor's own that are alive, the latest used first.
func (s *Service) Sessions(ctx context.Context) ([]Session, error) {
	actor, err := owner(ctx)
	if err != nil {
		return nil, err
	}
	var out []Session
	err = s.db.NewSelect().Model(&out).Where("session.account_id = ?", actor.Account).
		Where("session.expires_at > ?", s.now()).Order("session.seen_at DESC", "session.id DESC").Limit(maxSessions).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	return out, nil
}

// RevokeSession ends one of the actor's own sessions; another's is as good as not there.
func (s *Service) RevokeSession(ctx context.Context, id uuid.UUID) error {
	actor, err := owner(ctx)
	if err != nil {
		return err
	}
	res, err := s.db.NewDelete().Model((*Session)(nil)).Where("session.id = ?", id).
		Where("session.account_id = ?", actor.Account).Exec(ctx)
	if err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return core.ErrNotFound
	}
	return nil
}

// RevokeOtherSessions ends all of the actor's own sessions but the one of this request.
func (s *Service) RevokeOtherSessions(ctx context.Context) error {
	actor, err := owner(ctx)
	if err != nil {
		return err
	}
	return s.endSessions(ctx, s.db, actor.Account, actor.Session)
}

// SignOut ends the session of this request and takes its cookie back.
func (s *Service) SignOut(ctx context.Context) error {
	actor, err := owner(ctx)
	if err != nil {
		return err
	}
	if err := s.RevokeSession(ctx, actor.Session); err != nil {
		return err
	}
	return ClearCookie(ctx)
}
