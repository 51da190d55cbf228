package hearings

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead           = "hearings:read"
	mayWrite          = "hearings:write"
	maySubmit         = "hearings:submit"
	mayRecord         = "hearings:record"
	mayAnswer         = "hearings:answer"
	mayReadStatements = "hearings:read_statements"
	mayConfigure      = "hearings:configure"
)

// districts are those in which a hearing has effect.
const districts = `SELECT affected.district_id FROM hearing_districts AS affected
	WHERE affected.municipality_id = ?TableAlias.municipality_id AND affected.hearing_id = ?TableAlias.id`

// begun says that a session's day has come on the day that is put in.
func begun(day string) string {
	return `EXISTS (SELECT FROM hearing_sessions AS session
		JOIN meetings AS met ON met.municipality_id = session.municipality_id AND met.id = session.meeting_id
		WHERE session.municipality_id = ?TableAlias.municipality_id AND session.hearing_id = ?TableAlias.id
		AND met.state <> 'CANCELLED' AND met.starts_on <= ` + day + `)`
}

// stateOn is how a hearing stands on the day that is put in.
func stateOn(day string) string {
	return `(CASE WHEN ?TableAlias.cancelled_on <= ` + day + ` THEN 'CANCELLED' WHEN ?TableAlias.published_on <= ` + day + ` THEN 'PUBLISHED'
		WHEN ?TableAlias.concluded_on <= ` + day + ` THEN 'CONCLUDED'
		WHEN ?TableAlias.announced_on IS NULL OR ?TableAlias.announced_on > ` + day + ` THEN 'PLANNED'
		WHEN ` + begun(day) + ` THEN 'IN_SESSION' WHEN ?TableAlias.display_from <= ` + day + ` THEN 'ON_DISPLAY' ELSE 'ANNOUNCED' END)`
}

// taking is a hearing that takes statements on the day ?asOf.
const taking = `?TableAlias.intake_from <= ?asOf AND ?TableAlias.intake_to >= ?asOf AND ?TableAlias.announced_on <= ?asOf
	AND (?TableAlias.cancelled_on IS NULL OR ?TableAlias.cancelled_on > ?asOf)`

func declare(r *read.Reader) {
	read.Declare[PublicHearing](r, read.Type{
		Name: "PublicHearing", Guard: mayRead,
		Rows: access.Rows{
			Scopes:    map[string]string{"district": districts},
			Relations: map[string]string{"public": `?TableAlias.announced_on IS NOT NULL`},
		},
		AsOf: taking,
		Filters: map[string]read.Filter{
			"kind":        {SQL: `?TableAlias.kind`},
			"form":        {SQL: `?TableAlias.form`},
			"state":       {SQL: stateOn("?today")},
			"district":    {SQL: districts, ID: "District"},
			"wholeTown":   {SQL: `?TableAlias.whole_town`},
			"organiser":   {SQL: `?TableAlias.organiser_id`, ID: "Organisation"},
			"displayFrom": {SQL: `?TableAlias.display_from`},
			"intakeTo":    {SQL: `?TableAlias.intake_to`},
			"publishedOn": {SQL: `?TableAlias.published_on`},
			"search":      {SQL: `?TableAlias.subject_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"DISPLAY_FROM": {{SQL: `?TableAlias.display_from`, Cast: "date"}},
			"SUBJECT":      {{SQL: `?TableAlias.subject_folded`}},
		},
		Order: "DISPLAY_FROM",
		Computed: map[string]read.Computed{
			"state": {SQL: stateOn("?asOf")},
			"overdue": {SQL: `coalesce(?TableAlias.publish_by < ?asOf AND (?TableAlias.published_on IS NULL OR ?TableAlias.published_on > ?asOf)
				AND (?TableAlias.cancelled_on IS NULL OR ?TableAlias.cancelled_on > ?asOf), false)`},
		},
		Groups: map[string]read.Group{"counts": counts},
	})
	read.Declare[HearingDistrict](r, read.Type{
		Name: "HearingDistrict", Guard: mayRead, Through: "Hearing",
		Lists: map[string]read.List{"PublicHearing.districts": {By: "Hearing"}, "District.publicHearings": {By: "District"}},
	})
	read.Declare[HearingSession](r, read.Type{
		Name: "HearingSession", Guard: mayRead, Through: "Hearing",
		Orders: map[string][]read.Key{"NUMBER": {{SQL: `?TableAlias.number`, Cast: "int"}}}, Order: "NUMBER",
		Lists: map[string]read.List{"PublicHearing.sessions": {By: "Hearing"}},
	})
	read.Declare[HearingConclusion](r, read.Type{
		Name: "HearingConclusion", Guard: mayRead, Through: "Hearing",
		Rows: access.Rows{Relations: map[string]string{"public": `EXISTS (SELECT FROM public_hearings AS published
			WHERE published.municipality_id = ?TableAlias.municipality_id AND published.id = ?TableAlias.id AND published.published_on IS NOT NULL)`}},
	})
	read.Declare[HearingRule](r, read.Type{
		Name: "HearingRule", Guard: mayRead, Rows: access.Rows{Relations: map[string]string{"public": `TRUE`, "own": `TRUE`}},
		Orders: map[string][]read.Key{"KIND": {{SQL: `?TableAlias.kind`}}}, Order: "KIND",
	})
	declareStatements(r)
}

// counts are as frozen in the conclusion, and before it as counted now.
var counts = read.Group{Fields: map[string]read.Computed{
	"residentParticipants": frozenOr("resident_participants", participants(`bool_or(made.standing = 'RESIDENT_OF_AREA')`)),
	"otherParticipants":    frozenOr("other_participants", participants(`NOT bool_or(made.standing = 'RESIDENT_OF_AREA')`)),
	"residentStatements":   frozenOr("resident_statements", statementsOf("RESIDENT_OF_AREA")),
	"otherStatements":      frozenOr("other_statements", statementsOf("OTHER")),
	"attended": frozenOr("attended", `SELECT count(DISTINCT came.person_id) FROM hearing_sessions AS session
		JOIN meeting_registrations AS came ON came.municipality_id = session.municipality_id AND came.meeting_id = session.meeting_id
		WHERE session.municipality_id = ?TableAlias.municipality_id AND session.hearing_id = ?TableAlias.id AND came.checked_in_at IS NOT NULL`),
	"accepted": frozenOr("accepted", answered(Accepted)),
	"partly":   frozenOr("partly", answered(Partly)),
	"refused":  frozenOr("refused", answered(Refused)),
}}

func frozenOr(column, counted string) read.Computed {
	return read.Computed{SQL: `coalesce((SELECT frozen.` + column + ` FROM hearing_conclusions AS frozen
		WHERE frozen.municipality_id = ?TableAlias.municipality_id AND frozen.id = ?TableAlias.id), (` + counted + `)::int)`}
}

// participants are the authors, each once, of whom that holds; an organisation is one, whoever spoke for it.
func participants(when string) string {
	return `SELECT count(*) FROM (SELECT FROM hearing_statements AS made WHERE made.municipality_id = ?TableAlias.municipality_id
		AND made.hearing_id = ?TableAlias.id GROUP BY coalesce(made.organisation_id, made.author_id) HAVING ` + when + `) AS author`
}

func statementsOf(standing HearingStanding) string {
	return `SELECT count(*) FROM hearing_statements AS made WHERE made.municipality_id = ?TableAlias.municipality_id
		AND made.hearing_id = ?TableAlias.id AND made.standing = '` + string(standing) + `'`
}

func answered(outcome HearingOutcome) string {
	return `SELECT count(*) FROM hearing_proposals AS proposal WHERE proposal.municipality_id = ?TableAlias.municipality_id
		AND proposal.hearing_id = ?TableAlias.id AND proposal.outcome = '` + string(outcome) + `'`
}
