package councils

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// SeatsEnded is told of seats of one body that end, as they then stand, in the transaction that ends
// them and while the body is locked. A seat whose end lies ahead is told of when that is written. A
// seat that never began because its body was dissolved is told of with the day before its first as
// its last, and is gone from the table. An error undoes the whole.
type SeatsEnded func(ctx context.Context, tx *mutation.Tx, seats []Membership) error

// OnSeatsEnded makes what hangs on a seat (the seat of a delegate in an assembly, say) end with it. A
// change of post is not told: the person goes on sitting. It is called while modules are made.
func (s *Service) OnSeatsEnded(fn SeatsEnded) { s.ended = append(s.ended, fn) }

// tellEnded tells all who asked, in the order in which they did.
func (s *Service) tellEnded(ctx context.Context, tx *mutation.Tx, seats ...Membership) error {
	if len(seats) == 0 {
		return nil
	}
	for _, fn := range s.ended {
		if err := fn(ctx, tx, seats); err != nil {
			return err
		}
	}
	return nil
}

// EndExOfficio ends the seats that a person has in a body by virtue of an office beyond a day, inside of
// another module's change: what they had the seat by has ended. It asks for no right, and locks the body.
func (s *Service) EndExOfficio(ctx context.Context, tx *mutation.Tx, council, person uuid.UUID, on core.Date, reason LeavingReason) error {
	if _, err := lockCouncil(ctx, tx, council); err != nil {
		return err
	}
	var seats []Membership
	err := tx.NewSelect().Model(&seats).Where("?TableAlias.council_id = ?", council).Where("?TableAlias.person_id = ?", person).
		Where("?TableAlias.basis = ?", ExOfficio).Where("?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on > ?", on).Order("id").For("UPDATE").Scan(ctx)
	if err != nil {
		return err
	}
	return s.endAll(ctx, tx, seats, on, reason)
}
