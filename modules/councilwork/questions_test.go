package councilwork

import (
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
)

// question puts one in the name of the second member.
func (h *house) question() core.ID {
	h.t.Helper()
	return core.ID{Type: "ConsultationQuestion", Key: h.done(h.PutQuestion(h.ctx(), PutQuestionInput{
		CouncilID: h.council, Title: "Освещение улиц", Text: "О фонарях", PutBy: PutByMember, PersonID: &h.persons[1]}))}
}

// A question is put by those who may, in their own name or, by the staff, in another's; what is not right
// is named.
func TestWhoPutsAQuestion(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	member, other := h.in("council_member", &h.persons[1], &h.council), h.body(councils.PublicCouncil)
	plain := PutQuestionInput{CouncilID: h.council, Title: "Вопрос", PutBy: PutByMember}
	for name, c := range map[string]struct {
		as   func() (*core.Payload, error)
		want string
	}{
		"nobody signed in":       {func() (*core.Payload, error) { return h.PutQuestion(h.as(core.Actor{Kind: core.Anonymous}), plain) }, "UNAUTHENTICATED"},
		"a resident":             {func() (*core.Payload, error) { return h.PutQuestion(h.in("", &h.persons[1], nil), plain) }, "FORBIDDEN"},
		"a member":               {func() (*core.Payload, error) { return h.PutQuestion(member, plain) }, ""},
		"a member, another body": {func() (*core.Payload, error) { in := plain; in.CouncilID = other; return h.PutQuestion(member, in) }, "FORBIDDEN"},
		"in another's name": {func() (*core.Payload, error) {
			in := plain
			in.PersonID = &h.persons[2]
			return h.PutQuestion(member, in)
		}, "FORBIDDEN"},
		"as a resident": {func() (*core.Payload, error) {
			in := plain
			in.PutBy = PutByResident
			return h.PutQuestion(member, in)
		}, "FORBIDDEN"},
		"a secretary for another": {func() (*core.Payload, error) {
			in := plain
			in.PersonID = &h.persons[2]
			return h.PutQuestion(h.in("council_secretary", nil, &h.council), in)
		}, ""},
		"a secretary of another body": {func() (*core.Payload, error) {
			in := plain
			in.PersonID = &h.persons[2]
			return h.PutQuestion(h.in("council_secretary", nil, &other), in)
		}, "FORBIDDEN"},
		"no title": {func() (*core.Payload, error) {
			in := plain
			in.Title = " "
			in.PersonID = &h.persons[1]
			return h.PutQuestion(h.ctx(), in)
		}, "BAD_USER_INPUT title"},
		"nobody named": {func() (*core.Payload, error) { return h.PutQuestion(h.ctx(), plain) }, "BAD_USER_INPUT personId"},
		"no organisation": {func() (*core.Payload, error) {
			in := plain
			in.PutBy = PutByOrganisation
			return h.PutQuestion(h.ctx(), in)
		}, "BAD_USER_INPUT organisationId"},
		"an organisation that is not spoken for": {func() (*core.Payload, error) {
			in := plain
			in.PersonID, in.OrganisationID = &h.persons[1], &h.department
			return h.PutQuestion(h.ctx(), in)
		}, "BAD_USER_INPUT organisationId"},
		"an official of elsewhere": {func() (*core.Payload, error) {
			in := plain
			in.PutBy, in.PersonID, in.OrganisationID = PutByOfficial, &h.persons[1], &h.department
			return h.PutQuestion(h.ctx(), in)
		}, "BAD_USER_INPUT personId"},
		"an official": {func() (*core.Payload, error) {
			in := plain
			in.PutBy, in.PersonID, in.OrganisationID = PutByOfficial, &h.persons[0], &h.department
			return h.PutQuestion(h.in("official", nil, nil), in)
		}, ""},
		"a member who has no seat": {func() (*core.Payload, error) {
			in := plain
			in.CouncilID, in.PersonID = other, &h.persons[1]
			return h.PutQuestion(h.ctx(), in)
		}, "BAD_USER_INPUT personId"},
	} {
		want(t, name, h.code(c.as()), c.want)
	}
}

// The steps of a question, each refused where it does not belong.
func TestAQuestionsLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	q, ctx := h.question(), h.in("council_secretary", nil, &h.council)
	version := 1
	did := func(what, expected string, p *core.Payload, err error) {
		t.Helper()
		got := h.code(p, err)
		want(t, what, got, expected)
		if got == "" {
			version++
		}
	}
	accept := func() (*core.Payload, error) {
		return h.AcceptQuestion(ctx, AcceptQuestionInput{ID: q, ExpectedVersion: version, DueOn: ptr(day(2012, 12, 28))})
	}
	give := func(by core.Date) (*core.Payload, error) {
		return h.ReturnQuestion(ctx, ReturnQuestionInput{ID: q, ExpectedVersion: version, Reasons: "Нет расчёта", CompleteBy: by})
	}
	resubmit := func() (*core.Payload, error) {
		return h.ResubmitQuestion(h.in("council_member", &h.persons[1], &h.council), ResubmitQuestionInput{ID: q, ExpectedVersion: version, Text: ptr("С расчётом")})
	}
	reject := func() (*core.Payload, error) {
		return h.RejectQuestion(ctx, RejectQuestionInput{ID: q, ExpectedVersion: version, Reasons: "Не относится к ведению"})
	}
	consider := func(on core.Date) (*core.Payload, error) {
		return h.ConsiderQuestion(ctx, ConsiderQuestionInput{ID: q, ExpectedVersion: version, ConsideredOn: on})
	}
	decide := func(on core.Date) (*core.Payload, error) {
		return h.DecideQuestion(ctx, DecideQuestionInput{ID: q, ExpectedVersion: version, Decision: "Рекомендовать", DecidedOn: on})
	}
	schedule := func() (*core.Payload, error) {
		return h.ScheduleQuestion(ctx, ScheduleQuestionInput{ID: q, ExpectedVersion: version, DueOn: graphql.OmittableOf(ptr(day(2012, 12, 20)))})
	}
	run := func(what, expected string, fn func() (*core.Payload, error)) {
		t.Helper()
		p, err := fn()
		did(what, expected, p, err)
	}
	run("resubmitted before it was returned", "CONFLICT id", resubmit)
	run("considered before it was accepted", "CONFLICT id", func() (*core.Payload, error) { return consider(day(2012, 12, 3)) })
	run("scheduled before it was accepted", "CONFLICT id", schedule)
	run("to be completed by yesterday", "BAD_USER_INPUT completeBy", func() (*core.Payload, error) { return give(day(2012, 12, 2)) })
	run("returned", "", func() (*core.Payload, error) { return give(day(2012, 12, 5)) })
	run("accepted while it is returned", "CONFLICT id", accept)
	run("rejected while it may be completed", "CONFLICT id", reject)
	h.on(2012, time.December, 5)
	run("submitted again on the last day", "", resubmit)
	run("returned once more", "", func() (*core.Payload, error) { return give(day(2012, 12, 6)) })
	h.on(2012, time.December, 7)
	run("submitted again after the last day", "CONFLICT id", resubmit)
	other := h.question()
	want(t, "rejected after the last day", h.code(reject()), "")
	q, version = other, 1
	run("accepted", "", accept)
	run("accepted twice", "CONFLICT id", accept)
	run("rejected when accepted", "CONFLICT id", reject)
	run("scheduled", "", schedule)
	run("considered tomorrow", "BAD_USER_INPUT consideredOn", func() (*core.Payload, error) { return consider(day(2012, 12, 8)) })
	run("considered before it was accepted", "BAD_USER_INPUT consideredOn", func() (*core.Payload, error) { return consider(day(2012, 12, 6)) })
	run("decided before it was considered", "CONFLICT id", func() (*core.Payload, error) { return decide(day(2012, 12, 7)) })
	run("considered", "", func() (*core.Payload, error) { return consider(day(2012, 12, 7)) })
	version--
	run("decided with a stale version", "CONFLICT expectedVersion", func() (*core.Payload, error) { return decide(day(2012, 12, 7)) })
	version++
	run("decided", "", func() (*core.Payload, error) { return decide(day(2012, 12, 7)) })
	run("decided twice", "CONFLICT id", func() (*core.Payload, error) { return decide(day(2012, 12, 7)) })
	if got := row[ConsultationQuestion](h, q); got.State != QuestionDecided || *got.Decision != "Рекомендовать" || *got.DueOn != day(2012, 12, 20) {
		t.Errorf("in the end: %+v", got)
	}
}
