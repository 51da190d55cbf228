package people

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// ownHolders are the parts of this module that keep something of persons. What erasure leaves:
// consents' and posts' dates and kinds, and the log of who read the data, without words that could
// name somebody. What an export leaves out: who else lives in a household.
func ownHolders() []Holder {
	return []Holder{
		{Name: "person", Export: rows(`SELECT family_name, given_name, patronymic, external_key, created_at, erased_at, merged_into_id IS NOT NULL AS duplicate
			FROM persons WHERE municipality_id = ?0 AND id IN (?1) ORDER BY id`)},
		{Name: "personalData",
			Erase: run(`UPDATE personal_data SET birth_date = NULL, phones = '{}', emails = '{}', postal_address = NULL, version = version + 1
				WHERE municipality_id = ?0 AND person_id IN (?1)`),
			Export: rows(`SELECT birth_date, phones, emails, postal_address FROM personal_data WHERE municipality_id = ?0 AND person_id IN (?1) ORDER BY person_id`)},
		{Name: "consents",
			Erase:  run(`UPDATE consents SET basis = '' WHERE municipality_id = ?0 AND person_id IN (?1)`),
			Export: rows(`SELECT purpose, basis, given_on, withdrawn_on FROM consents WHERE municipality_id = ?0 AND person_id IN (?1) ORDER BY given_on, id`)},
		{Name: "honours",
			Erase:  run(`DELETE FROM honours WHERE municipality_id = ?0 AND person_id IN (?1)`),
			Export: rows(`SELECT kind, title, act, awarded_on FROM honours WHERE municipality_id = ?0 AND person_id IN (?1) ORDER BY awarded_on, id`)},
		{Name: "posts", Holds: holdsPosts,
			Erase: run(`UPDATE posts SET appointing_act = NULL, end_note = NULL, version = version + 1 WHERE municipality_id = ?0 AND person_id IN (?1)`),
			Export: rows(`SELECT o.name AS organisation, p.title, p.acting, p.starts_on, p.ends_on, p.appointing_act, p.end_reason, p.end_note
				FROM posts AS p JOIN organisations AS o ON o.municipality_id = p.municipality_id AND o.id = p.organisation_id
				WHERE p.municipality_id = ?0 AND p.person_id IN (?1) ORDER BY p.starts_on, p.id`)},
		{Name: "mandates", Holds: holdsMandates,
			Erase: run(`UPDATE mandates SET scope = '—', document = NULL, revocation_reason = NULL WHERE municipality_id = ?0 AND person_id IN (?1)`),
			Export: rows(`SELECT o.name AS organisation, m.scope, m.document, m.starts_on, m.ends_on, m.revoked_on, m.revocation_reason
				FROM mandates AS m JOIN organisations AS o ON o.municipality_id = m.municipality_id AND o.id = m.organisation_id
				WHERE m.municipality_id = ?0 AND m.person_id IN (?1) ORDER BY m.starts_on, m.id`)},
		{Name: "households",
			Erase:  run(`DELETE FROM household_members WHERE municipality_id = ?0 AND person_id IN (?1)`),
			Export: rows(`SELECT starts_on, ends_on FROM household_members WHERE municipality_id = ?0 AND person_id IN (?1) ORDER BY starts_on, id`)},
		{Name: "accounts", Holds: holdsAccount,
			Export: rows(`SELECT login, display_name, created_at, last_sign_in_at, disabled_at FROM accounts WHERE municipality_id = ?0 AND person_id IN (?1) ORDER BY created_at, id`)},
		{Name: "personalDataAccesses", Export: rows(`SELECT action, columns, reader_kind, at, request_id
			FROM personal_data_accesses WHERE municipality_id = ?0 AND person_id IN (?1) ORDER BY at, id`)},
	}
}

// rows makes an Export of a statement: ?0 is the municipality, ?1 the persons.
func rows(query string) func(context.Context, bun.IDB, []uuid.UUID) (any, error) {
	return func(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
		var text string
		err := db.NewRaw("SELECT coalesce(jsonb_agg(to_jsonb(part)), '[]')::text FROM ("+query+") AS part",
			core.MunicipalityOf(ctx).ID, bun.List(persons)).Scan(ctx, &text)
		return json.RawMessage(text), err
	}
}

// run makes an Erase of a statement: ?0 is the municipality, ?1 the persons.
func run(query string) func(context.Context, *mutation.Tx, []uuid.UUID) error {
	return func(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
		_, err := tx.NewRaw(query, core.MunicipalityOf(ctx).ID, bun.List(persons)).Exec(ctx)
		return err
	}
}

func holdsPosts(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error) {
	return whatStands(ctx, tx, `SELECT p.title || ', ' || o.name FROM posts AS p
			JOIN organisations AS o ON o.municipality_id = p.municipality_id AND o.id = p.organisation_id
			WHERE p.municipality_id = ?0 AND p.person_id IN (?1) AND (p.ends_on IS NULL OR p.ends_on >= ?2) ORDER BY p.starts_on, p.id`,
		persons, today, core.T("The person holds a post: %s. End it first.", "Человек занимает должность: %s. Сначала освободите его от неё."))
}

func holdsMandates(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error) {
	return whatStands(ctx, tx, `SELECT o.name FROM mandates AS m
			JOIN organisations AS o ON o.municipality_id = m.municipality_id AND o.id = m.organisation_id
			WHERE m.municipality_id = ?0 AND m.person_id IN (?1) AND m.revoked_on IS NULL AND (m.ends_on IS NULL OR m.ends_on >= ?2) ORDER BY m.starts_on, m.id`,
		persons, today, core.T("The person may act for an organisation: %s. Revoke the mandate first.", "Человек действует от имени организации: %s. Сначала отзовите доверенность."))
}

// whatStands answers one reason for each thing found, its name put into the words.
func whatStands(ctx context.Context, tx bun.IDB, query string, persons []uuid.UUID, today core.Date, why core.Text) ([]core.Text, error) {
	var names []string
	if err := tx.NewRaw(query, core.MunicipalityOf(ctx).ID, bun.List(persons), today).Scan(ctx, &names); err != nil {
		return nil, err
	}
	reasons := make([]core.Text, len(names))
	for i, name := range names {
		reasons[i] = core.Textf(why.En, why.Ru, name)
	}
	return reasons, nil
}

// holdsAccount keeps a person whose account is not unlinked: its login tells who they are.
func holdsAccount(ctx context.Context, tx bun.IDB, persons []uuid.UUID, _ core.Date) ([]core.Text, error) {
	var linked bool
	err := tx.NewRaw("SELECT EXISTS (SELECT FROM accounts WHERE municipality_id = ? AND person_id IN (?))",
		core.MunicipalityOf(ctx).ID, bun.List(persons)).Scan(ctx, &linked)
	if err != nil || !linked {
		return nil, err
	}
	return []core.Text{core.T("An account belongs to the person. Disable it and unlink it first.",
		"К человеку привязана учётная запись. Сначала отключите и отвяжите её.")}, nil
}

// mayExport asks for the right on the person's row.
func (s *Service) mayExport(ctx context.Context, person uuid.UUID) error {
	return read.Require[Person](ctx, s.host.Reads, s.host.DB, mayExport, person, "personId")
}

func asJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	return string(text), nil
}
