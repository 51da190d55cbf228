// Package people keeps persons, what is personal of them, households, organisations, and what joins
// them: posts and mandates.
//
// A person has a public part (names, honours, posts) and personal data, which stands in a table and
// a type of its own, so that no statement touches it unless it is asked for and allowed. Each
// reading by somebody else leaves a row in personal_data_accesses before the data is shown. Names
// and personal data never go into the audit, which cannot be erased.
//
// It owns the tables of migrations/00010_people.sql. Other modules refer to Person and Organisation
// by composite foreign keys, and tell the Module, while they are made, which columns do so
// (RegisterReference: a merge moves them) and what they keep of a person (RegisterHolder: erasure and
// export ask them). Before they write such a reference they call Service.PersonStands or
// OrganisationStands, which also keep merging and erasure away until their transaction ends.
//
// Every write goes through Service, which decides about rights; resolvers, other modules and the
// demonstration data call it alike. A write happens whole or not at all; what a form can mend comes
// back in the payload.
package people

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Person is a human being; the columns here are the public part.
type Person struct {
	bun.BaseModel `bun:"table:persons,alias:person"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID           uuid.UUID     `bun:"id,pk,type:uuid"`
	FamilyName   string        `bun:"family_name" class:"name"`
	GivenName    string        `bun:"given_name" class:"name"`
	Patronymic   string        `bun:"patronymic" class:"name"`
	ExternalKey  *string       `bun:"external_key"`
	MergedIntoID *uuid.UUID    `bun:"merged_into_id,type:uuid"`
	MergedInto   *Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:merged_into_id=id"`
	Personal     *PersonalData `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=person_id"`
	ErasedAt     *time.Time    `bun:"erased_at"`
	CreatedAt    time.Time     `bun:"created_at"`
	Version      int           `bun:"version"`
}

// erasedName stands where a name was; it holds nothing of the name.
const erasedName = "Данные удалены"

// HonourKind is what sort of merit was recognised.
type HonourKind string

const (
	HonoraryCitizen HonourKind = "HONORARY_CITIZEN"
	RecognisedMerit HonourKind = "RECOGNISED_MERIT"
	StateAward      HonourKind = "STATE_AWARD"
	RegionalAward   HonourKind = "REGIONAL_AWARD"
	MunicipalAward  HonourKind = "MUNICIPAL_AWARD"
	OtherHonour     HonourKind = "OTHER"
)

// Honour is a merit that was publicly recognised.
type Honour struct {
	bun.BaseModel `bun:"table:honours,alias:honour"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID        uuid.UUID  `bun:"id,pk,type:uuid"`
	PersonID  uuid.UUID  `bun:"person_id,type:uuid"`
	Person    *Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	Kind      HonourKind `bun:"kind"`
	Title     string     `bun:"title"`
	Act       *string    `bun:"act"`
	AwardedOn core.Date  `bun:"awarded_on,type:date"`
}

// Household is people who share one case history.
type Household struct {
	bun.BaseModel `bun:"table:households,alias:household"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID        uuid.UUID `bun:"id,pk,type:uuid"`
	CreatedAt time.Time `bun:"created_at"`
}

// HouseholdMember is a person's time in a household.
type HouseholdMember struct {
	bun.BaseModel `bun:"table:household_members,alias:household_member"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID          uuid.UUID  `bun:"id,pk,type:uuid"`
	HouseholdID uuid.UUID  `bun:"household_id,type:uuid" class:"household"`
	Household   *Household `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:household_id=id"`
	PersonID    uuid.UUID  `bun:"person_id,type:uuid"`
	Person      *Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	StartsOn    core.Date  `bun:"starts_on,type:date"`
	EndsOn      *core.Date `bun:"ends_on,type:date"`
}
