package councilwork

import (
	"fmt"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/cases"
)

func (h *house) asked() core.ID {
	h.t.Helper()
	return core.ID{Type: "PublicExpertise", Key: h.done(h.AskExpertise(h.ctx(), AskExpertiseInput{
		CouncilID: h.council, Kind: "DRAFT_ACT", Title: "Правила благоустройства", OrganisationID: h.department, DueOn: day(2013, 2, 1)}))}
}

func TestWhoAsksForAnExpertise(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := AskExpertiseInput{CouncilID: h.council, Kind: "ACT", Title: "Правила", OrganisationID: h.department, DueOn: day(2012, 12, 28)}
	want(t, "a resident", h.code(h.AskExpertise(h.in("", &h.persons[1], nil), in)), "FORBIDDEN")
	want(t, "the body's own secretary", h.code(h.AskExpertise(h.in("council_secretary", nil, &h.council), in)), "FORBIDDEN")
	late := in
	late.DueOn = day(2012, 12, 2)
	want(t, "by yesterday", h.code(h.AskExpertise(h.ctx(), late)), "BAD_USER_INPUT dueOn")
	stranger := in
	stranger.AskedByID = &h.persons[1]
	want(t, "in the name of somebody of elsewhere", h.code(h.AskExpertise(h.ctx(), stranger)), "BAD_USER_INPUT askedById")
	want(t, "an official", h.code(h.AskExpertise(h.in("official", &h.persons[0], nil), in)), "")
}

// An expertise from the request to the reply, each step refused where it does not belong.
func TestAnExpertisesLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e, secretary, official := h.asked(), h.in("council_secretary", nil, &h.council), h.in("official", nil, nil)
	version := func() int { return row[PublicExpertise](h, e).Version }
	accept := func(due *core.Date) string {
		return h.code(h.AcceptExpertise(secretary, AcceptExpertiseInput{ID: e, ExpectedVersion: version(), DueOn: due}))
	}
	start := func() string {
		return h.code(h.StartExpertise(secretary, StartExpertiseInput{ID: e, ExpectedVersion: version()}))
	}
	draft := func(expected *int) (core.ID, string) {
		p, err := h.DraftConclusion(secretary, DraftConclusionInput{ExpertiseID: e, ExpectedVersion: expected, Finding: "SUPPORTED_WITH_REMARKS", Text: "Заключение", Proposals: []string{"Первое", "Второе"}})
		code := h.code(p, err)
		if code != "" {
			return core.ID{}, code
		}
		return core.ID{Type: "ExpertiseConclusion", Key: p.Key}, ""
	}
	conclude := func() string {
		return h.code(h.ConcludeExpertise(secretary, ConcludeExpertiseInput{ID: e, ExpectedVersion: version()}))
	}
	add := func(person int) (core.ID, string) {
		p, err := h.AddExpert(secretary, AddExpertInput{ExpertiseID: e, PersonID: h.persons[person]})
		code := h.code(p, err)
		if code != "" {
			return core.ID{}, code
		}
		return core.ID{Type: "ExpertiseExpert", Key: p.Key}, ""
	}
	declare := func(as int, expert core.ID, conflict ConflictOfInterest) string {
		return h.code(h.DeclareConflict(h.in("", &h.persons[as], nil), DeclareConflictInput{ID: expert, ExpectedVersion: row[ExpertiseExpert](h, expert).Version, Conflict: conflict}))
	}
	sign := func(as int, expert core.ID, conclusion int) string {
		return h.code(h.SignConclusion(h.in("", &h.persons[as], nil), SignConclusionInput{ID: expert, ExpectedVersion: row[ExpertiseExpert](h, expert).Version, ConclusionVersion: conclusion}))
	}

	_, code := add(1)
	want(t, "an expert before it was accepted", code, "CONFLICT expertiseId")
	want(t, "accepted by who asks", h.code(h.AcceptExpertise(official, AcceptExpertiseInput{ID: e, ExpectedVersion: 1})), "FORBIDDEN")
	want(t, "for 121 days", accept(ptr(day(2012, 12, 3).AddDays(121))), "BAD_USER_INPUT dueOn")
	want(t, "for 120 days", accept(ptr(day(2012, 12, 3).AddDays(120))), "")
	want(t, "declined when accepted", h.code(h.DeclineExpertise(secretary, DeclineExpertiseInput{ID: e, ExpectedVersion: 2, Reasons: "Нет"})), "CONFLICT id")
	want(t, "begun without experts", start(), "CONFLICT id")
	first, _ := add(1)
	second, _ := add(2)
	_, code = add(1)
	want(t, "the same expert twice", code, "CONFLICT personId")
	want(t, "begun before anybody declared", start(), "CONFLICT id")
	want(t, "declared by another", declare(2, first, ConflictNone), "FORBIDDEN")
	want(t, "declared", declare(1, first, ConflictNone), "")
	want(t, "a conflict", declare(2, second, ConflictPresent), "")
	want(t, "a conflict taken back", declare(2, second, ConflictNone), "CONFLICT conflict")
	_, code = draft(nil)
	want(t, "written before the work", code, "CONFLICT expertiseId")
	want(t, "begun", start(), "")
	want(t, "concluded without a conclusion", conclude(), "CONFLICT id")
	want(t, "signed before it was written", sign(1, first, 1), "CONFLICT id")
	conclusion, code := draft(nil)
	want(t, "written", code, "")
	want(t, "concluded unsigned", conclude(), "CONFLICT id")
	want(t, "signed by one with a conflict", sign(2, second, 1), "CONFLICT id")
	want(t, "another version signed", sign(1, first, 2), "CONFLICT conclusionVersion")
	want(t, "signed", sign(1, first, 1), "")
	want(t, "signed twice", sign(1, first, 1), "CONFLICT id")
	_, code = draft(nil)
	want(t, "written anew without its version", code, "CONFLICT expectedVersion")
	_, code = draft(ptr(1))
	want(t, "written anew", code, "")
	want(t, "concluded when the signature has gone", conclude(), "CONFLICT id")
	want(t, "signed anew", sign(1, first, 2), "")
	h.on(2012, time.December, 10)
	want(t, "concluded", conclude(), "")
	_, code = draft(ptr(3))
	want(t, "written anew when concluded", code, "CONFLICT expertiseId")
	h.replied(e, conclusion)
}

// replied answers the conclusion and its two proposals, of which the first is a case.
func (h *house) replied(e, conclusion core.ID) {
	t := h.t
	var proposals []ExpertiseProposal
	must(t, h.db.NewSelect().Model(&proposals).Where("conclusion_id = ?", conclusion.Key).Order("number").Scan(h.ctx()))
	id := func(i int) core.ID { return core.ID{Type: "ExpertiseProposal", Key: proposals[i].ID} }
	open := func() string {
		return h.code(h.OpenProposalCase(h.in("council_secretary", nil, &h.council), OpenProposalCaseInput{ID: id(0), ExpectedVersion: row[ExpertiseProposal](h, id(0)).Version}))
	}
	want(t, "a case by the official", h.code(h.OpenProposalCase(h.in("official", nil, nil), OpenProposalCaseInput{ID: id(0), ExpectedVersion: 1})), "FORBIDDEN")
	want(t, "a case", open(), "")
	want(t, "a second case", open(), "CONFLICT id")
	reply := func(as int, answers ...ProposalAnswerInput) string {
		return h.code(h.ReplyToExpertise(h.in("", &h.persons[as], nil), ReplyToExpertiseInput{ID: e, ExpectedVersion: row[PublicExpertise](h, e).Version, Reply: "Спасибо", Proposals: answers}))
	}
	yes, no := ProposalAnswerInput{ProposalID: id(0), Outcome: Accepted}, ProposalAnswerInput{ProposalID: id(1), Outcome: Refused}
	because := no
	because.Reasons = ptr("Противоречит закону")
	want(t, "replied to by a stranger", reply(1, yes, because), "FORBIDDEN")
	want(t, "one proposal left out", reply(0, yes), "BAD_USER_INPUT proposals")
	want(t, "refused without reasons", reply(0, yes, no), "BAD_USER_INPUT reasons")
	want(t, "one proposal twice", reply(0, yes, because, yes), "BAD_USER_INPUT proposalId")
	want(t, "a proposal of elsewhere", reply(0, yes, because, ProposalAnswerInput{ProposalID: core.ID{Type: "ExpertiseProposal", Key: core.NewID()}, Outcome: Accepted}), "BAD_USER_INPUT proposals")
	want(t, "replied to", reply(0, yes, because), "")
	want(t, "replied to twice", reply(0, yes, because), "CONFLICT id")
	c := row[cases.Case](h, core.ID{Key: *row[ExpertiseProposal](h, id(0)).CaseID})
	if c.PublicState != cases.Closed || c.Origin != cases.OriginExpertise || *c.DueOn != day(2013, 1, 9) {
		t.Errorf("the case: %+v", c)
	}
	if got := row[ExpertiseProposal](h, id(1)); *got.Outcome != Refused || *got.Reasons != "Противоречит закону" {
		t.Errorf("the second proposal: %+v", got)
	}
}

// A declined expertise says why, and goes no further.
func TestDeclined(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.asked()
	decline := func(reasons string) string {
		return h.code(h.DeclineExpertise(h.ctx(), DeclineExpertiseInput{ID: e, ExpectedVersion: 1, Reasons: reasons}))
	}
	want(t, "without reasons", decline(" "), "BAD_USER_INPUT reasons")
	want(t, "declined", decline("Не относится к ведению"), "")
	want(t, "accepted then", h.code(h.AcceptExpertise(h.ctx(), AcceptExpertiseInput{ID: e, ExpectedVersion: 2})), "CONFLICT id")
	if got := row[PublicExpertise](h, e); fmt.Sprint(*got.Reasons, got.State) != "Не относится к ведениюDECLINED" {
		t.Errorf("in the end: %+v", got)
	}
}
