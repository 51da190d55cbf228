package councilwork

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/councils"
)

// uncovered is a secondment that goes on where the person's seats do not; Last is the last day of the
// seat in which it began, nil where there is none any more.
type uncovered struct {
	Secondment
	Last *core.Date `bun:"last"`
}

// seatsEnded ends the secondments that hung on seats of one body: those of its own members, and those to it
// that a seat was made for. It runs in the transaction in which the seats end, while the body is locked.
func (s *Service) seatsEnded(ctx context.Context, tx *mutation.Tx, seats []councils.Membership) error {
	body, persons := seats[0].CouncilID, make([]uuid.UUID, len(seats))
	for i, m := range seats {
		persons[i] = m.PersonID
	}
	if err := lockCommissions(ctx, tx, body, persons); err != nil {
		return err
	}
	all, err := beyondSeats(ctx, tx, body, persons)
	if err != nil {
		return err
	}
	for i := range all {
		if err := s.endWithSeat(ctx, tx, body, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

// lockCommissions locks the bodies in which seats may have to end too, before any secondment is.
func lockCommissions(ctx context.Context, tx *mutation.Tx, body uuid.UUID, persons []uuid.UUID) error {
	_, err := tx.NewRaw(`SELECT FROM councils WHERE municipality_id = ?0 AND id IN (SELECT commission_id FROM secondments
			WHERE municipality_id = ?0 AND council_id = ?1 AND person_id IN (?2) AND seat_id IS NOT NULL) ORDER BY id FOR NO KEY UPDATE`,
		core.MunicipalityOf(ctx).ID, body, bun.List(persons)).Exec(ctx)
	return err
}

// beyondSeats finds and locks the persons' secondments that go on beyond their seats in the body.
func beyondSeats(ctx context.Context, tx *mutation.Tx, body uuid.UUID, persons []uuid.UUID) (all []uncovered, err error) {
	err = tx.NewRaw(`WITH sitting AS (
			SELECT person_id, range_agg(daterange(starts_on, ends_on, '[]')) AS days FROM memberships
			WHERE municipality_id = ?0 AND council_id = ?1 AND person_id IN (?2) GROUP BY person_id)
		SELECT secondment.*, (SELECT upper(stretch) - 1 FROM sitting, unnest(sitting.days) AS stretch
			WHERE sitting.person_id = secondment.person_id AND stretch @> secondment.starts_on) AS last
		FROM secondments AS secondment
		WHERE secondment.municipality_id = ?0 AND secondment.person_id IN (?2)
			AND (secondment.council_id = ?1 OR secondment.commission_id = ?1 AND secondment.seat_id IS NOT NULL)
			AND NOT coalesce((SELECT sitting.days FROM sitting WHERE sitting.person_id = secondment.person_id)
				@> daterange(secondment.starts_on, secondment.ends_on, '[]'), FALSE)
		ORDER BY secondment.id FOR NO KEY UPDATE OF secondment`, core.MunicipalityOf(ctx).ID, body, bun.List(persons)).Scan(ctx, &all)
	return all, err
}

// endWithSeat ends a secondment with the seat, or takes it back where it never begins; and then the seat in
// the commission that was made for it.
func (s *Service) endWithSeat(ctx context.Context, tx *mutation.Tx, body uuid.UUID, u *uncovered) error {
	d, last := &u.Secondment, u.Last
	var err error
	if last != nil {
		err = s.end(ctx, tx, d, d.Version, *last, SeatEnded)
	} else {
		eve := d.StartsOn.AddDays(-1)
		last = &eve
		if _, err = tx.NewDelete().Model(d).WherePK().Exec(ctx); err == nil {
			tx.Changed(d.change(core.Deleted, d.facts(), nil, nil))
		}
	}
	if err != nil || d.SeatID == nil || body == d.CommissionID {
		return err
	}
	return s.councils.EndExOfficio(ctx, tx, d.CommissionID, d.PersonID, *last, councils.Recalled)
}
