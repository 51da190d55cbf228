package people

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// OrganisationKind is what sort of body an organisation is.
type OrganisationKind string

const (
	PublicAssociation       OrganisationKind = "PUBLIC_ASSOCIATION"
	ProfessionalAssociation OrganisationKind = "PROFESSIONAL_ASSOCIATION"
	PoliticalParty          OrganisationKind = "POLITICAL_PARTY"
	NGO                     OrganisationKind = "NGO"
	Business                OrganisationKind = "BUSINESS"
	MunicipalDepartment     OrganisationKind = "MUNICIPAL_DEPARTMENT"
	MunicipalInstitution    OrganisationKind = "MUNICIPAL_INSTITUTION"
	StateBody               OrganisationKind = "STATE_BODY"
	RegionalBody            OrganisationKind = "REGIONAL_BODY"
	Police                  OrganisationKind = "POLICE"
	Hospital                OrganisationKind = "HOSPITAL"
	Education               OrganisationKind = "EDUCATION"
	Culture                 OrganisationKind = "CULTURE"
	OtherOrganisation       OrganisationKind = "OTHER"
)

// OrganisationStatus is how an organisation stands on a day; SQL works it out.
type OrganisationStatus string

// Organisation is a body with a name of its own.
type Organisation struct {
	bun.BaseModel `bun:"table:organisations,alias:organisation"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID                uuid.UUID        `bun:"id,pk,type:uuid"`
	Kind              OrganisationKind `bun:"kind"`
	Name              string           `bun:"name"`
	ShortName         string           `bun:"short_name"`
	OGRN              *string          `bun:"ogrn"`
	INN               *string          `bun:"inn"`
	ParentID          *uuid.UUID       `bun:"parent_id,type:uuid"`
	Parent            *Organisation    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:parent_id=id"`
	FoundedOn         *core.Date       `bun:"founded_on,type:date"`
	DissolvedOn       *core.Date       `bun:"dissolved_on,type:date"`
	DissolutionReason *string          `bun:"dissolution_reason"`
	ExternalKey       *string          `bun:"external_key"`
	MergedIntoID      *uuid.UUID       `bun:"merged_into_id,type:uuid"`
	MergedInto        *Organisation    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:merged_into_id=id"`
	CreatedAt         time.Time        `bun:"created_at"`
	Version           int              `bun:"version"`
}

// PostEndReason is why a person left a post.
type PostEndReason string

const (
	PostResigned              PostEndReason = "RESIGNED"
	PostTermEnded             PostEndReason = "TERM_ENDED"
	PostDismissed             PostEndReason = "DISMISSED"
	PostTransferred           PostEndReason = "TRANSFERRED"
	PostRetired               PostEndReason = "RETIRED"
	PostOrganisationDissolved PostEndReason = "ORGANISATION_DISSOLVED"
	PostHolderDied            PostEndReason = "DIED"
	PostEndedOtherwise        PostEndReason = "OTHER"
)

// Post is a seat that a person holds for a time in an organisation.
type Post struct {
	bun.BaseModel `bun:"table:posts,alias:post"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID             uuid.UUID      `bun:"id,pk,type:uuid"`
	PersonID       uuid.UUID      `bun:"person_id,type:uuid"`
	Person         *Person        `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	OrganisationID uuid.UUID      `bun:"organisation_id,type:uuid"`
	Organisation   *Organisation  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	Title          string         `bun:"title"`
	Acting         bool           `bun:"acting"`
	SoleHolder     bool           `bun:"sole_holder"`
	StartsOn       core.Date      `bun:"starts_on,type:date"`
	EndsOn         *core.Date     `bun:"ends_on,type:date"`
	AppointingAct  *string        `bun:"appointing_act"`
	EndReason      *PostEndReason `bun:"end_reason"`
	EndNote        *string        `bun:"end_note"`
	Version        int            `bun:"version"`
}

// Mandate is the right of a person to act for an organisation.
type Mandate struct {
	bun.BaseModel `bun:"table:mandates,alias:mandate"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID               uuid.UUID     `bun:"id,pk,type:uuid"`
	PersonID         uuid.UUID     `bun:"person_id,type:uuid"`
	Person           *Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	OrganisationID   uuid.UUID     `bun:"organisation_id,type:uuid"`
	Organisation     *Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	Scope            string        `bun:"scope"`
	Document         *string       `bun:"document"`
	StartsOn         core.Date     `bun:"starts_on,type:date"`
	EndsOn           *core.Date    `bun:"ends_on,type:date"`
	RevokedOn        *core.Date    `bun:"revoked_on,type:date"`
	RevocationReason *string       `bun:"revocation_reason"`
}
