package hearings

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

// From the notice to the published conclusion, with three authors of the area and two others.
func TestAHearingsLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	of := h.announced(nil)
	official, clerk := h.as("official", core.Everywhere), h.as("clerk", core.Everywhere)
	version := func() int { return h.reread(of).Version }
	conclude := func(text string) (string, string) {
		p, err := h.ConcludePublicHearing(official, ConcludePublicHearingInput{ID: of, ExpectedVersion: version(), Text: text})
		if code := h.code(p, err); code != "" {
			return code, p.UserErrors[0].Message
		}
		return "", ""
	}
	refused := func(step, words string) {
		t.Helper()
		if code, message := conclude("Утвердить"); code != "CONFLICT" || !strings.Contains(message, words) {
			t.Errorf("%s: %q %s", step, code, message)
		}
	}
	h.on(date(2012, 5, 22))
	var first context.Context
	for n, where := range []int{0, 0, 1} { // two live in the area, one says to live in another district
		author := h.resident(h.person(fmt.Sprintf("Жителева%d", n)))
		in := h.statement(of, where)
		in.ShowName = n == 1
		if n == 0 {
			first = author
			in.Proposals = append(in.Proposals, HearingProposalInput{Text: "И скамейки, звонить +7 391 612-00-00"})
		}
		h.done(h.SubmitHearingStatement(author, in))
	}
	h.done(h.SubmitHearingStatement(first, h.statement(of, 0))) // an author counts once
	business := h.organisation(people.Business)
	paper := RecordHearingStatementInput{HearingID: of, Channel: OnPaper, ReceivedOn: date(2012, 5, 22), OrganisationID: &business,
		Residence: HearingResidenceInput{DistrictID: &h.districts[0]}, Proposals: []HearingProposalInput{{Text: "Оставить проезд"}}}
	h.done(h.RecordHearingStatement(clerk, paper)) // by property in the area
	liar := paper
	liar.OrganisationID, liar.AuthorID = nil, ptr(h.person("Приезжая"))
	last := h.done(h.RecordHearingStatement(clerk, liar))
	h.done(h.CheckHearingStanding(clerk, CheckHearingStandingInput{ID: core.ID{Type: "HearingStatement", Key: last}, ExpectedVersion: 1, Check: Refuted}))
	refused("while statements are taken", "2012-06-02")
	h.on(date(2012, 6, 2))
	refused("before the session", "2012-05-29")
	meeting := h.session(of)
	h.done(h.meetings.OpenSession(h.ctx(), meetings.OpenSessionInput{MeetingID: meeting}))
	h.done(h.meetings.CloseSession(h.ctx(), meetings.CloseSessionInput{MeetingID: meeting}))
	refused("unanswered", "7 proposals have no answer, the first is number 1")
	h.answer(official, of)
	refused("without public texts", "6 statements have no public text, the first is number 1")
	h.clear(clerk, of)
	if code, _ := conclude("Пишите на a@example.org"); code != "BAD_USER_INPUT text" {
		t.Errorf("with a contact: %q", code)
	}
	if sees[HearingConclusion](official, h, of.Key) {
		t.Error("a conclusion is there before it is drawn up")
	}
	if code, message := conclude("Утвердить с учётом предложений"); code != "" {
		t.Fatalf("not concluded: %s", message)
	}
	refused("twice", "2012-06-02")
	c := h.conclusion(of)
	if got := fmt.Sprint(c.ResidentParticipants, c.OtherParticipants, c.ResidentStatements, c.OtherStatements, c.Accepted, c.Partly, c.Refused); got != "3 2 4 2 3 2 2" {
		t.Errorf("counted %s", got)
	}
	for _, words := range []string{"проживающих на территории — 3, иных — 2", "№ 2. Поставить скамейки", "Рекомендации организатора: Утвердить с учётом предложений", "Оповещение: 15.05.2012"} {
		if !strings.Contains(c.Document, words) {
			t.Errorf("the document does not say %q:\n%s", words, c.Document)
		}
	}
	if strings.Contains(c.Document, "Жителева") || strings.Contains(c.Document, "391") {
		t.Errorf("the document tells who:\n%s", c.Document)
	}
	if got := h.code(h.CheckHearingStanding(clerk, CheckHearingStandingInput{ID: core.ID{Type: "HearingStatement", Key: last}, ExpectedVersion: 3, Check: Confirmed})); got != "CONFLICT" {
		t.Errorf("a check after the conclusion: %q", got)
	}
	if sees[HearingConclusion](h.anonymous(), h, of.Key) || !sees[HearingConclusion](official, h, of.Key) {
		t.Error("a conclusion is for the staff until it is published")
	}
	h.publish(official, of, meeting)
	if !sees[HearingConclusion](h.anonymous(), h, of.Key) {
		t.Error("a published conclusion is not public")
	}
	var states []string
	for _, on := range []core.Date{date(2012, 5, 14), date(2012, 5, 15), date(2012, 5, 22), date(2012, 5, 29), date(2012, 6, 2), date(2012, 6, 4)} {
		states = append(states, string(h.state(of, on)))
	}
	if diff := cmp.Diff([]string{"PLANNED", "ANNOUNCED", "ON_DISPLAY", "IN_SESSION", "CONCLUDED", "PUBLISHED"}, states); diff != "" {
		t.Error(diff)
	}
}

// session is the hearing's first session's meeting.
func (h *house) session(of core.ID) core.ID {
	h.t.Helper()
	var key uuid.UUID
	must(h.t, h.db.NewSelect().Model((*HearingSession)(nil)).Column("meeting_id").Where("?TableAlias.hearing_id = ?", of.Key).Order("number").Limit(1).Scan(h.ctx(), &key))
	return core.ID{Type: "Meeting", Key: key}
}

// answer answers all proposals: the outcomes go round.
func (h *house) answer(by context.Context, of core.ID) {
	h.t.Helper()
	ids := map[HearingOutcome][]core.ID{}
	for i, p := range h.proposals(of) {
		outcome := []HearingOutcome{Accepted, Partly, Refused}[i%3]
		ids[outcome] = append(ids[outcome], core.ID{Type: "HearingProposal", Key: p.ID})
	}
	for outcome, some := range ids {
		if got := h.code(h.AnswerHearingProposals(by, AnswerHearingProposalsInput{ProposalIDs: some, Outcome: outcome, Reasons: " "})); got != "BAD_USER_INPUT reasons" {
			h.t.Errorf("without reasons: %q", got)
		}
		h.done(h.AnswerHearingProposals(by, AnswerHearingProposalsInput{ProposalIDs: some, Outcome: outcome, Reasons: "Так предусмотрено проектом"}))
	}
}

// clear gives all statements their public texts: as they were handed in, where that is clean.
func (h *house) clear(by context.Context, of core.ID) {
	h.t.Helper()
	for _, s := range h.statements(of) {
		if sees[HearingStatement](h.anonymous(), h, s.ID) {
			h.t.Errorf("statement %d is public before its text is", s.Number)
		}
		in := PublishHearingStatementInput{ID: core.ID{Type: "HearingStatement", Key: s.ID}, ExpectedVersion: s.Version}
		if got := h.code(h.PublishHearingStatement(by, in)); got != "BAD_USER_INPUT texts" {
			h.t.Errorf("without texts: %q", got)
		}
		for _, p := range h.proposals(of) {
			if p.StatementID == s.ID {
				in.Texts = append(in.Texts, HearingTextInput{ProposalID: core.ID{Type: "HearingProposal", Key: p.ID}})
			}
		}
		if len(in.Texts) == 2 {
			if got := h.code(h.PublishHearingStatement(by, in)); got != "BAD_USER_INPUT text" {
				h.t.Errorf("with a telephone number: %q", got)
			}
			in.Texts[1].Text = ptr("Скамейки для Жителева0")
			if got := h.code(h.PublishHearingStatement(by, in)); got != "BAD_USER_INPUT text" {
				h.t.Errorf("with the author's name: %q", got)
			}
			in.Texts[1].Text = ptr("Поставить скамейки")
		}
		h.done(h.PublishHearingStatement(by, in))
		if !sees[HearingStatement](h.anonymous(), h, s.ID) || sees[HearingStatementContent](h.anonymous(), h, s.ID) {
			h.t.Errorf("statement %d: the public sees its text, and not who made it", s.Number)
		}
	}
}

func (h *house) conclusion(of core.ID) *HearingConclusion {
	h.t.Helper()
	c := new(HearingConclusion)
	must(h.t, h.db.NewSelect().Model(c).Where("?TableAlias.id = ?", of.Key).Scan(h.ctx()))
	return c
}

// publish publishes minutes and then the conclusion, two days later.
func (h *house) publish(by context.Context, of, meeting core.ID) {
	h.t.Helper()
	h.on(date(2012, 6, 4))
	in := PublishPublicHearingInput{ID: of, ExpectedVersion: h.reread(of).Version}
	if got := h.code(h.PublishPublicHearing(by, in)); got != "CONFLICT" {
		h.t.Errorf("without minutes: %q", got)
	}
	minutes := core.ID{Type: "Minutes", Key: h.done(h.meetings.WriteMinutes(h.ctx(), meetings.WriteMinutesInput{MeetingID: meeting, Text: "Протокол"}))}
	h.done(h.meetings.AgreeMinutes(h.ctx(), meetings.AgreeMinutesInput{ID: minutes, ExpectedVersion: 1}))
	h.done(h.meetings.PublishMinutes(h.ctx(), meetings.PublishMinutesInput{ID: minutes, ExpectedVersion: 2}))
	h.done(h.PublishPublicHearing(by, in))
	in.ExpectedVersion = h.reread(of).Version
	if got := h.code(h.PublishPublicHearing(by, in)); got != "CONFLICT" {
		h.t.Errorf("published twice: %q", got)
	}
}

// Fifty who hand in at once get the numbers from 1 to 50, and one that is refused takes none.
func TestStatementNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	of := h.announced(nil)
	h.on(date(2012, 5, 22))
	const many = 50
	codes := make(chan string)
	for n := range many + 10 {
		author, in := h.resident(h.person("Жителева")), h.statement(of, 0)
		if n >= many {
			in.Proposals = nil
		}
		go func() { codes <- h.code(h.SubmitHearingStatement(author, in)) }()
	}
	got := map[string]int{}
	for range many + 10 {
		got[<-codes]++
	}
	if got[""] != many || got["BAD_USER_INPUT proposals"] != 10 {
		t.Errorf("%v", got)
	}
	for i, s := range h.statements(of) {
		if s.Number != i+1 {
			t.Fatalf("statement %d has the number %d", i+1, s.Number)
		}
	}
	for i, p := range h.proposals(of) {
		if p.Number != i+1 {
			t.Fatalf("proposal %d has the number %d", i+1, p.Number)
		}
	}
	if h.reread(of).LastStatement != many || len(h.proposals(of)) != many {
		t.Errorf("%+v", h.reread(of))
	}
}

// Who made a statement is seen by the author and the staff; erasure takes it from them too.
func TestWhoSeesAStatement(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	of := h.announced(nil)
	h.on(date(2012, 5, 22))
	person := h.person("Жителева")
	author := h.resident(person)
	key := h.done(h.SubmitHearingStatement(author, h.statement(of, 0)))
	for name, c := range map[string]struct {
		ctx                context.Context
		statement, content bool
	}{
		"nobody":                      {h.anonymous(), false, false},
		"a stranger":                  {h.resident(h.person("Соседова")), false, false},
		"the author":                  {author, true, true},
		"a clerk":                     {h.as("clerk", core.Everywhere), true, true},
		"an editor":                   {h.as("editor", core.Everywhere), true, false},
		"an auditor":                  {h.as("auditor", core.Everywhere), true, false},
		"an official of the district": {h.as("official", core.Scope{Kind: "district", ID: h.districts[0].Key}), true, true},
		"one of another":              {h.as("official", core.Scope{Kind: "district", ID: h.districts[1].Key}), false, false},
	} {
		if got := sees[HearingStatement](c.ctx, h, key); got != c.statement {
			t.Errorf("%s sees the statement: %t", name, got)
		}
		if got := sees[HearingStatementContent](c.ctx, h, key); got != c.content {
			t.Errorf("%s sees who made it: %t", name, got)
		}
	}
	_, err := h.db.NewRaw("UPDATE accounts SET person_id = NULL").Exec(h.ctx())
	must(t, err)
	h.done(h.people.ErasePerson(h.ctx(), people.ErasePersonInput{ID: person, Reason: "просьба"}))
	var left struct {
		Account, Address, District *uuid.UUID
		Text                       *string
	}
	must(t, h.db.NewRaw(`SELECT s.account_id AS account, s.address_id AS address, s.district_id AS district, p.submitted_text AS text
		FROM hearing_statements AS s JOIN hearing_proposals AS p ON p.statement_id = s.id WHERE s.id = ?`, key).Scan(h.ctx(), &left))
	if left.Account != nil || left.Address != nil || left.District != nil || left.Text != nil || h.statements(of)[0].Standing != ResidentOfArea {
		t.Errorf("left of what was erased: %+v of %+v", left, h.statements(of)[0])
	}
}

// A mandate lets a person speak for an organisation; who speaks under one need not name it.
func TestMandates(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	of := h.announced(func(in *PlanPublicHearingInput) { in.DistrictIDs = nil })
	h.on(date(2012, 5, 22))
	person, business := h.person("Жителева"), h.organisation(people.Business)
	h.done(h.people.GrantMandate(h.ctx(), people.GrantMandateInput{PersonID: person, OrganisationID: business, Scope: "Всё", StartsOn: date(2012, 1, 1)}))
	author := h.resident(person)
	in := h.statement(of, 1)
	in.OrganisationID = &business
	h.done(h.SubmitHearingStatement(author, in))
	actor := core.ActorOf(author)
	actor.ActingFor = business.Key
	in.OrganisationID = nil
	h.done(h.SubmitHearingStatement(core.WithActor(author, actor), in))
	for _, s := range h.statements(of) {
		if s.OrganisationID == nil || *s.OrganisationID != business.Key || s.Claimed != ResidentOfArea { // the whole town is the area
			t.Errorf("%+v", s)
		}
	}
}

// What was announced stands; a session that is added to it is announced with it.
func TestWhatWasAnnouncedStands(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	of := h.announced(nil)
	if got := h.code(h.UpdatePublicHearing(h.ctx(), UpdatePublicHearingInput{ID: of, ExpectedVersion: 2})); got != "CONFLICT" {
		t.Errorf("changed: %q", got)
	}
	add := func(days int) string {
		link := "https://example.org"
		return h.code(h.AddHearingSession(h.ctx(), AddHearingSessionInput{HearingID: of, Session: HearingSessionInput{StartsAt: h.now.AddDate(0, 0, days), Link: &link}}))
	}
	if got := add(6); got != "BAD_USER_INPUT startsAt" {
		t.Errorf("before the display: %q", got)
	}
	if got := add(16); got != "" {
		t.Errorf("a session: %q", got)
	}
	var announced int
	must(t, h.db.NewRaw("SELECT count(*) FROM meetings WHERE announced_at IS NOT NULL").Scan(h.ctx(), &announced))
	if announced != 2 {
		t.Errorf("%d sessions are announced", announced)
	}
	if seen, err := read.Sees[PublicHearing](h.anonymous(), h.reads, of.Key); err != nil || !seen {
		t.Errorf("what was announced is public: %t %v", seen, err)
	}
}

// monthsAfter is the database's own addition of months.
func TestMonthsAfter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rapid.Check(t, func(r *rapid.T) {
		from := date(2000, time.January, 1).AddDays(rapid.IntRange(0, 20_000).Draw(r, "from"))
		months := rapid.IntRange(1, 24).Draw(r, "months")
		var want core.Date
		must(t, h.db.NewRaw("SELECT (?::date + make_interval(months => ?))::date", from, months).Scan(h.ctx(), &want))
		if got := monthsAfter(from, months); got != want {
			r.Fatalf("%s and %d months: %s, want %s", from, months, got, want)
		}
	})
}
