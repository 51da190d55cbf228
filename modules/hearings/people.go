package hearings

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
	p.RegisterReference(people.Reference{To: "Person", Table: "hearing_statements", Column: "author_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "hearing_statements", Column: "organisation_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "public_hearings", Column: "organiser_id"})
	p.RegisterHolder(people.Holder{Name: "hearings", Erase: erase, Export: export})
}

// erase removes where a person lives and their own words. That somebody made a statement, what the public
// reads of it, and whether they belonged to the area stay: the conclusion counts them.
func erase(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	for _, statement := range []string{
		`UPDATE hearing_proposals AS proposal SET submitted_text = NULL FROM hearing_statements AS made
			WHERE proposal.municipality_id = ?0 AND made.municipality_id = ?0 AND made.id = proposal.statement_id AND made.author_id IN (?1)`,
		`UPDATE hearing_statements SET account_id = NULL, address_id = NULL, district_id = NULL, show_name = false, version = version + 1
			WHERE municipality_id = ?0 AND author_id IN (?1)`,
	} {
		if _, err := tx.NewRaw(statement, core.MunicipalityOf(ctx).ID, bun.List(persons)).Exec(ctx); err != nil {
			return fmt.Errorf("erase statements: %w", err)
		}
	}
	return nil
}

// export is what the person's own export shows of this module.
func export(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
	var rows []struct {
		Hearing    string    `json:"hearing"`
		Number     int       `json:"number"`
		ReceivedOn core.Date `json:"receivedOn"`
		Standing   string    `json:"standing"`
		ShowName   bool      `json:"showName"`
		Proposals  []string  `json:"proposals" bun:",array"`
	}
	err := db.NewRaw(`SELECT h.subject AS hearing, s.number, s.received_on, s.standing, s.show_name, ARRAY(SELECT coalesce(p.submitted_text, '') FROM hearing_proposals AS p
			WHERE p.municipality_id = s.municipality_id AND p.statement_id = s.id ORDER BY p.number) AS proposals
		FROM hearing_statements AS s JOIN public_hearings AS h ON h.municipality_id = s.municipality_id AND h.id = s.hearing_id
		WHERE s.municipality_id = ?0 AND s.author_id IN (?1) ORDER BY s.received_on, s.id`, core.MunicipalityOf(ctx).ID, bun.List(persons)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("export of statements: %w", err)
	}
	return rows, nil
}
