package read_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// A protected column is an error wherever the viewer may not see it, whatever it holds; and no
// statement names it for somebody who may see it nowhere.
func TestAProtectedColumnIsRefusedRowByRow(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	remark := "о доме"
	s.clear()
	s.in.Remark, s.out.Remark = &remark, &remark
	bare, blank := house(s.open, 3), house(s.hidden, 4) // without a remark
	bare.PersonID = &s.person
	s.insert(s.open, s.hidden, s.in, s.out, bare, blank)
	for name, c := range map[string]struct {
		actor   core.Actor
		remarks string
		refused []string
		named   bool
	}{
		"the owner":                {core.Actor{Account: core.NewID(), Person: s.person}, "[<nil> <nil>]", []string{"1", "3"}, false},
		"an official of elsewhere": {s.official(core.NewID(), s.person), "[<nil> <nil>]", []string{"1", "3"}, true},
		"an official":              {s.official(s.district, s.person), "[<nil> о доме <nil> <nil>]", []string{"1", "3"}, true},
		"a clerk":                  {core.Actor{Account: core.NewID(), Assignments: []core.Assignment{{Role: "clerk"}}}, "[о доме о доме <nil> <nil>]", nil, true},
	} {
		s.statements.take()
		got := s.ask(s.as(c.actor), `{houses {nodes {number remark}}}`)
		named := strings.Contains(strings.Join(s.statements.take(), "\n"), `"remark"`)
		var remarks []any
		var refused []string
		for i, n := range list(got.data, "houses", "nodes") {
			remarks = append(remarks, at(n, "remark"))
			for _, f := range got.errs {
				if f.path == fmt.Sprintf("houses.nodes[%d].remark", i) && core.CodeOf(f.err) == core.CodeForbidden {
					refused = append(refused, fmt.Sprint(at(n, "number")))
				}
			}
		}
		if fmt.Sprint(remarks) != c.remarks || !slices.Equal(refused, c.refused) || len(got.errs) != len(refused) || named != c.named {
			t.Errorf("%s: got %v, refused %v (%v), named: %t", name, remarks, refused, got.errs, named)
		}
	}
	got := s.ask(s.as(core.Actor{Account: core.NewID(), Person: s.person}), `{houses(first: 1) {nodes {a: remark b: remark}}}`)
	if len(got.errs) != 2 || got.errs[0].path == got.errs[1].path {
		t.Errorf("asked for twice: %v", got.errs)
	}
	for field, want := range map[string]bool{"spot": true, "spot.since": true, "about": true, "inTwin": true, "remark": true, "spot.nothing": false, "number.spot": false, "nothing": false} {
		if s.reads.Answers("House", field) != want {
			t.Errorf("House.%s is declared: want %t", field, want)
		}
	}
	if s.reads.Protects("House", "remark") != "town:remarks" || s.reads.Protects("House", "number") != "" || s.reads.Protects("Nothing", "remark") != "" {
		t.Error("the reader does not say what is protected")
	}
}

// official is one of a district, who is a person too.
func (s *scene) official(district, person uuid.UUID) core.Actor {
	return core.Actor{Account: core.NewID(), Person: person, Assignments: []core.Assignment{{Role: "official", Scope: core.Scope{Kind: "district", ID: district}}}}
}

func TestIDsGroupsAndReferences(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.clear()
	street, nothing, longitude, latitude := "Street", "Nothing", 95.7, 56.2
	s.in.AboutType, s.in.AboutID, s.in.Longitude, s.in.Latitude = &street, &s.hidden.ID, &longitude, &latitude
	s.out.AboutType, s.out.AboutID, s.out.Longitude = &nothing, &s.open.ID, &longitude
	s.in.TwinID, s.out.TwinID = nil, &s.in.ID
	s.insert(s.open, s.hidden, s.in, s.out)
	const all = `{houses {nodes {onStreet inTwin aboutKey about {__typename id ... on Street {name}}
		spot {longitude latitude about street since} home {longitude latitude about street since}}}}`
	hidden, open := idOf(s.hidden), idOf(s.open)
	in := `about:map[__typename:Street id:` + hidden + ` name:Тайная] aboutKey:` + hidden + ` home:map[about:<nil> latitude:0.1 longitude:0 since:2012-05-15 street:` + open + `] inTwin:<nil> onStreet:` + open +
		` spot:map[about:` + hidden + ` latitude:56.2 longitude:95.7 since:2000-01-01 street:` + open + `]`
	out := `about:<nil> aboutKey:` + core.ID{Type: "Nothing", Key: s.open.ID}.String() + ` home:map[about:<nil> latitude:0.1 longitude:0 since:2012-05-15 street:` + hidden + `] inTwin:` + idOf(s.in) + ` onStreet:` + hidden + ` spot:<nil>`
	if got, want := fmt.Sprint(s.ok(s.system(), all)), `map[houses:map[nodes:[map[`+in+`] map[`+out+`]]]]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	owner := s.as(core.Actor{Account: core.NewID(), Person: s.person})
	if got := s.ok(owner, `{houses {nodes {about {id} aboutKey}}}`); at(got, "houses", "nodes", 0, "about") != nil || at(got, "houses", "nodes", 0, "aboutKey") != hidden {
		t.Errorf("what the reference leads to is hidden, its id is not: %v", got)
	}
}

// A group is read from JSON: every float comes out as it went in.
func TestFloatsInAGroupKeepEveryDigit(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	query := `{house(id: "` + idOf(s.in) + `") {spot {longitude latitude}}}`
	rapid.Check(t, func(r *rapid.T) {
		longitude, latitude := rapid.Float64().Draw(r, "longitude"), rapid.Float64().Draw(r, "latitude")
		_, err := s.db.Pool.Exec(t.Context(), "UPDATE houses SET longitude = $1, latitude = $2 WHERE id = $3", longitude, latitude, s.in.ID)
		s.must(err)
		spot := at(s.ok(s.system(), query), "house", "spot")
		if math.Float64bits(at(spot, "longitude").(float64)) != math.Float64bits(longitude) || at(spot, "latitude") != latitude {
			r.Fatalf("got %v, want %v %v", spot, longitude, latitude)
		}
	})
}

func TestListsAndLanguagesInExpressions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := street("Ленина", 1), street("Мира", 2)
	a.Tags = []string{"юг, \"центр\"", "NULL", `{}\`, ""}
	w.insert(a, b)
	for lang, ctx := range map[string]any{"en": core.English, "ru": core.Russian} {
		got := w.ok(core.WithLanguage(w.system(), ctx.(core.Language)), `{streets {nodes {marks tongue}}}`)
		if want := `map[streets:map[nodes:[map[marks:[ NULL {}\ ЮГ, "ЦЕНТР"] tongue:` + lang + `] map[marks:[] tongue:` + lang + `]]]]`; fmt.Sprint(got) != want {
			t.Errorf("got %v\nwant %s", got, want)
		}
	}
}

func TestDeclarationsThatContradictThemselvesStopTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := map[string]read.Computed{"number": {SQL: "1"}}
	for want, declared := range map[string]read.Type{
		"declared in two ways":                   {Computed: one},
		"House.Number is declared":               {Groups: map[string]read.Group{"Number": {Fields: one}}},
		"House.about is declared":                {Computed: map[string]read.Computed{"about": {}}, References: map[string]read.Reference{"about": {}}},
		"protects number, which is no column":    {Protected: map[string]string{"number": "town:remarks"}},
		"protects street, which is no column":    {Protected: map[string]string{"street": "town:remarks"}},
		"x.y counts rows, which a field of a gr": {Groups: map[string]read.Group{"x": {Fields: map[string]read.Computed{"y": {Counts: "House"}}}}},
	} {
		declared.Name, declared.Guard = "House", "town:houses"
		r := read.New(w.db, w.guard, clock, maxPage)
		read.Declare[House](r, declared)
		if err := r.Ready(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
