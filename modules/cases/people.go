package cases

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
	for table, columns := range map[string][]string{
		"cases": {"applicant_id", "owner_person_id"}, "case_notes": {"author_id"}, "case_answers": {"signed_by_id"},
	} {
		for _, column := range columns {
			p.RegisterReference(people.Reference{To: "Person", Table: table, Column: column})
		}
	}
	p.RegisterReference(people.Reference{To: "Person", Table: "case_signatories", Column: "person_id", Conflict: core.T(
		"Both signed the same case. Withdraw one of the signatures first.", "Оба подписали одно обращение. Сначала отзовите одну из подписей.")})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "cases", Column: "owner_organisation_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "case_steps", Column: "organisation_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "case_forwardings", Column: "organisation_id", Conflict: core.T(
		"A case is in the hands of both at the same time. End one of the forwardings first.", "Одно обращение одновременно находится в обеих организациях. Сначала завершите одно из направлений.")})
	p.RegisterHolder(people.Holder{Name: "cases", Holds: casesHeld, Erase: eraseCases, Export: casesOf})
}

// casesHeld says which cases stand in the way of an erasure: those that are still worked on.
func casesHeld(ctx context.Context, tx bun.IDB, persons []uuid.UUID, _ core.Date) ([]core.Text, error) {
	var numbers []string
	err := tx.NewRaw(`SELECT number FROM cases WHERE municipality_id = ?0 AND closed_on IS NULL AND (applicant_id IN (?1) OR owner_person_id IN (?1)) ORDER BY year, serial`,
		core.MunicipalityOf(ctx).ID, bun.List(persons)).Scan(ctx, &numbers)
	if err != nil {
		return nil, fmt.Errorf("cases held: %w", err)
	}
	held := make([]core.Text, len(numbers))
	for i, number := range numbers {
		held[i] = core.Textf("has an open case, %s: close it or hand it over first", "есть открытое обращение %s: сначала закройте или передайте его", number)
	}
	return held, nil
}

// erasedText stands where the words of a case were.
const erasedText = "Данные удалены"

// eraseCases removes the words of the persons' cases; that there was a case, when and how it went, stays.
func eraseCases(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	const mine = `IN (SELECT id FROM cases WHERE municipality_id = ?0 AND applicant_id IN (?1))`
	for _, statement := range []string{
		`UPDATE case_steps SET text = NULL WHERE municipality_id = ?0 AND case_id ` + mine,
		`UPDATE case_notes SET text = ?2 WHERE municipality_id = ?0 AND case_id ` + mine,
		`UPDATE case_answers SET text = ?2, objection = NULL WHERE municipality_id = ?0 AND case_id ` + mine,
		`UPDATE case_forwardings SET reason = ?2, reply = NULL WHERE municipality_id = ?0 AND case_id ` + mine,
		`UPDATE cases SET title = ?2, text = ?2, account_id = NULL, consent_id = NULL, version = version + 1 WHERE municipality_id = ?0 AND applicant_id IN (?1)`,
	} {
		if _, err := tx.NewRaw(statement, core.MunicipalityOf(ctx).ID, bun.List(persons), erasedText).Exec(ctx); err != nil {
			return fmt.Errorf("erase cases: %w", err)
		}
	}
	return nil
}

// casesOf is what the person's own export shows of this module.
func casesOf(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
	var rows []struct {
		Number     string     `json:"number"`
		Title      string     `json:"title"`
		Text       string     `json:"text"`
		ReceivedOn core.Date  `json:"receivedOn"`
		AnsweredOn *core.Date `json:"answeredOn"`
		Answers    []string   `json:"answers" bun:",array"`
		Applicant  bool       `json:"applicant"`
	}
	err := db.NewRaw(`SELECT c.number, c.title, c.text, c.received_on, c.answered_on, coalesce(c.applicant_id IN (?1), false) AS applicant,
			ARRAY(SELECT a.text FROM case_answers AS a WHERE a.municipality_id = c.municipality_id AND a.case_id = c.id ORDER BY a.round) AS answers
		FROM cases AS c WHERE c.municipality_id = ?0 AND (c.applicant_id IN (?1) OR c.id IN (
			SELECT s.case_id FROM case_signatories AS s WHERE s.municipality_id = ?0 AND s.person_id IN (?1))) ORDER BY c.year, c.serial`,
		core.MunicipalityOf(ctx).ID, bun.List(persons)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("export of cases: %w", err)
	}
	return rows, nil
}
