package calendar

import (
	"github.com/veche-city/veche/core"
)

// ImportCalendarInput replaces a year's exceptions.
type ImportCalendarInput struct {
	Year             int
	ExpectedVersion  *int
	Source           string
	Days             []CalendarDayInput
	ClientMutationID *string
}

// CalendarDayInput is one exception.
type CalendarDayInput struct {
	Day  core.Date
	Kind CalendarDayKind
	Name core.Text
}

// SetDeadlineRuleInput changes the rule for a deadline on a day off.
type SetDeadlineRuleInput struct {
	ExpectedVersion  int
	DeadlineRule     DeadlineRule
	ClientMutationID *string
}

func (in ImportCalendarInput) validate() error {
	var p core.Problems
	p.Check(in.Year >= 1900 && in.Year <= 2200, core.T("A year from 1900 to 2200.", "Год от 1900 до 2200."), "input", "year")
	p.Words(in.Source, 1000, "input", "source")
	if len(in.Days) > 366 {
		p.Check(false, core.T("A year has at most 366 days.", "В году не больше 366 дней."), "input", "days")
		return p.Err()
	}
	seen := map[core.Date]bool{}
	for _, d := range in.Days {
		p.Check(d.Day.Time().Year() == in.Year, core.Textf("%[1]s is no day of %[2]d.", "%[1]s — день другого года, а не %[2]d.", d.Day, in.Year), "input", "days")
		p.Check(!seen[d.Day], core.Textf("%s is there twice.", "%s указан дважды.", d.Day), "input", "days")
		seen[d.Day] = true
		p.Words(d.Name.En, 200, "input", "days")
		p.Words(d.Name.Ru, 200, "input", "days")
	}
	return p.Err()
}
