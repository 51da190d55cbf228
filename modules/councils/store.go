package councils

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

func insert(ctx context.Context, db bun.IDB, model any) error {
	_, err := db.NewInsert().Model(model).Exec(ctx)
	return postgres.Conflicts(err, broken)
}

func lockCouncil(ctx context.Context, db bun.IDB, key uuid.UUID) (*Council, error) {
	c := new(Council)
	err := db.NewSelect().Model(c).Where("?TableAlias.id = ?", key).For("UPDATE").Scan(ctx)
	return c, err
}

func lockMembership(ctx context.Context, db bun.IDB, key uuid.UUID) (*Membership, error) {
	m := new(Membership)
	err := db.NewSelect().Model(m).Where("?TableAlias.id = ?", key).For("UPDATE").Scan(ctx)
	return m, err
}

// ByExternalKey is the key of the body that an importer brought in before.
func (s *Service) ByExternalKey(ctx context.Context, external string) (key uuid.UUID, found bool, err error) {
	var keys []uuid.UUID
	err = s.reads.DB().NewSelect().Model((*Council)(nil)).Column("id").Where("external_key = ?", external).Scan(ctx, &keys)
	if err != nil || len(keys) == 0 {
		return uuid.Nil, false, err
	}
	return keys[0], true, nil
}

// isBelow says whether a body belongs, over any number of steps, to another (or is it).
func isBelow(ctx context.Context, db bun.IDB, body, of uuid.UUID) (bool, error) {
	var found bool
	err := db.QueryRowContext(ctx, `WITH RECURSIVE above AS (
			SELECT municipality_id, id, parent_id FROM councils WHERE municipality_id = ?0 AND id = ?1
			UNION SELECT c.municipality_id, c.id, c.parent_id FROM councils AS c JOIN above
				ON c.municipality_id = above.municipality_id AND c.id = above.parent_id)
		SELECT EXISTS (SELECT FROM above WHERE id = ?2)`, core.MunicipalityOf(ctx).ID, body, of).Scan(&found)
	return found, err
}

// openTerm numbers a term after the last one, and closes that if it is open.
func openTerm(ctx context.Context, tx *mutation.Tx, term *Term) error {
	if _, err := tx.NewUpdate().Model((*Term)(nil)).Set("ends_on = ?", term.StartsOn.AddDays(-1)).Set("version = version + 1").
		Where("council_id = ?", term.CouncilID).Where("ends_on IS NULL").Where("starts_on < ?", term.StartsOn).Exec(ctx); err != nil {
		return err
	}
	if err := tx.NewSelect().Model((*Term)(nil)).ColumnExpr("coalesce(max(number), 0) + 1").
		Where("council_id = ?", term.CouncilID).Scan(ctx, &term.Number); err != nil {
		return err
	}
	return insert(ctx, tx, term)
}

// mostSeats is the largest number of other seats taken on any day of the seat's time.
func mostSeats(ctx context.Context, db bun.IDB, m *Membership) (most int, err error) {
	err = db.QueryRowContext(ctx, `WITH during AS (
			SELECT daterange(starts_on, ends_on, '[]') AS time FROM memberships
			WHERE municipality_id = ?0 AND council_id = ?1 AND id <> ?2 AND daterange(starts_on, ends_on, '[]') && daterange(?3, ?4, '[]'))
		SELECT coalesce(max((SELECT count(*) FROM during AS other WHERE other.time @> greatest(lower(during.time), ?3::date))), 0) FROM during`,
		core.MunicipalityOf(ctx).ID, m.CouncilID, m.ID, m.StartsOn, m.EndsOn).Scan(&most)
	return most, err
}

// endSeats ends what goes on beyond the last day of a body, and says so seat by seat.
func endSeats(ctx context.Context, tx *mutation.Tx, council uuid.UUID, on core.Date) error {
	var ended, never []Membership
	reason := BodyDissolved
	if err := tx.NewUpdate().Model(&ended).Set("ends_on = ?", on).Set("leaving_reason = ?", reason).Set("version = version + 1").
		Where("council_id = ?", council).Where("starts_on <= ?", on).Where("ends_on IS NULL OR ends_on > ?", on).Returning("*").Scan(ctx); err != nil && !postgres.NoRows(err) {
		return fmt.Errorf("end seats: %w", err)
	}
	if err := tx.NewDelete().Model(&never).Where("council_id = ?", council).Where("starts_on > ?", on).Returning("*").Scan(ctx); err != nil && !postgres.NoRows(err) {
		return fmt.Errorf("drop seats: %w", err)
	}
	for i := range ended {
		tx.Changed(core.Change{Kind: core.Ended, Type: "Membership", ID: ended[i].ID, After: ended[i].facts(), Touched: ended[i].touched()})
	}
	for i := range never {
		tx.Changed(core.Change{Kind: core.Deleted, Type: "Membership", ID: never[i].ID, Before: never[i].facts(), Touched: never[i].touched()})
	}
	_, err := tx.NewUpdate().Model((*Term)(nil)).Set("ends_on = ?", on).Set("version = version + 1").
		Where("council_id = ?", council).Where("starts_on <= ?", on).Where("ends_on IS NULL OR ends_on > ?", on).Exec(ctx)
	return err
}

// Seated says whether the person holds, held or will hold a seat in the body; importers ask it.
func (s *Service) Seated(ctx context.Context, council, person uuid.UUID) (bool, error) {
	var seats int
	err := s.reads.DB().NewSelect().Model((*Membership)(nil)).ColumnExpr("count(*)").
		Where("council_id = ?", council).Where("person_id = ?", person).Scan(ctx, &seats)
	return seats > 0, err
}

// ChairOf is the person who chairs the body on that day; importers ask it.
func (s *Service) ChairOf(ctx context.Context, council uuid.UUID, on core.Date) (person uuid.UUID, err error) {
	err = s.reads.DB().NewSelect().Model((*Membership)(nil)).Column("person_id").Where("council_id = ?", council).Where("post = ?", Chair).
		Where("starts_on <= ?", on).Where("ends_on IS NULL OR ends_on >= ?", on).Scan(ctx, &person)
	return person, err
}
