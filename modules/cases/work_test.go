package cases

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

// town is the house with a department, its head, the head's superior, and a resident.
type town struct {
	*house
	city, department, outside    uuid.UUID
	mayor, official, resident    uuid.UUID
	clerk, boss, asOfficial, own context.Context
}

func newTown(t testing.TB) *town {
	t.Helper()
	h := newHouse(t)
	w := &town{house: h, mayor: h.person("Главный"), official: h.person("Чиновников"), resident: h.person("Жителев")}
	w.city = h.organisation(people.MunicipalDepartment, nil)
	w.department = h.organisation(people.MunicipalDepartment, &w.city)
	w.outside = h.organisation(people.RegionalBody, nil)
	h.head(w.mayor, w.city)
	h.head(w.official, w.department)
	w.clerk, w.boss = h.as(uuid.Nil, "clerk"), h.as(w.mayor, "official")
	w.asOfficial, w.own = h.as(w.official, "official"), h.as(w.resident)
	return w
}

func org(key uuid.UUID) *core.ID   { return &core.ID{Type: "Organisation", Key: key} }
func human(key uuid.UUID) *core.ID { return &core.ID{Type: "Person", Key: key} }

// task is a case of a kind that may pause, in the department's hands.
func (w *town) task() core.ID {
	return w.open(Opening{Kind: "task", ApplicantID: &w.resident, OwnerOrganisationID: &w.department, Title: "Яма"})
}

func (w *town) answer(of core.ID) {
	w.t.Helper()
	w.done(w.AnswerCase(w.asOfficial, AnswerCaseInput{ID: of, Text: "Засыпано"}))
}

// told are the words and persons of what was last told of the case.
func (w *town) told(of core.ID) (text string, tell []uuid.UUID) {
	w.t.Helper()
	var row struct {
		Notice core.Text   `bun:"notice,type:jsonb"`
		Tell   []uuid.UUID `bun:"tell,array"`
	}
	must(w.t, w.db.NewRaw(`SELECT notice, tell FROM outbox WHERE object_id = ? AND notice IS NOT NULL ORDER BY seq DESC LIMIT 1`, of.Key).Scan(w.ctx(), &row))
	return row.Notice.En, row.Tell
}

func (w *town) toldOf(of core.ID, words string, persons ...uuid.UUID) {
	w.t.Helper()
	text, tell := w.told(of)
	if !strings.Contains(text, words) {
		w.t.Errorf("told %q, want %q", text, words)
	}
	for _, p := range persons {
		found := false
		for _, q := range tell {
			found = found || p == q
		}
		if !found {
			w.t.Errorf("%q is not told to %s", text, p)
		}
	}
}

func (w *town) state(of core.ID, want CasePublicState) {
	w.t.Helper()
	if got := w.reread(of).PublicState; got != want {
		w.t.Errorf("the case is %s, want %s", got, want)
	}
}

// Each change is refused to the wrong role, and to whoever does not see the case.
func TestRolesAreRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.task()
	waiting := id(w.done(w.OpenCase(w.own, OpenCaseInput{Title: "а", Text: "а"})))
	w.answer(of)
	mutations := map[string]func(ctx context.Context, of core.ID) (*core.Payload, error){
		"register": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.RegisterCase(ctx, RegisterCaseInput{ID: of})
		},
		"assign": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.AssignCase(ctx, AssignCaseInput{ID: of})
		},
		"hand over": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.HandOverCase(ctx, HandOverCaseInput{ID: of})
		},
		"forward": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.ForwardCase(ctx, ForwardCaseInput{ID: of, Reason: "а"})
		},
		"step": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.AddCaseStep(ctx, AddCaseStepInput{CaseID: of})
		},
		"note": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.AddCaseNote(ctx, AddCaseNoteInput{CaseID: of})
		},
		"extend": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.ExtendCase(ctx, ExtendCaseInput{ID: of})
		},
		"pause": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.PauseCase(ctx, PauseCaseInput{ID: of})
		},
		"resume": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.ResumeCase(ctx, ResumeCaseInput{ID: of})
		},
		"answer": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.AnswerCase(ctx, AnswerCaseInput{ID: of})
		},
		"refuse": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.RefuseCase(ctx, RefuseCaseInput{ID: of})
		},
		"close": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.CloseCase(ctx, CloseCaseInput{ID: of})
		},
		"reopen": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.ReopenCase(ctx, ReopenCaseInput{ID: of})
		},
		"publish": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.PublishCase(ctx, PublishCaseInput{ID: of})
		},
		"unpublish": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.UnpublishCase(ctx, UnpublishCaseInput{ID: of})
		},
		"link": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.LinkCase(ctx, LinkCaseInput{ID: of})
		},
		"confirm": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.ConfirmAnswer(ctx, ConfirmAnswerInput{ID: &of})
		},
		"object": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.ObjectToAnswer(ctx, ObjectToAnswerInput{ID: &of, Text: "а"})
		},
		"sign other": func(ctx context.Context, of core.ID) (*core.Payload, error) {
			return w.AddCaseSignatory(ctx, AddCaseSignatoryInput{CaseID: of, PersonID: human(w.mayor)})
		},
	}
	forbidden := map[string]string{ // to whom of those who see the case
		"register": "own official", "assign": "own", "hand over": "own", "forward": "own", "step": "own", "note": "own", "extend": "own clerk", "pause": "own",
		"resume": "own", "answer": "own clerk", "refuse": "own clerk", "close": "own", "reopen": "own", "publish": "own official", "unpublish": "own official",
		"link": "own", "confirm": "official clerk", "object": "official clerk", "sign other": "",
	}
	other := w.as(w.person("Посторонний"), "official")
	for name, mutate := range mutations {
		for who, ctx := range map[string]context.Context{"nobody": w.anonymous(), "another official": other} {
			if got := w.code(mutate(ctx, of)); got != "NOT_FOUND" && (name != "sign other" || got != "NOT_FOUND") {
				t.Errorf("%s by %s: %q", name, who, got)
			}
		}
		for who, ctx := range map[string]context.Context{"own": w.own, "official": w.asOfficial, "clerk": w.clerk} {
			got := w.code(mutate(ctx, of))
			if want := strings.Contains(forbidden[name], who); want != (got == "FORBIDDEN") && name != "sign other" {
				t.Errorf("%s by %s: %q", name, who, got)
			}
		}
		if got := w.code(mutate(w.clerk, core.ID{Type: "Case", Key: core.NewID()})); got != "NOT_FOUND" {
			t.Errorf("%s of no case: %q", name, got)
		}
		if got := w.code(mutate(w.clerk, core.ID{Type: "Council", Key: of.Key})); got == "" || !strings.HasPrefix(got, "BAD_USER_INPUT") {
			t.Errorf("%s of a council: %q", name, got)
		}
	}
	if got := w.code(w.RegisterCase(w.asOfficial, RegisterCaseInput{ID: waiting})); got != "NOT_FOUND" {
		t.Errorf("an unassigned case to an official: %q", got)
	}
}

func TestOpenCaseRefuses(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	given := core.ID{Type: "Consent", Key: w.done(w.people.GiveConsent(w.ctx(), people.GiveConsentInput{PersonID: *human(w.resident), Purpose: "обращение", Basis: "устно", GivenOn: day(2012, 12, 3)}))}
	phone := OpenCaseInput{Title: "а", Text: "а", Channel: ptr(ChannelPhone), ApplicantID: human(w.resident)}
	with := func(change func(*OpenCaseInput)) OpenCaseInput { in := phone; change(&in); return in }
	for name, c := range map[string]struct {
		ctx  context.Context
		in   OpenCaseInput
		want string
	}{
		"nobody":                    {w.anonymous(), OpenCaseInput{Title: "а", Text: "а"}, "UNAUTHENTICATED"},
		"a resident for another":    {w.own, with(func(in *OpenCaseInput) { in.ApplicantID = human(w.resident) }), "FORBIDDEN"},
		"a resident on paper":       {w.own, OpenCaseInput{Title: "а", Text: "а", Channel: ptr(ChannelPaper)}, "FORBIDDEN"},
		"a resident to an owner":    {w.own, OpenCaseInput{Title: "а", Text: "а", OwnerOrganisationID: org(w.department)}, "FORBIDDEN"},
		"an official by phone":      {w.asOfficial, phone, "FORBIDDEN"},
		"by phone without consent":  {w.clerk, phone, "BAD_USER_INPUT consentId"},
		"with another's consent":    {w.clerk, with(func(in *OpenCaseInput) { in.ConsentID = &given; in.ApplicantID = human(w.mayor) }), "BAD_USER_INPUT consentId"},
		"of no kind":                {w.clerk, OpenCaseInput{Title: "а", Text: "а", KindID: &core.ID{Type: "CaseKind", Key: core.NewID()}}, "NOT_FOUND"},
		"from what nobody sees":     {w.clerk, OpenCaseInput{Title: "а", Text: "а", SourceID: &core.ID{Type: "Council", Key: core.NewID()}}, "NOT_FOUND"},
		"below what nobody sees":    {w.clerk, OpenCaseInput{Title: "а", Text: "а", ParentID: &core.ID{Type: "Case", Key: core.NewID()}}, "NOT_FOUND"},
		"with a text that is a NUL": {w.own, OpenCaseInput{Title: "а", Text: "а\x00"}, "BAD_USER_INPUT text"},
	} {
		if got := w.code(w.OpenCase(c.ctx, c.in)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	of := id(w.done(w.OpenCase(w.clerk, with(func(in *OpenCaseInput) { in.ConsentID = &given; in.ReceivedOn = ptr(day(2012, 12, 1)) }))))
	c := w.reread(of)
	if c.Origin != OriginStaff || c.Channel != ChannelPhone || c.PublicState != Registered || c.ReceivedOn.String() != "2012-12-01" {
		t.Errorf("%+v", c)
	}
	content := new(CaseContent)
	must(t, w.db.NewSelect().Model(content).Where("?TableAlias.id = ?", of.Key).Scan(w.ctx()))
	if content.OperatorID == nil || *content.OperatorID != core.ActorOf(w.clerk).Account || *content.ConsentID != given.Key || *content.ApplicantID != w.resident {
		t.Errorf("%+v", content)
	}
	if !w.sees(w.own, of) {
		t.Error("the applicant does not see what staff wrote down")
	}
}

// A resident's case waits to be registered; then its terms run, and each change is noted and told.
func TestFromWordToOutcome(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := id(w.done(w.OpenCase(w.own, OpenCaseInput{Title: "Яма", Text: "Во дворе яма"})))
	w.state(of, Received)
	for name, got := range map[string]string{
		"assigned":  w.code(w.AssignCase(w.clerk, AssignCaseInput{ID: of, OwnerOrganisationID: org(w.department)})),
		"closed":    w.code(w.CloseCase(w.clerk, CloseCaseInput{ID: of})),
		"forwarded": w.code(w.ForwardCase(w.clerk, ForwardCaseInput{ID: of, OrganisationID: *org(w.outside), Outside: true, Reason: "а"})),
		"confirmed": w.code(w.ConfirmAnswer(w.own, ConfirmAnswerInput{ID: &of})),
	} {
		if got != "CONFLICT id" {
			t.Errorf("%s before it is registered: %q", name, got)
		}
	}
	w.on(2012, time.December, 5)
	if got := w.code(w.RegisterCase(w.clerk, RegisterCaseInput{ID: of, ExpectedVersion: ptr(7)})); got != "CONFLICT expectedVersion" {
		t.Errorf("stale: %q", got)
	}
	w.done(w.RegisterCase(w.clerk, RegisterCaseInput{ID: of, ExpectedVersion: ptr(w.reread(of).Version)}))
	w.toldOf(of, "registered; an answer is due by 2013-01-09", w.resident) // 4 January is off
	if got := w.code(w.RegisterCase(w.clerk, RegisterCaseInput{ID: of})); got != "CONFLICT id" {
		t.Errorf("registered twice: %q", got)
	}
	if got := w.code(w.AssignCase(w.clerk, AssignCaseInput{ID: of})); got != "BAD_USER_INPUT ownerOrganisationId" {
		t.Errorf("to nobody: %q", got)
	}
	w.done(w.AssignCase(w.clerk, AssignCaseInput{ID: of, OwnerOrganisationID: org(w.department)}))
	w.toldOf(of, "new owner", w.official)
	if k := w.clocks(of); k[ClockForwarding].Outcome == nil || *k[ClockForwarding].Outcome != Stopped || *k[ClockRegistration].Outcome != Met {
		t.Errorf("%+v", k)
	}
	if got := w.code(w.AssignCase(w.clerk, AssignCaseInput{ID: of, OwnerPersonID: human(w.mayor)})); got != "CONFLICT id" {
		t.Errorf("assigned twice: %q", got)
	}
	w.done(w.HandOverCase(w.asOfficial, HandOverCaseInput{ID: of, OwnerPersonID: human(w.mayor), Reason: "не наше"}))
	w.toldOf(of, "new owner", w.official, w.mayor)
	if w.sees(w.asOfficial, of) || !w.sees(w.boss, of) {
		t.Error("the old owner sees the case, or the new one does not")
	}
	w.done(w.AddCaseStep(w.boss, AddCaseStepInput{CaseID: of, Text: "Выехали"}))
	note := w.done(w.AddCaseNote(w.boss, AddCaseNoteInput{CaseID: of, Text: "Подрядчик врёт"}))
	for name, ctx := range map[string]context.Context{"own": w.own, "boss": w.boss} {
		seen, err := read.Sees[CaseNote](ctx, w.reads, note)
		must(t, err)
		if seen != (name == "boss") {
			t.Errorf("%s sees the note: %t", name, seen)
		}
	}
	w.on(2013, time.January, 9)
	w.done(w.AnswerCase(w.boss, AnswerCaseInput{ID: of, Text: "Засыпано"}))
	w.toldOf(of, "was answered", w.resident)
	if k := w.clocks(of)[ClockAnswer]; *k.Outcome != Met || k.EndedOn.String() != "2013-01-09" || w.reread(of).AnsweredOn.String() != "2013-01-09" {
		t.Errorf("%+v", k)
	}
	if got := w.code(w.AnswerCase(w.boss, AnswerCaseInput{ID: of, Text: "ещё"})); got != "CONFLICT id" {
		t.Errorf("answered twice: %q", got)
	}
	w.done(w.ConfirmAnswer(w.own, ConfirmAnswerInput{ID: &of}))
	w.state(of, Closed)
	w.toldOf(of, "closed", w.mayor)
	var kinds []CaseStepKind
	must(t, w.db.NewSelect().Model((*CaseStep)(nil)).Column("kind").Where("?TableAlias.case_id = ?", of.Key).Order("at", "id").Scan(w.ctx(), &kinds))
	if diff := cmp.Diff([]CaseStepKind{StepOpened, StepRegistered, StepAssigned, StepHandedOver, StepProgress, StepAnswered, StepConfirmed}, kinds); diff != "" {
		t.Error(diff)
	}
	for name, got := range map[string]string{
		"a step":         w.code(w.AddCaseStep(w.boss, AddCaseStepInput{CaseID: of, Text: "а"})),
		"closed":         w.code(w.CloseCase(w.boss, CloseCaseInput{ID: of})),
		"a signature":    w.code(w.AddCaseSignatory(w.clerk, AddCaseSignatoryInput{CaseID: of, PersonID: human(w.mayor)})),
		"another word":   w.code(w.ConfirmAnswer(w.own, ConfirmAnswerInput{ID: &of})),
		"no objection":   w.code(w.ObjectToAnswer(w.own, ObjectToAnswerInput{ID: &of, Text: "а"})),
		"not considered": w.code(w.RefuseCase(w.boss, RefuseCaseInput{ID: of, Ground: "ABUSE", Text: "а"})),
	} {
		if !strings.HasPrefix(got, "CONFLICT") {
			t.Errorf("%s on a closed case: %q", name, got)
		}
	}
	w.done(w.ReopenCase(w.boss, ReopenCaseInput{ID: of, Reason: "просели края"}))
	w.state(of, Reopened)
}
