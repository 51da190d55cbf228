package reports

import (
	"context"
	"fmt"
	"slices"

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
	here, err := m.here(ctx)
	if err != nil {
		return nil, err
	}
	if err := known(here, keys); err != nil {
		return nil, err
	}
	all := []*Indicator{}
	for _, source := range here {
		declared := source.Card()
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
		figure, err := figure(ctx, source, from, to)
		if err != nil {
			return nil, err
		}
		all = append(all, figure)
	}
	return all, nil
}

// here are the sources of the context's municipality: the modules', then the plugins'.
func (m *Module) here(ctx context.Context) ([]Source, error) {
	all := make([]Source, len(m.indicators))
	for i, declared := range m.indicators {
		all[i] = own{declared, m}
	}
	if m.others == nil {
		return all, nil
	}
	others, err := m.others(ctx)
	return append(all, others...), err
}

func known(here []Source, keys []string) error {
	for _, key := range keys {
		if !slices.ContainsFunc(here, func(s Source) bool { return s.Card().Key == key }) {
			return core.Invalid(core.Textf("There is no indicator %q. Leave keys out to see all.", "Показателя %q нет. Не указывайте keys, чтобы увидеть все.", key), "keys")
		}
	}
	return nil
}

func figure(ctx context.Context, source Source, from, to core.Date) (*Indicator, error) {
	lang, declared := core.LanguageOf(ctx), source.Card()
	figure := &Indicator{
		Key: declared.Key, Name: declared.Name.In(lang), Unit: declared.Unit.In(lang), Definition: declared.Definition.In(lang),
		Breakdown: []*IndicatorPart{}, source: source, from: from, to: to,
	}
	parts, err := source.Parts(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("indicator %s: %w", declared.Key, err)
	}
	for _, part := range parts {
		figure.Value += part.Value
		figure.Breakdown = append(figure.Breakdown, &part)
	}
	return figure, nil
}
