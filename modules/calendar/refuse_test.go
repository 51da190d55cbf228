package calendar

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

func TestCalendarRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one := CalendarDayInput{Day: day(2014, 1, 1), Kind: DayOff, Name: core.T("New Year", "Новый год")}
	whole := ImportCalendarInput{Year: 2014, Source: "ст. 112", Days: []CalendarDayInput{one}}
	with := func(change func(*ImportCalendarInput)) ImportCalendarInput { in := whole; change(&in); return in }
	for name, c := range map[string]struct {
		ctx  context.Context
		in   ImportCalendarInput
		want string
	}{
		"nobody":       {core.WithActor(h.ctx(), core.Actor{Kind: core.Anonymous}), whole, "UNAUTHENTICATED"},
		"a resident":   {h.as(), whole, "FORBIDDEN"},
		"an official":  {h.as("official"), whole, "FORBIDDEN"},
		"no source":    {h.as("clerk"), with(func(in *ImportCalendarInput) { in.Source = " " }), "BAD_USER_INPUT source"},
		"a far year":   {h.as("clerk"), with(func(in *ImportCalendarInput) { in.Year = 3000; in.Days = nil }), "BAD_USER_INPUT year"},
		"another year": {h.as("clerk"), with(func(in *ImportCalendarInput) { in.Year = 2015 }), "BAD_USER_INPUT days"},
		"a day twice":  {h.as("clerk"), with(func(in *ImportCalendarInput) { in.Days = []CalendarDayInput{one, one} }), "BAD_USER_INPUT days"},
		"no name":      {h.as("clerk"), with(func(in *ImportCalendarInput) { in.Days = []CalendarDayInput{{Day: one.Day, Kind: DayOff}} }), "BAD_USER_INPUT days"},
	} {
		if got := h.code(h.ImportCalendar(c.ctx, c.in)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := h.code(h.ImportCalendar(h.as("clerk"), whole)); got != "" {
		t.Errorf("a clerk: %q", got)
	}
	if got := h.code(h.ImportCalendar(h.as("clerk"), whole)); got != "CONFLICT expectedVersion" {
		t.Errorf("a second time: %q", got)
	}
	stale, fresh := 7, 1
	if got := h.code(h.ImportCalendar(h.as("clerk"), with(func(in *ImportCalendarInput) { in.ExpectedVersion = &stale }))); got != "CONFLICT expectedVersion" {
		t.Errorf("stale: %q", got)
	}
	if got := h.code(h.ImportCalendar(h.as("clerk"), with(func(in *ImportCalendarInput) { in.ExpectedVersion = &fresh }))); got != "" {
		t.Errorf("again: %q", got)
	}
	rule := SetDeadlineRuleInput{ExpectedVersion: 1, DeadlineRule: SameDay}
	for role, want := range map[string]string{"clerk": "FORBIDDEN", "editor": "FORBIDDEN", "official": "FORBIDDEN"} {
		if got := h.code(h.SetDeadlineRule(h.as(role), rule)); got != want {
			t.Errorf("the rule by a %s: %q", role, got)
		}
	}
	if got := h.code(h.SetDeadlineRule(h.as("administrator"), rule)); got != "" {
		t.Errorf("the rule: %q", got)
	}
	if got := h.code(h.SetDeadlineRule(h.as("administrator"), rule)); got != "CONFLICT expectedVersion" {
		t.Errorf("the rule, stale: %q", got)
	}
}

// Whoever keeps deadlines counts in the same transaction; what they cannot do is not done at all.
func TestACountThatFailsTakesTheCalendarBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var sees string
	fail := errors.New("no")
	h.module.OnChange(func(ctx context.Context, tx *mutation.Tx) error {
		due, err := h.Deadline(ctx, tx, day(2013, time.January, 31), 1, Calendar)
		sees = due.String()
		return errors.Join(err, fail)
	})
	in := ImportCalendarInput{Year: 2013, Source: "—", Days: []CalendarDayInput{{Day: day(2013, time.February, 1), Kind: DayOff, Name: core.T("a", "а")}}}
	if _, err := h.ImportCalendar(h.ctx(), in); !errors.Is(err, fail) {
		t.Fatal(err)
	}
	if sees != "2013-02-04" {
		t.Errorf("the count saw %s", sees)
	}
	if got := h.deadline(day(2013, time.January, 31), 1, Calendar).String(); got != "2013-02-01" {
		t.Errorf("what was refused holds: %s", got)
	}
}
