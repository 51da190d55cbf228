package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// MergePersons makes one person of two: every registered reference to the duplicate names the
// survivor, in one transaction. Names and personal data of the duplicate stay on it.
func (s *Service) MergePersons(ctx context.Context, in MergePersonsInput) (*core.Payload, error) {
	return s.do(ctx, "mergePersons", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := reason(&in.Reason); err != nil {
			return uuid.Nil, err
		}
		duplicate, survivor, err := pair[Person](ctx, s, tx, mayMerge, in.DuplicateID, in.SurvivorID)
		if err != nil {
			return uuid.Nil, err
		}
		noteMerge(tx, typePerson, duplicate, survivor, in.Reason)
		return survivor, s.merging(typePerson).join(ctx, tx, duplicate, survivor)
	})
}

// MergeOrganisations is MergePersons for organisations.
func (s *Service) MergeOrganisations(ctx context.Context, in MergeOrganisationsInput) (*core.Payload, error) {
	return s.do(ctx, "mergeOrganisations", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := reason(&in.Reason); err != nil {
			return uuid.Nil, err
		}
		duplicate, survivor, err := pair[Organisation](ctx, s, tx, mayMergeOrganisations, in.DuplicateID, in.SurvivorID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := lockTree(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		noteMerge(tx, typeOrganisation, duplicate, survivor, in.Reason)
		if err := s.merging(typeOrganisation).join(ctx, tx, duplicate, survivor); err != nil {
			return uuid.Nil, err
		}
		return survivor, noCircle(ctx, tx, survivor)
	})
}

// pair reads the two ids of a merge and asks for the right on both.
func pair[M any](ctx context.Context, s *Service, tx *mutation.Tx, permission string, duplicateID, survivorID core.ID) (duplicate, survivor uuid.UUID, err error) {
	if duplicate, err = require[M](ctx, s, tx, permission, duplicateID, "duplicateId"); err != nil {
		return duplicate, survivor, err
	}
	survivor, err = require[M](ctx, s, tx, permission, survivorID, "survivorId")
	return duplicate, survivor, err
}

func noteMerge(tx *mutation.Tx, typ string, duplicate, survivor uuid.UUID, reason string) {
	tx.Changed(core.Change{
		Kind: core.Merged, Type: typ, ID: duplicate, Reason: reason,
		After: map[string]any{"mergedIntoId": survivor}, Touched: []core.ID{id(typ, survivor)},
	})
}

// UndoPersonMerge puts back exactly what the merge of a duplicate moved; only the versions of the
// two go on, since others may hold the old ones. What came to the survivor later stays with it.
func (s *Service) UndoPersonMerge(ctx context.Context, in UndoPersonMergeInput) (*core.Payload, error) {
	return s.do(ctx, "undoPersonMerge", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := reason(&in.Reason); err != nil {
			return uuid.Nil, err
		}
		key, err := require[Person](ctx, s, tx, mayMerge, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		return key, s.undo(ctx, tx, typePerson, key, in.Reason)
	})
}

// UndoOrganisationMerge is UndoPersonMerge for organisations.
func (s *Service) UndoOrganisationMerge(ctx context.Context, in UndoOrganisationMergeInput) (*core.Payload, error) {
	return s.do(ctx, "undoOrganisationMerge", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := reason(&in.Reason); err != nil {
			return uuid.Nil, err
		}
		key, err := require[Organisation](ctx, s, tx, mayMergeOrganisations, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := lockTree(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		if err := s.undo(ctx, tx, typeOrganisation, key, in.Reason); err != nil {
			return uuid.Nil, err
		}
		return key, noCircle(ctx, tx, key)
	})
}

func (s *Service) undo(ctx context.Context, tx *mutation.Tx, typ string, duplicate uuid.UUID, reason string) error {
	survivor, err := s.merging(typ).part(ctx, tx, duplicate)
	if err != nil {
		return err
	}
	tx.Changed(core.Change{
		Kind: core.Updated, Type: typ, ID: duplicate, Reason: reason, Before: map[string]any{"mergedIntoId": survivor},
		After: map[string]any{"mergedIntoId": nil}, Touched: []core.ID{id(typ, survivor)},
	})
	return nil
}
