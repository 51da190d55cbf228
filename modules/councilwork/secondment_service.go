package councilwork

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
)

// SecondMember seconds a member of a body to a commission, with a seat there or without.
func (s *Service) SecondMember(ctx context.Context, input SecondMemberInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "secondMember", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, commission, err := s.bodies(ctx, tx, input)
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.guard.Check(ctx, maySecond, in(c)); err != nil {
			return uuid.Nil, err
		}
		d := &Secondment{
			ID: core.NewID(), CouncilID: c.ID, CommissionID: commission.ID, Act: input.Act,
			StartsOn: input.StartsOn, EndsOn: input.EndsOn, Version: 1,
		}
		if err := s.sent(ctx, tx, d, commission, input); err != nil {
			return uuid.Nil, err
		}
		if input.WithSeat {
			if err := s.giveSeat(ctx, tx, d, input); err != nil {
				return uuid.Nil, err
			}
		}
		if err := insert(ctx, tx, d); err != nil {
			return uuid.Nil, err
		}
		notice, err := s.notice(ctx, tx, c.ID, "a member was seconded to a commission.", "член органа направлен в комиссию.", d.PersonID)
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(d.change(core.Created, nil, d.facts(), notice))
		if input.ReportDueOn == nil {
			return d.ID, nil
		}
		_, err = owe(ctx, tx, d, *input.ReportDueOn)
		return d.ID, err
	})
}

// bodies finds and holds both bodies: the one that sends first, as the ends of its seats do.
func (s *Service) bodies(ctx context.Context, tx *mutation.Tx, input SecondMemberInput) (c, commission *councils.Council, err error) {
	if input.CouncilID == input.CommissionID {
		return nil, nil, core.Invalid(core.T("A body seconds nobody to itself.", "Орган никого не направляет в самого себя."), "input", "commissionId")
	}
	if c, err = s.body(ctx, tx, input.CouncilID, "councilId"); err != nil {
		return nil, nil, err
	}
	key, err := seen[councils.Council](ctx, s, tx, &input.CommissionID, "commissionId")
	if err != nil {
		return nil, nil, err
	}
	commission, err = held[councils.Council](ctx, tx, *key, "NO KEY UPDATE", "commissionId")
	return c, commission, err
}

// sent holds the rules of a secondment: what is a commission, who may be sent there, and when.
func (s *Service) sent(ctx context.Context, tx *mutation.Tx, d *Secondment, commission *councils.Council, input SecondMemberInput) error {
	var p core.Problems
	optional(&p, &d.Act, 500, "act")
	p.Check(d.EndsOn == nil || !d.EndsOn.Before(d.StartsOn), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
	p.Check(input.ReportDueOn == nil || !input.ReportDueOn.Before(d.StartsOn), core.T("Nobody reports before the secondment begins.", "Отчитываться до начала направления не о чем."), "input", "reportDueOn")
	switch commission.Kind {
	case councils.InterdepartmentalCommittee, councils.TerritorialCommission, councils.CoordinationCouncil:
	default:
		p.Check(false, core.T("Members are seconded to commissions and coordination councils.", "Членов органа направляют в комиссии и координационные советы."), "input", "commissionId")
	}
	if err := p.Err(); err != nil {
		return err
	}
	if err := stands(commission, d.StartsOn, "startsOn"); err != nil {
		return err
	}
	if commission.DissolvedOn != nil && (d.EndsOn == nil || commission.DissolvedOn.Before(*d.EndsOn)) {
		return core.Conflict(core.Textf("The commission is dissolved on %s: give an end by that day.", "Комиссия упраздняется %s: укажите конец не позже этого дня.", *commission.DissolvedOn), "input", "endsOn")
	}
	person, err := s.person(ctx, tx, &input.PersonID, "personId")
	if err != nil {
		return err
	}
	d.PersonID = *person
	return seated(ctx, tx, d.CouncilID, d.PersonID, d.StartsOn, d.EndsOn, "personId")
}

// giveSeat makes the seat in the commission; whoever seconds must be allowed to.
func (s *Service) giveSeat(ctx context.Context, tx *mutation.Tx, d *Secondment, input SecondMemberInput) error {
	key, err := s.councils.Seat(ctx, tx, councils.AddMemberInput{
		CouncilID: input.CommissionID, PersonID: input.PersonID, Post: councils.Member, Basis: councils.ExOfficio,
		AppointingAct: d.Act, StartsOn: d.StartsOn, EndsOn: d.EndsOn,
	})
	d.SeatID = &key
	return err
}

// EndSecondment ends a secondment on a day, and the seat in the commission that was made for it.
func (s *Service) EndSecondment(ctx context.Context, input EndSecondmentInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "endSecondment", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		d, err := s.lockSecondment(ctx, tx, input.ID, maySecond, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if d.EndReason != nil {
			return uuid.Nil, core.Conflict(core.Textf("The secondment ended on %s already.", "Направление уже завершено %s.", *d.EndsOn), "input", "endsOn")
		}
		var p core.Problems
		p.Check(!input.EndsOn.Before(d.StartsOn), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
		p.Check(d.EndsOn == nil || !d.EndsOn.Before(input.EndsOn), core.T("The secondment ends earlier than that.", "Направление заканчивается раньше этого дня."), "input", "endsOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := s.end(ctx, tx, d, input.ExpectedVersion, input.EndsOn, input.Reason); err != nil {
			return uuid.Nil, err
		}
		if d.SeatID == nil {
			return d.ID, nil
		}
		return d.ID, s.councils.EndExOfficio(ctx, tx, d.CommissionID, d.PersonID, input.EndsOn, councils.Recalled)
	})
}

// lockSecondment finds a secondment for a change, and locks its bodies and then the row: in that order, as
// the ends of seats do.
func (s *Service) lockSecondment(ctx context.Context, tx *mutation.Tx, id core.ID, permission, field string) (*Secondment, error) {
	key, err := id.Of("Secondment", "input", field)
	if err != nil {
		return nil, err
	}
	if err := read.Require[Secondment](ctx, s.reads, tx, permission, key, "input", field); err != nil {
		return nil, err
	}
	d, err := held[Secondment](ctx, tx, key, "KEY SHARE", field)
	if err != nil {
		return nil, err
	}
	if _, err := held[councils.Council](ctx, tx, d.CouncilID, "SHARE", field); err != nil {
		return nil, err
	}
	if d.SeatID != nil {
		if _, err := held[councils.Council](ctx, tx, d.CommissionID, "NO KEY UPDATE", field); err != nil {
			return nil, err
		}
	}
	return held[Secondment](ctx, tx, key, "NO KEY UPDATE", field)
}

// end writes the end of a locked secondment, and says so.
func (s *Service) end(ctx context.Context, tx *mutation.Tx, d *Secondment, expected int, on core.Date, reason SecondmentEndReason) error {
	before := d.facts()
	d.EndsOn, d.EndReason = &on, &reason
	if err := save(ctx, tx, d, expected, "ends_on", "end_reason"); err != nil {
		return err
	}
	notice, err := s.notice(ctx, tx, d.CouncilID, "a member's secondment to a commission ended.", "направление члена органа в комиссию завершено.", d.PersonID)
	if err != nil {
		return err
	}
	tx.Changed(d.change(core.Ended, before, d.facts(), notice))
	return nil
}
