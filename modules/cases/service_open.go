package cases

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// OpenCase hands in a case of the caller's own, or writes one down for somebody else. What a resident
// hands in waits to be registered; what staff write down is registered with that.
func (s *Service) OpenCase(ctx context.Context, in OpenCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "openCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		var o Opening
		var err error
		if o.DistrictID, err = seen[places.District](ctx, s, tx, in.DistrictID, "District", "districtId"); err != nil {
			return uuid.Nil, err
		}
		if err := s.mayOpen(ctx, in, &o); err != nil {
			return uuid.Nil, err
		}
		if err := s.kindNamed(ctx, tx, in.KindID, &o); err != nil {
			return uuid.Nil, err
		}
		o.Title, o.Text, o.Uploads = in.Title, in.Text, in.UploadIDs
		if err := s.write(ctx, tx, in, &o); err != nil {
			return uuid.Nil, err
		}
		return s.Open(ctx, tx, o)
	})
}

// mayOpen asks for the right: one's own case, or the register.
func (s *Service) mayOpen(ctx context.Context, in OpenCaseInput, o *Opening) error {
	var where access.Resource
	if o.DistrictID != nil {
		where.Scopes = []core.Scope{{Kind: "district", ID: *o.DistrictID}}
	}
	actor := core.ActorOf(ctx)
	if in.byStaff() || actor.Kind == core.System || actor.Kind == core.Service {
		o.Origin, o.Channel = OriginStaff, ChannelPaper
		if actor.Kind == core.Account {
			o.operator = &actor.Account
		}
		return s.guard.Check(ctx, mayRegister, where)
	}
	o.Origin, o.Channel, o.online = OriginOnline, ChannelOnline, true
	if actor.Kind == core.Account {
		o.account = &actor.Account
	}
	if actor.Person != uuid.Nil {
		o.ApplicantID = &actor.Person
	}
	return s.guard.Check(ctx, mayOpen, where)
}

// write fills in what staff say.
func (s *Service) write(ctx context.Context, tx *mutation.Tx, in OpenCaseInput, o *Opening) (err error) {
	if o.online {
		return nil
	}
	if in.Channel != nil {
		o.Channel = *in.Channel
	}
	if in.Origin != nil {
		o.Origin = *in.Origin
	}
	if in.ReceivedOn != nil {
		o.ReceivedOn = *in.ReceivedOn
	}
	o.RegisteredOn, o.DueOn = in.RegisteredOn, in.DueOn
	if o.ApplicantID, err = seen[people.Person](ctx, s, tx, in.ApplicantID, "Person", "applicantId"); err != nil {
		return err
	}
	if o.OwnerOrganisationID, o.OwnerPersonID, err = s.owner(ctx, tx, in.OwnerOrganisationID, in.OwnerPersonID); err != nil {
		return err
	}
	if o.ParentID, err = s.parent(ctx, tx, in.ParentID); err != nil {
		return err
	}
	if o.Source = in.SourceID; o.Source != nil {
		if err := read.RequireID(ctx, s.reads, tx, "", *o.Source, "input", "sourceId"); err != nil {
			return err
		}
	}
	return s.consent(ctx, tx, in, o)
}

// consent finds the consent to the processing of the applicant's data. A spoken word needs one; a paper
// that somebody has signed is its own ground.
func (s *Service) consent(ctx context.Context, tx *mutation.Tx, in OpenCaseInput, o *Opening) (err error) {
	if o.ConsentID, err = seen[people.Consent](ctx, s, tx, in.ConsentID, "Consent", "consentId"); err != nil {
		return err
	}
	if o.ConsentID == nil {
		if o.ApplicantID != nil && (o.Channel == ChannelPhone || o.Channel == ChannelInPerson) {
			return core.Invalid(core.T("Note the applicant's consent first (giveConsent), and name it here.",
				"Сначала внесите согласие заявителя (giveConsent) и укажите его здесь."), "input", "consentId")
		}
		return nil
	}
	var holds bool
	err = tx.NewSelect().Model((*people.Consent)(nil)).ColumnExpr("withdrawn_on IS NULL AND person_id IS NOT DISTINCT FROM ?", o.ApplicantID).
		Where("?TableAlias.id = ?", *o.ConsentID).Scan(ctx, &holds)
	if err == nil && !holds {
		err = core.Invalid(core.T("This consent is another person's, or was withdrawn.", "Это согласие другого человека либо оно отозвано."), "input", "consentId")
	}
	return err
}

// kindNamed turns the kind's id into its key.
func (s *Service) kindNamed(ctx context.Context, tx *mutation.Tx, id *core.ID, o *Opening) error {
	key, err := core.KeyOf(id, "CaseKind", "input", "kindId")
	if err != nil || key == nil {
		return err
	}
	kind, err := kindByID(ctx, tx, *key)
	if postgres.NoRows(err) {
		return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: []string{"input", "kindId"}}
	}
	o.Kind = kind.Key
	return err
}

// seen is the key of an object that an input may name; one that the caller may not see is NOT_FOUND.
func seen[M any](ctx context.Context, s *Service, tx *mutation.Tx, id *core.ID, typ, field string) (*uuid.UUID, error) {
	key, err := core.KeyOf(id, typ, "input", field)
	if err != nil || key == nil {
		return nil, err
	}
	return key, read.Seen[M](ctx, s.reads, tx, *key, "input", field)
}

// owner is the organisation, the person, or both.
func (s *Service) owner(ctx context.Context, tx *mutation.Tx, organisation, person *core.ID) (o, p *uuid.UUID, err error) {
	if o, err = seen[people.Organisation](ctx, s, tx, organisation, "Organisation", "ownerOrganisationId"); err != nil {
		return nil, nil, err
	}
	p, err = seen[people.Person](ctx, s, tx, person, "Person", "ownerPersonId")
	return o, p, err
}

// parent is a case above; the caller must be allowed to work on it.
func (s *Service) parent(ctx context.Context, tx *mutation.Tx, id *core.ID) (*uuid.UUID, error) {
	key, err := core.KeyOf(id, "Case", "input", "parentId")
	if err != nil || key == nil {
		return nil, err
	}
	return key, read.Require[Case](ctx, s.reads, tx, mayWrite, *key, "input", "parentId")
}
