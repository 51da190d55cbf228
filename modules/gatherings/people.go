package gatherings

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/people"
)

// register tells people what this module keeps of persons and organisations.
func register(p *people.Module) {
	p.RegisterReference(people.Reference{To: "Person", Table: "gathering_officials", Column: "person_id", Conflict: core.T(
		"Both are noted as present at the same gathering. Remove one of them first.", "Оба отмечены на одном и том же сходе. Сначала удалите одного из них.")})
	p.RegisterReference(people.Reference{To: "Person", Table: "gathering_topics", Column: "promised_by_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "gathering_officials", Column: "organisation_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "gatherings", Column: "organiser_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "gatherings", Column: "counted_by_id"})
	p.RegisterHolder(people.Holder{Name: "gatherings", Holds: promises, Export: attended})
}

// promises says which promises stand in the way of an erasure: they are made by somebody until they are due.
func promises(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error) {
	var titles []string
	err := tx.NewSelect().Model((*GatheringTopic)(nil)).Distinct().ColumnExpr("of.title").
		Join("JOIN gatherings AS of ON of.municipality_id = ?TableAlias.municipality_id AND of.id = ?TableAlias.gathering_id").
		Where("?TableAlias.promised_by_id IN (?)", bun.List(persons)).Where("?TableAlias.promised_until >= ?", today).OrderExpr("of.title").Scan(ctx, &titles)
	if err != nil {
		return nil, fmt.Errorf("promises: %w", err)
	}
	held := make([]core.Text, len(titles))
	for i, title := range titles {
		held[i] = core.Textf("made a promise at a gathering that is not due yet: %s", "дал обещание на сходе, срок которого не наступил: %s", title)
	}
	return held, nil
}

// attended is what the person's own export shows of this module.
func attended(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
	var rows []struct {
		Gathering string    `json:"gathering"`
		HeldOn    core.Date `json:"heldOn"`
		Title     string    `json:"title"`
		Promises  int       `json:"promises"`
	}
	err := db.NewRaw(`SELECT of.title AS gathering, of.held_on, there.title, (SELECT count(*) FROM gathering_topics AS topic
			WHERE topic.municipality_id = there.municipality_id AND topic.gathering_id = there.gathering_id AND topic.promised_by_id = there.person_id) AS promises
		FROM gathering_officials AS there JOIN gatherings AS of ON of.municipality_id = there.municipality_id AND of.id = there.gathering_id
		WHERE there.municipality_id = ?0 AND there.person_id IN (?1) ORDER BY of.held_on, of.id`, core.MunicipalityOf(ctx).ID, bun.List(persons)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("export of gatherings: %w", err)
	}
	return rows, nil
}
