package house_test

import (
	"testing"

	"github.com/veche-city/veche/core"
)

const password = "четыре слова подряд 42"

// administrator is the first of a town, made with the code that the server prints.
func (w *world) administrator(town string) (login string) {
	w.t.Helper()
	login = "admin-" + town
	code, err := w.Identity.EnsureSetupCode(core.WithMunicipality(w.t.Context(), w.Towns.ByKey(town)))
	must(w.t, err)
	p := w.do(request{town: town, Query: `mutation($in: SetUpInput!) { setUp(input: $in) { token userErrors { message path } } }`,
		Variables: map[string]any{"in": map[string]any{"code": code, "login": login, "password": password, "displayName": "Администратор", "kind": "BEARER"}}})
	w.tokens[login] = p["token"].(string)
	return login
}

// account is one that the administrator made, whose owner has taken up the invitation. person and
// role may be empty; scope is the id of what the role holds in, the whole town when empty.
func (w *world) account(admin, login, person, role, scope string) (id string) {
	w.t.Helper()
	in := map[string]any{"login": login, "displayName": login}
	if person != "" {
		in["personId"] = person
	}
	p := w.do(request{as: admin, Query: `mutation($in: CreateAccountInput!) { createAccount(input: $in) { account { id } invitation userErrors { message path } } }`,
		Variables: map[string]any{"in": in}})
	id = at(p, "account", "id").(string)
	if role != "" {
		assignment := map[string]any{"role": role, "accountId": id}
		if scope != "" {
			assignment["scopeId"] = scope
		}
		w.do(request{as: admin, Query: `mutation($in: AssignRoleInput!) { assignRole(input: $in) { roleAssignment { id } userErrors { message path } } }`,
			Variables: map[string]any{"in": assignment}})
	}
	p = w.do(request{Query: `mutation($in: AcceptInvitationInput!) { acceptInvitation(input: $in) { token userErrors { message path } } }`,
		Variables: map[string]any{"in": map[string]any{"code": p["invitation"], "password": password, "kind": "BEARER"}}})
	w.tokens[login] = p["token"].(string)
	return id
}

// person registers somebody with personal data, who holds no public role.
func (w *world) person(as, family string) (id string) {
	w.t.Helper()
	p := w.do(request{as: as, Query: `mutation($in: CreatePersonInput!) { createPerson(input: $in) { person { id } userErrors { message path } } }`,
		Variables: map[string]any{"in": map[string]any{"familyName": family, "givenName": "Проба", "patronymic": "Пробовна",
			"personal": map[string]any{"birthDate": "1970-05-01", "phones": []string{"+7 39161 2-00-00"}, "emails": []string{}}}}})
	return at(p, "person", "id").(string)
}

// The same question shows each what they may see: totals, pages and node(id) alike.
func TestTheSameQueryShowsEachWhatTheyMaySee(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	mine, other := w.person(admin, "Тихонова"), w.person(admin, "Молчанова")
	w.account(admin, "resident", mine, "", "")
	w.account(admin, "clerk", "", "clerk", "")
	everybody := at(w.ask(request{as: admin, Query: `{ persons { totalCount } }`}), "persons", "totalCount").(float64)

	question := request{Query: `query($mine: ID!, $other: ID!) {
		persons(first: 100, filter: {search: "Тихонова"}) { totalCount nodes { name } }
		all: persons { totalCount }
		mine: node(id: $mine) { ... on Person { name personal { birthDate } } }
		other: node(id: $other) { ... on Person { name personal { birthDate } } }
		nodes(ids: [$other, $mine]) { id }
	}`, Variables: map[string]any{"mine": mine, "other": other}}
	for _, c := range []struct {
		who               string
		found, all        float64
		mine, other, born bool
	}{
		{"", 0, everybody - 2, false, false, false},
		{"resident", 1, everybody - 1, true, false, true},
		{"clerk", 1, everybody, true, true, true},
		{admin, 1, everybody, true, true, true},
	} {
		question.as = c.who
		a := w.send(question)
		if got := at(a.Data, "persons", "totalCount"); got != c.found {
			t.Errorf("%q finds %v, want %v: %s", c.who, got, c.found, a.text)
		}
		if got := at(a.Data, "all", "totalCount"); got != c.all {
			t.Errorf("%q counts %v, want %v", c.who, got, c.all)
		}
		if got := at(a.Data, "mine") != nil; got != c.mine {
			t.Errorf("%q sees the resident: %t", c.who, got)
		}
		if got := at(a.Data, "other") != nil; got != c.other {
			t.Errorf("%q sees the other: %t", c.who, got)
		}
		if got := at(a.Data, "nodes", 1) != nil; got != c.mine || (at(a.Data, "nodes", 0) != nil) != c.other {
			t.Errorf("%q: nodes %v", c.who, at(a.Data, "nodes"))
		}
		if got := at(a.Data, "mine", "personal", "birthDate") == "1970-05-01"; got != c.born {
			t.Errorf("%q sees a birth date: %t: %s", c.who, got, a.text)
		}
	}
}

// A role held in one body reaches that body and no other.
func TestASecretaryOfOneCouncil(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	data := w.ask(request{as: admin, Query: `{ councils(filter: {kind: {eq: COMMUNITY_COUNCIL}}, first: 2) { nodes { id members(first: 4) { nodes { id version post person { id } } } } } }`})
	council := func(n int) any { return at(data, "councils", "nodes", n) }
	secretary := at(council(0), "members", "nodes", 2, "person", "id").(string)
	w.account(admin, "secretary", secretary, "", "") // the seat gives the role by itself
	end := func(n, member int) *answer {
		m := at(council(n), "members", "nodes", member)
		return w.send(request{as: "secretary", Query: `mutation($in: EndMembershipInput!) { endMembership(input: $in) { membership { endsOn } userErrors { code } } }`,
			Variables: map[string]any{"in": map[string]any{"id": at(m, "id"), "expectedVersion": at(m, "version"), "endsOn": "2013-01-31", "reason": "RESIGNED"}}})
	}
	if got := end(1, 3); len(got.codes()) != 1 || got.codes()[0] != "FORBIDDEN" {
		t.Errorf("ends a seat in another council: %s", got.text)
	}
	if got := end(0, 3); at(got.Data, "endMembership", "membership", "endsOn") != "2013-01-31" {
		t.Errorf("cannot end a seat in the own council: %s", got.text)
	}
	if got := end(0, 2); at(got.Data, "endMembership", "membership", "endsOn") != "2013-01-31" {
		t.Errorf("cannot leave: %s", got.text)
	}
	if got := end(0, 1); len(got.codes()) != 1 || got.codes()[0] != "FORBIDDEN" {
		t.Errorf("the seat ended, and its role did not: %s", got.text)
	}
}
