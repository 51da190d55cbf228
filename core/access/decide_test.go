package access

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

func TestRefusals(t *testing.T) {
	h := newHouse(t)
	account, _ := h.give(t, "auditor")
	signedIn := h.as(t, account)
	service := func(permissions ...string) core.Actor {
		return core.Actor{Kind: core.Service, Account: core.NewID(), Permissions: permissions,
			Assignments: []core.Assignment{{Role: RoleAdministrator}}}
	}
	if _, err := h.Decide(h.ctx, "alpha:raed"); err == nil {
		t.Error("a permission that nobody declares was decided, for the system at that")
	}
	if _, err := h.Decide(h.ctx, "*"); err == nil {
		t.Error("a pattern was decided as if it were a permission")
	}
	wants(t, h.Check(h.nobody(), "alpha:edit", Resource{}), core.CodeUnauthenticated)
	wants(t, h.Check(signedIn, "alpha:edit", Resource{}), core.CodeForbidden)
	nowhere := core.WithMunicipality(signedIn, &core.Municipality{TimeZone: "UTC"})
	wants(t, h.Check(nowhere, "alpha:read", Resource{}), core.CodeForbidden)
	wants(t, h.Check(core.WithActor(nowhere, service("*")), "alpha:read", Resource{}), core.CodeForbidden)
	for name, actor := range map[string]core.Actor{
		"an unknown kind":                    {Kind: "robot", Assignments: []core.Assignment{{Role: RoleAdministrator}}},
		"no kind":                            {Assignments: []core.Assignment{{Role: RoleAdministrator}}},
		"anonymous that says it holds roles": {Kind: core.Anonymous, Assignments: []core.Assignment{{Role: RoleAdministrator}}},
		"a token without permissions":        service(),
		"a token for reading":                service("alpha:read", "beta:*"),
		"a role that does not exist":         {Kind: core.Account, Assignments: []core.Assignment{{Role: "king"}}},
	} {
		if err := h.Check(core.WithActor(h.ctx, actor), "alpha:edit", Resource{}); err == nil {
			t.Errorf("%s may", name)
		}
	}
	// Another town's rights do not count here: the actor's roles are those of this one.
	other := core.WithMunicipality(h.nobody(), newTown(t, h.db))
	wants(t, h.Check(other, "alpha:read", Resource{}), core.CodeUnauthenticated)
}

func TestWhoMayWhat(t *testing.T) {
	h := newHouse(t)
	clerk, _ := h.give(t, "clerk")
	administrator, _ := h.give(t, RoleAdministrator)
	token := core.WithActor(h.ctx, core.Actor{Kind: core.Service, Permissions: []string{"alpha:*"}})
	must(t, h.Check(h.nobody(), "alpha:read", Resource{}))
	must(t, h.Check(h.as(t, clerk), "alpha:edit", Resource{Relations: []string{"own"}}))
	wants(t, h.Check(h.as(t, clerk), "alpha:edit", Resource{Relations: []string{"member"}}), core.CodeForbidden)
	must(t, h.Check(h.as(t, administrator), "beta:read", Resource{}))
	must(t, h.Check(token, "alpha:edit", Resource{}))
	wants(t, h.Check(token, "beta:read", Resource{}), core.CodeForbidden)
	for name, c := range map[string]struct {
		got  func() ([]string, error)
		want []string
	}{
		"anonymous":     {func() ([]string, error) { return h.Permissions(h.nobody()) }, []string{"alpha:read"}},
		"clerk":         {func() ([]string, error) { return h.Permissions(h.as(t, clerk)) }, []string{"alpha:edit", "alpha:read"}},
		"administrator": {func() ([]string, error) { return h.Permissions(h.as(t, administrator)) }, []string{"alpha:edit", "alpha:read", "beta:read", permissionAssign, permissionEdit, permissionRead}},
		"without alpha": {func() ([]string, error) {
			town := *h.town
			town.DisabledModules = []string{"alpha"}
			return h.Permissions(core.WithMunicipality(h.as(t, administrator), &town))
		}, []string{"beta:read", permissionAssign, permissionEdit, permissionRead}},
	} {
		got, err := c.got()
		must(t, err)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Decisions are kept by role and scope: a like role elsewhere is another decision.
func TestDecisionsOfLikeActorsAreApart(t *testing.T) {
	h := newHouse(t)
	here, there := core.Scope{Kind: "district", ID: core.NewID()}, core.Scope{Kind: "district", ID: core.NewID()}
	body := core.Scope{Kind: "body", ID: here.ID}
	mine := Resource{Relations: []string{"own"}}
	for _, held := range []core.Scope{here, there, body} {
		ctx := core.WithActor(h.ctx, core.Actor{Kind: core.Account, Assignments: []core.Assignment{{Role: "clerk", Scope: held}}})
		d, err := h.Decide(ctx, "alpha:edit")
		must(t, err)
		for _, asked := range []core.Scope{here, there, body} {
			mine.Scopes = []core.Scope{asked}
			if d.Allows(mine) != (asked == held) {
				t.Errorf("held in %s, asked in %s: %v", held, asked, d.Allows(mine))
			}
		}
	}
}

func TestTokenStaysWithinItsIssuer(t *testing.T) {
	h := newHouse(t)
	clerk, _ := h.give(t, "clerk")
	auditor, _ := h.give(t, "auditor")
	administrator, _ := h.give(t, RoleAdministrator)
	ask := []string{"alpha:read", "alpha:edit", "alpha:*", "permissions:read", "permissions:*", "*"}
	for name, c := range map[string]struct {
		holder core.Actor
		want   []string
	}{
		"anonymous":     {core.Actor{Kind: core.Anonymous}, []string{"alpha:read"}},
		"clerk":         {core.ActorOf(h.as(t, clerk)), []string{"alpha:read"}}, // edits only their own
		"auditor":       {core.ActorOf(h.as(t, auditor)), []string{"alpha:read", "permissions:read"}},
		"administrator": {core.ActorOf(h.as(t, administrator)), ask},
		"token":         {core.Actor{Kind: core.Service, Permissions: []string{"alpha:*"}}, []string{"alpha:read", "alpha:edit", "alpha:*"}},
		"one district": {core.Actor{Kind: core.Account, Assignments: []core.Assignment{
			{Role: "auditor", Scope: core.Scope{Kind: "district", ID: core.NewID()}}}}, []string{"alpha:read"}},
	} {
		// What no module declares is nobody's, not even the administrator's.
		got, err := h.Covered(h.ctx, c.holder, append([]string{"alpha:fly", "gamma:*"}, ask...))
		must(t, err)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestFilterOfNothingDeclared(t *testing.T) {
	d := Decision{to: compile([]condition{{relation: "own"}, {relation: anyRelation, scopes: []core.Scope{{Kind: "office", ID: core.NewID()}}}}, nil)}
	if predicate, args := d.SQL(Rows{}, "t"); predicate != "FALSE" || len(args) != 0 {
		t.Errorf("%s %v", predicate, args)
	}
	if predicate, _ := (Decision{}).SQL(Rows{}, "t"); predicate != "FALSE" || !(Decision{}).None() || (Decision{}).Allows(Resource{}) {
		t.Error("the zero decision allows something")
	}
}

func TestFilterIsOneListAKind(t *testing.T) {
	a, b := core.NewID(), core.NewID()
	in := func(id uuid.UUID) condition {
		return condition{relation: anyRelation, scopes: []core.Scope{{Kind: "district", ID: id}}}
	}
	d := Decision{to: compile([]condition{in(a), in(b), in(a), {relation: "own"}}, nil)}
	predicate, args := d.SQL(Rows{
		Scopes:    map[string]string{"district": "?TableAlias.district_id"},
		Relations: map[string]string{"own": "?TableAlias.owner = ?actor_account"},
	}, `x"y`)
	want := `("x""y".district_id IN (?::uuid, ?::uuid) OR ("x""y".owner = NULL::uuid))`
	if predicate != want || !slices.Equal(args, []any{a, b}) {
		t.Errorf("%s %v", predicate, args)
	}
}

func BenchmarkDecideWarm(b *testing.B) {
	h := newHouse(b)
	actor := core.Actor{Kind: core.Account, Account: core.NewID(), Person: core.NewID()}
	for _, role := range []string{"clerk", "council_member", "editor"} {
		actor.Assignments = append(actor.Assignments, core.Assignment{Role: role, Scope: core.Scope{Kind: "body", ID: core.NewID()}})
	}
	ctx := core.WithActor(h.ctx, actor)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Decide(ctx, "alpha:edit"); err != nil {
			b.Fatal(err)
		}
	}
}
