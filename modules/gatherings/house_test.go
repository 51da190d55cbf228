package gatherings

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// house is the module with those that it stands on, on a real database, in a town that keeps the Russian
// calendar. Its day is set by the test; it begins on Thursday, 27 December 2012.
type house struct {
	*Service
	t         testing.TB
	db        *postgres.DB
	places    *places.Service
	town      *core.Municipality
	now       time.Time
	districts []core.ID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := coretest.Database(t)
	h := &house{t: t, db: db, town: coretest.Town(t, db, "kansk")}
	h.on(day(2012, 12, 27))
	clock := func() time.Time { return h.now }
	on := townhall.Open(t, db, h.town, clock)
	p, where, days := people.New(on), places.New(on), calendar.New(on)
	papers, err := files.New(on, p)
	must(t, err)
	thread, err := cases.New(on, p, days, papers)
	must(t, err)
	met := meetings.New(on, p, papers, thread)
	m := New(on, p, papers, thread, met)
	townhall.Settle(t, on, h.town, p, where, days, papers, thread, met, m)
	h.Service, h.places = m.Service, where.Service
	must(t, days.Service.ImportRussian(h.ctx()))
	for n := range 2 {
		key := h.done(h.places.CreateDistrict(h.ctx(), places.CreateDistrictInput{Number: n + 1, Name: "Район"}))
		h.districts = append(h.districts, core.ID{Type: "District", Key: key})
	}
	return h
}

// on sets the day: it is noon in the town.
func (h *house) on(d core.Date) { h.now = d.Time().Add(5 * time.Hour) }

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

// as is a fresh account in the town that holds the role there, or in a scope.
func (h *house) as(role string, scope core.Scope) context.Context {
	h.t.Helper()
	a := core.Actor{Kind: core.Account, Account: core.NewID(), Assignments: []core.Assignment{{Role: role, Scope: scope}}}
	_, err := h.db.NewRaw(`INSERT INTO accounts (municipality_id, id, login, display_name, created_at) VALUES (?0, ?1, ?2, ?2, ?3)`,
		h.town.ID, a.Account, a.Account.String(), h.now).Exec(h.ctx())
	must(h.t, err)
	return core.WithActor(h.ctx(), a)
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

func (h *house) person(family string) core.ID {
	h.t.Helper()
	return core.ID{Type: "Person", Key: h.done(h.people.CreatePerson(h.ctx(), people.CreatePersonInput{FamilyName: family, GivenName: "Иван"}))}
}

func (h *house) organisation(kind people.OrganisationKind) core.ID {
	h.t.Helper()
	in := people.CreateOrganisationInput{Kind: kind, Name: "Орган " + core.NewID().String()}
	return core.ID{Type: "Organisation", Key: h.done(h.people.CreateOrganisation(h.ctx(), in))}
}

// official is a person with a post in the organisation from 2010 on.
func (h *house) official(organisation core.ID) (person, post core.ID) {
	h.t.Helper()
	person = h.person("Чиновник")
	post = core.ID{Type: "Post", Key: h.done(h.people.AssignPost(h.ctx(), people.AssignPostInput{
		PersonID: person, OrganisationID: organisation, Title: "Заместитель главы", StartsOn: day(2010, 1, 1)}))}
	return person, post
}

// plan is a gathering in three days.
func (h *house) plan() PlanGatheringInput {
	link := "https://example.org/gathering"
	return PlanGatheringInput{Title: "Встреча с жителями", DistrictIDs: h.districts[:1], Link: &link, StartsAt: h.now.AddDate(0, 0, 3)}
}

// held is a gathering that was held today, and its id.
func (h *house) held(officials ...GatheringOfficialInput) core.ID {
	h.t.Helper()
	police := h.organisation(people.Police)
	return h.id(h.done(h.RecordGathering(h.ctx(), RecordGatheringInput{Title: "Сход", OrganiserID: &police, DistrictIDs: h.districts[:1],
		HeldOn: core.DateOf(h.now), HeadCount: 120, CountedByID: &police, Officials: officials})))
}

func (*house) id(key uuid.UUID) core.ID { return core.ID{Type: "Gathering", Key: key} }

func (h *house) reread(of core.ID) *Gathering {
	h.t.Helper()
	g := new(Gathering)
	must(h.t, h.db.NewSelect().Model(g).Where("?TableAlias.id = ?", of.Key).Scan(h.ctx()))
	return g
}

// sees says whether the actor of ctx sees the object.
func sees[M any](ctx context.Context, h *house, key uuid.UUID) bool {
	h.t.Helper()
	seen, err := read.Sees[M](ctx, h.reads, key)
	must(h.t, err)
	return seen
}

func ptr[T any](v T) *T { return &v }

func day(year int, month time.Month, d int) core.Date { return core.NewDate(year, month, d) }
