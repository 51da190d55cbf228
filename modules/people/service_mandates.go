package people

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// GrantMandate lets a person act for an organisation from a day on.
func (s *Service) GrantMandate(ctx context.Context, in GrantMandateInput) (*core.Payload, error) {
	return s.do(ctx, "grantMandate", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(); err != nil {
			return uuid.Nil, err
		}
		if err := s.may(ctx, mayWriteMandates); err != nil {
			return uuid.Nil, err
		}
		person, organisation, err := s.sides(ctx, tx, in.PersonID, in.OrganisationID, in.StartsOn, in.EndsOn)
		if err != nil {
			return uuid.Nil, err
		}
		m := &Mandate{
			ID: core.NewID(), PersonID: person, OrganisationID: organisation,
			Scope: in.Scope, Document: in.Document, StartsOn: in.StartsOn, EndsOn: in.EndsOn,
		}
		tx.Changed(core.Change{
			Kind: core.Created, Type: "Mandate", ID: m.ID, Touched: []core.ID{id(typePerson, person), id(typeOrganisation, organisation)},
			After: map[string]any{"personId": person, "organisationId": organisation, "startsOn": m.StartsOn, "endsOn": m.EndsOn},
		})
		return m.ID, insert(ctx, tx, m)
	})
}

// RevokeMandate takes a mandate back: it is not valid from today on.
func (s *Service) RevokeMandate(ctx context.Context, in RevokeMandateInput) (*core.Payload, error) {
	return s.do(ctx, "revokeMandate", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := reason(&in.Reason); err != nil {
			return uuid.Nil, err
		}
		key, err := require[Mandate](ctx, s, tx, mayWriteMandates, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		m := &Mandate{Owned: owned(ctx), ID: key}
		if err := load(ctx, tx, m, "person_id", "organisation_id", "ends_on", "revoked_on"); err != nil {
			return uuid.Nil, err
		}
		if m.RevokedOn != nil || m.EndsOn != nil && m.EndsOn.Before(tx.Today()) {
			return uuid.Nil, core.Conflict(core.T("This mandate is no longer valid.", "Эта доверенность уже не действует."), "input", "id")
		}
		today := tx.Today()
		tx.Changed(core.Change{
			Kind: core.Ended, Type: "Mandate", ID: key, Reason: in.Reason, After: map[string]any{"revokedOn": today},
			Touched: []core.ID{id(typePerson, m.PersonID), id(typeOrganisation, m.OrganisationID)},
		})
		_, err = tx.NewUpdate().Model(m).Set("revoked_on = ?", today).Set("revocation_reason = ?", in.Reason).WherePK().Exec(ctx)
		return key, err
	})
}

func (s *Service) mayActFor(ctx context.Context, person, organisation uuid.UUID) (bool, error) {
	town := core.MunicipalityOf(ctx)
	var may bool
	err := s.host.DB.NewRaw(`SELECT EXISTS (SELECT FROM mandates AS m
			JOIN organisations AS o ON o.municipality_id = m.municipality_id AND o.id = m.organisation_id
			WHERE m.municipality_id = ?0 AND m.person_id = ?1 AND m.organisation_id = ?2
			AND m.starts_on <= ?3 AND (m.ends_on IS NULL OR m.ends_on >= ?3) AND (m.revoked_on IS NULL OR m.revoked_on > ?3)
			AND o.merged_into_id IS NULL AND (o.dissolved_on IS NULL OR o.dissolved_on >= ?3))`,
		town.ID, person, organisation, town.Today(s.host.Clock)).Scan(ctx, &may)
	if err != nil {
		return false, fmt.Errorf("mandate of a person: %w", err)
	}
	return may, nil
}
