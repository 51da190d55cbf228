package read

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/extension"
)

// answering is a part while it answers.
type answering struct {
	*Part
	*planner
	ctx      context.Context
	standing access.Standing
	said     []reading
}

// statement is the one of that shape, composed now or before.
func (a *answering) statement(shape []byte, compose func(*compiler) (*statement, error)) (*statement, error) {
	for i := range a.said {
		shape = a.said[i].shape(shape)
	}
	key := statementKey{a.Part, a.standing, string(shape)}
	if known, ok := a.reads.statements.Get(key); ok {
		return known, nil
	}
	params := &parameters{known: map[parameter]string{}}
	c := &compiler{text: a.reads.text(a.ctx, params), Part: a.Part, op: a.op, said: a.said}
	s, err := compose(c)
	if err != nil {
		return nil, err
	}
	if s.params = params; len(s.sql) <= largestKept {
		a.reads.statements.Add(key, s)
	}
	return s, nil
}

// largestKept is the longest statement that is kept, and prepared: their number alone would bound
// nothing. A longer one is composed and described each time.
const largestKept = 16 << 10

// records runs a statement; each row is a record.
func (a *answering) records(use *scratch, s *statement, keys []any) ([][]byte, error) {
	if s.sql == "" {
		return nil, nil
	}
	mode := a.reads.mode
	if len(s.sql) > largestKept && mode == pgx.QueryExecModeCacheStatement {
		mode = pgx.QueryExecModeDescribeExec
	}
	args := append([]any{mode, pgx.QueryResultFormats{pgx.BinaryFormatCode}},
		s.params.bind(a.ctx, a.planner.today, a.said, keys)...)
	rows, err := a.reads.pool.Query(a.ctx, s.sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", a.root.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		use.row(rows)
	}
	if a.ctx.Err() != nil {
		return nil, a.ctx.Err() // which the statement's own error does not say
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", a.root.Name, err)
	}
	return use.records(), nil
}

func (a *answering) writing(to *extension.Wanted, use *scratch, s *statement) *writing {
	size := len(to.Before) + 64
	if s != nil {
		size += int(s.size.Load())
	}
	use.path = append(use.path[:0], to.Path...)
	return &writing{
		ctx: a.ctx, said: a.said, field: a.root.Field, from: s, use: use, out: append(make([]byte, 0, size), to.Before...),
		path: use.path, cells: use.cells[:0], rows: use.rows[:0],
	}
}

// finish tells who read what, and hands the value over.
func (a *answering) finish(w *writing, to *extension.Wanted, isNull bool) error {
	if err := errors.Join(w.err, w.logged()); err != nil {
		return err
	}
	if isNull && len(w.errors) == 0 && a.root.Definition.Type.NonNull {
		w.note(errNull, nil)
	}
	if w.from != nil {
		w.from.size.Store(int64(len(w.out)))
	}
	w.use.cells, w.use.rows, w.use.path = w.cells[:0], w.rows[:0], w.path[:0] // as far as they have grown
	to.Value = extension.Value{JSON: w.out, Null: isNull, Inner: w.places, Errors: w.errors}
	return nil
}

// refused is what stands against the field itself, before and after the question of rights.
func (c *compiler) refused() (output, error) {
	place := c.placeOf(c.root.Field)
	if place >= 0 && c.said[place].early() {
		return failed{place}, nil
	}
	if refused, err := c.refusedField(c.root); refused || err != nil {
		return refusal{}, err
	}
	if place >= 0 && c.said[place].err != nil {
		return failed{place}, nil
	}
	return nil, nil
}

func (a *answering) answerList(to *extension.Wanted) error {
	s, err := a.statement(make([]byte, 0, 128), composeList)
	if err != nil {
		return err
	}
	use := takeScratch()
	defer use.give()
	records, err := a.records(use, s, nil)
	if err != nil {
		return err
	}
	w := a.writing(to, use, s)
	var isNull bool
	switch {
	case s.list != nil:
		isNull = s.list.list(w, records, cell{})
	case len(records) == 1:
		isNull = w.within(records[0], s.out)
	default:
		isNull = s.out.write(w)
	}
	return a.finish(w, to, isNull)
}

func composeList(c *compiler) (*statement, error) {
	if out, err := c.refused(); out != nil || err != nil {
		return &statement{out: out}, err
	}
	place := c.placeOf(c.root.Field)
	pg := c.said[place].page.at(place)
	conn, s, err := c.connection(pg, c.root)
	if err != nil || conn.hidden || !conn.rows && !conn.total {
		return &statement{out: conn}, err
	}
	if !conn.total {
		rows, err := c.rows(pg, s)
		return &statement{sql: "SELECT " + s.record.list() + rows, list: conn}, err
	}
	whole := newRecord()
	count, err := c.count(pg, nil, nil)
	if err != nil {
		return nil, err
	}
	conn.totalAt = whole.at(count)
	if conn.rows {
		rows, err := c.rows(pg, s)
		if err != nil {
			return nil, err
		}
		conn.at = whole.at("ARRAY(SELECT ROW(" + s.record.list() + ")" + rows + ")")
	}
	return &statement{sql: "SELECT " + whole.list(), out: conn}, nil
}
