package councilwork

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/people"
)

func (h *house) adoption() AdoptRecommendationInput {
	return AdoptRecommendationInput{CouncilID: h.council, Title: "Об освещении", Text: "Осветить ул. Мира", AddresseeID: &h.department, AdoptedOn: core.DateOf(h.now)}
}

func (h *house) recommendation() core.ID {
	h.t.Helper()
	return core.ID{Type: "Recommendation", Key: h.done(h.AdoptRecommendation(h.ctx(), h.adoption()))}
}

// What is not right with a recommendation is named, and nobody adopts one for another body.
func TestWhoAdopts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := h.body(councils.PublicCouncil)
	q := h.question()
	adopt := func(change func(*AdoptRecommendationInput)) string {
		in := h.adoption()
		change(&in)
		return h.code(h.AdoptRecommendation(h.ctx(), in))
	}
	as := func(role string, body *core.ID) string {
		return h.code(h.AdoptRecommendation(h.in(role, &h.persons[0], body), h.adoption()))
	}
	want(t, "a member", as("council_member", &h.council), "FORBIDDEN")
	want(t, "the official to whom it is addressed", as("official", nil), "FORBIDDEN")
	want(t, "another body's secretary", as("council_secretary", &other), "FORBIDDEN")
	want(t, "no addressee", adopt(func(in *AdoptRecommendationInput) { in.AddresseeID = nil }), "BAD_USER_INPUT addresseeId")
	want(t, "tomorrow", adopt(func(in *AdoptRecommendationInput) { in.AdoptedOn = day(2012, 12, 4) }), "BAD_USER_INPUT adoptedOn")
	want(t, "before the body was founded", adopt(func(in *AdoptRecommendationInput) { in.AdoptedOn = day(2011, 12, 31) }), "CONFLICT adoptedOn")
	want(t, "two votes of three", adopt(func(in *AdoptRecommendationInput) { in.VotesFor, in.VotesAgainst = ptr(5), ptr(1) }), "BAD_USER_INPUT votesFor")
	want(t, "on a question that was not considered", adopt(func(in *AdoptRecommendationInput) { in.QuestionID = &q }), "CONFLICT questionId")
	want(t, "on another body's question", adopt(func(in *AdoptRecommendationInput) { in.CouncilID, in.QuestionID = other, &q }), "BAD_USER_INPUT questionId")
	if n := h.numbers(); len(n) > 0 {
		t.Errorf("numbers were kept: %v", n)
	}
	want(t, "the secretary", as("council_secretary", &h.council), "")
}

func (h *house) numbers() (all []string) {
	h.t.Helper()
	var rows []Recommendation
	must(h.t, h.db.NewSelect().Model(&rows).OrderExpr("year, number").Scan(h.ctx()))
	for _, r := range rows {
		all = append(all, fmt.Sprintf("%d/%d", r.Number, r.Year))
	}
	return all
}

// Fifty at once, every fifth of them refused: the numbers run from 1 without gaps. Another year, and
// another body, begins anew.
func TestNumbersWithoutGaps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var group sync.WaitGroup
	codes := make([]string, 50)
	for i := range codes {
		group.Go(func() {
			in := h.adoption()
			if i%5 == 0 { // refused after the number was taken
				in.UploadIDs = []core.ID{{Type: "FileUpload", Key: core.NewID()}}
			}
			codes[i] = h.code(h.AdoptRecommendation(h.ctx(), in))
		})
	}
	group.Wait()
	var expected []string
	for n := range 40 {
		expected = append(expected, fmt.Sprintf("%d/2012", n+1))
	}
	if got := h.numbers(); !slices.Equal(got, expected) {
		t.Errorf("numbers: %v, from %v", got, codes)
	}
	h.on(2013, time.January, 9)
	for range 2 {
		h.recommendation()
	}
	in := h.adoption()
	in.CouncilID = h.body(councils.PublicCouncil)
	h.done(h.AdoptRecommendation(h.ctx(), in))
	if got := h.numbers(); !slices.Equal(got[40:], []string{"1/2013", "1/2013", "2/2013"}) {
		t.Errorf("in the next year: %v", got[40:])
	}
}

// A recommendation is sent with its case in one transaction, and both end with the answer.
func TestSentAndAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r, secretary, head := h.recommendation(), h.in("council_secretary", nil, &h.council), h.in("", &h.persons[0], nil)
	send := func(due *core.Date) string {
		return h.code(h.SendRecommendation(secretary, SendRecommendationInput{ID: r, ExpectedVersion: 2, DueOn: due}))
	}
	answer := func(outcome RecommendationOutcome, reasons *string) string {
		return h.code(h.AnswerRecommendation(head, AnswerRecommendationInput{ID: r, ExpectedVersion: 3, Outcome: outcome, Answer: "Включено в план", Reasons: reasons, SignedByID: &h.persons[0]}))
	}
	want(t, "corrected", h.code(h.UpdateRecommendation(secretary, UpdateRecommendationInput{ID: r, ExpectedVersion: 1, Text: graphql.OmittableOf(ptr("Осветить ул. Ленина")),
		VotesFor: graphql.OmittableOf(ptr(9)), VotesAgainst: graphql.OmittableOf(ptr(1)), VotesAbstained: graphql.OmittableOf(ptr(0))})), "")
	want(t, "answered before it was sent", answer(Accepted, nil), "NOT_FOUND")
	want(t, "by today", send(ptr(day(2012, 12, 3))), "BAD_USER_INPUT dueOn")
	want(t, "sent", send(nil), "")
	want(t, "sent twice", send(nil), "CONFLICT id")
	want(t, "corrected when sent", h.code(h.UpdateRecommendation(secretary, UpdateRecommendationInput{ID: r, ExpectedVersion: 3})), "CONFLICT id")
	sent := row[Recommendation](h, r)
	// 30 days from 3 December 2012 are 2 January 2013, a day off; the first working day after the holidays
	// is 9 January.
	if *sent.DueOn != day(2013, 1, 9) {
		t.Errorf("due on %s", sent.DueOn)
	}
	opened := row[cases.Case](h, core.ID{Key: *sent.CaseID})
	if opened.Origin != cases.OriginRecommendation || *opened.SourceID != r.Key || *opened.OwnerOrganisationID != h.department.Key || *opened.DueOn != *sent.DueOn || *opened.PublishedText != "Осветить ул. Ленина" {
		t.Errorf("the case: %+v", opened)
	}
	want(t, "by somebody of elsewhere", h.code(h.AnswerRecommendation(h.in("", &h.persons[1], nil), AnswerRecommendationInput{ID: r, ExpectedVersion: 3, Outcome: Accepted, Answer: "Да"})), "FORBIDDEN")
	want(t, "by the secretary", h.code(h.AnswerRecommendation(secretary, AnswerRecommendationInput{ID: r, ExpectedVersion: 3, Outcome: Accepted, Answer: "Да"})), "FORBIDDEN")
	want(t, "refused without reasons", answer(Refused, nil), "BAD_USER_INPUT reasons")
	want(t, "refused with blank reasons", answer(Refused, ptr(" ")), "BAD_USER_INPUT reasons")
	want(t, "in part without reasons", answer(Partly, nil), "BAD_USER_INPUT reasons")
	want(t, "accepted with reasons", answer(Accepted, ptr("Нет денег")), "BAD_USER_INPUT reasons")
	want(t, "signed by a stranger", h.code(h.AnswerRecommendation(h.in("official", nil, nil), AnswerRecommendationInput{ID: r, ExpectedVersion: 3, Outcome: Accepted, Answer: "Да", SignedByID: &h.persons[1]})), "BAD_USER_INPUT signedById")
	want(t, "in part", answer(Partly, ptr("Только до моста")), "")
	want(t, "twice", answer(Accepted, nil), "CONFLICT id")
	closed := row[cases.Case](h, core.ID{Key: *sent.CaseID})
	if closed.PublicState != cases.Closed || *closed.AnsweredOn != day(2012, 12, 3) || *closed.PublishedAnswer != "Включено в план" {
		t.Errorf("the case in the end: %+v", closed)
	}
}

// A case that ended otherwise does not stand in the way of the answer; one in another body's hands does.
func TestTheCaseEndedOtherwise(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	send := func() (core.ID, core.ID) {
		r := h.recommendation()
		h.done(h.SendRecommendation(h.ctx(), SendRecommendationInput{ID: r, ExpectedVersion: 1}))
		return r, core.ID{Type: "Case", Key: *row[Recommendation](h, r).CaseID}
	}
	answer := func(r core.ID) string {
		return h.code(h.AnswerRecommendation(h.ctx(), AnswerRecommendationInput{ID: r, ExpectedVersion: 2, Outcome: Accepted, Answer: "Сделано"}))
	}
	r, c := send()
	h.done(h.cases.AnswerCase(h.ctx(), cases.AnswerCaseInput{ID: c, Text: "Ответ"}))
	want(t, "answered as a case", answer(r), "")
	if got := row[cases.Case](h, c); got.PublicState != cases.Closed {
		t.Errorf("stays %s", got.PublicState)
	}
	r, c = send()
	h.done(h.cases.RefuseCase(h.ctx(), cases.RefuseCaseInput{ID: c, Ground: "UNCLEAR", Text: "Неясно"}))
	want(t, "refused as a case", answer(r), "")
	r, c = send()
	elsewhere := core.ID{Type: "Organisation", Key: h.done(h.people.CreateOrganisation(h.ctx(), people.CreateOrganisationInput{Kind: "NGO", Name: "Другая"}))}
	h.done(h.cases.ForwardCase(h.ctx(), cases.ForwardCaseInput{ID: c, OrganisationID: elsewhere, Outside: true, Reason: "Не наше"}))
	want(t, "in another body's hands", answer(r), "CONFLICT id")
}

// Whether a recommendation was late is answered for every day, across the holidays, before and after the
// answer.
func TestOverdueAcrossNewYear(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.recommendation()
	h.done(h.SendRecommendation(h.ctx(), SendRecommendationInput{ID: r, ExpectedVersion: 1}))
	h.on(2013, time.January, 15)
	h.done(h.AnswerRecommendation(h.ctx(), AnswerRecommendationInput{ID: r, ExpectedVersion: 2, Outcome: Accepted, Answer: "Сделано"}))
	for on, expected := range map[core.Date]bool{
		day(2012, 12, 3): false, day(2013, 1, 2): false, day(2013, 1, 8): false, day(2013, 1, 9): false,
		day(2013, 1, 10): true, day(2013, 1, 14): true, day(2013, 1, 15): false, day(2014, 1, 1): false,
	} {
		var late bool
		must(t, h.db.NewRaw("SELECT overdue @> ?::date FROM recommendations WHERE id = ?", on, r.Key).Scan(h.ctx(), &late))
		if late != expected {
			t.Errorf("overdue on %s: %v", on, late)
		}
	}
}
