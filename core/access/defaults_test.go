package access

import (
	"context"
	"sync"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func (h house) count(t testing.TB, model any) (n int) {
	t.Helper()
	must(t, h.db.NewSelect().Model(model).ColumnExpr("count(*)").Scan(h.ctx, &n))
	return n
}

func TestDefaultsForNoMunicipalityFail(t *testing.T) {
	h := newHouse(t)
	if err := h.EnsureDefaults(t.Context(), &core.Municipality{ID: core.NewID(), TimeZone: "UTC"}); err == nil {
		t.Error("roles of a municipality that does not exist")
	}
}

func TestDefaultsAgainChangeNothing(t *testing.T) {
	h := newHouse(t)
	roles, rules, version := h.count(t, (*Role)(nil)), h.count(t, (*Rule)(nil)), h.version(t)
	if roles != 13 || rules != len(h.defaults) {
		t.Errorf("%d roles, %d rules of %d", roles, rules, len(h.defaults))
	}
	must(t, h.EnsureDefaults(t.Context(), h.town))
	if h.count(t, (*Role)(nil)) != roles || h.count(t, (*Rule)(nil)) != rules || h.version(t) != version {
		t.Error("a second start changed the policy")
	}
	for _, role := range h.roles {
		if role.Name.Ru == "" || role.Name.En == "" || role.Description.Ru == "" || role.Description.En == "" {
			t.Errorf("%s: a text is missing in %+v", role.Key, role)
		}
	}
}

func TestWhatWasRemovedStaysRemovedAndNewPermissionsArrive(t *testing.T) {
	h := newHouse(t)
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		if _, err := h.Store().SetRules(ctx, tx, RuleSet{Role: "clerk"}); err != nil {
			return err
		}
		_, err := h.Store().UpdateRole(ctx, tx, "council_secretary", RoleChange{Parents: &[]string{}})
		return err
	}))
	s := settings(h.clock)
	gamma := core.Info{Name: "gamma", Permissions: []core.Permission{{Name: "gamma:read"}}, Policy: "p, clerk, *, gamma:*, own, allow"}
	s.Modules = append([]core.Info{gamma}, testModules...)
	newer := guard(t, h.db, s)
	must(t, newer.EnsureDefaults(t.Context(), h.town))
	var rules []string
	must(t, h.db.NewSelect().Model((*Rule)(nil)).Column("permission").Where("role = 'clerk'").Scan(h.ctx, &rules))
	if len(rules) != 1 || rules[0] != "gamma:*" {
		t.Errorf("the clerk's rules are %v", rules)
	}
	if n := h.count(t, (*RoleParent)(nil)); n != 1 {
		t.Errorf("%d inheritances, want the resident's alone", n)
	}
}

func TestManyStartsAtOnce(t *testing.T) {
	h := newHouse(t)
	h.town = newTown(t, h.db)
	h.ctx = core.WithMunicipality(h.ctx, h.town)
	other := guard(t, h.db, settings(h.clock))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			g := []*Guard{h.Guard, other}[i%2]
			if err := g.EnsureDefaults(t.Context(), h.town); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if roles, rules, v := h.count(t, (*Role)(nil)), h.count(t, (*Rule)(nil)), h.version(t); roles != 13 || rules != len(h.defaults) || v != 2 {
		t.Errorf("%d roles, %d rules, version %d", roles, rules, v)
	}
}
