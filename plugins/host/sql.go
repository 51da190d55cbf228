package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// What a statement may begin with. The role is the wall; this keeps the transaction whole (no COMMIT
// in its middle) and the connection clean.
var verbs = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"}

// verbOf is the first word of a statement, past spaces, comments and brackets.
func verbOf(sql string) string {
	for {
		sql = strings.TrimLeftFunc(sql, func(r rune) bool { return unicode.IsSpace(r) || r == '(' })
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			depth, at := 1, 2
			for at < len(sql) && depth > 0 {
				switch {
				case strings.HasPrefix(sql[at:], "/*"):
					depth, at = depth+1, at+2
				case strings.HasPrefix(sql[at:], "*/"):
					depth, at = depth-1, at+2
				default:
					at++
				}
			}
			sql = sql[at:]
		default:
			end := strings.IndexFunc(sql, func(r rune) bool { return !unicode.IsLetter(r) })
			if end < 0 {
				end = len(sql)
			}
			return strings.ToUpper(sql[:end])
		}
	}
}

// refusal ends a transaction with an answer for the person, not with an error of the call.
type refusal struct {
	err        *contract.Error
	constraint string
}

func (r *refusal) Error() string { return r.err.Message }

// session is one Read or Write on a connection of the role.
type session struct {
	store *store
	conn  *pgx.Conn
	bytes int // of results so far
}

// in runs fn in a transaction on a connection of the role: committed when it returns nil.
func (s *store) in(ctx context.Context, begin string, fn func(ctx context.Context, x *session) error) error {
	select {
	case s.host.connections <- struct{}{}:
		defer func() { <-s.host.connections }()
	case <-ctx.Done():
		return busy(ctx, ctx.Err())
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return busy(ctx, err)
	}
	defer conn.Release()
	x := &session{store: s, conn: conn.Conn()}
	if _, err := x.conn.Exec(ctx, begin); err != nil {
		return err
	}
	err = fn(ctx, x)
	if err == nil && x.conn.PgConn().TxStatus() == 'T' {
		_, err = x.conn.Exec(ctx, "COMMIT")
	}
	if x.conn.PgConn().TxStatus() != 'I' {
		_, _ = x.conn.Exec(context.WithoutCancel(ctx), "ROLLBACK") // where this fails too, the pool closes the connection
	}
	return sqlError(ctx, err)
}

// busy is a connection that was not to be had in time.
func busy(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return status.Error(codes.ResourceExhausted, "all connections to the plugin's tables are in use: ask for more in one call, and for less at a time")
	}
	return err
}

// sqlError is a failure of SQL as the plugin is told it: its constraints as an answer, the rest in
// Postgres' own words, which are about its own statement.
func sqlError(ctx context.Context, err error) error {
	var told *pgconn.PgError
	if !errors.As(err, &told) {
		return err
	}
	switch {
	case strings.HasPrefix(told.Code, "23"):
		return &refusal{user(ctx, core.Conflict(core.T("This contradicts what is there already.", "Это противоречит уже имеющимся данным."))), told.ConstraintName}
	case told.Code == "40001" || told.Code == "40P01" || told.Code == "55P03":
		return &refusal{err: user(ctx, core.ErrConflict)}
	case told.Code == "57014":
		return status.Errorf(codes.DeadlineExceeded, "the statement took longer than it may")
	case told.Code == "42501":
		return status.Error(codes.PermissionDenied, told.Message)
	case strings.HasPrefix(told.Code, "08") || strings.HasPrefix(told.Code, "57P") || strings.HasPrefix(told.Code, "53"):
		return err
	}
	return status.Errorf(codes.InvalidArgument, "%s (SQLSTATE %s)", told.Message, told.Code)
}

// all runs the statements in their order.
func (x *session) all(ctx context.Context, statements []*contract.Statement) ([]*contract.Rows, error) {
	limits := x.store.host.options.Limits
	if len(statements) > limits.Statements {
		return nil, status.Errorf(codes.InvalidArgument, "at most %d statements in one call", limits.Statements)
	}
	size := 0
	for _, s := range statements {
		if size += len(s.Sql) + len(s.Arguments); size > limits.StatementBytes {
			return nil, status.Errorf(codes.InvalidArgument, "statements and arguments have at most %d bytes in one call", limits.StatementBytes)
		}
		if !slices.Contains(verbs, verbOf(s.Sql)) {
			return nil, status.Errorf(codes.PermissionDenied, "a statement begins with one of %s; tables are made by migrations", strings.Join(verbs, ", "))
		}
	}
	var results []*contract.Rows
	for _, s := range statements {
		rows, err := x.run(ctx, s)
		if err != nil {
			return nil, err
		}
		found := rows.Affected > 0 || len(rows.Rows) > 0
		if s.Expect == contract.Statement_EXPECT_ROWS && !found || s.Expect == contract.Statement_EXPECT_NO_ROWS && found {
			if s.Otherwise != nil {
				return nil, &refusal{err: s.Otherwise}
			}
			return nil, &refusal{err: user(ctx, core.ErrConflict)}
		}
		results = append(results, rows)
	}
	return results, nil
}

// run runs one statement. The deadline holds also where a statement took Postgres' own away.
func (x *session) run(ctx context.Context, s *contract.Statement) (*contract.Rows, error) {
	limits := x.store.host.options.Limits
	ctx, cancel := context.WithTimeout(ctx, limits.StatementTime+limits.StatementTime/4)
	defer cancel()
	pg := x.conn.PgConn()
	described, err := pg.Prepare(ctx, "", s.Sql, nil)
	if err != nil {
		return nil, overdue(ctx, err)
	}
	values, err := parameters(described.ParamOIDs, s.Arguments)
	if err != nil {
		return nil, err
	}
	out := &contract.Rows{}
	reader := pg.ExecPrepared(ctx, "", values, nil, nil)
	for reader.NextRow() {
		row := appendRow(nil, described.Fields, reader.Values())
		if x.bytes += len(row); x.bytes > limits.ResultBytes || len(out.Rows) >= limits.Rows {
			cancel()
			_, _ = reader.Close()
			return nil, status.Errorf(codes.ResourceExhausted, "a statement gives at most %d rows, and a call %d bytes: ask with LIMIT", limits.Rows, limits.ResultBytes)
		}
		out.Rows = append(out.Rows, row)
	}
	tag, err := reader.Close()
	if err != nil {
		return nil, overdue(ctx, err)
	}
	if x.conn.PgConn().TxStatus() != 'T' {
		return nil, status.Error(codes.PermissionDenied, "a statement ended the transaction")
	}
	if !tag.Select() {
		out.Affected = tag.RowsAffected()
	}
	return out, nil
}

// overdue tells a statement that our own clock cut off from one that failed.
func overdue(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return status.Error(codes.DeadlineExceeded, "the statement took longer than it may")
	}
	return err
}

// parameters are the arguments in Postgres' text form.
func parameters(oids []uint32, arguments []byte) ([][]byte, error) {
	var given []json.RawMessage
	if len(arguments) > 0 {
		if err := json.Unmarshal(arguments, &given); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "arguments are not a JSON array: %v", err)
		}
	}
	if len(given) != len(oids) {
		return nil, status.Errorf(codes.InvalidArgument, "the statement has %d parameters, %d arguments were given", len(oids), len(given))
	}
	values := make([][]byte, len(given))
	for i, raw := range given {
		value, err := parameter(oids[i], bytes.TrimSpace(raw))
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "argument $%d: %v", i+1, err)
		}
		values[i] = value
	}
	return values, nil
}
