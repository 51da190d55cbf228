package sdktest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/sdk"
)

// Database is a Postgres in which the plugin's tables are made, unless Prepare has, in a schema of
// their own, and its statements run.
func Database(url string) Option {
	return func(town *Town) {
		var err error
		if town.pool, err = connect(url); err != nil {
			town.t.Fatal(err)
		}
		town.t.Cleanup(town.pool.Close)
	}
}

// Prepare makes the plugin's tables in a database of which tests' databases are copies.
func Prepare(ctx context.Context, url string, p *sdk.Plugin) error {
	pool, err := connect(url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return migrate(ctx, pool, p)
}

func connect(url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["search_path"] = "plugin_under_test"
	return pgxpool.NewWithConfig(context.Background(), config)
}

func migrate(ctx context.Context, pool *pgxpool.Pool, p *sdk.Plugin) error {
	if _, err := pool.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS plugin_under_test"); err != nil || p.Migrations() == "" {
		return err
	}
	files, err := fs.Sub(p.Files(), p.Migrations())
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err == nil {
		_, err = provider.Up(ctx)
	}
	return err
}

// errUndone rolls back where the answer says why.
var errUndone = errors.New("undone")

// statements runs them in one transaction, as Veche does.
func (town *Town) statements(ctx context.Context, all []*contract.Statement, read bool) (results []*contract.Rows, failed *contract.Error, constraint string, err error) {
	if len(all) > most {
		return nil, nil, "", status.Errorf(codes.InvalidArgument, "at most %d statements in one call", most)
	}
	if town.pool == nil {
		results, failed, err = town.fromTest(all)
		return results, failed, "", err
	}
	options := pgx.TxOptions{}
	if read {
		options = pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}
	}
	err = pgx.BeginTxFunc(ctx, town.pool, options, func(tx pgx.Tx) error {
		for _, one := range all {
			rows, err := runStatement(ctx, tx, one)
			if err != nil {
				return err
			}
			if failed = unexpected(one, rows); failed != nil {
				return errUndone
			}
			results = append(results, rows)
		}
		return nil
	})
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, errUndone):
		return nil, failed, "", nil
	case errors.As(err, &pg) && pg.ConstraintName != "":
		return nil, &contract.Error{Code: sdk.CodeConflict, Message: pg.ConstraintName}, pg.ConstraintName, nil
	case err != nil:
		return nil, nil, "", status.Errorf(codes.InvalidArgument, "%v", err)
	}
	return results, nil, "", nil
}

func unexpected(s *contract.Statement, rows *contract.Rows) *contract.Error {
	some := rows.Affected > 0 || len(rows.Rows) > 0
	if s.Expect == contract.Statement_EXPECT_ROWS && !some || s.Expect == contract.Statement_EXPECT_NO_ROWS && some {
		return s.Otherwise
	}
	return nil
}

// most is how many statements Veche takes at once.
const most = 50

// parameters are a statement's arguments in Postgres' text form, as Veche gives them: JSON as it is to
// json and jsonb, bytes from base64, lists as arrays.
func parameters(oids []uint32, arguments []byte) ([]any, error) {
	var given []json.RawMessage
	if err := json.Unmarshal(arguments, &given); err != nil {
		return nil, err
	}
	if len(given) != len(oids) {
		return nil, fmt.Errorf("the statement has %d parameters, %d arguments were given", len(oids), len(given))
	}
	values := make([]any, len(given))
	for i, raw := range given {
		if string(raw) == "null" {
			continue
		}
		text, err := literal(oids[i], raw)
		if err != nil {
			return nil, err
		}
		values[i] = text
	}
	return values, nil
}

func literal(oid uint32, raw json.RawMessage) (string, error) {
	switch {
	case oid == pgtype.JSONOID || oid == pgtype.JSONBOID:
		return string(raw), nil
	case oid == pgtype.ByteaOID:
		var data []byte
		err := json.Unmarshal(raw, &data)
		return `\x` + hex.EncodeToString(data), err
	case raw[0] == '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err
	case raw[0] == '{':
		return "", errors.New("an object is given to a column of json or jsonb alone")
	case raw[0] != '[':
		return string(raw), nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return "", err
	}
	parts := make([]string, len(items))
	for i, item := range items {
		text, err := literal(0, item)
		if err != nil {
			return "", err
		}
		if parts[i] = text; item[0] == '"' {
			parts[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		}
	}
	return "{" + strings.Join(parts, ",") + "}", nil
}

func runStatement(ctx context.Context, tx pgx.Tx, s *contract.Statement) (*contract.Rows, error) {
	described, err := tx.Prepare(ctx, "", s.Sql)
	if err != nil {
		return nil, err
	}
	args, err := parameters(described.ParamOIDs, s.Arguments)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, s.Sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	answer := &contract.Rows{}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		row := map[string]any{}
		for i, f := range rows.FieldDescriptions() {
			row[f.Name] = plain(values[i], f.DataTypeOID)
		}
		text, err := json.Marshal(row)
		if err != nil {
			return nil, err
		}
		answer.Rows = append(answer.Rows, text)
	}
	answer.Affected = rows.CommandTag().RowsAffected()
	return answer, rows.Err()
}

// plain is a value as JSON has it.
func plain(value any, oid uint32) any {
	switch v := value.(type) {
	case [16]byte:
		return uuid.UUID(v)
	case time.Time:
		if oid == pgtype.DateOID || oid == pgtype.DateArrayOID {
			return v.Format(time.DateOnly)
		}
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = plain(v[i], oid)
		}
		return all
	}
	return value
}

// fromTest has the test answer statements.
func (town *Town) fromTest(all []*contract.Statement) ([]*contract.Rows, *contract.Error, error) {
	var results []*contract.Rows
	for _, one := range all {
		if town.Rows == nil {
			return nil, nil, status.Errorf(codes.Unimplemented, "the test has neither a Database nor Rows to answer %s", one.Sql)
		}
		var args []any
		if err := json.Unmarshal(one.Arguments, &args); err != nil {
			return nil, nil, err
		}
		values, err := town.Rows(one.Sql, args)
		if err != nil {
			return nil, nil, err
		}
		rows := &contract.Rows{Affected: int64(len(values))}
		for _, v := range values {
			text, err := json.Marshal(v)
			if err != nil {
				return nil, nil, err
			}
			rows.Rows = append(rows.Rows, text)
		}
		if failed := unexpected(one, rows); failed != nil {
			return nil, failed, nil
		}
		results = append(results, rows)
	}
	return results, nil, nil
}

// Indicator is the rows of an indicator of plugin.yaml between two days.
func (town *Town) Indicator(p *sdk.Plugin, key, from, to string) ([]map[string]any, error) {
	text, err := fs.ReadFile(p.Files(), "plugin.yaml")
	if err != nil {
		return nil, err
	}
	var card struct {
		Indicators []struct{ Key, Rows string }
	}
	if err := yaml.Unmarshal(text, &card); err != nil {
		return nil, err
	}
	for _, one := range card.Indicators {
		if one.Key != key {
			continue
		}
		args, err := json.Marshal([]string{from, to})
		if err != nil {
			return nil, err
		}
		results, _, _, err := town.statements(context.Background(), []*contract.Statement{{Sql: one.Rows, Arguments: args}}, true)
		if err != nil {
			return nil, err
		}
		rows := make([]map[string]any, len(results[0].Rows))
		for i, row := range results[0].Rows {
			if err := json.Unmarshal(row, &rows[i]); err != nil {
				return nil, err
			}
		}
		return rows, nil
	}
	return nil, errors.New("plugin.yaml has no indicator " + key)
}
