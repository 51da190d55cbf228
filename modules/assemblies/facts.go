package assemblies

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// facts are what the audit keeps of an assembly.
func (a *Assembly) facts() any {
	return map[string]any{
		"kind": a.Kind, "name": a.Name, "purpose": a.Purpose, "foundingAct": a.FoundingAct, "foundedOn": a.FoundedOn,
		"activeFrom": a.ActiveFrom, "dissolvedOn": a.DissolvedOn,
	}
}

// facts are what the audit keeps of a charter; its rules and majorities are its own rows and never change.
func (c *Charter) facts() any {
	return map[string]any{
		"assembly": c.AssemblyID, "number": c.Number, "act": c.Act, "startsOn": c.StartsOn, "endsOn": c.EndsOn, "termMonths": c.TermMonths,
		"quorumOf": c.QuorumOf, "quorumNumerator": c.QuorumNumerator, "quorumDenominator": c.QuorumDenominator, "quorumStrict": c.QuorumStrict,
		"substitutesAllowed": c.SubstitutesAllowed, "proxiesHeld": c.ProxiesHeld, "proxiesInQuorum": c.ProxiesInQuorum,
		"manners": c.Manners, "amendmentsAs": c.AmendmentsAs, "noticeDays": c.NoticeDays,
	}
}

// facts are what the audit keeps of a delegate: who, by key, and never a name.
func (d *Delegate) facts() any {
	return map[string]any{
		"assembly": d.AssemblyID, "rule": d.RuleID, "council": d.CouncilID, "district": d.DistrictID, "nomination": d.NominationID,
		"person": d.PersonID, "capacity": d.Capacity, "number": d.Number, "startsOn": d.StartsOn, "endsOn": d.EndsOn,
		"endReason": d.EndReason, "leavingReason": d.LeavingReason,
	}
}

func (n *Nomination) facts() any {
	return map[string]any{
		"assembly": n.AssemblyID, "rule": n.RuleID, "person": n.PersonID, "organisation": n.OrganisationID, "council": n.CouncilID,
		"nominatedOn": n.NominatedOn, "status": n.Status, "decidedOn": n.DecidedOn,
	}
}

func (s *DelegateSuspension) facts() any {
	return map[string]any{"delegate": s.DelegateID, "startsOn": s.StartsOn, "endsOn": s.EndsOn}
}

func (c *SubstituteCall) facts() any {
	return map[string]any{"delegate": c.DelegateID, "substitute": c.SubstituteID, "startsOn": c.StartsOn, "endsOn": c.EndsOn}
}

func touch(typ string, key uuid.UUID) core.ID { return core.ID{Type: typ, Key: key} }

// touched are the objects whose watchers care about a delegate.
func (d *Delegate) touched() []core.ID {
	all := []core.ID{touch("Assembly", d.AssemblyID), touch("Person", d.PersonID)}
	if d.CouncilID != nil {
		all = append(all, touch("Council", *d.CouncilID))
	}
	if d.DistrictID != nil {
		all = append(all, touch("District", *d.DistrictID))
	}
	return all
}

// touched are the objects whose watchers care about a nomination: those who follow the assembly are not
// told, since who was nominated is not known to everybody.
func (n *Nomination) touched() []core.ID { return []core.ID{touch("Person", n.PersonID)} }

// place is whose seats are numbered; the database works out the same.
func (d *Delegate) place() uuid.UUID {
	switch {
	case d.DistrictID != nil:
		return *d.DistrictID
	case d.CouncilID != nil:
		return *d.CouncilID
	}
	return d.RuleID
}

// named is what is told when somebody is named; who, the delegate's own record says.
func (d *Delegate) named(assembly string) *core.Notice {
	text := core.Textf("A delegate was named to %[1]s.", "В состав органа «%[1]s» назван делегат.", assembly)
	if d.Capacity == Substitute {
		text = core.Textf("A substitute was named to %[1]s.", "В состав органа «%[1]s» назван заместитель делегата.", assembly)
	}
	return &core.Notice{Text: text, Tell: []uuid.UUID{d.PersonID}}
}

// ended is what is told when somebody's time ends, or gets its end.
func (d *Delegate) ended(assembly string) *core.Notice {
	why := endWords[*d.EndReason]
	return &core.Notice{Tell: []uuid.UUID{d.PersonID}, Text: core.Text{
		En: fmt.Sprintf("A seat in %s ends on %s: %s.", assembly, *d.EndsOn, why.En),
		Ru: fmt.Sprintf("Место в составе органа «%s» освобождается после %s: %s.", assembly, *d.EndsOn, why.Ru),
	}}
}

var endWords = map[DelegateEndReason]core.Text{
	SeatBelowEnded:              core.T("the delegate left the body below", "делегат выбыл из состава направившего органа"),
	DelegateEndReason(Recalled): core.T("recalled by the body that named", "отозван направившим органом"),
	"RESIGNED":                  core.T("of the delegate's own will", "по собственному желанию"),
	TermEnded:                   core.T("the term ends", "истекает срок"),
	CharterChanged:              core.T("a new charter no longer has the seat", "новым уставом место не предусмотрено"),
	AssemblyDissolved:           core.T("the assembly is dissolved", "орган упразднён"),
	"MOVED_AWAY":                core.T("the delegate moved away", "делегат переехал"),
	"DIED":                      core.T("the delegate died", "делегат умер"),
	"OTHER":                     core.T("another reason", "иная причина"),
}
