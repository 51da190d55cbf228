package meetings

import (
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

// id is the meeting as an object.
func (m *Meeting) id() core.ID { return core.ID{Type: "Meeting", Key: m.ID} }

// body is the body that meets as an object; nil for none.
func (m *Meeting) body() *core.ID {
	if m.BodyID == nil {
		return nil
	}
	return read.ScopeObject(core.Scope{Kind: m.BodyKind, ID: *m.BodyID})
}

// touched are the objects whose followers care about the meeting itself.
func (m *Meeting) touched() []core.ID {
	var ids []core.ID
	if body := m.body(); body != nil {
		ids = append(ids, *body)
	}
	if m.DistrictID != nil {
		ids = append(ids, core.ID{Type: "District", Key: *m.DistrictID})
	}
	return ids
}

// facts are what the audit keeps of a meeting.
func (m *Meeting) facts() any {
	return map[string]any{
		"kind": m.Kind, "title": m.Title, "bodyKind": m.BodyKind, "body": m.BodyID, "organiser": m.OrganiserID, "district": m.DistrictID,
		"venue": m.VenueID, "link": m.Link, "startsAt": m.StartsAt, "endsAt": m.EndsAt, "state": m.State, "noticeDays": m.NoticeDays,
		"sequence": m.Sequence, "capacity": m.Capacity, "registrationClosesAt": m.RegistrationClosesAt,
	}
}

// change is a change of the meeting itself, without words for people.
func (m *Meeting) change(kind core.ChangeKind, before any) core.Change {
	return core.Change{Kind: kind, Type: "Meeting", ID: m.ID, Before: before, After: m.facts(), Touched: m.touched()}
}

// quorumFacts are what the audit keeps of an opening or a close.
func quorumFacts(state MeetingState, q *Quorum) any {
	if q == nil {
		return map[string]any{"state": state}
	}
	return map[string]any{"state": state, "members": q.Members, "seats": q.Seats, "required": q.Required, "present": q.Present}
}

func (i *AgendaItem) facts() any {
	return map[string]any{
		"meeting": i.MeetingID, "sourceCase": i.SourceCaseID, "position": i.Position, "title": i.Title, "outcome": i.Outcome, "outcomeText": i.OutcomeText,
		"votesFor": i.VotesFor, "votesAgainst": i.VotesAgainst, "votesAbstained": i.VotesAbstained, "postponedTo": i.PostponedToID,
	}
}

func (i *AgendaItem) change(kind core.ChangeKind, before any) core.Change {
	return core.Change{Kind: kind, Type: "AgendaItem", ID: i.ID, Before: before, After: i.facts(), Touched: of(i.MeetingID)}
}

func (s *AgendaSpeaker) facts() any {
	return map[string]any{"item": s.ItemID, "person": s.PersonID, "role": s.Role, "position": s.Position}
}

func (r *Registration) facts() any {
	return map[string]any{"meeting": r.MeetingID, "person": r.PersonID, "state": r.State, "arrival": r.Arrival, "checkedIn": r.CheckedInAt != nil}
}

func (r *Registration) change(kind core.ChangeKind, before any) core.Change {
	return core.Change{Kind: kind, Type: "Registration", ID: r.ID, Before: before, After: r.facts(), Touched: of(r.MeetingID)}
}

// facts are what the audit keeps of an attendance: never the reason.
func (a *Attendance) facts() any {
	return map[string]any{"meeting": a.MeetingID, "person": a.PersonID, "state": a.State}
}

func (m *Minutes) facts() any {
	return map[string]any{"meeting": m.MeetingID, "number": m.Number, "state": m.State}
}

func (m *Minutes) change(kind core.ChangeKind, before any) core.Change {
	return core.Change{Kind: kind, Type: "Minutes", ID: m.ID, Before: before, After: m.facts(), Touched: of(m.MeetingID)}
}

// of are the objects whose watchers care about what hangs on a meeting.
func of(meeting uuid.UUID) []core.ID { return []core.ID{{Type: "Meeting", Key: meeting}} }

// resource is where a meeting without a body stands that is no row yet.
func (m *Meeting) resource() access.Resource {
	var r access.Resource
	if m.DistrictID != nil {
		r.Scopes = append(r.Scopes, core.Scope{Kind: "district", ID: *m.DistrictID})
	}
	return r
}

// in says whether the meeting is in one of the states.
func (m *Meeting) in(states ...MeetingState) bool { return slices.Contains(states, m.State) }

// everywhere is what stands in no scope: only a right in the whole town reaches it.
var everywhere access.Resource
