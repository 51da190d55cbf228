package motions

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/ballot"
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

// panel is a body as another module would own it.
type panel struct {
	bun.BaseModel `bun:"table:panels,alias:panel"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID uuid.UUID `bun:"id,pk,type:uuid"`
}

// house is the module with those that it stands on, on a real database; it is noon of 28 September 2012
// and a minute later at each step. A panel of members is in session on one item; all are present.
type house struct {
	*Service
	t        testing.TB
	db       *postgres.DB
	people   *people.Service
	town     *core.Municipality
	at       *atomic.Int64
	rules    *Rules
	panel    uuid.UUID
	persons  []uuid.UUID
	accounts []uuid.UUID
	meeting  uuid.UUID
	item     uuid.UUID
}

func newHouse(t testing.TB, members int) *house {
	t.Helper()
	h := &house{t: t, db: coretest.Database(t), at: &atomic.Int64{}, rules: &Rules{}, panel: core.NewID()}
	h.at.Store(coretest.Noon(2012, time.September, 28)().UnixNano())
	clock := func() time.Time { return time.Unix(0, h.at.Load()).UTC() }
	must(t, h.exec(`CREATE TABLE panels (municipality_id uuid, id uuid, PRIMARY KEY (municipality_id, id));
		CREATE TABLE panel_members (municipality_id uuid, panel_id uuid, person_id uuid, PRIMARY KEY (municipality_id, panel_id, person_id))`))
	h.town = coretest.Town(t, h.db, "kansk")
	services := townhall.Open(t, h.db, h.town, clock)
	p, pl := people.New(services), places.New(services)
	attached, err := files.New(services, p)
	must(t, err)
	days := calendar.New(services)
	opened, err := cases.New(services, p, days, attached)
	must(t, err)
	meet := meetings.New(services, p, attached, opened)
	m := New(services, p, meet)
	read.Declare[panel](services.Reads, read.Type{Name: "Panel", Guard: "people:read", Rows: access.Rows{Scopes: map[string]string{"panel": `?TableAlias.id`}},
		Grounds: map[string]string{"Person.public": `EXISTS (SELECT FROM panel_members AS seat WHERE seat.person_id = ?TableAlias.id)`}})
	meet.RegisterBody(meetings.Body{Type: "Panel", Name: `SELECT 'Коллегия'`, Kinds: []meetings.MeetingKind{meetings.OtherMeeting},
		Members: `SELECT seat.person_id FROM panel_members AS seat WHERE seat.municipality_id = ?municipality AND seat.panel_id = ?body`,
		Rules: func(context.Context, bun.IDB, uuid.UUID, core.Date) (meetings.Rules, error) {
			return meetings.Rules{Quorum: meetings.MoreThanHalf}, nil
		}})
	m.RegisterRules("Panel", func(context.Context, bun.IDB, uuid.UUID, core.Date) (Rules, error) { return *h.rules, nil })
	townhall.Settle(t, services, h.town, p, pl, attached, days, opened, meet, m)
	h.Service, h.people = m.Service, p.Service
	h.convene(members)
	return h
}

// convene makes the panel, and a meeting of it in session that all its members attend.
func (h *house) convene(members int) {
	h.t.Helper()
	must(h.t, h.exec(`INSERT INTO panels VALUES (?, ?)`, h.town.ID, h.panel))
	for range members {
		h.join()
	}
	h.meeting, h.item = h.session(h.panel)
	for n := range members {
		h.arrive(n)
	}
	h.step()
}

// session is a meeting of the panel that has begun, with one item.
func (h *house) session(panel uuid.UUID) (meeting, item uuid.UUID) {
	h.t.Helper()
	meeting, item = core.NewID(), core.NewID()
	now := time.Unix(0, h.at.Load()).UTC()
	must(h.t, h.exec(`INSERT INTO meetings (municipality_id, id, kind, title, body_kind, body_id, link, starts_at, starts_on, state, announced_at, opened_at, changed_at,
		seats, quorum_of, quorum_numerator, quorum_denominator, quorum_strict, opening_members, opening_required, opening_present)
		VALUES (?0, ?1, 'OTHER', 'Заседание', 'panel', ?2, 'https://example.org', ?3, '2012-09-28', 'IN_SESSION', ?3, ?3, ?3, 0, 'FILLED', 1, 2, TRUE, 1, 1, 1)`,
		h.town.ID, meeting, panel, now))
	must(h.t, h.exec(`INSERT INTO agenda_items (municipality_id, id, meeting_id, position, title) VALUES (?, ?, ?, 1, 'Вопрос')`, h.town.ID, item, meeting))
	return meeting, item
}

// join seats one more person in the panel.
func (h *house) join() int {
	h.t.Helper()
	key := h.done(h.people.CreatePerson(h.system(), people.CreatePersonInput{FamilyName: fmt.Sprintf("Образцов %d", len(h.persons)), GivenName: "Иван"}))
	h.persons, h.accounts = append(h.persons, key), append(h.accounts, core.NewID())
	must(h.t, h.exec(`INSERT INTO panel_members VALUES (?, ?, ?)`, h.town.ID, h.panel, key))
	return len(h.persons) - 1
}

func (h *house) arrive(n int) {
	h.t.Helper()
	now := time.Unix(0, h.at.Load()).UTC()
	must(h.t, h.exec(`INSERT INTO meeting_attendances (municipality_id, id, meeting_id, person_id, state) VALUES (?, ?, ?, ?, 'PRESENT') ON CONFLICT DO NOTHING`,
		h.town.ID, core.NewID(), h.meeting, h.persons[n]))
	must(h.t, h.exec(`INSERT INTO meeting_presence (municipality_id, id, attendance_id, arrived_at)
		SELECT municipality_id, ?, id, ? FROM meeting_attendances WHERE meeting_id = ? AND person_id = ?`, core.NewID(), now, h.meeting, h.persons[n]))
}

func (h *house) leave(n int) {
	h.t.Helper()
	now := time.Unix(0, h.at.Load()).UTC()
	must(h.t, h.exec(`UPDATE meeting_presence SET left_at = ? FROM meeting_attendances AS a
		WHERE a.id = attendance_id AND a.meeting_id = ? AND a.person_id = ? AND left_at IS NULL`, now, h.meeting, h.persons[n]))
}

func (h *house) step() { h.at.Add(int64(time.Minute)) }

func (h *house) exec(sql string, args ...any) error {
	_, err := h.db.Exec(sql, args...)
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	townhall.Must(t, err)
}

func (h *house) system() context.Context {
	return townhall.As(h.town, core.Actor{Kind: core.System})
}

// as is somebody with a role in the panel.
func (h *house) as(role string, n int) context.Context {
	return core.WithActor(core.WithMunicipality(context.Background(), h.town), core.Actor{Kind: core.Account, Account: h.accounts[n], Person: h.persons[n],
		Assignments: []core.Assignment{{Role: role, Scope: core.Scope{Kind: "panel", ID: h.panel}}}})
}

// member is the n-th member, and secretary the first with the right to run votes.
func (h *house) member(n int) context.Context { return h.as("council_member", n) }
func (h *house) secretary() context.Context   { return h.as("council_secretary", 0) }

// code is what came of a mutation: "" when it was done, else the code and the field at fault.
func (h *house) code(p *core.Payload, err error) string {
	h.t.Helper()
	if err != nil && core.CodeOf(err) == core.CodeInternal {
		return string(core.CodeInternal) // what the graph's own types would have refused
	}
	return townhall.Code(h.t, p, err)
}

func (h *house) done(p *core.Payload, err error) uuid.UUID {
	h.t.Helper()
	return townhall.Done(h.t, p, err)
}

func id(typ string, key uuid.UUID) core.ID { return core.ID{Type: typ, Key: key} }

func (h *house) personID(n int) *core.ID { return ptr(id("Person", h.persons[n])) }

// motion is one that is open.
func (h *house) motion(question string) uuid.UUID {
	h.t.Helper()
	key := h.done(h.TableMotion(h.member(1), TableMotionInput{ItemID: id("AgendaItem", h.item), Text: "Посадить деревья", Question: question}))
	return h.done(h.OpenMotion(h.secretary(), OpenMotionInput{ID: id("Motion", key), ExpectedVersion: 1}))
}

// open puts a fresh motion to the vote.
func (h *house) open(manner VoteManner) (vote uuid.UUID, keys []string) {
	h.t.Helper()
	return h.openOn(id("Motion", h.motion("")), manner)
}

func (h *house) openOn(subject core.ID, manner VoteManner) (vote uuid.UUID, keys []string) {
	h.t.Helper()
	p, err := h.OpenVote(h.secretary(), OpenVoteInput{SubjectID: subject, Manner: manner, Tellers: 1, TellersNeeded: 1})
	must(h.t, err)
	return h.done(&p.Payload, nil), p.TellerKeys
}

func (h *house) castFor(n int, vote uuid.UUID, choice ballot.Choice, giver *core.ID) string {
	h.t.Helper()
	return h.code(h.CastBallot(h.member(n), CastBallotInput{VoteID: id("Vote", vote), Choice: BallotChoice(choice), ForID: giver}))
}

func (h *house) cast(n int, vote uuid.UUID, choice ballot.Choice) string {
	h.t.Helper()
	return h.castFor(n, vote, choice, nil)
}

func (h *house) close(vote uuid.UUID, keys []string) string {
	h.t.Helper()
	return h.code(h.CloseVote(h.secretary(), CloseVoteInput{VoteID: id("Vote", vote), TellerKeys: keys}))
}

// row reads a row anew.
func row[M any](h *house, key uuid.UUID) *M {
	h.t.Helper()
	m, err := find[M](h.system(), h.db, key)
	must(h.t, err)
	return m
}

func ptr[T any](v T) *T { return &v }
