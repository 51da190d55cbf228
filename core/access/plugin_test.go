package access

import (
	"slices"
	"testing"

	"github.com/veche-city/veche/core"
)

// A plugin by itself may what its list covers, and what everybody may; no role of anybody helps it.
func TestAPluginByItself(t *testing.T) {
	h := newHouse(t)
	plugin := func(permissions ...string) core.Actor {
		return core.Actor{Kind: core.Plugin, Account: core.PluginKey("orders"), Permissions: permissions, Assignments: []core.Assignment{{Role: RoleAdministrator}}}
	}
	for name, c := range map[string]struct {
		actor core.Actor
		may   []string
	}{
		"nothing of its own": {plugin(), []string{"alpha:read"}}, // which everybody may
		"one permission":     {plugin("beta:read"), []string{"alpha:read", "beta:read"}},
		"a pattern":          {plugin("alpha:*"), []string{"alpha:read", "alpha:edit"}},
	} {
		ctx := core.WithActor(h.ctx, c.actor)
		for _, permission := range []string{"alpha:read", "alpha:edit", "beta:read", permissionAssign} {
			err := h.Check(ctx, permission, Resource{})
			if (err == nil) != slices.Contains(c.may, permission) {
				t.Errorf("%s: %s: %v", name, permission, err)
			}
		}
		d, err := h.Decide(ctx, "alpha:edit")
		must(t, err)
		if want := slices.Contains(c.may, "alpha:edit"); d.All() != want {
			t.Errorf("%s: all is %v", name, d.All())
		}
	}
	standing := func(a core.Actor) Standing {
		s, err := h.Standing(core.WithActor(h.ctx, a))
		must(t, err)
		return s
	}
	same, again := standing(plugin("alpha:read")), standing(plugin("alpha:read"))
	if same != again || same == standing(plugin("beta:read")) ||
		standing(plugin()) == standing(core.Actor{Kind: core.Anonymous}) || standing(plugin("alpha:read")) == standing(core.Actor{Kind: core.Service, Account: core.NewID(), Permissions: []string{"alpha:read"}}) {
		t.Error("standings are the same of different callers, or different of the same")
	}
	covered, err := h.Covered(h.ctx, plugin("alpha:*"), []string{"alpha:read", "beta:read", "*"})
	must(t, err)
	if !slices.Equal(covered, []string{"alpha:read"}) {
		t.Errorf("covered are %v", covered)
	}
}
