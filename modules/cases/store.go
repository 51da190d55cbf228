package cases

import (
	"context"
	"crypto/rand"
	"encoding/base32"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// kindOf is the kind that an opening names, or the municipality's default.
func kindOf(ctx context.Context, tx bun.IDB, o *Opening) (*CaseKind, error) {
	kind := new(CaseKind)
	q := tx.NewSelect().Model(kind).For("KEY SHARE")
	if o.Kind == "" {
		q = q.Where("?TableAlias.is_default")
	} else {
		q = q.Where("?TableAlias.key = ?", o.Kind)
	}
	err := q.Scan(ctx)
	if postgres.NoRows(err) {
		return nil, core.Invalid(core.T("There is no such kind of case. See caseKinds.", "Такого вида обращений нет. См. caseKinds."), o.at("kind")...)
	}
	return kind, err
}

func kindByID(ctx context.Context, tx bun.IDB, id uuid.UUID) (*CaseKind, error) {
	kind := new(CaseKind)
	return kind, tx.NewSelect().Model(kind).Where("?TableAlias.id = ?", id).Scan(ctx)
}

// entriesOf are the states that a case comes to when it reaches a public one.
func entriesOf(ctx context.Context, tx bun.IDB) (map[CasePublicState]uuid.UUID, error) {
	var states []CaseState
	if err := tx.NewSelect().Model(&states).Column("id", "public_state").Where("?TableAlias.entry").Scan(ctx); err != nil {
		return nil, err
	}
	entries := map[CasePublicState]uuid.UUID{}
	for _, s := range states {
		entries[s.PublicState] = s.ID
	}
	return entries, nil
}

func entryOf(entries map[CasePublicState]uuid.UUID, state CasePublicState) (uuid.UUID, error) {
	id, ok := entries[state]
	if !ok {
		return uuid.Nil, core.Conflict(core.Textf("The municipality's workflow has no state by which a case becomes %s. Ask the administrator to add one.",
			"В порядке работы муниципалитета нет состояния, в котором обращение становится %s. Попросите администратора добавить его.", state))
	}
	return id, nil
}

// nextNumber takes the next number of the year, which others then wait for until the transaction ends.
func nextNumber(ctx context.Context, tx bun.IDB, on core.Date) (year, serial int, err error) {
	year = on.Time().Year()
	err = tx.NewRaw(`INSERT INTO case_numbers AS known (municipality_id, year, last) VALUES (?, ?, 1)
		ON CONFLICT (municipality_id, year) DO UPDATE SET last = known.last + 1 RETURNING last`, core.MunicipalityOf(ctx).ID, year).Scan(ctx, &serial)
	return year, serial, err
}

// newCode is what shows, with the number, that somebody handed the case in: 60 random bits, in letters
// and digits that are hard to take for one another.
func newCode() string {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // which never fails
	return codeForm.EncodeToString(raw[:])[:12]
}

var codeForm = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// ownersOf are the persons who answer for the case on that day: its owner, or those who hold a post of a
// single holder in the organisation that owns it.
func ownersOf(ctx context.Context, tx bun.IDB, c *Case, on core.Date) (persons []uuid.UUID, err error) {
	if c.OwnerPersonID != nil {
		return []uuid.UUID{*c.OwnerPersonID}, nil
	}
	if c.OwnerOrganisationID == nil {
		return nil, nil
	}
	err = tx.NewRaw("SELECT unnest(organisation_heads(?, ?, ?))", core.MunicipalityOf(ctx).ID, *c.OwnerOrganisationID, on).Scan(ctx, &persons)
	return persons, err
}

// behind are the persons who stand behind the case, the applicant among them.
func behind(ctx context.Context, tx bun.IDB, of uuid.UUID) (persons []uuid.UUID, err error) {
	err = tx.NewSelect().Model((*CaseSignatory)(nil)).Column("person_id").Where("?TableAlias.case_id = ?", of).
		Where("?TableAlias.withdrawn_on IS NULL").Scan(ctx, &persons)
	return persons, err
}
