package meetings

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
)

// What hangs on a meeting stands where the meeting does (Through).

func declareAgenda(r *read.Reader) {
	read.Declare[AgendaItem](r, read.Type{
		Name: "AgendaItem", Guard: mayRead, Through: "Meeting",
		Orders: map[string][]read.Key{"POSITION": {{SQL: `?TableAlias.position`, Cast: "int"}}}, Order: "POSITION",
		Lists: map[string]read.List{"Meeting.agenda": {By: "Meeting"}},
	})
	read.Declare[AgendaSpeaker](r, read.Type{
		Name: "AgendaSpeaker", Guard: mayRead, Through: "Item",
		Orders: map[string][]read.Key{"POSITION": {{SQL: `?TableAlias.position`, Cast: "int"}}}, Order: "POSITION",
		Lists: map[string]read.List{"AgendaItem.speakers": {By: "Item"}},
	})
}

// declareQuestions shows the cases that questions from the floor opened.
func declareQuestions(r *read.Reader) {
	read.AddList[cases.Case](r, "Meeting.floorQuestions", read.List{By: "SourceID", Where: `?TableAlias.source_type = 'Meeting'`})
}

func declareRegistrations(r *read.Reader) {
	read.Declare[Registration](r, read.Type{
		Name: "Registration", Guard: mayReadRegistrations, Through: "Meeting",
		Rows:    access.Rows{Relations: map[string]string{"own": own}},
		Filters: map[string]read.Filter{"state": {SQL: `?TableAlias.state`}},
		Orders: map[string][]read.Key{
			"ARRIVAL":       {{SQL: `?TableAlias.arrival`, Cast: "int"}},
			"REGISTERED_AT": {{SQL: `?TableAlias.registered_at`, Cast: "timestamptz"}},
		},
		Order: "ARRIVAL",
		Lists: map[string]read.List{
			"Meeting.registrations": {By: "Meeting", Order: "ARRIVAL"},
			"Person.registrations":  {By: "Person", Order: "REGISTERED_AT"},
		},
	})
}

func declareAttendance(r *read.Reader) {
	read.Declare[Attendance](r, read.Type{
		Name: "Attendance", Guard: mayReadAttendance, Through: "Meeting",
		Rows: access.Rows{Relations: map[string]string{
			"own": own,
			// Members answer to the public for their attendance; whoever else came does not.
			"public": `EXISTS (SELECT FROM meetings AS of WHERE of.municipality_id = ?TableAlias.municipality_id AND of.id = ?TableAlias.meeting_id
				AND of.body_id IS NOT NULL AND of.announced_at IS NOT NULL)`,
		}},
		Filters: map[string]read.Filter{
			"person": {SQL: `?TableAlias.person_id`, ID: "Person"},
			"state":  {SQL: `?TableAlias.state`},
		},
		Protected: map[string]string{"reason": mayReadAbsences},
		Lists:     map[string]read.List{"Meeting.attendance": {By: "Meeting"}},
	})
	read.Declare[Presence](r, read.Type{
		Name: "Presence", Guard: mayReadAttendance, Through: "Attendance",
		Orders: map[string][]read.Key{"ARRIVED_AT": {{SQL: `?TableAlias.arrived_at`, Cast: "timestamptz"}}}, Order: "ARRIVED_AT",
		Lists: map[string]read.List{"Attendance.presence": {By: "Attendance"}},
	})
}

func declareMinutes(r *read.Reader) {
	read.Declare[Minutes](r, read.Type{
		Name: "Minutes", Guard: mayReadMinutes, Through: "Meeting",
		Rows:    access.Rows{Relations: map[string]string{"public": `?TableAlias.state = 'PUBLISHED'`}},
		Filters: map[string]read.Filter{"state": {SQL: `?TableAlias.state`}},
		Orders:  map[string][]read.Key{"NUMBER": {{SQL: `-?TableAlias.number`, Cast: "int"}}},
		Order:   "NUMBER",
		Lists:   map[string]read.List{"Meeting.minutes": {By: "Meeting"}},
	})
}
