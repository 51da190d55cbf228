package people

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// CreateOrganisationInput registers an organisation.
type CreateOrganisationInput struct {
	Kind             OrganisationKind
	Name             string
	ShortName        string
	OGRN             *string
	INN              *string
	ParentID         *core.ID
	FoundedOn        *core.Date
	ExternalKey      *string
	ClientMutationID *string
}

func (in *CreateOrganisationInput) Validate() error {
	var p core.Problems
	words(&p, &in.Name, 1, mostTitle, "input", "name")
	words(&p, &in.ShortName, 0, mostName, "input", "shortName")
	maybe(&p, &in.ExternalKey, mostKey, "input", "externalKey")
	registration(&p, &in.OGRN, &in.INN)
	return p.Err()
}

// UpdateOrganisationInput changes what is not dated.
type UpdateOrganisationInput struct {
	ID               core.ID
	ExpectedVersion  int
	Kind             *OrganisationKind
	Name             *string
	ShortName        *string
	OGRN             graphql.Omittable[*string]
	INN              graphql.Omittable[*string]
	ParentID         graphql.Omittable[*core.ID]
	FoundedOn        graphql.Omittable[*core.Date]
	ClientMutationID *string
}

func (in *UpdateOrganisationInput) Validate() error {
	var p core.Problems
	given(&p, &in.Name, 1, mostTitle, "input", "name")
	given(&p, &in.ShortName, 0, mostName, "input", "shortName")
	ogrn, inn := in.OGRN.Value(), in.INN.Value()
	registration(&p, &ogrn, &inn)
	if in.OGRN.IsSet() {
		in.OGRN = graphql.OmittableOf(ogrn)
	}
	if in.INN.IsSet() {
		in.INN = graphql.OmittableOf(inn)
	}
	return p.Err()
}

// DissolveOrganisationInput dissolves an organisation on a day.
type DissolveOrganisationInput struct {
	ID               core.ID
	ExpectedVersion  int
	DissolvedOn      core.Date
	Reason           string
	ClientMutationID *string
}

// MergeOrganisationsInput makes one organisation of two.
type MergeOrganisationsInput struct {
	DuplicateID      core.ID
	SurvivorID       core.ID
	Reason           string
	ClientMutationID *string
}

// UndoOrganisationMergeInput names the duplicate whose merge is undone.
type UndoOrganisationMergeInput struct {
	ID               core.ID
	Reason           string
	ClientMutationID *string
}

// AssignPostInput gives a person a post.
type AssignPostInput struct {
	PersonID         core.ID
	OrganisationID   core.ID
	Title            string
	Acting           bool
	SoleHolder       bool
	StartsOn         core.Date
	EndsOn           *core.Date
	AppointingAct    *string
	ClientMutationID *string
}

func (in *AssignPostInput) Validate() error {
	var p core.Problems
	words(&p, &in.Title, 1, 200, "input", "title")
	maybe(&p, &in.AppointingAct, mostTitle, "input", "appointingAct")
	ordered(&p, in.StartsOn, in.EndsOn)
	return p.Err()
}

// EndPostInput ends a post on a day.
type EndPostInput struct {
	ID               core.ID
	ExpectedVersion  int
	EndsOn           core.Date
	Reason           PostEndReason
	Note             *string
	ClientMutationID *string
}

func (in *EndPostInput) Validate() error {
	var p core.Problems
	maybe(&p, &in.Note, mostNote, "input", "note")
	return p.Err()
}

// GrantMandateInput lets a person act for an organisation.
type GrantMandateInput struct {
	PersonID         core.ID
	OrganisationID   core.ID
	Scope            string
	Document         *string
	StartsOn         core.Date
	EndsOn           *core.Date
	ClientMutationID *string
}

func (in *GrantMandateInput) Validate() error {
	var p core.Problems
	words(&p, &in.Scope, 1, mostNote, "input", "scope")
	maybe(&p, &in.Document, mostTitle, "input", "document")
	ordered(&p, in.StartsOn, in.EndsOn)
	return p.Err()
}

// RevokeMandateInput takes a mandate back.
type RevokeMandateInput struct {
	ID               core.ID
	Reason           string
	ClientMutationID *string
}
