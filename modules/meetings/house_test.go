package meetings_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/mutation"
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

// house is the module with those that it stands on, and councils that meet, on a real database. Its clock
// stands at noon of 28 September 2012 until a test sets it.
type house struct {
	*meetings.Service
	module   *meetings.Module
	t        testing.TB
	db       *postgres.DB
	writer   *mutation.Writer
	people   *people.Service
	places   *places.Service
	councils *councils.Service
	town     *core.Municipality
	now      atomic.Pointer[time.Time]
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := coretest.Database(t)
	house := &house{t: t, db: db, town: coretest.Town(t, db, "kansk")}
	house.set(coretest.Noon(2012, time.September, 28)())
	clock := func() time.Time { return *house.now.Load() }
	h := townhall.Open(t, db, house.town, clock)
	p, pl, days := people.New(h), places.New(h), calendar.New(h)
	f, err := files.New(h, p)
	must(t, err)
	c, err := cases.New(h, p, days, f)
	must(t, err)
	house.writer = h.Writer
	house.module = meetings.New(h, p, f, c)
	motions.New(h, p, house.module)
	co := councils.New(h, p, f, house.module)
	townhall.Settle(t, h, house.town, p, pl, days, f, c, house.module, co)
	house.Service, house.people, house.places, house.councils = house.module.Service, p.Service, pl.Service, co.Service
	return house
}

func must(t testing.TB, err error) {
	t.Helper()
	townhall.Must(t, err)
}

func ptr[T any](v T) *T { return &v }

// set puts the clock.
func (h *house) set(now time.Time) { h.now.Store(&now) }

// at is a moment of a day in the town.
func (h *house) at(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2012, month, day, hour, minute, 0, 0, h.town.Location())
}

// ctx is the system's in the town.
func (h *house) ctx() context.Context { return h.acting(core.Actor{Kind: core.System}) }

func (h *house) acting(a core.Actor) context.Context {
	return townhall.As(h.town, a)
}

// as is somebody with an account who holds roles by pairs of a role and the council in which it holds, the zero
// id for the whole town.
func (h *house) as(person core.ID, roles ...core.Assignment) context.Context {
	return h.acting(core.Actor{Kind: core.Account, Account: core.NewID(), Person: person.Key, Assignments: roles})
}

func in(council core.ID, role string) core.Assignment {
	return core.Assignment{Role: role, Scope: core.Scope{Kind: "council", ID: council.Key}}
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

// crowd is that many people, written at once.
func (h *house) crowd(n int) []core.ID {
	h.t.Helper()
	keys := make([]core.ID, n)
	rows := make([]people.Person, n)
	data := make([]people.PersonalData, n)
	for i := range keys {
		keys[i] = core.ID{Type: "Person", Key: core.NewID()}
		rows[i] = people.Person{ID: keys[i].Key, FamilyName: "Образцов", GivenName: "Иван", CreatedAt: *h.now.Load(), Version: 1}
		data[i] = people.PersonalData{ID: keys[i].Key, Phones: []string{}, Emails: []string{}, Version: 1}
	}
	_, err := h.db.NewInsert().Model(&rows).Exec(h.ctx())
	must(h.t, err)
	_, err = h.db.NewInsert().Model(&data).Exec(h.ctx())
	must(h.t, err)
	return keys
}

// council is a body with members who sit in it since 1 January 2012.
func (h *house) council(members ...core.ID) core.ID {
	h.t.Helper()
	day := core.NewDate(2012, 1, 1)
	key := h.done(h.councils.CreateCouncil(h.ctx(), councils.CreateCouncilInput{Kind: councils.CoordinationCouncil, Name: "Совет, главный", FoundingAct: "Акт", FoundedOn: day, ActiveFrom: &day}))
	council := core.ID{Type: "Council", Key: key}
	for _, m := range members {
		h.done(h.councils.AddMember(h.ctx(), councils.AddMemberInput{CouncilID: council, PersonID: m, Post: councils.Member, Basis: councils.ActiveCitizen, StartsOn: day}))
	}
	return council
}

// plan is a session of the body on 10 October 2012 at 10:00, online; without a body, a gathering.
func (h *house) plan(council *core.ID, changes ...func(*meetings.PlanMeetingInput)) core.ID {
	h.t.Helper()
	in := meetings.PlanMeetingInput{Kind: meetings.CouncilSession, Title: "Заседание", BodyID: council, Link: ptr("https://meet.example/1"), StartsAt: h.at(time.October, 10, 10, 0), EndsAt: ptr(h.at(time.October, 10, 12, 0))}
	if council == nil {
		in.Kind = meetings.Gathering
	}
	for _, change := range changes {
		change(&in)
	}
	return meetingID(h.done(h.PlanMeeting(h.ctx(), in)))
}

func meetingID(key uuid.UUID) core.ID { return core.ID{Type: "Meeting", Key: key} }

// announced is a planned meeting that is announced.
func (h *house) announced(council *core.ID, changes ...func(*meetings.PlanMeetingInput)) core.ID {
	h.t.Helper()
	m := h.plan(council, changes...)
	h.done(h.AnnounceMeeting(h.ctx(), meetings.AnnounceMeetingInput{ID: m}))
	return m
}

// session is a meeting in session at 10:05 of its day, with those persons present.
func (h *house) session(council *core.ID, present ...core.ID) core.ID {
	h.t.Helper()
	m := h.announced(council)
	h.set(h.at(time.October, 10, 10, 5))
	for _, p := range present {
		h.done(h.MarkAttendance(h.ctx(), meetings.MarkAttendanceInput{MeetingID: m, PersonID: p, State: meetings.Present, ArrivedAt: ptr(h.at(time.October, 10, 10, 0))}))
	}
	h.done(h.OpenSession(h.ctx(), meetings.OpenSessionInput{MeetingID: m}))
	return m
}

func (h *house) reread(id core.ID) *meetings.Meeting {
	h.t.Helper()
	m := new(meetings.Meeting)
	must(h.t, h.db.NewSelect().Model(m).Where("?TableAlias.id = ?", id.Key).Scan(h.ctx()))
	return m
}
