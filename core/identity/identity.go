// Package identity says who acts. It owns accounts, passwords, sessions, service tokens,
// invitations, the set-up code and the count of failed attempts, and turns a request's cookie or
// bearer token into a core.Actor (Middleware for HTTP, Authenticate for a WebSocket).
//
// It knows no roles: what an actor may do comes from outside through Hooks. Whoever calls a write
// on another's account (CreateAccount, DisableAccount, ResetPassword ...) has decided before that
// the actor may; only what follows from who one is (one's own sessions and password, a service
// token within its maker's rights) is decided here.
//
// Every secret has at least 120 random bits and is kept as its SHA-256 only; passwords are kept as
// argon2id. Attempts are counted in Postgres before a secret is looked at, so that neither many
// replicas nor many parallel guesses get past the limit. An unknown login costs and answers the
// same as a wrong password.
//
// Sign-in, sessions and attempts write by themselves. Writes that belong into the audit take the
// transaction of a mutation (postgres.Tx, or a Write where slow work must come before it) and
// answer the core.Change to record, which holds nothing personal. The one thing logged is that
// who acts could not be established (Middleware, 503).
package identity

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Hooks are what other packages know. All must be given.
type Hooks struct {
	// Assignments are the roles that the account holds now, of its own or by its person.
	Assignments func(ctx context.Context, account, person uuid.UUID) ([]core.Assignment, error)
	// Mandate says whether the person may act for the organisation today.
	Mandate func(ctx context.Context, person, organisation uuid.UUID) (bool, error)
	// Covered are those of the patterns that the holder has whole, now.
	Covered func(ctx context.Context, holder core.Actor, patterns []string) ([]string, error)
	// HasAdministrator says whether any account may administer the municipality of ctx.
	HasAdministrator func(ctx context.Context, tx postgres.Tx) (bool, error)
	// MakeAdministrator gives the first account its role. The actor of ctx is core.System.
	MakeAdministrator func(ctx context.Context, tx postgres.Tx, account uuid.UUID) error
}

// Settings are the operator's choices.
type Settings struct {
	SessionIdle      time.Duration  // a session unused for that long ends
	SessionAbsolute  time.Duration  // and so does one that is that old
	InvitationKeep   time.Duration  // how long a code to set a password can be used
	TemporaryKeep    time.Duration  // how long a temporary password can be used
	OpenSignUp       bool           // residents may make accounts themselves
	Hashings         int            // passwords hashed at once; others wait
	Argon            Argon          // cost of a hash
	TrustedProxies   []netip.Prefix // whose X-Forwarded-For is believed
	ServiceTokenKeep time.Duration  // longest life of a service token
}

const day = 24 * time.Hour

// DefaultSettings suit one small server behind at most one proxy.
func DefaultSettings() Settings {
	return Settings{
		SessionIdle:      14 * day,
		SessionAbsolute:  90 * day,
		InvitationKeep:   7 * day,
		TemporaryKeep:    7 * day,
		Hashings:         2,
		Argon:            Argon{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1},
		ServiceTokenKeep: 2 * 366 * day,
	}
}

// Service is the package's work on one database. It is safe for concurrent use.
type Service struct {
	db       *postgres.DB
	clock    core.Clock
	log      *slog.Logger
	hooks    Hooks
	settings Settings
	hasher   *hasher
}

// Config is what a Service works with. All must be given.
type Config struct {
	DB       *postgres.DB
	Clock    core.Clock
	Log      *slog.Logger
	Hooks    Hooks
	Settings Settings
}

// New refuses what is missing and settings under which nobody could sign in.
func New(c Config) (*Service, error) {
	hooks, settings := c.Hooks, c.Settings
	if c.DB == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("identity: database, clock or log is missing")
	}
	if hooks.Assignments == nil || hooks.Mandate == nil || hooks.Covered == nil ||
		hooks.HasAdministrator == nil || hooks.MakeAdministrator == nil {
		return nil, errors.New("identity: a hook is missing")
	}
	if settings.SessionIdle <= 0 || settings.SessionAbsolute < settings.SessionIdle ||
		settings.InvitationKeep <= 0 || settings.TemporaryKeep <= 0 || settings.ServiceTokenKeep <= 0 {
		return nil, errors.New("identity: a period in the settings is not positive, or sessions live shorter than they may idle")
	}
	h, err := newHasher(settings.Argon, settings.Hashings)
	if err != nil {
		return nil, err
	}
	return &Service{db: c.DB, clock: c.Clock, log: c.Log, hooks: hooks, settings: settings, hasher: h}, nil
}

// now is the clock's time as Postgres can keep it.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

func (s *Service) inTx(ctx context.Context, fn func(ctx context.Context, tx postgres.Tx) error) error {
	return postgres.InTx(ctx, s.db, fn)
}

// Write runs fn in the transaction of a mutation, which keeps audit and event of the change that
// fn answers. Methods that take a Write do their slow work (counting, hashing) before calling it.
// When it answers nil without having run fn (a repeated idempotency key), so do they, with a zero
// result: a secret is shown once.
type Write func(ctx context.Context, fn func(ctx context.Context, tx postgres.Tx) (core.Change, error)) error

// run is the write with fn's own error: a mutation may turn that into an answer for a form and
// itself answer nil, and a session that was rolled back must not be handed over then.
func (w Write) run(ctx context.Context, fn func(ctx context.Context, tx postgres.Tx) (core.Change, error)) error {
	var failed error
	err := w(ctx, func(ctx context.Context, tx postgres.Tx) (change core.Change, err error) {
		change, failed = fn(ctx, tx)
		return change, failed
	})
	if failed != nil {
		return failed
	}
	return err
}
