package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// shared is the pgx face of a transaction that bun began and InTx will end. As any pgx.Tx it is for
// one goroutine at a time.
type shared struct {
	conn       *pgx.Conn
	savepoints int
	closed     bool
}

var errNotOurs = errors.New("postgres: this transaction is ended by InTx")

// Begin sets a savepoint, numbered so that the ends of two nested ones cannot be mixed up.
func (s *shared) Begin(ctx context.Context) (pgx.Tx, error) {
	name := "shared_" + strconv.Itoa(s.savepoints+1)
	if _, err := s.Exec(ctx, "SAVEPOINT "+name); err != nil {
		return nil, err
	}
	s.savepoints++
	return &savepoint{shared: s, name: name}, nil
}

func (s *shared) Commit(context.Context) error   { return errNotOurs }
func (s *shared) Rollback(context.Context) error { return errNotOurs }
func (s *shared) LargeObjects() pgx.LargeObjects { panic("postgres: large objects are not used") }
func (s *shared) Conn() *pgx.Conn                { return s.conn }

func (s *shared) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	if s.closed {
		return pgconn.CommandTag{}, pgx.ErrTxClosed
	}
	return s.conn.Exec(ctx, query, args...)
}

func (s *shared) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	if s.closed {
		return nil, pgx.ErrTxClosed
	}
	return s.conn.Query(ctx, query, args...)
}

func (s *shared) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	if s.closed {
		return closedRow{}
	}
	return s.conn.QueryRow(ctx, query, args...)
}

func (s *shared) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if s.closed {
		return pgx.FailedBatchResults(b, pgx.ErrTxClosed)
	}
	return s.conn.SendBatch(ctx, b)
}

func (s *shared) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if s.closed {
		return 0, pgx.ErrTxClosed
	}
	return s.conn.CopyFrom(ctx, table, columns, rows)
}

func (s *shared) Prepare(ctx context.Context, name, query string) (*pgconn.StatementDescription, error) {
	if s.closed {
		return nil, pgx.ErrTxClosed
	}
	return s.conn.Prepare(ctx, name, query)
}

type closedRow struct{}

func (closedRow) Scan(...any) error { return pgx.ErrTxClosed }

// savepoint is a nested transaction inside ours. Ending it twice is refused here: Postgres would
// take a savepoint that is gone for an error, and abort the whole transaction.
type savepoint struct {
	*shared
	name  string
	ended bool
}

func (s *savepoint) Commit(ctx context.Context) error {
	return s.end(ctx, "RELEASE SAVEPOINT "+s.name)
}

func (s *savepoint) Rollback(ctx context.Context) error {
	return s.end(ctx, "ROLLBACK TO SAVEPOINT "+s.name)
}

func (s *savepoint) end(ctx context.Context, statement string) error {
	if s.ended {
		return pgx.ErrTxClosed
	}
	s.ended = true
	_, err := s.Exec(ctx, statement)
	return err
}
