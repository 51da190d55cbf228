package calendar

import (
	"context"
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/mutation"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct{ Service *Service }

// New declares the module's types and makes its service.
func New(h *host.Host) *Module {
	declare(h.Reads)
	return &Module{Service: &Service{reads: h.Reads, guard: h.Guard, writer: h.Writer, clock: h.Clock}}
}

// OnChange makes a change of the calendar or of the rule call count, in its transaction, so that the
// deadlines that a module keeps are counted anew. It is called while modules are made.
func (m *Module) OnChange(count func(ctx context.Context, tx *mutation.Tx) error) {
	m.Service.counts = append(m.Service.counts, count)
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "calendar",
		Title: core.T("Production calendar", "Производственный календарь"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See the calendar and count deadlines", "Видеть календарь и считать сроки")},
			{Name: mayImport, Title: core.T("Import a year's calendar", "Загружать календарь на год")},
			{Name: mayRule, Title: core.T("Set what becomes of a deadline on a day off", "Задавать правило для срока, выпавшего на выходной")},
		},
		Policy: policy,
	}
}
