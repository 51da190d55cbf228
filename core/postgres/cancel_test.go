package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
)

const sleeping = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()`

// asleep waits until so many statements sleep.
func asleep(t *testing.T, db *postgres.DB, want int) {
	t.Helper()
	for got := -1; got != want; {
		if err := db.NewRaw(sleeping).Scan(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever goes away takes the statement along, and leaves the connection to the next.
func TestACancelledStatementEndsInPostgres(t *testing.T) {
	t.Parallel()
	db := coretest.Database(t)
	conn, err := db.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	pid := conn.Conn().PgConn().PID()
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := conn.Exec(ctx, "SELECT pg_sleep(600)")
			ended <- err
		}()
		asleep(t, db, 1)
		cancel()
		var told *pgconn.PgError
		if err := <-ended; !errors.As(err, &told) || told.Code != "57014" {
			t.Fatalf("got %v", err)
		}
		asleep(t, db, 0)
		var now uint32
		if err := conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&now); err != nil || now != pid {
			t.Fatalf("the connection of %d is that of %d: %v", pid, now, err)
		}
	}
}

// The same by bun, many at once, in and outside of a transaction; the pool serves on.
func TestManyCancelledStatementsLeaveThePoolWhole(t *testing.T) {
	t.Parallel()
	db := coretest.Database(t)
	const many = 8
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, many)
	for n := range many {
		go func() {
			if n%2 == 0 {
				_, err := db.ExecContext(ctx, "SELECT pg_sleep(600)")
				ended <- err
				return
			}
			ended <- postgres.InTx(ctx, db, func(ctx context.Context, tx postgres.Tx) error {
				_, err := tx.ExecContext(ctx, "SELECT pg_sleep(600)")
				return err
			})
		}()
	}
	asleep(t, db, many)
	cancel()
	for range many {
		if err := <-ended; err == nil {
			t.Error("a statement slept out")
		}
	}
	asleep(t, db, 0)
	for range 3 * many {
		if _, err := db.ExecContext(t.Context(), "SELECT 1"); err != nil {
			t.Error(err)
		}
	}
	if open := db.Pool.Stat().TotalConns(); open < many {
		t.Errorf("%d connections are left of %d", open, many+1)
	}
}
