package councils

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

// AddMember seats a person. One seat a person and one chair a body at a time, and no more members
// than the body's limit: CONFLICT. Seats of one body are given one after another (its row is
// locked), so the limit holds under any load.
func (s *Service) AddMember(ctx context.Context, in AddMemberInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addMember", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		return s.Seat(ctx, tx, in)
	})
}

// Seat is AddMember inside of another module's mutation; it asks for the right to seat somebody there.
func (s *Service) Seat(ctx context.Context, tx *mutation.Tx, in AddMemberInput) (uuid.UUID, error) {
	c, err := s.lock(ctx, tx, in.CouncilID, maySeat, "input", "councilId")
	if err != nil {
		return uuid.Nil, err
	}
	m := &Membership{
		ID: core.NewID(), CouncilID: c.ID, Post: in.Post, Basis: in.Basis, AppointingAct: in.AppointingAct,
		StartsOn: in.StartsOn, EndsOn: in.EndsOn, Version: 1,
	}
	if err := s.who(ctx, tx, m, in.PersonID, in.OrganisationID); err != nil {
		return uuid.Nil, err
	}
	return m.ID, s.seat(ctx, tx, c, m)
}

// who finds the person and the organisation that delegates.
func (s *Service) who(ctx context.Context, tx *mutation.Tx, m *Membership, person core.ID, organisation *core.ID) (err error) {
	if m.PersonID, err = person.Of("Person", "input", "personId"); err != nil {
		return err
	}
	if err := read.Seen[people.Person](ctx, s.reads, tx, m.PersonID, "input", "personId"); err != nil {
		return err
	}
	if err := s.people.PersonStands(ctx, tx, m.PersonID, "input", "personId"); err != nil {
		return err
	}
	return s.delegate(ctx, tx, m, organisation)
}

func (s *Service) delegate(ctx context.Context, tx *mutation.Tx, m *Membership, organisation *core.ID) (err error) {
	m.OrganisationID, err = core.KeyOf(organisation, "Organisation", "input", "organisationId")
	if err != nil || m.OrganisationID == nil {
		return err
	}
	if err := read.Seen[people.Organisation](ctx, s.reads, tx, *m.OrganisationID, "input", "organisationId"); err != nil {
		return err
	}
	return s.people.OrganisationStands(ctx, tx, *m.OrganisationID, m.StartsOn, &m.StartsOn, "input", "organisationId")
}

// seat holds the rules of a seat against its body, and writes it.
func (s *Service) seat(ctx context.Context, tx *mutation.Tx, c *Council, m *Membership) error {
	if err := m.validate(); err != nil {
		return err
	}
	if err := c.stands(m.StartsOn, m.EndsOn); err != nil {
		return err
	}
	if c.SeatLimit != nil {
		most, err := mostSeats(ctx, tx, c.ID, m.StartsOn, m.EndsOn)
		if err != nil {
			return err
		}
		if most >= *c.SeatLimit {
			return core.Conflict(core.Textf("All %d seats of the body are taken at that time.", "Все места органа (%d) в это время заняты.", *c.SeatLimit), "input", "startsOn")
		}
	}
	if err := insert(ctx, tx, m); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Created, Type: "Membership", ID: m.ID, After: m.facts(), Touched: m.touched(),
		Notice: c.notice("%s: a seat was taken.", "%s: новое членство в составе.")})
	return nil
}

// UpdateMembership corrects on what ground a person sits.
func (s *Service) UpdateMembership(ctx context.Context, in UpdateMembershipInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateMembership", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		_, m, err := s.lockSeat(ctx, tx, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := m.facts()
		if v, ok := in.Basis.ValueOK(); ok {
			if v == nil {
				return uuid.Nil, core.Invalid(core.T("A seat has a ground: name it, or leave the field out.", "У членства есть основание: назовите его или не указывайте поле."), "input", "basis")
			}
			m.Basis = *v
		}
		if v, ok := in.AppointingAct.ValueOK(); ok {
			m.AppointingAct = v
		}
		if v, ok := in.OrganisationID.ValueOK(); ok {
			if err := s.delegate(ctx, tx, m, v); err != nil {
				return uuid.Nil, err
			}
		}
		if err := m.validate(); err != nil {
			return uuid.Nil, err
		}
		if err := mutation.Save(ctx, tx, m, in.ExpectedVersion, "basis", "organisation_id", "appointing_act"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Membership", ID: m.ID, Before: before, After: m.facts(), Touched: m.touched()})
		return m.ID, nil
	})
}

// ChangePost gives a member another post: the old seat ends the day before, and a new one begins
// with the same ground and, where one is known, the same end.
func (s *Service) ChangePost(ctx context.Context, in ChangePostInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "changePost", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, old, err := s.lockSeat(ctx, tx, in.MembershipID, "membershipId")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		p.Check(old.StartsOn.Before(in.StartsOn), core.T("The new post begins after the first day of the old one.", "Новая функция начинается позже первого дня прежней."), "input", "startsOn")
		p.Check(old.EndsOn == nil || !old.EndsOn.Before(in.StartsOn), core.T("The seat has ended by that day: seat the person anew.", "К этому дню членство закончилось: введите человека в состав заново."), "input", "startsOn")
		p.Check(old.Post != in.Post, core.T("The member holds this post.", "Член совета уже исполняет эту функцию."), "input", "post")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		next := &Membership{
			ID: core.NewID(), CouncilID: old.CouncilID, PersonID: old.PersonID, Post: in.Post, Basis: old.Basis, OrganisationID: old.OrganisationID,
			AppointingAct: in.AppointingAct, StartsOn: in.StartsOn,
			EndsOn: old.EndsOn, LeavingReason: old.LeavingReason, LeavingNote: old.LeavingNote, Version: 1,
		}
		if err := old.end(ctx, tx, in.ExpectedVersion, leaving{on: in.StartsOn.AddDays(-1), reason: ChangedPost}); err != nil {
			return uuid.Nil, err
		}
		return next.ID, s.seat(ctx, tx, c, next)
	})
}

// EndMembership ends a seat on a day.
func (s *Service) EndMembership(ctx context.Context, in EndMembershipInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "endMembership", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		_, m, err := s.lockSeat(ctx, tx, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if m.LeavingReason != nil {
			return uuid.Nil, core.Conflict(core.Textf("The membership ended on %s already.", "Членство уже завершено %s.", *m.EndsOn), "input", "endsOn")
		}
		var p core.Problems
		p.Check(!in.EndsOn.Before(m.StartsOn), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
		p.Check(m.EndsOn == nil || !m.EndsOn.Before(in.EndsOn), core.T("The membership ends earlier than that.", "Членство заканчивается раньше этого дня."), "input", "endsOn")
		p.Short(in.Note, 1000, "input", "note")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := m.end(ctx, tx, in.ExpectedVersion, leaving{on: in.EndsOn, reason: in.Reason, note: in.Note}); err != nil {
			return uuid.Nil, err
		}
		return m.ID, s.tellEnded(ctx, tx, *m)
	})
}

// leaving is how a seat ends.
type leaving struct {
	on     core.Date
	reason LeavingReason
	note   *string
}

func (m *Membership) end(ctx context.Context, tx *mutation.Tx, expected int, l leaving) error {
	before := m.facts()
	m.EndsOn, m.LeavingReason, m.LeavingNote = &l.on, &l.reason, l.note
	if err := mutation.Save(ctx, tx, m, expected, "ends_on", "leaving_reason", "leaving_note"); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Ended, Type: "Membership", ID: m.ID, Before: before, After: m.facts(), Touched: m.touched()})
	return nil
}

// lockSeat finds a seat for a change, and locks its body and then the seat: in that order, as
// everything does that changes seats.
func (s *Service) lockSeat(ctx context.Context, tx *mutation.Tx, id core.ID, field string) (*Council, *Membership, error) {
	key, err := id.Of("Membership", "input", field)
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[Membership](ctx, s.reads, tx, maySeat, key, "input", field); err != nil {
		return nil, nil, err
	}
	c, m, err := lockMembership(ctx, tx, key)
	if postgres.NoRows(err) { // the body was dissolved meanwhile, and the seat had not begun
		err = &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: []string{"input", field}}
	}
	return c, m, err
}
