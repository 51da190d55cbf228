package meetings_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/meetings"
)

func itemID(key uuid.UUID) core.ID { return core.ID{Type: "AgendaItem", Key: key} }

func (h *house) item(m core.ID, title string, position *int) uuid.UUID {
	h.t.Helper()
	return h.done(h.AddAgendaItem(h.ctx(), meetings.AddAgendaItemInput{MeetingID: m, Title: title, Position: position}))
}

func (h *house) items(m core.ID) []meetings.AgendaItem {
	h.t.Helper()
	var all []meetings.AgendaItem
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.meeting_id = ?", m.Key).Order("position").Scan(h.ctx()))
	return all
}

// The agenda against a plain list: whatever is added, moved and removed, positions run from 1 without gaps and the
// order is that of the list.
func TestTheAgendaIsAList(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rapid.Check(t, func(r *rapid.T) {
		m := h.plan(nil)
		var want []uuid.UUID
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch step := rapid.SampledFrom([]string{"add", "add", "put", "move", "remove"}).Draw(r, "step"); {
			case step == "add" || len(want) == 0:
				want = append(want, h.item(m, "Вопрос", nil))
			case step == "put":
				at := rapid.IntRange(1, len(want)+1).Draw(r, "at")
				want = slices.Insert(want, at-1, h.item(m, "Вопрос", &at))
			case step == "move":
				from, to := rapid.IntRange(1, len(want)).Draw(r, "from"), rapid.IntRange(1, len(want)).Draw(r, "to")
				key := want[from-1]
				h.done(h.MoveAgendaItem(h.ctx(), meetings.MoveAgendaItemInput{ID: itemID(key), Position: to}))
				want = slices.Insert(slices.Delete(want, from-1, from), to-1, key)
			default:
				at := rapid.IntRange(1, len(want)).Draw(r, "removed")
				h.done(h.RemoveAgendaItem(h.ctx(), meetings.RemoveAgendaItemInput{ID: itemID(want[at-1])}))
				want = slices.Delete(want, at-1, at)
			}
		}
		got := h.items(m)
		if len(got) != len(want) {
			r.Fatalf("%d items, want %d", len(got), len(want))
		}
		for i, item := range got {
			if item.ID != want[i] || item.Position != i+1 {
				r.Fatalf("place %d: %s at %d, want %s", i+1, item.ID, item.Position, want[i])
			}
		}
	})
}

func TestTheAgendaRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(5)
	council, other := h.council(crowd[0], crowd[1], crowd[2]), h.council()
	next, elsewhere := h.plan(&council), h.plan(&other)
	m := h.session(&council, crowd[0], crowd[1])
	secretary, member, stranger := h.as(crowd[0], in(council, "council_secretary")), h.as(crowd[1], in(council, "council_member")), h.as(crowd[4], in(other, "council_secretary"))
	a, b := itemID(h.item(m, "Первый", nil)), itemID(h.item(m, "Второй", nil))
	theirs := itemID(h.item(elsewhere, "Чужой", nil))
	closing := func(change func(*meetings.CloseAgendaItemInput)) string {
		in := meetings.CloseAgendaItemInput{ID: a, Outcome: meetings.Decided, Text: ptr("Принять")}
		change(&in)
		return h.code(h.CloseAgendaItem(secretary, in))
	}
	for _, c := range []struct {
		name, got, want string
	}{
		{"a member adds", h.code(h.AddAgendaItem(member, meetings.AddAgendaItemInput{MeetingID: m, Title: "Третий"})), "FORBIDDEN"},
		{"another body's secretary adds", h.code(h.AddAgendaItem(stranger, meetings.AddAgendaItemInput{MeetingID: m, Title: "Третий"})), "FORBIDDEN"},
		{"another body's secretary adds to what is planned", h.code(h.AddAgendaItem(stranger, meetings.AddAgendaItemInput{MeetingID: next, Title: "Третий"})), "NOT_FOUND"},
		{"without a title", h.code(h.AddAgendaItem(secretary, meetings.AddAgendaItemInput{MeetingID: m, Title: " "})), "BAD_USER_INPUT title"},
		{"at place 0", h.code(h.AddAgendaItem(secretary, meetings.AddAgendaItemInput{MeetingID: m, Title: "Третий", Position: ptr(0)})), "BAD_USER_INPUT position"},
		{"beyond the end", h.code(h.AddAgendaItem(secretary, meetings.AddAgendaItemInput{MeetingID: m, Title: "Третий", Position: ptr(4)})), "BAD_USER_INPUT position"},
		{"moved beyond the end", h.code(h.MoveAgendaItem(secretary, meetings.MoveAgendaItemInput{ID: a, Position: 3})), "BAD_USER_INPUT position"},
		{"a stale version", h.code(h.UpdateAgendaItem(secretary, meetings.UpdateAgendaItemInput{ID: a, ExpectedVersion: 7})), "CONFLICT expectedVersion"},
		{"removed in session", h.code(h.RemoveAgendaItem(secretary, meetings.RemoveAgendaItemInput{ID: a})), "CONFLICT"},
		{"closed by a member", h.code(h.CloseAgendaItem(member, meetings.CloseAgendaItemInput{ID: a, Outcome: meetings.Noted})), "FORBIDDEN"},
		{"closed out of session", h.code(h.CloseAgendaItem(stranger, meetings.CloseAgendaItemInput{ID: theirs, Outcome: meetings.Noted})), "CONFLICT"},
		{"a decision without words", closing(func(in *meetings.CloseAgendaItemInput) { in.Text = nil }), "BAD_USER_INPUT text"},
		{"two counts of three", closing(func(in *meetings.CloseAgendaItemInput) { in.VotesFor, in.VotesAgainst = ptr(1), ptr(1) }), "BAD_USER_INPUT votesFor"},
		{"decided and postponed", closing(func(in *meetings.CloseAgendaItemInput) { in.PostponedToID = &next }), "BAD_USER_INPUT postponedToId"},
		{"postponed to another body", closing(func(in *meetings.CloseAgendaItemInput) { in.Outcome, in.PostponedToID = meetings.Postponed, &elsewhere }), "NOT_FOUND"},
		{"postponed to itself", closing(func(in *meetings.CloseAgendaItemInput) { in.Outcome, in.PostponedToID = meetings.Postponed, &m }), "BAD_USER_INPUT postponedToId"},
		{"closed", closing(func(in *meetings.CloseAgendaItemInput) {
			in.VotesFor, in.VotesAgainst, in.VotesAbstained = ptr(2), ptr(0), ptr(0)
		}), ""},
		{"closed twice", closing(func(*meetings.CloseAgendaItemInput) {}), "CONFLICT"},
		{"changed after that", h.code(h.UpdateAgendaItem(secretary, meetings.UpdateAgendaItemInput{ID: a, ExpectedVersion: 2})), "CONFLICT"},
		{"the session closed over an open item", h.code(h.CloseSession(secretary, meetings.CloseSessionInput{MeetingID: m})), "CONFLICT"},
		{"reopened while open", h.code(h.ReopenAgendaItem(secretary, meetings.ReopenAgendaItemInput{ID: b})), "CONFLICT"},
		{"postponed", h.code(h.CloseAgendaItem(secretary, meetings.CloseAgendaItemInput{ID: b, Outcome: meetings.Postponed, PostponedToID: &next})), ""},
		{"reopened when taken up", h.code(h.ReopenAgendaItem(secretary, meetings.ReopenAgendaItemInput{ID: b})), "CONFLICT"},
		{"reopened", h.code(h.ReopenAgendaItem(secretary, meetings.ReopenAgendaItemInput{ID: a})), ""},
		{"withdrawn", closing(func(in *meetings.CloseAgendaItemInput) { in.Outcome, in.Text = meetings.Withdrawn, nil }), ""},
		{"the session closed", h.code(h.CloseSession(secretary, meetings.CloseSessionInput{MeetingID: m})), ""},
		{"added after the close", h.code(h.AddAgendaItem(secretary, meetings.AddAgendaItemInput{MeetingID: m, Title: "Третий"})), "CONFLICT"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	if taken := h.items(next); len(taken) != 1 || taken[0].Title != "Второй" || *taken[0].PostponedFromID != b.Key {
		t.Errorf("the next agenda: %+v", taken)
	}
}

// The refusal to close names what is open.
func TestAnOpenItemIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(1)
	council := h.council(crowd...)
	m := h.session(&council, crowd...)
	h.item(m, "Ремонт моста", nil)
	p, err := h.CloseSession(h.ctx(), meetings.CloseSessionInput{MeetingID: m})
	must(t, err)
	if len(p.UserErrors) != 1 || p.UserErrors[0].Message != "1 items have no outcome: 1. Ремонт моста. Close each of them first (closeAgendaItem)." {
		t.Errorf("%+v", p.UserErrors)
	}
}

func TestSpeakers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(3)
	m := h.plan(nil)
	item := itemID(h.item(m, "Вопрос", nil))
	for i, p := range crowd {
		h.done(h.AddSpeaker(h.ctx(), meetings.AddSpeakerInput{ItemID: item, PersonID: p, Role: "SPEAKER", Position: map[bool]*int{true: ptr(1)}[i == 2]}))
	}
	if got := h.code(h.AddSpeaker(h.ctx(), meetings.AddSpeakerInput{ItemID: item, PersonID: crowd[0], Role: "EXPERT"})); got != "CONFLICT personId" {
		t.Errorf("twice: %q", got)
	}
	order := func() (persons []uuid.UUID) {
		must(t, h.db.NewSelect().Model((*meetings.AgendaSpeaker)(nil)).Column("person_id").Where("item_id = ?", item.Key).Order("position").Scan(h.ctx(), &persons))
		return persons
	}
	if got := order(); !slices.Equal(got, []uuid.UUID{crowd[2].Key, crowd[0].Key, crowd[1].Key}) {
		t.Errorf("added: %v", got)
	}
	speaker := func(p core.ID) core.ID {
		var key uuid.UUID
		must(t, h.db.NewSelect().Model((*meetings.AgendaSpeaker)(nil)).Column("id").Where("person_id = ?", p.Key).Scan(h.ctx(), &key))
		return core.ID{Type: "AgendaSpeaker", Key: key}
	}
	h.done(h.MoveSpeaker(h.ctx(), meetings.MoveSpeakerInput{ID: speaker(crowd[2]), Position: 3}))
	if got := h.code(h.MoveSpeaker(h.as(crowd[0]), meetings.MoveSpeakerInput{ID: speaker(crowd[2]), Position: 3})); got != "NOT_FOUND" {
		t.Errorf("moved by somebody: %q", got)
	}
	h.done(h.RemoveSpeaker(h.ctx(), meetings.RemoveSpeakerInput{ID: speaker(crowd[0])}))
	if got := order(); !slices.Equal(got, []uuid.UUID{crowd[1].Key, crowd[2].Key}) {
		t.Errorf("moved and removed: %v", got)
	}
	h.set(h.at(time.October, 10, 9, 0))
}
