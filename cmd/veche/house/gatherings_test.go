package house_test

import (
	"fmt"
	"strings"
	"testing"
)

// gathered is a town with a police department, a deputy head and accounts for those who keep gatherings.
type gathered struct {
	*town
	police, city, deputy string
}

func newGathered(t *testing.T) *gathered {
	w := &gathered{town: newTown(t)}
	organisation := func(kind, name string) string {
		return at(w.done(w.admin, "createOrganisation", "organisation { id }", map[string]any{"kind": kind, "name": name}), "organisation", "id").(string)
	}
	w.police, w.city = organisation("POLICE", "Отдел полиции проба"), organisation("MUNICIPAL_DEPARTMENT", "Администрация проба")
	w.deputy = w.person(w.admin, "Заместителева")
	for _, role := range []string{"clerk", "official", "editor", "auditor"} {
		w.account(w.admin, role, "", role, "")
	}
	w.account(w.admin, "resident", w.person(w.admin, "Жителева"), "", "")
	return w
}

// held is a gathering of 27 December 2012 that the police called.
func (w *gathered) held(changes ...any) string {
	w.t.Helper()
	in := with(map[string]any{"title": "Встреча с жителями", "organiserId": w.police, "districtIds": []string{w.district(10)}, "heldOn": "2012-12-27", "headCount": 140,
		"countedById": w.police, "officials": []any{map[string]any{"personId": w.deputy, "organisationId": w.city, "title": "Заместитель главы"}}}, changes...)
	return at(w.done("clerk", "recordGathering", "gathering { id }", in), "gathering", "id").(string)
}

func topics(many int, more map[string]any) (all []any) {
	for n := range many {
		topic := map[string]any{"kind": "PROBLEM", "text": fmt.Sprintf("Проблема %d", n+1)}
		for name, v := range more {
			topic[name] = v
		}
		all = append(all, topic)
	}
	return all
}

// run is a subtest in the same town; it fails by itself.
func (w *gathered) run(t *testing.T, name string, fn func(*testing.T, *gathered)) {
	w.town.run(t, name, func(t *testing.T, below *town) {
		inner := *w
		inner.town = below
		fn(t, &inner)
	})
}

func TestGatherings(t *testing.T) {
	w := newGathered(t)
	w.run(t, "refusals", gatheringsRefuse)
	w.run(t, "forty problems", fortyProblems)
	w.run(t, "statements", topicsCostAConstantNumberOfStatements)
	w.run(t, "planned", aPlannedGathering)
}

func gatheringsRefuse(t *testing.T, w *gathered) {
	g := w.held()
	record := map[string]any{"title": "Сход", "heldOn": "2012-12-27", "headCount": 1}
	plan := map[string]any{"title": "Сход", "startsAt": "2013-02-05T18:00:00+08:00", "link": "https://meet.example"}
	for _, c := range []struct {
		as, name string
		in       map[string]any
		want     string
	}{
		{"", "recordGathering", record, "UNAUTHENTICATED"},
		{"resident", "recordGathering", record, "FORBIDDEN"},
		{"auditor", "recordGathering", record, "FORBIDDEN"},
		{"clerk", "planGathering", plan, "FORBIDDEN"},
		{"clerk", "publishGathering", map[string]any{"id": g, "expectedVersion": 1, "summary": "а", "withoutPersonalData": true}, "FORBIDDEN"},
		{"editor", "publishGathering", map[string]any{"id": g, "expectedVersion": 1, "summary": "а", "withoutPersonalData": false}, "BAD_USER_INPUT withoutPersonalData"},
		{"resident", "recordTopics", map[string]any{"gatheringId": g, "topics": topics(1, nil)}, "FORBIDDEN"},
		{"clerk", "recordTopics", map[string]any{"gatheringId": g, "topics": []any{}}, "BAD_USER_INPUT topics"},
		{"clerk", "recordTopics", map[string]any{"gatheringId": g, "topics": topics(201, nil)}, "BAD_USER_INPUT topics"},
		{"clerk", "recordTopics", map[string]any{"gatheringId": w.district(1), "topics": topics(1, nil)}, "BAD_USER_INPUT gatheringId"},
		{"clerk", "recordTopics", map[string]any{"gatheringId": g, "topics": topics(1, map[string]any{"promisedById": w.persons[0], "promisedUntil": "2013-03-01"})}, "BAD_USER_INPUT promisedById"},
		{"clerk", "recordTopics", map[string]any{"gatheringId": g, "topics": topics(1, map[string]any{"promisedById": w.deputy, "promisedUntil": "2012-12-01"})}, "BAD_USER_INPUT promisedUntil"},
		{"editor", "announceGathering", map[string]any{"id": g, "expectedVersion": 1}, "CONFLICT"},
		{"editor", "cancelGathering", map[string]any{"id": g, "expectedVersion": 1, "reason": "а"}, "CONFLICT"},
	} {
		if got := w.came(c.as, c.name, c.in); got != c.want {
			t.Errorf("%s by %q: %q, want %q", c.name, c.as, got, c.want)
		}
	}
	other := w.administrator("achinsk")
	a := w.send(request{as: other, town: "achinsk", Query: `query($id: ID!) { gathering(id: $id) { id } gatherings { totalCount } }`, Variables: map[string]any{"id": g}})
	if at(a.Data, "gathering") != nil || at(a.Data, "gatherings", "totalCount") != 0.0 {
		t.Errorf("another municipality sees %s", a.text)
	}
	a = w.send(request{as: other, town: "achinsk", Query: `mutation($in: RecordTopicsInput!) { recordTopics(input: $in) { gathering { id } userErrors { code } } }`,
		Variables: map[string]any{"in": map[string]any{"gatheringId": g, "topics": topics(1, nil)}}})
	if got := a.codes(); len(got) != 1 || got[0] != "NOT_FOUND" {
		t.Errorf("another municipality writes: %s", a.text)
	}
}

const whatCameOfIt = `query($id: ID!) { gathering(id: $id) { headCount countedBy { name } summary raisedCount answeredCount overdueCount solvedCount
	districts { nodes { district { id } } } officials { nodes { title person { name } } }
	topics(first: 50) { totalCount nodes { number promisedUntil promisedBy { name } case { origin receivedOn dueOn source { id } } } } cases { totalCount } } }`

// The whole of 27 December: forty cases, seen by the public once they are published, and not before.
func fortyProblems(t *testing.T, w *gathered) {
	g := w.held()
	all := append(topics(35, nil), topics(5, map[string]any{"promisedById": w.deputy, "promisedUntil": "2013-02-09", "ownerOrganisationId": w.city})...)
	w.done("clerk", "recordTopics", "", map[string]any{"gatheringId": g, "topics": all})
	seen := func(as string) any {
		return at(w.ask(request{as: as, Query: whatCameOfIt, Variables: map[string]any{"id": g}}), "gathering")
	}
	if seen("") != nil || seen("resident") != nil {
		t.Error("the public sees what is not published")
	}
	w.done("editor", "publishGathering", "", map[string]any{"id": g, "expectedVersion": 2, "summary": "Поднято сорок вопросов", "withoutPersonalData": true})
	found := seen("")
	for path, want := range map[string]any{"headCount": 140.0, "raisedCount": 40.0, "answeredCount": 0.0, "overdueCount": 0.0, "solvedCount": 0.0, "summary": "Поднято сорок вопросов"} {
		if got := at(found, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if at(found, "topics", "totalCount") != 40.0 || at(found, "cases", "totalCount") != 40.0 || at(found, "districts", "nodes", 0, "district", "id") != w.district(10) {
		t.Errorf("the public sees %v", found)
	}
	if name := at(found, "officials", "nodes", 0, "person", "name"); name == nil {
		t.Error("an official who was there has no name")
	}
	last := at(found, "topics", "nodes", 39)
	if at(last, "number") != 40.0 || at(last, "case", "dueOn") != "2013-02-09" || at(last, "case", "receivedOn") != "2012-12-27" || at(last, "case", "source", "id") != g || at(last, "promisedBy", "name") == nil {
		t.Errorf("the last topic: %v", last)
	}
	total := func(filter string) any {
		return at(w.ask(request{Query: `{ gatherings(filter: ` + filter + `) { totalCount } }`}), "gatherings", "totalCount")
	}
	for filter, want := range map[string]float64{
		`{district: {eq: "` + w.district(10) + `"}}`: 1, `{district: {eq: "` + w.district(11) + `"}}`: 0, `{district: {isNull: true}}`: 0,
		`{organiser: {eq: "` + w.police + `"}, state: {eq: PUBLISHED}}`: 1, `{search: "жителями"}`: 1, `{headCount: {gte: 141}}`: 0,
	} {
		if got := total(filter); got != want {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
}

// Forty topics cost as many statements as two, but for what the kernel writes of each change.
func topicsCostAConstantNumberOfStatements(t *testing.T, w *gathered) {
	cost := func(many int) (counted int) {
		g := w.held()
		for _, text := range w.statements.during(func() {
			w.done("clerk", "recordTopics", "", map[string]any{"gatheringId": g, "topics": topics(many, map[string]any{"ownerOrganisationId": w.city})})
		}) {
			if !strings.Contains(text, "INSERT INTO audit") && !strings.Contains(text, "INSERT INTO outbox") {
				counted++
			}
		}
		return counted
	}
	cost(1) // and what is read once
	if two, forty := cost(2), cost(40); two != forty || forty == 0 {
		t.Errorf("2 topics cost %d statements, 40 cost %d", two, forty)
	}
}

// A planned one is seen once it is announced; who follows the district is told; whoever listens hears of it.
func aPlannedGathering(t *testing.T, w *gathered) {
	w.done("resident", "follow", "", map[string]any{"subjectId": w.district(5)})
	in := map[string]any{"title": "Сход о мосте", "districtIds": []string{w.district(5)}, "startsAt": "2013-02-20T18:00:00+08:00", "link": "https://meet.example"}
	g := at(w.done("editor", "planGathering", "gathering { id }", in), "gathering", "id").(string)
	question := request{Query: `query($id: ID!) { gathering(id: $id) { state heldOn meeting { state kind district { id } } } }`, Variables: map[string]any{"id": g}}
	if at(w.ask(question), "gathering") != nil {
		t.Error("the public sees what is not announced")
	}
	w.done("editor", "announceGathering", "", map[string]any{"id": g, "expectedVersion": 1})
	found := at(w.ask(question), "gathering")
	if at(found, "state") != "PLANNED" || at(found, "heldOn") != "2013-02-20" || at(found, "meeting", "state") != "ANNOUNCED" || at(found, "meeting", "district", "id") != w.district(5) {
		t.Errorf("%v", found)
	}
	w.handled()
	if texts := w.inbox("resident", ""); !strings.Contains(strings.Join(texts, "\n"), "Сход о мосте") {
		t.Errorf("the inbox holds %q", texts)
	}
	if got := w.came("clerk", "holdGathering", map[string]any{"id": g, "expectedVersion": 2, "headCount": 7}); got != "BAD_USER_INPUT heldOn" {
		t.Errorf("held before its day: %q", got)
	}
	w.done("editor", "cancelGathering", "", map[string]any{"id": g, "expectedVersion": 2, "reason": "Мороз"})
	if found := at(w.ask(question), "gathering"); at(found, "state") != "CANCELLED" || at(found, "meeting", "state") != "CANCELLED" {
		t.Errorf("%v", found)
	}
}
