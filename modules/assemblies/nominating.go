package assemblies

import (
	"context"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/people"
)

// Nominate proposes somebody for a seat by nomination.
func (s *Service) Nominate(ctx context.Context, in NominateInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "nominate", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		n := &Nomination{ID: core.NewID(), NominatedOn: in.NominatedOn, Status: Pending, Version: 1}
		var p core.Problems
		n.Minutes = minutes(&p, in.Minutes)
		p.Check((in.OrganisationID == nil) != (in.CouncilID == nil), core.T("An organisation nominates, or a body: name one.", "Выдвигает организация или орган: укажите что-то одно."), "input", "organisationId")
		p.Check(!tx.Today().Before(in.NominatedOn), core.T("Not in the future.", "Не в будущем."), "input", "nominatedOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		var err error
		if n.RuleID, err = seen[SeatRule](ctx, s, tx, in.RuleID, "SeatRule", "input", "ruleId"); err != nil {
			return uuid.Nil, err
		}
		if err := s.nominator(ctx, tx, n, in); err != nil {
			return uuid.Nil, err
		}
		if n.PersonID, err = s.person(ctx, tx, in.PersonID); err != nil {
			return uuid.Nil, err
		}
		rule, a, err := lockRule(ctx, tx, n.RuleID)
		if err != nil {
			return uuid.Nil, err
		}
		n.AssemblyID = a.ID
		if err := rule.takes(n); err != nil {
			return uuid.Nil, err
		}
		if err := inForce(ctx, tx, rule, n.NominatedOn, "nominatedOn"); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, n); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Nomination", ID: n.ID, After: n.facts(), Touched: n.touched(),
			Notice: &core.Notice{Text: core.Textf("A nomination to %[1]s was made.", "Сделано выдвижение в состав органа «%[1]s».", a.Name), Tell: []uuid.UUID{n.PersonID}}})
		return n.ID, nil
	})
}

// nominator finds who nominates, and whether the caller speaks for them: a council's by the right in the
// council, an organisation's by acting for it, or by the right in the whole town.
func (s *Service) nominator(ctx context.Context, tx *mutation.Tx, n *Nomination, in NominateInput) error {
	if in.CouncilID != nil {
		key, err := may[councils.Council](ctx, s, tx, mayNominate, *in.CouncilID, "Council", "input", "councilId")
		n.CouncilID = &key
		return err
	}
	key, err := seen[people.Organisation](ctx, s, tx, *in.OrganisationID, "Organisation", "input", "organisationId")
	if err != nil {
		return err
	}
	n.OrganisationID = &key
	var where access.Resource
	if core.ActorOf(ctx).ActingFor == key {
		where.Relations = []string{"own"}
	}
	if err := s.guard.Check(ctx, mayNominate, where); err != nil {
		return err
	}
	return s.people.OrganisationStands(ctx, tx, key, n.NominatedOn, &n.NominatedOn, "input", "organisationId")
}

// takes refuses a nomination that is not this rule's.
func (r *SeatRule) takes(n *Nomination) error {
	var p core.Problems
	p.Check(r.Kind == ByNomination, core.T("This rule's seats are not filled by nomination.", "Места по этому правилу не заполняют выдвижением."), "input", "ruleId")
	p.Check(r.CouncilID == nil || equal(r.CouncilID, n.CouncilID), core.T("By this rule only one body nominates, and it is another one.", "По этому правилу выдвигает только один орган, и это не он."), "input", "councilId")
	p.Check(r.OrganisationID == nil || equal(r.OrganisationID, n.OrganisationID), core.T("By this rule only one organisation nominates, and it is another one.", "По этому правилу выдвигает только одна организация, и это не она."), "input", "organisationId")
	return p.Err()
}

// inForce refuses a rule that the charter of that day does not have.
func inForce(ctx context.Context, tx *mutation.Tx, rule *SeatRule, on core.Date, field string) error {
	charters, err := chartersFrom(ctx, tx, rule, on)
	if err == nil && (len(charters) == 0 || on.Before(charters[0].StartsOn) || charters[0].Seats == 0) {
		err = core.Conflict(core.Textf("The charter in force on %s has no such seats.", "Устав, действующий %s, таких мест не предусматривает.", on), "input", field)
	}
	return err
}

// AcceptNomination seats who was nominated.
func (s *Service) AcceptNomination(ctx context.Context, in AcceptNominationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "acceptNomination", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, n, err := s.lockNomination(ctx, tx, in.ID, true)
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		inOrder(&p, in.StartsOn, in.EndsOn)
		p.Check(in.Reason == nil || utf8.RuneCountInString(*in.Reason) <= 1000, core.T("At most 1,000 characters.", "Не более 1000 знаков."), "input", "reason")
		p.Check(!in.StartsOn.Before(n.NominatedOn), core.Textf("The nomination was made on %s only.", "Выдвижение сделано только %s.", n.NominatedOn), "input", "startsOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := s.people.PersonStands(ctx, tx, n.PersonID, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		if err := s.decide(ctx, tx, a, n, in.ExpectedVersion, Accepted, in.Reason); err != nil {
			return uuid.Nil, err
		}
		rule, err := find[SeatRule](ctx, tx, n.RuleID)
		if err != nil {
			return uuid.Nil, err
		}
		d := &Delegate{ID: core.NewID(), RuleID: n.RuleID, NominationID: &n.ID, PersonID: n.PersonID, Capacity: Holder, Minutes: n.Minutes, StartsOn: in.StartsOn, EndsOn: in.EndsOn, Version: 1}
		return n.ID, s.seat(ctx, tx, a, rule, d, nil, in.Number)
	})
}

// RejectNomination turns a nomination down.
func (s *Service) RejectNomination(ctx context.Context, in RejectNominationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "rejectNomination", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, n, err := s.lockNomination(ctx, tx, in.ID, true)
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		reason := words(&p, in.Reason, 1000, "input", "reason")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		return n.ID, s.decide(ctx, tx, a, n, in.ExpectedVersion, Rejected, &reason)
	})
}

// WithdrawNomination takes a nomination back: whoever may nominate so, or the person who was.
func (s *Service) WithdrawNomination(ctx context.Context, in WithdrawNominationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "withdrawNomination", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, n, err := s.lockNomination(ctx, tx, in.ID, false)
		if err != nil {
			return uuid.Nil, err
		}
		return n.ID, s.decide(ctx, tx, a, n, in.ExpectedVersion, Withdrawn, nil)
	})
}

// lockNomination finds a nomination for a change and locks its assembly, then it. The assembly decides;
// others only take back what is theirs.
func (s *Service) lockNomination(ctx context.Context, tx *mutation.Tx, id core.ID, decides bool) (*Assembly, *Nomination, error) {
	key, err := seen[Nomination](ctx, s, tx, id, "Nomination", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	n, err := find[Nomination](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	if decides {
		err = read.Require[Assembly](ctx, s.reads, tx, mayDecide, n.AssemblyID, "input", "id")
	} else {
		err = read.Require[Nomination](ctx, s.reads, tx, mayNominate, key, "input", "id")
	}
	if err != nil {
		return nil, nil, err
	}
	a, err := lock[Assembly](ctx, tx, n.AssemblyID, "input", "id")
	if err != nil {
		return nil, nil, err
	}
	n, err = lock[Nomination](ctx, tx, key, "input", "id")
	return a, n, err
}

// decide ends a nomination's waiting.
func (s *Service) decide(ctx context.Context, tx *mutation.Tx, a *Assembly, n *Nomination, expected int, as NominationStatus, reason *string) error {
	if n.Status != Pending {
		return core.Conflict(core.Textf("The nomination was decided on %s already.", "О выдвижении уже решено %s.", *n.DecidedOn), "input", "id")
	}
	before, today := n.facts(), tx.Today()
	n.Status, n.DecidedOn, n.DecisionReason = as, &today, reason
	if err := mutation.Save(ctx, tx, n, expected, "status", "decided_on", "decision_reason"); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Updated, Type: "Nomination", ID: n.ID, Before: before, After: n.facts(), Touched: n.touched(),
		Notice: &core.Notice{Text: core.Textf("A nomination to %[1]s was decided or taken back.", "Выдвижение в состав органа «%[1]s» решено или отозвано.", a.Name), Tell: []uuid.UUID{n.PersonID}}})
	return nil
}
