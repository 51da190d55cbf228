package house

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/reports"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/manifest"
)

// indicators are those of the plugins that are enabled in the context's municipality.
func (h *House) indicators(ctx context.Context) ([]reports.Source, error) {
	set := h.Runner.Set(core.MunicipalityOf(ctx))
	if set == nil {
		return nil, nil
	}
	var all []reports.Source
	for _, source := range set.Sources {
		for _, one := range source.Manifest.Indicators {
			all = append(all, indicator{one, source.Manifest.Name, h.Runner})
		}
	}
	return all, nil
}

// indicator is a plugin's.
type indicator struct {
	declared manifest.Indicator
	plugin   string
	runner   *host.Host
}

func (i indicator) Card() core.Indicator {
	return core.Indicator{Key: i.declared.Key, Name: i.declared.Name.Core(), Unit: i.declared.Unit.Core(),
		Definition: i.declared.Definition.Core(), Permission: i.declared.Permission, Type: i.declared.Type}
}

func (i indicator) Parts(ctx context.Context, from, to core.Date) ([]reports.IndicatorPart, error) {
	found, err := i.figures(ctx, from, to).Parts(ctx)
	all := make([]reports.IndicatorPart, len(found))
	for n, one := range found {
		all[n] = reports.IndicatorPart{Label: one.Label, Value: one.Value}
	}
	return all, err
}

func (i indicator) Rows(ctx context.Context, from, to core.Date, after reports.Row, most int) ([]reports.Row, error) {
	found, err := i.figures(ctx, from, to).Rows(ctx, host.Counted{ID: after.ID, Day: after.Day}, most)
	all := make([]reports.Row, len(found))
	for n, one := range found {
		all[n] = reports.Row{ID: one.ID, Part: one.Part, Day: one.Day}
	}
	return all, err
}

func (i indicator) figures(ctx context.Context, from, to core.Date) host.Figures {
	return host.Figures{Host: i.runner, Municipality: core.MunicipalityOf(ctx), Plugin: i.plugin, Key: i.declared.Key, First: from, Last: to}
}
