package meetings_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/meetings"
)

// The least number that is a share of n, by trying all numbers.
func TestRequired(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := meetings.Share{Denominator: rapid.IntRange(1, 9).Draw(r, "of"), Strict: rapid.Bool().Draw(r, "strict")}
		s.Numerator = rapid.IntRange(1, s.Denominator).Draw(r, "share")
		n := rapid.IntRange(0, 300).Draw(r, "n")
		want := 0
		for enough := false; !enough; {
			if left, right := want*s.Denominator, n*s.Numerator; s.Strict {
				enough = left > right
			} else {
				enough = left >= right
			}
			if !enough {
				want++
			}
		}
		if got := s.Required(n); got != want {
			r.Fatalf("%+v of %d: %d, want %d", s, n, got, want)
		}
	})
}

func (h *house) mark(m, person core.ID, state meetings.AttendanceState, arrived, left *time.Time) string {
	h.t.Helper()
	return h.code(h.MarkAttendance(h.ctx(), meetings.MarkAttendanceInput{MeetingID: m, PersonID: person, State: state, ArrivedAt: arrived, LeftAt: left}))
}

// Who is in the room at a moment, against a plain list of comings and goings, minute by minute.
func TestPresenceAtAMoment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(4)
	council := h.council(crowd[:3]...)
	minute := func(n int) time.Time { return h.at(time.October, 10, 10, n) }
	rapid.Check(t, func(r *rapid.T) {
		h.set(h.at(time.September, 28, 12, 0))
		m := h.announced(&council)
		h.set(minute(59))
		var there [3][60]bool
		for i := range 3 {
			at := 0
			for n := rapid.IntRange(0, 3).Draw(r, "times"); n > 0 && at < 57; n-- {
				from := rapid.IntRange(at, 57).Draw(r, "from")
				to := rapid.IntRange(from+1, 58).Draw(r, "to")
				if rapid.Bool().Draw(r, "in two steps") {
					if got := h.mark(m, crowd[i], meetings.Present, ptr(minute(from)), nil); got != "" {
						r.Fatalf("comes: %q", got)
					}
					if got := h.mark(m, crowd[i], meetings.Present, nil, ptr(minute(to))); got != "" {
						r.Fatalf("goes: %q", got)
					}
				} else if got := h.mark(m, crowd[i], meetings.Present, ptr(minute(from)), ptr(minute(to))); got != "" {
					r.Fatalf("comes and goes: %q", got)
				}
				for ; from < to; from++ {
					there[i][from] = true
				}
				at = to
			}
		}
		meeting := h.reread(m)
		for n := range 60 {
			want := 0
			for i := range 3 {
				if there[i][n] {
					want++
				}
			}
			q, err := h.QuorumAt(h.ctx(), h.db, meeting, minute(n))
			must(t, err)
			if q.Present != want || q.Members != 3 || q.Required != 2 || q.Reached != (want >= 2) {
				r.Fatalf("minute %d: %+v, want %d present", n, q, want)
			}
		}
	})
}

// The members are those of the day of the meeting, whatever the day on which one asks; without enough of them it is
// not opened, and what was found is frozen.
func TestTheQuorumIsOfTheDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(5)
	council := h.council(crowd[:3]...)
	// The fourth sits from the day of the meeting on, the fifth from the day after.
	for i, day := range map[int]int{3: 10, 4: 11} {
		h.done(h.councils.AddMember(h.ctx(), councils.AddMemberInput{CouncilID: council, PersonID: crowd[i], Post: councils.Member, Basis: councils.ActiveCitizen, StartsOn: core.NewDate(2012, 10, day)}))
	}
	m := h.announced(&council)
	open := func() string { return h.code(h.OpenSession(h.ctx(), meetings.OpenSessionInput{MeetingID: m})) }
	if got := open(); got != "CONFLICT" {
		t.Errorf("before the day: %q", got)
	}
	if got := h.mark(m, crowd[0], meetings.Present, nil, nil); got != "BAD_USER_INPUT state" {
		t.Errorf("present before the day: %q", got)
	}
	h.set(h.at(time.October, 10, 10, 0))
	early := ptr(h.at(time.October, 10, 9, 50))
	if got := h.mark(m, crowd[4], meetings.Present, early, nil); got != "BAD_USER_INPUT personId" {
		t.Errorf("who sits from tomorrow on: %q", got)
	}
	for i := range 2 {
		if got := h.mark(m, crowd[i], meetings.Present, early, nil); got != "" {
			t.Fatal(got)
		}
	}
	if got := open(); got != "CONFLICT" {
		t.Errorf("with two of four: %q", got)
	}
	if got := h.mark(m, crowd[3], meetings.Present, early, nil); got != "" {
		t.Fatal(got)
	}
	if got := open(); got != "" {
		t.Fatalf("with three of four: %q", got)
	}
	if got := open(); got != "CONFLICT" {
		t.Errorf("opened twice: %q", got)
	}
	h.set(h.at(time.October, 10, 11, 0))
	if got := h.mark(m, crowd[0], meetings.Present, nil, ptr(h.at(time.October, 10, 10, 30))); got != "" {
		t.Fatal(got)
	}
	h.done(h.CloseSession(h.ctx(), meetings.CloseSessionInput{MeetingID: m}))
	got := h.reread(m)
	if *got.OpeningMembers != 4 || *got.OpeningRequired != 3 || *got.OpeningPresent != 3 || *got.ClosingMembers != 4 || *got.ClosingPresent != 2 {
		t.Errorf("frozen: %d, %d, %d; %d, %d", *got.OpeningMembers, *got.OpeningRequired, *got.OpeningPresent, *got.ClosingMembers, *got.ClosingPresent)
	}
	var still int
	must(t, h.db.NewSelect().Model((*meetings.Presence)(nil)).ColumnExpr("count(*)").Where("left_at IS NULL").Scan(h.ctx(), &still))
	if still != 0 {
		t.Errorf("%d are in the room after the close", still)
	}
}

func TestAttendanceRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(4)
	council, other := h.council(crowd[:3]...), h.council()
	m := h.session(&council, crowd[0], crowd[1])
	secretary, member, stranger := h.as(crowd[0], in(council, "council_secretary")), h.as(crowd[1], in(council, "council_member")), h.as(crowd[3], in(other, "council_secretary"))
	mark := func(ctx context.Context, change func(*meetings.MarkAttendanceInput)) string {
		in := meetings.MarkAttendanceInput{MeetingID: m, PersonID: crowd[2], State: meetings.Present}
		change(&in)
		return h.code(h.MarkAttendance(ctx, in))
	}
	same := func(*meetings.MarkAttendanceInput) {}
	future, before := ptr(h.at(time.October, 10, 10, 6)), ptr(h.at(time.October, 9, 10, 0))
	for _, c := range []struct {
		name, got, want string
	}{
		{"by a member", mark(member, same), "FORBIDDEN"},
		{"by another body's secretary", mark(stranger, same), "FORBIDDEN"},
		{"no member", mark(secretary, func(in *meetings.MarkAttendanceInput) { in.PersonID = crowd[3] }), "BAD_USER_INPUT personId"},
		{"in the future", mark(secretary, func(in *meetings.MarkAttendanceInput) { in.ArrivedAt = future }), "BAD_USER_INPUT arrivedAt"},
		{"the day before", mark(secretary, func(in *meetings.MarkAttendanceInput) { in.ArrivedAt = before }), "BAD_USER_INPUT arrivedAt"},
		{"present for a reason", mark(secretary, func(in *meetings.MarkAttendanceInput) { in.Reason = ptr("Болезнь") }), "BAD_USER_INPUT reason"},
		{"leaves without coming", mark(secretary, func(in *meetings.MarkAttendanceInput) { in.LeftAt = ptr(h.at(time.October, 10, 10, 4)) }), "CONFLICT leftAt"},
		{"absent and comes", mark(secretary, func(in *meetings.MarkAttendanceInput) {
			in.State, in.ArrivedAt = meetings.Absent, ptr(h.at(time.October, 10, 10, 4))
		}), "BAD_USER_INPUT arrivedAt"},
		{"absent who is there", mark(secretary, func(in *meetings.MarkAttendanceInput) { in.PersonID, in.State = crowd[0], meetings.Absent }), "CONFLICT state"},
		{"comes twice", mark(secretary, func(in *meetings.MarkAttendanceInput) { in.PersonID = crowd[0] }), "CONFLICT state"},
		{"in two places at once", mark(secretary, func(in *meetings.MarkAttendanceInput) {
			in.PersonID, in.ArrivedAt, in.LeftAt = crowd[0], ptr(h.at(time.October, 10, 10, 1)), ptr(h.at(time.October, 10, 10, 2))
		}), "CONFLICT arrivedAt"},
		{"excused", mark(secretary, func(in *meetings.MarkAttendanceInput) {
			in.State, in.Reason = meetings.AbsentExcused, ptr("Болезнь")
		}), ""},
		{"and comes after all", mark(secretary, same), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	var kept int
	must(t, h.db.NewRaw("SELECT count(*) FROM audit WHERE before::text || after::text LIKE '%Болезнь%'").Scan(h.ctx(), &kept))
	if kept != 0 {
		t.Error("the audit keeps a reason for an absence")
	}
	p, err := h.MarkAttendances(secretary, meetings.MarkAttendancesInput{MeetingID: m, Entries: []meetings.AttendanceEntryInput{
		{PersonID: crowd[1], State: meetings.Present, LeftAt: ptr(h.at(time.October, 10, 10, 3))}, {PersonID: crowd[3], State: meetings.Absent}, {PersonID: crowd[3], State: meetings.Absent}}})
	must(t, err)
	if len(p.UserErrors) != 2 || p.UserErrors[0].Path[2] != "1" {
		t.Errorf("of many, wrong ones: %+v", p.UserErrors)
	}
	h.done(h.MarkAttendances(secretary, meetings.MarkAttendancesInput{MeetingID: m, Entries: []meetings.AttendanceEntryInput{
		{PersonID: crowd[1], State: meetings.Present, LeftAt: ptr(h.at(time.October, 10, 10, 3))}, {PersonID: crowd[2], State: meetings.Present, LeftAt: ptr(h.at(time.October, 10, 10, 6))}}[:1]}))
	var times []meetings.Presence
	must(t, h.db.NewSelect().Model(&times).OrderBy("left_at", "ASC").Scan(h.ctx()))
	remove := func(ctx context.Context) string {
		return h.code(h.RemovePresence(ctx, meetings.RemovePresenceInput{ID: core.ID{Type: "Presence", Key: times[0].ID}}))
	}
	if got := remove(member); got != "FORBIDDEN" {
		t.Errorf("removed by a member: %q", got)
	}
	if got := remove(secretary); got != "" {
		t.Errorf("removed: %q", got)
	}
}

// LockSession is for modules that write what happens in a session: it refuses any other state.
func TestLockSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(1)
	council := h.council(crowd...)
	lock := func(m core.ID) string {
		return h.code(h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
			meeting, err := h.LockSession(ctx, tx, m.Key)
			if err != nil {
				return uuid.Nil, err
			}
			tx.Changed(core.Change{Kind: core.Updated, Type: "Meeting", ID: meeting.ID})
			return meeting.ID, nil
		}))
	}
	if got := lock(h.announced(&council)); got != "CONFLICT" {
		t.Errorf("announced: %q", got)
	}
	if got := lock(core.ID{Type: "Meeting", Key: core.NewID()}); got != "NOT_FOUND" {
		t.Errorf("unknown: %q", got)
	}
	if got := lock(h.session(&council, crowd...)); got != "" {
		t.Errorf("in session: %q", got)
	}
}
