package calendar

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Service counts deadlines and changes the calendar. Methods that change something check the caller's
// right; those that count ask for none.
type Service struct {
	reads  *read.Reader
	guard  *access.Guard
	writer *mutation.Writer
	clock  core.Clock
	counts []func(ctx context.Context, tx *mutation.Tx) error
}

// ImportCalendar puts a year's exceptions in the place of those that there were.
func (s *Service) ImportCalendar(ctx context.Context, in ImportCalendarInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "importCalendar", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayImport, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		if err := in.validate(); err != nil {
			return uuid.Nil, err
		}
		if _, err := lockSettings(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		year, err := s.saveYear(ctx, tx, in)
		if err != nil {
			return uuid.Nil, err
		}
		if err := replaceDays(ctx, tx, year.ID, in.Days); err != nil {
			return uuid.Nil, err
		}
		return year.ID, s.recount(ctx, tx)
	})
}

// saveYear writes the year's own row: a new one, or the one that was read before.
func (s *Service) saveYear(ctx context.Context, tx *mutation.Tx, in ImportCalendarInput) (*CalendarYear, error) {
	year := new(CalendarYear)
	err := tx.NewSelect().Model(year).Where("?TableAlias.year = ?", in.Year).Scan(ctx)
	facts := map[string]any{"year": in.Year, "days": len(in.Days)}
	switch {
	case postgres.NoRows(err):
		year = &CalendarYear{ID: core.NewID(), Year: in.Year, Source: strings.TrimSpace(in.Source), Version: 1}
		tx.Changed(core.Change{Kind: core.Created, Type: "CalendarYear", ID: year.ID, After: facts})
		_, err = tx.NewInsert().Model(year).Exec(ctx)
		return year, err
	case err != nil:
		return nil, err
	case in.ExpectedVersion == nil:
		return nil, core.Conflict(core.Textf("The calendar of %d is there already: give the version that you read as expectedVersion to replace it.",
			"Календарь на %d год уже есть: чтобы заменить его, укажите прочитанную версию в expectedVersion.", in.Year), "input", "expectedVersion")
	}
	year.Source = strings.TrimSpace(in.Source)
	tx.Changed(core.Change{Kind: core.Updated, Type: "CalendarYear", ID: year.ID, After: facts})
	return year, mutation.Save(ctx, tx, year, *in.ExpectedVersion, "source")
}

// SetDeadlineRule says what becomes of a deadline on a day off.
func (s *Service) SetDeadlineRule(ctx context.Context, in SetDeadlineRuleInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "setDeadlineRule", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayRule, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		settings, err := lockSettings(ctx, tx)
		if err != nil {
			return uuid.Nil, err
		}
		before := map[string]any{"deadlineRule": settings.DeadlineRule}
		settings.DeadlineRule = in.DeadlineRule
		if err := mutation.Save(ctx, tx, settings, in.ExpectedVersion, "deadline_rule"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "CalendarSettings", ID: settings.ID, Before: before, After: map[string]any{"deadlineRule": in.DeadlineRule}})
		return settings.ID, s.recount(ctx, tx)
	})
}

// recount lets those who keep deadlines count them anew.
func (s *Service) recount(ctx context.Context, tx *mutation.Tx) error {
	for _, count := range s.counts {
		if err := count(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// Hold keeps the calendar and the rule as they are until the transaction ends. Whoever writes a deadline
// calls it before it locks anything else.
func (s *Service) Hold(ctx context.Context, tx bun.IDB) error {
	var one int
	return tx.NewSelect().Model((*CalendarSettings)(nil)).ColumnExpr("1").For("SHARE").Scan(ctx, &one)
}

// Deadline is the last day of a term of that many days that begins after a day, by the calendar and the
// rule of the context's municipality.
func (s *Service) Deadline(ctx context.Context, db bun.IDB, begins core.Date, days int, unit Unit) (due core.Date, err error) {
	if days < 0 || days > MostDays {
		return due, core.Invalid(core.Textf("From 0 to %d days.", "От 0 до %d дней.", MostDays), "days")
	}
	err = db.NewRaw("SELECT deadline_on(?, ?, ?, ?)", core.MunicipalityOf(ctx).ID, begins, days, unit).Scan(ctx, &due)
	return due, err
}

// IsDayOff says whether nobody works in the town on that day.
func (s *Service) IsDayOff(ctx context.Context, db bun.IDB, day core.Date) (off bool, err error) {
	err = db.NewRaw("SELECT day_off FROM calendar_between(?0, ?1, ?1)", core.MunicipalityOf(ctx).ID, day).Scan(ctx, &off)
	return off, err
}

// WorkingDays is how many working days there are from the first day to the last, both included.
func (s *Service) WorkingDays(ctx context.Context, db bun.IDB, from, to core.Date) (days int, err error) {
	var p core.Problems
	p.Check(!to.Before(from), core.T("The last day is before the first.", "Последний день раньше первого."), "to")
	p.Check(to.Before(from.AddDays(MostDays+1)), core.T("At most ten years.", "Не более десяти лет."), "to")
	if err := p.Err(); err != nil {
		return 0, err
	}
	err = db.NewRaw("SELECT days_between(?, ?, ?, 'WORKING')", core.MunicipalityOf(ctx).ID, from.AddDays(-1), to).Scan(ctx, &days)
	return days, err
}
