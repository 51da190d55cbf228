package councils

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead  = "councils:read"
	mayWrite = "councils:write"
	maySeat  = "councils:seat"
)

// standing is the body's own dates: it exists from its founding to its dissolution.
const standing = `?TableAlias.founded_on <= ?asOf AND (?TableAlias.dissolved_on IS NULL OR ?TableAlias.dissolved_on >= ?asOf)`

// dated is a row that holds from starts_on to ends_on, both included.
const dated = `?TableAlias.starts_on <= ?asOf AND (?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?asOf)`

// ofCouncil is where a row that hangs on a body stands: where the body does.
var ofCouncil = map[string]string{
	"council": `?TableAlias.council_id`,
	"district": `(SELECT body.district_id FROM councils AS body
		WHERE body.municipality_id = ?TableAlias.municipality_id AND body.id = ?TableAlias.council_id)`,
}

const seated = `counted.municipality_id = ?TableAlias.municipality_id AND counted.council_id = ?TableAlias.id
	AND counted.starts_on <= ?asOf AND (counted.ends_on IS NULL OR counted.ends_on >= ?asOf) AND ?visible`

func declare(r *read.Reader) {
	read.Declare[Council](r, read.Type{
		Name:  "Council",
		Guard: mayRead,
		Rows: access.Rows{
			Scopes: map[string]string{"council": `?TableAlias.id`, "district": `?TableAlias.district_id`},
			Relations: map[string]string{"member": `EXISTS (SELECT FROM memberships AS seat
				WHERE seat.municipality_id = ?TableAlias.municipality_id AND seat.council_id = ?TableAlias.id
				AND seat.person_id = ?actor_person AND seat.starts_on <= ?today AND (seat.ends_on IS NULL OR seat.ends_on >= ?today))`},
		},
		AsOf: standing,
		Filters: map[string]read.Filter{
			"kind":        {SQL: `?TableAlias.kind`},
			"district":    {SQL: `?TableAlias.district_id`, ID: "District"},
			"parent":      {SQL: `?TableAlias.parent_id`, ID: "Council"},
			"foundedOn":   {SQL: `?TableAlias.founded_on`},
			"activeFrom":  {SQL: `?TableAlias.active_from`},
			"dissolvedOn": {SQL: `?TableAlias.dissolved_on`},
			"search":      {SQL: `?TableAlias.name_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"NAME":       {{SQL: `?TableAlias.name_order`}},
			"FOUNDED_ON": {{SQL: `?TableAlias.founded_on`, Cast: "date"}},
		},
		Order: "NAME",
		Computed: map[string]read.Computed{
			"status": {SQL: `CASE WHEN ?TableAlias.founded_on > ?asOf THEN 'PLANNED'
				WHEN ?TableAlias.dissolved_on < ?asOf THEN 'DISSOLVED'
				WHEN ?TableAlias.active_from <= ?asOf THEN 'ACTIVE' ELSE 'FORMING' END`},
			"memberCount": {Counts: "Membership", SQL: `SELECT count(*) FROM memberships AS counted WHERE ` + seated},
			"vacantSeats": {Counts: "Membership", SQL: `SELECT ?TableAlias.seat_limit - count(*) FROM memberships AS counted WHERE ` + seated},
		},
		Lists: map[string]read.List{
			"Council.children":      {By: "Parent"},
			"District.councils":     {By: "District", Order: "FOUNDED_ON"},
			"Organisation.councils": {By: "ParentOrganisation"},
		},
	})
	read.Declare[Term](r, read.Type{
		Name:   "Term",
		Guard:  mayRead,
		Rows:   access.Rows{Scopes: ofCouncil},
		AsOf:   dated,
		Orders: map[string][]read.Key{"NUMBER": {{SQL: `-?TableAlias.number`, Cast: "int"}}},
		Order:  "NUMBER",
		Lists:  map[string]read.List{"Council.terms": {By: "Council"}},
	})
	declareMemberships(r)
}

func declareMemberships(r *read.Reader) {
	read.Declare[Membership](r, read.Type{
		Name:  "Membership",
		Guard: mayRead,
		Rows:  access.Rows{Scopes: ofCouncil, Relations: map[string]string{"own": `?TableAlias.person_id = ?actor_person`}},
		AsOf:  dated,
		Filters: map[string]read.Filter{
			"council":      {SQL: `?TableAlias.council_id`, ID: "Council"},
			"person":       {SQL: `?TableAlias.person_id`, ID: "Person"},
			"organisation": {SQL: `?TableAlias.organisation_id`, ID: "Organisation"},
			"post":         {SQL: `?TableAlias.post`},
			"basis":        {SQL: `?TableAlias.basis`},
			"startsOn":     {SQL: `?TableAlias.starts_on`},
			"endsOn":       {SQL: `?TableAlias.ends_on`},
		},
		Orders: map[string][]read.Key{
			"POST":      {{SQL: `?TableAlias.post_rank`, Cast: "int"}, {SQL: `?TableAlias.starts_on`, Cast: "date"}},
			"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}},
		},
		Order: "STARTS_ON",
		// Free words about a person are for those who keep the roll.
		Protected: map[string]string{"leavingNote": maySeat},
		Lists: map[string]read.List{
			"Council.members":        {By: "Council", Order: "POST", Today: true},
			"Council.memberships":    {By: "Council"},
			"Person.memberships":     {By: "Person"},
			"Organisation.delegates": {By: "Organisation", Today: true},
		},
		// Whoever sits or sat in a body is known to the public by name. (ANY, as in people: a probe of
		// the index by person.)
		Grounds: map[string]string{"Person.public": `EXISTS (SELECT FROM memberships AS seat
			WHERE seat.municipality_id = ?TableAlias.municipality_id AND seat.person_id = ANY (ARRAY[?TableAlias.id]))`},
	})
}

// grants are the roles that a seat gives by itself, in its body, for as long as it lasts.
var grants = []core.Grant{{
	Name: "councils.members",
	Query: `SELECT seat.person_id, CASE WHEN seat.post IN ('CHAIR', 'SECRETARY') THEN 'council_secretary' ELSE 'council_member' END AS role,
		'council' AS scope_kind, seat.council_id AS scope_id FROM memberships AS seat
		WHERE seat.municipality_id = ?municipality AND seat.person_id = ?person
		AND seat.starts_on <= ?today AND (seat.ends_on IS NULL OR seat.ends_on >= ?today)`,
}}

var indicators = []core.Indicator{
	{
		Key:        "councils.active",
		Name:       core.T("Active councils", "Действующие советы"),
		Unit:       core.T("bodies", "органов"),
		Definition: core.T("Bodies at work on at least one day of the period, by kind.", "Органы, действовавшие хотя бы один день периода, по видам."),
		Permission: mayRead,
		Type:       "Council",
		Rows: `SELECT id, kind AS breakdown, greatest(active_from, ?from) AS day FROM councils
			WHERE municipality_id = ?municipality AND active_from <= ?to AND (dissolved_on IS NULL OR dissolved_on >= ?from)`,
	},
	{
		Key:        "councils.seats_taken",
		Name:       core.T("Seats taken in councils", "Занятые места в советах"),
		Unit:       core.T("seats", "мест"),
		Definition: core.T("Memberships that stood on at least one day of the period, by ground.", "Членства, действовавшие хотя бы один день периода, по основаниям."),
		Permission: mayRead,
		Type:       "Membership",
		Rows: `SELECT id, basis AS breakdown, greatest(starts_on, ?from) AS day FROM memberships
			WHERE municipality_id = ?municipality AND starts_on <= ?to AND (ends_on IS NULL OR ends_on >= ?from)`,
	},
}
