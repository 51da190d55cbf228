package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// Tx is one transaction in two forms: bun's for our statements, pgx's for River's jobs. Both see
// and commit the same.
type Tx struct {
	bun.Tx
	Pgx pgx.Tx
}

// InTx runs fn in a transaction: committed when it returns nil and ctx has not ended, rolled back
// otherwise and on panic. Neither form of the transaction may be used after fn has returned; Pgx
// then answers pgx.ErrTxClosed.
func InTx(ctx context.Context, db *DB, fn func(ctx context.Context, tx Tx) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var raw *pgx.Conn
	if err := conn.Raw(func(driver any) error {
		raw = driver.(*stdlib.Conn).Conn()
		return nil
	}); err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	// Begun under a context that does not end: database/sql would roll back by itself when ctx
	// ends, at any moment and from another goroutine, while Pgx is at work on the same connection
	// or, worse, before a statement that would then stand alone. Each statement still ends with
	// ctx, and so does the transaction, here.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // without effect after the commit
	both := &shared{conn: raw}
	defer func() { both.closed = true }()
	if err := fn(ctx, Tx{Tx: tx, Pgx: both}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	return tx.Commit()
}

// Constraint is the name of the constraint that err broke, or "". A store turns the ones that it
// knows into a CONFLICT with words; see Conflicts.
func Constraint(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.ConstraintName
	}
	return ""
}

// Conflicts turns a broken constraint into the user error that stands for it, keeps other errors,
// and makes a serialization failure or deadlock a CONFLICT that may be tried again.
func Conflicts(err error, by map[string]*core.Error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err
	}
	if known, ok := by[pgErr.ConstraintName]; ok {
		return &core.Error{Code: known.Code, Text: known.Text, Path: known.Path, Err: err}
	}
	if pgErr.Code == "40001" || pgErr.Code == "40P01" {
		return &core.Error{Code: core.CodeConflict, Text: core.ErrConflict.Text, Err: err}
	}
	return err
}

// NoRows says whether err means that the row asked for is not there.
func NoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) || errors.Is(err, pgx.ErrNoRows) }
