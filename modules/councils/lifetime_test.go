package councils

import (
	"fmt"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// Numbers go up by one; a term's end follows from termMonths, is the one given, or is open; the
// next term ends the one before, and says so.
func TestTerms(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council(func(in *CreateCouncilInput) { in.TermMonths = ptr(12) })
	start := func(from core.Date, to *core.Date) string {
		return h.code(h.StartTerm(h.ctx(), StartTermInput{CouncilID: council, StartsOn: from, EndsOn: to}))
	}
	for _, c := range []struct {
		from core.Date
		to   *core.Date
		want string
	}{
		{day(2011, 12, 31), nil, "BAD_USER_INPUT startsOn"}, // before the body was founded
		{day(2012, 2, 1), ptr(day(2012, 1, 31)), "BAD_USER_INPUT endsOn"},
		{day(2012, 2, 1), nil, ""},                                           // to 31 January 2013
		{day(2012, 2, 1), nil, "BAD_USER_INPUT startsOn"},                    // the same once more
		{day(2012, 1, 15), ptr(day(2012, 1, 20)), "BAD_USER_INPUT startsOn"}, // before the first
		{day(2012, 10, 1), ptr(day(2012, 12, 31)), ""},                       // an early election
		{day(2013, 3, 1), nil, ""},                                           // a while after
	} {
		if got := start(c.from, c.to); got != c.want {
			t.Errorf("from %s: %q, want %q", c.from, got, c.want)
		}
	}
	var got []string
	for _, term := range h.terms(council) {
		got = append(got, fmt.Sprintf("%d %s %s", term.Number, term.StartsOn, term.EndsOn))
	}
	if diff := cmp.Diff([]string{"1 2012-02-01 2012-09-30", "2 2012-10-01 2012-12-31", "3 2013-03-01 2014-02-28"}, got); diff != "" {
		t.Error(diff)
	}
	if got, want := h.trace("Term"), map[string]int{"CREATED": 3, "ENDED": 1}; !cmp.Equal(got, want) {
		t.Errorf("told: %v, want %v", got, want)
	}
	open := h.council(nil)
	h.done(h.StartTerm(h.ctx(), StartTermInput{CouncilID: open, StartsOn: day(2012, 2, 1)}))
	h.done(h.StartTerm(h.ctx(), StartTermInput{CouncilID: open, StartsOn: day(2012, 3, 1)}))
	if terms := h.terms(open); *terms[0].EndsOn != day(2012, 2, 29) || terms[1].EndsOn != nil {
		t.Errorf("open terms: %+v", terms)
	}
}

// trace is how often the outbox tells of things of that type, by kind; the audit has as many.
func (h *house) trace(typ string) map[string]int {
	h.t.Helper()
	all, events := map[string]int{}, 0
	var rows []struct {
		Kind string
		N    int
	}
	must(h.t, h.db.NewRaw("SELECT kind, count(*) AS n FROM outbox WHERE object_type = ? GROUP BY kind", typ).Scan(h.ctx(), &rows))
	for _, r := range rows {
		all[r.Kind], events = r.N, events+r.N
	}
	var audited int
	must(h.t, h.db.NewRaw("SELECT count(*) FROM audit WHERE object_type = ?", typ).Scan(h.ctx(), &audited))
	if audited != events {
		h.t.Errorf("%s: %d events and %d lines of audit", typ, events, audited)
	}
	return all
}

// Dissolving ends what goes on, drops what has not begun, leaves what is over, and tells of each.
func TestDissolving(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council(func(in *CreateCouncilInput) { in.ActiveFrom = ptr(day(2012, 1, 10)) })
	last := day(2012, 9, 28)
	for n, seat := range []struct {
		from core.Date
		to   *core.Date
	}{
		{day(2012, 1, 1), ptr(day(2012, 3, 1))}, // over
		{day(2012, 1, 2), ptr(last)},            // ends on that very day
		{day(2012, 1, 3), ptr(day(2012, 9, 29))},
		{day(2012, 1, 4), nil},
		{last, nil},             // began on that very day
		{day(2012, 9, 29), nil}, // would begin on the day after
	} {
		h.done(h.AddMember(h.ctx(), h.seatOf(council, n, seat.from, seat.to)))
	}
	for _, from := range []core.Date{day(2012, 2, 1), day(2012, 12, 1)} {
		h.done(h.StartTerm(h.ctx(), StartTermInput{CouncilID: council, StartsOn: from}))
	}
	dissolve := func(on core.Date, version int, reason string) string {
		return h.code(h.DissolveCouncil(h.ctx(), DissolveCouncilInput{ID: council, ExpectedVersion: version, DissolvedOn: on, Reason: reason}))
	}
	for want, got := range map[string]string{
		"BAD_USER_INPUT dissolvedOn": dissolve(day(2011, 12, 31), 1, "раньше создания"),
		"BAD_USER_INPUT reason":      dissolve(last, 1, " "),
		"CONFLICT expectedVersion":   dissolve(last, 2, "устарело"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := dissolve(last, 1, " Объединение советов "); got != "" {
		t.Fatalf("not dissolved: %q", got)
	}
	if got := dissolve(last, 2, "ещё раз"); got != "CONFLICT dissolvedOn" {
		t.Errorf("twice: %q", got)
	}
	var seats []string
	for _, m := range h.seats(council) {
		reason := LeavingReason("-")
		if m.LeavingReason != nil {
			reason = *m.LeavingReason
		}
		seats = append(seats, fmt.Sprintf("%s %s %s %d", m.StartsOn, m.EndsOn, reason, m.Version))
	}
	if diff := cmp.Diff([]string{
		"2012-01-01 2012-03-01 - 1", "2012-01-02 2012-09-28 - 1", "2012-01-03 2012-09-28 BODY_DISSOLVED 2",
		"2012-01-04 2012-09-28 BODY_DISSOLVED 2", "2012-09-28 2012-09-28 BODY_DISSOLVED 2",
	}, seats); diff != "" {
		t.Error(diff)
	}
	if terms := h.terms(council); len(terms) != 1 || *terms[0].EndsOn != last {
		t.Errorf("terms: %+v", terms)
	}
	if got, want := h.trace("Membership"), map[string]int{"CREATED": 6, "ENDED": 3, "DELETED": 1}; !cmp.Equal(got, want) {
		t.Errorf("told of seats: %v, want %v", got, want)
	}
	if got, want := h.trace("Term"), map[string]int{"CREATED": 2, "ENDED": 2, "DELETED": 1}; !cmp.Equal(got, want) {
		t.Errorf("told of terms: %v, want %v", got, want)
	}
	if c := h.reread(council); *c.DissolutionReason != "Объединение советов" || c.ActiveFrom == nil {
		t.Errorf("body: %+v", c)
	}
}

// A body that ends before it began its work has no first day of work, and gets none later.
func TestDissolvedBeforeItsWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council(func(in *CreateCouncilInput) { in.ActiveFrom = ptr(day(2012, 12, 1)) })
	h.done(h.DissolveCouncil(h.ctx(), DissolveCouncilInput{ID: council, ExpectedVersion: 1, DissolvedOn: day(2012, 10, 1), Reason: "Не собрался"}))
	if c := h.reread(council); c.ActiveFrom != nil {
		t.Errorf("at work from %s", c.ActiveFrom)
	}
	if got := h.code(h.UpdateCouncil(h.ctx(), UpdateCouncilInput{ID: council, ExpectedVersion: 2, ActiveFrom: graphql.OmittableOf(ptr(day(2012, 10, 2)))})); got != "BAD_USER_INPUT activeFrom" {
		t.Errorf("at work after its end: %q", got)
	}
	h.done(h.UpdateCouncil(h.ctx(), UpdateCouncilInput{ID: council, ExpectedVersion: 2, ActiveFrom: graphql.OmittableOf(ptr(day(2012, 10, 1)))}))
	if got := h.code(h.AddMember(h.ctx(), h.seatOf(council, 0, day(2012, 2, 1), nil))); got != "BAD_USER_INPUT endsOn" {
		t.Errorf("a seat without an end: %q", got)
	}
	h.done(h.AddMember(h.ctx(), h.seatOf(council, 0, day(2012, 2, 1), ptr(day(2012, 10, 1)))))
	if got := h.code(h.StartTerm(h.ctx(), StartTermInput{CouncilID: council, StartsOn: day(2012, 9, 1), EndsOn: ptr(day(2012, 10, 2))})); got != "BAD_USER_INPUT endsOn" {
		t.Errorf("a term beyond the end: %q", got)
	}
}

// Posts changed and seats ended while their body is dissolved: each is done or told why not, and
// no seat goes on beyond the end.
func TestSeatsChangedWhileTheBodyEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	last := day(2012, 9, 28)
	for range 5 {
		council := h.council(nil)
		var seats [6]uuid.UUID
		for n := range seats {
			seats[n] = h.done(h.AddMember(h.ctx(), h.seatOf(council, n, day(2012, 2, 1), nil)))
		}
		got := make(chan string)
		for n, seat := range seats {
			id := core.ID{Type: "Membership", Key: seat}
			go func() {
				if n%2 == 0 {
					got <- h.code(h.ChangePost(h.ctx(), ChangePostInput{MembershipID: id, ExpectedVersion: 1, Post: DeputyChair, StartsOn: day(2012, 10, 1)}))
				} else {
					got <- h.code(h.EndMembership(h.ctx(), EndMembershipInput{ID: id, ExpectedVersion: 1, EndsOn: day(2012, 11, 1), Reason: "RESIGNED"}))
				}
			}()
		}
		go func() {
			got <- h.code(h.DissolveCouncil(h.ctx(), DissolveCouncilInput{ID: council, ExpectedVersion: 1, DissolvedOn: last, Reason: "Гонка"}))
		}()
		for range len(seats) + 1 {
			switch code := <-got; code {
			case "", "CONFLICT endsOn", "BAD_USER_INPUT startsOn": // done, ended already, ended before that day
			default:
				t.Errorf("got %q", code)
			}
		}
		for _, m := range h.seats(council) {
			if m.EndsOn == nil || last.Before(*m.EndsOn) {
				t.Errorf("a seat goes on beyond the end of its body: %+v", m)
			}
		}
	}
}
