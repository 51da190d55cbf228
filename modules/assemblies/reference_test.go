package assemblies

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/places"
)

// history is everything that an assembly's seats follow from, as plain rows. What it says of a day is
// found by walking over all of them: slow, and easy to believe.
type history struct {
	assembly    *Assembly
	charters    []Charter
	parts       []CharterRule
	rules       map[uuid.UUID]SeatRule
	districts   []places.District
	councils    []councils.Council
	memberships []councils.Membership
	delegates   []Delegate
	suspensions []DelegateSuspension
	calls       []SubstituteCall
}

func (h *house) history(assembly core.ID) *history {
	h.t.Helper()
	ctx, all := h.ctx(), &history{rules: map[uuid.UUID]SeatRule{}}
	var err error
	all.assembly, err = find[Assembly](ctx, h.db, assembly.Key)
	must(h.t, err)
	var rules []SeatRule
	for _, rows := range []any{&all.charters, &all.parts, &rules, &all.districts, &all.councils, &all.memberships, &all.delegates, &all.suspensions, &all.calls} {
		must(h.t, h.db.NewSelect().Model(rows).Scan(ctx))
	}
	for _, r := range rules {
		all.rules[r.ID] = r
	}
	slices.SortFunc(all.parts, func(a, b CharterRule) int { return a.Position - b.Position })
	return all
}

func holds(from core.Date, to *core.Date, on core.Date) bool {
	return !on.Before(from) && (to == nil || !to.Before(on))
}

// plain is one seat as the reference sees it.
type plain struct {
	rule, place, person uuid.UUID
	number              int
	fillable            bool
	reason              string
}

func (p plain) String() string {
	return fmt.Sprint(p.rule, " ", p.place, " ", p.number, " ", p.person, " ", p.fillable, " ", p.reason)
}

// on are the seats of a day, in the order of rules, places and numbers.
func (h *history) on(day core.Date) (seats []plain) {
	if !holds(h.assembly.FoundedOn, h.assembly.DissolvedOn, day) {
		return nil
	}
	var everybody []CharterRule
	for _, part := range h.parts {
		if !h.inForce(part.CharterID, day) {
			continue
		}
		if h.rules[part.RuleID].Kind == BodyAll {
			everybody = append(everybody, part)
			continue
		}
		for _, place := range h.placesOf(h.rules[part.RuleID], day) {
			for n := 1; n <= *part.Seats; n++ {
				seats = append(seats, h.seat(part.RuleID, place, n, day))
			}
		}
	}
	sit := map[uuid.UUID]bool{}
	for _, d := range h.delegates {
		if d.Capacity == Holder && holds(d.StartsOn, d.EndsOn, day) && slices.ContainsFunc(seats, func(s plain) bool {
			return s.rule == d.RuleID && s.place == d.place() && s.number == d.Number
		}) {
			sit[d.PersonID] = true
		}
	}
	for _, s := range seats {
		sit[s.person] = true // substitutes too
	}
	for _, part := range everybody {
		for _, m := range h.memberships {
			if m.CouncilID == *h.rules[part.RuleID].CouncilID && holds(m.StartsOn, m.EndsOn, day) && !sit[m.PersonID] {
				sit[m.PersonID] = true
				seats = append(seats, plain{rule: part.RuleID, place: m.CouncilID, person: m.PersonID, fillable: true})
			}
		}
	}
	return seats
}

func (h *history) inForce(charter uuid.UUID, day core.Date) bool {
	for _, c := range h.charters {
		if c.ID == charter {
			return holds(c.StartsOn, c.EndsOn, day)
		}
	}
	return false
}

// where is a place that has seats, and what its body is on the day: "" none, forming, working.
type where struct {
	place uuid.UUID
	body  string
}

func (h *history) placesOf(r SeatRule, day core.Date) (all []where) {
	switch r.Kind {
	case EachDistrict:
		for _, d := range h.districts {
			if (d.FoundedOn == nil || !day.Before(*d.FoundedOn)) && (d.AbolishedOn == nil || !d.AbolishedOn.Before(day)) {
				all = append(all, where{d.ID, h.bodyOf(day, func(c councils.Council) bool { return c.Kind == *r.CouncilKind && equal(c.DistrictID, &d.ID) })})
			}
		}
	case EachBody:
		for _, c := range h.councils {
			if c.Kind == *r.CouncilKind && holds(c.FoundedOn, c.DissolvedOn, day) {
				all = append(all, where{c.ID, h.bodyOf(day, func(other councils.Council) bool { return other.ID == c.ID })})
			}
		}
	case BodyChooses:
		all = append(all, where{*r.CouncilID, h.bodyOf(day, func(c councils.Council) bool { return c.ID == *r.CouncilID })})
	case ByNomination:
		all = append(all, where{r.ID, "working"})
	}
	return all
}

func (h *history) bodyOf(day core.Date, is func(councils.Council) bool) (state string) {
	for _, c := range h.councils {
		if is(c) && holds(c.FoundedOn, c.DissolvedOn, day) {
			if c.ActiveFrom != nil && !day.Before(*c.ActiveFrom) {
				return "working"
			}
			state = "forming"
		}
	}
	return state
}

func (h *history) seat(rule uuid.UUID, at where, n int, day core.Date) plain {
	seat := plain{rule: rule, place: at.place, number: n, fillable: at.body == "working"}
	seat.reason = map[string]string{"": "NO_BODY", "forming": "BODY_FORMING", "working": "NOT_NAMED"}[at.body]
	for _, d := range h.delegates {
		if d.RuleID != rule || d.place() != at.place || d.Number != n || d.Capacity != Holder {
			continue
		}
		if d.EndsOn != nil && d.EndsOn.Before(day) && seat.reason == "NOT_NAMED" {
			seat.reason = "HOLDER_LEFT"
		}
		if holds(d.StartsOn, d.EndsOn, day) {
			seat.fillable, seat.person, seat.reason = true, d.PersonID, ""
			if slices.ContainsFunc(h.suspensions, func(s DelegateSuspension) bool { return s.DelegateID == d.ID && holds(s.StartsOn, s.EndsOn, day) }) {
				seat.person, seat.reason = uuid.Nil, "SUSPENDED"
			}
			if by := h.called(d.ID, day); by != uuid.Nil {
				seat.person, seat.reason = by, ""
			}
			break
		}
	}
	return seat
}

// called is who sits for the delegate.
func (h *history) called(delegate uuid.UUID, day core.Date) uuid.UUID {
	for _, c := range h.calls {
		if c.DelegateID != delegate || !holds(c.StartsOn, c.EndsOn, day) {
			continue
		}
		for _, d := range h.delegates {
			if d.ID == c.SubstituteID && holds(d.StartsOn, d.EndsOn, day) {
				return d.PersonID
			}
		}
	}
	return uuid.Nil
}

// sorted makes seats comparable, whatever order they came in.
func sorted(seats []plain) []string {
	all := make([]string, len(seats))
	for i, s := range seats {
		all[i] = s.String()
	}
	slices.SortFunc(all, cmp.Compare[string])
	return all
}
