package assemblies

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
)

// register tells people what this module keeps of persons and organisations.
func register(p *people.Module) {
	p.RegisterReference(people.Reference{To: "Person", Table: "delegates", Column: "person_id", Conflict: core.T(
		"Both are named to one assembly at the same time. Recall one of them first.", "Оба в одно и то же время названы в состав одного собрания. Сначала отзовите одного из них.")})
	p.RegisterReference(people.Reference{To: "Person", Table: "nominations", Column: "person_id", Conflict: core.T(
		"Both are nominated for the same seats. Withdraw one of the nominations first.", "Оба выдвинуты на одни и те же места. Сначала отзовите одно из выдвижений.")})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "nominations", Column: "organisation_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "assembly_rules", Column: "organisation_id"})
	p.RegisterHolder(people.Holder{Name: "delegateSeats", Holds: seatsHeld, Erase: eraseSeats, Export: exportOf(`SELECT a.name AS assembly, d.capacity, d.number,
		d.starts_on, d.ends_on, d.end_reason, d.leaving_reason, d.minutes, d.end_minutes
		FROM delegates AS d JOIN assemblies AS a ON a.municipality_id = d.municipality_id AND a.id = d.assembly_id
		WHERE d.municipality_id = ?0 AND d.person_id IN (?1) ORDER BY d.starts_on, d.id`)})
	p.RegisterHolder(people.Holder{Name: "nominations", Holds: nominationsHeld, Erase: eraseNominations, Export: exportOf(`SELECT a.name AS assembly, n.status,
		n.nominated_on, n.decided_on, n.minutes, n.decision_reason
		FROM nominations AS n JOIN assemblies AS a ON a.municipality_id = n.municipality_id AND a.id = n.assembly_id
		WHERE n.municipality_id = ?0 AND n.person_id IN (?1) ORDER BY n.nominated_on, n.id`)})
}

// seatsHeld says which seats stand in the way of an erasure.
func seatsHeld(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error) {
	names, err := namesOf(ctx, tx, `SELECT DISTINCT a.name FROM delegates AS d JOIN assemblies AS a ON a.municipality_id = d.municipality_id AND a.id = d.assembly_id
		WHERE d.municipality_id = ?0 AND d.person_id IN (?1) AND (d.ends_on IS NULL OR d.ends_on >= ?2) ORDER BY a.name`, persons, today)
	held := make([]core.Text, len(names))
	for i, name := range names {
		held[i] = core.Textf("is named to %s: recall the delegate first", "назван в состав: %s. Сначала отзовите делегата", name)
	}
	return held, err
}

func nominationsHeld(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error) {
	names, err := namesOf(ctx, tx, `SELECT DISTINCT a.name FROM nominations AS n JOIN assemblies AS a ON a.municipality_id = n.municipality_id AND a.id = n.assembly_id
		WHERE n.municipality_id = ?0 AND n.person_id IN (?1) AND n.status = 'PENDING' AND n.nominated_on <= ?2 ORDER BY a.name`, persons, today)
	held := make([]core.Text, len(names))
	for i, name := range names {
		held[i] = core.Textf("is nominated to %s: decide or withdraw it first", "выдвинут в состав: %s. Сначала решите или отзовите выдвижение", name)
	}
	return held, err
}

func namesOf(ctx context.Context, tx bun.IDB, query string, persons []uuid.UUID, today core.Date) ([]string, error) {
	var names []string
	if err := tx.NewRaw(query, core.MunicipalityOf(ctx).ID, bun.List(persons), today).Scan(ctx, &names); err != nil {
		return nil, fmt.Errorf("seats in assemblies: %w", err)
	}
	return names, nil
}

// eraseSeats removes what was cited of a person; that somebody sat here stays.
func eraseSeats(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	_, err := tx.NewUpdate().Model((*Delegate)(nil)).Set("minutes = '—'").Set("end_minutes = NULL").Set("version = version + 1").
		Where("person_id IN (?)", bun.List(persons)).Exec(ctx)
	if err != nil {
		return err
	}
	_, err = tx.NewUpdate().Model((*DelegateSuspension)(nil)).Set("minutes = '—'").Set("version = version + 1").
		Where("delegate_id IN (?)", tx.NewSelect().Model((*Delegate)(nil)).Column("id").Where("person_id IN (?)", bun.List(persons))).Exec(ctx)
	return err
}

func eraseNominations(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	_, err := tx.NewUpdate().Model((*Nomination)(nil)).Set("minutes = '—'").Set("decision_reason = NULL").Set("version = version + 1").
		Where("person_id IN (?)", bun.List(persons)).Exec(ctx)
	return err
}

// exportOf makes an Export of a statement: ?0 is the municipality, ?1 the persons.
func exportOf(query string) func(context.Context, bun.IDB, []uuid.UUID) (any, error) {
	return func(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
		var text string
		err := db.NewRaw("SELECT coalesce(jsonb_agg(to_jsonb(part)), '[]')::text FROM ("+query+") AS part",
			core.MunicipalityOf(ctx).ID, bun.List(persons)).Scan(ctx, &text)
		return json.RawMessage(text), err
	}
}
