package permissions

import (
	"cmp"
	"context"
	"slices"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/host"
)

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
	infos   []core.Info
	others  func(ctx context.Context) ([]Kept, error) // what plugins keep; nil: there are none
}

// New gathers the permissions of all other modules, which must have been made before.
func New(h *host.Host, others ...core.Module) *Module {
	declare(h.Reads)
	m := &Module{Service: &Service{reads: h.Reads, guard: h.Guard, writer: h.Writer}, host: h}
	m.infos = append(m.infos, m.Info())
	for _, other := range others {
		m.infos = append(m.infos, other.Info())
	}
	return m
}

// Info is the module's card: the kernel's own, for core/access declares what guards it.
func (*Module) Info() core.Info { return access.Info() }

// permissions are all that are declared, by modules and by the plugins that are enabled here, in the
// reader's language.
func (m *Module) permissions(ctx context.Context) []*Permission {
	lang := core.LanguageOf(ctx)
	all := []*Permission{}
	for _, info := range slices.Concat(m.infos, m.host.Guard.Learned(core.MunicipalityOf(ctx).ID)) {
		for _, p := range info.Permissions {
			all = append(all, &Permission{Name: p.Name, Title: p.Title.In(lang), Module: info.Name, ModuleTitle: info.Title.In(lang)})
		}
	}
	slices.SortFunc(all, func(a, b *Permission) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
