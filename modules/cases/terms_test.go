package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/calendar"
)

// overdue are the cases whose answer was overdue on that day, by the condition that the graph asks.
func (h *house) overdue(on core.Date) []uuid.UUID {
	h.t.Helper()
	var keys []uuid.UUID
	condition := strings.NewReplacer("?TableAlias", "a_case", "?asOf", "?1::date").Replace(lateAnswer)
	must(h.t, h.db.NewRaw(`SELECT a_case.id FROM cases AS a_case WHERE a_case.municipality_id = ?0 AND `+condition+` ORDER BY id`, h.town.ID, on).Scan(h.ctx(), &keys))
	return keys
}

func TestExtensionAndPauseRefuse(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	appeal := w.open(Opening{OwnerOrganisationID: &w.department})
	of := w.task() // due on 9 January 2013
	extend := func(days int) string {
		return w.code(w.ExtendCase(w.asOfficial, ExtendCaseInput{ID: of, Days: days, Reason: "запрос"}))
	}
	pause := func(of core.ID) string {
		return w.code(w.PauseCase(w.asOfficial, PauseCaseInput{ID: of, Reason: "нет адреса"}))
	}
	if got := pause(appeal); got != "CONFLICT id" {
		t.Errorf("a pause of an appeal: %q", got)
	}
	if got := w.code(w.ExtendCase(w.asOfficial, ExtendCaseInput{ID: of, Days: 31})); got != "BAD_USER_INPUT reason" {
		t.Errorf("without a reason: %q", got)
	}
	for _, days := range []int{0, 31, -1} {
		if got := extend(days); got != "BAD_USER_INPUT days" {
			t.Errorf("by %d days: %q", days, got)
		}
	}
	if got := w.code(w.ResumeCase(w.asOfficial, ResumeCaseInput{ID: of})); got != "CONFLICT id" {
		t.Errorf("resumed what runs: %q", got)
	}
	w.on(2013, time.January, 10)
	if got := extend(5); got != "CONFLICT id" {
		t.Errorf("extended when it was over: %q", got)
	}
	if got := pause(of); got != "CONFLICT id" {
		t.Errorf("paused when it was over: %q", got)
	}
	w.on(2013, time.January, 9) // the last day
	if got := extend(5); got != "" {
		t.Errorf("extended on its day: %q", got)
	}
	w.toldOf(of, "extended", w.resident)
	if got := extend(5); got != "CONFLICT id" {
		t.Errorf("extended twice: %q", got)
	}
	if got := pause(of); got != "" {
		t.Errorf("paused: %q", got)
	}
	if got := pause(of); got != "CONFLICT id" {
		t.Errorf("paused twice: %q", got)
	}
}

// A pause moves the day by the days for which the clock stood, and while it stands nothing is overdue.
func TestAPauseMovesTheDay(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.task()
	w.on(2012, time.December, 20)
	w.done(w.PauseCase(w.asOfficial, PauseCaseInput{ID: of, Reason: "нет адреса"}))
	w.on(2013, time.February, 20)
	if got := w.overdue(day(2013, 2, 20)); len(got) > 0 {
		t.Error("overdue while it stands")
	}
	w.done(w.ResumeCase(w.asOfficial, ResumeCaseInput{ID: of})) // 2 January and 62 days: 5 March
	if c := w.reread(of); c.DueOn.String() != "2013-03-05" || c.PausedOn != nil {
		t.Errorf("%+v", c)
	}
	for d, want := range map[core.Date]bool{day(2013, 1, 15): false, day(2013, 3, 5): false, day(2013, 3, 6): true} {
		if got := slices.Contains(w.overdue(d), of.Key); got != want {
			t.Errorf("overdue on %s: %t", d, got)
		}
	}
	// An answer ends a pause by itself.
	w.on(2013, time.March, 1)
	w.done(w.PauseCase(w.asOfficial, PauseCaseInput{ID: of, Reason: "ещё раз"}))
	w.on(2013, time.March, 11)
	w.answer(of)
	if k := w.clocks(of)[ClockAnswer]; k.DueOn.String() != "2013-03-15" || *k.Outcome != Met || k.EndedOn.String() != "2013-03-11" {
		t.Errorf("%+v", k)
	}
}

// Forwarding outside stops our term and starts the other body's; what comes back starts ours anew.
func TestForwardingStopsAndStartsTheRightClocks(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.open(Opening{ApplicantID: &w.resident})
	if got := w.code(w.ForwardCase(w.clerk, ForwardCaseInput{ID: of, OrganisationID: *org(w.outside), Outside: true, Reason: "а", ReplyDays: ptr(0)})); got != "BAD_USER_INPUT replyDays" {
		t.Errorf("no days: %q", got)
	}
	w.on(2012, time.December, 7)
	w.done(w.ForwardCase(w.clerk, ForwardCaseInput{ID: of, OrganisationID: *org(w.outside), Outside: true, Reason: "не наше"}))
	w.toldOf(of, "forwarded", w.resident)
	w.state(of, Forwarded)
	k := w.clocks(of)
	if *k[ClockForwarding].Outcome != Met || *k[ClockAnswer].Outcome != Stopped || k[ClockReply].EndedOn != nil || k[ClockReply].DueOn.String() != "2013-01-09" {
		t.Errorf("%+v", k)
	}
	if got := w.overdue(day(2013, 6, 1)); len(got) > 0 {
		t.Error("our answer is overdue, though the case is another body's")
	}
	sent := *k[ClockReply].ForwardingID
	for name, got := range map[string]string{
		"answered":      w.code(w.AnswerCase(w.as(w.mayor, "administrator"), AnswerCaseInput{ID: of, Text: "а"})),
		"extended":      w.code(w.ExtendCase(w.as(w.mayor, "administrator"), ExtendCaseInput{ID: of, Days: 1, Reason: "а"})),
		"forwarded":     w.code(w.ForwardCase(w.clerk, ForwardCaseInput{ID: of, OrganisationID: *org(w.city), Outside: true, Reason: "а"})),
		"withdrawn":     w.code(w.EndForwarding(w.clerk, EndForwardingInput{ID: core.ID{Type: "CaseForwarding", Key: sent}, Outcome: ForwardWithdrawn})),
		"without reply": w.code(w.EndForwarding(w.clerk, EndForwardingInput{ID: core.ID{Type: "CaseForwarding", Key: sent}, Outcome: ForwardAnswered})),
		"by a stranger": w.code(w.EndForwarding(w.asOfficial, EndForwardingInput{ID: core.ID{Type: "CaseForwarding", Key: sent}, Outcome: ForwardReturned})),
		"by a resident": w.code(w.EndForwarding(w.own, EndForwardingInput{ID: core.ID{Type: "CaseForwarding", Key: sent}, Outcome: ForwardReturned})),
	} {
		want := map[string]string{"withdrawn": "BAD_USER_INPUT outcome", "without reply": "BAD_USER_INPUT reply", "by a stranger": "NOT_FOUND", "by a resident": "FORBIDDEN"}[name]
		if want == "" {
			want = "CONFLICT id"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	w.on(2012, time.December, 17)
	end := EndForwardingInput{ID: core.ID{Type: "CaseForwarding", Key: sent}, Outcome: ForwardReturned}
	w.done(w.EndForwarding(w.clerk, end))
	w.state(of, Reopened)
	if k = w.clocks(of); *k[ClockReply].Outcome != Stopped || k[ClockAnswer].EndedOn != nil || k[ClockAnswer].BeginsOn.String() != "2012-12-17" || k[ClockAnswer].DueOn.String() != "2013-01-16" {
		t.Errorf("%+v", k)
	}
	if c := w.reread(of); c.DueOn.String() != "2013-01-16" {
		t.Errorf("the case shows %s", c.DueOn)
	}
	if got := w.code(w.EndForwarding(w.clerk, end)); got != "CONFLICT id" {
		t.Errorf("ended twice: %q", got)
	}
}

// Inside, another body is asked, and our own term runs on; its people see the case meanwhile.
func TestAskingInside(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	asked := w.organisation("MUNICIPAL_INSTITUTION", nil)
	expert := w.person("Знатоков")
	w.head(expert, asked)
	as := w.as(expert, "official")
	of := w.task()
	if w.sees(as, of) {
		t.Error("sees what nobody asked about")
	}
	in := ForwardCaseInput{ID: of, OrganisationID: *org(asked), Reason: "справка"}
	w.done(w.ForwardCase(w.asOfficial, in))
	if got := w.code(w.ForwardCase(w.asOfficial, in)); got != "CONFLICT organisationId" {
		t.Errorf("asked twice: %q", got)
	}
	w.state(of, InProgress)
	k := w.clocks(of)
	if k[ClockAnswer].EndedOn != nil || k[ClockReply].DueOn.String() != "2012-12-18" || !w.sees(as, of) {
		t.Errorf("%+v", k)
	}
	sent := core.ID{Type: "CaseForwarding", Key: *k[ClockReply].ForwardingID}
	w.done(w.EndForwarding(as, EndForwardingInput{ID: sent, Outcome: ForwardAnswered, Reply: ptr("справка дана")}))
	w.toldOf(of, "replied", w.official, w.resident)
	if w.sees(as, of) || *w.clocks(of)[ClockReply].Outcome != Met {
		t.Error("what was replied goes on")
	}
}

// Forty problems raised at a gathering before New Year: those that are not answered in time are listed
// as overdue from the day after theirs, and no others; and so on every day, asked on any later one.
func TestFortyCasesAcrossNewYear(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on(2013, time.February, 28) // what was written down on paper is entered late
	type fate struct{ due, answered core.Date }
	fates := map[uuid.UUID]fate{}
	for n := range 40 {
		on := day(2012, time.November, 26).AddDays(n) // due from 26 December 2012 to 4 February 2013
		of := w.open(Opening{Kind: "task", Title: fmt.Sprint("Яма № ", n), ReceivedOn: on, RegisteredOn: &on, OwnerOrganisationID: &w.department})
		due, err := w.calendar.Deadline(w.ctx(), w.db, on, 30, calendar.Calendar)
		must(t, err)
		f := fate{due: due}
		if n%4 != 0 { // of four, one is answered early, one on its day, one late and one never
			f.answered = due.AddDays([]int{0, -10, 0, 10}[n%4])
			w.on(f.answered.Time().Date())
			w.answer(of)
			w.on(2013, time.February, 28)
		}
		fates[of.Key] = f
	}
	for d := day(2012, time.December, 20); d.Before(day(2013, time.March, 1)); d = d.AddDays(1) {
		var want []uuid.UUID
		for key, f := range fates {
			if f.due.Before(d) && (f.answered.IsZero() || d.Before(f.answered)) {
				want = append(want, key)
			}
		}
		slices.SortFunc(want, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		if got := w.overdue(d); !slices.Equal(got, want) {
			t.Errorf("on %s: %d cases, want %d", d, len(got), len(want))
		}
	}
	// The holidays: what falls into them is due on 9 January, and overdue on the 10th.
	if on9, on10 := len(w.overdue(day(2013, 1, 9))), len(w.overdue(day(2013, 1, 10))); on9 >= on10 {
		t.Errorf("%d overdue on 9 January and %d on the 10th", on9, on10)
	}
}

// Any course of extension, pause and answer: a case is overdue on a day exactly when somebody who kept
// the books by hand would have said so on that day, though it is asked in the end.
func TestOverdueIsWhatItWasOnTheDay(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	rapid.Check(t, func(r *rapid.T) {
		start := day(2012, time.December, 1).AddDays(rapid.IntRange(0, 40).Draw(r, "start"))
		w.on(start.Time().Date())
		of := w.task()
		due, paused, ended := *w.reread(of).DueOn, false, false
		var late []core.Date
		for n := range 60 {
			today := start.AddDays(n)
			w.on(today.Time().Date())
			switch rapid.SampledFrom([]string{"", "", "", "", "", "", "pause", "resume", "extend", "answer"}).Draw(r, "deed") {
			case "pause":
				if w.code(w.PauseCase(w.asOfficial, PauseCaseInput{ID: of, Reason: "а"})) == "" {
					paused = true
				}
			case "resume":
				if w.code(w.ResumeCase(w.asOfficial, ResumeCaseInput{ID: of})) == "" {
					paused, due = false, *w.reread(of).DueOn
				}
			case "extend":
				if w.code(w.ExtendCase(w.asOfficial, ExtendCaseInput{ID: of, Days: 5, Reason: "а"})) == "" {
					due = *w.reread(of).DueOn
				}
			case "answer":
				ended = ended || w.code(w.AnswerCase(w.asOfficial, AnswerCaseInput{ID: of, Text: "а"})) == ""
			}
			if !ended && !paused && due.Before(today) {
				late = append(late, today)
			}
		}
		for n := range 60 {
			d := start.AddDays(n)
			if got := slices.Contains(w.overdue(d), of.Key); got != slices.Contains(late, d) {
				r.Fatalf("on %s it was overdue: %t, and now is said to have been: %t", d, !got, got)
			}
		}
	})
}

// A change of the calendar or of its rule moves the days of the terms that run, and of no others.
func TestTheCalendarMovesOpenTerms(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	running, answered, fixed := w.task(), w.task(), w.open(Opening{DueOn: ptr(day(2013, 1, 2)), OwnerOrganisationID: &w.department})
	w.answer(answered)
	rule := func(rule calendar.DeadlineRule, version int) {
		w.done(w.calendar.SetDeadlineRule(w.ctx(), calendar.SetDeadlineRuleInput{ExpectedVersion: version, DeadlineRule: rule}))
	}
	for n, c := range []struct {
		rule calendar.DeadlineRule
		want string
	}{{calendar.PreviousWorkingDay, "2012-12-29"}, {calendar.SameDay, "2013-01-02"}, {calendar.NextWorkingDay, "2013-01-09"}} {
		rule(c.rule, n+1)
		if got := w.reread(running).DueOn.String(); got != c.want || w.clocks(running)[ClockAnswer].DueOn.String() != c.want {
			t.Errorf("%s: %s, want %s", c.rule, got, c.want)
		}
		if a, f := w.reread(answered).DueOn.String(), w.reread(fixed).DueOn.String(); a != "2013-01-09" || f != "2013-01-02" {
			t.Errorf("%s moved what was answered to %s, or what was set to %s", c.rule, a, f)
		}
	}
	w.done(w.calendar.ImportCalendar(w.ctx(), calendar.ImportCalendarInput{Year: 2013, ExpectedVersion: ptr(1), Source: "—", Days: nil}))
	if got := w.reread(running).DueOn.String(); got != "2013-01-02" {
		t.Errorf("without holidays: %s", got)
	}
}

// Cases that are opened while the calendar changes are counted by the old one and moved, or by the new.
func TestOpeningWhileTheCalendarChanges(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	done := make(chan error)
	go func() {
		for n := range 6 {
			rule := calendar.SameDay
			if n%2 == 1 {
				rule = calendar.NextWorkingDay
			}
			if _, err := w.calendar.SetDeadlineRule(w.ctx(), calendar.SetDeadlineRuleInput{ExpectedVersion: n + 1, DeadlineRule: rule}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 30 {
		_, err := w.writer.Do(w.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
			return w.Open(ctx, tx, Opening{Title: "а", Origin: OriginQuestion, Channel: ChannelMeeting})
		})
		must(t, err)
	}
	must(t, <-done)
	var wrong int
	must(t, w.db.NewRaw(`SELECT count(*) FROM cases WHERE due_on <> '2013-01-09'`).Scan(w.ctx(), &wrong))
	if wrong != 0 {
		t.Errorf("%d cases are counted by a rule that has gone", wrong)
	}
}
