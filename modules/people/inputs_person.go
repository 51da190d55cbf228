package people

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// The inputs' Validate put texts into the form in which they are kept, and gather every problem.

// PersonalDataInput is personal data given with a new person.
type PersonalDataInput struct {
	BirthDate     *core.Date
	Phones        []string
	Emails        []string
	PostalAddress *string
}

// CreatePersonInput registers a person.
type CreatePersonInput struct {
	FamilyName       string
	GivenName        string
	Patronymic       string
	ExternalKey      *string
	Personal         *PersonalDataInput
	ClientMutationID *string
}

const (
	mostName  = 100
	mostTitle = 300
	mostNote  = 2000
	mostKey   = 200
)

func (in *CreatePersonInput) Validate(today core.Date) error {
	var p core.Problems
	nameIn(&p, &in.FamilyName, 1, "input", "familyName")
	nameIn(&p, &in.GivenName, 1, "input", "givenName")
	nameIn(&p, &in.Patronymic, 0, "input", "patronymic")
	maybe(&p, &in.ExternalKey, mostKey, "input", "externalKey")
	if in.Personal != nil {
		d := *in.Personal
		in.Personal = &d
		born(&p, d.BirthDate, today, "input", "personal", "birthDate")
		d.Phones = phoneNumbers(&p, d.Phones, "input", "personal", "phones")
		d.Emails = emailAddresses(&p, d.Emails, "input", "personal", "emails")
		maybe(&p, &d.PostalAddress, mostTitle, "input", "personal", "postalAddress")
	}
	return p.Err()
}

// born checks that a birth date is one of somebody who may be alive today.
func born(p *core.Problems, on *core.Date, today core.Date, path ...string) {
	const oldest = 130
	p.Check(on == nil || !today.Before(*on) && today.Time().Year()-on.Time().Year() <= oldest,
		core.T("Nobody alive was born on that day.", "Никто из живущих не родился в этот день."), path...)
}

// UpdatePersonInput changes names.
type UpdatePersonInput struct {
	ID               core.ID
	ExpectedVersion  int
	FamilyName       *string
	GivenName        *string
	Patronymic       *string
	ClientMutationID *string
}

func (in *UpdatePersonInput) Validate() error {
	var p core.Problems
	nameGiven(&p, &in.FamilyName, 1, "input", "familyName")
	nameGiven(&p, &in.GivenName, 1, "input", "givenName")
	nameGiven(&p, &in.Patronymic, 0, "input", "patronymic")
	p.Check(in.FamilyName != nil || in.GivenName != nil || in.Patronymic != nil, nothingGiven, "input")
	return p.Err()
}

var nothingGiven = core.T("Give at least one field to change.", "Укажите хотя бы одно поле для изменения.")

// UpdatePersonalDataInput changes personal data; ExpectedVersion is the personal data's own.
type UpdatePersonalDataInput struct {
	PersonID         core.ID
	ExpectedVersion  int
	BirthDate        graphql.Omittable[*core.Date]
	Phones           graphql.Omittable[[]string]
	Emails           graphql.Omittable[[]string]
	PostalAddress    graphql.Omittable[*string]
	ClientMutationID *string
}

func (in *UpdatePersonalDataInput) Validate(today core.Date) error {
	var p core.Problems
	born(&p, in.BirthDate.Value(), today, "input", "birthDate")
	if in.Phones.IsSet() {
		in.Phones = graphql.OmittableOf(phoneNumbers(&p, in.Phones.Value(), "input", "phones"))
	}
	if in.Emails.IsSet() {
		in.Emails = graphql.OmittableOf(emailAddresses(&p, in.Emails.Value(), "input", "emails"))
	}
	if address := in.PostalAddress.Value(); address != nil {
		maybe(&p, &address, mostTitle, "input", "postalAddress")
		in.PostalAddress = graphql.OmittableOf(address)
	}
	p.Check(in.BirthDate.IsSet() || in.Phones.IsSet() || in.Emails.IsSet() || in.PostalAddress.IsSet(), nothingGiven, "input")
	return p.Err()
}

// MergePersonsInput makes one person of two.
type MergePersonsInput struct {
	DuplicateID      core.ID
	SurvivorID       core.ID
	Reason           string
	ClientMutationID *string
}

// UndoPersonMergeInput names the duplicate whose merge is undone.
type UndoPersonMergeInput struct {
	ID               core.ID
	Reason           string
	ClientMutationID *string
}

// ErasePersonInput removes a person's name and personal data.
type ErasePersonInput struct {
	ID               core.ID
	Reason           string
	ClientMutationID *string
}

// reason checks the actor's own words for why.
func reason(s *string) error {
	var p core.Problems
	words(&p, s, 1, mostNote, "input", "reason")
	return p.Err()
}

// AwardHonourInput notes a recognised merit.
type AwardHonourInput struct {
	PersonID         core.ID
	Kind             HonourKind
	Title            string
	Act              *string
	AwardedOn        core.Date
	ClientMutationID *string
}

func (in *AwardHonourInput) Validate(today core.Date) error {
	var p core.Problems
	words(&p, &in.Title, 1, mostTitle, "input", "title")
	maybe(&p, &in.Act, mostTitle, "input", "act")
	p.Check(!today.Before(in.AwardedOn), future, "input", "awardedOn")
	return p.Err()
}

var future = core.T("That day is still to come.", "Этот день ещё не наступил.")

// GiveConsentInput notes a consent.
type GiveConsentInput struct {
	PersonID         core.ID
	Purpose          string
	Basis            string
	GivenOn          core.Date
	ClientMutationID *string
}

func (in *GiveConsentInput) Validate(today core.Date) error {
	var p core.Problems
	words(&p, &in.Purpose, 1, mostTitle, "input", "purpose")
	words(&p, &in.Basis, 1, mostTitle, "input", "basis")
	p.Check(!today.Before(in.GivenOn), future, "input", "givenOn")
	return p.Err()
}

// WithdrawConsentInput takes a consent back from a day on.
type WithdrawConsentInput struct {
	ID               core.ID
	WithdrawnOn      core.Date
	ClientMutationID *string
}

// CreateHouseholdInput opens a household.
type CreateHouseholdInput struct {
	MemberIDs        []core.ID
	StartsOn         core.Date
	ClientMutationID *string
}

func (in *CreateHouseholdInput) Validate() error {
	const most = 30
	var p core.Problems
	p.Check(len(in.MemberIDs) >= 1 && len(in.MemberIDs) <= most, core.Textf("A household has 1 to %d members.", "В домохозяйстве от 1 до %d человек.", most), "input", "memberIds")
	return p.Err()
}

// AddHouseholdMemberInput takes a person into a household.
type AddHouseholdMemberInput struct {
	HouseholdID      core.ID
	PersonID         core.ID
	StartsOn         core.Date
	EndsOn           *core.Date
	ClientMutationID *string
}

func (in *AddHouseholdMemberInput) Validate() error {
	var p core.Problems
	ordered(&p, in.StartsOn, in.EndsOn)
	return p.Err()
}

// EndHouseholdMemberInput ends a person's time in a household.
type EndHouseholdMemberInput struct {
	ID               core.ID
	EndsOn           core.Date
	ClientMutationID *string
}

// moment is now as Postgres can keep it.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
