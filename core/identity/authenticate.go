package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// touchEvery bounds how often the use of a session or service token is written down.
const touchEvery = time.Minute

// Authenticate turns a bearer token, of a session or a service, into who acts. An unknown,
// expired or revoked one is UNAUTHENTICATED.
func (s *Service) Authenticate(ctx context.Context, token string) (core.Actor, error) {
	if strings.HasPrefix(token, servicePrefix) {
		return s.serviceActor(ctx, token)
	}
	return s.sessionActor(ctx, token, Bearer)
}

// sessionActor costs two statements, and a third one at most once a minute.
func (s *Service) sessionActor(ctx context.Context, token string, kind SessionKind) (core.Actor, error) {
	if !looksLikeToken(token, "") {
		return core.Actor{}, errEndedToken()
	}
	row, err := s.liveSession(ctx, "s.token_hash = $3 AND s.kind = $4", hashOf(token), string(kind))
	if err != nil {
		return core.Actor{}, err
	}
	if now := s.now(); now.Sub(row.SeenAt) >= touchEvery {
		if err := s.touchSession(ctx, row.ID, now); err != nil {
			return core.Actor{}, err
		}
	}
	return s.actorOfSession(ctx, row)
}

// liveSessionRow is what a session says of who acts.
type liveSessionRow struct {
	ID, AccountID uuid.UUID
	PersonID      *uuid.UUID
	SeenAt        time.Time
}

// liveSession finds a session that has not run out, of an account that is not disabled.
func (s *Service) liveSession(ctx context.Context, which string, args ...any) (row liveSessionRow, err error) {
	rows, err := s.db.Query(ctx, `SELECT s.id, s.account_id, a.person_id, s.seen_at FROM sessions s
		JOIN accounts a ON a.municipality_id = s.municipality_id AND a.id = s.account_id
		WHERE s.municipality_id = $1 AND s.expires_at > $2 AND a.disabled_at IS NULL AND `+which,
		append([]any{[16]byte(core.MunicipalityOf(ctx).ID), s.now()}, args...)...)
	if err == nil {
		row, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[liveSessionRow])
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return row, errEndedToken()
	}
	if err != nil {
		return row, fmt.Errorf("reading a session: %w", err)
	}
	return row, nil
}

func (s *Service) actorOfSession(ctx context.Context, row liveSessionRow) (core.Actor, error) {
	actor, err := s.accountActor(ctx, row.AccountID, row.PersonID)
	actor.Session = row.ID
	return actor, err
}

// touchSession puts the end off, never beyond the absolute one. Of several replicas one writes.
func (s *Service) touchSession(ctx context.Context, id uuid.UUID, now time.Time) error {
	_, err := s.db.NewRaw(`UPDATE sessions SET seen_at = ?0,
		expires_at = LEAST(?1::timestamptz, created_at + make_interval(secs => ?2))
		WHERE municipality_id = ?3 AND id = ?4 AND seen_at <= ?5`,
		now, now.Add(s.settings.SessionIdle), s.settings.SessionAbsolute.Seconds(),
		core.MunicipalityOf(ctx).ID, id, now.Add(-touchEvery)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("touching a session: %w", err)
	}
	return nil
}

// serviceActor is bounded by the token's permissions and by what its maker still holds; a disabled
// maker's tokens are none. It holds no roles.
func (s *Service) serviceActor(ctx context.Context, token string) (core.Actor, error) {
	if !looksLikeToken(token, servicePrefix) {
		return core.Actor{}, errEndedToken()
	}
	row, err := s.liveServiceToken(ctx, "t.token_hash = ?", hashOf(token))
	if err != nil {
		return core.Actor{}, err
	}
	if now := s.now(); row.UsedAt == nil || now.Sub(*row.UsedAt) >= touchEvery {
		if err := s.touchServiceToken(ctx, row.ID, now); err != nil {
			return core.Actor{}, err
		}
	}
	return s.actorOfServiceToken(ctx, row)
}

// liveServiceTokenRow is what a service token says of who acts.
type liveServiceTokenRow struct {
	ID, CreatedBy uuid.UUID
	Permissions   []string `bun:",array"`
	PersonID      *uuid.UUID
	UsedAt        *time.Time
}

// liveServiceToken finds a token that has neither run out nor been revoked.
func (s *Service) liveServiceToken(ctx context.Context, which string, arg any) (row liveServiceTokenRow, err error) {
	err = s.db.NewRaw(`SELECT t.id, t.created_by, t.permissions, a.person_id, t.used_at FROM service_tokens t
		JOIN accounts a ON a.municipality_id = t.municipality_id AND a.id = t.created_by
		WHERE t.municipality_id = ? AND t.revoked_at IS NULL AND t.expires_at > ? AND a.disabled_at IS NULL AND `+which,
		core.MunicipalityOf(ctx).ID, s.now(), arg).Scan(ctx, &row)
	if postgres.NoRows(err) {
		return row, errEndedToken()
	}
	if err != nil {
		return row, fmt.Errorf("reading a service token: %w", err)
	}
	return row, nil
}

func (s *Service) actorOfServiceToken(ctx context.Context, row liveServiceTokenRow) (core.Actor, error) {
	maker, err := s.accountActor(ctx, row.CreatedBy, row.PersonID)
	if err != nil {
		return core.Actor{}, err
	}
	held, err := s.hooks.Covered(ctx, maker, row.Permissions)
	if err != nil {
		return core.Actor{}, fmt.Errorf("reading a service token's rights: %w", err)
	}
	return core.Actor{Kind: core.Service, Account: row.ID, Permissions: held}, nil
}

func (s *Service) touchServiceToken(ctx context.Context, id uuid.UUID, now time.Time) error {
	_, err := s.db.NewRaw(`UPDATE service_tokens SET used_at = ? WHERE municipality_id = ? AND id = ? AND (used_at IS NULL OR used_at <= ?)`,
		now, core.MunicipalityOf(ctx).ID, id, now.Add(-touchEvery)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("touching a service token: %w", err)
	}
	return nil
}

// accountActor is an account with the roles that it holds now.
func (s *Service) accountActor(ctx context.Context, account uuid.UUID, person *uuid.UUID) (actor core.Actor, err error) {
	actor = core.Actor{Kind: core.Account, Account: account}
	if person != nil {
		actor.Person = *person
	}
	if actor.Assignments, err = s.hooks.Assignments(ctx, actor.Account, actor.Person); err != nil {
		return core.Actor{}, fmt.Errorf("reading an account's roles: %w", err)
	}
	return actor, nil
}

// ActFor is the actor under the mandate of an organisation, named by its id as clients know it.
// Without a mandate that stands today it is FORBIDDEN.
func (s *Service) ActFor(ctx context.Context, actor core.Actor, organisation string) (core.Actor, error) {
	id, err := core.ParseID(strings.TrimSpace(organisation))
	if err != nil {
		return core.Actor{}, err
	}
	key, err := id.Of("Organisation")
	if err != nil {
		return core.Actor{}, err
	}
	if actor.Kind == core.Anonymous {
		return core.Actor{}, core.ErrUnauthenticated
	}
	return s.actFor(ctx, actor, key)
}

func (s *Service) actFor(ctx context.Context, actor core.Actor, organisation uuid.UUID) (core.Actor, error) {
	stands := false
	if actor.Kind == core.Account && actor.Person != uuid.Nil {
		var err error
		if stands, err = s.hooks.Mandate(ctx, actor.Person, organisation); err != nil {
			return core.Actor{}, fmt.Errorf("reading a mandate: %w", err)
		}
	}
	if !stands {
		return core.Actor{}, &core.Error{Code: core.CodeForbidden, Text: core.T("You hold no mandate to act for this organisation today.",
			"Сегодня у вас нет полномочий действовать от имени этой организации.")}
	}
	actor.ActingFor = organisation
	return actor, nil
}
