package house_test

import (
	"fmt"
	"strings"
	"testing"
)

// What a clerk writes of why somebody left is for those who keep the roll: a secretary for the own
// body, the administrator for all, nobody else; and no statement names it for somebody who may not.
func TestALeavingNoteIsForThoseWhoKeepTheRoll(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	data := w.ask(request{as: admin, Query: `{ councils(filter: {kind: {eq: COMMUNITY_COUNCIL}}, first: 2) { nodes { id members(first: 4) { nodes { id version person { id } } } } } }`})
	for n := range 2 {
		m := at(data, "councils", "nodes", n, "members", "nodes", 3)
		w.do(request{as: admin, Query: `mutation($in: EndMembershipInput!) { endMembership(input: $in) { userErrors { message } } }`,
			Variables: map[string]any{"in": map[string]any{"id": at(m, "id"), "expectedVersion": at(m, "version"), "endsOn": "2013-01-31", "reason": "OTHER", "note": "Личные обстоятельства"}}})
	}
	w.account(admin, "secretary", at(data, "councils", "nodes", 0, "members", "nodes", 2, "person", "id").(string), "", "")
	w.account(admin, "resident", "", "", "")
	for who, want := range map[string][2]bool{"": {}, "resident": {}, "secretary": {true, false}, admin: {true, true}} {
		statements := strings.Join(w.statements.during(func() {
			for n := range 2 {
				a := w.send(request{as: who, Query: `query($id: ID!) { membership(id: $id) { leavingReason leavingNote } }`,
					Variables: map[string]any{"id": at(data, "councils", "nodes", n, "members", "nodes", 3, "id")}})
				got := at(a.Data, "membership")
				if at(got, "leavingReason") != "OTHER" || (at(got, "leavingNote") != nil) != want[n] || (len(a.Errors) == 0) != want[n] {
					t.Errorf("%q, council %d: %v, %v", who, n, got, a.Errors)
				}
				code := "FORBIDDEN"
				if who == "" {
					code = "UNAUTHENTICATED"
				}
				if len(a.Errors) > 0 && (a.Errors[0].Extensions["code"] != code || fmt.Sprint(a.Errors[0].Path) != "[membership leavingNote]") {
					t.Errorf("%q, council %d: %v", who, n, a.Errors)
				}
			}
		}), "\n")
		if named := strings.Contains(statements, "leaving_note"); named != want[0] {
			t.Errorf("%q: the column is named: %t\n%s", who, named, statements)
		}
	}
}
