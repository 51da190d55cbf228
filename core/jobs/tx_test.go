package jobs

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core/postgres"
)

// What Insert relies on in postgres.Tx, tried with River's own statements.

func TestNothingIsInsertedAfterTheTransaction(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	var kept postgres.Tx
	must(t, postgres.InTx(ctx, h.db, func(_ context.Context, tx postgres.Tx) error {
		kept = tx
		return nil
	}))
	if _, err := h.jobs.Insert(ctx, kept, noteArgs{"late"}, nil); !errors.Is(err, pgx.ErrTxClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := kept.Pgx.Begin(ctx); !errors.Is(err, pgx.ErrTxClosed) {
		t.Errorf("got %v", err)
	}
	if n := h.notes(ctx, t); n != 0 {
		t.Errorf("%d jobs of no transaction", n)
	}
}

// The request is given up in the middle; what then still runs must not write by itself.
func TestNothingIsInsertedWhenTheContextHasEnded(t *testing.T) {
	h := open(t, known)
	base := within(t)
	for range 20 {
		ctx, cancel := context.WithCancel(base)
		err := postgres.InTx(ctx, h.db, func(_ context.Context, tx postgres.Tx) error {
			cancel()
			for range 20 {
				if _, err := h.jobs.Insert(base, tx, noteArgs{"alone"}, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
	if n := h.notes(base, t); n != 0 {
		t.Fatalf("%d jobs of rolled back transactions", n)
	}
}

func TestAPanicRollsBack(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	func() {
		defer func() { _ = recover() }()
		_ = postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) error {
			_, err := h.jobs.Insert(ctx, tx, noteArgs{"panic"}, nil)
			must(t, err)
			panic("a bug")
		})
	}()
	if n := h.notes(ctx, t); n != 0 {
		t.Errorf("%d jobs", n)
	}
	if n := h.db.Pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are not given back", n)
	}
}

func TestNestedTransactions(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	insert := func(tx pgx.Tx, text string) {
		t.Helper()
		_, err := h.jobs.client.InsertTx(ctx, tx, noteArgs{text}, nil)
		must(t, err)
	}
	must(t, postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) error {
		if tx.Pgx.Commit(ctx) == nil || tx.Pgx.Rollback(ctx) == nil {
			t.Error("River may end our transaction")
		}
		outer, err := tx.Pgx.Begin(ctx)
		must(t, err)
		insert(outer, "outer")
		inner, err := outer.Begin(ctx)
		must(t, err)
		insert(inner, "inner, taken back")
		if _, err := inner.Exec(ctx, "SELECT 1/0"); err == nil {
			t.Error("no error")
		}
		must(t, inner.Rollback(ctx))
		must(t, outer.Commit(ctx))
		if err := outer.Rollback(ctx); !errors.Is(err, pgx.ErrTxClosed) { // as a deferred Rollback does
			t.Errorf("got %v", err)
		}
		insert(tx.Pgx, "after")
		return nil
	}))
	if n := h.notes(ctx, t); n != 2 {
		t.Errorf("%d jobs, want 2", n)
	}
}
