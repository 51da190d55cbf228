package identity

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Credentials are what a caller shows: login and password to Passwords; to a provider from
// outside, the state that it was sent with and the code that it came back with.
type Credentials struct{ Subject, Secret string }

// Proven is an account that credentials prove, and the account's epoch at that moment.
type Proven struct {
	Account uuid.UUID
	Epoch   int64
}

// Provider turns credentials into an account of the municipality of ctx. Refusals are core.Errors
// that do not tell an unknown subject from a wrong secret, by words or by time. SignIn counts the
// attempts; a provider does not.
type Provider interface {
	Name() string
	Verify(ctx context.Context, c Credentials) (Proven, error)
}

// SignIn opens a session for whoever the provider recognises. For a Cookie the answer to this
// request must still be open: otherwise the session would be one that nobody has.
func (s *Service) SignIn(ctx context.Context, provider Provider, c Credentials, kind SessionKind) (out SignedIn, err error) {
	if err := s.checkKind(ctx, kind); err != nil {
		return SignedIn{}, err
	}
	subject := c.Subject
	if folded, err := foldLogin(subject); err == nil {
		subject = folded
	}
	from := ClientOf(ctx).Address
	charged, err := s.charge(ctx, byLoginHere(subject, from), byLogin(subject), byAddress(from))
	if err != nil {
		return SignedIn{}, err
	}
	proven, err := provider.Verify(ctx, c)
	if err != nil {
		return SignedIn{}, err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx postgres.Tx) error {
		if err := s.settle(ctx, tx, charged); err != nil {
			return err
		}
		out, err = s.openSession(ctx, tx, proven, kind)
		return err
	})
	return s.handOver(ctx, out, err)
}

func (s *Service) checkKind(ctx context.Context, kind SessionKind) error {
	switch {
	case kind == Bearer, kind == Cookie && canSetCookie(ctx):
		return nil
	case kind == Cookie:
		return core.Invalid(core.T("A cookie cannot be set over this connection. Sign in by POST, or ask for a bearer token.",
			"По этому соединению нельзя передать cookie. Войдите запросом POST или запросите токен."), "input", "kind")
	default:
		return core.Invalid(core.T("A session is of kind cookie or bearer.", "Вид сеанса — cookie или bearer."), "input", "kind")
	}
}

// handOver puts a cookie session's token into the answer; only a bearer token is answered as text.
func (s *Service) handOver(ctx context.Context, in SignedIn, err error) (SignedIn, error) {
	if err != nil {
		return SignedIn{}, err
	}
	if in.Session.Kind != Cookie {
		return in, nil
	}
	if err := SetCookie(ctx, in.Token, in.Session.CreatedAt.Add(s.settings.SessionAbsolute)); err != nil {
		return SignedIn{}, err
	}
	in.Token = ""
	return in, nil
}

// Passwords is the provider of local accounts.
func (s *Service) Passwords() Provider { return passwords{s} }

type passwords struct{ service *Service }

func (passwords) Name() string { return "password" }

// Verify does the same work whatever is wrong: one read, one hash.
func (p passwords) Verify(ctx context.Context, c Credentials) (Proven, error) {
	login, err := foldLogin(c.Subject)
	if err != nil {
		login = "" // no account has it
	}
	id, sec, err := p.service.secretOf(ctx, login)
	if err != nil {
		return Proven{}, err
	}
	password := normalizePassword(c.Secret)
	ok, stale, err := p.service.hasher.verify(ctx, password, sec.PasswordHash)
	switch {
	case err != nil:
		return Proven{}, err
	case !ok:
		return Proven{}, errWrongCredentials()
	case sec.Disabled:
		return Proven{}, errDisabled()
	case stale:
		err = p.rehash(ctx, id, sec.Epoch, password)
	}
	return Proven{Account: id, Epoch: sec.Epoch}, err
}

// rehash brings the hash to today's cost, unless the password has been changed meanwhile.
func (p passwords) rehash(ctx context.Context, id uuid.UUID, epoch int64, password string) error {
	hash, err := p.service.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = p.service.db.NewRaw(`UPDATE accounts SET password_hash = ? WHERE municipality_id = ? AND id = ? AND epoch = ?`,
		hash, core.MunicipalityOf(ctx).ID, id, epoch).Exec(ctx)
	if err != nil {
		return fmt.Errorf("rehashing a password: %w", err)
	}
	return nil
}
