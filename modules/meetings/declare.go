package meetings

import (
	"strings"

	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead              = "meetings:read"
	mayWrite             = "meetings:write"
	mayRecord            = "meetings:record"
	mayConfigure         = "meetings:configure"
	mayRegister          = "meetings:register"
	mayRegisterOthers    = "meetings:register_others"
	mayReadRegistrations = "meetings:read_registrations"
	mayCheckIn           = "meetings:check_in"
	mayReadAttendance    = "meetings:read_attendance"
	mayReadAbsences      = "meetings:read_absences"
	mayReadMinutes       = "meetings:read_minutes"
)

// bodyType is the GraphQL type of the meeting's body: Council for the scope council.
const bodyType = `nullif(upper(left(?TableAlias.body_kind, 1)) || substr(?TableAlias.body_kind, 2), '')`

// announced is what the public sees: a meeting cancelled before it was announced never was public.
const announced = `?TableAlias.announced_at IS NOT NULL`

// own is rows about the viewer.
const own = `?TableAlias.person_id = ?actor_person`

// declare declares all types. quorum are the fields of the live quorum, which hang on the bodies that later
// modules register; it is filled before the reader is ready.
func declare(r *read.Reader, quorum map[string]read.Computed) {
	read.Declare[Meeting](r, read.Type{
		Name:  "Meeting",
		Guard: mayRead,
		// A meeting stands where its body does; without one, in its district.
		Rows: access.Rows{
			Scopes:    map[string]string{"district": `?TableAlias.district_id`},
			Relations: map[string]string{"public": announced},
		},
		Within: read.Within{Kind: `?TableAlias.body_kind`, ID: `?TableAlias.body_id`},
		Filters: map[string]read.Filter{
			"kind":      {SQL: `?TableAlias.kind`},
			"state":     {SQL: `?TableAlias.state`},
			"body":      {SQL: `(` + bodyType + `, ?TableAlias.body_id)`, ID: read.AnyType},
			"district":  {SQL: `?TableAlias.district_id`, ID: "District"},
			"venue":     {SQL: `?TableAlias.venue_id`, ID: "Venue"},
			"organiser": {SQL: `?TableAlias.organiser_id`, ID: "Organisation"},
			"startsAt":  {SQL: `?TableAlias.starts_at`},
			"startsOn":  {SQL: `?TableAlias.starts_on`},
			"search":    {SQL: `?TableAlias.title_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"STARTS_AT": {{SQL: `?TableAlias.starts_at`, Cast: "timestamptz"}},
			"TITLE":     {{SQL: `?TableAlias.title_folded`}},
		},
		Order: "STARTS_AT",
		Computed: map[string]read.Computed{
			"form": {SQL: `CASE WHEN ?TableAlias.venue_id IS NOT NULL AND ?TableAlias.link IS NOT NULL THEN 'HYBRID'
				WHEN ?TableAlias.venue_id IS NOT NULL THEN 'IN_PERSON' WHEN ?TableAlias.link IS NOT NULL THEN 'ONLINE' END`},
		},
		References: map[string]read.Reference{"body": {Type: bodyType, Key: `?TableAlias.body_id`}},
		Groups: map[string]read.Group{
			"registration":    registrationGroup,
			"quorum":          {When: `?TableAlias.body_id IS NOT NULL AND ?TableAlias.state <> 'CANCELLED'`, Fields: quorum},
			"quorumAtOpening": frozenQuorum("opening"),
			"quorumAtClose":   frozenQuorum("closing"),
		},
		Lists: map[string]read.List{
			"District.meetings":              {By: "District"},
			"Venue.meetings":                 {By: "Venue"},
			"Organisation.organisedMeetings": {By: "Organiser"},
		},
	})
	read.Declare[MeetingNotice](r, read.Type{
		Name: "MeetingNotice", Guard: mayRead,
		Rows:   access.Rows{Relations: map[string]string{"public": `TRUE`}},
		Orders: map[string][]read.Key{"KIND": {{SQL: `?TableAlias.kind`}}}, Order: "KIND",
	})
	declareAgenda(r)
	declareRegistrations(r)
	declareAttendance(r)
	declareMinutes(r)
	declareQuestions(r)
}

var registrationGroup = read.Group{
	When: `?TableAlias.registration_opened_at IS NOT NULL`,
	Fields: map[string]read.Computed{
		"openedAt":   {SQL: `?TableAlias.registration_opened_at`},
		"closesAt":   {SQL: `coalesce(?TableAlias.registration_closes_at, ?TableAlias.starts_at)`},
		"capacity":   {SQL: `?TableAlias.capacity`},
		"registered": {SQL: `?TableAlias.registered_count`},
		"waiting":    {SQL: `?TableAlias.waiting_count`},
		"checkedIn": {SQL: `SELECT count(*) FROM meeting_registrations AS counted
			WHERE counted.municipality_id = ?TableAlias.municipality_id AND counted.meeting_id = ?TableAlias.id AND counted.checked_in_at IS NOT NULL`},
	},
}

func frozenQuorum(when string) read.Group {
	members, required, present := `?TableAlias.`+when+`_members`, `?TableAlias.`+when+`_required`, `?TableAlias.`+when+`_present`
	return read.Group{When: present + ` IS NOT NULL`, Fields: map[string]read.Computed{
		"members": {SQL: members}, "seats": {SQL: seatsOf(members)}, "required": {SQL: required}, "present": {SQL: present},
		"reached": {SQL: `(` + present + ` >= ` + required + `)`},
	}}
}

// seatsOf is the number of all seats where that many are filled: open numbers are all filled.
func seatsOf(members string) string {
	return `CASE WHEN ?TableAlias.seats > 0 THEN ?TableAlias.seats ELSE ` + members + ` END`
}

// requiredOf is Share.Required in SQL, of the rules that the meeting keeps.
func requiredOf(members string) string {
	n := `(CASE ?TableAlias.quorum_of WHEN 'ALL' THEN ` + seatsOf(members) + ` ELSE ` + members + ` END)`
	return `CASE WHEN ?TableAlias.quorum_strict THEN ` + n + ` * ?TableAlias.quorum_numerator / ?TableAlias.quorum_denominator + 1
		ELSE (` + n + ` * ?TableAlias.quorum_numerator + ?TableAlias.quorum_denominator - 1) / ?TableAlias.quorum_denominator END`
}

// live are the words of a body's SQL in a meeting's own columns, where the meeting is a row. Nobody comes or
// leaves in the future, so that who is there now is there for ever.
var live = strings.NewReplacer("?body", "?TableAlias.body_id", "?day", "?TableAlias.starts_on", "?municipality", "?TableAlias.municipality_id",
	"?meeting", "?TableAlias.id", "?at", "'infinity'::timestamptz")

// declareQuorum writes the live quorum anew from the bodies that are registered by now: the members of
// the meeting's day and those of them in the room, counted in the statement that reads the meeting.
func (m *Module) declareQuorum() {
	members, present := strings.Builder{}, strings.Builder{}
	for _, kind := range m.Service.kinds() {
		body := m.Service.bodies[kind]
		members.WriteString(` WHEN '` + kind + `' THEN (SELECT count(DISTINCT member.person_id)::int FROM (` + live.Replace(body.Members) + `) AS member)`)
		present.WriteString(` WHEN '` + kind + `' THEN (SELECT count(DISTINCT member.person_id)::int FROM (` + live.Replace(body.Members) + `) AS member
			WHERE member.person_id IN (` + live.Replace(InRoom) + `))`)
	}
	over := `?TableAlias.state IN ('CLOSED', 'MINUTES_APPROVED')`
	of := func(kinds, frozen string) string {
		return `(CASE WHEN ` + over + ` THEN ?TableAlias.closing_` + frozen + ` ELSE CASE ?TableAlias.body_kind` + kinds + ` ELSE 0 END END)`
	}
	counted, there := of(members.String(), "members"), of(present.String(), "present")
	required := `(CASE WHEN ` + over + ` THEN ?TableAlias.closing_required ELSE ` + requiredOf(counted) + ` END)`
	m.quorum["members"] = read.Computed{SQL: counted}
	m.quorum["seats"] = read.Computed{SQL: seatsOf(counted)}
	m.quorum["required"] = read.Computed{SQL: required}
	m.quorum["present"] = read.Computed{SQL: there}
	m.quorum["reached"] = read.Computed{SQL: `(` + there + ` >= ` + required + `)`}
}
