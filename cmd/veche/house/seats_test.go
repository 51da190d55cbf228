package house_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSeats(t *testing.T) {
	w := newTown(t)
	w.run(t, "a life", aSeatsLife)
	w.run(t, "its ground", theGround)
	w.run(t, "merged and erased", mergedAndErased)
}

// A seat from its beginning to its end, with a second chair, another post and a second ending.
func aSeatsLife(t *testing.T, w *town) {
	council := w.council("seatLimit", 3)
	chair := w.seat(council, 0, "post", "CHAIR", "endsOn", "2013-06-30", "appointingAct", "Протокол № 1")
	second := map[string]any{"councilId": council, "personId": w.persons[1], "post": "CHAIR", "basis": "ACTIVE_CITIZEN", "startsOn": "2013-06-30"}
	if got := w.came(w.admin, "addMember", second); got != "CONFLICT post" {
		t.Errorf("a second chair on the first one's last day: %q", got)
	}
	if got := w.came(w.admin, "addMember", with(second, "startsOn", "2013-07-01")); got != "" {
		t.Errorf("a chair after the first: %q", got)
	}
	if got := w.came(w.admin, "changePost", map[string]any{"membershipId": chair, "expectedVersion": 1, "post": "CHAIR", "startsOn": "2013-02-01"}); got != "BAD_USER_INPUT post" {
		t.Errorf("the post that is held: %q", got)
	}
	next := w.done(w.admin, "changePost", "membership { id post basis startsOn endsOn appointingAct leavingReason version }",
		map[string]any{"membershipId": chair, "expectedVersion": 1, "post": "SECRETARY", "startsOn": "2013-02-10"})["membership"]
	if diff := cmp.Diff(map[string]any{"id": at(next, "id"), "post": "SECRETARY", "basis": "ACTIVE_CITIZEN", "startsOn": "2013-02-10", "endsOn": "2013-06-30",
		"appointingAct": nil, "leavingReason": nil, "version": 1.0}, next); diff != "" {
		t.Error(diff)
	}
	old := at(w.ask(request{Query: `query($id: ID!) { membership(id: $id) { endsOn leavingReason version } }`, Variables: map[string]any{"id": chair}}), "membership")
	if diff := cmp.Diff(map[string]any{"endsOn": "2013-02-09", "leavingReason": "CHANGED_POST", "version": 2.0}, old); diff != "" {
		t.Error(diff)
	}
	end := map[string]any{"id": at(next, "id"), "expectedVersion": 1, "endsOn": "2013-05-01", "reason": "RESIGNED", "note": "По заявлению"}
	w.done(w.admin, "endMembership", "membership { id }", end)
	if got := w.came(w.admin, "endMembership", with(end, "expectedVersion", 2)); got != "CONFLICT endsOn" {
		t.Errorf("ended twice: %q", got)
	}
	// Of a seat whose end is known already, the new post keeps the end and the reason.
	last := w.done(w.admin, "changePost", "membership { endsOn leavingReason leavingNote }",
		map[string]any{"membershipId": at(next, "id"), "expectedVersion": 2, "post": "MEMBER", "startsOn": "2013-04-01"})["membership"]
	if diff := cmp.Diff(map[string]any{"endsOn": "2013-05-01", "leavingReason": "RESIGNED", "leavingNote": "По заявлению"}, last); diff != "" {
		t.Error(diff)
	}
	data := w.ask(request{as: w.admin, Query: `query($id: ID!) { council(id: $id) { memberships { nodes { post startsOn endsOn } } } }`, Variables: map[string]any{"id": council}})
	var got []string
	for _, m := range at(data, "council", "memberships", "nodes").([]any) {
		got = append(got, fmt.Sprint(at(m, "post"), " ", at(m, "startsOn"), " ", at(m, "endsOn")))
	}
	if diff := cmp.Diff([]string{"CHAIR 2013-01-15 2013-02-09", "SECRETARY 2013-02-10 2013-03-31", "MEMBER 2013-04-01 2013-05-01", "CHAIR 2013-07-01 <nil>"}, got); diff != "" {
		t.Error(diff)
	}
}

// A ground is corrected together with its organisation; null takes away what may be empty.
func theGround(t *testing.T, w *town) {
	council := w.council()
	organisation := at(w.done(w.admin, "createOrganisation", "organisation { id }", map[string]any{"kind": "POLITICAL_PARTY", "name": "Пример"}), "organisation", "id").(string)
	seat := w.seat(council, 0, "appointingAct", "Протокол № 1")
	in := map[string]any{"id": seat, "expectedVersion": 1, "basis": "POLITICAL_PARTY", "organisationId": organisation}
	w.done(w.admin, "updateMembership", "membership { id }", in)
	if got := w.came(w.admin, "updateMembership", map[string]any{"id": seat, "expectedVersion": 2, "organisationId": nil}); got != "BAD_USER_INPUT organisationId" {
		t.Errorf("a delegation without its organisation: %q", got)
	}
	data := w.ask(request{Query: `query($id: ID!) { node(id: $id) { ... on Organisation { delegates { totalCount nodes { id appointingAct } } before: delegates(asOf: "2013-01-14") { totalCount } } } }`,
		Variables: map[string]any{"id": organisation}})
	if diff := cmp.Diff(map[string]any{"totalCount": 1.0, "nodes": []any{map[string]any{"id": seat, "appointingAct": "Протокол № 1"}}}, at(data, "node", "delegates")); diff != "" || at(data, "node", "before", "totalCount") != 0.0 {
		t.Errorf("%s %v", diff, data)
	}
	got := w.done(w.admin, "updateMembership", "membership { basis organisation { id } appointingAct version }",
		map[string]any{"id": seat, "expectedVersion": 2, "basis": "ACTIVE_CITIZEN", "organisationId": nil, "appointingAct": nil})["membership"]
	if diff := cmp.Diff(map[string]any{"basis": "ACTIVE_CITIZEN", "organisation": nil, "appointingAct": nil, "version": 3.0}, got); diff != "" {
		t.Error(diff)
	}
}

// Seats follow a person through a merge and back; two seats in one body at one time stand against
// it; whoever is seated is not erased.
func mergedAndErased(t *testing.T, w *town) {
	here, there := w.council(), w.council()
	duplicate, survivor := w.person(w.admin, "Дубликатова"), w.person(w.admin, "Основнова")
	w.seat(here, 0, "personId", duplicate)
	w.seat(there, 0, "personId", survivor)
	seats := func(person string) (n any) {
		return at(w.ask(request{as: w.admin, Query: `query($id: ID!) { person(id: $id) { memberships { totalCount } } }`, Variables: map[string]any{"id": person}}), "person", "memberships", "totalCount")
	}
	merge := map[string]any{"duplicateId": duplicate, "survivorId": survivor, "reason": "Одно лицо"}
	w.done(w.admin, "mergePersons", "person { id }", merge)
	if seats(survivor) != 2.0 || seats(duplicate) != 0.0 {
		t.Errorf("after the merge: %v and %v", seats(survivor), seats(duplicate))
	}
	if got := w.came(w.admin, "addMember", map[string]any{"councilId": w.council(), "personId": duplicate, "basis": "ACTIVE_CITIZEN", "startsOn": "2013-01-15"}); got != "CONFLICT personId" {
		t.Errorf("a seat for a duplicate: %q", got)
	}
	w.done(w.admin, "undoPersonMerge", "person { id }", map[string]any{"id": duplicate, "reason": "Разные лица"})
	if seats(survivor) != 1.0 || seats(duplicate) != 1.0 {
		t.Errorf("after the undo: %v and %v", seats(survivor), seats(duplicate))
	}
	seat := w.seat(there, 0, "personId", duplicate)
	if a := w.mutate(w.admin, "mergePersons", "", merge); at(a.Data, "mergePersons", "userErrors", 0, "code") != "CONFLICT" ||
		at(a.Data, "mergePersons", "userErrors", 0, "message") != "Both sit in the same body at the same time. End one of the seats first." {
		t.Errorf("both in one body: %s", a.text)
	}
	if got := w.came(w.admin, "erasePerson", map[string]any{"id": duplicate, "reason": "Заявление"}); got != "CONFLICT id" {
		t.Errorf("erased although seated: %q", got)
	}
	w.done(w.admin, "endMembership", "membership { id }", map[string]any{"id": seat, "expectedVersion": 1, "endsOn": "2013-01-31", "reason": "RESIGNED", "note": "личное"})
	first := at(w.ask(request{as: w.admin, Query: `query($id: ID!) { person(id: $id) { memberships(first: 1) { nodes { id } } } }`, Variables: map[string]any{"id": duplicate}}), "person", "memberships", "nodes", 0, "id")
	w.done(w.admin, "endMembership", "membership { id }", map[string]any{"id": first, "expectedVersion": 1, "endsOn": "2013-01-31", "reason": "RESIGNED"})
	w.done(w.admin, "erasePerson", "person { id }", map[string]any{"id": duplicate, "reason": "Заявление"})
	got := at(w.ask(request{as: w.admin, Query: `query($id: ID!) { membership(id: $id) { endsOn leavingReason leavingNote version } }`, Variables: map[string]any{"id": seat}}), "membership")
	if diff := cmp.Diff(map[string]any{"endsOn": "2013-01-31", "leavingReason": "RESIGNED", "leavingNote": nil, "version": 3.0}, got); diff != "" {
		t.Error(diff)
	}
}
