package places

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

const maxDuplicates = 100

// MergeAddresses folds duplicates into one address. Their rows stay, pointing at it; their venues
// move to it, and are remembered for the undoing.
func (s *Service) MergeAddresses(ctx context.Context, in MergeAddressesInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "mergeAddresses", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		kept, duplicates, err := s.mayMerge(ctx, tx, in)
		if err != nil {
			return uuid.Nil, err
		}
		if err := shareMap(ctx, tx.Tx); err != nil {
			return uuid.Nil, err
		}
		if err := lockUnmerged(ctx, tx, kept, duplicates); err != nil {
			return uuid.Nil, err
		}
		if err := fold(ctx, tx, kept, duplicates); err != nil {
			return uuid.Nil, err
		}
		for _, duplicate := range duplicates {
			tx.Changed(core.Change{Kind: core.Merged, Type: "Address", ID: duplicate, After: map[string]any{"mergedInto": kept},
				Touched: []core.ID{{Type: "Address", Key: kept}}})
		}
		return kept, followAddresses(ctx, tx, []uuid.UUID{kept})
	})
}

// mayMerge reads the ids and asks for the right on each.
func (s *Service) mayMerge(ctx context.Context, tx *mutation.Tx, in MergeAddressesInput) (kept uuid.UUID, duplicates []uuid.UUID, err error) {
	if kept, err = in.KeptID.Of("Address", "input", "keptId"); err != nil {
		return kept, nil, err
	}
	if n := len(in.DuplicateIds); n < 1 || n > maxDuplicates {
		return kept, nil, core.Invalid(core.Textf("From 1 to %[1]d duplicates.", "От 1 до %[1]d дубликатов.", maxDuplicates), "input", "duplicateIds")
	}
	if err := read.Require[Address](ctx, s.reads, tx, mayWrite, kept, "input", "keptId"); err != nil {
		return kept, nil, err
	}
	for i, id := range in.DuplicateIds {
		path := []string{"input", "duplicateIds", fmt.Sprint(i)}
		key, err := id.Of("Address", path...)
		if err != nil {
			return kept, nil, err
		}
		if key == kept || slices.Contains(duplicates, key) {
			return kept, nil, core.Invalid(core.T("This address is named twice.", "Этот адрес указан дважды."), path...)
		}
		if err := read.Require[Address](ctx, s.reads, tx, mayWrite, key, path...); err != nil {
			return kept, nil, err
		}
		duplicates = append(duplicates, key)
	}
	return kept, duplicates, nil
}

// lockUnmerged locks all rows in the order of their keys, so that two merges cannot wait for each
// other, and refuses one that is merged already.
func lockUnmerged(ctx context.Context, tx *mutation.Tx, kept uuid.UUID, duplicates []uuid.UUID) error {
	keys := append([]uuid.UUID{kept}, duplicates...)
	slices.SortFunc(keys, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, key := range keys {
		path := []string{"input", "keptId"}
		if i := slices.Index(duplicates, key); i >= 0 {
			path = []string{"input", "duplicateIds", fmt.Sprint(i)}
		}
		a, err := load[Address](ctx, tx, key, path...)
		if err != nil {
			return err
		}
		if a.MergedIntoID != nil {
			return core.Conflict(core.T("This address was merged into another already.", "Этот адрес уже объединён с другим."), path...)
		}
	}
	return nil
}

func fold(ctx context.Context, tx *mutation.Tx, kept uuid.UUID, duplicates []uuid.UUID) error {
	town := core.MunicipalityOf(ctx).ID
	for _, statement := range []string{
		`UPDATE addresses SET merged_into_id = ?1, version = version + 1 WHERE municipality_id = ?0 AND id IN (?2)`,
		`INSERT INTO address_merge_moves (municipality_id, address_id, venue_id)
			SELECT municipality_id, address_id, id FROM venues WHERE municipality_id = ?0 AND address_id IN (?2)`,
		`UPDATE venues SET address_id = ?1, version = version + 1 WHERE municipality_id = ?0 AND address_id IN (?2)`,
	} {
		if _, err := tx.NewRaw(statement, town, kept, bun.List(duplicates)).Exec(ctx); err != nil {
			return fmt.Errorf("places: merge addresses: %w", err)
		}
	}
	return nil
}

// UndoMergeAddresses makes a duplicate an address of its own again, and gives it back the venues
// that it brought and that still stand where the merge put them. Merges on merges are undone in
// the other order.
func (s *Service) UndoMergeAddresses(ctx context.Context, in UndoMergeAddressesInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "undoMergeAddresses", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, err := s.address(ctx, tx, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if a.MergedIntoID == nil {
			return a.ID, core.Conflict(core.T("This address is not merged into another.", "Этот адрес ни с каким другим не объединён."), "input", "id")
		}
		kept, err := load[Address](ctx, tx, *a.MergedIntoID, "input", "id")
		if err != nil {
			return a.ID, err
		}
		if kept.MergedIntoID != nil {
			return a.ID, core.Conflict(core.T("The address that it was merged into was itself merged later. Undo that merge first.",
				"Адрес, с которым он объединён, сам позже объединён с другим. Сначала отмените то объединение."), "input", "id")
		}
		if err := unfold(ctx, tx, kept.ID, a.ID); err != nil {
			return a.ID, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Address", ID: a.ID, Before: map[string]any{"mergedInto": kept.ID},
			Touched: []core.ID{{Type: "Address", Key: kept.ID}}})
		return a.ID, followAddresses(ctx, tx, []uuid.UUID{a.ID})
	})
}

func unfold(ctx context.Context, tx *mutation.Tx, kept, duplicate uuid.UUID) error {
	town := core.MunicipalityOf(ctx).ID
	for _, statement := range []string{
		`UPDATE addresses SET merged_into_id = NULL, version = version + 1 WHERE municipality_id = ?0 AND id = ?2`,
		`UPDATE venues SET address_id = ?2, version = version + 1 WHERE municipality_id = ?0 AND address_id = ?1 AND id IN (
			SELECT venue_id FROM address_merge_moves WHERE municipality_id = ?0 AND address_id = ?2)`,
		`DELETE FROM address_merge_moves WHERE municipality_id = ?0 AND address_id = ?2`,
	} {
		if _, err := tx.NewRaw(statement, town, kept, duplicate).Exec(ctx); err != nil {
			return fmt.Errorf("places: undo a merge of addresses: %w", taken(err))
		}
	}
	return nil
}
