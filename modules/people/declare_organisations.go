package people

import "github.com/veche-city/veche/core/read"

// standing is the organisation's own dates; one without a first day stood as long as anybody knows.
const standing = `(?TableAlias.founded_on IS NULL OR ?TableAlias.founded_on <= ?asOf)
	AND (?TableAlias.dissolved_on IS NULL OR ?TableAlias.dissolved_on >= ?asOf)`

const organisationStatus = `CASE WHEN ?TableAlias.dissolved_on < ?asOf THEN 'DISSOLVED' WHEN ?TableAlias.founded_on > ?asOf THEN 'PLANNED' ELSE 'ACTIVE' END`

func declareOrganisations(r *read.Reader) {
	read.Declare[Organisation](r, read.Type{
		Name: "Organisation", Guard: mayReadOrganisations, AsOf: standing,
		Listed: `?TableAlias.merged_into_id IS NULL`, ListedUnless: "merged",
		Filters: map[string]read.Filter{
			"kind":        {SQL: `?TableAlias.kind`},
			"parent":      {SQL: `?TableAlias.parent_id`, ID: "Organisation"},
			"ogrn":        {SQL: `?TableAlias.ogrn`},
			"inn":         {SQL: `?TableAlias.inn`},
			"foundedOn":   {SQL: `?TableAlias.founded_on`},
			"dissolvedOn": {SQL: `?TableAlias.dissolved_on`},
			"externalKey": {SQL: `?TableAlias.external_key`},
			"merged":      {SQL: `(?TableAlias.merged_into_id IS NOT NULL)`},
			"search":      {SQL: `?TableAlias.search_name`, Search: true},
		},
		Orders: map[string][]read.Key{
			"NAME":       {{SQL: `?TableAlias.search_name`}},
			"FOUNDED_ON": {{SQL: `coalesce(?TableAlias.founded_on, '-infinity'::date)`, Cast: "date"}},
		},
		Order:    "NAME",
		Computed: map[string]read.Computed{"status": {SQL: organisationStatus}},
		Lists:    map[string]read.List{"Organisation.children": {By: "Parent"}},
	})
	read.Declare[Post](r, read.Type{
		Name: "Post", Guard: mayReadOrganisations, AsOf: dated,
		Filters: map[string]read.Filter{
			"person":       {SQL: `?TableAlias.person_id`, ID: "Person"},
			"organisation": {SQL: `?TableAlias.organisation_id`, ID: "Organisation"},
			"acting":       {SQL: `?TableAlias.acting`},
			"startsOn":     {SQL: `?TableAlias.starts_on`},
			"endsOn":       {SQL: `?TableAlias.ends_on`},
			"search":       {SQL: `fold_name(?TableAlias.title)`, Search: true},
		},
		Orders: map[string][]read.Key{
			"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}},
			"TITLE":     {{SQL: `fold_name(?TableAlias.title)`}},
		},
		Order: "STARTS_ON",
		Lists: map[string]read.List{"Person.posts": {By: "Person"}, "Organisation.posts": {By: "Organisation"}},
	})
	read.Declare[Mandate](r, read.Type{
		Name: "Mandate", Guard: mayReadMandates, Rows: ofPerson,
		AsOf: dated + ` AND (?TableAlias.revoked_on IS NULL OR ?TableAlias.revoked_on > ?asOf)`,
		Filters: map[string]read.Filter{
			"person":       {SQL: `?TableAlias.person_id`, ID: "Person"},
			"organisation": {SQL: `?TableAlias.organisation_id`, ID: "Organisation"},
			"startsOn":     {SQL: `?TableAlias.starts_on`},
			"endsOn":       {SQL: `?TableAlias.ends_on`},
			"revokedOn":    {SQL: `?TableAlias.revoked_on`},
		},
		Orders: map[string][]read.Key{"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}}}, Order: "STARTS_ON",
		Lists: map[string]read.List{
			"Person.mandates":              {By: "Person"},
			"Organisation.representatives": {By: "Organisation", Today: true},
		},
	})
}
