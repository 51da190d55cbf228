package house_test

import (
	"fmt"
	"strings"
	"testing"
)

// heard is a town with those who run hearings, in which the notice of a planning project may be given on the day.
type heard struct {
	*town
	organiser string
}

func newHeard(t *testing.T) *heard {
	w := &heard{town: newTown(t)}
	w.organiser = at(w.done(w.admin, "createOrganisation", "organisation { id }", map[string]any{"kind": "MUNICIPAL_DEPARTMENT", "name": "Отдел архитектуры проба"}), "organisation", "id").(string)
	for _, role := range []string{"clerk", "official", "editor", "auditor"} {
		w.account(w.admin, role, "", role, "")
	}
	for n := range 5 {
		w.account(w.admin, fmt.Sprint("resident", n), w.person(w.admin, fmt.Sprint("Жителева", n)), "", "")
	}
	w.account(w.admin, "nameless", "", "", "")
	w.done(w.admin, "setHearingRule", "", map[string]any{"kind": "PLANNING_PROJECT", "expectedVersion": 1, "noticeDays": 0, "maxMonths": 1, "discussion": true, "law": "Устав города"})
	return w
}

// plan is a hearing of the third district, on display from 1 February 2013, the world's today.
func (w *heard) plan(changes ...any) map[string]any {
	return with(map[string]any{"kind": "PLANNING_PROJECT", "subject": "Проект планировки набережной", "initiator": "HEAD", "appointingAct": "Постановление № 7",
		"organiserId": w.organiser, "districtIds": []string{w.district(3)}, "displayPlace": "Здание администрации", "displayFrom": "2013-02-01", "displayTo": "2013-02-20",
		"intakeFrom": "2013-02-01", "intakeTo": "2013-02-20",
		"sessions": []any{map[string]any{"startsAt": "2013-02-10T18:00:00+08:00", "link": "https://meet.example"}}}, changes...)
}

func (w *heard) announced(changes ...any) string {
	w.t.Helper()
	id := at(w.done("editor", "planPublicHearing", "publicHearing { id }", w.plan(changes...)), "publicHearing", "id").(string)
	w.done("editor", "announcePublicHearing", "", map[string]any{"id": id, "expectedVersion": 1})
	return id
}

// statement is one of somebody who lives in the n-th district.
func (w *heard) statement(hearing string, n int, changes ...any) map[string]any {
	return with(map[string]any{"hearingId": hearing, "residence": map[string]any{"districtId": w.district(n)},
		"proposals": []any{map[string]any{"clause": "п. 3", "text": "Больше деревьев, чем в проекте"}}}, changes...)
}

// run is a subtest in the same town; it fails by itself.
func (w *heard) run(t *testing.T, name string, fn func(*testing.T, *heard)) {
	w.town.run(t, name, func(t *testing.T, below *town) {
		inner := *w
		inner.town = below
		fn(t, &inner)
	})
}

func TestHearings(t *testing.T) {
	w := newHeard(t)
	w.run(t, "refusals", hearingsRefuse)
	w.run(t, "statements", statementsOfBothSorts)
	w.run(t, "lists", listsOfHearings)
	w.run(t, "at once", fiftyStatementsAtOnce)
}

func hearingsRefuse(t *testing.T, w *heard) {
	of := w.announced()
	late := w.announced("intakeFrom", "2013-02-10")
	for _, c := range []struct {
		as, name string
		in       map[string]any
		want     string
	}{
		{"", "planPublicHearing", w.plan(), "UNAUTHENTICATED"},
		{"resident0", "planPublicHearing", w.plan(), "FORBIDDEN"},
		{"clerk", "planPublicHearing", w.plan(), "FORBIDDEN"},
		{"editor", "planPublicHearing", w.plan("kind", "CHARTER", "form", "PUBLIC_DISCUSSION", "sessions", []any{}), "BAD_USER_INPUT form"},
		{"editor", "planPublicHearing", w.plan("intakeTo", "2013-03-20"), "BAD_USER_INPUT intakeTo"},
		{"editor", "announcePublicHearing", map[string]any{"id": of, "expectedVersion": 2}, "CONFLICT"},
		{"editor", "updatePublicHearing", map[string]any{"id": of, "expectedVersion": 2, "subject": "Другой"}, "CONFLICT"},
		{"official", "concludePublicHearing", map[string]any{"id": of, "expectedVersion": 2, "text": "Утвердить"}, "CONFLICT"},
		{"official", "publishPublicHearing", map[string]any{"id": of, "expectedVersion": 2}, "CONFLICT"},
		{"", "submitHearingStatement", w.statement(of, 3), "UNAUTHENTICATED"},
		{"nameless", "submitHearingStatement", w.statement(of, 3), "CONFLICT"},
		{"resident0", "submitHearingStatement", w.statement(late, 3), "CONFLICT hearingId"},
		{"resident0", "submitHearingStatement", w.statement(of, 3, "organisationId", w.organiser), "BAD_USER_INPUT organisationId"},
		{"resident0", "recordHearingStatement", w.statement(of, 3, "channel", "PAPER", "receivedOn", "2013-02-01", "authorId", w.persons[0]), "FORBIDDEN"},
		{"clerk", "recordHearingStatement", w.statement(of, 3, "channel", "PAPER", "receivedOn", "2013-01-31", "authorId", w.persons[0]), "CONFLICT receivedOn"},
		{"official", "setHearingRule", map[string]any{"kind": "BUDGET", "expectedVersion": 1, "noticeDays": 1, "discussion": false, "law": "а"}, "FORBIDDEN"},
	} {
		if got := w.came(c.as, c.name, c.in); got != c.want {
			t.Errorf("%s by %q: %q, want %q", c.name, c.as, got, c.want)
		}
	}
	general := at(w.done("editor", "planPublicHearing", "publicHearing { id }", w.plan("kind", "GENERAL_PLAN")), "publicHearing", "id")
	a := w.mutate("editor", "announcePublicHearing", "", map[string]any{"id": general, "expectedVersion": 1})
	if message, _ := at(a.Data, "announcePublicHearing", "userErrors", 0, "message").(string); !strings.Contains(message, "2013-02-08") {
		t.Errorf("a notice that is too short: %s", a.text)
	}
	other := w.administrator("achinsk")
	a = w.send(request{as: other, town: "achinsk", Query: `query($id: ID!) { publicHearing(id: $id) { id } publicHearings { totalCount } hearingStatements { totalCount } hearingRules { totalCount } }`, Variables: map[string]any{"id": of}})
	if at(a.Data, "publicHearing") != nil || at(a.Data, "publicHearings", "totalCount") != 0.0 || at(a.Data, "hearingRules", "totalCount") != 12.0 {
		t.Errorf("another municipality sees %s", a.text)
	}
}

const whatWasSaid = `query($id: ID!) { publicHearing(id: $id) { state publishBy counts { residentParticipants otherParticipants residentStatements otherStatements accepted }
	statements { totalCount nodes { number standing authorName proposals { nodes { number text outcome } } content { author { familyName } } } } sessions { nodes { number meeting { kind state } } } } }`

// Three live in the area, two do not: so it is counted. The public reads texts that were cleared, and a name
// where its bearer agreed.
func statementsOfBothSorts(t *testing.T, w *heard) {
	of := w.announced()
	var ids []string
	for n, district := range []int{3, 3, 3, 4, 5} {
		id := at(w.done(fmt.Sprint("resident", n), "submitHearingStatement", "hearingStatement { id number }", w.statement(of, district, "showName", n == 1)), "hearingStatement", "id").(string)
		ids = append(ids, id)
	}
	said := func(as string) any {
		return at(w.ask(request{as: as, Query: whatWasSaid, Variables: map[string]any{"id": of}}), "publicHearing")
	}
	found := said("")
	if got := fmt.Sprint(at(found, "counts")); got != "map[accepted:0 otherParticipants:2 otherStatements:2 residentParticipants:3 residentStatements:3]" {
		t.Errorf("counted: %s", got)
	}
	if at(found, "state") != "ON_DISPLAY" || at(found, "publishBy") != "2013-03-01" || at(found, "sessions", "nodes", 0, "meeting", "state") != "ANNOUNCED" || at(found, "statements", "totalCount") != 0.0 {
		t.Errorf("the public sees %v", found)
	}
	if own := said("resident2"); at(own, "statements", "totalCount") != 1.0 || at(own, "statements", "nodes", 0, "content", "author", "familyName") != "Жителева2" {
		t.Errorf("an author sees %v", own)
	}
	proposal := func(n int) any {
		return at(w.ask(request{as: "clerk", Query: `query($id: ID!) { node(id: $id) { ... on HearingStatement { proposals { nodes { id submittedText } } } } }`, Variables: map[string]any{"id": ids[n]}}), "node", "proposals", "nodes", 0)
	}
	w.done("clerk", "checkHearingStanding", "", map[string]any{"id": ids[0], "expectedVersion": 1, "check": "REFUTED"})
	w.done("official", "answerHearingProposals", "", map[string]any{"proposalIds": []any{at(proposal(1), "id")}, "outcome": "ACCEPTED", "reasons": "Предусмотрено проектом"})
	for n := range 2 {
		version := 2 - n
		if got := w.came("editor", "publishHearingStatement", map[string]any{"id": ids[n], "expectedVersion": version, "texts": []any{}}); got != "FORBIDDEN" {
			t.Errorf("cleared by an editor: %q", got)
		}
		w.done("clerk", "publishHearingStatement", "", map[string]any{"id": ids[n], "expectedVersion": version, "texts": []any{map[string]any{"proposalId": at(proposal(n), "id")}}})
	}
	found = said("")
	if got := fmt.Sprint(at(found, "counts")); got != "map[accepted:1 otherParticipants:3 otherStatements:3 residentParticipants:2 residentStatements:2]" {
		t.Errorf("counted after a claim was refuted: %s", got)
	}
	first, second := at(found, "statements", "nodes", 0), at(found, "statements", "nodes", 1)
	if at(first, "authorName") != nil || at(first, "standing") != "OTHER" || at(second, "authorName") != "Жителева1 Проба Пробовна" || at(second, "content") != nil {
		t.Errorf("the public reads %v and %v", first, second)
	}
	a := w.send(request{Query: `query($id: ID!) { publicHearing(id: $id) { proposals { nodes { submittedText text } } } }`, Variables: map[string]any{"id": of}})
	if got := a.codes(); len(got) != 1 || got[0] != "UNAUTHENTICATED" && got[0] != "FORBIDDEN" || strings.Count(a.text, "Больше деревьев") != 2 {
		t.Errorf("the public asks for what was handed in: %s", a.text)
	}
}

// Lists by state, district and the day on which statements are taken; followers of the district are told.
func listsOfHearings(t *testing.T, w *heard) {
	w.done("resident0", "follow", "", map[string]any{"subjectId": w.district(7)})
	of := w.announced("districtIds", []string{w.district(7), w.district(8)}, "subject", "Проект межевания улицы Пробной")
	w.handled()
	if texts := w.inbox("resident0", ""); !strings.Contains(strings.Join(texts, "\n"), "Проект межевания улицы Пробной") {
		t.Errorf("the inbox holds %q", texts)
	}
	total := func(arguments string) any {
		return at(w.ask(request{Query: `{ publicHearings(` + arguments + `) { totalCount } }`}), "publicHearings", "totalCount")
	}
	district := `district: {eq: "` + w.district(8) + `"}`
	for arguments, want := range map[string]float64{
		`filter: {` + district + `}`: 1, `filter: {` + district + `, state: {eq: ON_DISPLAY}}`: 1, `filter: {` + district + `, state: {in: [CANCELLED]}}`: 0,
		`filter: {` + district + `}, asOf: "2013-02-20"`: 1, `filter: {` + district + `}, asOf: "2013-02-21"`: 0, `filter: {search: "межевания", wholeTown: {eq: false}}`: 1,
	} {
		if got := total(arguments); got != want {
			t.Errorf("%s: %v, want %v", arguments, got, want)
		}
	}
	stands := `query($id: ID!) { publicHearing(id: $id) { before: state(asOf: "2013-01-31") session: state(asOf: "2013-02-10") overdue(asOf: "2013-03-02") } }`
	found := at(w.ask(request{Query: stands, Variables: map[string]any{"id": of}}), "publicHearing")
	if got := fmt.Sprint(found); got != "map[before:PLANNED overdue:true session:IN_SESSION]" {
		t.Errorf("it stands %s", got)
	}
	w.done("editor", "cancelPublicHearing", "", map[string]any{"id": of, "expectedVersion": 2, "reason": "Проект отозван"})
	if got := total(`filter: {` + district + `, state: {eq: CANCELLED}}`); got != 1.0 {
		t.Errorf("cancelled: %v", got)
	}
}

// Fifty at once are numbered from 1 to 50.
func fiftyStatementsAtOnce(t *testing.T, w *heard) {
	of := w.announced()
	got := atOnce(50, func(i int) string {
		return outcome(w.mutate(fmt.Sprint("resident", i%5), "submitHearingStatement", "", w.statement(of, 3)), "submitHearingStatement")
	})
	if got["done"] != 50 {
		t.Fatalf("%v", got)
	}
	data := w.ask(request{as: "clerk", Query: `query($id: ID!) { publicHearing(id: $id) { counts { residentParticipants residentStatements } statements(first: 50) { nodes { number } } } }`, Variables: map[string]any{"id": of}})
	for n := range 50 {
		if got := at(data, "publicHearing", "statements", "nodes", n, "number"); got != float64(n+1) {
			t.Fatalf("the %d-th has the number %v", n+1, got)
		}
	}
	if got := fmt.Sprint(at(data, "publicHearing", "counts")); got != "map[residentParticipants:5 residentStatements:50]" {
		t.Errorf("counted: %s", got)
	}
}
