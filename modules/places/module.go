package places

import (
	_ "embed"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/read"
)

const moduleName = "places"

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	reads   *read.Reader
}

// New declares the module's types, makes its service and registers its job.
func New(h *host.Host) *Module {
	declare(h.Reads)
	s := &Service{db: h.DB, reads: h.Reads, guard: h.Guard, writer: h.Writer, clock: h.Clock, modules: []core.Info{Info()}}
	if err := h.Jobs.Register(jobs.Worker(&relocator{service: s, step: 1000})); err != nil {
		// Made twice, or after the start: a mistake in the program, found at its first run.
		panic(fmt.Errorf("places: %w", err))
	}
	return &Module{Service: s, reads: h.Reads}
}

// Others tells the cards of all modules of this build, which municipality.modules lists and
// updateMunicipality switches. It is called once, after all are made and before requests come;
// without it the module knows of itself alone.
func (m *Module) Others(all ...core.Module) {
	m.Service.modules = nil
	for _, other := range all {
		m.Service.modules = append(m.Service.modules, other.Info())
	}
}

// Info is the module's card.
func (*Module) Info() core.Info { return Info() }

// Info is the module's card; it is needed before the guard is made, and so before the module.
func Info() core.Info {
	return core.Info{
		Name:  moduleName,
		Title: core.T("Places", "Территория"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See districts, addresses and venues", "Видеть микрорайоны, адреса и площадки")},
			{Name: mayWrite, Title: core.T("Add and change districts, addresses and venues", "Добавлять и изменять микрорайоны, адреса и площадки")},
			{Name: mayGovern, Title: core.T("Change the municipality itself and switch its modules", "Изменять сам муниципалитет и включать его модули")},
		},
		Policy:     policy,
		Indicators: indicators(),
		Follows:    []string{"District"},
	}
}
