package reports

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// longest is the longest period that is answered, in days: a hundred years.
const longest = 36525

// figures answers the indicators of the period that the caller has the permission for.
func (m *Module) figures(ctx context.Context, from, to core.Date, keys []string) ([]*Indicator, error) {
	if to.Before(from) {
		return nil, core.Invalid(core.T("The last day is before the first.", "Последний день раньше первого."), "to")
	}
	if from.AddDays(longest).Before(to) {
		return nil, core.Invalid(core.T("A period is at most a hundred years.", "Период — не более ста лет."), "to")
	}
	if err := m.known(keys); err != nil {
		return nil, err
	}
	all := []*Indicator{}
	for _, declared := range m.indicators {
		if keys != nil && !slices.Contains(keys, declared.Key) {
			continue
		}
		may, err := m.host.Guard.Decide(ctx, declared.Permission)
		if err != nil {
			return nil, err
		}
		if may.None() {
			continue
		}
		figure, err := m.figure(ctx, declared, from, to)
		if err != nil {
			return nil, err
		}
		all = append(all, figure)
	}
	return all, nil
}

func (m *Module) known(keys []string) error {
	for _, key := range keys {
		if !slices.ContainsFunc(m.indicators, func(i core.Indicator) bool { return i.Key == key }) {
			return core.Invalid(core.Textf("There is no indicator %q. Leave keys out to see all.", "Показателя %q нет. Не указывайте keys, чтобы увидеть все.", key), "keys")
		}
	}
	return nil
}

func (m *Module) figure(ctx context.Context, declared core.Indicator, from, to core.Date) (*Indicator, error) {
	lang := core.LanguageOf(ctx)
	figure := &Indicator{
		Key: declared.Key, Name: declared.Name.In(lang), Unit: declared.Unit.In(lang), Definition: declared.Definition.In(lang),
		Breakdown: []*IndicatorPart{}, declared: declared, from: from, to: to,
	}
	rows, err := m.host.DB.QueryContext(ctx, `SELECT coalesce(breakdown, ''), count(*) FROM (?) AS counted
		GROUP BY 1 ORDER BY 2 DESC, 1`, figure.query(ctx, m.host.DB.DB))
	if err != nil {
		return nil, fmt.Errorf("indicator %s: %w", declared.Key, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		part := &IndicatorPart{}
		if err := rows.Scan(&part.Label, &part.Value); err != nil {
			return nil, fmt.Errorf("indicator %s: %w", declared.Key, err)
		}
		figure.Value += part.Value
		figure.Breakdown = append(figure.Breakdown, part)
	}
	return figure, rows.Err()
}

// query is the declared rows of the figure's period and the caller's municipality.
func (i *Indicator) query(ctx context.Context, db *bun.DB) bun.Safe {
	gen := db.QueryGen().WithNamedArg("municipality", core.MunicipalityOf(ctx).ID).WithNamedArg("from", i.from).WithNamedArg("to", i.to)
	return bun.Safe(gen.FormatQuery(i.declared.Rows))
}
