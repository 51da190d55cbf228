// Package calendar keeps the municipality's production calendar and counts deadlines by it.
//
// It owns the years that were imported (CalendarYear), their exceptions from Saturdays and Sundays off
// (CalendarDay) and what becomes of a deadline on a day off (CalendarSettings). In a year that was not
// imported the holidays of the Labour Code, article 112, hold.
//
// The deadline engine is SQL, so that whole sets are counted in one statement: deadline_on(municipality,
// begins, days, unit), and days_between for what a pause took. Other modules call them in their own
// statements, or Service.Deadline for one.
//
// Order: whoever writes deadlines calls Service.Hold first in its transaction, and only then locks rows
// of its own; the calendar then stays as it is until that transaction ends. A module that keeps
// deadlines registers with Module.OnChange and counts the open ones anew, in the transaction in which
// the calendar or the rule changes.
package calendar

import (
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// CalendarYear is a year whose exceptions were imported.
type CalendarYear struct {
	bun.BaseModel `bun:"table:calendar_years,alias:calendar_year"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID      uuid.UUID `bun:"id,pk,type:uuid"`
	Year    int       `bun:"year"`
	Source  string    `bun:"source"`
	Version int       `bun:"version"`
}

// CalendarDay is a day that differs from Saturdays and Sundays off.
type CalendarDay struct {
	bun.BaseModel `bun:"table:calendar_days,alias:calendar_day"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID     uuid.UUID       `bun:"id,pk,type:uuid"`
	YearID uuid.UUID       `bun:"year_id,type:uuid"`
	Year   *CalendarYear   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:year_id=id"`
	Day    core.Date       `bun:"day"`
	Kind   CalendarDayKind `bun:"kind"`
	NameEn string          `bun:"name_en"`
	NameRu string          `bun:"name_ru"`
}

// CalendarDayKind is how a day differs.
type CalendarDayKind string

const (
	WorkingDay CalendarDayKind = "WORKING"
	DayOff     CalendarDayKind = "DAY_OFF"
)

// CalendarSettings is how the municipality counts; it has one row.
type CalendarSettings struct {
	bun.BaseModel `bun:"table:calendar_settings,alias:calendar_settings"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID    `bun:"id,pk,type:uuid"`
	DeadlineRule DeadlineRule `bun:"deadline_rule"`
	Version      int          `bun:"version"`
}

// DeadlineRule is what becomes of a deadline on a day off.
type DeadlineRule string

const (
	NextWorkingDay     DeadlineRule = "NEXT_WORKING_DAY"
	SameDay            DeadlineRule = "SAME_DAY"
	PreviousWorkingDay DeadlineRule = "PREVIOUS_WORKING_DAY"
)

// DeadlineUnit is in what days a term is counted.
type DeadlineUnit string

// Unit is DeadlineUnit, as other modules call it.
type Unit = DeadlineUnit

const (
	Calendar Unit = "CALENDAR" // all days
	Working  Unit = "WORKING"  // working days only
)

// MostDays is the longest term that is counted.
const MostDays = 3660
