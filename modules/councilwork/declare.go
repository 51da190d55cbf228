package councilwork

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

// dated is a row that holds from starts_on to ends_on, both included.
const dated = `?TableAlias.starts_on <= ?asOf AND (?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?asOf)`

// own is a row that the viewer is the person of.
const own = `?TableAlias.person_id = ?actor_person`

// addressee is a row whose organisation the viewer has a post in today: it is addressed to them.
const addressee = `EXISTS (SELECT FROM posts AS held WHERE held.municipality_id = ?TableAlias.municipality_id AND held.person_id = ?actor_person
	AND held.organisation_id = ?TableAlias.organisation_id AND held.starts_on <= ?today AND (held.ends_on IS NULL OR held.ends_on >= ?today))`

// standing is where the work of a body stands: where the body does.
var standing = map[string]string{
	"council": `?TableAlias.council_id`,
	"district": `(SELECT body.district_id FROM councils AS body
		WHERE body.municipality_id = ?TableAlias.municipality_id AND body.id = ?TableAlias.council_id)`,
}

// byDue orders by a day that may be missing; such rows come last.
const byDue = `coalesce(?TableAlias.due_on, '9999-12-31'::date)`

// late is a row that was late on a day: one that answers for every day.
var late = read.Filter{SQL: `?TableAlias.overdue @> ?asOf`, Condition: true}

func declare(r *read.Reader) {
	declareQuestions(r)
	declareRecommendations(r)
	declareSecondments(r)
	declareExpertises(r)
	declareConclusions(r)
}

func declareQuestions(r *read.Reader) {
	read.Declare[ConsultationQuestion](r, read.Type{
		Name: "ConsultationQuestion", Guard: mayRead,
		Rows: access.Rows{Scopes: standing, Relations: map[string]string{"public": `?TableAlias.accepted_on IS NOT NULL`, "own": own}},
		AsOf: `?TableAlias.submitted_on <= ?asOf`,
		Filters: map[string]read.Filter{
			"council":      {SQL: `?TableAlias.council_id`, ID: "Council"},
			"person":       {SQL: `?TableAlias.person_id`, ID: "Person"},
			"organisation": {SQL: `?TableAlias.organisation_id`, ID: "Organisation"},
			"case":         {SQL: `?TableAlias.case_id`, ID: "Case"},
			"meeting":      {SQL: `?TableAlias.meeting_id`, ID: "Meeting"},
			"putBy":        {SQL: `?TableAlias.put_by`},
			"state":        {SQL: `?TableAlias.state`},
			"submittedOn":  {SQL: `?TableAlias.submitted_on`},
			"dueOn":        {SQL: `?TableAlias.due_on`},
			"decidedOn":    {SQL: `?TableAlias.decided_on`},
			"overdue":      late,
			"search":       {SQL: `?TableAlias.title_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"SUBMITTED_ON": {{SQL: `?TableAlias.submitted_on`, Cast: "date"}},
			"DUE_ON":       {{SQL: byDue, Cast: "date"}},
		},
		Order:    "SUBMITTED_ON",
		Computed: map[string]read.Computed{"overdue": {SQL: late.SQL}},
		Lists: map[string]read.List{
			"Council.questions":                {By: "Council"},
			"Person.questionsPut":              {By: "Person"},
			"Organisation.questionsPut":        {By: "Organisation"},
			"Meeting.consultationQuestions":    {By: "Meeting"},
			"AgendaItem.consultationQuestions": {By: "AgendaItem"},
			"Case.consultationQuestions":       {By: "Case"},
		},
	})
}

// sentState is how a recommendation stands on the day ?asOf.
const sentState = `CASE WHEN ?TableAlias.answered_on <= ?asOf THEN ?TableAlias.outcome WHEN ?TableAlias.overdue @> ?asOf THEN 'OVERDUE'
	WHEN ?TableAlias.sent_on <= ?asOf THEN 'SENT' WHEN ?TableAlias.adopted_on <= ?asOf THEN 'ADOPTED' END`

func declareRecommendations(r *read.Reader) {
	read.Declare[Recommendation](r, read.Type{
		Name: "Recommendation", Guard: mayRead,
		Rows: access.Rows{Scopes: standing, Relations: map[string]string{
			"public": `?TableAlias.sent_on IS NOT NULL`, "addressee": `(?TableAlias.sent_on IS NOT NULL AND ` + addressee + `)`,
		}},
		AsOf: `?TableAlias.adopted_on <= ?asOf`,
		Filters: map[string]read.Filter{
			"council":    {SQL: `?TableAlias.council_id`, ID: "Council"},
			"question":   {SQL: `?TableAlias.question_id`, ID: "ConsultationQuestion"},
			"addressee":  {SQL: `?TableAlias.organisation_id`, ID: "Organisation"},
			"meeting":    {SQL: `?TableAlias.meeting_id`, ID: "Meeting"},
			"year":       {SQL: `?TableAlias.year`},
			"number":     {SQL: `?TableAlias.number`},
			"outcome":    {SQL: `?TableAlias.outcome`},
			"adoptedOn":  {SQL: `?TableAlias.adopted_on`},
			"sentOn":     {SQL: `?TableAlias.sent_on`},
			"dueOn":      {SQL: `?TableAlias.due_on`},
			"answeredOn": {SQL: `?TableAlias.answered_on`},
			"overdue":    late,
			"search":     {SQL: `?TableAlias.title_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"ADOPTED_ON": {{SQL: `?TableAlias.adopted_on`, Cast: "date"}},
			"DUE_ON":     {{SQL: byDue, Cast: "date"}},
			"NUMBER":     {{SQL: `?TableAlias.year`, Cast: "int"}, {SQL: `?TableAlias.number`, Cast: "int"}},
		},
		Order:    "ADOPTED_ON",
		Computed: map[string]read.Computed{"overdue": {SQL: late.SQL}, "state": {SQL: sentState}},
		Lists: map[string]read.List{
			"Council.recommendations":              {By: "Council"},
			"Organisation.recommendations":         {By: "Addressee"},
			"Post.recommendations":                 {By: "AddresseePost"},
			"Meeting.recommendations":              {By: "Meeting"},
			"AgendaItem.recommendations":           {By: "AgendaItem"},
			"ConsultationQuestion.recommendations": {By: "Question"},
		},
	})
}

func declareSecondments(r *read.Reader) {
	read.Declare[Secondment](r, read.Type{
		Name: "Secondment", Guard: mayRead,
		// Who sits where is public, and so is who was sent where.
		Rows: access.Rows{Scopes: standing, Relations: map[string]string{"public": `TRUE`, "own": own}},
		AsOf: dated,
		Filters: map[string]read.Filter{
			"council":    {SQL: `?TableAlias.council_id`, ID: "Council"},
			"commission": {SQL: `?TableAlias.commission_id`, ID: "Council"},
			"person":     {SQL: `?TableAlias.person_id`, ID: "Person"},
			"startsOn":   {SQL: `?TableAlias.starts_on`},
			"endsOn":     {SQL: `?TableAlias.ends_on`},
			"endReason":  {SQL: `?TableAlias.end_reason`},
		},
		Orders: map[string][]read.Key{"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}}},
		Order:  "STARTS_ON",
		Lists: map[string]read.List{
			"Council.secondments":     {By: "Council"},
			"Council.secondedMembers": {By: "Commission"},
			"Person.secondments":      {By: "Person"},
		},
	})
	read.Declare[SecondmentReport](r, read.Type{
		Name: "SecondmentReport", Guard: mayReadReports, Through: "Secondment",
		Rows: access.Rows{Relations: map[string]string{"public": `FALSE`}}, // they are for the body that sent
		Filters: map[string]read.Filter{
			"secondment": {SQL: `?TableAlias.secondment_id`, ID: "Secondment"},
			"council": {SQL: `(SELECT sent.council_id FROM secondments AS sent
				WHERE sent.municipality_id = ?TableAlias.municipality_id AND sent.id = ?TableAlias.secondment_id)`, ID: "Council"},
			"dueOn":      {SQL: `?TableAlias.due_on`},
			"reportedOn": {SQL: `?TableAlias.reported_on`},
			"overdue":    late,
		},
		Orders:   map[string][]read.Key{"DUE_ON": {{SQL: `coalesce(?TableAlias.due_on, ?TableAlias.reported_on)`, Cast: "date"}}},
		Order:    "DUE_ON",
		Computed: map[string]read.Computed{"overdue": {SQL: late.SQL}},
		Lists:    map[string]read.List{"Secondment.reports": {By: "Secondment"}},
	})
}
