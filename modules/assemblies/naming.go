package assemblies

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// NameDelegate names a member of a body for a seat. The body is one of those that the rule is for, and
// is at work; the person is its member on the first day. No more seats than the charter gives, one holder
// a seat, one seat a person: CONFLICT.
func (s *Service) NameDelegate(ctx context.Context, in NameDelegateInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "nameDelegate", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		return s.name(ctx, tx, Holder, in)
	})
}

// NameSubstitute names a member of a body to stand in for its delegates, where the charter allows it.
func (s *Service) NameSubstitute(ctx context.Context, in NameSubstituteInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "nameSubstitute", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		return s.name(ctx, tx, Substitute, NameDelegateInput(in))
	})
}

func (s *Service) name(ctx context.Context, tx *mutation.Tx, capacity DelegateCapacity, in NameDelegateInput) (uuid.UUID, error) {
	ruleKey, err := seen[SeatRule](ctx, s, tx, in.RuleID, "SeatRule", "input", "ruleId")
	if err != nil {
		return uuid.Nil, err
	}
	councilKey, err := may[councils.Council](ctx, s, tx, mayDelegate, in.CouncilID, "Council", "input", "councilId")
	if err != nil {
		return uuid.Nil, err
	}
	d := &Delegate{ID: core.NewID(), Capacity: capacity, RuleID: ruleKey, CouncilID: &councilKey, StartsOn: in.StartsOn, EndsOn: in.EndsOn, Version: 1}
	if d.PersonID, err = s.person(ctx, tx, in.PersonID); err != nil {
		return uuid.Nil, err
	}
	if err := s.metAt(ctx, tx, d, in.MeetingID); err != nil {
		return uuid.Nil, err
	}
	var p core.Problems
	d.Minutes = minutes(&p, in.Minutes)
	inOrder(&p, in.StartsOn, in.EndsOn)
	if err := p.Err(); err != nil {
		return uuid.Nil, err
	}
	council, err := lockBody(ctx, tx, councilKey)
	if err != nil {
		return uuid.Nil, err
	}
	rule, assembly, err := lockRule(ctx, tx, ruleKey)
	if err != nil {
		return uuid.Nil, err
	}
	if err := s.names(ctx, tx, rule, council, d); err != nil {
		return uuid.Nil, err
	}
	below, err := seatBelowOf(ctx, tx, d)
	if err != nil {
		return uuid.Nil, fmt.Errorf("the seat below: %w", err)
	}
	if !below.Covered {
		return uuid.Nil, core.Invalid(core.Textf("The person is not a member of the body on %s. Seat them there first.", "Человек %s не входит в состав этого органа. Сначала введите его туда.", d.StartsOn), "input", "personId")
	}
	return d.ID, s.seat(ctx, tx, assembly, rule, d, &below, in.Number)
}

// person finds who is to be named.
func (s *Service) person(ctx context.Context, tx *mutation.Tx, id core.ID) (uuid.UUID, error) {
	key, err := seen[people.Person](ctx, s, tx, id, "Person", "input", "personId")
	if err != nil {
		return key, err
	}
	return key, s.people.PersonStands(ctx, tx, key, "input", "personId")
}

// metAt finds the meeting of the body that named.
func (s *Service) metAt(ctx context.Context, tx *mutation.Tx, d *Delegate, meeting *core.ID) error {
	if meeting == nil {
		return nil
	}
	key, err := seen[meetings.Meeting](ctx, s, tx, *meeting, "Meeting", "input", "meetingId")
	if err != nil {
		return err
	}
	at, err := find[meetings.Meeting](ctx, tx, key)
	if err == nil && (at.BodyKind != "council" || !equal(at.BodyID, d.CouncilID)) {
		err = core.Invalid(core.T("That is no meeting of the body that names.", "Это заседание не того органа, который называет."), "input", "meetingId")
	}
	d.MeetingID = &key
	return err
}

// lockRule reads a rule and locks its assembly.
func lockRule(ctx context.Context, tx *mutation.Tx, key uuid.UUID) (*SeatRule, *Assembly, error) {
	rule, err := find[SeatRule](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	a, err := lock[Assembly](ctx, tx, rule.AssemblyID, "input", "ruleId")
	return rule, a, err
}

// names refuses a body that does not name by the rule, or not on that day, and notes for which district
// it does.
func (s *Service) names(ctx context.Context, tx *mutation.Tx, rule *SeatRule, c *councils.Council, d *Delegate) error {
	var fits bool
	switch rule.Kind {
	case EachDistrict:
		fits = c.Kind == *rule.CouncilKind && c.DistrictID != nil
		d.DistrictID = c.DistrictID
	case EachBody:
		fits = c.Kind == *rule.CouncilKind
	case BodyChooses:
		fits = c.ID == *rule.CouncilID
	default:
		return core.Invalid(core.T("By this rule nobody is named: all members sit, or people are nominated.", "По этому правилу не называют: входят все члены органа или выдвигают."), "input", "ruleId")
	}
	if !fits {
		return core.Invalid(core.T("This rule has no seats for that body.", "По этому правилу у того органа нет мест."), "input", "councilId")
	}
	if c.ActiveFrom == nil || d.StartsOn.Before(*c.ActiveFrom) || c.DissolvedOn != nil && c.DissolvedOn.Before(d.StartsOn) {
		return core.Conflict(core.Textf("The body is not at work on %s.", "Орган %s не работает.", d.StartsOn), "input", "startsOn")
	}
	return districtStands(ctx, tx, d)
}

// districtStands refuses a seat for a district that is not there.
func districtStands(ctx context.Context, tx *mutation.Tx, d *Delegate) error {
	if d.DistrictID == nil {
		return nil
	}
	of, err := find[places.District](ctx, tx, *d.DistrictID)
	if err == nil && (of.FoundedOn != nil && d.StartsOn.Before(*of.FoundedOn) || of.AbolishedOn != nil && of.AbolishedOn.Before(d.StartsOn)) {
		err = core.Conflict(core.Textf("The body's district does not stand on %s.", "Микрорайона этого органа %s нет.", d.StartsOn), "input", "startsOn")
	}
	return err
}

// seat finds the seat and how long it lasts, and writes the delegate. below is nil where no seat below
// stands behind it.
func (s *Service) seat(ctx context.Context, tx *mutation.Tx, a *Assembly, rule *SeatRule, d *Delegate, below *seatBelow, number *int) error {
	d.AssemblyID = a.ID
	charters, err := chartersFrom(ctx, tx, rule, d.StartsOn)
	if err != nil {
		return fmt.Errorf("charters: %w", err)
	}
	had, err := takenFrom(ctx, tx, d)
	if err != nil {
		return fmt.Errorf("seats taken: %w", err)
	}
	room := room{charters: charters, taken: had, delegate: d}
	if below != nil {
		room.below = *below
	}
	if err := room.give(number); err != nil {
		return err
	}
	if err := s.sitsAlready(ctx, tx, d); err != nil {
		return err
	}
	if err := insert(ctx, tx, d); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Created, Type: "Delegate", ID: d.ID, After: d.facts(), Touched: d.touched(), Notice: d.named(a.Name)})
	return nil
}

// sitsAlready refuses to name whoever sits on the first day as a member of a body all of which sits.
func (s *Service) sitsAlready(ctx context.Context, tx *mutation.Tx, d *Delegate) error {
	var sits bool
	err := tx.NewRaw("SELECT EXISTS (SELECT FROM assembly_seats(?, ?, ?) AS seat WHERE seat.membership_id IS NOT NULL AND seat.person_id = ?)",
		core.MunicipalityOf(ctx).ID, d.AssemblyID, d.StartsOn, d.PersonID).Scan(ctx, &sits)
	if err == nil && sits {
		err = core.Conflict(core.T("This person sits in the assembly by membership in a body already.", "Этот человек уже входит в собрание как член органа."), "input", "personId")
	}
	return err
}
