package house_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is asked of a day is answered as of that day: on the first, on the last, and around them.
func TestOnTheDay(t *testing.T) {
	w := newTown(t)
	w.run(t, "a body", aBodyOnTheDay)
	w.run(t, "coverage", coverageOnTheDay)
	w.run(t, "lists", listsOfCouncils)
}

func aBodyOnTheDay(t *testing.T, w *town) {
	// Founded on the 10th, at work from the 12th, dissolved on 20 February; seats to the 20th and on.
	council := w.council("activeFrom", "2013-01-12", "seatLimit", 2, "districtId", w.district(3))
	w.seat(council, 0, "startsOn", "2013-01-15", "endsOn", "2013-01-20")
	w.seat(council, 1, "startsOn", "2013-01-20")
	w.seat(council, 2, "startsOn", "2013-02-21") // never: the body is gone by then
	w.done(w.admin, "dissolveCouncil", "council { id }", map[string]any{"id": council, "expectedVersion": 1, "dissolvedOn": "2013-02-20", "reason": "Проба"})
	question := request{Query: `query($id: ID!, $day: Date!, $district: ID!) {
		council(id: $id) { status(asOf: $day) memberCount(asOf: $day) vacantSeats(asOf: $day) members(asOf: $day) { totalCount } memberships(asOf: $day) { totalCount } }
		councils(asOf: $day, filter: {district: {eq: $district}}) { nodes { id } }
		district(id: $district) { councils(asOf: $day) { nodes { id } } }
		memberships(asOf: $day, filter: {council: {eq: $id}}) { totalCount }
	}`}
	for _, c := range []struct {
		day, status string
		members     float64
		stands      bool
	}{
		{"2013-01-09", "PLANNED", 0, false},
		{"2013-01-10", "FORMING", 0, true},
		{"2013-01-11", "FORMING", 0, true},
		{"2013-01-12", "ACTIVE", 0, true},
		{"2013-01-14", "ACTIVE", 0, true},
		{"2013-01-15", "ACTIVE", 1, true},
		{"2013-01-19", "ACTIVE", 1, true},
		{"2013-01-20", "ACTIVE", 2, true},
		{"2013-01-21", "ACTIVE", 1, true},
		{"2013-02-20", "ACTIVE", 1, true},
		{"2013-02-21", "DISSOLVED", 0, false},
	} {
		question.Variables = map[string]any{"id": council, "day": c.day, "district": w.district(3)}
		data := w.ask(question)
		count := map[string]any{"totalCount": c.members}
		want := map[string]any{"status": c.status, "memberCount": c.members, "vacantSeats": 2 - c.members, "members": count, "memberships": count}
		if diff := cmp.Diff(want, at(data, "council")); diff != "" || at(data, "memberships", "totalCount") != c.members {
			t.Errorf("%s: %s %v", c.day, diff, at(data, "memberships"))
		}
		for where, found := range map[string]any{"councils": at(data, "councils", "nodes"), "district": at(data, "district", "councils", "nodes")} {
			if got := slices.ContainsFunc(found.([]any), func(n any) bool { return at(n, "id") == council }); got != c.stands {
				t.Errorf("%s: %s show it: %t", c.day, where, got)
			}
		}
	}
	// Without a day: today's members, and all who ever were.
	data := w.ask(request{Query: `query($id: ID!) { council(id: $id) { status memberCount members { totalCount } memberships { totalCount } dissolutionReason } }`, Variables: map[string]any{"id": council}})
	if diff := cmp.Diff(map[string]any{"status": "ACTIVE", "memberCount": 1.0, "members": map[string]any{"totalCount": 1.0}, "memberships": map[string]any{"totalCount": 2.0}, "dissolutionReason": "Проба"}, at(data, "council")); diff != "" {
		t.Error(diff)
	}
}

// A district counts from the first day of its council's work to the last of its existence.
func coverageOnTheDay(t *testing.T, w *town) {
	council := w.council("kind", "COMMUNITY_COUNCIL", "districtId", w.district(14), "activeFrom", "2013-01-12")
	w.done(w.admin, "dissolveCouncil", "council { id }", map[string]any{"id": council, "expectedVersion": 1, "dissolvedOn": "2013-02-20", "reason": "Проба"})
	for day, want := range map[string][]float64{"2009-12-31": {0, 0}, "2010-01-01": {0, 15}, "2012-05-10": {0, 15}, "2012-05-11": {1, 15}, "2012-05-12": {2, 15},
		"2013-01-11": {13, 15}, "2013-01-12": {14, 15}, "2013-02-20": {14, 15}, "2013-02-21": {13, 15}} {
		got := at(w.ask(request{Query: `query($day: Date!) { councilCoverage(asOf: $day) { covered total uncovered { number } } }`, Variables: map[string]any{"day": day}}), "councilCoverage")
		if at(got, "covered") != want[0] || at(got, "total") != want[1] || len(at(got, "uncovered").([]any)) != int(want[1]-want[0]) {
			t.Errorf("%s: %v, want %v", day, got, want)
		}
	}
	got := w.ask(request{Query: `{ councilCoverage { covered } none: councilCoverage(kind: PUBLIC_CHAMBER) { covered total } }`})
	if at(got, "councilCoverage", "covered") != 14.0 || at(got, "none", "covered") != 0.0 || at(got, "none", "total") != 15.0 {
		t.Errorf("today: %v", got)
	}
	if got := w.came(w.admin, "createCouncil", map[string]any{"kind": "COMMUNITY_COUNCIL", "name": "На смену", "foundingAct": "Акт", "foundedOn": "2013-02-20", "districtId": w.district(14)}); got != "CONFLICT districtId" {
		t.Errorf("a second council on the first one's last day: %q", got)
	}
	w.council("kind", "COMMUNITY_COUNCIL", "districtId", w.district(14), "foundedOn", "2013-02-21")
}

func listsOfCouncils(t *testing.T, w *town) {
	parent := w.council("name", "Ёлочный Совет", "foundedOn", "2011-03-03")
	first := w.council("name", "Берёзовый комитет", "parentId", parent, "foundedOn", "2011-05-05")
	second := w.council("name", "Еловая комиссия", "parentId", parent, "foundedOn", "2011-04-04")
	region := at(w.ask(request{Query: `{ organisations(filter: {kind: {eq: REGIONAL_BODY}}) { nodes { id } } }`}), "organisations", "nodes", 0, "id").(string)
	for _, c := range []struct {
		question string // that answers found { nodes { id } }
		want     []string
	}{
		{`councils(filter: {search: "елочный совет"}, first: 1)`, []string{parent}},
		{`councils(filter: {search: "БЕРЕЗОВЫИ"}, first: 1)`, []string{first}},
		{`councils(filter: {foundedOn: {gte: "2011-01-01", lte: "2011-12-31"}})`, []string{first, second, parent}}, // ё stands with е
		{`councils(filter: {foundedOn: {gte: "2011-01-01", lte: "2011-12-31"}}, orderBy: {field: NAME, direction: DESC})`, []string{parent, second, first}},
		{`councils(filter: {foundedOn: {gte: "2011-01-01", lte: "2011-12-31"}}, orderBy: {field: FOUNDED_ON, direction: ASC})`, []string{parent, second, first}},
		{`councils(filter: {foundedOn: {gte: "2011-01-01", lte: "2011-12-31"}}, orderBy: {field: FOUNDED_ON, direction: DESC})`, []string{first, second, parent}},
		{`councils(filter: {foundedOn: {eq: "2011-04-04"}})`, []string{second}},
		{`councils(filter: {parent: {eq: "` + parent + `"}})`, []string{first, second}},
		{`councils(filter: {parent: {in: ["` + parent + `"]}, kind: {in: [PUBLIC_COUNCIL]}})`, nil},
		{`councils(filter: {activeFrom: {lte: "2010-01-01"}, parent: {isNull: true}}, asOf: "2010-01-01")`, w.found(`organisation(id: "` + region + `") { found: councils { nodes { id } } }`)},
	} {
		if diff := cmp.Diff(c.want, w.found("found: "+c.question+" { nodes { id } }")); diff != "" {
			t.Errorf("%s: %s", c.question, diff)
		}
	}
	if got := w.found(`council(id: "` + parent + `") { found: children(orderBy: {field: FOUNDED_ON, direction: DESC}) { nodes { id } } }`); !slices.Equal(got, []string{first, second}) {
		t.Errorf("children: %v", got)
	}
	membersOfACouncil(t, w, parent)
}

// found is the ids of the one list in a question, called found; nil for none.
func (w *town) found(question string) (ids []string) {
	w.t.Helper()
	data := w.ask(request{as: w.admin, Query: "{ " + question + " }"})
	list := at(data, "found")
	for _, below := range data {
		if list == nil {
			list = at(below, "found")
		}
	}
	for _, n := range at(list, "nodes").([]any) {
		ids = append(ids, at(n, "id").(string))
	}
	return ids
}

func membersOfACouncil(t *testing.T, w *town, council string) {
	member := w.seat(council, 5, "startsOn", "2013-01-11")
	secretary := w.seat(council, 6, "startsOn", "2013-01-13", "post", "SECRETARY", "basis", "EX_OFFICIO")
	chair := w.seat(council, 7, "startsOn", "2013-01-12", "post", "CHAIR", "endsOn", "2013-03-01")
	later := w.seat(council, 8, "startsOn", "2013-01-12")
	for question, want := range map[string][]string{
		`members`: {chair, secretary, member, later},
		`members(orderBy: {field: POST, direction: DESC})`:                    {later, member, secretary, chair},
		`members(orderBy: {field: STARTS_ON, direction: ASC})`:                {member, chair, later, secretary},
		`members(asOf: "2013-03-02", filter: {post: {in: [CHAIR]}})`:          nil,
		`memberships(filter: {post: {eq: CHAIR}})`:                            {chair},
		`memberships(filter: {basis: {in: [EX_OFFICIO]}})`:                    {secretary},
		`memberships(filter: {endsOn: {isNull: false}})`:                      {chair},
		`memberships(filter: {startsOn: {gte: "2013-01-13"}})`:                {secretary},
		`memberships(filter: {person: {eq: "` + w.persons[5] + `"}})`:         {member},
		`memberships(filter: {organisation: {isNull: false}})`:                nil,
		`memberships(orderBy: {field: STARTS_ON, direction: DESC}, first: 1)`: {secretary},
	} {
		if got := w.found(fmt.Sprintf(`council(id: %q) { found: %s { nodes { id } } }`, council, question)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", question, got, want)
		}
	}
	if got := w.found(fmt.Sprintf(`person(id: %q) { found: memberships(filter: {council: {eq: %q}}) { nodes { id } } }`, w.persons[7], council)); !slices.Equal(got, []string{chair}) {
		t.Errorf("of the person: %v", got)
	}
}
