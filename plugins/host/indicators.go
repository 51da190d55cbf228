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
	ID   uuid.UUID // of the indicator's type
	Part string    // its breakdown; empty: none
	Day  core.Date
}

// Part is a part of a figure.
type Part struct {
	Label string
	Value int
}

// Figures asks the indicators of plugins, whose SQL runs as the plugin's role on a snapshot and changes
// nothing. Rights (the indicator's permission) are the caller's to ask.
type Figures struct {
	Host         *Host
	Municipality *core.Municipality
	Plugin, Key  string // the indicator's
	First, Last  core.Date
}

// wrapped takes of the manifest's SQL three columns by name, whatever else it has.
const wrapped = "SELECT id::uuid AS id, coalesce(breakdown::text, '') AS part, day::date AS day FROM (%s\n) AS given"

// Parts are the figure by part, the largest first; they add up to it.
func (f Figures) Parts(ctx context.Context) (parts []Part, err error) {
	err = f.ask(ctx, "SELECT part AS label, count(*) AS value FROM ("+wrapped+") AS counted GROUP BY part ORDER BY 2 DESC, 1", nil, func(row []byte) error {
		var p Part
		err := json.Unmarshal(row, &p)
		parts = append(parts, p)
		return err
	})
	return parts, err
}

// Rows are at most so many of what is counted, by day and then by id, after the one given.
func (f Figures) Rows(ctx context.Context, after Counted, most int) (all []Counted, err error) {
	const sql = "SELECT * FROM (" + wrapped + ") AS counted WHERE (day, id) > ($%d::date, $%d::uuid) ORDER BY day, id LIMIT $%d::int"
	err = f.ask(ctx, sql, []any{after.Day.String(), after.ID.String(), most}, func(row []byte) error {
		var c struct {
			ID        uuid.UUID
			Part, Day string
		}
		if err := json.Unmarshal(row, &c); err != nil {
			return err
		}
		day, err := core.ParseDate(c.Day)
		all = append(all, Counted{ID: c.ID, Part: c.Part, Day: day})
		return err
	})
	return all, err
}

// ask runs the statement around the manifest's SQL. more are its own parameters, behind those of the SQL.
func (f Figures) ask(ctx context.Context, statement string, more []any, each func(row []byte) error) error {
	i := f.Host.instanceAt(place{f.Municipality.ID, f.Plugin})
	if i == nil {
		return core.ErrNotFound
	}
	store := i.store.Load()
	if store == nil {
		return i.unavailable(fmt.Errorf("its tables are not ready"))
	}
	for _, one := range i.enabled.Manifest.Indicators {
		if one.Key != f.Key {
			continue
		}
		err := store.in(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(ctx context.Context, x *session) error {
			return x.figures(ctx, one.Rows, statement, []any{f.First.String(), f.Last.String()}, more, each)
		})
		if err != nil && ctx.Err() == nil {
			return &core.Error{Code: core.CodePluginBadResponse, Err: err, Text: core.Textf(
				"The plugin %[1]s could not work out its figure.", "Плагин %[1]s не смог посчитать свой показатель.", f.Plugin)}
		}
		return err
	}
	return core.ErrNotFound
}

func (x *session) figures(ctx context.Context, sql, statement string, days, more []any, each func(row []byte) error) error {
	described, err := x.conn.PgConn().Prepare(ctx, "", sql, nil)
	if err != nil {
		return err
	}
	own := len(described.ParamOIDs)
	if own > len(days) {
		return fmt.Errorf("the SQL of the indicator has more parameters than the first and the last day")
	}
	words := []any{sql}
	for n := range more {
		words = append(words, own+n+1)
	}
	arguments, err := json.Marshal(append(days[:own:own], more...))
	if err != nil {
		return err
	}
	found, err := x.run(ctx, &contract.Statement{Sql: fmt.Sprintf(statement, words...), Arguments: arguments})
	if err != nil {
		return err
	}
	for _, row := range found.Rows {
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}
