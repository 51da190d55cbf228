package access

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// In 2012 Kansk was eight hours ahead of UTC the whole year.
func TestAssignmentIsDatedInTheTown(t *testing.T) {
	h := newHouse(t)
	account := core.NewID()
	last := core.NewDate(2012, 6, 2)
	must(t, h.assign(h.ctx, AssignmentInput{Account: account, Role: "clerk", StartsOn: core.NewDate(2012, 6, 1), EndsOn: &last}))
	for _, c := range []struct {
		at    string
		holds bool
	}{
		{"2012-05-31T23:59:59+08:00", false},
		{"2012-06-01T00:00:00+08:00", true},
		{"2012-05-31T16:00:00Z", true},
		{"2012-06-02T15:59:59Z", true},
		{"2012-06-02T23:59:59+08:00", true},
		{"2012-06-03T00:00:00+08:00", false},
		{"2012-06-02T16:00:00Z", false},
	} {
		h.clock.at.Store(clockAt(c.at).at.Load())
		if roles := core.ActorOf(h.as(t, account)).Assignments; (len(roles) == 1) != c.holds {
			t.Errorf("%s: %v", c.at, roles)
		}
	}
}

func TestMembershipsGrantRoles(t *testing.T) {
	h := newHouse(t)
	_, err := h.db.Exec(`CREATE TABLE seats (municipality_id uuid, person_id uuid, role text, kind text, body uuid, starts_on date, ends_on date)`)
	must(t, err)
	s := settings(h.clock)
	s.Modules = append(s.Modules, core.Info{Name: "seats", Grants: []core.Grant{{Name: "seats", Query: `SELECT person_id, role, kind AS scope_kind, body AS scope_id FROM seats
		WHERE municipality_id = ?municipality AND person_id = ?person AND starts_on <= ?today AND coalesce(ends_on >= ?today, true)`},
		{Name: "seats of everybody", Query: `SELECT person_id, role, kind AS scope_kind, body AS scope_id FROM seats
		WHERE municipality_id = ?municipality AND starts_on <= ?today AND coalesce(ends_on >= ?today, true)`}}})
	h.Guard = guard(t, h.db, s)
	person, other, body := core.NewID(), core.NewID(), core.NewID()
	today := h.today()
	sit := func(town, person uuid.UUID, role string, kind *string, body *uuid.UUID, from core.Date, to *core.Date) {
		_, err := h.db.NewRaw("INSERT INTO seats VALUES (?, ?, ?, ?, ?, ?, ?)", town, person, role, kind, body, from, to).Exec(t.Context())
		must(t, err)
	}
	kind, everywhere, yesterday := "body", "", today.AddDays(-1)
	sit(h.town.ID, other, "expert", &kind, &body, today, nil)                         // not their own
	sit(newTown(t, h.db).ID, person, "expert", &kind, &body, today, nil)              // in another town
	sit(h.town.ID, person, "expert", &kind, &body, today.AddDays(1), nil)             // not yet
	sit(h.town.ID, person, "expert", &kind, &body, today.AddDays(-9), &yesterday)     // no longer
	sit(h.town.ID, person, "administrator", &kind, nil, today, nil)                   // nowhere
	sit(h.town.ID, person, "administrator", nil, nil, today, nil)                     // nowhere either
	sit(h.town.ID, person, "council_member", &kind, &body, today.AddDays(-9), &today) // to the end of today
	sit(h.town.ID, person, "official", &everywhere, nil, today, nil)                  // in the whole town
	account, _ := h.give(t, "clerk")
	got, err := h.AssignmentsOf(h.ctx, account, person)
	must(t, err)
	want := []core.Assignment{{Role: "clerk"}, {Role: "council_member", Scope: core.Scope{Kind: "body", ID: body}}, {Role: "official"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, err := h.AssignmentsOf(h.ctx, account, uuid.Nil); err != nil || len(got) != 1 {
		t.Errorf("an account without a person: %v, %v", got, err)
	}
	if got, err := h.AssignmentsOf(h.ctx, uuid.Nil, uuid.Nil); err != nil || len(got) != 0 {
		t.Errorf("nobody: %v, %v", got, err)
	}
}
