package calendar

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

// reference counts day by day, as a clerk would with a finger on the wall calendar.
type reference struct {
	known map[int]bool // years that were imported
	days  map[core.Date]CalendarDayKind
	rule  DeadlineRule
}

func (r reference) off(d core.Date) bool {
	if kind, ok := r.days[d]; ok {
		return kind == DayOff
	}
	weekend := func(d core.Date) bool { w := d.Time().Weekday(); return w == time.Saturday || w == time.Sunday }
	if weekend(d) || r.known[d.Time().Year()] {
		return weekend(d)
	}
	holiday := func(d core.Date) bool {
		_, m, n := d.Time().Date()
		switch m {
		case time.January:
			return n <= 8
		case time.February:
			return n == 23
		case time.March:
			return n == 8
		case time.May:
			return n == 1 || n == 9
		case time.June:
			return n == 12
		case time.November:
			return n == 4
		}
		return false
	}
	if holiday(d) {
		return true
	}
	// The working day after a holiday on a weekend, January's left out.
	for back := d.AddDays(-1); weekend(back); back = back.AddDays(-1) {
		if holiday(back) && back.Time().Month() != time.January {
			return true
		}
	}
	return false
}

func (r reference) deadline(begins core.Date, days int, unit Unit) core.Date {
	last := begins
	for left := days; left > 0; {
		last = last.AddDays(1)
		if unit == Calendar || !r.off(last) {
			left--
		}
	}
	if r.rule == SameDay || !r.off(last) {
		return last
	}
	if r.rule == PreviousWorkingDay {
		for d := last; begins.Before(d); d = d.AddDays(-1) {
			if !r.off(d) {
				return d
			}
		}
	}
	for r.off(last) {
		last = last.AddDays(1)
	}
	return last
}

// The engine against the reference: any calendar, rule, unit and first day, also across New Year, in
// years that were imported and years that were not.
func TestDeadlinesAreThoseOfTheWallCalendar(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := day(2012, time.October, 1)
	rapid.Check(t, func(r *rapid.T) {
		ref := reference{known: map[int]bool{}, days: map[core.Date]CalendarDayKind{}, rule: rapid.SampledFrom([]DeadlineRule{NextWorkingDay, SameDay, PreviousWorkingDay}).Draw(r, "rule")}
		h.rule(ref.rule)
		_, err := h.db.NewRaw("DELETE FROM calendar_days; DELETE FROM calendar_years").Exec(h.ctx())
		must(t, err)
		for _, year := range []int{2012, 2013} {
			if !rapid.Bool().Draw(r, "imported") {
				continue
			}
			var days []CalendarDayInput
			for range rapid.IntRange(0, 40).Draw(r, "exceptions") {
				d := day(year, 1, 1).AddDays(rapid.IntRange(0, 364).Draw(r, "day"))
				if year == 2012 && rapid.Bool().Draw(r, "late") {
					d = day(2012, time.December, 31).AddDays(-rapid.IntRange(0, 60).Draw(r, "before New Year"))
				}
				if _, twice := ref.days[d]; twice {
					continue
				}
				kind := rapid.SampledFrom([]CalendarDayKind{WorkingDay, DayOff, DayOff}).Draw(r, "kind")
				ref.days[d] = kind
				days = append(days, CalendarDayInput{Day: d, Kind: kind, Name: core.T("Day", "День")})
			}
			ref.known[year] = true
			h.replace(year, days)
		}
		for range 5 {
			begins := first.AddDays(rapid.IntRange(0, 200).Draw(r, "begins"))
			days := rapid.IntRange(0, 90).Draw(r, "days")
			unit := rapid.SampledFrom([]Unit{Calendar, Working}).Draw(r, "unit")
			got, want := h.deadline(begins, days, unit), ref.deadline(begins, days, unit)
			if got != want {
				r.Fatalf("%d %s days from %s by %s: %s, want %s", days, unit, begins, ref.rule, got, want)
			}
			off, err := h.IsDayOff(h.ctx(), h.db, got)
			must(t, err)
			if off != ref.off(got) || off && ref.rule != SameDay {
				r.Fatalf("%s is off: %t", got, off)
			}
			// A longer term never ends earlier, and one that begins later neither.
			if h.deadline(begins, days+1, unit).Before(got) {
				r.Fatalf("%d days from %s end before %d", days+1, begins, days)
			}
			if ref.rule != PreviousWorkingDay && h.deadline(begins.AddDays(1), days, unit).Before(got) {
				r.Fatalf("%d days from %s end before those of the day before", days, begins.AddDays(1))
			}
			working, err := h.WorkingDays(h.ctx(), h.db, begins, begins.AddDays(days))
			must(t, err)
			count := 0
			for n := range days + 1 {
				if !ref.off(begins.AddDays(n)) {
					count++
				}
			}
			if working != count {
				r.Fatalf("%d working days from %s, want %d", working, begins, count)
			}
		}
	})
}

// However much of a calendar is off, a working day is found.
func TestAYearWithoutAWorkingDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var days []CalendarDayInput
	for n := range 365 {
		days = append(days, CalendarDayInput{Day: day(2013, 1, 1).AddDays(n), Kind: DayOff, Name: core.T("Off", "Выходной")})
	}
	h.replace(2013, days)
	if got := h.deadline(day(2012, time.December, 28), 2, Working).String(); got != "2014-01-09" { // 31 December 2012 is a Monday
		t.Error(got)
	}
}

// The calendars that come with Veche, against the number of working days that the calendars of 2012
// and 2013 for a week of five days name for each month.
func TestRussianCalendars(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.ImportRussian(h.ctx()))
	must(t, h.ImportRussian(h.ctx())) // which changes nothing
	for year, months := range map[int][]int{
		2012: {16, 20, 21, 21, 21, 20, 22, 23, 20, 23, 21, 21},
		2013: {17, 20, 20, 22, 18, 19, 23, 22, 21, 23, 20, 22},
	} {
		var got []int
		for m := range 12 {
			n, err := h.WorkingDays(h.ctx(), h.db, day(year, time.Month(m+1), 1), day(year, time.Month(m+2), 0))
			must(t, err)
			got = append(got, n)
		}
		if !slices.Equal(got, months) {
			t.Errorf("%d: %v, want %v", year, got, months)
		}
	}
	for _, c := range []struct {
		begins core.Date
		days   int
		unit   Unit
		want   string
	}{
		{day(2012, time.December, 3), 30, Calendar, "2013-01-09"}, // 2 January 2013 is off
		{day(2012, time.December, 27), 3, Working, "2013-01-09"},  // 28, 29 December and 9 January
		{day(2012, time.December, 27), 2, Working, "2012-12-29"},
		{day(2012, time.March, 7), 3, Calendar, "2012-03-11"}, // 10 March is off, 11 March works
	} {
		if got := h.deadline(c.begins, c.days, c.unit).String(); got != c.want {
			t.Errorf("%d %s days from %s: %s, want %s", c.days, c.unit, c.begins, got, c.want)
		}
	}
}
