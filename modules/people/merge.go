package people

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// merge is what was moved from a duplicate to a survivor, so that it can be put back.
type merge struct {
	bun.BaseModel `bun:"table:merges,alias:merge"`
	postgres.Owned
	ID          uuid.UUID `bun:"id,pk,type:uuid"`
	ObjectType  string    `bun:"object_type"`
	DuplicateID uuid.UUID `bun:"duplicate_id,type:uuid"`
	SurvivorID  uuid.UUID `bun:"survivor_id,type:uuid"`
	Moved       []moved   `bun:"moved,type:jsonb"`
	MergedAt    time.Time `bun:"merged_at"`
	UndoneAt    time.Time `bun:"undone_at,nullzero"`
}

// moved is the rows of one column.
type moved struct {
	Table  string      `json:"table"`
	Column string      `json:"column"`
	Rows   []uuid.UUID `json:"rows"`
	// Of a plugin's table, whose keys are its own.
	Plugin string          `json:"plugin,omitempty"`
	Keys   json.RawMessage `json:"keys,omitempty"`
}

var (
	errMergedAlready = core.Conflict(core.T("This one was merged into another already.", "Эта запись уже объединена с другой."), "input")
	errNotMerged     = core.Conflict(core.T("This one is not merged into another.", "Эта запись не объединена с другой."), "input", "id")
	errErased        = core.Conflict(core.T("The data of one of them was erased.", "Данные одной из записей удалены."), "input")
	errUndoLater     = core.Conflict(core.T("The survivor was itself merged later. Undo that merge first.",
		"Основная запись сама была позже объединена с другой. Сначала отмените то объединение."), "input", "id")
	errMovedSince = core.Conflict(core.T("What was moved was given to somebody else since. Put that right first.",
		"Перенесённое с тех пор передано другой записи. Сначала исправьте это."), "input", "id")
	inTheWayText = core.T("Both have something that only one may have. Correct one of them first.",
		"У обеих записей есть то, что может быть только у одной. Сначала исправьте одну из них.")
)

// merging is one merge under way: of persons or of organisations, which differ in their table only.
type merging struct {
	typ, table string
	references []Reference
	keeper     *Keeper // of persons
}

func (s *Service) merging(typ string) *merging {
	m := &merging{typ: typ, table: map[string]string{typePerson: "persons", typeOrganisation: "organisations"}[typ]}
	if typ == typePerson {
		m.keeper = s.keeper
	}
	for _, r := range s.references {
		if r.To == typ {
			m.references = append(m.references, r)
		}
	}
	return m
}

// join moves everything from the duplicate to the survivor, in the order of registration. Whatever
// stands in the way leaves nothing half done: the transaction is rolled back.
func (m *merging) join(ctx context.Context, tx *mutation.Tx, duplicate, survivor uuid.UUID) error {
	if duplicate == survivor {
		return core.Invalid(core.T("These are one and the same. Choose two.", "Это одна и та же запись. Выберите две."), "input", "survivorId")
	}
	if err := m.lock(ctx, tx, duplicate, survivor); err != nil {
		return err
	}
	row := &merge{ID: core.NewID(), ObjectType: m.typ, DuplicateID: duplicate, SurvivorID: survivor, Moved: []moved{}, MergedAt: moment(tx.Now())}
	for _, r := range m.references {
		rows, err := m.move(ctx, tx, r, duplicate, survivor)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			row.Moved = append(row.Moved, moved{Table: r.Table, Column: r.Column, Rows: rows})
		}
	}
	if m.keeper != nil {
		rows, err := m.keeper.Move(ctx, tx, duplicate, survivor)
		if err != nil {
			return fmt.Errorf("move what plugins keep: %w", err)
		}
		for _, r := range rows {
			row.Moved = append(row.Moved, moved{Plugin: r.Plugin, Table: r.Table, Column: r.Column, Keys: r.Keys})
		}
	}
	if err := m.mark(ctx, tx, duplicate, survivor, &survivor); err != nil {
		return err
	}
	return insert(ctx, tx, row)
}

// lock keeps both rows from everybody, in the order of their keys so that two merges do not wait
// for each other, and refuses those that are merged or erased.
func (m *merging) lock(ctx context.Context, tx *mutation.Tx, keys ...uuid.UUID) error {
	erased := "NULL::timestamptz"
	if m.typ == typePerson {
		erased = "erased_at"
	}
	var rows []struct {
		MergedIntoID *uuid.UUID
		ErasedAt     *time.Time
	}
	err := tx.NewRaw("SELECT merged_into_id, ? AS erased_at FROM ? WHERE municipality_id = ? AND id IN (?) ORDER BY id FOR UPDATE",
		bun.Safe(erased), bun.Ident(m.table), core.MunicipalityOf(ctx).ID, bun.List(keys)).Scan(ctx, &rows)
	if err != nil {
		return postgres.Conflicts(fmt.Errorf("lock %s: %w", m.table, err), nil)
	}
	for _, row := range rows {
		if row.MergedIntoID != nil {
			return errMergedAlready
		}
		if row.ErasedAt != nil {
			return errErased
		}
	}
	return nil
}

// move makes one column name the survivor; a constraint that breaks is the reference's conflict.
func (m *merging) move(ctx context.Context, tx *mutation.Tx, r Reference, from, to uuid.UUID) ([]uuid.UUID, error) {
	var rows []uuid.UUID
	err := tx.NewRaw("UPDATE ?0 SET ?1 = ?2 WHERE municipality_id = ?3 AND ?1 = ?4 RETURNING id",
		bun.Ident(r.Table), bun.Ident(r.Column), to, core.MunicipalityOf(ctx).ID, from).Scan(ctx, &rows)
	if err != nil && !noRows(err) {
		return nil, inTheWay(fmt.Errorf("move %s.%s: %w", r.Table, r.Column, err), r.Conflict)
	}
	slices.SortFunc(rows, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return rows, nil
}

// inTheWay is a CONFLICT in words where a constraint was broken.
func inTheWay(err error, words core.Text) error {
	if postgres.Constraint(err) == "" {
		return postgres.Conflicts(err, nil)
	}
	if words == (core.Text{}) {
		words = inTheWayText
	}
	return &core.Error{Code: core.CodeConflict, Text: words, Path: []string{"input"}, Err: err}
}

// mark notes on the duplicate what it was merged into (nil: into none), and raises both versions.
func (m *merging) mark(ctx context.Context, tx *mutation.Tx, duplicate, survivor uuid.UUID, into *uuid.UUID) error {
	_, err := tx.NewRaw("UPDATE ?0 SET version = version + 1, merged_into_id = CASE WHEN id = ?1 THEN ?2::uuid ELSE merged_into_id END WHERE municipality_id = ?3 AND id IN (?1, ?4)",
		bun.Ident(m.table), duplicate, into, core.MunicipalityOf(ctx).ID, survivor).Exec(ctx)
	if err != nil {
		err = fmt.Errorf("mark a merge: %w", err)
		var known *core.Error
		if errors.As(postgres.Conflicts(err, conflicts), &known) {
			return known // the duplicate's numbers were given to another in the meantime
		}
	}
	return err
}

// part undoes the merge of the duplicate: every row that was moved, is there and still names the
// survivor, names the duplicate again. What came to the survivor later stays with it. It answers
// the survivor.
func (m *merging) part(ctx context.Context, tx *mutation.Tx, duplicate uuid.UUID) (survivor uuid.UUID, err error) {
	var row merge
	err = tx.NewSelect().Model(&row).Column("municipality_id", "id", "survivor_id", "moved").
		Where("?TableAlias.object_type = ?", m.typ).Where("?TableAlias.duplicate_id = ?", duplicate).
		Where("?TableAlias.undone_at IS NULL").For("UPDATE").Scan(ctx)
	if noRows(err) {
		return uuid.Nil, errNotMerged
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("read a merge: %w", err)
	}
	if err := m.lock(ctx, tx, row.SurvivorID); errors.Is(err, errMergedAlready) && core.CodeOf(err) == core.CodeConflict {
		return uuid.Nil, errUndoLater
	} else if err != nil {
		return uuid.Nil, err
	}
	for _, back := range slices.Backward(row.Moved) {
		if err := m.putBack(ctx, tx, back, row.SurvivorID, duplicate); err != nil {
			return uuid.Nil, err
		}
	}
	if err := m.mark(ctx, tx, duplicate, row.SurvivorID, nil); err != nil {
		return uuid.Nil, err
	}
	_, err = tx.NewUpdate().Model(&row).Set("undone_at = ?", moment(tx.Now())).WherePK().Exec(ctx)
	return row.SurvivorID, err
}

func (m *merging) putBack(ctx context.Context, tx *mutation.Tx, back moved, survivor, duplicate uuid.UUID) error {
	if back.Plugin != "" {
		if m.keeper == nil {
			return nil
		}
		return m.keeper.MoveBack(ctx, tx, Elsewhere{Plugin: back.Plugin, Table: back.Table, Column: back.Column, Keys: back.Keys}, survivor, duplicate)
	}
	owner, rows := core.MunicipalityOf(ctx).ID, pgdialect.Array(back.Rows)
	table, column := bun.Ident(back.Table), bun.Ident(back.Column)
	_, err := tx.NewRaw("UPDATE ?0 SET ?1 = ?2 WHERE municipality_id = ?3 AND id = ANY (?4::uuid[]) AND ?1 = ?5",
		table, column, duplicate, owner, rows, survivor).Exec(ctx)
	if err != nil {
		var words core.Text
		for _, r := range m.references {
			if r.Table == back.Table && r.Column == back.Column {
				words = r.Conflict
			}
		}
		return inTheWay(fmt.Errorf("put back %s.%s: %w", back.Table, back.Column, err), words)
	}
	var elsewhere bool
	err = tx.NewRaw("SELECT EXISTS (SELECT FROM ?0 WHERE municipality_id = ?1 AND id = ANY (?2::uuid[]) AND ?3 IS DISTINCT FROM ?4)",
		table, owner, rows, column, duplicate).Scan(ctx, &elsewhere)
	if err != nil {
		return fmt.Errorf("look for moved rows: %w", err)
	}
	if elsewhere {
		return errMovedSince
	}
	return nil
}
