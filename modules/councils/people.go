package councils

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
)

// register tells people what this module keeps of persons and organisations.
func register(p *people.Module) {
	p.RegisterReference(people.Reference{To: "Person", Table: "memberships", Column: "person_id", Conflict: core.T(
		"Both sit in the same body at the same time. End one of the seats first.", "Оба в одно и то же время входят в один орган. Сначала завершите одно из членств.")})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "memberships", Column: "organisation_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "councils", Column: "parent_organisation_id"})
	p.RegisterHolder(people.Holder{Name: "memberships", Holds: seatsHeld, Erase: eraseSeats, Export: seatsOf})
}

// seatsHeld says which seats stand in the way of an erasure.
func seatsHeld(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error) {
	var names []string
	err := tx.NewSelect().Model((*Membership)(nil)).Distinct().ColumnExpr("body.name").
		Join("JOIN councils AS body ON body.municipality_id = ?TableAlias.municipality_id AND body.id = ?TableAlias.council_id").
		Where("?TableAlias.person_id IN (?)", bun.List(persons)).Where("?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?", today).
		OrderExpr("body.name").Scan(ctx, &names)
	if err != nil {
		return nil, fmt.Errorf("seats held: %w", err)
	}
	held := make([]core.Text, len(names))
	for i, name := range names {
		held[i] = core.Textf("holds a seat in %s: end it first", "входит в состав: %s. Сначала завершите членство", name)
	}
	return held, nil
}

// eraseSeats removes what was written of a person in free words; that somebody sat here stays.
func eraseSeats(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	_, err := tx.NewUpdate().Model((*Membership)(nil)).Set("appointing_act = NULL").Set("leaving_note = NULL").Set("version = version + 1").
		Where("person_id IN (?)", bun.List(persons)).Exec(ctx)
	return err
}

// seatsOf is what the person's own export shows of this module.
func seatsOf(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
	var seats []Membership
	err := db.NewSelect().Model(&seats).Where("?TableAlias.person_id IN (?)", bun.List(persons)).Order("starts_on", "id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("export of seats: %w", err)
	}
	facts := make([]any, len(seats))
	for i := range seats {
		facts[i] = seats[i].facts()
	}
	return facts, nil
}
