package councils

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func insert(ctx context.Context, db bun.IDB, model any) error {
	_, err := db.NewInsert().Model(model).Exec(ctx)
	return postgres.Conflicts(err, broken)
}

// lockCouncil keeps others from changing a body, its seats and its terms until the transaction
// ends; rows that only refer to it (a body below it, say) may be written meanwhile.
func lockCouncil(ctx context.Context, db bun.IDB, key uuid.UUID) (*Council, error) {
	c := new(Council)
	err := db.NewSelect().Model(c).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx)
	return c, err
}

// lockTree lets one transaction at a time say which body belongs to which, so that two of them
// cannot close a circle together.
func lockTree(ctx context.Context, db bun.IDB) error {
	_, err := db.NewRaw("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", "councils.tree "+core.MunicipalityOf(ctx).ID.String()).Exec(ctx)
	return err
}

// lockMembership locks a seat's body, and then the seat.
func lockMembership(ctx context.Context, db bun.IDB, key uuid.UUID) (*Council, *Membership, error) {
	m := new(Membership)
	if err := db.NewSelect().Model(m).Column("council_id").Where("?TableAlias.id = ?", key).Scan(ctx); err != nil {
		return nil, nil, err
	}
	c, err := lockCouncil(ctx, db, m.CouncilID)
	if err != nil {
		return nil, nil, err
	}
	return c, m, db.NewSelect().Model(m).Where("?TableAlias.id = ?", key).For("UPDATE").Scan(ctx)
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

// lastTerm is the body's latest term; nil when it has none.
func lastTerm(ctx context.Context, db bun.IDB, council uuid.UUID) (*Term, error) {
	t := new(Term)
	err := db.NewSelect().Model(t).Where("council_id = ?", council).Order("number DESC").Limit(1).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, nil
	}
	return t, err
}

// mostSeats is the largest number of the body's seats taken on any day of that time. The number
// grows on first days of seats only, so that no other days need a look; all that began before the
// time and reach into it stand side by side on its first day.
func mostSeats(ctx context.Context, db bun.IDB, council uuid.UUID, from core.Date, to *core.Date) (most int, err error) {
	err = db.QueryRowContext(ctx, `WITH during AS (
			SELECT daterange(starts_on, ends_on, '[]') AS time FROM memberships
			WHERE municipality_id = ?0 AND council_id = ?1 AND daterange(starts_on, ends_on, '[]') && daterange(?2, ?3, '[]'))
		SELECT coalesce(max((SELECT count(*) FROM during AS other WHERE other.time @> lower(during.time))), 0) FROM during`,
		core.MunicipalityOf(ctx).ID, council, from, to).Scan(&most)
	return most, err
}

// beyond locks the body's rows of that model (seats, terms) that go on beyond a day, in the order
// of their keys.
func beyond[M any](ctx context.Context, db bun.IDB, council uuid.UUID, on core.Date) ([]M, error) {
	var rows []M
	err := db.NewSelect().Model(&rows).Where("?TableAlias.council_id = ?", council).
		Where("?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on > ?", on).Order("id").For("UPDATE").Scan(ctx)
	return rows, err
}

func remove(ctx context.Context, db bun.IDB, model any) error {
	_, err := db.NewDelete().Model(model).WherePK().Exec(ctx)
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

// MembersOn are the persons who sit in the body on that day, in the order of a roll; importers ask it.
func (s *Service) MembersOn(ctx context.Context, council uuid.UUID, on core.Date) (persons []uuid.UUID, err error) {
	err = s.reads.DB().NewSelect().Model((*Membership)(nil)).Column("person_id").Where("council_id = ?", council).
		Where("starts_on <= ?", on).Where("ends_on IS NULL OR ends_on >= ?", on).Order("post_rank", "starts_on", "id").Scan(ctx, &persons)
	return persons, err
}
