package people

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead               = "people:read"
	mayReadPersonal       = "people:read_personal"
	mayReadAccesses       = "people:read_accesses"
	mayReadConsents       = "people:read_consents"
	mayReadHouseholds     = "people:read_households"
	mayReadMandates       = "people:read_mandates"
	mayReadOrganisations  = "people:read_organisations"
	mayWrite              = "people:write"
	mayWritePersonal      = "people:write_personal"
	mayWriteConsents      = "people:write_consents"
	mayWriteHouseholds    = "people:write_households"
	mayWriteMandates      = "people:write_mandates"
	mayWriteOrganisations = "people:write_organisations"
	mayWritePosts         = "people:write_posts"
	mayMerge              = "people:merge"
	mayMergeOrganisations = "people:merge_organisations"
	mayErase              = "people:erase"
	mayExport             = "people:export"
)

// The relations in which rows stand to the viewer: their own, and public.
const (
	own    = "own"
	public = "public"
)

// holdsPost makes a person public: who holds or held a post, since public roles are asked about as
// of days long past. Councils add memberships to this ground from their side.
//
// It is asked for every person shown to the public. ANY (ARRAY[…]) is = by another name that
// the planner turns into a probe of the index by person, where = made it read the table whole.
const holdsPost = `EXISTS (SELECT FROM posts AS held WHERE held.municipality_id = ?TableAlias.municipality_id AND held.person_id = ANY (ARRAY[?TableAlias.id]))`

// fullName is the parts of a name that there are. They are kept without blanks around them, and with
// single ones within (nameIn).
const fullName = `concat_ws(' ', ?TableAlias.family_name, nullif(?TableAlias.given_name, ''), nullif(?TableAlias.patronymic, ''))`

// dated is a row that holds from starts_on to ends_on, both included.
const dated = `?TableAlias.starts_on <= ?asOf AND (?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?asOf)`

// ofPerson is rows that belong to a person.
var ofPerson = access.Rows{Relations: map[string]string{own: `?TableAlias.person_id = ?actor_person`}}

func declarePersons(r *read.Reader, log *accessLog) {
	read.Declare[Person](r, read.Type{
		Name: "Person", Guard: mayRead,
		Rows:   access.Rows{Relations: map[string]string{own: `?TableAlias.id = ?actor_person`, public: holdsPost}},
		Listed: `?TableAlias.merged_into_id IS NULL`, ListedUnless: "merged",
		Filters: map[string]read.Filter{
			"search":      {SQL: `?TableAlias.search_name`, Search: true},
			"externalKey": {SQL: `?TableAlias.external_key`},
			"merged":      {SQL: `(?TableAlias.merged_into_id IS NOT NULL)`},
			"erased":      {SQL: `(?TableAlias.erased_at IS NOT NULL)`},
		},
		Orders: map[string][]read.Key{
			"NAME":       {{SQL: `?TableAlias.search_name`}},
			"REGISTERED": {{SQL: `?TableAlias.created_at`, Cast: "timestamptz"}},
		},
		Order:    "NAME",
		Computed: map[string]read.Computed{"name": {SQL: fullName}},
	})
	read.Declare[PersonalData](r, read.Type{
		Name: "PersonalData", Guard: mayReadPersonal, Rows: ofPerson, Refused: true, OnRead: log.read,
	})
	read.Declare[PersonalDataAccess](r, read.Type{
		Name: "PersonalDataAccess", Guard: mayReadAccesses, Rows: ofPerson,
		Orders: map[string][]read.Key{"AT": {{SQL: `?TableAlias.at`, Cast: "timestamptz"}}}, Order: "AT",
		Lists: map[string]read.List{"Person.personalDataAccesses": {By: "Person"}},
	})
	read.Declare[Consent](r, read.Type{
		Name: "Consent", Guard: mayReadConsents, Rows: ofPerson,
		Orders: map[string][]read.Key{"GIVEN_ON": {{SQL: `?TableAlias.given_on`, Cast: "date"}}}, Order: "GIVEN_ON",
		Lists: map[string]read.List{"Person.consents": {By: "Person"}},
	})
	// An honour is awarded by a published act, so it is public itself, whoever may see the person.
	read.Declare[Honour](r, read.Type{
		Name: "Honour", Guard: mayReadOrganisations,
		Orders: map[string][]read.Key{"AWARDED_ON": {{SQL: `?TableAlias.awarded_on`, Cast: "date"}}}, Order: "AWARDED_ON",
		Lists: map[string]read.List{"Person.honours": {By: "Person"}},
	})
	read.Declare[Household](r, read.Type{Name: "Household", Guard: mayReadHouseholds})
	read.Declare[HouseholdMember](r, read.Type{
		Name: "HouseholdMember", Guard: mayReadHouseholds, AsOf: dated,
		Orders: map[string][]read.Key{"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}}}, Order: "STARTS_ON",
		Lists: map[string]read.List{
			"Household.members":           {By: "Household", Today: true},
			"Person.householdMemberships": {By: "Person", Today: true},
		},
	})
}
