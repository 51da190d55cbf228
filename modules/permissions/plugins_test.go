package permissions

import (
	"context"
	"slices"
	"testing"

	"github.com/veche-city/veche/core"
)

// A plugin's permissions stand in the list, with their titles, where the plugin is enabled; roles can be
// given them, and a rule waits while the plugin is away.
func TestPermissionsOfPlugins(t *testing.T) {
	t.Parallel()
	h := open(t)
	town := core.MunicipalityOf(h.system)
	listed := func(ctx context.Context) *Permission {
		t.Helper()
		all, err := QueryResolver{h.Module}.Permissions(ctx)
		must(t, err)
		i := slices.IndexFunc(all, func(p *Permission) bool { return p.Name == "orders:edit" })
		if i < 0 {
			return nil
		}
		return all[i]
	}
	add := func() (*Answer, error) {
		return h.Service.AddRoleRule(h.system, AddRoleRuleInput{Role: "expert", Permission: "orders:edit", Relation: "any", Effect: Allow})
	}
	h.refused(core.CodeBadUserInput, "input", "permission")(add())
	orders := core.Info{Name: "orders", Title: core.T("Orders", "Порядок"), Permissions: []core.Permission{{Name: "orders:edit", Title: core.T("Edit", "Менять")}}}
	must(t, h.host.Guard.Learn(town.ID, []core.Info{orders}))
	if p := listed(core.WithLanguage(h.system, core.Russian)); p == nil || p.Title != "Менять" || p.ModuleTitle != "Порядок" || p.Module != "orders" {
		t.Errorf("%+v", p)
	}
	if p := listed(core.WithMunicipality(h.system, &core.Municipality{ID: core.NewID()})); p != nil {
		t.Errorf("another town lists %+v", p)
	}
	h.done(add())
	expert := h.holder("expert", nil)
	may := func(want bool) {
		t.Helper()
		d, err := h.host.Guard.Decide(expert, "orders:edit")
		must(t, err)
		if d.All() != want {
			t.Errorf("decided %+v, want %t", d, want)
		}
	}
	may(true)
	must(t, h.host.Guard.Learn(town.ID, nil))
	if p := listed(h.system); p != nil {
		t.Errorf("gone, and listed: %+v", p)
	}
	may(false)
	must(t, h.host.Guard.Learn(town.ID, []core.Info{orders}))
	may(true)
}
