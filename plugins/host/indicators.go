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
	Breakdown *string
	Day       core.Date
}

// Count lists what the plugin's indicator counts in the municipality from the first to the last day,
// by the manifest's SQL, which runs as the plugin's role and changes nothing. Rights (the indicator's
// permission) are the caller's to ask. most bounds the rows, whose number past it is in total.
func (h *Host) Count(ctx context.Context, m *core.Municipality, plugin, indicator string, first, last core.Date, most int) (rows []Counted, total int, err error) {
	i := h.instanceAt(place{m.ID, plugin})
	if i == nil {
		return nil, 0, core.ErrNotFound
	}
	store := i.store.Load()
	if store == nil {
		return nil, 0, i.unavailable(fmt.Errorf("its tables are not ready"))
	}
	for _, one := range i.enabled.Manifest.Indicators {
		if one.Key != indicator {
			continue
		}
		err = store.in(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(ctx context.Context, x *session) error {
			rows, total, err = x.count(ctx, one.Rows, first, last, most)
			return err
		})
		if err != nil {
			return nil, 0, &core.Error{Code: core.CodePluginBadResponse, Err: err, Text: core.Textf(
				"The plugin %[1]s could not work out its figure.", "Плагин %[1]s не смог посчитать свой показатель.", plugin)}
		}
		return rows, total, nil
	}
	return nil, 0, core.ErrNotFound
}

// count runs the SQL within a statement of ours, which takes of it three columns by name.
func (x *session) count(ctx context.Context, sql string, first, last core.Date, most int) (all []Counted, total int, err error) {
	described, err := x.conn.PgConn().Prepare(ctx, "", sql, nil)
	if err != nil {
		return nil, 0, err
	}
	days := []any{first.String(), last.String()}
	if len(described.ParamOIDs) > len(days) {
		return nil, 0, fmt.Errorf("the SQL of the indicator has more parameters than the first and the last day")
	}
	arguments, err := json.Marshal(days[:len(described.ParamOIDs)])
	if err != nil {
		return nil, 0, err
	}
	const wrapped = "SELECT id::uuid AS id, breakdown::text AS breakdown, day::date AS day FROM (%s\n) AS counted"
	found, err := x.run(ctx, &contract.Statement{Sql: fmt.Sprintf("SELECT count(*) AS total FROM ("+wrapped+") AS all_of_them", sql), Arguments: arguments})
	if err != nil {
		return nil, 0, err
	}
	var count struct{ Total int }
	if err := json.Unmarshal(found.Rows[0], &count); err != nil {
		return nil, 0, err
	}
	found, err = x.run(ctx, &contract.Statement{Sql: fmt.Sprintf(wrapped+" ORDER BY day, id LIMIT %d", sql, min(most, x.store.host.options.Limits.Rows)), Arguments: arguments})
	if err != nil {
		return nil, 0, err
	}
	for _, raw := range found.Rows {
		var c struct {
			ID        uuid.UUID
			Breakdown *string
			Day       string
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, 0, err
		}
		day, err := core.ParseDate(c.Day)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, Counted{ID: c.ID, Breakdown: c.Breakdown, Day: day})
	}
	return all, count.Total, nil
}
