// Package access decides who may do what, where and to which rows.
//
// It owns the tables roles, role_parents, policy_rules, role_assignments and permissions_seen and
// the column municipalities.policy_version, and alone writes them (Store, EnsureDefaults).
//
// Services and the read layer ask a Guard. Decide answers for the context's actor and municipality
// with a Decision: nothing, everything, or a filter that is applied to rows in SQL and to things
// in memory (Allows), always with the same outcome. The language of the policy is Casbin's
// (model.conf); Casbin itself is loaded through Policies and is the referee of the tests, and is
// never asked per row.
//
// What decides: a right needs an allowing line and no denying one, over all roles that the actor
// holds. Everybody holds anonymous, every account resident, in the whole municipality. A line
// counts for a row that stands in the scope of the line and in the scope in which the role is
// held. Without a line, without a municipality or for an unknown kind of actor: nothing.
//
// Order of a write: it locks the municipality's row (Bump), then checks, then changes, in the
// caller's transaction; so writers of one town's policy go one after another. Readers never wait.
//
// Failure: a Guard serves its last good snapshot for as long as its lease (see freshness.go), and
// then answers UNAVAILABLE rather than by rules that may have been taken away.
package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/goccy/go-yaml"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Settings are what a Guard is made of.
type Settings struct {
	Clock   core.Clock
	Log     *slog.Logger
	Modules []core.Info // whose permissions are known from the beginning; see Know
}

// Guard decides. One serves the whole process, all municipalities and all goroutines.
type Guard struct {
	db       *postgres.DB
	settings Settings
	modules  []core.Info
	known    map[string]bool
	defaults []policyLine
	granted  string // the statement for the roles of an account with a person
	roles    []defaultRole

	// pool is the guard's own small way to the database. A decision may be asked for inside a
	// transaction; were it to take a second connection from the common pool, transactions that
	// hold all of them would wait for each other for ever.
	pool    *pgxpool.Pool
	own     *bun.DB
	tenants sync.Map // municipality id -> *tenant

	learned  atomic.Pointer[learned] // what plugins brought; see Learn
	learning sync.Mutex              // held by who replaces it
	cache    *lru.Cache[cacheKey, *compiled]
}

const (
	cachedDecisions = 16384
	ownConnections  = 2
)

// New makes a Guard, reading every module's policy.csv strictly: a bad line is an error that names
// file and line. The database is not touched before the first decision. Close it in the end.
func New(db *postgres.DB, settings Settings) (*Guard, error) {
	g := &Guard{db: db, settings: settings}
	if settings.Clock == nil || settings.Log == nil {
		return nil, errors.New("access: a guard needs a clock and a log")
	}
	if err := yaml.UnmarshalWithOptions(rolesText, &g.roles, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("access: roles.yaml: %w", err)
	}
	if err := g.Know(settings.Modules); err != nil {
		return nil, err
	}
	var err error
	if g.cache, err = lru.New[cacheKey, *compiled](cachedDecisions); err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	config := db.Pool.Config()
	config.MaxConns, config.MinConns, config.MinIdleConns = ownConnections, 0, 0
	// The pool outlives whatever context New was called under; Close ends it.
	if g.pool, err = pgxpool.NewWithConfig(context.Background(), config); err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	sqldb := stdlib.OpenDBFromPool(g.pool)
	sqldb.SetMaxIdleConns(0)
	g.own = bun.NewDB(sqldb, pgdialect.New())
	return g, nil
}

// Close gives the guard's connections back; no decision may be asked for afterwards.
func (g *Guard) Close() error {
	err := g.own.Close()
	g.pool.Close()
	return err
}

// Store is the way to change the policy.
func (g *Guard) Store() Store { return Store{g} }
