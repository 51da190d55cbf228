package councilwork

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
	for _, r := range []people.Reference{
		{To: "Person", Table: "consultation_questions", Column: "person_id"},
		{To: "Person", Table: "recommendations", Column: "signed_by_id"},
		{To: "Person", Table: "secondments", Column: "person_id", Conflict: core.T(
			"Both are seconded by the same body to the same commission at the same time. End one of the secondments first.",
			"Оба в одно и то же время направлены одним органом в одну комиссию. Сначала завершите одно из направлений.")},
		{To: "Person", Table: "expertise_experts", Column: "person_id", Conflict: core.T(
			"Both are experts of the same expertise.", "Оба назначены экспертами одной экспертизы.")},
		{To: "Person", Table: "public_expertises", Column: "asked_by_id"},
		{To: "Person", Table: "public_expertises", Column: "signed_by_id"},
		{To: "Organisation", Table: "consultation_questions", Column: "organisation_id"},
		{To: "Organisation", Table: "recommendations", Column: "organisation_id"},
		{To: "Organisation", Table: "public_expertises", Column: "organisation_id"},
	} {
		p.RegisterReference(r)
	}
	p.RegisterHolder(people.Holder{Name: "councilwork", Holds: workHeld, Erase: eraseWork, Export: workOf})
}

// workHeld says what stands in the way of an erasure: a secondment or an expertise that goes on.
func workHeld(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error) {
	var rows []struct {
		Expert bool
		Name   string
	}
	err := tx.NewRaw(`SELECT FALSE AS expert, body.name FROM secondments AS s JOIN councils AS body ON body.municipality_id = s.municipality_id AND body.id = s.commission_id
			WHERE s.municipality_id = ?0 AND s.person_id IN (?1) AND (s.ends_on IS NULL OR s.ends_on >= ?2)
		UNION SELECT TRUE, body.name FROM expertise_experts AS x JOIN public_expertises AS e ON e.municipality_id = x.municipality_id AND e.id = x.expertise_id
			JOIN councils AS body ON body.municipality_id = e.municipality_id AND body.id = e.council_id
			WHERE x.municipality_id = ?0 AND x.person_id IN (?1) AND e.concluded_on IS NULL ORDER BY expert, name`,
		core.MunicipalityOf(ctx).ID, bun.List(persons), today).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("work held: %w", err)
	}
	texts := make([]core.Text, len(rows))
	for i, row := range rows {
		if row.Expert {
			texts[i] = core.Textf("is an expert of an expertise of %s that goes on: conclude it first", "участвует экспертом в незавершённой экспертизе: %s. Сначала завершите её", row.Name)
		} else {
			texts[i] = core.Textf("is seconded to %s: end that first", "направлен в комиссию: %s. Сначала завершите направление", row.Name)
		}
	}
	return texts, nil
}

// erasedText stands where the words of a person's own question were.
const erasedText = "Данные удалены"

// eraseWork removes what was written of a person in free words, and the words of a resident's question that
// no body made public; that there was one, and what a body did, stays.
func eraseWork(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	for _, statement := range []string{
		`UPDATE secondments SET act = NULL, version = version + 1 WHERE municipality_id = ?0 AND person_id IN (?1) AND act IS NOT NULL`,
		`UPDATE expertise_experts SET qualification = NULL, version = version + 1 WHERE municipality_id = ?0 AND person_id IN (?1) AND qualification IS NOT NULL`,
		`UPDATE consultation_questions SET title = ?2, text = '', version = version + 1
			WHERE municipality_id = ?0 AND person_id IN (?1) AND put_by = 'RESIDENT' AND accepted_on IS NULL`,
	} {
		if _, err := tx.NewRaw(statement, core.MunicipalityOf(ctx).ID, bun.List(persons), erasedText).Exec(ctx); err != nil {
			return fmt.Errorf("erasure of councils' work: %w", err)
		}
	}
	return nil
}

// workOf is what the person's own export shows of this module.
func workOf(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
	var questions []ConsultationQuestion
	var secondments []Secondment
	var experts []ExpertiseExpert
	for _, model := range []any{&questions, &secondments, &experts} {
		if err := db.NewSelect().Model(model).Where("?TableAlias.person_id IN (?)", bun.List(persons)).Order("id").Scan(ctx); err != nil {
			return nil, fmt.Errorf("export of councils' work: %w", err)
		}
	}
	put, sent, examined := make([]any, len(questions)), make([]any, len(secondments)), make([]any, len(experts))
	for i := range questions {
		put[i] = map[string]any{"title": questions[i].Title, "text": questions[i].Text, "facts": questions[i].facts()}
	}
	for i := range secondments {
		sent[i] = secondments[i].facts()
	}
	for i := range experts {
		examined[i] = map[string]any{"qualification": experts[i].Qualification, "opinion": experts[i].Opinion, "facts": experts[i].facts()}
	}
	return map[string]any{"questions": put, "secondments": sent, "expertises": examined}, nil
}
