package cases

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

// AddCaseSignatory puts a person behind a case: oneself, or, by staff, somebody who has signed the paper.
// A person counts once, whatever they sign, and however many sign at the same moment.
func (s *Service) AddCaseSignatory(ctx context.Context, in AddCaseSignatoryInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addCaseSignatory", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		person, permission, err := s.signatory(ctx, tx, in.PersonID)
		if err != nil {
			return uuid.Nil, err
		}
		c, err := s.lock(ctx, tx, in.CaseID, permission, nil, "caseId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := c.ended(); err != nil {
			return uuid.Nil, err
		}
		if err := s.people.PersonStands(ctx, tx, person, "input", "personId"); err != nil {
			return uuid.Nil, err
		}
		if err := sign(ctx, tx, c, person); err != nil {
			return uuid.Nil, err
		}
		signed := new(CaseSignatory)
		if err := tx.NewSelect().Model(signed).Where("?TableAlias.case_id = ?", c.ID).Where("?TableAlias.person_id = ?", person).Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		if _, err := tx.NewUpdate().Model(c).Set("applicant_id = coalesce(applicant_id, ?)", person).WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "CaseSignatory", ID: signed.ID, After: map[string]any{"case": c.ID}, Touched: []core.ID{{Type: "Case", Key: c.ID}}})
		return signed.ID, nil
	})
}

// signatory is who signs, and the permission that it takes.
func (s *Service) signatory(ctx context.Context, tx *mutation.Tx, id *core.ID) (uuid.UUID, string, error) {
	me := core.ActorOf(ctx).Person
	if id == nil {
		if me == uuid.Nil {
			return uuid.Nil, "", core.Conflict(core.T("Your account is linked to no person: who you are must be known. Ask the reception to link it.",
				"Ваша учётная запись не связана с человеком: чтобы подписать, нужно знать, кто вы. Попросите приёмную связать её."), "input", "personId")
		}
		return me, maySign, nil
	}
	person, err := seen[people.Person](ctx, s, tx, id, "Person", "personId")
	switch {
	case err != nil:
		return uuid.Nil, "", err
	case *person == me:
		return me, maySign, nil
	}
	return *person, mayWrite, nil
}

// sign puts the person behind the case, or again where they had withdrawn.
func sign(ctx context.Context, tx *mutation.Tx, c *Case, person uuid.UUID) error {
	var key uuid.UUID
	err := tx.NewRaw(`INSERT INTO case_signatories AS signed (municipality_id, id, case_id, person_id, signed_on) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (municipality_id, case_id, person_id) DO UPDATE SET withdrawn_on = NULL, signed_on = excluded.signed_on
		WHERE signed.withdrawn_on IS NOT NULL RETURNING id`, core.MunicipalityOf(ctx).ID, core.NewID(), c.ID, person, tx.Today()).Scan(ctx, &key)
	if postgres.NoRows(err) {
		return core.Conflict(core.T("This person has signed the case already.", "Этот человек уже подписал обращение."), "input", "personId")
	}
	return err
}

// WithdrawCaseSignatory takes a signature back. When it is the contact's, the next who signed becomes the
// contact; the last does not leave while the case goes on.
func (s *Service) WithdrawCaseSignatory(ctx context.Context, in WithdrawCaseSignatoryInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "withdrawCaseSignatory", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("CaseSignatory", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[CaseSignatory](ctx, s.reads, tx, mayReadSignatories, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		signed := new(CaseSignatory)
		if err := tx.NewSelect().Model(signed).Where("?TableAlias.id = ?", key).Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		permission := mayWrite
		if signed.PersonID == core.ActorOf(ctx).Person {
			permission = maySign
		}
		c, err := s.lock(ctx, tx, core.ID{Type: "Case", Key: signed.CaseID}, permission, nil, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := tx.NewSelect().Model(signed).WherePK().Scan(ctx); err != nil { // again, under the lock
			return uuid.Nil, err
		}
		if signed.WithdrawnOn != nil {
			return uuid.Nil, core.Conflict(core.Textf("The signature was withdrawn on %s.", "Подпись отозвана %s.", *signed.WithdrawnOn), "input", "id")
		}
		return key, s.leave(ctx, tx, c, signed)
	})
}

func (s *Service) leave(ctx context.Context, tx *mutation.Tx, c *Case, signed *CaseSignatory) error {
	today := tx.Today()
	signed.WithdrawnOn = &today
	if _, err := tx.NewUpdate().Model(signed).Column("withdrawn_on").WherePK().Exec(ctx); err != nil {
		return err
	}
	var next []uuid.UUID
	err := tx.NewSelect().Model((*CaseSignatory)(nil)).Column("person_id").Where("?TableAlias.case_id = ?", c.ID).Where("?TableAlias.withdrawn_on IS NULL").
		Order("signed_on", "id").Limit(1).Scan(ctx, &next)
	if err != nil {
		return err
	}
	if len(next) == 0 {
		return core.Conflict(core.T("Nobody else stands behind the case: it would be left without an applicant. Ask for it to be closed.",
			"Больше никто не подписал обращение, оно осталось бы без заявителя. Попросите закрыть его."), "input", "id")
	}
	// The account is that of the applicant who leaves; the next one is known by name.
	if _, err := tx.NewUpdate().Model(c).Set("applicant_id = ?", next[0]).Set("account_id = NULL").WherePK().Where("applicant_id = ?", signed.PersonID).Exec(ctx); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Ended, Type: "CaseSignatory", ID: signed.ID, After: map[string]any{"case": c.ID}, Touched: []core.ID{{Type: "Case", Key: c.ID}}})
	return nil
}
