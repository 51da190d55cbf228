package hearings

import (
	"context"
	"strings"
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

// house is the module with those that it stands on, on a real database. Its day is set by the test; it begins on Tuesday, 15 May 2012.
type house struct {
	*Service
	t          testing.TB
	db         *postgres.DB
	places     *places.Service
	town       *core.Municipality
	now        time.Time
	districts  []core.ID
	department core.ID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := coretest.Database(t)
	h := &house{t: t, db: db, town: coretest.Town(t, db, "kansk")}
	h.on(date(2012, 5, 15))
	clock := func() time.Time { return h.now }
	on := townhall.Open(t, db, h.town, clock)
	p, where, days := people.New(on), places.New(on), calendar.New(on)
	papers, err := files.New(on, p)
	must(t, err)
	thread, err := cases.New(on, p, days, papers)
	must(t, err)
	met := meetings.New(on, p, papers, thread)
	m := New(on, p, papers, met)
	townhall.Settle(t, on, h.town, p, where, days, papers, thread, met, m)
	h.Service, h.places = m.Service, where.Service
	for n := range 2 {
		key := h.done(h.places.CreateDistrict(h.ctx(), places.CreateDistrictInput{Number: n + 1, Name: "Район"}))
		h.districts = append(h.districts, core.ID{Type: "District", Key: key})
	}
	h.department = h.organisation(people.MunicipalDepartment)
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

// plan is a hearing of the first district that can be announced today: display and intake from the 8th day on
// for ten days, one session on the 15th.
func (h *house) plan() PlanPublicHearingInput {
	today, link := core.DateOf(h.now), "https://example.org/hearing"
	return PlanPublicHearingInput{
		Kind: PlanningProject, Form: WithSession, Subject: "Проект планировки микрорайона", Initiator: ByHead, AppointingAct: "Постановление № 7",
		OrganiserID: h.department, DistrictIDs: h.districts[:1], DisplayPlace: "Здание администрации", DisplayFrom: today.AddDays(7), DisplayTo: today.AddDays(17),
		IntakeFrom: today.AddDays(7), IntakeTo: today.AddDays(17), Sessions: []HearingSessionInput{{StartsAt: h.now.AddDate(0, 0, 14), Link: &link}},
	}
}

func (*house) id(key uuid.UUID) core.ID { return core.ID{Type: "PublicHearing", Key: key} }

// announced is a hearing that was planned and announced today; change makes it another one.
func (h *house) announced(change func(*PlanPublicHearingInput)) core.ID {
	h.t.Helper()
	in := h.plan()
	if change != nil {
		change(&in)
	}
	of := h.id(h.done(h.PlanPublicHearing(h.ctx(), in)))
	h.done(h.AnnouncePublicHearing(h.ctx(), AnnouncePublicHearingInput{ID: of, ExpectedVersion: 1}))
	return of
}

func (h *house) reread(of core.ID) *PublicHearing {
	h.t.Helper()
	p := new(PublicHearing)
	must(h.t, h.db.NewSelect().Model(p).Where("?TableAlias.id = ?", of.Key).Scan(h.ctx()))
	return p
}

// resident is a signed-in account of that person.
func (h *house) resident(person core.ID) context.Context {
	h.t.Helper()
	a := core.Actor{Kind: core.Account, Account: core.NewID(), Person: person.Key}
	_, err := h.db.NewRaw(`INSERT INTO accounts (municipality_id, id, login, display_name, person_id, created_at) VALUES (?0, ?1, ?2, ?2, ?3, ?4)`,
		h.town.ID, a.Account, a.Account.String(), person.Key, h.now).Exec(h.ctx())
	must(h.t, err)
	return core.WithActor(h.ctx(), a)
}

// statement is a plain one of somebody who lives in the n-th district; -1: elsewhere.
func (h *house) statement(of core.ID, n int) SubmitHearingStatementInput {
	where := HearingResidenceInput{Elsewhere: n < 0}
	if n >= 0 {
		where.DistrictID = &h.districts[n]
	}
	return SubmitHearingStatementInput{HearingID: of, Residence: where, Proposals: []HearingProposalInput{{Clause: ptr("п. 3"), Text: "Больше деревьев"}}}
}

func (h *house) statements(of core.ID) []HearingStatement {
	h.t.Helper()
	var all []HearingStatement
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.hearing_id = ?", of.Key).Order("number").Scan(h.ctx()))
	return all
}

func (h *house) proposals(of core.ID) []HearingProposal {
	h.t.Helper()
	var all []HearingProposal
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.hearing_id = ?", of.Key).Order("number").Scan(h.ctx()))
	return all
}

// state is how a hearing stands on a day, as the graph shows it.
func (h *house) state(of core.ID, on core.Date) (state HearingState) {
	h.t.Helper()
	sql := strings.NewReplacer("?TableAlias", "hearing", "?asOf", "'"+on.String()+"'::date").Replace(stateOn("?asOf"))
	must(h.t, h.db.NewRaw("SELECT "+sql+" FROM public_hearings AS hearing WHERE hearing.id = ?", of.Key).Scan(h.ctx(), &state))
	return state
}

// sees says whether the actor of ctx sees the object.
func sees[M any](ctx context.Context, h *house, key uuid.UUID) bool {
	h.t.Helper()
	seen, err := read.Sees[M](ctx, h.reads, key)
	must(h.t, err)
	return seen
}

func ptr[T any](v T) *T { return &v }

func date(year int, month time.Month, d int) core.Date { return core.NewDate(year, month, d) }
