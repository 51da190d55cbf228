package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/veche-city/veche/plugins/contract"
)

// Batch is what is done in one transaction on the plugin's own tables: statements, events, audit
// entries, jobs, keys; all of it or nothing. What a statement answers is there after Write or Read.
type Batch struct {
	ctx         context.Context
	request     contract.WriteRequest
	sinks       []func(*contract.Rows) error
	otherwise   []error
	constraints map[string]error
	err         error
}

// Statements begins a batch.
func Statements(ctx context.Context) *Batch { return &Batch{ctx: ctx, constraints: map[string]error{}} }

// Statement is one of a batch, whose expectation can be said.
type Statement struct {
	batch *Batch
	at    int
}

// Do adds a statement: unqualified names, parameters $1, $2. An ID is given as its key, a struct or map
// as JSON, a slice as an array, or as a JSON array by JSON.
func (b *Batch) Do(sql string, args ...any) *Statement { return b.add(sql, args, nil) }

// Expect says that the statement must affect or find a row; otherwise all is undone, and Write is that
// error.
func (s *Statement) Expect(otherwise error) { s.expect(contract.Statement_EXPECT_ROWS, otherwise) }

// ExpectNone says that it must affect or find no row.
func (s *Statement) ExpectNone(otherwise error) {
	s.expect(contract.Statement_EXPECT_NO_ROWS, otherwise)
}

func (s *Statement) expect(what contract.Statement_Expect, otherwise error) {
	one := s.batch.request.Statements[s.at]
	one.Expect, one.Otherwise = what, wire(otherwise, Call(s.batch.ctx).Language)[0]
	s.batch.otherwise[s.at] = otherwise
}

// Rows adds a statement whose rows are read into R by their columns: a struct's members by their tag
// sql, or else their json name in snake case; one column into a simple type.
func Rows[R any](b *Batch, sql string, args ...any) *Result[R] {
	r := &Result[R]{}
	r.Statement = b.add(sql, args, func(rows *contract.Rows) error {
		r.Affected = rows.Affected
		r.Rows = make([]R, len(rows.Rows))
		for i, row := range rows.Rows {
			if err := scan(row, &r.Rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return r
}

// Result is what a statement answered.
type Result[R any] struct {
	*Statement
	Rows     []R
	Affected int64
}

// First is the first row; nil where there is none.
func (r *Result[R]) First() *R {
	if len(r.Rows) == 0 {
		return nil
	}
	return &r.Rows[0]
}

func (b *Batch) add(sql string, args []any, sink func(*contract.Rows) error) *Statement {
	text, err := arguments(args)
	b.fail(err)
	b.request.Statements = append(b.request.Statements, &contract.Statement{Sql: sql, Arguments: text})
	b.sinks, b.otherwise = append(b.sinks, sink), append(b.otherwise, nil)
	return &Statement{b, len(b.sinks) - 1}
}

// Constraint gives words to a constraint of the plugin's own tables, by its name.
func (b *Batch) Constraint(name string, violated error) *Batch {
	b.constraints[name] = violated
	return b
}

// Publish sends an event with the change.
func (b *Batch) Publish(n Notice) *Batch {
	one, err := n.wire()
	b.fail(err)
	b.request.Events = append(b.request.Events, one)
	return b
}

// Audit notes what the caller does; details bear no personal data.
func (b *Batch) Audit(action string, object ID, details any) *Batch {
	text, err := json.Marshal(details)
	b.fail(err)
	b.request.Audits = append(b.request.Audits, &contract.Audit{Action: action, Object: object.String(), Details: text})
	return b
}

// Schedule schedules a job with the change.
func (b *Batch) Schedule(t Task) *Batch {
	text, err := json.Marshal(t.Args)
	b.fail(err)
	b.request.Jobs = append(b.request.Jobs, &contract.Schedule{Id: t.ID, Kind: t.Kind, Arguments: text, At: t.At})
	return b
}

// Put writes a key's value with the change, as Put does.
func (b *Batch) Put(key string, value any, version int64) *Batch {
	one, err := putRequest(key, value, version)
	b.fail(err)
	b.request.Puts = append(b.request.Puts, one)
	return b
}

func (b *Batch) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Write does all of it in one transaction, or nothing.
func (b *Batch) Write() error {
	if b.err != nil {
		return b.err
	}
	ctx, s := toHost(b.ctx)
	answer, err := s.host.Write(ctx, &b.request)
	if err != nil {
		return err
	}
	if violated := b.constraints[answer.Constraint]; answer.Constraint != "" && violated != nil {
		return violated
	}
	return b.take(answer.Results, answer.Error)
}

// Read runs the statements, which change nothing, on one snapshot.
func (b *Batch) Read() error {
	if b.err != nil {
		return b.err
	}
	if len(b.request.Events)+len(b.request.Audits)+len(b.request.Jobs)+len(b.request.Puts) > 0 {
		return errors.New("sdk: a batch that is read has more than statements: use Write")
	}
	ctx, s := toHost(b.ctx)
	answer, err := s.host.Read(ctx, &contract.ReadRequest{Statements: b.request.Statements})
	if err != nil {
		return err
	}
	return b.take(answer.Results, answer.Error)
}

func (b *Batch) take(results []*contract.Rows, failed *contract.Error) error {
	for at, otherwise := range b.otherwise { // the host hands back what it was given
		if failed != nil && otherwise != nil && proto.Equal(failed, b.request.Statements[at].Otherwise) {
			return otherwise
		}
	}
	if failed != nil {
		return read(failed)
	}
	if len(results) != len(b.sinks) {
		return fmt.Errorf("veche answered %d results for %d statements", len(results), len(b.sinks))
	}
	for i, sink := range b.sinks {
		if sink != nil {
			if err := sink(results[i]); err != nil {
				return fmt.Errorf("statement %d: %w", i, err)
			}
		}
	}
	return nil
}

// Select reads rows by one statement.
func Select[R any](ctx context.Context, sql string, args ...any) ([]R, error) {
	b := Statements(ctx)
	r := Rows[R](b, sql, args...)
	err := b.Read()
	return r.Rows, err
}

// SelectOne reads the first row; nil where there is none.
func SelectOne[R any](ctx context.Context, sql string, args ...any) (*R, error) {
	b := Statements(ctx)
	r := Rows[R](b, sql, args...)
	if err := b.Read(); err != nil {
		return nil, err
	}
	return r.First(), nil
}
