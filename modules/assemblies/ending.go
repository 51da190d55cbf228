package assemblies

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/councils"
)

// ending is how a delegate's time ends: on a last day; never to have begun where that lies before the
// first one.
type ending struct {
	delegate *Delegate
	last     core.Date
	reason   DelegateEndReason
	leaving  *councils.LeavingReason
}

// beyond locks an assembly's delegates and substitutes who go on beyond a day, in the order of their keys.
func beyond(ctx context.Context, db bun.IDB, assembly uuid.UUID, on core.Date) ([]Delegate, error) {
	var all []Delegate
	err := db.NewSelect().Model(&all).Where("?TableAlias.assembly_id = ?", assembly).
		Where("?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on > ?", on).Order("id").For("UPDATE").Scan(ctx)
	return all, err
}

// finish writes ends, all of them in two statements, and says so one by one. names are the assemblies'.
func finish(ctx context.Context, tx *mutation.Tx, names map[uuid.UUID]string, ends []ending) error {
	var gone []uuid.UUID
	var ended []*Delegate
	for _, e := range ends {
		d := e.delegate
		before := d.facts()
		if e.last.Before(d.StartsOn) {
			gone = append(gone, d.ID)
			tx.Changed(core.Change{Kind: core.Deleted, Type: "Delegate", ID: d.ID, Before: before, Touched: d.touched()})
			continue
		}
		d.EndsOn, d.EndReason, d.LeavingReason = &e.last, &e.reason, e.leaving
		ended = append(ended, d)
		tx.Changed(core.Change{Kind: core.Ended, Type: "Delegate", ID: d.ID, Before: before, After: d.facts(), Touched: d.touched(), Notice: d.ended(names[d.AssemblyID])})
	}
	if len(gone) > 0 {
		if _, err := tx.NewDelete().Model((*Delegate)(nil)).Where("id IN (?)", bun.List(gone)).Exec(ctx); err != nil {
			return fmt.Errorf("delegates that never began: %w", err)
		}
	}
	return save(ctx, tx, ended)
}

func save(ctx context.Context, tx *mutation.Tx, ended []*Delegate) error {
	if len(ended) == 0 {
		return nil
	}
	_, err := tx.NewUpdate().With("end_of", tx.NewValues(&ended).Column("id", "ends_on", "end_reason", "leaving_reason")).Model((*Delegate)(nil)).
		TableExpr("end_of").Set("ends_on = end_of.ends_on").Set("end_reason = end_of.end_reason").Set("leaving_reason = end_of.leaving_reason").
		Set("version = ?TableAlias.version + 1").Where("?TableAlias.id = end_of.id").Exec(ctx)
	if err != nil {
		return fmt.Errorf("end delegates: %w", err)
	}
	return nil
}

// seatsEnded ends what hangs on seats below that end: councils tell it in the same transaction. A
// delegate goes on as long as the person sits in the body without a break, and no longer; whoever is
// not a member on the first day any more never becomes a delegate.
func (s *Service) seatsEnded(ctx context.Context, tx *mutation.Tx, seats []councils.Membership) error {
	bodies, persons := make([]uuid.UUID, len(seats)), make([]uuid.UUID, len(seats))
	for i := range seats {
		bodies[i], persons[i] = seats[i].CouncilID, seats[i].PersonID
	}
	names, err := lockAssembliesOf(ctx, tx, bodies, persons)
	if err != nil || len(names) == 0 {
		return err
	}
	lost, err := lostSeats(ctx, tx, bodies, persons)
	if err != nil || len(lost) == 0 {
		return err
	}
	var all []Delegate
	if err := tx.NewSelect().Model(&all).Where("?TableAlias.id IN (?)", bun.List(slices.Collect(maps.Keys(lost)))).Order("id").Scan(ctx); err != nil {
		return fmt.Errorf("delegates whose seat below ends: %w", err)
	}
	ends := make([]ending, len(all))
	for i := range all {
		d, b := &all[i], lost[all[i].ID]
		ends[i] = ending{delegate: d, last: d.StartsOn.AddDays(-1), reason: SeatBelowEnded, leaving: b.Leaving}
		if b.Covered {
			ends[i].last = *b.LastDay
		}
	}
	return finish(ctx, tx, names, ends)
}

// lostSeats are the delegates of those persons who are to go on longer than the seat below does.
func lostSeats(ctx context.Context, tx *mutation.Tx, bodies, persons []uuid.UUID) (map[uuid.UUID]seatBelow, error) {
	var found []struct {
		ID uuid.UUID
		seatBelow
	}
	err := tx.NewRaw(`SELECT delegate.id, below.part IS NOT NULL AS covered, below.last_day, `+leaving+` AS leaving FROM delegates AS delegate `+below+`
		WHERE delegate.municipality_id = ? AND delegate.council_id IN (?) AND delegate.person_id IN (?)
		AND (below.part IS NULL OR below.last_day < coalesce(delegate.ends_on, 'infinity'))`,
		core.MunicipalityOf(ctx).ID, bun.List(bodies), bun.List(persons)).Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("delegates whose seat below ends: %w", err)
	}
	lost := make(map[uuid.UUID]seatBelow, len(found))
	for _, f := range found {
		lost[f.ID] = f.seatBelow
	}
	return lost, nil
}

// lockAssembliesOf locks the assemblies to which those persons are named by those bodies, and tells
// their names.
func lockAssembliesOf(ctx context.Context, tx *mutation.Tx, bodies, persons []uuid.UUID) (map[uuid.UUID]string, error) {
	var all []Assembly
	err := tx.NewSelect().Model(&all).Where(`?TableAlias.id IN (SELECT d.assembly_id FROM delegates AS d WHERE d.municipality_id = ?TableAlias.municipality_id
		AND d.council_id IN (?) AND d.person_id IN (?))`, bun.List(bodies), bun.List(persons)).Order("id").For("NO KEY UPDATE").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("assemblies of the body: %w", err)
	}
	names := map[uuid.UUID]string{}
	for _, a := range all {
		names[a.ID] = a.Name
	}
	return names, nil
}
