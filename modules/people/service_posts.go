package people

import (
	"context"

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
