package councils

import (
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
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

// New declares the module's types and makes its service. It tells people of the columns that name
// a person or an organisation, so that merging, erasure and export reach them; files that bodies bear
// them, the scan of the founding act, say; and meetings how bodies meet.
func New(h *host.Host, people *people.Module, files *files.Module, meetings *meetings.Module) *Module {
	declare(h.Reads)
	register(people)
	files.Attachable("Council", mayWrite)
	meet(h.Reads, meetings)
	return &Module{Service: &Service{reads: h.Reads, guard: h.Guard, writer: h.Writer, people: people.Service, clock: h.Clock}, host: h}
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "councils",
		Title: core.T("Councils", "Общественные советы"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See bodies and who sits in them", "Видеть советы и их состав")},
			{Name: mayWrite, Title: core.T("Found, change and dissolve bodies", "Создавать, изменять и упразднять советы")},
			{Name: maySeat, Title: core.T("Seat members and end memberships", "Вводить в состав и выводить из него")},
		},
		Policy:     policy,
		Grants:     grants,
		Indicators: indicators,
		Follows:    []string{"Council"},
	}
}
