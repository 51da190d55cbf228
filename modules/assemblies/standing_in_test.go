package assemblies

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/people"
)

// sitting is who sits in the first seats of a day, by the tests' numbers of persons; −1 is nobody.
func (h *house) sitting(assembly core.ID, on core.Date) (all []int) {
	h.t.Helper()
	for _, s := range h.seats(assembly, on, nil) {
		who := -1
		for n, p := range h.persons {
			if p.Key == uuid.UUID(s.Person) {
				who = n
			}
		}
		all = append(all, who)
	}
	return all
}

// A substitute sits for a holder who is away, and for a suspended one; one for one at a time.
func TestStandingIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council, other := h.council(nil, nil), h.council(nil, nil)
	assembly := h.assembly()
	more := chosenBy(other, 1)
	more.Key = "other"
	h.done(h.AdoptCharter(h.ctx(), charter(assembly, day(2012, 3, 1), chosenBy(council, 2), more)))
	rule := h.rule(assembly, "chosen")
	for n := range 4 {
		h.member(council, n, nil)
	}
	h.member(other, 4, nil)
	first, second, third := h.named(h.naming(rule, council, 0)), h.named(h.naming(rule, council, 1)), h.named(h.naming(h.rule(assembly, "other"), other, 4))
	substitute := core.ID{Type: "Delegate", Key: h.done(h.NameSubstitute(h.ctx(), NameSubstituteInput(h.naming(rule, council, 2))))}
	next := core.ID{Type: "Delegate", Key: h.done(h.NameSubstitute(h.ctx(), NameSubstituteInput(h.naming(rule, council, 3))))}
	if a, b := h.delegate(substitute).Number, h.delegate(next).Number; a != 1 || b != 2 {
		t.Errorf("substitutes are numbered %d and %d", a, b)
	}
	call := func(delegate, by core.ID, from core.Date, to *core.Date) string {
		return h.code(h.CallSubstitute(h.ctx(), CallSubstituteInput{DelegateID: delegate, SubstituteID: by, StartsOn: from, EndsOn: to}))
	}
	for name, c := range map[string][2]string{
		"a holder as substitute": {call(first, second, day(2012, 5, 1), nil), "BAD_USER_INPUT substituteId"},
		"for a substitute":       {call(substitute, next, day(2012, 5, 1), nil), "BAD_USER_INPUT delegateId"},
		"of another body":        {call(third, substitute, day(2012, 5, 1), nil), "BAD_USER_INPUT substituteId"},
		"before both":            {call(first, substitute, day(2012, 3, 31), nil), "BAD_USER_INPUT startsOn"},
		"backwards":              {call(first, substitute, day(2012, 5, 1), ptr(day(2012, 4, 30))), "BAD_USER_INPUT endsOn"},
		"as it should be":        {call(first, substitute, day(2012, 5, 1), ptr(day(2012, 5, 10))), ""},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %q, want %q", name, c[0], c[1])
		}
	}
	if got := call(first, next, day(2012, 5, 10), nil); got != "CONFLICT delegateId" {
		t.Errorf("two for one: %q", got)
	}
	if got := call(second, substitute, day(2012, 5, 10), nil); got != "CONFLICT substituteId" {
		t.Errorf("one for two: %q", got)
	}
	suspend := func(from core.Date, to *core.Date) string {
		return h.code(h.SuspendDelegate(h.ctx(), SuspendDelegateInput{DelegateID: second, StartsOn: from, EndsOn: to, Minutes: "Решение"}))
	}
	if got := suspend(day(2012, 6, 1), ptr(day(2012, 6, 30))); got != "" {
		t.Fatal(got)
	}
	if got := suspend(day(2012, 6, 30), nil); got != "CONFLICT startsOn" {
		t.Errorf("suspended twice: %q", got)
	}
	if got := call(second, next, day(2012, 6, 11), nil); got != "" {
		t.Fatal(got)
	}
	for _, c := range []struct {
		on   core.Date
		want []int
	}{
		{day(2012, 4, 30), []int{0, 1, 4}}, {day(2012, 5, 1), []int{2, 1, 4}}, {day(2012, 5, 10), []int{2, 1, 4}}, {day(2012, 5, 11), []int{0, 1, 4}},
		{day(2012, 6, 10), []int{0, -1, 4}}, {day(2012, 6, 11), []int{0, 3, 4}}, {day(2012, 7, 1), []int{0, 3, 4}},
	} {
		if diff := cmp.Diff(c.want, h.sitting(assembly, c.on)); diff != "" {
			t.Errorf("%s: %s", c.on, diff)
		}
	}
	if v := h.composition(assembly, day(2012, 6, 10)).Vacancies; len(v) != 1 || v[0].Reason != "SUSPENDED" {
		t.Errorf("vacant for %+v", v)
	}
	h.end1(t, second, next)
}

// end1 ends a call and a suspension early.
func (h *house) end1(t *testing.T, suspended, called core.ID) {
	t.Helper()
	var calls []SubstituteCall
	var suspensions []DelegateSuspension
	must(t, h.db.NewSelect().Model(&calls).Where("?TableAlias.substitute_id = ?", called.Key).Scan(h.ctx()))
	must(t, h.db.NewSelect().Model(&suspensions).Where("?TableAlias.delegate_id = ?", suspended.Key).Scan(h.ctx()))
	call := EndSubstituteCallInput{ID: touch("SubstituteCall", calls[0].ID), ExpectedVersion: 1, EndsOn: day(2012, 6, 20)}
	suspension := EndSuspensionInput{ID: touch("DelegateSuspension", suspensions[0].ID), ExpectedVersion: 1, EndsOn: day(2012, 6, 15)}
	for _, c := range []struct {
		change func()
		want   string
	}{
		{func() { call.EndsOn = day(2012, 6, 10) }, "BAD_USER_INPUT endsOn"},
		{func() { call.EndsOn, call.ExpectedVersion = day(2012, 6, 20), 2 }, "CONFLICT expectedVersion"},
		{func() { call.ExpectedVersion = 1 }, ""},
		{func() { call.ExpectedVersion = 2 }, "CONFLICT endsOn"},
	} {
		c.change()
		if got := h.code(h.EndSubstituteCall(h.ctx(), call)); got != c.want {
			t.Errorf("%+v: %q, want %q", call, got, c.want)
		}
	}
	if got := h.code(h.EndSuspension(h.ctx(), suspension)); got != "" {
		t.Errorf("the suspension: %q", got)
	}
	if got := h.code(h.EndSuspension(h.ctx(), suspension)); got != "CONFLICT endsOn" {
		t.Errorf("the suspension once more: %q", got)
	}
}

// A nomination is made by whoever the rule lets, decided once, and seats who was accepted.
func TestNominations(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council(nil, nil)
	organisation := core.ID{Type: "Organisation", Key: h.done(h.people.CreateOrganisation(h.ctx(), people.CreateOrganisationInput{Kind: people.PublicAssociation, Name: "Клуб"}))}
	assembly := h.assembly()
	only := nominated3()
	only.Key, only.CouncilID, only.Seats = "only", &council, ptr(1)
	h.done(h.AdoptCharter(h.ctx(), charter(assembly, day(2012, 3, 1), nominated3(), only)))
	rule, narrow := h.rule(assembly, "nominated"), h.rule(assembly, "only")
	in := NominateInput{RuleID: rule, PersonID: h.person(0), OrganisationID: &organisation, Minutes: "Протокол", NominatedOn: day(2012, 9, 1)}
	with := func(change func(*NominateInput)) string {
		other := in
		change(&other)
		return h.code(h.Nominate(h.ctx(), other))
	}
	for name, c := range map[string][2]string{
		"both":               {with(func(n *NominateInput) { n.CouncilID = &council }), "BAD_USER_INPUT organisationId"},
		"nobody":             {with(func(n *NominateInput) { n.OrganisationID = nil }), "BAD_USER_INPUT organisationId"},
		"in the future":      {with(func(n *NominateInput) { n.NominatedOn = day(2012, 9, 29) }), "BAD_USER_INPUT nominatedOn"},
		"without minutes":    {with(func(n *NominateInput) { n.Minutes = " " }), "BAD_USER_INPUT minutes"},
		"before the charter": {with(func(n *NominateInput) { n.NominatedOn = day(2012, 2, 1) }), "CONFLICT nominatedOn"},
		"not the only body":  {with(func(n *NominateInput) { n.RuleID = narrow }), "BAD_USER_INPUT councilId"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %q, want %q", name, c[0], c[1])
		}
	}
	// Who acts for the organisation may; who acts for nobody may not.
	resident := core.Actor{Kind: core.Account, Account: core.NewID(), Person: h.person(1).Key}
	for acting, want := range map[uuid.UUID]core.Code{uuid.Nil: core.CodeForbidden, organisation.Key: core.CodeNotFound} { // whom they nominate they may not see
		resident.ActingFor = acting
		if _, err := h.Nominate(core.WithActor(h.ctx(), resident), in); core.CodeOf(err) != want {
			t.Errorf("acting for %s: %v", acting, err)
		}
	}
	nominate := func(n int) core.ID {
		other := in
		other.PersonID = h.person(n)
		return touch("Nomination", h.done(h.Nominate(h.ctx(), other)))
	}
	id := nominate(0)
	if got := h.code(h.Nominate(h.ctx(), in)); got != "CONFLICT personId" {
		t.Errorf("nominated twice: %q", got)
	}
	accept := AcceptNominationInput{ID: id, ExpectedVersion: 1, StartsOn: day(2012, 8, 31)}
	if got := h.code(h.AcceptNomination(h.ctx(), accept)); got != "BAD_USER_INPUT startsOn" {
		t.Errorf("accepted before it was made: %q", got)
	}
	accept.StartsOn, accept.ExpectedVersion = day(2012, 10, 1), 7
	if got := h.code(h.AcceptNomination(h.ctx(), accept)); got != "CONFLICT expectedVersion" {
		t.Errorf("a stale version: %q", got)
	}
	accept.ExpectedVersion = 1
	h.done(h.AcceptNomination(h.ctx(), accept))
	for name, got := range map[string]string{
		"accept":   h.code(h.AcceptNomination(h.ctx(), accept)),
		"reject":   h.code(h.RejectNomination(h.ctx(), RejectNominationInput{ID: id, ExpectedVersion: 2, Reason: "Нет"})),
		"withdraw": h.code(h.WithdrawNomination(h.ctx(), WithdrawNominationInput{ID: id, ExpectedVersion: 2})),
	} {
		if got != "CONFLICT id" {
			t.Errorf("%s what is decided: %q", name, got)
		}
	}
	if got := h.composition(assembly, day(2012, 10, 1)).Figures; got != (Figures{4, 4, 1, 3}) {
		t.Errorf("got %+v", got)
	}
	for n := 1; n < 3; n++ {
		accept.ID = nominate(n)
		h.done(h.AcceptNomination(h.ctx(), accept))
	}
	accept.ID = nominate(3)
	if got := h.code(h.AcceptNomination(h.ctx(), accept)); got != "CONFLICT startsOn" {
		t.Errorf("more than there are seats: %q", got)
	}
	n, err := find[Nomination](h.ctx(), h.db, accept.ID.Key)
	if must(t, err); n.Status != Pending {
		t.Errorf("what was refused is %s", n.Status)
	}
}

// Merged persons take their seats along, two in one assembly stand against it; whoever sits is not
// erased, and what is erased names nobody.
func TestDelegatesArePeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council(nil, nil)
	assembly := h.assembly()
	h.done(h.AdoptCharter(h.ctx(), charter(assembly, day(2012, 3, 1), chosenBy(council, 3))))
	rule := h.rule(assembly, "chosen")
	until := ptr(day(2012, 8, 31))
	h.member(council, 0, nil)
	h.member(council, 1, until)
	here, there := h.named(h.naming(rule, council, 0)), h.named(h.naming(rule, council, 1))
	merge := func(duplicate, survivor int) string {
		return h.code(h.people.MergePersons(h.ctx(), people.MergePersonsInput{DuplicateID: h.person(duplicate), SurvivorID: h.person(survivor), Reason: "Одно лицо"}))
	}
	if got := merge(1, 0); got == "" {
		t.Error("two who sit at once were merged")
	}
	if got := merge(1, 2); got != "" {
		t.Fatal(got)
	}
	if got := h.delegate(there).PersonID; got != h.person(2).Key {
		t.Error("the seat did not follow the person")
	}
	erase := func(n int) string {
		return h.code(h.people.ErasePerson(h.ctx(), people.ErasePersonInput{ID: h.person(n), Reason: "Заявление"}))
	}
	if got := erase(0); got != "CONFLICT id" {
		t.Errorf("erased although sitting: %q", got)
	}
	if got := erase(2); got != "" {
		t.Fatal(got)
	}
	if a, b := h.delegate(here).Minutes, h.delegate(there).Minutes; a == "—" || b != "—" {
		t.Errorf("minutes: %q and %q", a, b)
	}
	held, err := seatsHeld(context.WithoutCancel(h.ctx()), h.db, []uuid.UUID{h.person(0).Key}, day(2012, 9, 1))
	if must(t, err); len(held) != 1 {
		t.Errorf("stands in the way: %v", held)
	}
}
