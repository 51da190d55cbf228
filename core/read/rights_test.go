package read_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// scene is two streets, one of them hidden from the anonymous, in two districts.
type scene struct {
	*world
	open, hidden *Street
	in, out      *House // in the open street, in the hidden one
	person       uuid.UUID
	district     uuid.UUID
}

func newScene(t *testing.T) *scene {
	s := &scene{world: newWorld(t), open: street("Ленина", 1), hidden: street("Тайная", 2), person: core.NewID(), district: core.NewID()}
	s.hidden.Open, s.hidden.ParentID, s.open.ParentID = false, &s.open.ID, &s.hidden.ID
	s.hidden.DistrictID = &s.district
	s.in, s.out = house(s.open, 1), house(s.hidden, 2)
	s.in.TwinID, s.out.TwinID = &s.out.ID, &s.in.ID
	s.in.PersonID = &s.person
	word := "тайна"
	s.insert(s.open, s.hidden, s.in, s.out, &Secret{ID: s.open.ID, Word: &word, Phones: []string{}}, &Secret{ID: s.hidden.ID, Phones: []string{}})
	return s
}

const look = `query($a: ID!, $b: ID!, $h: ID!, $k: ID!) {
	streets {totalCount nodes {name parent {name} branches {totalCount nodes {name}} houses {totalCount nodes {number twin {number}}} houseCount}}
	a: node(id: $a) {... on Street {name}} b: node(id: $b) {... on Street {name}} nodes(ids: [$a, $b, $h, $k]) {__typename}
	houses {totalCount nodes {number street {name} twin {number}}} street(id: $b) {name}}`

func (s *scene) look(ctx context.Context) string {
	s.Helper()
	return fmt.Sprint(s.ok(ctx, look, "a", idOf(s.open), "b", idOf(s.hidden), "h", idOf(s.in), "k", idOf(s.out)))
}

func TestHiddenRowsAreNowhere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	foreign := s.newTown("other")
	nothing := `map[a:<nil> b:<nil> houses:map[nodes:[] totalCount:0] nodes:[<nil> <nil> <nil> <nil>] street:<nil> streets:map[nodes:[] totalCount:0]]`
	for name, c := range map[string]struct {
		ctx  context.Context
		want string
	}{
		"nowhere":             {core.WithActor(t.Context(), core.Actor{Kind: core.System}), nothing},
		"another town":        {core.WithActor(core.WithMunicipality(t.Context(), foreign), core.Actor{Kind: core.System}), nothing},
		"service without any": {s.as(core.Actor{Kind: core.Service}), nothing},
		"unknown kind":        {s.as(core.Actor{Kind: "ghost"}), nothing},
		"anonymous": {s.as(core.Actor{Kind: core.Anonymous}),
			`map[a:map[name:Ленина] b:<nil> houses:map[nodes:[] totalCount:0] nodes:[map[__typename:Street] <nil> <nil> <nil>] street:<nil> ` +
				`streets:map[nodes:[map[branches:map[nodes:[] totalCount:0] houseCount:0 houses:map[nodes:[] totalCount:0] name:Ленина parent:<nil>]] totalCount:1]]`},
		"resident with a house": {s.as(core.Actor{Account: core.NewID(), Person: s.person}),
			`map[a:map[name:Ленина] b:<nil> houses:map[nodes:[map[number:1 street:map[name:Ленина] twin:<nil>]] totalCount:1] nodes:[map[__typename:Street] <nil> map[__typename:House] <nil>] street:<nil> ` +
				`streets:map[nodes:[map[branches:map[nodes:[] totalCount:0] houseCount:1 houses:map[nodes:[map[number:1 twin:<nil>]] totalCount:1] name:Ленина parent:<nil>]] totalCount:1]]`},
		"official of the district": {s.as(core.Actor{Account: core.NewID(), Assignments: []core.Assignment{{Role: "official", Scope: core.Scope{Kind: "district", ID: s.district}}}}),
			`map[a:map[name:Ленина] b:map[name:Тайная] houses:map[nodes:[map[number:2 street:map[name:Тайная] twin:<nil>]] totalCount:1] nodes:[map[__typename:Street] map[__typename:Street] <nil> map[__typename:House]] street:map[name:Тайная] ` +
				`streets:map[nodes:[map[branches:map[nodes:[map[name:Тайная]] totalCount:1] houseCount:0 houses:map[nodes:[] totalCount:0] name:Ленина parent:map[name:Тайная]] ` +
				`map[branches:map[nodes:[map[name:Ленина]] totalCount:1] houseCount:1 houses:map[nodes:[map[number:2 twin:<nil>]] totalCount:1] name:Тайная parent:map[name:Ленина]]] totalCount:2]]`},
	} {
		if got := s.look(c.ctx); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
	if all, clerk := s.look(s.system()), s.look(s.as(core.Actor{Account: core.NewID(), Assignments: []core.Assignment{{Role: "clerk"}}})); all != clerk {
		t.Errorf("the clerk sees %s\nof %s", clerk, all)
	}
}

func TestPersonalRowsAreRefusedAndNotSilent(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	query := `{streets {nodes {name secret {word}}}}`
	for _, c := range []struct {
		actor core.Actor
		want  core.Code
	}{{core.Actor{Kind: core.Anonymous}, core.CodeUnauthenticated}, {core.Actor{Account: core.NewID()}, core.CodeForbidden}} {
		got := s.ask(s.as(c.actor), query)
		if len(got.errs) != 1 || got.errs[0].path != "streets.nodes[0].secret" || core.CodeOf(got.errs[0].err) != c.want || at(got.data, "streets", "nodes", 0, "name") != "Ленина" {
			t.Errorf("got %v, %v", got.data, got.errs)
		}
	}
	if len(s.log.calls) != 0 {
		t.Errorf("a refused reading was logged: %v", s.log.calls)
	}
}

func TestAModuleThatIsSwitchedOffAnswersNoNode(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.town.DisabledModules = []string{"town"}
	if got := s.ok(s.system(), `query($id: ID!) {node(id: $id) {id} nodes(ids: [$id]) {id}}`, "id", idOf(s.open)); got["node"] != nil || at(got, "nodes", 0) != nil {
		t.Errorf("got %v", got)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	owner := s.as(core.Actor{Account: core.NewID(), Person: s.person})
	clerk := s.as(core.Actor{Account: core.NewID(), Assignments: []core.Assignment{{Role: "clerk"}}})
	nobody := s.as(core.Actor{Kind: core.Anonymous})
	for _, c := range []struct {
		ctx        context.Context
		permission string
		key        uuid.UUID
		want       core.Code
	}{
		{nobody, "town:houses", s.hidden.ID, core.CodeNotFound}, {nobody, "town:streets", core.NewID(), core.CodeNotFound},
		{owner, "town:secrets", s.open.ID, core.CodeForbidden}, {nobody, "town:secrets", s.open.ID, core.CodeUnauthenticated},
		{owner, "town:streets", s.hidden.ID, core.CodeNotFound}, {t.Context(), "town:streets", s.open.ID, core.CodeNotFound},
		{clerk, "town:unknown", s.open.ID, core.CodeInternal},
		{clerk, "town:secrets", s.open.ID, ""}, {nobody, "town:streets", s.open.ID, ""},
	} {
		err := read.Require[Street](c.ctx, s.reads, s.db, c.permission, c.key, "input", "id")
		if c.want == "" && err != nil || c.want != "" && core.CodeOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", c.permission, err, c.want)
		}
	}
	for _, c := range []struct {
		key  uuid.UUID
		want bool
	}{{s.open.ID, true}, {s.hidden.ID, false}, {core.NewID(), false}} {
		if got, err := read.Sees[Street](nobody, s.reads, c.key); err != nil || got != c.want {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

func TestVisibleNarrowsAStatementOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, c := range []struct {
		ctx  context.Context
		want int
	}{{t.Context(), 0}, {s.as(core.Actor{Kind: core.Anonymous}), 1}, {s.system(), 2}} {
		visible, err := read.Visible[Street](c.ctx, s.reads, "s")
		s.must(err)
		var n int
		// A question mark in a value beside it stays what it is.
		s.must(s.db.NewRaw(`SELECT count(*) FROM streets AS s WHERE ? AND ? = ?`, visible, "a?b ?0 ?TableAlias", "a?b ?0 ?TableAlias").Scan(t.Context(), &n))
		if n != c.want {
			t.Errorf("got %d, want %d", n, c.want)
		}
	}
}
