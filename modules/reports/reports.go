// Package reports answers the figures of the year's report from what the modules declare: each
// indicator is one query over the rows that it counts, so that the figure, its breakdown and the
// rows behind it cannot disagree.
//
// It owns nothing. A figure counts all rows of the municipality; whoever may read the report may
// read it. The rows behind it are shown as objects, and so only to those who may see them.
package reports

import (
	"context"
	_ "embed"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
)

const mayRead = "reports:read"

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	host       *host.Host
	indicators []core.Indicator
	others     func(ctx context.Context) ([]Source, error)
}

// New gathers the indicators of the modules that were made before. Their keys differ, and each adds
// up: a test of the house (TestEveryIndicatorAddsUp) asks every one.
func New(h *host.Host, modules ...core.Module) *Module {
	m := &Module{host: h}
	for _, other := range modules {
		m.indicators = append(m.indicators, other.Info().Indicators...)
	}
	return m
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "reports",
		Title: core.T("Reports", "Отчёты"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("Read the figures of the report", "Читать показатели отчёта")},
		},
		Policy: policy,
	}
}

// Indicator is one figure of a period.
type Indicator struct {
	Key        string
	Name       string
	Unit       string
	Definition string
	Value      int
	Breakdown  []*IndicatorPart

	source   Source
	from, to core.Date
}

// IndicatorPart is a part of a figure.
type IndicatorPart struct {
	Label string
	Value int
}

// IndicatorRow is one thing that a figure counts.
type IndicatorRow struct {
	Day    core.Date
	Part   string
	Object read.AnyRef
	// PluginObjectID is the id of a plugin's object.
	PluginObjectID *core.ID

	key uuid.UUID
}
