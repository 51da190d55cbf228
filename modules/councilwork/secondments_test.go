package councilwork

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
)

func (h *house) second(change func(*SecondMemberInput)) (*core.Payload, error) {
	return h.secondAs(h.ctx(), change)
}

func (h *house) secondAs(ctx context.Context, change func(*SecondMemberInput)) (*core.Payload, error) {
	in := SecondMemberInput{CouncilID: h.council, CommissionID: h.commission, PersonID: h.persons[1], StartsOn: day(2012, 12, 1)}
	if change != nil {
		change(&in)
	}
	return h.SecondMember(ctx, in)
}

func (h *house) seconded(change func(*SecondMemberInput)) core.ID {
	h.t.Helper()
	return core.ID{Type: "Secondment", Key: h.done(h.second(change))}
}

func TestWhoIsSeconded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other, secretary := h.body(councils.PublicCouncil), h.in("council_secretary", nil, &h.council)
	withSeat := func(in *SecondMemberInput) { in.WithSeat = true }
	want(t, "by a member", h.code(h.secondAs(h.in("council_member", &h.persons[1], &h.council), nil)), "FORBIDDEN")
	want(t, "by the commission's secretary", h.code(h.secondAs(h.in("council_secretary", nil, &h.commission), nil)), "FORBIDDEN")
	want(t, "with a seat that is not theirs to give", h.code(h.secondAs(secretary, withSeat)), "FORBIDDEN")
	want(t, "to itself", h.code(h.second(func(in *SecondMemberInput) { in.CommissionID = h.council })), "BAD_USER_INPUT commissionId")
	want(t, "to no commission", h.code(h.second(func(in *SecondMemberInput) { in.CommissionID = other })), "BAD_USER_INPUT commissionId")
	want(t, "before the seat", h.code(h.second(func(in *SecondMemberInput) { in.StartsOn = day(2011, 12, 31) })), "CONFLICT startsOn")
	want(t, "who has no seat", h.code(h.second(func(in *SecondMemberInput) { in.CouncilID = other })), "BAD_USER_INPUT personId")
	want(t, "ended before it begins", h.code(h.second(func(in *SecondMemberInput) { in.EndsOn = ptr(day(2012, 11, 30)) })), "BAD_USER_INPUT endsOn")
	want(t, "a report before it begins", h.code(h.second(func(in *SecondMemberInput) { in.ReportDueOn = ptr(day(2012, 11, 30)) })), "BAD_USER_INPUT reportDueOn")
	want(t, "by the secretary", h.code(h.secondAs(secretary, nil)), "")
	want(t, "twice at a time", h.code(h.second(nil)), "CONFLICT startsOn")
	want(t, "another, with a seat", h.code(h.second(func(in *SecondMemberInput) { in.PersonID, in.WithSeat = h.persons[2], true })), "")
	want(t, "whose seat ends first", h.code(h.second(func(in *SecondMemberInput) {
		in.PersonID = h.persons[0]
		h.endSeat(h.council, h.persons[0], day(2012, 12, 31))
		in.EndsOn = ptr(day(2013, 1, 1))
	})), "BAD_USER_INPUT personId")
}

func (h *house) seat(body, person core.ID) *councils.Membership {
	h.t.Helper()
	m := new(councils.Membership)
	must(h.t, h.db.NewSelect().Model(m).Where("council_id = ?", body.Key).Where("person_id = ?", person.Key).Order("starts_on DESC").Limit(1).Scan(h.ctx()))
	return m
}

func (h *house) endSeat(body, person core.ID, on core.Date) {
	h.t.Helper()
	m := h.seat(body, person)
	h.done(h.councils.EndMembership(h.ctx(), councils.EndMembershipInput{ID: core.ID{Type: "Membership", Key: m.ID}, ExpectedVersion: m.Version, EndsOn: on, Reason: "RESIGNED"}))
}

// all is every secondment and every seat in the commission, in words.
func (h *house) all() (secondments, seats []string) {
	h.t.Helper()
	var rows []Secondment
	must(h.t, h.db.NewSelect().Model(&rows).Order("starts_on", "id").Scan(h.ctx()))
	for _, d := range rows {
		reason := SecondmentEndReason("-")
		if d.EndReason != nil {
			reason = *d.EndReason
		}
		secondments = append(secondments, fmt.Sprintf("%s %s %s", d.StartsOn, d.EndsOn, reason))
	}
	var sitting []councils.Membership
	must(h.t, h.db.NewSelect().Model(&sitting).Where("council_id = ?", h.commission.Key).Order("starts_on", "id").Scan(h.ctx()))
	for _, m := range sitting {
		seats = append(seats, fmt.Sprintf("%s %s %s", m.StartsOn, m.EndsOn, m.Basis))
	}
	return secondments, seats
}

// A secondment and its seat in the commission end with the seat below, in the same transaction; a change of
// post ends nothing; what had not begun never will; what hung on no such seat stays.
func TestASecondmentEndsWithTheSeat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.seconded(func(in *SecondMemberInput) { in.WithSeat, in.EndsOn = true, ptr(day(2013, 1, 31)) })
	h.seconded(func(in *SecondMemberInput) { in.WithSeat, in.StartsOn = true, day(2013, 3, 1) })
	h.seconded(func(in *SecondMemberInput) {
		in.PersonID, in.WithSeat, in.StartsOn = h.persons[2], true, day(2013, 4, 1)
	})
	m := h.seat(h.council, h.persons[1])
	h.done(h.councils.ChangePost(h.ctx(), councils.ChangePostInput{MembershipID: core.ID{Type: "Membership", Key: m.ID}, ExpectedVersion: 1, Post: councils.DeputyChair, StartsOn: day(2012, 12, 10)}))
	if got, _ := h.all(); fmt.Sprint(got) != "[2012-12-01 2013-01-31 - 2013-03-01 <nil> - 2013-04-01 <nil> -]" {
		t.Errorf("after a change of post: %v", got)
	}
	h.endSeat(h.council, h.persons[1], day(2013, 1, 15))
	got, seats := h.all()
	if fmt.Sprint(got) != "[2012-12-01 2013-01-15 SEAT_ENDED 2013-04-01 <nil> -]" || fmt.Sprint(seats) != "[2012-12-01 2013-01-15 EX_OFFICIO 2013-04-01 <nil> EX_OFFICIO]" {
		t.Errorf("after the seat: %v and %v", got, seats)
	}
	var transactions int
	must(t, h.db.NewRaw("SELECT count(DISTINCT xid) FROM outbox WHERE object_type = 'Secondment' AND kind <> 'CREATED' OR object_id = ? AND kind = 'ENDED'", h.seat(h.council, h.persons[1]).ID).Scan(h.ctx(), &transactions))
	if transactions != 1 {
		t.Errorf("in %d transactions", transactions)
	}
}

// The end of the seat in the commission, or of the commission, ends the secondment that it was made for; of
// the sending body, all.
func TestASecondmentEndsWithTheCommission(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.seconded(func(in *SecondMemberInput) { in.WithSeat = true })
	h.seconded(func(in *SecondMemberInput) { in.PersonID, in.WithSeat = h.persons[2], true })
	h.endSeat(h.commission, h.persons[1], day(2012, 12, 20))
	if got, _ := h.all(); fmt.Sprint(got) != "[2012-12-01 2012-12-20 SEAT_ENDED 2012-12-01 <nil> -]" {
		t.Errorf("after the seat in the commission: %v", got)
	}
	h.done(h.councils.DissolveCouncil(h.ctx(), councils.DissolveCouncilInput{ID: h.commission, ExpectedVersion: 1, DissolvedOn: day(2012, 11, 30), Reason: "Упразднена"}))
	if got, seats := h.all(); len(got) != 0 || len(seats) != 0 {
		t.Errorf("after a commission that ended before: %v and %v", got, seats)
	}
	h.commission = h.body(councils.TerritorialCommission)
	h.seconded(func(in *SecondMemberInput) { in.WithSeat = true })
	h.done(h.councils.DissolveCouncil(h.ctx(), councils.DissolveCouncilInput{ID: h.council, ExpectedVersion: 1, DissolvedOn: day(2012, 12, 31), Reason: "Упразднён"}))
	if got, seats := h.all(); fmt.Sprint(got) != "[2012-12-01 2012-12-31 SEAT_ENDED]" || fmt.Sprint(seats) != "[2012-12-01 2012-12-31 EX_OFFICIO]" {
		t.Errorf("after the sending body: %v and %v", got, seats)
	}
}

// Whatever seats end, no secondment goes on where its person has no seat in the sending body.
func TestSecondmentsStayWithinSeats(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := day(2012, 12, 1)
	rapid.Check(t, func(t *rapid.T) {
		body := h.body(councils.PublicCouncil)
		days := func(name string) int { return rapid.IntRange(0, 30).Draw(t, name) }
		from := days("seat from")
		h.sit(body, h.persons[1], first.AddDays(from), nil)
		for range rapid.IntRange(1, 3).Draw(t, "secondments") {
			in := SecondMemberInput{CouncilID: body, CommissionID: h.commission, PersonID: h.persons[1], StartsOn: first.AddDays(days("from")), WithSeat: rapid.Bool().Draw(t, "seat")}
			if rapid.Bool().Draw(t, "ends") {
				in.EndsOn = ptr(in.StartsOn.AddDays(days("length")))
			}
			switch code := h.code(h.SecondMember(h.ctx(), in)); code {
			case "", "CONFLICT startsOn", "CONFLICT personId", "BAD_USER_INPUT personId":
			default:
				t.Fatalf("got %q", code)
			}
		}
		h.endSeat(body, h.persons[1], first.AddDays(from+days("seat length")))
		var beyond int
		must(h.t, h.db.NewRaw(`SELECT count(*) FROM secondments AS d WHERE d.council_id = ?0 AND (NOT EXISTS (SELECT FROM memberships AS m WHERE m.council_id = ?0
				AND daterange(m.starts_on, m.ends_on, '[]') @> daterange(d.starts_on, d.ends_on, '[]'))
			OR d.seat_id IS NOT NULL AND NOT EXISTS (SELECT FROM memberships AS s WHERE s.id = d.seat_id AND s.starts_on = d.starts_on AND s.ends_on IS NOT DISTINCT FROM d.ends_on))`, body.Key).Scan(h.ctx(), &beyond))
		if beyond > 0 {
			t.Fatalf("%d secondments go on without a seat", beyond)
		}
		// The next draw begins with an empty commission.
		h.commission = h.body(councils.CoordinationCouncil)
	})
}

// A secondment is ended once; its seat goes with it.
func TestEndingASecondment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.seconded(func(in *SecondMemberInput) { in.WithSeat = true })
	end := func(on core.Date, version int) string {
		return h.code(h.EndSecondment(h.ctx(), EndSecondmentInput{ID: d, ExpectedVersion: version, EndsOn: on, Reason: "RECALLED"}))
	}
	want(t, "before it begins", end(day(2012, 11, 30), 1), "BAD_USER_INPUT endsOn")
	want(t, "a stale version", end(day(2012, 12, 20), 2), "CONFLICT expectedVersion")
	want(t, "ended", end(day(2012, 12, 20), 1), "")
	want(t, "twice", end(day(2012, 12, 19), 2), "CONFLICT endsOn")
	if got, seats := h.all(); fmt.Sprint(got) != "[2012-12-01 2012-12-20 RECALLED]" || fmt.Sprint(seats) != "[2012-12-01 2012-12-20 EX_OFFICIO]" {
		t.Errorf("in the end: %v and %v", got, seats)
	}
}

// Reports are owed, given by the member and by nobody else's member, and late from the day after.
func TestReportingBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.seconded(func(in *SecondMemberInput) { in.ReportDueOn = ptr(day(2012, 12, 28)) })
	ask := func(on core.Date) string {
		return h.code(h.AskSecondmentReport(h.in("council_secretary", nil, &h.council), AskSecondmentReportInput{SecondmentID: d, DueOn: on}))
	}
	give := func(person int) string {
		return h.code(h.GiveSecondmentReport(h.in("", &h.persons[person], nil), GiveSecondmentReportInput{SecondmentID: d, Text: "Отчёт"}))
	}
	want(t, "by another member", give(2), "FORBIDDEN")
	want(t, "asked for yesterday", ask(day(2012, 12, 2)), "BAD_USER_INPUT dueOn")
	want(t, "asked for twice", ask(day(2012, 12, 28)), "CONFLICT dueOn")
	want(t, "asked for once more", ask(day(2012, 12, 14)), "")
	h.on(2012, time.December, 20)
	want(t, "given", give(1), "")
	late := func(on core.Date) (n int) {
		must(t, h.db.NewRaw("SELECT count(*) FROM secondment_reports WHERE overdue @> ?::date", on).Scan(h.ctx(), &n))
		return n
	}
	for on, expected := range map[core.Date]int{day(2012, 12, 14): 0, day(2012, 12, 15): 1, day(2012, 12, 19): 1, day(2012, 12, 20): 0, day(2012, 12, 28): 0, day(2012, 12, 29): 1} {
		if got := late(on); got != expected {
			t.Errorf("late on %s: %d", on, got)
		}
	}
	want(t, "given again", give(1), "")
	want(t, "given without being owed", give(1), "")
	if got := late(day(2013, 2, 1)); got != 0 {
		t.Errorf("still late: %d", got)
	}
}
