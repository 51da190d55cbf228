package councils

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// house is the module with those that it stands on, on a real database; today is 28 September 2012.
type house struct {
	*Service
	t       testing.TB
	db      *postgres.DB
	people  *people.Service
	town    *core.Municipality
	persons []core.ID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := coretest.Database(t)
	town := coretest.Town(t, db, "kansk")
	h := townhall.Open(t, db, town, coretest.Noon(2012, time.September, 28))
	p := people.New(h)
	f, err := files.New(h, p)
	must(t, err)
	days := calendar.New(h)
	c, err := cases.New(h, p, days, f)
	must(t, err)
	m := meetings.New(h, p, f, c)
	all := []core.Module{p, places.New(h), m, motions.New(h, p, m), New(h, p, f, m), f, days, c}
	townhall.Settle(t, h, town, all...)
	return &house{Service: all[4].(*Module).Service, t: t, db: db, people: p.Service, town: town}
}

func must(t testing.TB, err error) {
	t.Helper()
	townhall.Must(t, err)
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

// done wants a mutation to have been done, and answers the object's key.
func (h *house) done(p *core.Payload, err error) uuid.UUID {
	h.t.Helper()
	return townhall.Done(h.t, p, err)
}

// person is the n-th of the people whom the tests seat.
func (h *house) person(n int) core.ID {
	h.t.Helper()
	for len(h.persons) <= n {
		key := h.done(h.people.CreatePerson(h.ctx(), people.CreatePersonInput{FamilyName: "Образцов", GivenName: "Иван"}))
		h.persons = append(h.persons, core.ID{Type: "Person", Key: key})
	}
	return h.persons[n]
}

// council founds a body on 1 January 2012; change makes it another one than a plain one.
func (h *house) council(change func(*CreateCouncilInput)) core.ID {
	h.t.Helper()
	in := CreateCouncilInput{Kind: CoordinationCouncil, Name: "Совет", FoundingAct: "Постановление № 1", FoundedOn: core.NewDate(2012, 1, 1)}
	if change != nil {
		change(&in)
	}
	return core.ID{Type: "Council", Key: h.done(h.CreateCouncil(h.ctx(), in))}
}

// seatOf is a plain seat from a day to a day; nil: without an end.
func (h *house) seatOf(council core.ID, person int, from core.Date, to *core.Date) AddMemberInput {
	return AddMemberInput{CouncilID: council, PersonID: h.person(person), Post: Member, Basis: ActiveCitizen, StartsOn: from, EndsOn: to}
}

func (h *house) reread(council core.ID) *Council {
	h.t.Helper()
	c := new(Council)
	must(h.t, h.db.NewSelect().Model(c).Where("?TableAlias.id = ?", council.Key).Scan(h.ctx()))
	return c
}

func (h *house) seats(council core.ID) []Membership {
	h.t.Helper()
	var all []Membership
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.council_id = ?", council.Key).Order("starts_on", "id").Scan(h.ctx()))
	return all
}

func (h *house) terms(council core.ID) []Term {
	h.t.Helper()
	var all []Term
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.council_id = ?", council.Key).Order("number").Scan(h.ctx()))
	return all
}

func ptr[T any](v T) *T { return &v }

func day(year int, month time.Month, d int) core.Date { return core.NewDate(year, month, d) }
