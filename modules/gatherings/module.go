package gatherings

import (
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
}

// New declares the module's types and makes its service. It tells people of the columns that name a person
// or an organisation, so that merging, erasure and export reach them, and files that gatherings bear papers.
func New(h *host.Host, people *people.Module, files *files.Module, cases *cases.Module, meetings *meetings.Module) *Module {
	declare(h.Reads)
	register(people)
	files.Attachable("Gathering", mayRecord)
	return &Module{Service: &Service{
		reads: h.Reads, guard: h.Guard, writer: h.Writer, people: people.Service, cases: cases.Service, meetings: meetings.Service,
	}, host: h}
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "gatherings",
		Title: core.T("Gatherings of citizens", "Сходы граждан"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See gatherings that are not public yet", "Видеть ещё не опубликованные сходы")},
			{Name: mayWrite, Title: core.T("Plan, announce, publish and cancel gatherings", "Планировать, объявлять, публиковать и отменять сходы")},
			{Name: mayRecord, Title: core.T("Write down what happened at gatherings and what was raised", "Записывать, как прошёл сход и что на нём подняли")},
		},
		Policy:     policy,
		Indicators: indicators,
		Follows:    []string{"Gathering"},
	}
}
