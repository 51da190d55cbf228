package cases

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/calendar"
)

// rounds of the day, and who was told how often of the case.
func (w *town) escalated() int {
	w.t.Helper()
	n, err := w.Escalate(w.ctx())
	must(w.t, err)
	return n
}

// Owner and superior are told once before the day and once after it, however often and however many ask.
func TestEscalation(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.task() // due on 9 January
	w.on(2013, time.January, 5)
	if n := w.escalated(); n != 0 {
		t.Errorf("four days before: %d", n)
	}
	w.on(2013, time.January, 6)
	var wait sync.WaitGroup
	var lock sync.Mutex
	all := 0
	for range 5 {
		wait.Go(func() {
			n, err := w.Escalate(w.ctx())
			if err != nil && core.CodeOf(err) != core.CodeConflict {
				t.Error(err)
			}
			lock.Lock()
			defer lock.Unlock()
			all += n
		})
	}
	wait.Wait()
	if all != 1 {
		t.Errorf("three days before, told %d times", all)
	}
	w.toldOf(of, "due by 2013-01-09", w.official, w.mayor)
	w.on(2013, time.January, 9)
	if n := w.escalated(); n != 0 {
		t.Errorf("on the day: %d", n)
	}
	w.on(2013, time.January, 10)
	if n := w.escalated(); n != 1 {
		t.Errorf("on the day after: %d", n)
	}
	w.toldOf(of, "overdue since 2013-01-09", w.official, w.mayor)
	w.on(2013, time.January, 20)
	if n := w.escalated(); n != 0 {
		t.Errorf("later: %d", n)
	}
	// A case of the head's own goes to the head of the one above; one that stands or has ended to nobody.
	w.on(2013, time.January, 21)
	heads := w.open(Opening{Kind: "task", OwnerOrganisationID: &w.department, OwnerPersonID: &w.official, DueOn: ptr(day(2013, 1, 23))})
	paused, answered := w.task(), w.task()
	w.done(w.PauseCase(w.asOfficial, PauseCaseInput{ID: paused, Reason: "а"}))
	w.answer(answered)
	w.on(2013, time.January, 22)
	if n := w.escalated(); n != 1 {
		t.Errorf("the head's own: %d", n)
	}
	w.toldOf(heads, "due by 2013-01-23", w.official, w.mayor)
	w.on(2013, time.March, 22)
	if n := w.escalated(); n != 1 {
		t.Errorf("of a paused and an answered one: %d", n)
	}
	// What waits to be registered is told of too, to whoever follows it.
	w.on(2013, time.April, 1)
	w.done(w.OpenCase(w.own, OpenCaseInput{Title: "а", Text: "а"}))
	w.on(2013, time.April, 5)
	if n := w.escalated(); n != 1 {
		t.Errorf("of one not registered in time: %d", n)
	}
}

// Whatever their number, clocks are told of in two statements of our own; what is told is one each.
func TestEscalationInBatches(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.task()
	_, err := w.db.NewRaw(`INSERT INTO case_clocks (municipality_id, id, case_id, kind, begins_on, days, unit, due_on, ended_on, outcome)
		SELECT municipality_id, gen_random_uuid(), id, 'ANSWER', '2012-12-01', 1, 'CALENDAR', '2012-12-02', '2012-12-02', 'MET' FROM cases, generate_series(1, 600);
		ALTER TABLE case_clocks DROP CONSTRAINT IF EXISTS none; DROP INDEX case_clocks_one_running; UPDATE case_clocks SET ended_on = NULL, outcome = NULL WHERE due_on = '2012-12-02'`).Exec(w.ctx())
	must(t, err)
	if n := w.escalated(); n != 600 {
		t.Errorf("told of %d", n)
	}
}

func TestWorkflowIsData(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	boss := w.as(w.mayor, "administrator")
	names := core.T("With the contractor", "У подрядчика")
	for name, c := range map[string]struct {
		ctx  context.Context
		in   CreateCaseStateInput
		want string
	}{
		"a clerk":    {w.clerk, CreateCaseStateInput{Key: "contractor", Names: names, PublicState: InProgress}, "FORBIDDEN"},
		"no name":    {boss, CreateCaseStateInput{Key: "contractor", PublicState: InProgress}, "BAD_USER_INPUT names"},
		"a bad key":  {boss, CreateCaseStateInput{Key: "У", Names: names, PublicState: InProgress}, "BAD_USER_INPUT key"},
		"a key had":  {boss, CreateCaseStateInput{Key: "closed", Names: names, PublicState: InProgress}, "CONFLICT key"},
		"to nowhere": {boss, CreateCaseStateInput{Key: "contractor", Names: names, PublicState: InProgress, NextIDs: []core.ID{{Type: "CaseState", Key: core.NewID()}}}, "NOT_FOUND"},
	} {
		if got := w.code(w.CreateCaseState(c.ctx, c.in)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	state := func(key string) *CaseState {
		s := new(CaseState)
		must(t, w.db.NewSelect().Model(s).Where("?TableAlias.key = ?", key).Scan(w.ctx()))
		return s
	}
	ref := func(key string) core.ID { return core.ID{Type: "CaseState", Key: state(key).ID} }
	w.done(w.CreateCaseState(boss, CreateCaseStateInput{Key: "contractor", Names: names, PublicState: InProgress, NextIDs: []core.ID{ref("in_progress")}}))
	of := w.task()
	step := func(key string) string {
		to := ref(key)
		return w.code(w.AddCaseStep(w.asOfficial, AddCaseStepInput{CaseID: of, Text: "а", StateID: &to}))
	}
	if got := step("contractor"); got != "CONFLICT id" {
		t.Errorf("where no way leads: %q", got)
	}
	if got := step("closed"); got != "BAD_USER_INPUT stateId" {
		t.Errorf("past the mutation: %q", got)
	}
	inProgress := state("in_progress")
	w.done(w.UpdateCaseState(boss, UpdateCaseStateInput{ID: ref("in_progress"), ExpectedVersion: inProgress.Version, NextIDs: []core.ID{ref("contractor"), ref("answered")}}))
	if got := step("contractor"); got != "" {
		t.Errorf("a state of the town's own: %q", got)
	}
	w.state(of, InProgress)
	payload, err := w.AnswerCase(w.asOfficial, AnswerCaseInput{ID: of, Text: "а"})
	must(t, err)
	if len(payload.UserErrors) != 1 || !strings.Contains(payload.UserErrors[0].Message, "In progress") {
		t.Errorf("an answer from a state that does not lead there: %+v", payload)
	}
	if got := w.code(w.UpdateCaseState(boss, UpdateCaseStateInput{ID: ref("answered"), ExpectedVersion: 1, Entry: ptr(false)})); got != "BAD_USER_INPUT entry" {
		t.Errorf("without an entry: %q", got)
	}
}

func TestKindsAreData(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	boss := w.as(w.mayor, "administrator")
	names := core.T("Request", "Запрос")
	for name, c := range map[string]struct {
		ctx  context.Context
		in   CreateCaseKindInput
		want string
	}{
		"an official": {w.asOfficial, CreateCaseKindInput{Key: "request", Names: names}, "FORBIDDEN"},
		"no name":     {boss, CreateCaseKindInput{Key: "request"}, "BAD_USER_INPUT names"},
		"long terms":  {boss, CreateCaseKindInput{Key: "request", Names: names, Terms: &CaseTermsInput{AnswerDays: ptr(1000)}}, "BAD_USER_INPUT answerDays"},
		"a key had":   {boss, CreateCaseKindInput{Key: "appeal", Names: names}, "CONFLICT key"},
	} {
		if got := w.code(w.CreateCaseKind(c.ctx, c.in)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	working := CaseTermsInput{AnswerDays: ptr(10), AnswerUnit: ptr(calendar.Working)}
	key := w.done(w.CreateCaseKind(boss, CreateCaseKindInput{Key: "request", Names: names, Terms: &working, IsDefault: true}))
	of := w.open(Opening{}) // 17 December and on: 4 to 14 December, and 17
	if c := w.reread(of); c.KindID != key || c.DueOn.String() != "2012-12-17" {
		t.Errorf("%+v", c)
	}
	kind := core.ID{Type: "CaseKind", Key: key}
	update := UpdateCaseKindInput{ID: kind, ExpectedVersion: 1, IsDefault: ptr(false)}
	if got := w.code(w.UpdateCaseKind(boss, update)); got != "BAD_USER_INPUT isDefault" {
		t.Errorf("no default: %q", got)
	}
	retired := UpdateCaseKindInput{ID: kind, ExpectedVersion: 1, RetiredOn: graphql.OmittableOf(ptr(day(2012, 12, 3)))}
	if got := w.code(w.UpdateCaseKind(boss, retired)); got != "BAD_USER_INPUT retiredOn" {
		t.Errorf("the default retired: %q", got)
	}
	appeal := new(CaseKind)
	must(t, w.db.NewSelect().Model(appeal).Where("?TableAlias.key = 'appeal'").Scan(w.ctx()))
	w.done(w.UpdateCaseKind(boss, UpdateCaseKindInput{ID: core.ID{Type: "CaseKind", Key: appeal.ID}, ExpectedVersion: appeal.Version, IsDefault: ptr(true)}))
	retired.ExpectedVersion = 2
	w.done(w.UpdateCaseKind(boss, retired))
	if got := w.code(w.OpenCase(w.own, OpenCaseInput{Title: "а", Text: "а", KindID: &kind})); got != "BAD_USER_INPUT kind" {
		t.Errorf("of a retired kind: %q", got)
	}
}
