package read_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// A flat is seen by who sees its house, through scopes and relations alike; a sign by who sees what it
// hangs on.
func TestRowsStandWhereOthersDo(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	flat := func(of *House, n int) *Flat { return &Flat{ID: core.NewID(), HouseID: of.ID, Number: n} }
	sign := func(typ string, key uuid.UUID, text string) *Sign {
		return &Sign{ID: core.NewID(), AboutType: typ, AboutID: key, Text: text}
	}
	s.insert(flat(s.in, 1), flat(s.out, 2), sign("Street", s.open.ID, "a"), sign("Street", s.hidden.ID, "b"), sign("House", s.in.ID, "c"),
		sign("House", s.out.ID, "d"), sign("Nothing", s.in.ID, "e"), sign("Street", core.NewID(), "f"))
	query := `{flats {totalCount nodes {number house {number}}} signs {totalCount nodes {text about {__typename}}} streets {nodes {name signs {totalCount nodes {text}}}}}`
	official := s.as(core.Actor{Account: core.NewID(), Assignments: []core.Assignment{{Role: "official", Scope: core.Scope{Kind: "district", ID: s.district}}}})
	for name, c := range map[string]struct {
		ctx         context.Context
		flats, sign string
	}{
		"anonymous":             {s.as(core.Actor{Kind: core.Anonymous}), "[]", "[a]"},
		"resident with a house": {s.as(core.Actor{Account: core.NewID(), Person: s.person}), "[1]", "[a c]"},
		"official of district":  {official, "[2]", "[a b d]"},
		"the system":            {s.system(), "[1 2]", "[a b c d]"},
		"another town":          {core.WithMunicipality(s.system(), s.newTown("other")), "[]", "[]"},
	} {
		got := s.ok(c.ctx, query)
		var numbers, texts []any
		for _, f := range list(got, "flats", "nodes") {
			numbers = append(numbers, at(f, "number"))
		}
		for _, f := range list(got, "signs", "nodes") {
			texts = append(texts, at(f, "text"))
		}
		if fmt.Sprint(numbers) != c.flats || fmt.Sprint(texts) != c.sign {
			t.Errorf("%s: flats %v, signs %v; want %s, %s", name, numbers, texts, c.flats, c.sign)
		}
	}
	for _, c := range []struct {
		ctx        context.Context
		permission string
		id         core.ID
		want       core.Code
	}{
		{s.as(core.Actor{Kind: core.Anonymous}), "", core.ID{Type: "Street", Key: s.hidden.ID}, core.CodeNotFound},
		{s.as(core.Actor{Kind: core.Anonymous}), "", core.ID{Type: "Unknown", Key: s.open.ID}, core.CodeNotFound},
		{official, "town:secrets", core.ID{Type: "Street", Key: s.hidden.ID}, core.CodeForbidden},
		{official, "town:remarks", core.ID{Type: "House", Key: s.out.ID}, ""},
	} {
		if err := read.RequireID(c.ctx, s.reads, s.db, c.permission, c.id); c.want == "" && err != nil || c.want != "" && core.CodeOf(err) != c.want {
			t.Errorf("%s of %s: got %v, want %s", c.permission, c.id.Type, err, c.want)
		}
	}
}
