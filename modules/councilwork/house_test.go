package councilwork

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// house is the module with those that it stands on, on a real database, in a town that keeps the Russian
// calendar. Its day is set by the test; it begins on Monday, 3 December 2012.
type house struct {
	*Service
	t        testing.TB
	db       *postgres.DB
	host     *host.Host
	councils *councils.Service
	people   *people.Service
	calendar *calendar.Service
	town     *core.Municipality
	now      time.Time

	council, commission, department core.ID
	persons                         []core.ID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := coretest.Database(t)
	h := &house{t: t, db: db, town: coretest.Town(t, db, "kansk")}
	h.on(2012, time.December, 3)
	clock := func() time.Time { return h.now }
	h.host = townhall.Open(t, db, h.town, clock)
	h.build()
	h.furnish()
	return h
}

// build makes the modules.
func (h *house) build() {
	p, days := people.New(h.host), calendar.New(h.host)
	f, err := files.New(h.host, p)
	must(h.t, err)
	c, err := cases.New(h.host, p, days, f)
	must(h.t, err)
	m := meetings.New(h.host, p, f, c)
	votes := motions.New(h.host, p, m)
	bodies := councils.New(h.host, p, f, m)
	work := New(h.host, Parts{People: p, Councils: bodies, Calendar: days, Cases: c, Files: f})
	townhall.Settle(h.t, h.host, h.town, p, places.New(h.host), days, f, c, m, votes, bodies, work)
	h.Service, h.councils, h.people, h.calendar = work.Service, bodies.Service, p.Service, days.Service
}

// furnish makes a body, a commission, a department, and three members who sit in the body since its first
// day; the first has a post in the department too.
func (h *house) furnish() {
	must(h.t, h.calendar.ImportRussian(h.ctx()))
	h.council, h.commission = h.body(councils.PublicChamber), h.body(councils.InterdepartmentalCommittee)
	h.department = core.ID{Type: "Organisation", Key: h.done(h.people.CreateOrganisation(h.ctx(), people.CreateOrganisationInput{Kind: "MUNICIPAL_DEPARTMENT", Name: "Отдел благоустройства"}))}
	for range 3 {
		person := core.ID{Type: "Person", Key: h.done(h.people.CreatePerson(h.ctx(), people.CreatePersonInput{FamilyName: "Образцов", GivenName: "Иван"}))}
		h.persons = append(h.persons, person)
		h.sit(h.council, person, day(2012, 1, 1), nil)
	}
	h.done(h.people.AssignPost(h.ctx(), people.AssignPostInput{PersonID: h.persons[0], OrganisationID: h.department, Title: "Начальник отдела", StartsOn: day(2012, 1, 1)}))
}

// body founds a body on 1 January 2012.
func (h *house) body(kind councils.CouncilKind) core.ID {
	h.t.Helper()
	return core.ID{Type: "Council", Key: h.done(h.councils.CreateCouncil(h.ctx(), councils.CreateCouncilInput{Kind: kind, Name: "Орган", FoundingAct: "Акт", FoundedOn: day(2012, 1, 1)}))}
}

func (h *house) sit(body, person core.ID, from core.Date, to *core.Date) core.ID {
	h.t.Helper()
	return core.ID{Type: "Membership", Key: h.done(h.councils.AddMember(h.ctx(), councils.AddMemberInput{
		CouncilID: body, PersonID: person, Post: councils.Member, Basis: councils.ActiveCitizen, StartsOn: from, EndsOn: to}))}
}

// on sets the day: it is noon in the town.
func (h *house) on(year int, month time.Month, d int) {
	h.now = time.Date(year, month, d, 5, 0, 0, 0, time.UTC)
}

func must(t testing.TB, err error) {
	t.Helper()
	townhall.Must(t, err)
}

// ctx is the system's in the town.
func (h *house) ctx() context.Context { return h.as(core.Actor{Kind: core.System}) }

func (h *house) as(actor core.Actor) context.Context {
	return townhall.As(h.town, actor)
}

// in is an account of the person with a role, in a body or (nil) everywhere.
func (h *house) in(role string, person *core.ID, body *core.ID) context.Context {
	actor := core.Actor{Kind: core.Account, Account: core.NewID()}
	if person != nil {
		actor.Person = person.Key
	}
	if role != "" {
		actor.Assignments = []core.Assignment{{Role: role}}
		if body != nil {
			actor.Assignments[0].Scope = core.Scope{Kind: "council", ID: body.Key}
		}
	}
	return h.as(actor)
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

// row reads a row as it is now.
func row[M any](h *house, id core.ID) *M {
	h.t.Helper()
	m := new(M)
	must(h.t, h.db.NewSelect().Model(m).Where("?TableAlias.id = ?", id.Key).Scan(h.ctx()))
	return m
}

// want compares what came of refusals and acts.
func want(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func ptr[T any](v T) *T { return &v }

func day(year int, month time.Month, d int) core.Date { return core.NewDate(year, month, d) }
