package cases

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead            = "cases:read"
	mayReadContent     = "cases:read_content"
	mayReadCode        = "cases:read_code"
	mayReadNotes       = "cases:read_notes"
	mayReadSignatories = "cases:read_signatories"
	mayOpen            = "cases:open"
	mayRegister        = "cases:register"
	mayAssign          = "cases:assign"
	mayForward         = "cases:forward"
	mayWrite           = "cases:write"
	mayAnswer          = "cases:answer"
	mayClose           = "cases:close"
	mayRespond         = "cases:respond"
	maySign            = "cases:sign"
	mayPublish         = "cases:publish"
	mayConfigure       = "cases:configure"
)

// The relations in which a case stands to the viewer.
const (
	// applicant: they handed it in, by their account or as the person who is named.
	applicant = `(?TableAlias.account_id = ?actor_account OR ?TableAlias.applicant_id = ?actor_person)`
	// own: they are the applicant, or signed it.
	own = `(` + applicant + ` OR EXISTS (SELECT FROM case_signatories AS signed WHERE signed.municipality_id = ?TableAlias.municipality_id
		AND signed.case_id = ?TableAlias.id AND signed.person_id = ?actor_person AND signed.withdrawn_on IS NULL))`
	// assigned: they own it, or hold a post in the organisation that does, stand at the head of the one
	// above it, or hold a post in a body of the municipality that it was forwarded to.
	assigned = `(?TableAlias.owner_person_id = ?actor_person OR EXISTS (SELECT FROM posts AS held
			WHERE held.municipality_id = ?TableAlias.municipality_id AND held.person_id = ?actor_person
			AND held.starts_on <= ?today AND (held.ends_on IS NULL OR held.ends_on >= ?today)
			AND (held.organisation_id = ?TableAlias.owner_organisation_id
				OR held.sole_holder AND held.organisation_id = (SELECT department.parent_id FROM organisations AS department
					WHERE department.municipality_id = ?TableAlias.municipality_id AND department.id = ?TableAlias.owner_organisation_id)
				OR held.organisation_id IN (SELECT sent.organisation_id FROM case_forwardings AS sent WHERE sent.municipality_id = ?TableAlias.municipality_id
					AND sent.case_id = ?TableAlias.id AND sent.ended_on IS NULL AND NOT sent.outside))))`
	public = `?TableAlias.published_at IS NOT NULL`
)

// ofCase is where a case stands, for both types that show its row.
var ofCase = access.Rows{
	Scopes:    map[string]string{"district": `?TableAlias.district_id`},
	Relations: map[string]string{"applicant": applicant, "own": own, "assigned": assigned, "public": public},
}

// open is rows that everybody sees who may see any case at all.
var open = access.Rows{Relations: map[string]string{"applicant": "TRUE", "own": "TRUE", "assigned": "TRUE", "public": "TRUE"}}

// late is a clock that is overdue on the day ?asOf.
const late = `late.overdue @> ?asOf`

// lateAnswer is a case whose answer is overdue on the day ?asOf.
const lateAnswer = `EXISTS (SELECT FROM case_clocks AS late WHERE late.municipality_id = ?TableAlias.municipality_id
	AND late.case_id = ?TableAlias.id AND late.kind = 'ANSWER' AND ` + late + `)`

// byDue orders cases by the day of the answer, those without one last.
const byDue = `coalesce(?TableAlias.due_on, '9999-12-31'::date)`

func inLanguage(column string) read.Computed {
	return read.Computed{SQL: `CASE WHEN ?language = 'ru' THEN ?TableAlias.` + column + `_ru ELSE ?TableAlias.` + column + `_en END`}
}

func inBoth(column string) read.Group {
	return read.Group{Fields: map[string]read.Computed{"ru": {SQL: `?TableAlias.` + column + `_ru`}, "en": {SQL: `?TableAlias.` + column + `_en`}}}
}

func declare(r *read.Reader) {
	read.Declare[Case](r, read.Type{
		Name: "Case", Guard: mayRead, Rows: ofCase,
		Filters: map[string]read.Filter{
			"number":            {SQL: `?TableAlias.number`},
			"kind":              {SQL: `?TableAlias.kind_id`, ID: "CaseKind"},
			"state":             {SQL: `?TableAlias.state_id`, ID: "CaseState"},
			"publicState":       {SQL: `?TableAlias.public_state`},
			"origin":            {SQL: `?TableAlias.origin`},
			"channel":           {SQL: `?TableAlias.channel`},
			"source":            {SQL: `(?TableAlias.source_type, ?TableAlias.source_id)`, ID: read.AnyType},
			"district":          {SQL: `?TableAlias.district_id`, ID: "District"},
			"ownerOrganisation": {SQL: `?TableAlias.owner_organisation_id`, ID: "Organisation"},
			"ownerPerson":       {SQL: `?TableAlias.owner_person_id`, ID: "Person"},
			"parent":            {SQL: `?TableAlias.parent_id`, ID: "Case"},
			"receivedOn":        {SQL: `?TableAlias.received_on`},
			"dueOn":             {SQL: `?TableAlias.due_on`},
			"answeredOn":        {SQL: `?TableAlias.answered_on`},
			"closedOn":          {SQL: `?TableAlias.closed_on`},
			"published":         {SQL: `(?TableAlias.published_at IS NOT NULL)`},
			"overdue":           {SQL: lateAnswer, Condition: true},
		},
		Orders: map[string][]read.Key{
			"RECEIVED_ON": {{SQL: `?TableAlias.received_on`, Cast: "date"}},
			"DUE_ON":      {{SQL: byDue, Cast: "date"}},
			"NUMBER":      {{SQL: `?TableAlias.year`, Cast: "int"}, {SQL: `?TableAlias.serial`, Cast: "int"}},
		},
		Order: "RECEIVED_ON",
		Computed: map[string]read.Computed{
			"overdue": {SQL: lateAnswer},
			"signatoryCount": {SQL: `SELECT count(*) FROM case_signatories AS counted WHERE counted.municipality_id = ?TableAlias.municipality_id
				AND counted.case_id = ?TableAlias.id AND counted.withdrawn_on IS NULL`},
		},
		Groups: map[string]read.Group{"publication": {When: public, Fields: map[string]read.Computed{
			"title": {SQL: `?TableAlias.published_title`}, "text": {SQL: `?TableAlias.published_text`},
			"answer": {SQL: `?TableAlias.published_answer`}, "publishedAt": {SQL: `?TableAlias.published_at`},
		}}},
		References: map[string]read.Reference{"source": {Type: `?TableAlias.source_type`, Key: `?TableAlias.source_id`}},
		Lists:      map[string]read.List{"Case.children": {By: "Parent"}, "District.cases": {By: "District"}, "CaseKind.cases": {By: "Kind"}},
	})
	read.Declare[CaseContent](r, read.Type{
		Name: "CaseContent", Guard: mayReadContent, Rows: ofCase,
		Filters: map[string]read.Filter{
			"applicant": {SQL: `?TableAlias.applicant_id`, ID: "Person"},
			"search":    {SQL: `?TableAlias.title_folded`, Search: true},
		},
		Orders:     map[string][]read.Key{"RECEIVED_ON": {{SQL: `?TableAlias.received_on`, Cast: "date"}}},
		Order:      "RECEIVED_ON",
		Protected:  map[string]string{"code": mayReadCode},
		References: map[string]read.Reference{"operator": {Type: `CASE WHEN ?TableAlias.operator_id IS NOT NULL THEN 'Account' END`, Key: `?TableAlias.operator_id`}},
		Lists:      map[string]read.List{"Person.appeals": {By: "Applicant"}},
	})
	declareWorkflow(r)
	declareParts(r)
}

func declareWorkflow(r *read.Reader) {
	read.Declare[CaseKind](r, read.Type{
		Name: "CaseKind", Guard: mayRead, Rows: open,
		Filters:  map[string]read.Filter{"key": {SQL: `?TableAlias.key`}},
		Orders:   map[string][]read.Key{"KEY": {{SQL: `?TableAlias.key`}}},
		Order:    "KEY",
		Computed: map[string]read.Computed{"name": inLanguage("name")},
		Groups:   map[string]read.Group{"names": inBoth("name")},
	})
	read.Declare[CaseState](r, read.Type{
		Name: "CaseState", Guard: mayRead, Rows: open,
		Filters:  map[string]read.Filter{"publicState": {SQL: `?TableAlias.public_state`}},
		Orders:   map[string][]read.Key{"KEY": {{SQL: `?TableAlias.key`}}},
		Order:    "KEY",
		Computed: map[string]read.Computed{"name": inLanguage("name")},
		Groups:   map[string]read.Group{"names": inBoth("name")},
	})
	read.Declare[CaseTransition](r, read.Type{
		Name: "CaseTransition", Guard: mayRead, Rows: open,
		Lists: map[string]read.List{"CaseState.transitions": {By: "From"}},
	})
}

func declareParts(r *read.Reader) {
	at := map[string][]read.Key{"AT": {{SQL: `?TableAlias.at`, Cast: "timestamptz"}}}
	read.Declare[CaseStep](r, read.Type{
		Name: "CaseStep", Guard: mayRead, Through: "Case", Orders: at, Order: "AT",
		Protected: map[string]string{"text": mayReadContent},
		Lists:     map[string]read.List{"Case.steps": {By: "Case"}},
	})
	read.Declare[CaseNote](r, read.Type{
		Name: "CaseNote", Guard: mayReadNotes, Through: "Case", Orders: at, Order: "AT",
		Lists: map[string]read.List{"Case.notes": {By: "Case"}},
	})
	read.Declare[CaseAnswer](r, read.Type{
		Name: "CaseAnswer", Guard: mayReadContent, Through: "Case",
		Orders: map[string][]read.Key{"ROUND": {{SQL: `?TableAlias.round`, Cast: "int"}}}, Order: "ROUND",
		Lists: map[string]read.List{"Case.answers": {By: "Case"}},
	})
	signed := map[string][]read.Key{"SIGNED_ON": {{SQL: `?TableAlias.signed_on`, Cast: "date"}}}
	read.Declare[CaseSignatory](r, read.Type{
		Name: "CaseSignatory", Guard: mayReadSignatories, Through: "Case", Orders: signed, Order: "SIGNED_ON",
		// Whoever signed sees their own signature, and not who else did.
		Rows:     access.Rows{Relations: map[string]string{"own": `?TableAlias.person_id = ?actor_person`}},
		Computed: map[string]read.Computed{"contact": {SQL: contact}},
		Lists:    map[string]read.List{"Case.signatories": {By: "Case"}, "Person.signatures": {By: "Person"}},
	})
	read.Declare[CaseForwarding](r, read.Type{
		Name: "CaseForwarding", Guard: mayRead, Through: "Case",
		Orders: map[string][]read.Key{"FORWARDED_ON": {{SQL: `?TableAlias.forwarded_on`, Cast: "date"}}}, Order: "FORWARDED_ON",
		Computed: map[string]read.Computed{"dueOn": {SQL: ofReply}},
		// Words that staff wrote to another body are for those who may read what the case says.
		Protected: map[string]string{"reason": mayReadContent, "reply": mayReadContent},
		Lists:     map[string]read.List{"Case.forwardings": {By: "Case"}},
	})
	read.Declare[CaseClock](r, read.Type{
		Name: "CaseClock", Guard: mayRead, Through: "Case",
		Filters: map[string]read.Filter{
			"kind":    {SQL: `?TableAlias.kind`},
			"dueOn":   {SQL: `?TableAlias.due_on`},
			"endedOn": {SQL: `?TableAlias.ended_on`},
			"outcome": {SQL: `?TableAlias.outcome`},
			"overdue": {SQL: `?TableAlias.overdue @> ?asOf`, Condition: true},
		},
		Orders: map[string][]read.Key{
			"BEGINS_ON": {{SQL: `?TableAlias.begins_on`, Cast: "date"}},
			"DUE_ON":    {{SQL: `?TableAlias.due_on`, Cast: "date"}},
		},
		Order:    "DUE_ON",
		Computed: map[string]read.Computed{"overdue": {SQL: `?TableAlias.overdue @> ?asOf`}},
		Lists:    map[string]read.List{"Case.clocks": {By: "Case", Order: "BEGINS_ON"}},
	})
}

// contact says whether the signatory speaks for all: the applicant does.
const contact = `EXISTS (SELECT FROM cases AS spoken WHERE spoken.municipality_id = ?TableAlias.municipality_id
	AND spoken.id = ?TableAlias.case_id AND spoken.applicant_id = ?TableAlias.person_id)`

// ofReply is the day of the clock that runs for a forwarding.
const ofReply = `SELECT reply.due_on FROM case_clocks AS reply WHERE reply.municipality_id = ?TableAlias.municipality_id AND reply.forwarding_id = ?TableAlias.id`
