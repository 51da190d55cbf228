package access

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// orders is the card of a plugin.
var orders = core.Info{
	Name:        "orders",
	Title:       core.T("Orders", "Порядок"),
	Permissions: []core.Permission{{Name: "orders:read", Title: core.T("Read", "Читать")}, {Name: "orders:edit", Title: core.T("Edit", "Менять")}},
	Policy:      "p, anonymous, *, orders:read, any, allow\np, clerk, *, orders:edit, any, allow\n",
}

// lay gives the card's defaults, as enabling a plugin does.
func (h house) lay(t testing.TB, card core.Info) {
	t.Helper()
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error { return h.GiveDefaults(ctx, tx, card) }))
}

func TestCardsThatDoNotFitAreNotLearned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.Learn(h.town.ID, []core.Info{orders}))
	for name, card := range map[string]core.Info{
		"a module's name":     {Name: "alpha"},
		"the kernel's name":   {Name: "permissions"},
		"another's name":      {Name: "moss", Permissions: []core.Permission{{Name: "alpha:steal"}}},
		"a form":              {Name: "moss", Permissions: []core.Permission{{Name: "moss:Read"}}},
		"twice":               {Name: "moss", Permissions: []core.Permission{{Name: "moss:read"}, {Name: "moss:read"}}},
		"a policy of others":  {Name: "moss", Permissions: []core.Permission{{Name: "moss:read"}}, Policy: "p, anonymous, *, alpha:edit, any, allow"},
		"a policy of all":     {Name: "moss", Permissions: []core.Permission{{Name: "moss:read"}}, Policy: "p, anonymous, *, *, any, allow"},
		"a role of nowhere":   {Name: "moss", Permissions: []core.Permission{{Name: "moss:read"}}, Policy: "p, boss, *, moss:read, any, allow"},
		"power over the rest": {Name: "moss", Permissions: []core.Permission{{Name: "moss:read"}}, Policy: "p, clerk, *, permissions:edit, any, allow"},
	} {
		if err := h.Learn(h.town.ID, []core.Info{card}); err == nil {
			t.Errorf("%s: learned", name)
		}
	}
	if got := h.Learned(h.town.ID); len(got) != 1 || got[0].Name != "orders" {
		t.Errorf("what was there is %+v", got)
	}
}

func TestAPermissionComesAndGoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.Decide(h.nobody(), "orders:read"); err == nil {
		t.Fatal("a permission that nobody ever declared is decided")
	}
	decided := func(ctx context.Context, want bool) {
		t.Helper()
		d, err := h.Decide(ctx, "orders:read")
		must(t, err)
		if d.All() != want || d.None() == want {
			t.Errorf("decided %+v, want %t", d, want)
		}
	}
	must(t, h.Learn(h.town.ID, []core.Info{orders}))
	decided(h.nobody(), false)
	h.lay(t, orders)
	decided(h.nobody(), true)
	// Another town knows nothing of it, whatever its rules say, and neither does who may everything.
	other := newTown(t, h.db)
	must(t, h.EnsureDefaults(t.Context(), other))
	there := core.WithMunicipality(h.ctx, other)
	admin, _ := h.give(t, RoleAdministrator)
	decided(h.as(t, admin), true)
	decided(core.WithMunicipality(h.as(t, admin), other), false)
	decided(there, false)
	held, err := h.Permissions(h.nobody())
	must(t, err)
	if !slices.Contains(held, "orders:read") || slices.Contains(held, "orders:edit") {
		t.Errorf("held: %v", held)
	}
	must(t, h.Learn(h.town.ID, nil))
	decided(h.nobody(), false)
	decided(h.as(t, admin), false)
	if held, err = h.Permissions(h.as(t, admin)); err != nil || slices.Contains(held, "orders:read") {
		t.Errorf("held: %v %v", held, err)
	}
	must(t, h.Learn(h.town.ID, []core.Info{orders}))
	decided(h.nobody(), true)
}

func TestDefaultsOfACardAreGivenOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		return h.GiveDefaults(ctx, tx, core.Info{Name: "alpha"})
	}); err == nil {
		t.Error("defaults under a module's name")
	}
	version := h.version(t)
	h.lay(t, orders)
	rules := h.count(t, (*Rule)(nil))
	if v := h.version(t); v != version+1 || rules != len(h.defaults)+2 {
		t.Errorf("version %d after %d, %d rules", v, version, rules)
	}
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().SetRules(ctx, tx, RuleSet{Role: "clerk", Rules: []RuleInput{{Permission: "orders:edit", Relation: "any"}}})
		return err
	}))
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().SetRules(ctx, tx, RuleSet{Role: "clerk"})
		return err
	}))
	h.lay(t, orders)
	if n := h.count(t, (*Rule)(nil)); n >= rules {
		t.Errorf("what was removed came back: %d rules", n)
	}
}

// Rules name what is known here; those of a plugin that is away are kept, and no others are taken.
func TestRulesNameWhatIsKnownHere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	add := func(permission string) error {
		return h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
			_, err := h.Store().AddRule(ctx, tx, "expert", RuleInput{Permission: permission, Relation: "any"})
			return err
		})
	}
	wants(t, add("orders:edit"), core.CodeBadUserInput)
	must(t, h.Learn(newTown(t, h.db).ID, []core.Info{orders}))
	wants(t, add("orders:*"), core.CodeBadUserInput)
	must(t, h.Learn(h.town.ID, []core.Info{orders}))
	h.lay(t, orders)
	must(t, add("orders:edit"))
	must(t, h.Learn(h.town.ID, nil))
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().SetRules(ctx, tx, RuleSet{Role: "expert", Rules: []RuleInput{
			{Permission: "orders:edit", Relation: "any"}, {Permission: "alpha:read", Relation: "any"}}})
		return err
	}))
	wants(t, add("orders:erase"), core.CodeBadUserInput)
}

// Cards come and go while decisions are made: each sees all of a card or nothing (run with -race).
func TestLearningWhileDeciding(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.Learn(h.town.ID, []core.Info{orders}))
	h.lay(t, orders)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				cards := []core.Info{orders}
				if i%2 == 0 {
					cards = nil
				}
				if err := h.Learn(h.town.ID, cards); err != nil {
					t.Error(err)
				}
				if err := h.Learn(uuid.New(), cards); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 200 {
				if _, err := h.Decide(h.nobody(), "orders:read"); err != nil {
					t.Error(err)
				}
				if n := len(h.Learned(h.town.ID)); n > 1 {
					t.Errorf("%d cards", n)
				}
			}
		})
	}
	wg.Wait()
}
