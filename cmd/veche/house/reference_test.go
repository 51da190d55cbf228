package house_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veche-city/veche/cmd/veche/demo"
)

// What the city reported of 2012, asked as a frontend would.
func TestKanskIn2012(t *testing.T) {
	w := newWorld(t)
	data := w.ask(request{Query: `query($day: Date!) {
		councilCoverage(kind: COMMUNITY_COUNCIL, asOf: $day) { covered total uncovered { number } }
		community: councils(filter: {kind: {eq: COMMUNITY_COUNCIL}}, asOf: $day, first: 20) { totalCount nodes { district { number } status(asOf: $day) } }
		chamber: councils(filter: {kind: {eq: PUBLIC_CHAMBER}}, asOf: $day) { nodes { parentOrganisation { kind name } activeFrom } }
		commissions: councils(filter: {kind: {in: [INTERDEPARTMENTAL_COMMISSION, TERRITORIAL_COMMISSION, COORDINATION_COUNCIL]}}, asOf: $day) {
			totalCount nodes { members(asOf: $day) { nodes { basis person { memberships(asOf: $day) { totalCount } } } } } }
	}`, Variables: map[string]any{"day": "2012-12-31"}})
	if got := at(data, "councilCoverage"); !cmp.Equal(got, map[string]any{"covered": 13.0, "total": 15.0, "uncovered": []any{map[string]any{"number": 14.0}, map[string]any{"number": 15.0}}}) {
		t.Errorf("coverage: %v", got)
	}
	if got := at(data, "community", "totalCount"); got != 13.0 {
		t.Errorf("community councils: %v", got)
	}
	for n := range 13 {
		if got := at(data, "community", "nodes", n); !cmp.Equal(got, map[string]any{"district": map[string]any{"number": float64(n + 1)}, "status": "ACTIVE"}) {
			t.Errorf("community council %d: %v", n, got)
		}
	}
	if got := at(data, "chamber", "nodes", 0, "parentOrganisation", "kind"); got != "REGIONAL_BODY" {
		t.Errorf("the public chamber belongs to %v", got)
	}
	if got := at(data, "commissions", "totalCount"); got != 3.0 {
		t.Errorf("commissions: %v", got)
	}
	if got := at(data, "commissions", "nodes", 0, "members", "nodes", 0, "person", "memberships", "totalCount"); got != 2.0 {
		t.Errorf("a commission's member sits in %v bodies, want the council that sent them too", got)
	}
}

func TestMayorsCouncil(t *testing.T) {
	w := newWorld(t)
	data := w.ask(request{Query: `query($day: Date!, $before: Date!) {
		councils(filter: {kind: {eq: PUBLIC_COUNCIL}}) { nodes {
			memberCount(asOf: $day) before: memberCount(asOf: $before) status(asOf: $before) vacantSeats(asOf: $day)
			members(asOf: $day, first: 50) { totalCount nodes { post basis organisation { name } person { name } } }
			none: members(asOf: $before) { totalCount nodes { id } }
		} } }`, Variables: map[string]any{"day": "2012-12-31", "before": "2012-04-01"}})
	council := at(data, "councils", "nodes", 0)
	for field, want := range map[string]any{"memberCount": 22.0, "before": 0.0, "status": "PLANNED", "vacantSeats": 0.0} {
		if got := at(council, field); got != want {
			t.Errorf("%s: %v, want %v", field, got, want)
		}
	}
	bases := map[any]int{}
	members := at(council, "members", "nodes").([]any)
	for _, m := range members {
		basis := at(m, "basis").(string)
		bases[basis]++
		delegated := strings.HasSuffix(basis, "ASSOCIATION") || basis == "POLITICAL_PARTY" || basis == "OTHER_ORGANISATION"
		if named := at(m, "organisation", "name") != nil; named != delegated {
			t.Errorf("basis %s: organisation named: %t", basis, named)
		}
		if at(m, "person", "name") == nil {
			t.Error("a member without a name")
		}
	}
	if len(members) != 22 || len(bases) != 7 {
		t.Errorf("%d members on %d grounds, want 22 on 7", len(members), len(bases))
	}
	if got := at(council, "none", "totalCount"); got != 0.0 {
		t.Errorf("on 1 April 2012: %v members", got)
	}
}

// The demonstration loads twice without a change.
func TestLoadingTwiceChangesNothing(t *testing.T) {
	w := newWorld(t)
	count := func() (out string) {
		for _, table := range []string{"districts", "district_boundaries", "venues", "persons", "organisations", "posts", "honours", "councils", "memberships", "audit"} {
			var n int
			must(t, w.DB.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
			out += fmt.Sprintf("%s %d\n", table, n)
		}
		var events int // by their numbers: rows are trimmed in time
		must(t, w.DB.QueryRow("SELECT last_value FROM outbox_seq_seq").Scan(&events))
		return out + fmt.Sprintf("events %d\n", events)
	}
	before := count()
	must(t, demo.Load(t.Context(), w.House, func(string) {}))
	if diff := cmp.Diff(before, count()); diff != "" {
		t.Error(diff)
	}
}

func TestIndicators(t *testing.T) {
	w := newWorld(t)
	data := w.ask(request{Query: `{ indicators(from: "2012-01-01", to: "2012-12-31", keys: ["councils.active"]) {
		key name value unit breakdown { label value } rows(first: 5) { totalCount pageInfo { hasNextPage endCursor } nodes { day part object { id ... on Council { name } } } } } }`,
		with: map[string]string{"Accept-Language": "ru"}})
	figure := at(data, "indicators", 0)
	if at(figure, "value") != 18.0 || at(figure, "name") != "Действующие советы" || at(figure, "rows", "totalCount") != 18.0 {
		t.Errorf("%v", figure)
	}
	if !cmp.Equal(at(figure, "breakdown", 0), map[string]any{"label": "COMMUNITY_COUNCIL", "value": 13.0}) {
		t.Errorf("breakdown: %v", at(figure, "breakdown"))
	}
	if name, _ := at(figure, "rows", "nodes", 0, "object", "name").(string); name == "" || at(figure, "rows", "pageInfo", "hasNextPage") != true {
		t.Errorf("rows: %v", at(figure, "rows"))
	}
	if got := w.send(request{Query: `{ indicators(from: "2012-12-31", to: "2012-01-01") { key } }`}).codes(); !cmp.Equal(got, []string{"BAD_USER_INPUT"}) {
		t.Errorf("a period that ends before it begins: %v", got)
	}
}
