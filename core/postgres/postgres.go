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
	url  string
}

// Open connects, waiting up to the context's deadline for a server that is still starting.
// maxConns bounds the pool; 0 is pgx's default.
func Open(ctx context.Context, url string, maxConns int32) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	// bun writes arguments into the text, so a prepared statement would serve once. This mode
	// also passes pgbouncer in transaction mode.
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	if maxConns > 0 {
		config.MaxConns = maxConns
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.AfterConnect = likeness
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
	return &DB{DB: bun.NewDB(sqldb, pgdialect.New()), Pool: pool, url: url}, nil
}

// likeness sets how like a word must be to be found: 0.4 forgives one typo in a word of six letters, where
// pg_trgm's own 0.6 forgives none. Behind a pooler that shares connections it may fall back to that.
func likeness(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET pg_trgm.word_similarity_threshold = 0.4")
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
