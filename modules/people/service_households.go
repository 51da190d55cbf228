package people

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// CreateHousehold opens a household with its first members.
func (s *Service) CreateHousehold(ctx context.Context, in CreateHouseholdInput) (*core.Payload, error) {
	return s.do(ctx, "createHousehold", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(); err != nil {
			return uuid.Nil, err
		}
		if err := s.may(ctx, mayWriteHouseholds); err != nil {
			return uuid.Nil, err
		}
		h := &Household{ID: core.NewID(), CreatedAt: moment(tx.Now())}
		if err := insert(ctx, tx, h); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Household", ID: h.ID})
		for _, member := range in.MemberIDs {
			m := &HouseholdMember{HouseholdID: h.ID, StartsOn: in.StartsOn}
			if err := s.addMember(ctx, tx, m, member, "memberIds"); err != nil {
				return uuid.Nil, err
			}
		}
		return h.ID, nil
	})
}

// AddHouseholdMember takes a person into a household from a day on.
func (s *Service) AddHouseholdMember(ctx context.Context, in AddHouseholdMemberInput) (*core.Payload, error) {
	return s.do(ctx, "addHouseholdMember", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(); err != nil {
			return uuid.Nil, err
		}
		household, err := require[Household](ctx, s, tx, mayWriteHouseholds, in.HouseholdID, "householdId")
		if err != nil {
			return uuid.Nil, err
		}
		m := &HouseholdMember{HouseholdID: household, StartsOn: in.StartsOn, EndsOn: in.EndsOn}
		return household, s.addMember(ctx, tx, m, in.PersonID, "personId")
	})
}

// addMember checks the person that the input's field names, and puts them into the household.
func (s *Service) addMember(ctx context.Context, tx *mutation.Tx, m *HouseholdMember, person core.ID, field string) error {
	var err error
	if m.PersonID, err = require[Person](ctx, s, tx, mayRead, person, field); err != nil {
		return err
	}
	if err := s.PersonStands(ctx, tx, m.PersonID, "input", field); err != nil {
		return err
	}
	m.ID = core.NewID()
	tx.Changed(core.Change{
		Kind: core.Created, Type: "HouseholdMember", ID: m.ID,
		Touched: []core.ID{id("Household", m.HouseholdID), id(typePerson, m.PersonID)},
	})
	err = insert(ctx, tx, m)
	var conflict *core.Error
	if errors.As(err, &conflict) && conflict.Code == core.CodeConflict {
		return core.Conflict(conflict.Text, "input", field)
	}
	return err
}

// EndHouseholdMember ends a person's time in a household. The payload shows the household.
func (s *Service) EndHouseholdMember(ctx context.Context, in EndHouseholdMemberInput) (*core.Payload, error) {
	return s.do(ctx, "endHouseholdMember", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := require[HouseholdMember](ctx, s, tx, mayWriteHouseholds, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		m := &HouseholdMember{Owned: owned(ctx), ID: key}
		if err := load(ctx, tx, m, "household_id", "person_id", "starts_on", "ends_on"); err != nil {
			return uuid.Nil, err
		}
		if err := mayEnd(m.StartsOn, m.EndsOn, in.EndsOn); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{
			Kind: core.Ended, Type: "HouseholdMember", ID: key, After: map[string]any{"endsOn": in.EndsOn},
			Touched: []core.ID{id("Household", m.HouseholdID), id(typePerson, m.PersonID)},
		})
		_, err = tx.NewUpdate().Model(m).Set("ends_on = ?", in.EndsOn).WherePK().Exec(ctx)
		return m.HouseholdID, err
	})
}

// mayEnd checks a new last day: not before the first, and not after one that was set already.
func mayEnd(startsOn core.Date, had *core.Date, endsOn core.Date) error {
	if endsOn.Before(startsOn) {
		return core.Invalid(core.T("That day is before the first one.", "Этот день раньше первого."), "input", "endsOn")
	}
	if had != nil && had.Before(endsOn) {
		return core.Conflict(core.Textf("It ended on %s already. Begin a new one instead.", "Запись уже завершена %s. Заведите новую.", *had), "input", "endsOn")
	}
	return nil
}
