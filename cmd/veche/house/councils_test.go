package house_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
)

// mutate sends a mutation whose input is called after it, and shows that much of its payload.
func (w *world) mutate(as, name, show string, in map[string]any) *answer {
	w.t.Helper()
	return w.send(request{as: as, Variables: map[string]any{"in": in}, Query: fmt.Sprintf(
		`mutation($in: %s%sInput!) { %s(input: $in) { %s userErrors { code message path } } }`, strings.ToUpper(name[:1]), name[1:], name, show)})
}

// came is what came of a mutation: "" when it was done, else the code, and the input's field where
// one was at fault.
func (w *world) came(as, name string, in map[string]any) string {
	w.t.Helper()
	a := w.mutate(as, name, "", in)
	if codes := a.codes(); len(codes) > 0 {
		return strings.Join(codes, " ")
	}
	found, _ := at(a.Data, name, "userErrors", 0).(map[string]any)
	if found == nil {
		return ""
	}
	path, _ := found["path"].([]any)
	if len(path) == 0 {
		return found["code"].(string)
	}
	return fmt.Sprint(found["code"], " ", path[len(path)-1])
}

// done wants a mutation to have been done, and gives what its payload shows.
func (w *world) done(as, name, show string, in map[string]any) map[string]any {
	w.t.Helper()
	a := w.mutate(as, name, show, in)
	p, _ := at(a.Data, name).(map[string]any)
	if errs, _ := p["userErrors"].([]any); len(a.Errors) > 0 || len(errs) > 0 {
		w.t.Fatalf("%s %v: %s", name, in, a.text)
	}
	return p
}

// with is an input and some of its fields changed; nil takes a field away, null sends one empty.
func with(in map[string]any, changes ...any) map[string]any {
	out := maps.Clone(in)
	for i := 0; i < len(changes); i += 2 {
		switch v := changes[i+1]; v {
		case nil:
			delete(out, changes[i].(string))
		case null:
			out[changes[i].(string)] = nil
		default:
			out[changes[i].(string)] = v
		}
	}
	return out
}

const null = "\x00null"

// town is what the scenarios of councils stand on.
type town struct {
	*world
	admin    string
	persons  []string
	district func(n int) string
}

// run is a subtest in the same town; it fails by itself.
func (w *town) run(t *testing.T, name string, fn func(*testing.T, *town)) {
	t.Run(name, func(t *testing.T) {
		inner, below := *w.world, *w
		inner.t, below.world = t, &inner
		fn(t, &below)
	})
}

// council founds a body that has no district, and changes what is given.
func (w *town) council(changes ...any) (id string) {
	w.t.Helper()
	in := with(map[string]any{"kind": "COORDINATION_COUNCIL", "name": "Совет", "foundingAct": "Постановление № 1", "foundedOn": "2013-01-10"}, changes...)
	return at(w.done(w.admin, "createCouncil", "council { id }", in), "council", "id").(string)
}

// seat seats the n-th person in the body.
func (w *town) seat(council string, n int, changes ...any) (id string) {
	w.t.Helper()
	in := with(map[string]any{"councilId": council, "personId": w.persons[n], "basis": "ACTIVE_CITIZEN", "startsOn": "2013-01-15"}, changes...)
	return at(w.done(w.admin, "addMember", "membership { id }", in), "membership", "id").(string)
}

func newTown(t *testing.T) *town {
	w := &town{world: newWorld(t)}
	w.admin = w.administrator("kansk")
	data := w.ask(request{Query: `{ persons(first: 40) { nodes { id } } districts(first: 20, orderBy: {field: NUMBER, direction: ASC}) { nodes { id } } }`})
	for _, n := range at(data, "persons", "nodes").([]any) {
		w.persons = append(w.persons, at(n, "id").(string))
	}
	w.district = func(n int) string { return at(data, "districts", "nodes", n-1, "id").(string) }
	return w
}

func TestCouncilsRefuse(t *testing.T) {
	w := newTown(t)
	w.account(w.admin, "resident", w.person(w.admin, "Жителева"), "", "")
	w.account(w.admin, "clerk", "", "clerk", "")
	w.account(w.admin, "district-official", "", "official", w.district(14))
	organisation := at(w.ask(request{Query: `{ organisations(first: 1) { nodes { id } } }`}), "organisations", "nodes", 0, "id").(string)
	council := w.council("seatLimit", 2, "activeFrom", "2013-01-12")
	child := w.council("parentId", council)
	seat := w.seat(council, 0)
	ended := w.seat(council, 1, "endsOn", "2013-01-20")
	unknown := func(typ string) string { return core.ID{Type: typ, Key: core.NewID()}.String() }

	create := map[string]any{"kind": "PUBLIC_COUNCIL", "name": "Новый", "foundingAct": "Акт", "foundedOn": "2013-01-10"}
	update := map[string]any{"id": council, "expectedVersion": 1}
	dissolve := map[string]any{"id": council, "expectedVersion": 1, "dissolvedOn": "2013-02-01", "reason": "Проба"}
	term := map[string]any{"councilId": council, "startsOn": "2013-01-15"}
	add := map[string]any{"councilId": council, "personId": w.persons[2], "basis": "ACTIVE_CITIZEN", "startsOn": "2013-01-21"}
	correct := map[string]any{"id": seat, "expectedVersion": 1}
	post := map[string]any{"membershipId": seat, "expectedVersion": 1, "post": "SECRETARY", "startsOn": "2013-02-01"}
	end := map[string]any{"id": seat, "expectedVersion": 1, "endsOn": "2013-02-01", "reason": "RESIGNED"}

	for name, in := range map[string]map[string]any{"createCouncil": create, "updateCouncil": update, "dissolveCouncil": dissolve, "startTerm": term,
		"addMember": add, "updateMembership": correct, "changePost": post, "endMembership": end} {
		if got := w.came("", name, in); got != "UNAUTHENTICATED" {
			t.Errorf("%s as nobody: %q", name, got)
		}
		if got := w.came("resident", name, in); got != "FORBIDDEN" {
			t.Errorf("%s as a resident: %q", name, got)
		}
		if name == "createCouncil" || name == "updateCouncil" || name == "dissolveCouncil" || name == "startTerm" {
			if got := w.came("clerk", name, in); got != "FORBIDDEN" {
				t.Errorf("%s as a clerk, who seats and does not found: %q", name, got)
			}
		}
		if name != "createCouncil" { // of a body that stands in no district
			if got := w.came("district-official", name, in); got != "FORBIDDEN" {
				t.Errorf("%s as an official of one district: %q", name, got)
			}
		}
	}

	community := with(create, "kind", "COMMUNITY_COUNCIL", "districtId", w.district(14))
	for _, c := range []struct {
		as, name string
		in       map[string]any
		want     string
	}{
		{"district-official", "createCouncil", create, "FORBIDDEN"},
		{"district-official", "createCouncil", with(community, "districtId", w.district(13)), "FORBIDDEN"},
		{"", "createCouncil", with(create, "districtId", council), "BAD_USER_INPUT districtId"},
		{"", "createCouncil", with(create, "districtId", "нет"), "BAD_USER_INPUT"},
		{"", "createCouncil", with(create, "districtId", unknown("District")), "NOT_FOUND"},
		{"", "createCouncil", with(create, "parentId", unknown("Council")), "NOT_FOUND"},
		{"", "createCouncil", with(create, "parentOrganisationId", unknown("Organisation")), "NOT_FOUND"},
		{"", "createCouncil", with(create, "parentId", w.district(1)), "BAD_USER_INPUT parentId"},
		{"", "createCouncil", with(create, "parentOrganisationId", council), "BAD_USER_INPUT parentOrganisationId"},
		{"", "createCouncil", with(create, "kind", "COMMUNITY_COUNCIL"), "BAD_USER_INPUT districtId"},
		{"", "createCouncil", with(community, "districtId", w.district(1)), "CONFLICT districtId"},
		{"", "createCouncil", with(create, "parentId", council, "parentOrganisationId", organisation), "BAD_USER_INPUT parentOrganisationId"},
		{"", "createCouncil", with(create, "seatLimit", 0), "BAD_USER_INPUT seatLimit"},
		{"", "createCouncil", with(create, "seatLimit", 1001), "BAD_USER_INPUT seatLimit"},
		{"", "createCouncil", with(create, "termMonths", 121), "BAD_USER_INPUT termMonths"},
		{"", "createCouncil", with(create, "activeFrom", "2013-01-09"), "BAD_USER_INPUT activeFrom"},
		{"", "createCouncil", with(create, "name", " "), "BAD_USER_INPUT name"},
		{"", "createCouncil", with(create, "name", strings.Repeat("я", 301)), "BAD_USER_INPUT name"},
		{"", "createCouncil", with(create, "purpose", strings.Repeat("я", 4001)), "BAD_USER_INPUT purpose"},
		{"", "createCouncil", with(create, "foundingAct", nil), "BAD_USER_INPUT"},
		{"", "createCouncil", with(create, "kind", "SENATE"), "BAD_USER_INPUT"},
		{"", "updateCouncil", with(update, "id", seat, "name", "x"), "BAD_USER_INPUT id"},
		{"", "updateCouncil", with(update, "id", unknown("Council")), "NOT_FOUND"},
		{"", "updateCouncil", with(update, "expectedVersion", 9, "name", "x"), "CONFLICT expectedVersion"},
		{"", "updateCouncil", with(update, "name", null), "BAD_USER_INPUT name"},
		{"", "updateCouncil", with(update, "foundingAct", null), "BAD_USER_INPUT foundingAct"},
		{"", "updateCouncil", with(update, "parentId", council), "BAD_USER_INPUT parentId"},
		{"", "updateCouncil", with(update, "parentId", child), "BAD_USER_INPUT parentId"},
		{"", "updateCouncil", with(update, "activeFrom", "2013-01-09"), "BAD_USER_INPUT activeFrom"},
		{"", "dissolveCouncil", with(dissolve, "id", seat), "BAD_USER_INPUT id"},
		{"", "startTerm", with(term, "councilId", w.persons[0]), "BAD_USER_INPUT councilId"},
		{"", "addMember", with(add, "councilId", seat), "BAD_USER_INPUT councilId"},
		{"", "addMember", with(add, "personId", council), "BAD_USER_INPUT personId"},
		{"", "addMember", with(add, "personId", unknown("Person")), "NOT_FOUND"},
		{"", "addMember", with(add, "organisationId", council, "basis", "POLITICAL_PARTY"), "BAD_USER_INPUT organisationId"},
		{"", "addMember", with(add, "basis", "PUBLIC_ASSOCIATION"), "BAD_USER_INPUT organisationId"},
		{"", "addMember", with(add, "organisationId", organisation), "BAD_USER_INPUT organisationId"},
		{"", "addMember", with(add, "startsOn", "2013-01-09"), "BAD_USER_INPUT startsOn"},
		{"", "addMember", with(add, "endsOn", "2013-01-20"), "BAD_USER_INPUT endsOn"},
		{"", "addMember", with(add, "personId", w.persons[0]), "CONFLICT personId"},
		{"", "addMember", with(add, "startsOn", "2013-01-20"), "CONFLICT startsOn"}, // the second seat ends on that day
		{"", "addMember", with(add, "appointingAct", strings.Repeat("я", 501)), "BAD_USER_INPUT appointingAct"},
		{"", "updateMembership", with(correct, "id", council), "BAD_USER_INPUT id"},
		{"", "updateMembership", with(correct, "basis", null), "BAD_USER_INPUT basis"},
		{"", "updateMembership", with(correct, "basis", "POLITICAL_PARTY"), "BAD_USER_INPUT organisationId"},
		{"", "updateMembership", with(correct, "organisationId", organisation), "BAD_USER_INPUT organisationId"},
		{"", "updateMembership", with(correct, "expectedVersion", 0), "CONFLICT expectedVersion"},
		{"", "changePost", with(post, "membershipId", council), "BAD_USER_INPUT membershipId"},
		{"", "changePost", with(post, "post", "MEMBER"), "BAD_USER_INPUT post"},
		{"", "changePost", with(post, "startsOn", "2013-01-15"), "BAD_USER_INPUT startsOn"},
		{"", "changePost", with(post, "membershipId", ended), "BAD_USER_INPUT startsOn"}, // over by that day
		{"", "changePost", with(post, "expectedVersion", 7), "CONFLICT expectedVersion"},
		{"", "endMembership", with(end, "id", council), "BAD_USER_INPUT id"},
		{"", "endMembership", with(end, "id", unknown("Membership")), "NOT_FOUND"},
		{"", "endMembership", with(end, "endsOn", "2013-01-14"), "BAD_USER_INPUT endsOn"},
		{"", "endMembership", with(end, "id", ended), "BAD_USER_INPUT endsOn"}, // it ends earlier
		{"", "endMembership", with(end, "expectedVersion", 7), "CONFLICT expectedVersion"},
		{"", "endMembership", with(end, "note", strings.Repeat("я", 1001)), "BAD_USER_INPUT note"},
	} {
		as := c.as
		if as == "" {
			as = w.admin
		}
		if got := w.came(as, c.name, c.in); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.name, c.in, got, c.want)
		}
	}
	after := w.ask(request{Query: `query($id: ID!) { council(id: $id) { version memberCount(asOf: "2013-01-15") terms { totalCount } } }`, Variables: map[string]any{"id": council}})
	if got := at(after, "council"); at(got, "version") != 1.0 || at(got, "memberCount") != 2.0 || at(got, "terms", "totalCount") != 0.0 {
		t.Errorf("a refusal changed the body: %v", got)
	}
	if got := w.came("district-official", "createCouncil", community); got != "" {
		t.Errorf("the official cannot found the council of the own district: %q", got)
	}
	if got := w.came(w.admin, "createCouncil", community); got != "CONFLICT districtId" {
		t.Errorf("a second council of a district: %q", got)
	}
	if got := w.came(w.admin, "updateCouncil", with(update, "parentId", w.council("parentId", w.council("parentId", child)))); got != "BAD_USER_INPUT parentId" {
		t.Errorf("a parent that lies three steps below: %q", got)
	}
}
