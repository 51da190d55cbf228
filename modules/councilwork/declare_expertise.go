package councilwork

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

// examines is an expertise, under the alias, of which the viewer is an expert.
func examines(expertise string) string {
	return `EXISTS (SELECT FROM expertise_experts AS expert WHERE expert.municipality_id = ?TableAlias.municipality_id
		AND expert.expertise_id = ` + expertise + ` AND expert.person_id = ?actor_person)`
}

// published is what is shown to everybody of a conclusion.
const published = `?TableAlias.published_on IS NOT NULL`

func declareExpertises(r *read.Reader) {
	replyLate := `?TableAlias.reply_overdue @> ?asOf`
	read.Declare[PublicExpertise](r, read.Type{
		Name: "PublicExpertise", Guard: mayRead,
		Rows: access.Rows{Scopes: standing, Relations: map[string]string{
			"public": `?TableAlias.accepted_on IS NOT NULL`, "addressee": addressee,
			"own": `(?TableAlias.asked_by_id = ?actor_person OR ` + examines(`?TableAlias.id`) + `)`,
		}},
		AsOf: `?TableAlias.asked_on <= ?asOf`,
		Filters: map[string]read.Filter{
			"council":      {SQL: `?TableAlias.council_id`, ID: "Council"},
			"organisation": {SQL: `?TableAlias.organisation_id`, ID: "Organisation"},
			"kind":         {SQL: `?TableAlias.kind`},
			"state":        {SQL: `?TableAlias.state`},
			"askedOn":      {SQL: `?TableAlias.asked_on`},
			"dueOn":        {SQL: `?TableAlias.due_on`},
			"concludedOn":  {SQL: `?TableAlias.concluded_on`},
			"replyDueOn":   {SQL: `?TableAlias.reply_due_on`},
			"overdue":      late,
			"replyOverdue": {SQL: replyLate, Condition: true},
			"search":       {SQL: `?TableAlias.title_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"ASKED_ON": {{SQL: `?TableAlias.asked_on`, Cast: "date"}},
			"DUE_ON":   {{SQL: `?TableAlias.due_on`, Cast: "date"}},
		},
		Order:    "ASKED_ON",
		Computed: map[string]read.Computed{"overdue": {SQL: late.SQL}, "replyOverdue": {SQL: replyLate}},
		Lists:    map[string]read.List{"Council.expertises": {By: "Council"}, "Organisation.expertises": {By: "Organisation"}},
	})
	read.Declare[ExpertiseExpert](r, read.Type{
		Name: "ExpertiseExpert", Guard: mayRead, Through: "Expertise",
		Rows:   access.Rows{Relations: map[string]string{"own": own}},
		Orders: map[string][]read.Key{"NAMED": {}},
		Order:  "NAMED",
		Lists:  map[string]read.List{"PublicExpertise.experts": {By: "Expertise"}},
		// Whoever has signed a published conclusion is known to the public by name.
		Grounds: map[string]string{"Person.public": `EXISTS (SELECT FROM expertise_experts AS expert JOIN public_expertises AS signed
				ON signed.municipality_id = expert.municipality_id AND signed.id = expert.expertise_id
			WHERE expert.municipality_id = ?TableAlias.municipality_id AND expert.person_id = ANY (ARRAY[?TableAlias.id])
			AND expert.signed_on IS NOT NULL AND signed.concluded_on IS NOT NULL)`},
	})
}

func declareConclusions(r *read.Reader) {
	read.Declare[ExpertiseConclusion](r, read.Type{
		Name: "ExpertiseConclusion", Guard: mayReadDrafts, Through: "Expertise",
		Rows: access.Rows{Relations: map[string]string{
			"public": published, "addressee": published, "own": examines(`?TableAlias.expertise_id`),
		}},
	})
	read.Declare[ExpertiseProposal](r, read.Type{
		Name: "ExpertiseProposal", Guard: mayReadDrafts, Through: "Conclusion",
		Orders: map[string][]read.Key{"NUMBER": {{SQL: `?TableAlias.number`, Cast: "int"}}},
		Order:  "NUMBER",
		Lists:  map[string]read.List{"ExpertiseConclusion.proposals": {By: "Conclusion"}},
	})
}
