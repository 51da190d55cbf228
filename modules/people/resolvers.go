package people

import (
	"context"

	"github.com/veche-city/veche/core"
)

// QueryResolver answers the root fields that are not declared reads.
type QueryResolver struct{ Module *Module }

func (r QueryResolver) PersonalDataExport(ctx context.Context, personID core.ID) (string, error) {
	return r.Module.Service.PersonalDataExport(ctx, personID)
}

// MutationResolver hands each mutation to the service.
type MutationResolver struct{ Module *Module }

func (r MutationResolver) CreatePerson(ctx context.Context, in CreatePersonInput) (*core.Payload, error) {
	return r.Module.Service.CreatePerson(ctx, in)
}

func (r MutationResolver) UpdatePerson(ctx context.Context, in UpdatePersonInput) (*core.Payload, error) {
	return r.Module.Service.UpdatePerson(ctx, in)
}

func (r MutationResolver) UpdatePersonalData(ctx context.Context, in UpdatePersonalDataInput) (*core.Payload, error) {
	return r.Module.Service.UpdatePersonalData(ctx, in)
}

func (r MutationResolver) MergePersons(ctx context.Context, in MergePersonsInput) (*core.Payload, error) {
	return r.Module.Service.MergePersons(ctx, in)
}

func (r MutationResolver) UndoPersonMerge(ctx context.Context, in UndoPersonMergeInput) (*core.Payload, error) {
	return r.Module.Service.UndoPersonMerge(ctx, in)
}

func (r MutationResolver) ErasePerson(ctx context.Context, in ErasePersonInput) (*core.Payload, error) {
	return r.Module.Service.ErasePerson(ctx, in)
}

func (r MutationResolver) AwardHonour(ctx context.Context, in AwardHonourInput) (*core.Payload, error) {
	return r.Module.Service.AwardHonour(ctx, in)
}

func (r MutationResolver) GiveConsent(ctx context.Context, in GiveConsentInput) (*core.Payload, error) {
	return r.Module.Service.GiveConsent(ctx, in)
}

func (r MutationResolver) WithdrawConsent(ctx context.Context, in WithdrawConsentInput) (*core.Payload, error) {
	return r.Module.Service.WithdrawConsent(ctx, in)
}

func (r MutationResolver) CreateHousehold(ctx context.Context, in CreateHouseholdInput) (*core.Payload, error) {
	return r.Module.Service.CreateHousehold(ctx, in)
}

func (r MutationResolver) AddHouseholdMember(ctx context.Context, in AddHouseholdMemberInput) (*core.Payload, error) {
	return r.Module.Service.AddHouseholdMember(ctx, in)
}

func (r MutationResolver) EndHouseholdMember(ctx context.Context, in EndHouseholdMemberInput) (*core.Payload, error) {
	return r.Module.Service.EndHouseholdMember(ctx, in)
}

func (r MutationResolver) CreateOrganisation(ctx context.Context, in CreateOrganisationInput) (*core.Payload, error) {
	return r.Module.Service.CreateOrganisation(ctx, in)
}

func (r MutationResolver) UpdateOrganisation(ctx context.Context, in UpdateOrganisationInput) (*core.Payload, error) {
	return r.Module.Service.UpdateOrganisation(ctx, in)
}

func (r MutationResolver) DissolveOrganisation(ctx context.Context, in DissolveOrganisationInput) (*core.Payload, error) {
	return r.Module.Service.DissolveOrganisation(ctx, in)
}

func (r MutationResolver) MergeOrganisations(ctx context.Context, in MergeOrganisationsInput) (*core.Payload, error) {
	return r.Module.Service.MergeOrganisations(ctx, in)
}

func (r MutationResolver) UndoOrganisationMerge(ctx context.Context, in UndoOrganisationMergeInput) (*core.Payload, error) {
	return r.Module.Service.UndoOrganisationMerge(ctx, in)
}

func (r MutationResolver) AssignPost(ctx context.Context, in AssignPostInput) (*core.Payload, error) {
	return r.Module.Service.AssignPost(ctx, in)
}

func (r MutationResolver) EndPost(ctx context.Context, in EndPostInput) (*core.Payload, error) {
	return r.Module.Service.EndPost(ctx, in)
}

func (r MutationResolver) GrantMandate(ctx context.Context, in GrantMandateInput) (*core.Payload, error) {
	return r.Module.Service.GrantMandate(ctx, in)
}

func (r MutationResolver) RevokeMandate(ctx context.Context, in RevokeMandateInput) (*core.Payload, error) {
	return r.Module.Service.RevokeMandate(ctx, in)
}
