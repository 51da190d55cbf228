package calendar

import (
	"context"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/postgres"
)

// house is the module on a real database; today is 28 September 2012.
type house struct {
	*Service
	t      testing.TB
	db     *postgres.DB
	town   *core.Municipality
	module *Module
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := coretest.Database(t)
	town := coretest.Town(t, db, "kansk")
	h := townhall.Open(t, db, town, coretest.Noon(2012, time.September, 28))
	m := New(h)
	townhall.Settle(t, h, town, m)
	return &house{Service: m.Service, t: t, db: db, town: town, module: m}
}

func must(t testing.TB, err error) {
	t.Helper()
	townhall.Must(t, err)
}

// as is an actor in the town who holds the roles everywhere; with none, somebody who has signed in.
func (h *house) as(roles ...string) context.Context {
	a := core.Actor{Kind: core.Account, Account: core.NewID()}
	for _, role := range roles {
		a.Assignments = append(a.Assignments, core.Assignment{Role: role})
	}
	return core.WithActor(h.ctx(), a)
}

// ctx is the system's in the town.
func (h *house) ctx() context.Context {
	return townhall.As(h.town, core.Actor{Kind: core.System})
}

// code is what came of a mutation: "" when it was done, else the code and the field at fault.
func (h *house) code(p *core.Payload, err error) string {
	h.t.Helper()
	return townhall.Code(h.t, p, err)
}

// rule sets the rule for a deadline on a day off.
func (h *house) rule(rule DeadlineRule) {
	h.t.Helper()
	settings := new(CalendarSettings)
	must(h.t, h.db.NewSelect().Model(settings).Scan(h.ctx()))
	if code := h.code(h.SetDeadlineRule(h.ctx(), SetDeadlineRuleInput{ExpectedVersion: settings.Version, DeadlineRule: rule})); code != "" {
		h.t.Fatal(code)
	}
}

// replace imports a year, whether it was there before or not.
func (h *house) replace(year int, days []CalendarDayInput) {
	h.t.Helper()
	var versions []int
	must(h.t, h.db.NewSelect().Model((*CalendarYear)(nil)).Column("version").Where("year = ?", year).Scan(h.ctx(), &versions))
	in := ImportCalendarInput{Year: year, Source: "ст. 112", Days: days}
	if len(versions) > 0 {
		in.ExpectedVersion = &versions[0]
	}
	if code := h.code(h.ImportCalendar(h.ctx(), in)); code != "" {
		h.t.Fatal(code)
	}
}

func (h *house) deadline(begins core.Date, days int, unit Unit) core.Date {
	h.t.Helper()
	due, err := h.Deadline(h.ctx(), h.db, begins, days, unit)
	must(h.t, err)
	return due
}

func day(year int, month time.Month, d int) core.Date { return core.NewDate(year, month, d) }
