package house_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/veche-city/veche/core"
)

// handled waits until what was committed so far has come to the inboxes, and to those who listen.
func (w *world) handled() {
	w.t.Helper()
	w.settled()
	w.delivered()
}

// settled waits until what was committed so far has come to the inboxes.
func (w *world) settled() {
	w.t.Helper()
	for waiting := true; waiting; { // the house's own consumer may be at it
		must(w.t, w.Consumers.Drain(w.t.Context(), "follow.notices"))
		must(w.t, w.DB.NewRaw(`SELECT EXISTS (SELECT FROM outbox AS o, outbox_consumers AS c WHERE NOT pg_visible_in_snapshot(o.xid, c.from_place))`).Scan(w.t.Context(), &waiting))
	}
}

// inbox is what the inbox says, the latest first.
func (w *world) inbox(as, filter string) (texts []string) {
	w.t.Helper()
	w.handled()
	for _, n := range at(w.ask(request{as: as, Query: fmt.Sprintf(`{ inbox(first: 50, filter: {%s}) { nodes { text } } }`, filter)}), "inbox", "nodes").([]any) {
		texts = append(texts, at(n, "text").(string))
	}
	return texts
}

func TestFollowing(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	w.account(admin, "first", "", "", "")
	w.account(admin, "second", "", "", "")
	data := w.ask(request{as: admin, Query: `{ councils(filter: {kind: {eq: PUBLIC_COUNCIL}}) { nodes { id version } } persons(first: 3) { nodes { id } } }`})
	council, person := at(data, "councils", "nodes", 0, "id").(string), at(data, "persons", "nodes", 0, "id").(string)
	seat := func(name string) {
		w.done(admin, "addMember", "", map[string]any{"councilId": w.newCouncil(admin, name, 5), "personId": person, "basis": "ACTIVE_CITIZEN", "startsOn": "2013-01-15"})
	}

	for _, c := range []struct{ as, id, want string }{
		{"", council, "UNAUTHENTICATED"}, {"first", person, "BAD_USER_INPUT subjectId"}, {"first", core.ID{Type: "Council", Key: core.NewID()}.String(), "NOT_FOUND"},
	} {
		if got := w.came(c.as, "follow", map[string]any{"subjectId": c.id}); got != c.want {
			t.Errorf("%q follows %s: %q, want %q", c.as, c.id, got, c.want)
		}
	}
	if got := w.came("first", "unfollow", map[string]any{"subjectId": council}); got != "CONFLICT subjectId" {
		t.Errorf("leaves what is not followed: %q", got)
	}

	show := "follow { id subject { ... on Council { id } } endedAt }"
	once := w.done("first", "follow", show, map[string]any{"subjectId": council})
	if again := w.done("first", "follow", show, map[string]any{"subjectId": council}); at(again, "follow", "id") != at(once, "follow", "id") || at(once, "follow", "subject", "id") != council {
		t.Errorf("followed twice: %v, %v", once, again)
	}
	arriving := w.listen(w.socket, request{as: "first", Query: `subscription { inboxChanged { notice { id text subject { __typename } } } }`})
	seat("Чужой совет")
	w.done(admin, "startTerm", "", map[string]any{"councilId": council, "startsOn": "2013-03-01"})
	want := "Общественный совет при главе города: a new term of office begins."
	if got := w.inbox("first", "read: {eq: false}"); !slices.Equal(got, []string{want}) {
		t.Errorf("the follower is told %q", got)
	}
	told := arriving.next()
	if at(told.Data, "inboxChanged", "notice", "text") != want || at(told.Data, "inboxChanged", "notice", "subject", "__typename") != "Term" {
		t.Errorf("the subscription: %s", told.text)
	}
	for _, as := range []string{"second", admin} {
		if got := w.inbox(as, ""); len(got) > 0 {
			t.Errorf("%s does not follow, and is told %q", as, got)
		}
		if total := at(w.ask(request{as: as, Query: `{ follows { totalCount } }`}), "follows", "totalCount"); total != 0.0 {
			t.Errorf("%s sees %v follows of others", as, total)
		}
	}

	notice := at(told.Data, "inboxChanged", "notice", "id").(string)
	if got := w.came(admin, "markNotices", map[string]any{"noticeIds": []string{notice}}); got != "NOT_FOUND" {
		t.Errorf("marks another's notice: %q", got)
	}
	w.done("first", "markNotices", "notice { readAt }", map[string]any{"noticeIds": []string{notice, notice}})
	if got := w.inbox("first", "read: {eq: false}"); len(got) != 0 {
		t.Errorf("still new: %q", got)
	}
	w.done("first", "unfollow", "", map[string]any{"subjectId": council})
	w.done(admin, "startTerm", "", map[string]any{"councilId": council, "startsOn": "2014-03-01"})
	if got := w.inbox("first", ""); len(got) != 1 {
		t.Errorf("told after leaving: %q", got)
	}
}

// A notice is shown only while the object that it is about may be seen.
func TestANoticeIsHiddenWithItsObject(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	w.account(admin, "first", "", "", "")
	council := w.newCouncil(admin, "Совет скрытый", 5)
	w.done("first", "follow", "", map[string]any{"subjectId": council})
	w.done(admin, "startTerm", "", map[string]any{"councilId": council, "startsOn": "2013-03-01"})
	if got := w.inbox("first", ""); len(got) != 1 {
		t.Fatalf("told %q", got)
	}
	w.done(admin, "addRoleRule", "", map[string]any{"role": "resident", "permission": "councils:read", "effect": "DENY"})
	if got := w.inbox("first", ""); len(got) != 0 {
		t.Errorf("told of what is hidden: %q", got)
	}
}
