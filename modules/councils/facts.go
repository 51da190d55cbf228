package councils

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
)

// facts are what the audit keeps of a body.
func (c *Council) facts() any {
	return map[string]any{
		"kind": c.Kind, "name": c.Name, "purpose": c.Purpose, "foundingAct": c.FoundingAct, "foundedOn": c.FoundedOn, "activeFrom": c.ActiveFrom,
		"dissolvedOn": c.DissolvedOn, "district": c.DistrictID, "parent": c.ParentID, "parentOrganisation": c.ParentOrganisationID,
		"seatLimit": c.SeatLimit, "termMonths": c.TermMonths,
	}
}

// facts are what the audit keeps of a term.
func (t *Term) facts() any {
	return map[string]any{"council": t.CouncilID, "number": t.Number, "startsOn": t.StartsOn, "endsOn": t.EndsOn}
}

// facts are what the audit keeps of a seat: who, by key, and never a name.
func (m *Membership) facts() any {
	return map[string]any{
		"council": m.CouncilID, "person": m.PersonID, "post": m.Post, "basis": m.Basis, "organisation": m.OrganisationID,
		"startsOn": m.StartsOn, "endsOn": m.EndsOn, "leavingReason": m.LeavingReason,
	}
}

// touched are the objects whose watchers care about a term.
func (t *Term) touched() []core.ID { return []core.ID{{Type: "Council", Key: t.CouncilID}} }

// touched are the objects whose watchers care about a seat.
func (m *Membership) touched() []core.ID {
	return []core.ID{{Type: "Council", Key: m.CouncilID}, {Type: "Person", Key: m.PersonID}}
}

// notice is what the body's followers are told; nobody is named in it but the body.
func (c *Council) notice(en, ru string) *core.Notice {
	return &core.Notice{Text: core.Textf(en, ru, c.Name)}
}

// resource is where a body stands that is no row yet.
func (c *Council) resource() access.Resource {
	var r access.Resource
	if c.DistrictID != nil {
		r.Scopes = append(r.Scopes, core.Scope{Kind: "district", ID: *c.DistrictID})
	}
	return r
}

// stands refuses a time in which the body does not exist.
func (c *Council) stands(from core.Date, to *core.Date) error {
	var p core.Problems
	p.Check(!from.Before(c.FoundedOn), core.Textf("The body was founded on %s only.", "Орган создан только %s.", c.FoundedOn), "input", "startsOn")
	if c.DissolvedOn != nil {
		p.Check(to != nil && !c.DissolvedOn.Before(*to), core.Textf("The body was dissolved on %s: give an end by that day.", "Орган упразднён %s: укажите конец не позже этого дня.", *c.DissolvedOn), "input", "endsOn")
	}
	p.Check(to == nil || !to.Before(from), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
	return p.Err()
}
