package assemblies

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
)

// Whatever ends the seat below ends the seat above, with the reason; whatever does not leaves it.
func TestTheSeatBelow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	district := h.district()
	council := h.council(&district, nil)
	assembly := h.assembly()
	h.done(h.AdoptCharter(h.ctx(), charter(assembly, day(2012, 3, 1), eachDistrict(10))))
	rule := h.rule(assembly, "districts")
	var seats, delegates []core.ID
	for n := range 5 {
		var to *core.Date
		if n == 4 {
			to = ptr(day(2012, 12, 31))
		}
		seats = append(seats, h.member(council, n, to))
		delegates = append(delegates, h.named(h.naming(rule, council, n)))
	}
	later := h.naming(rule, council, 5)
	h.member(council, 5, nil)
	later.StartsOn = day(2013, 1, 1)
	delegates = append(delegates, h.named(later))
	ends := func() (all []string) {
		for _, d := range delegates {
			all = append(all, h.end(d))
		}
		return all
	}
	want := []string{"open", "open", "open", "open", "2012-12-31 SEAT_BELOW_ENDED", "open"}
	if diff := cmp.Diff(want, ends()); diff != "" {
		t.Fatal(diff)
	}
	// Another post is not a loss, not even after the seat has an end; what ends the second post is.
	m := h.done(h.councils.ChangePost(h.ctx(), councils.ChangePostInput{MembershipID: seats[1], ExpectedVersion: 1, Post: councils.Chair, StartsOn: day(2012, 6, 1)}))
	if got := h.end(delegates[1]); got != "open" {
		t.Errorf("after a change of post: %s", got)
	}
	if got := h.leave(core.ID{Type: "Membership", Key: m}, day(2012, 7, 31), "RESIGNED"); got != "" {
		t.Fatal(got)
	}
	if got := h.leave(seats[0], day(2014, 1, 31), "MOVED_AWAY"); got != "" { // the end lies ahead
		t.Fatal(got)
	}
	if got := h.leave(seats[2], day(2012, 3, 15), "OTHER"); got != "" { // before the delegate's first day
		t.Fatal(got)
	}
	want = []string{"2014-01-31 SEAT_BELOW_ENDED MOVED_AWAY", "2012-07-31 SEAT_BELOW_ENDED RESIGNED", "gone", "open", "2012-12-31 SEAT_BELOW_ENDED", "open"}
	if diff := cmp.Diff(want, ends()); diff != "" {
		t.Fatal(diff)
	}
	h.done(h.councils.DissolveCouncil(h.ctx(), councils.DissolveCouncilInput{ID: council, ExpectedVersion: 1, DissolvedOn: day(2012, 10, 15), Reason: "Проба"}))
	dissolved := "2012-10-15 SEAT_BELOW_ENDED BODY_DISSOLVED"
	want = []string{dissolved, "2012-07-31 SEAT_BELOW_ENDED RESIGNED", "gone", dissolved, dissolved, "gone"}
	if diff := cmp.Diff(want, ends()); diff != "" {
		t.Error(diff)
	}
	c := h.composition(assembly, day(2012, 10, 16))
	if c.Filled != 0 || c.Vacant != 10 || len(c.Vacancies) != 1 || c.Vacancies[0].Reason != "NO_BODY" {
		t.Errorf("after the dissolution: %+v %+v", c, c.Vacancies)
	}
	vacant := h.seats(assembly, day(2012, 10, 16), nil)[0].Vacancy
	if vacant == nil || *vacant.EndReason != SeatBelowEnded || *vacant.LeavingReason != "BODY_DISSOLVED" || delegates[0].Key != [16]byte(vacant.FormerHolder) {
		t.Errorf("the first seat: %+v", vacant)
	}
}
