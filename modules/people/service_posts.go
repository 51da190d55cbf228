package people

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// AssignPost gives a person a post from a day on. That a post for one has one holder at a time is a
// constraint: of any number of attempts at once one wins, and the others get CONFLICT.
func (s *Service) AssignPost(ctx context.Context, in AssignPostInput) (*core.Payload, error) {
	return s.do(ctx, "assignPost", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(); err != nil {
			return uuid.Nil, err
		}
		if err := s.may(ctx, mayWritePosts); err != nil {
			return uuid.Nil, err
		}
		person, organisation, err := s.sides(ctx, tx, in.PersonID, in.OrganisationID, in.StartsOn, in.EndsOn)
		if err != nil {
			return uuid.Nil, err
		}
		p := &Post{
			ID: core.NewID(), PersonID: person, OrganisationID: organisation, Title: in.Title, Acting: in.Acting,
			SoleHolder: in.SoleHolder, StartsOn: in.StartsOn, EndsOn: in.EndsOn, AppointingAct: in.AppointingAct, Version: 1,
		}
		tx.Changed(core.Change{
			Kind: core.Created, Type: "Post", ID: p.ID, Touched: []core.ID{id(typePerson, person), id(typeOrganisation, organisation)},
			After: map[string]any{"personId": person, "organisationId": organisation, "title": p.Title, "acting": p.Acting, "startsOn": p.StartsOn, "endsOn": p.EndsOn},
		})
		return p.ID, insert(ctx, tx, p)
	})
}

// sides are the person and the organisation that an input joins for a time: both must be seen by
// the caller, and stand.
func (s *Service) sides(ctx context.Context, tx *mutation.Tx, personID, organisationID core.ID, first core.Date, last *core.Date) (person, organisation uuid.UUID, err error) {
	if person, err = require[Person](ctx, s, tx, mayRead, personID, "personId"); err != nil {
		return person, organisation, err
	}
	if organisation, err = require[Organisation](ctx, s, tx, mayReadOrganisations, organisationID, "organisationId"); err != nil {
		return person, organisation, err
	}
	if err = s.PersonStands(ctx, tx, person, "input", "personId"); err != nil {
		return person, organisation, err
	}
	return person, organisation, s.OrganisationStands(ctx, tx, organisation, first, last, "input", "organisationId")
}

// EndPost ends a post on a day, with the reason.
func (s *Service) EndPost(ctx context.Context, in EndPostInput) (*core.Payload, error) {
	return s.do(ctx, "endPost", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(); err != nil {
			return uuid.Nil, err
		}
		key, err := require[Post](ctx, s, tx, mayWritePosts, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		p := &Post{Owned: owned(ctx), ID: key}
		if err := load(ctx, tx, p, "person_id", "organisation_id", "starts_on", "ends_on", "end_reason"); err != nil {
			return uuid.Nil, err
		}
		if err := mayEnd(p.StartsOn, p.EndsOn, in.EndsOn); err != nil {
			return uuid.Nil, err
		}
		before := map[string]any{"endsOn": p.EndsOn, "endReason": p.EndReason}
		p.EndsOn, p.EndReason, p.EndNote = &in.EndsOn, &in.Reason, in.Note
		tx.Changed(core.Change{
			Kind: core.Ended, Type: "Post", ID: key, Touched: []core.ID{id(typePerson, p.PersonID), id(typeOrganisation, p.OrganisationID)},
			Before: before, After: map[string]any{"endsOn": p.EndsOn, "endReason": p.EndReason},
		})
		return key, save(ctx, tx, p, in.ExpectedVersion, "ends_on", "end_reason", "end_note")
	})
}

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
