// Package postgres is the way to the database: the pool (Open), the transaction that bun, pgx and
// River share (InTx), the tenant's filter (Owned), migrations (Migrate) and wake-ups (Listen).
// The server itself, when Veche runs its own, is core/postgres/managed.
//
// Everything else in the house takes a bun.IDB and so runs alike on the pool and inside InTx.
package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// DB is the pool in its two forms: bun for statements of ours, pgx for River and LISTEN.
type DB struct {
	*bun.DB
	Pool *pgxpool.Pool
	// Prepared is how statements are run whose text is the same each time: prepared once a connection,
	// unless the address says otherwise (default_query_exec_mode=exec, for a pooler that shares
	// connections and does not know prepared statements).
	Prepared pgx.QueryExecMode
	url      string
}

// mostPrepared bounds the prepared statements of a connection: Postgres keeps a plan for each.
const mostPrepared = 256

// Open connects, waiting up to the context's deadline for a server that is still starting.
// maxConns bounds the pool; 0 is pgx's default.
func Open(ctx context.Context, url string, maxConns int32) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	// bun writes arguments into the text, so a prepared statement would serve once. This mode
	// also passes pgbouncer in transaction mode.
	prepared := config.ConnConfig.DefaultQueryExecMode
	if prepared != pgx.QueryExecModeCacheStatement {
		prepared = pgx.QueryExecModeCacheDescribe // what a statement takes and gives is kept, and nothing on the connection
	}
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.ConnConfig.StatementCacheCapacity = mostPrepared
	if maxConns > 0 {
		config.MaxConns = maxConns
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.AfterConnect = settle
	config.ConnConfig.BuildContextWatcherHandler = newWatcher
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "veche"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := waitFor(ctx, pool); err != nil {
		pool.Close()
		return nil, fmt.Errorf("database does not answer: %w", err)
	}
	sqldb := stdlib.OpenDBFromPool(pool)
	sqldb.SetMaxIdleConns(0) // pgxpool is the only pool
	return &DB{DB: bun.NewDB(sqldb, pgdialect.New()), Pool: pool, Prepared: prepared, url: url}, nil
}

// Query runs a statement whose text is the same each time, with its values as $1, $2, ….
func (db *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return db.Pool.Query(ctx, sql, append([]any{db.Prepared}, args...)...)
}

// settle sets how statements of the connection are run. Behind a pooler that shares connections
// both may fall back to Postgres' own.
//
// A word must be like by 0.4 to be found: that forgives one typo in a word of six letters, where
// pg_trgm's own 0.6 forgives none. And a prepared statement is planned once, not at each run: with
// the values of the day the planner finds its plan cheaper each time, and spends more on finding it
// than the statement itself costs.
func settle(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', false), set_config('plan_cache_mode', 'force_generic_plan', false)")
	return err
}

func waitFor(ctx context.Context, pool *pgxpool.Pool) error {
	for {
		err := pool.Ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
		if _, bounded := ctx.Deadline(); !bounded {
			return err
		}
	}
}

// Close closes the pool; statements under way are finished first.
func (db *DB) Close() error {
	err := db.DB.Close()
	db.Pool.Close()
	return err
}
