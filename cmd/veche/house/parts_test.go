package house_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veche-city/veche/cmd/veche/house"
)

// Each of these is one statement, however many rows and lists and types there are in it.
func TestADeclaredOperationIsOneStatement(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	data := w.ask(request{as: admin, Query: `{ councils(first: 3) { nodes { id members(first: 2) { nodes { id person { id } } } district { id } } } }`})
	council := at(data, "councils", "nodes", 0, "id")
	var ids []any
	for n := range 3 {
		ids = append(ids, at(data, "councils", "nodes", n, "id"), at(data, "councils", "nodes", n, "members", "nodes", 0, "id"),
			at(data, "councils", "nodes", n, "members", "nodes", 1, "person", "id"))
	}
	for _, c := range []request{
		{Query: `query($id: ID!) { council(id: $id) { id kind name foundedOn seatLimit members(first: 50) { nodes { id post basis startsOn person { id name } } } } }`, Variables: map[string]any{"id": council}},
		{Query: roll, Variables: map[string]any{"n": 13, "day": "2012-12-31"}},
		{Query: `{ memberships(first: 50, filter: {post: {eq: MEMBER}, basis: {eq: ACTIVE_CITIZEN}}, orderBy: {field: STARTS_ON, direction: DESC}) {
			totalCount nodes { id post council { id name } person { id name } organisation { id name } } pageInfo { hasNextPage endCursor } } }`},
		{Query: `{ persons(first: 100) { nodes { id name familyName givenName patronymic erasedAt version } pageInfo { hasNextPage endCursor } } }`},
		{Query: `query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Council { name members(first: 2) { totalCount } } ... on Person { name memberships(first: 1) { nodes { post } } } ... on Membership { startsOn } } }`,
			Variables: map[string]any{"ids": ids}},
		{Query: `{ districts(first: 20) { nodes { name councils { nodes { name members(first: 1) { nodes { post } } terms { totalCount } } totalCount } venues(first: 1) { nodes { point { latitude } } } addresses(last: 2) { edges { cursor node { street } } } } } }`},
	} {
		w.ask(c) // the policy is loaded, connections are made
		if got := w.statements.during(func() { w.ask(c) }); len(got) != 1 {
			t.Errorf("%s\n%d statements:\n%s", c.Query, len(got), strings.Join(got, "\n"))
		}
	}
}

// gqlgen resolves a whole operation before it writes: all objects that rows of several lists refer to
// are read together, one statement for the field.
func TestPlacesOfAnOperationAreFilledTogether(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	ask := request{as: admin, Query: `{ indicators(from: "2012-01-01", to: "2012-12-31", keys: ["councils.active", "councils.seats_taken"]) {
		rows(first: 100) { nodes { day object { __typename id ... on Council { name } ... on Membership { person { name } } } } } } }`}
	first := w.ask(ask)
	objects := len(at(first, "indicators", 0, "rows", "nodes").([]any)) + len(at(first, "indicators", 1, "rows", "nodes").([]any))
	got := w.statements.during(func() { w.ask(ask) })
	var reading []string
	for _, sql := range got {
		if strings.Contains(sql, "UNION ALL SELECT") && strings.Contains(sql, "ANY ($") {
			reading = append(reading, sql)
		}
	}
	if objects < 50 || len(reading) != 1 {
		t.Errorf("%d objects were read by %d statements of %d:\n%s", objects, len(reading), len(got), strings.Join(got, "\n"))
	}
	ask.with = map[string]string{"X-Veche-Reads": house.Resolvers}
	if byResolvers := w.ask(ask); fmt.Sprint(byResolvers) != fmt.Sprint(first) {
		t.Error("the resolvers' way answers otherwise")
	}
}

// Changes of one operation are read each before the next is made.
func TestAPayloadIsReadBeforeTheNextChange(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	c := at(w.ask(request{as: admin, Query: `{ councils(first: 1) { nodes { id version } } }`}), "councils", "nodes", 0)
	version, _ := at(c, "version").(float64)
	got := w.ask(request{as: admin, Query: `mutation($a: UpdateCouncilInput!, $b: UpdateCouncilInput!) {
		a: updateCouncil(input: $a) { council { purpose version district { name } } userErrors { message } }
		b: updateCouncil(input: $b) { council { purpose version } userErrors { message } } }`, Variables: map[string]any{
		"a": map[string]any{"id": at(c, "id"), "expectedVersion": version, "purpose": "one"},
		"b": map[string]any{"id": at(c, "id"), "expectedVersion": version + 1, "purpose": "two"},
	}})
	for alias, want := range map[string]string{"a": "one", "b": "two"} {
		if at(got, alias, "council", "purpose") != want {
			t.Errorf("%s: %v", alias, got)
		}
	}
}
