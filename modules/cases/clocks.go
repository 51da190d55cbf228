package cases

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// clock is one of the kind's terms for a case, from a day on.
func (k *CaseKind) clock(of uuid.UUID, kind CaseClockKind, begins core.Date) *CaseClock {
	clock := &CaseClock{ID: core.NewID(), CaseID: of, Kind: kind, BeginsOn: begins}
	switch kind {
	case ClockRegistration:
		clock.Days, clock.Unit = k.RegistrationDays, k.RegistrationUnit
	case ClockForwarding:
		clock.Days, clock.Unit = k.ForwardingDays, k.ForwardingUnit
	default:
		clock.Days, clock.Unit = k.AnswerDays, k.AnswerUnit
	}
	return clock
}

func (c *CaseClock) end(on core.Date, outcome CaseClockOutcome) { c.EndedOn, c.Outcome = &on, &outcome }

// start writes a clock, and works out its day.
func start(ctx context.Context, tx bun.IDB, c *CaseClock) error {
	return tx.NewRaw(`INSERT INTO case_clocks (municipality_id, id, case_id, kind, forwarding_id, begins_on, days, unit, fixed_on, ended_on, outcome, due_on)
		VALUES (?0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, case_due_on(?0, ?5::date, ?6, ?7, ?8::date, 0, 0)) RETURNING due_on`,
		core.MunicipalityOf(ctx).ID, c.ID, c.CaseID, c.Kind, c.ForwardingID, c.BeginsOn, c.Days, c.Unit, c.FixedOn, c.EndedOn, c.Outcome).Scan(ctx, &c.DueOn)
}

// running is the clock of that kind that runs for the case; nil when none does.
func running(ctx context.Context, tx bun.IDB, of uuid.UUID, kind CaseClockKind) (*CaseClock, error) {
	c := new(CaseClock)
	err := tx.NewSelect().Model(c).Where("?TableAlias.case_id = ?", of).Where("?TableAlias.kind = ?", kind).Where("?TableAlias.ended_on IS NULL").Scan(ctx)
	if postgres.NoRows(err) {
		return nil, nil
	}
	return c, err
}

// moveDue is the day of a clock whose days were changed in the same statement; ?0 is the municipality, and
// ?1 and ?2 are the days of extension and pause that it then has.
const moveDue = `due_on = case_due_on(municipality_id, begins_on, days, unit, fixed_on, extended_days + ?1, paused_days + ?2)`

// extend gives a clock more days.
func extend(ctx context.Context, tx bun.IDB, c *CaseClock, days int) error {
	return tx.NewRaw(`UPDATE case_clocks SET extended_days = extended_days + ?1, `+moveDue+`
		WHERE municipality_id = ?0 AND id = ?3 RETURNING due_on`, core.MunicipalityOf(ctx).ID, days, 0, c.ID).Scan(ctx, &c.DueOn)
}

// resume lets a clock that stood run again; its day moves by the days of its unit in which it stood.
func resume(ctx context.Context, tx bun.IDB, c *CaseClock, on core.Date) error {
	var stood int
	if err := tx.NewRaw("SELECT days_between(?, ?, ?, ?)", core.MunicipalityOf(ctx).ID, *c.PausedOn, on, c.Unit).Scan(ctx, &stood); err != nil {
		return err
	}
	return tx.NewRaw(`UPDATE case_clocks SET paused_on = NULL, paused_days = paused_days + ?2, `+moveDue+`
		WHERE municipality_id = ?0 AND id = ?3 RETURNING due_on`, core.MunicipalityOf(ctx).ID, 0, stood, c.ID).Scan(ctx, &c.DueOn)
}

// endClocks ends the case's clocks of those kinds that run. One that stood ran until the pause began.
func endClocks(ctx context.Context, tx bun.IDB, of uuid.UUID, on core.Date, outcome CaseClockOutcome, kinds ...CaseClockKind) error {
	_, err := tx.NewUpdate().Model((*CaseClock)(nil)).Set("ended_on = coalesce(paused_on, ?)", on).Set("outcome = ?", outcome).Set("paused_on = NULL").
		Where("case_id = ?", of).Where("kind IN (?)", bun.List(kinds)).Where("ended_on IS NULL").Exec(ctx)
	return err
}

// recount counts the days of all clocks that run anew, and with them those that cases show: one
// statement, whatever their number. The calendar calls it when it has changed.
func (s *Service) recount(ctx context.Context, tx *mutation.Tx) error {
	_, err := tx.NewRaw(`WITH moved AS (
			UPDATE case_clocks AS clock SET due_on = counted.due_on FROM (
				SELECT id, case_due_on(municipality_id, begins_on, days, unit, fixed_on, extended_days, paused_days) AS due_on FROM case_clocks
				WHERE municipality_id = ?0 AND ended_on IS NULL AND fixed_on IS NULL) AS counted
			WHERE clock.municipality_id = ?0 AND clock.id = counted.id AND clock.due_on <> counted.due_on
			RETURNING clock.case_id, clock.kind, clock.due_on)
		UPDATE cases SET due_on = moved.due_on FROM moved WHERE cases.municipality_id = ?0 AND cases.id = moved.case_id AND moved.kind = 'ANSWER'`,
		core.MunicipalityOf(ctx).ID).Exec(ctx)
	return err
}

// daysFrom is how many days the second day comes after the first.
func daysFrom(first, second core.Date) int {
	return int(second.Time().Sub(first.Time()).Hours() / 24)
}
