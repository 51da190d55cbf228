package cases

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/files"
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
	people   *people.Service
	calendar *calendar.Service
	town     *core.Municipality
	now      time.Time
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := coretest.Database(t)
	h := &house{t: t, db: db, town: coretest.Town(t, db, "kansk")}
	h.on(2012, time.December, 3)
	clock := func() time.Time { return h.now }
	h.host = townhall.Open(t, db, h.town, clock)
	p := people.New(h.host)
	c := calendar.New(h.host)
	f, err := files.New(h.host, p)
	must(t, err)
	m, err := New(h.host, p, c, f)
	must(t, err)
	townhall.Settle(t, h.host, h.town, p, places.New(h.host), c, f, m)
	h.Service, h.people, h.calendar = m.Service, p.Service, c.Service
	must(t, h.calendar.ImportRussian(h.ctx()))
	return h
}

// on sets the day: it is noon in the town.
func (h *house) on(year int, month time.Month, d int) {
	h.now = time.Date(year, month, d, 5, 0, 0, 0, time.UTC)
}

func must(t testing.TB, err error) {
	t.Helper()
	townhall.Must(t, err)
}

// ctx is the system's in the town, from one address.
func (h *house) ctx() context.Context {
	return townhall.As(h.town, core.Actor{Kind: core.System})
}

func (h *house) anonymous() context.Context {
	return core.WithActor(h.ctx(), core.Actor{Kind: core.Anonymous})
}

// as is a fresh account in the town that belongs to the person (the nil one: to none) and holds the roles.
func (h *house) as(person uuid.UUID, roles ...string) context.Context {
	h.t.Helper()
	a := core.Actor{Kind: core.Account, Account: core.NewID(), Person: person}
	for _, role := range roles {
		a.Assignments = append(a.Assignments, core.Assignment{Role: role})
	}
	_, err := h.db.NewRaw(`INSERT INTO accounts (municipality_id, id, login, display_name, person_id, created_at) VALUES (?0, ?1, ?2, ?2, ?3, ?4)`,
		h.town.ID, a.Account, a.Account.String(), orNil(person), h.now).Exec(h.ctx())
	must(h.t, err)
	return core.WithActor(h.ctx(), a)
}

func orNil(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
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

func (h *house) person(family string) uuid.UUID {
	h.t.Helper()
	return h.done(h.people.CreatePerson(h.ctx(), people.CreatePersonInput{FamilyName: family, GivenName: "Иван"}))
}

func (h *house) organisation(kind people.OrganisationKind, parent *uuid.UUID) uuid.UUID {
	h.t.Helper()
	in := people.CreateOrganisationInput{Kind: kind, Name: "Отдел " + core.NewID().String()}
	if parent != nil {
		in.ParentID = &core.ID{Type: "Organisation", Key: *parent}
	}
	return h.done(h.people.CreateOrganisation(h.ctx(), in))
}

// head gives the person the post of a single holder at the head of the organisation.
func (h *house) head(person, organisation uuid.UUID) {
	h.t.Helper()
	h.done(h.people.AssignPost(h.ctx(), people.AssignPostInput{PersonID: core.ID{Type: "Person", Key: person}, OrganisationID: core.ID{Type: "Organisation", Key: organisation},
		Title: "Начальник", SoleHolder: true, StartsOn: core.NewDate(2012, 1, 1)}))
}

// open opens a case in a transaction of another module's.
func (h *house) open(o Opening) core.ID {
	h.t.Helper()
	if o.Origin == "" {
		o.Origin, o.Channel = OriginGathering, ChannelMeeting
	}
	if o.Title == "" {
		o.Title = "Яма во дворе"
	}
	return id(h.done(h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) { return h.Open(ctx, tx, o) })))
}

func id(key uuid.UUID) core.ID { return core.ID{Type: "Case", Key: key} }

func (h *house) reread(of core.ID) *Case {
	h.t.Helper()
	c := new(Case)
	must(h.t, h.db.NewSelect().Model(c).Where("?TableAlias.id = ?", of.Key).Scan(h.ctx()))
	return c
}

// clocks are the case's, by kind; of several of one kind the last.
func (h *house) clocks(of core.ID) map[CaseClockKind]CaseClock {
	h.t.Helper()
	var all []CaseClock
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.case_id = ?", of.Key).Order("id").Scan(h.ctx()))
	by := map[CaseClockKind]CaseClock{}
	for _, c := range all {
		by[c.Kind] = c
	}
	return by
}

// sees says whether the actor of ctx sees the case.
func (h *house) sees(ctx context.Context, of core.ID) bool {
	h.t.Helper()
	seen, err := read.Sees[Case](ctx, h.reads, of.Key)
	must(h.t, err)
	return seen
}

func ptr[T any](v T) *T { return &v }

func day(year int, month time.Month, d int) core.Date { return core.NewDate(year, month, d) }
