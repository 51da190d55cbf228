package hearings

import (
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/meetings"
)

func with[M any](in M, change func(*M)) M {
	change(&in)
	return in
}

func TestPlansRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	plan := h.plan()
	here := h.as("official", core.Scope{Kind: "district", ID: h.districts[0].Key})
	change := func(fn func(*PlanPublicHearingInput)) PlanPublicHearingInput { return with(plan, fn) }
	for name, got := range map[string]string{
		"by nobody UNAUTHENTICATED":                       h.code(h.PlanPublicHearing(h.anonymous(), plan)),
		"by the reception FORBIDDEN":                      h.code(h.PlanPublicHearing(h.as("clerk", core.Everywhere), plan)),
		"by a resident FORBIDDEN":                         h.code(h.PlanPublicHearing(h.as("resident", core.Everywhere), plan)),
		"for the town by one of a district FORBIDDEN":     h.code(h.PlanPublicHearing(here, change(func(in *PlanPublicHearingInput) { in.DistrictIDs = nil }))),
		"elsewhere by one of a district FORBIDDEN":        h.code(h.PlanPublicHearing(here, change(func(in *PlanPublicHearingInput) { in.DistrictIDs = h.districts[1:] }))),
		"without a subject BAD_USER_INPUT subject":        h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) { in.Subject = " " }))),
		"display the wrong way BAD_USER_INPUT displayTo":  h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) { in.DisplayTo = in.DisplayFrom.AddDays(-1) }))),
		"intake before display BAD_USER_INPUT intakeFrom": h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) { in.IntakeFrom = in.DisplayFrom.AddDays(-1) }))),
		"intake after display BAD_USER_INPUT intakeTo":    h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) { in.IntakeTo = in.DisplayTo.AddDays(1) }))),
		"a budget without a session BAD_USER_INPUT form": h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) {
			in.Kind, in.Form, in.Sessions = Budget, Discussion, nil
		}))),
		"a discussion with one BAD_USER_INPUT sessions":        h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) { in.Form = Discussion }))),
		"a session before the display BAD_USER_INPUT startsAt": h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) { in.Sessions[0].StartsAt = h.now.AddDate(0, 0, 6) }))),
		"in a person BAD_USER_INPUT districtIds":               h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) { in.DistrictIDs = []core.ID{h.person("а")} }))),
		"by no organisation NOT_FOUND":                         h.code(h.PlanPublicHearing(h.ctx(), change(func(in *PlanPublicHearingInput) { in.OrganiserID.Key = core.NewID() }))),
		"a rule by an official FORBIDDEN":                      h.code(h.SetHearingRule(h.as("official", core.Everywhere), SetHearingRuleInput{Kind: Budget, ExpectedVersion: 1, Law: "а"})),
		"a rule of a year and a day BAD_USER_INPUT noticeDays": h.code(h.SetHearingRule(h.ctx(), SetHearingRuleInput{Kind: Budget, ExpectedVersion: 1, NoticeDays: 366, Law: "а"})),
		"a stale rule CONFLICT expectedVersion":                h.code(h.SetHearingRule(h.ctx(), SetHearingRuleInput{Kind: Budget, ExpectedVersion: 2, Law: "а"})),
	} {
		if !strings.HasSuffix(name, " "+got) || got == "" {
			t.Errorf("%s: %q", name, got)
		}
		plan = h.plan()
	}
}

// The notice is given in time, or not at all: the refusal says the earliest day, and the rule is the town's.
func TestNoticeInTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	announce := func(change func(*PlanPublicHearingInput)) (string, string) {
		in := h.plan()
		change(&in)
		of := h.id(h.done(h.PlanPublicHearing(h.ctx(), in)))
		p, err := h.AnnouncePublicHearing(h.ctx(), AnnouncePublicHearingInput{ID: of, ExpectedVersion: 1})
		code := h.code(p, err)
		if code == "" {
			return "", ""
		}
		return code, p.UserErrors[0].Message
	}
	nothing := func(*PlanPublicHearingInput) {}
	if code, _ := announce(nothing); code != "" {
		t.Errorf("in time: %q", code)
	}
	early := func(in *PlanPublicHearingInput) {
		in.DisplayFrom, in.IntakeFrom = in.DisplayFrom.AddDays(-1), in.IntakeFrom.AddDays(-1)
	}
	if code, message := announce(early); code != "BAD_USER_INPUT id" || !strings.Contains(message, "2012-05-22") {
		t.Errorf("a day early: %q %s", code, message)
	}
	long := func(in *PlanPublicHearingInput) { in.DisplayTo, in.IntakeTo = date(2012, 6, 15), date(2012, 6, 15) }
	if code, message := announce(long); code != "BAD_USER_INPUT id" || !strings.Contains(message, "2012-06-15") {
		t.Errorf("longer than a month: %q %s", code, message)
	}
	if code, _ := announce(func(in *PlanPublicHearingInput) { long(in); in.Kind = Charter }); code != "" {
		t.Errorf("a charter has no month: %q", code)
	}
	if code, _ := announce(func(in *PlanPublicHearingInput) { in.Sessions[0].StartsAt = h.now.AddDate(0, 1, 0) }); code != "BAD_USER_INPUT id" {
		t.Errorf("a session on the last day: %q", code)
	}
	if code, _ := announce(func(in *PlanPublicHearingInput) { in.Sessions = nil }); code != "CONFLICT" {
		t.Errorf("without a session: %q", code)
	}
	h.done(h.SetHearingRule(h.ctx(), SetHearingRuleInput{Kind: PlanningProject, ExpectedVersion: 1, NoticeDays: 6, Discussion: true, Law: "Устав города"}))
	if code, _ := announce(early); code != "" {
		t.Errorf("a day early by the town's own rule: %q", code)
	}
}

func TestStatementsRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	of := h.announced(nil)
	resident, clerk := h.resident(h.person("Жителева")), h.as("clerk", core.Everywhere)
	business := h.organisation("BUSINESS")
	paper := RecordHearingStatementInput{HearingID: of, Channel: OnPaper, ReceivedOn: date(2012, 5, 22), AuthorID: ptr(h.person("Пишущая")),
		Residence: HearingResidenceInput{Elsewhere: true}, Proposals: []HearingProposalInput{{Text: "а"}}}
	in := h.statement(of, 0)
	if got := h.code(h.SubmitHearingStatement(resident, in)); got != "CONFLICT hearingId" {
		t.Errorf("before the first day: %q", got)
	}
	h.on(date(2012, 6, 2))
	if p, err := h.SubmitHearingStatement(resident, in); h.code(p, err) != "CONFLICT hearingId" || !strings.Contains(p.UserErrors[0].Message, "2012-06-01") {
		t.Errorf("after the last day: %+v", p)
	}
	h.on(date(2012, 6, 1))
	submit := func(fn func(*SubmitHearingStatementInput)) string {
		return h.code(h.SubmitHearingStatement(resident, with(in, fn)))
	}
	record := func(fn func(*RecordHearingStatementInput)) string {
		return h.code(h.RecordHearingStatement(clerk, with(paper, fn)))
	}
	hidden := h.id(h.done(h.PlanPublicHearing(h.ctx(), h.plan())))
	for name, got := range map[string]string{
		"by nobody UNAUTHENTICATED":                         h.code(h.SubmitHearingStatement(h.anonymous(), in)),
		"by an account of no person CONFLICT":               h.code(h.SubmitHearingStatement(h.as("resident", core.Everywhere), in)),
		"at one that is not announced NOT_FOUND":            submit(func(in *SubmitHearingStatementInput) { in.HearingID = hidden }),
		"for an organisation BAD_USER_INPUT organisationId": submit(func(in *SubmitHearingStatementInput) { in.OrganisationID = &business }),
		"from nowhere BAD_USER_INPUT residence":             submit(func(in *SubmitHearingStatementInput) { in.Residence = HearingResidenceInput{} }),
		"from two places BAD_USER_INPUT residence":          submit(func(in *SubmitHearingStatementInput) { in.Residence.Elsewhere = true }),
		"from no district NOT_FOUND": submit(func(in *SubmitHearingStatementInput) {
			in.Residence.DistrictID = &core.ID{Type: "District", Key: core.NewID()}
		}),
		"without a proposal BAD_USER_INPUT proposals": submit(func(in *SubmitHearingStatementInput) { in.Proposals = nil }),
		"an empty one BAD_USER_INPUT text":            submit(func(in *SubmitHearingStatementInput) { in.Proposals = []HearingProposalInput{{Text: " "}} }),
		"paper by a resident FORBIDDEN":               h.code(h.RecordHearingStatement(resident, paper)),
		"paper online BAD_USER_INPUT channel":         record(func(in *RecordHearingStatementInput) { in.Channel = Online }),
		"paper of tomorrow BAD_USER_INPUT receivedOn": record(func(in *RecordHearingStatementInput) { in.ReceivedOn = date(2012, 6, 2) }),
		"paper of before CONFLICT receivedOn":         record(func(in *RecordHearingStatementInput) { in.ReceivedOn = date(2012, 5, 21) }),
		"without a name BAD_USER_INPUT authorId":      record(func(in *RecordHearingStatementInput) { in.AuthorID = nil }),
		"in no session BAD_USER_INPUT receivedOn":     record(func(in *RecordHearingStatementInput) { in.Channel = InSession }),
	} {
		if !strings.HasSuffix(name, " "+got) || got == "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := record(func(in *RecordHearingStatementInput) { in.Channel, in.ReceivedOn = InSession, date(2012, 5, 29) }); got != "" {
		t.Errorf("in the session: %q", got)
	}
	if got := h.statements(of); len(got) != 1 || got[0].Number != 1 {
		t.Errorf("refused statements took numbers: %+v", got)
	}
	h.done(h.CancelPublicHearing(h.ctx(), CancelPublicHearingInput{ID: of, ExpectedVersion: h.reread(of).Version, Reason: "Отозван проект"}))
	if got := submit(func(*SubmitHearingStatementInput) {}); got != "CONFLICT" {
		t.Errorf("at a cancelled one: %q", got)
	}
	m := new(meetings.Meeting)
	must(t, h.db.NewSelect().Model(m).Where("?TableAlias.kind = 'HEARING'").Order("starts_at").Limit(1).Scan(h.ctx()))
	if m.State != meetings.Cancelled {
		t.Errorf("its session is %s", m.State)
	}
}
