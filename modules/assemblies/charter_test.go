package assemblies

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
)

// A charter's next version ends the one before; who sits by a rule that goes on goes on too, and whose
// seat is gone leaves the day before. Whoever is named after its adoption gets that end at once.
func TestTheNextCharter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := h.district(), h.district()
	councils := []core.ID{h.council(&first, nil), h.council(&second, nil), h.council(nil, nil)}
	assembly := h.assembly()
	h.done(h.AdoptCharter(h.ctx(), charter(assembly, day(2012, 3, 1), eachDistrict(2), chosenBy(councils[2], 2))))
	districts, chosen := h.rule(assembly, "districts"), h.rule(assembly, "chosen")
	var delegates []core.ID
	for n, at := range []struct{ rule, council core.ID }{{districts, councils[0]}, {districts, councils[0]}, {districts, councils[1]}, {chosen, councils[2]}} {
		h.member(at.council, n, nil)
		delegates = append(delegates, h.named(h.naming(at.rule, at.council, n)))
	}
	h.member(councils[0], 4, nil)
	stands := NameSubstituteInput(h.naming(districts, councils[0], 4))
	delegates = append(delegates, core.ID{Type: "Delegate", Key: h.done(h.NameSubstitute(h.ctx(), stands))})
	if got := h.code(h.AdoptCharter(h.ctx(), charter(assembly, day(2012, 3, 1), eachDistrict(1)))); got != "BAD_USER_INPUT startsOn" {
		t.Errorf("a second charter on the first one's day: %q", got)
	}
	next := charter(assembly, day(2013, 1, 1), eachDistrict(1))
	next.SubstitutesAllowed, next.TermMonths = false, ptr(12)
	h.done(h.AdoptCharter(h.ctx(), next))
	ends := func() (all []string) {
		for _, d := range delegates {
			all = append(all, h.end(d))
		}
		return all
	}
	gone := "2012-12-31 CHARTER_CHANGED"
	if diff := cmp.Diff([]string{"open", gone, "open", gone, gone}, ends()); diff != "" {
		t.Error(diff)
	}
	h.member(councils[1], 5, nil)
	h.member(councils[2], 6, nil)
	later := h.naming(districts, councils[1], 5)
	if got := h.end(h.named(later)); got != gone { // seat 2 of the second district
		t.Errorf("named by the old charter: %s", got)
	}
	byNew := h.naming(chosen, councils[2], 6)
	byNew.StartsOn = day(2013, 1, 1)
	if got := h.code(h.NameDelegate(h.ctx(), byNew)); got != "CONFLICT ruleId" {
		t.Errorf("by a rule that the new charter has not: %q", got)
	}
	var told []string
	for _, on := range []core.Date{day(2012, 12, 31), day(2013, 1, 1)} {
		c := h.composition(assembly, on)
		told = append(told, fmt.Sprintf("%+v", c.Figures))
	}
	if diff := cmp.Diff([]string{"{Expected:6 Fillable:6 Filled:5 Vacant:1}", "{Expected:2 Fillable:2 Filled:2 Vacant:0}"}, told); diff != "" {
		t.Error(diff)
	}
	h.done(h.DissolveAssembly(h.ctx(), DissolveAssemblyInput{ID: assembly, ExpectedVersion: 1, DissolvedOn: day(2013, 6, 30), Reason: "Проба"}))
	over := "2013-06-30 ASSEMBLY_DISSOLVED"
	if diff := cmp.Diff([]string{over, gone, over, gone, gone}, ends()); diff != "" {
		t.Error(diff)
	}
	for name, got := range map[string]string{
		"a charter": h.code(h.AdoptCharter(h.ctx(), charter(assembly, day(2014, 1, 1), eachDistrict(1)))),
		"once more": h.code(h.DissolveAssembly(h.ctx(), DissolveAssemblyInput{ID: assembly, ExpectedVersion: 2, DissolvedOn: day(2013, 7, 1), Reason: "Проба"})),
		"a delegate": h.code(h.NameDelegate(h.ctx(), func() NameDelegateInput {
			in := byNew
			in.StartsOn = day(2013, 7, 1)
			in.RuleID = districts
			in.CouncilID = councils[0]
			in.PersonID = h.person(4)
			return in
		}())),
	} {
		want := map[string]string{"a charter": "BAD_USER_INPUT assemblyId", "once more": "CONFLICT dissolvedOn", "a delegate": "CONFLICT ruleId"}[name]
		if got != want {
			t.Errorf("%s after the dissolution: %q, want %q", name, got, want)
		}
	}
}

// A time that nobody ended ends with the term; one that was asked for keeps within it.
func TestTheTerm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council(nil, nil)
	assembly := h.assembly()
	in := charter(assembly, day(2012, 3, 1), chosenBy(council, 5))
	in.TermMonths = ptr(6)
	h.done(h.AdoptCharter(h.ctx(), in))
	rule := h.rule(assembly, "chosen")
	for n, c := range []struct {
		below, asked *core.Date
		want         string
	}{
		{nil, nil, "2012-09-30 TERM_ENDED"},
		{nil, ptr(day(2012, 9, 30)), "2012-09-30 TERM_ENDED"},
		{nil, ptr(day(2012, 10, 1)), "BAD_USER_INPUT endsOn"},
		{nil, ptr(day(2012, 5, 1)), "2012-05-01 TERM_ENDED"},
		{ptr(day(2012, 6, 30)), nil, "2012-06-30 SEAT_BELOW_ENDED"},
		{ptr(day(2012, 6, 30)), ptr(day(2012, 5, 1)), "2012-05-01 TERM_ENDED"},
		{ptr(day(2012, 3, 31)), nil, "BAD_USER_INPUT personId"}, // left before
	} {
		h.member(council, n, c.below)
		naming := h.naming(rule, council, n)
		naming.EndsOn = c.asked
		p, err := h.NameDelegate(h.ctx(), naming)
		got := h.code(p, err)
		if got == "" {
			got = h.end(core.ID{Type: "Delegate", Key: p.Key})
		}
		if got != c.want {
			t.Errorf("below to %v, asked to %v: %s, want %s", c.below, c.asked, got, c.want)
		}
	}
}

// What a charter says reaches meetings and motions on its days.
func TestRulesOfTheDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council(nil, nil)
	assembly := h.assembly()
	in := charter(assembly, day(2012, 4, 1), chosenBy(council, 4))
	in.QuorumOf, in.QuorumNumerator, in.QuorumDenominator, in.QuorumStrict, in.NoticeDays = OfFilled, 2, 3, false, 7
	in.ProxiesHeld, in.ProxiesInQuorum, in.AmendmentsAs = 2, true, "charter"
	in.Majorities = []CharterMajorityInput{{Question: "charter", Name: "Устав", Kind: Qualified, Of: motions.OfAll, Numerator: ptr(3), Denominator: ptr(4)}}
	h.done(h.AdoptCharter(h.ctx(), in))
	for _, on := range []core.Date{day(2012, 3, 31), day(2012, 4, 1)} {
		meet, err := rulesOn(h.ctx(), h.db, assembly.Key, on)
		must(t, err)
		vote, err := votingOn(h.ctx(), h.db, assembly.Key, on)
		must(t, err)
		wantMeet, wantVote := meetings.Rules{Quorum: meetings.MoreThanHalf}, motions.Rules{}
		if on == day(2012, 4, 1) {
			wantMeet = meetings.Rules{Seats: 4, NoticeDays: 7, Quorum: meetings.Share{Of: meetings.OfFilled, Numerator: 2, Denominator: 3}}
			wantVote = motions.Rules{Amendments: "charter", Manners: in.Manners, ProxiesPerHolder: 2, ProxyCountsForQuorum: true, Majorities: map[string]motions.Threshold{}}
			ordinary := motions.Threshold{Of: motions.OfPresent}
			ordinary.Numerator, ordinary.Denominator, ordinary.Strict = 1, 2, true
			qualified := motions.Threshold{Of: motions.OfAll}
			qualified.Numerator, qualified.Denominator = 3, 4
			wantVote.Majorities[""], wantVote.Majorities["charter"] = ordinary, qualified
		}
		if diff := cmp.Diff(wantMeet, meet); diff != "" {
			t.Errorf("%s: %s", on, diff)
		}
		if diff := cmp.Diff(wantVote, vote); diff != "" {
			t.Errorf("%s: %s", on, diff)
		}
	}
}

// Whoever sits by membership in a body all of which sits is not named as well; whoever was named first
// is counted once.
func TestAllMembersSit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	whole, other := h.council(nil, nil), h.council(nil, func(in *councils.CreateCouncilInput) { in.Kind = councils.CoordinationCouncil })
	assembly := h.assembly()
	h.done(h.AdoptCharter(h.ctx(), charter(assembly, day(2012, 3, 1), allOf(whole), chosenBy(other, 3))))
	rule := h.rule(assembly, "chosen")
	for n := range 3 {
		h.member(whole, n, nil)
	}
	h.member(other, 0, nil)
	if got := h.code(h.NameDelegate(h.ctx(), h.naming(rule, other, 0))); got != "CONFLICT personId" {
		t.Errorf("named although sitting: %q", got)
	}
	if got := h.code(h.NameDelegate(h.ctx(), h.naming(h.rule(assembly, "all"), whole, 1))); got != "BAD_USER_INPUT ruleId" {
		t.Errorf("named by a rule by which nobody is: %q", got)
	}
	h.member(other, 3, nil)
	h.named(h.naming(rule, other, 3))
	if got := h.composition(assembly, day(2012, 4, 1)).Figures; got != (Figures{6, 6, 4, 2}) {
		t.Errorf("got %+v", got)
	}
	h.member(whole, 3, nil) // who is a delegate already
	if got := h.composition(assembly, day(2012, 4, 1)).Figures; got != (Figures{6, 6, 4, 2}) {
		t.Errorf("with one who sits already: %+v", got)
	}
}
