package reports

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// Source is an indicator and where its rows come from. Modules' come from the database by their cards;
// those of plugins come and go at run time (Join), and are asked by whoever runs them.
type Source interface {
	// Card says what is counted. Its Rows are not used here.
	Card() core.Indicator
	// Parts are the figure of a period in the context's municipality by part, the largest first; they add
	// up to it.
	Parts(ctx context.Context, from, to core.Date) ([]IndicatorPart, error)
	// Rows are at most so many of what is counted, by day and then by id, after the one given: by its Day
	// and ID.
	Rows(ctx context.Context, from, to core.Date, after Row, most int) ([]Row, error)
}

// Row is one thing that is counted.
type Row struct {
	ID   uuid.UUID
	Part string
	Day  core.Date
}

// Join adds the sources that others answers for the context's municipality, each time it is asked. It is
// called once, before the first question.
func (m *Module) Join(others func(ctx context.Context) ([]Source, error)) { m.others = others }

// own is the source of a module's indicator.
type own struct {
	core.Indicator
	module *Module
}

func (o own) Card() core.Indicator { return o.Indicator }

func (o own) Parts(ctx context.Context, from, to core.Date) (parts []IndicatorPart, err error) {
	rows, err := o.module.host.DB.QueryContext(ctx, `SELECT coalesce(breakdown, ''), count(*) FROM (?) AS counted
		GROUP BY 1 ORDER BY 2 DESC, 1`, o.query(ctx, from, to))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		part := IndicatorPart{}
		if err := rows.Scan(&part.Label, &part.Value); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, rows.Err()
}

func (o own) Rows(ctx context.Context, from, to core.Date, after Row, most int) (all []Row, err error) {
	rows, err := o.module.host.DB.QueryContext(ctx, `SELECT id, coalesce(breakdown, ''), day FROM (?0) AS counted
		WHERE (day, id) > (?1::date, ?2::uuid) ORDER BY day, id LIMIT ?3`, o.query(ctx, from, to), after.Day, after.ID, most)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		row := Row{}
		if err := rows.Scan(&row.ID, &row.Part, &row.Day); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// query is the declared rows of a period and the caller's municipality.
func (o own) query(ctx context.Context, from, to core.Date) bun.Safe {
	gen := o.module.host.DB.QueryGen().WithNamedArg("municipality", core.MunicipalityOf(ctx).ID).WithNamedArg("from", from).WithNamedArg("to", to)
	return bun.Safe(gen.FormatQuery(o.Indicator.Rows))
}
