package places

import (
	"context"
	"slices"

	"github.com/veche-city/veche/core"
)

// Municipality is the tenant as the graph shows it.
type Municipality struct {
	town    *core.Municipality
	clock   core.Clock
	modules []core.Info
}

func (s *Service) municipality(town *core.Municipality) *Municipality {
	return &Municipality{town, s.clock, s.modules}
}

func (m *Municipality) Key() string { return m.town.Key }

func (m *Municipality) Name(ctx context.Context) string { return m.town.Name.In(core.LanguageOf(ctx)) }

func (m *Municipality) Region(ctx context.Context) string {
	return m.town.Region.In(core.LanguageOf(ctx))
}

func (m *Municipality) Names() *core.Text { return &m.town.Name }

func (m *Municipality) Regions() *core.Text { return &m.town.Region }

func (m *Municipality) TimeZone() string { return m.town.TimeZone }

func (m *Municipality) Today() core.Date { return m.town.Today(m.clock) }

func (m *Municipality) Hosts() []string { return append([]string{}, m.town.Hosts...) }

// Modules are all that this build of Veche has, in the order of their making.
func (m *Municipality) Modules(ctx context.Context) []*MunicipalityModule {
	all := make([]*MunicipalityModule, len(m.modules))
	for i, module := range m.modules {
		all[i] = &MunicipalityModule{Key: module.Name, Title: module.Title.In(core.LanguageOf(ctx)), Enabled: m.town.Has(module.Name)}
	}
	return all
}

// knows says whether there is a module of that name.
func (m *Municipality) knows(module string) bool {
	return slices.ContainsFunc(m.modules, func(info core.Info) bool { return info.Name == module })
}

// MunicipalityModule is a part of Veche as one municipality has it.
type MunicipalityModule struct {
	Key     string
	Title   string
	Enabled bool
}

// UpdateMunicipalityPayload answers UpdateMunicipality.
type UpdateMunicipalityPayload struct {
	Municipality     *Municipality
	UserErrors       []*core.UserError
	ClientMutationID *string
}
