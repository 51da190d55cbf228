package host

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// Counted is one thing that an indicator of a plugin counts.
type Counted struct {
	ID        uuid.UUID // of the indicator's type
	Breakdown string
	Day       core.Date
}

// Part is a part of a figure.
type Part struct {
	Label string
	Value int
}

// Figure is what the plugin's indicator counts in the municipality from the first to the last day, by
// part, the largest first; Counted lists at most so many of it, by day and id, after one. Both run the
// manifest's SQL as the plugin's role and change nothing. Rights (the indicator's permission) are the
// caller's to ask.
func (h *Host) Figure(ctx context.Context, m *core.Municipality, plugin, indicator string, first, last core.Date) ([]Part, error) {
	return counted[Part](ctx, h, place{m.ID, plugin}, indicator, `SELECT coalesce(breakdown, '') AS label, count(*) AS value FROM (%s) AS counted
		GROUP BY 1 ORDER BY 2 DESC, 1`, first, last)
}

// Counted is the list behind Figure.
func (h *Host) Counted(ctx context.Context, m *core.Municipality, plugin, indicator string, first, last core.Date, after Counted, most int) ([]Counted, error) {
	const page = `SELECT id, coalesce(breakdown, '') AS breakdown, day FROM (%%s) AS counted WHERE (day, id) > ('%s'::date, '%s'::uuid) ORDER BY day, id LIMIT %d`
	return counted[Counted](ctx, h, place{m.ID, plugin}, indicator, fmt.Sprintf(page, after.Day, after.ID, most), first, last)
}

// counted runs around, of which %s is the indicator's SQL with three columns by name.
func counted[T any](ctx context.Context, h *Host, at place, indicator, around string, first, last core.Date) (all []T, err error) {
	i := h.instanceAt(at)
	if i == nil {
		return nil, core.ErrNotFound
	}
	store := i.store.Load()
	if store == nil {
		return nil, i.unavailable(fmt.Errorf("its tables are not ready"))
	}
	for _, one := range i.enabled.Manifest.Indicators {
		if one.Key != indicator {
			continue
		}
		sql := fmt.Sprintf(around, "SELECT id::uuid AS id, breakdown::text AS breakdown, day::date AS day FROM ("+one.Rows+"\n) AS rows")
		err = store.in(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(ctx context.Context, x *session) error {
			all, err = rowsOf[T](ctx, x, sql, first, last)
			return err
		})
		if err != nil {
			return nil, &core.Error{Code: core.CodePluginBadResponse, Err: err, Text: core.Textf(
				"The plugin %[1]s could not work out its figure.", "Плагин %[1]s не смог посчитать свой показатель.", at.plugin)}
		}
		return all, nil
	}
	return nil, core.ErrNotFound
}

// rowsOf runs the SQL with the days that it has parameters for.
func rowsOf[T any](ctx context.Context, x *session, sql string, first, last core.Date) ([]T, error) {
	described, err := x.conn.PgConn().Prepare(ctx, "", sql, nil)
	if err != nil {
		return nil, err
	}
	days := []any{first.String(), last.String()}
	if len(described.ParamOIDs) > len(days) {
		return nil, fmt.Errorf("the SQL of the indicator has more parameters than the first and the last day")
	}
	arguments, err := json.Marshal(days[:len(described.ParamOIDs)])
	if err != nil {
		return nil, err
	}
	found, err := x.run(ctx, &contract.Statement{Sql: sql, Arguments: arguments})
	if err != nil {
		return nil, err
	}
	all := make([]T, len(found.Rows))
	for i, raw := range found.Rows {
		if err := json.Unmarshal(raw, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
