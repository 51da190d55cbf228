package assemblies

import (
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
	"github.com/veche-city/veche/modules/people"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
}

// New declares the module's types and makes its service. It tells people of the columns that name a
// person or an organisation, meetings and motions of how assemblies meet and vote, and has councils tell it of seats that end.
func New(h *host.Host, people *people.Module, meetings *meetings.Module, motions *motions.Module, councils *councils.Module) *Module {
	declare(h.Reads)
	register(people)
	meet(h.Reads, meetings)
	motions.RegisterRules("Assembly", votingOn)
	m := &Module{Service: &Service{reads: h.Reads, guard: h.Guard, writer: h.Writer, people: people.Service, clock: h.Clock}, host: h}
	councils.Service.OnSeatsEnded(m.Service.seatsEnded)
	return m
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "assemblies",
		Title: core.T("Assemblies", "Собрания делегатов"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See assemblies, their charters and seats", "Видеть собрания, их уставы и состав")},
			{Name: mayReadNominations, Title: core.T("See who was nominated to assemblies", "Видеть выдвижения в собрания")},
			{Name: mayWrite, Title: core.T("Found and dissolve assemblies, adopt charters", "Создавать и упразднять собрания, принимать уставы")},
			{Name: mayDelegate, Title: core.T("Name and recall a body's delegates and substitutes", "Называть и отзывать делегатов органа и их заместителей")},
			{Name: mayNominate, Title: core.T("Nominate to assemblies", "Выдвигать в собрания")},
			{Name: mayDecide, Title: core.T("Decide on nominations and suspensions", "Решать о выдвижениях и приостановке полномочий")},
		},
		Policy:     policy,
		Grants:     grants,
		Indicators: indicators,
		Follows:    []string{"Assembly"},
	}
}

// grants are the roles that sitting in an assembly gives by itself, in it, on the days on which one may
// sit: not to the suspended, nor for a district that is gone.
var grants = []core.Grant{{
	Name: "assemblies.members",
	Query: `SELECT seat.person_id, 'council_member' AS role, 'assembly' AS scope_kind, seat.assembly_id AS scope_id FROM (
		SELECT d.municipality_id, d.assembly_id, d.person_id, d.district_id FROM delegates AS d
			WHERE d.municipality_id = ?municipality AND d.person_id = ?person AND d.capacity = 'HOLDER'
			AND d.starts_on <= ?today AND (d.ends_on IS NULL OR d.ends_on >= ?today)
			AND NOT EXISTS (SELECT FROM delegate_suspensions AS away WHERE away.municipality_id = d.municipality_id AND away.delegate_id = d.id
				AND away.starts_on <= ?today AND (away.ends_on IS NULL OR away.ends_on >= ?today))
		UNION ALL
		SELECT d.municipality_id, d.assembly_id, d.person_id, d.district_id FROM delegates AS d
			JOIN substitute_calls AS call ON call.municipality_id = d.municipality_id AND call.substitute_id = d.id
				AND call.starts_on <= ?today AND (call.ends_on IS NULL OR call.ends_on >= ?today)
			WHERE d.municipality_id = ?municipality AND d.person_id = ?person
			AND d.starts_on <= ?today AND (d.ends_on IS NULL OR d.ends_on >= ?today)
		UNION ALL
		SELECT m.municipality_id, rule.assembly_id, m.person_id, NULL FROM memberships AS m
			JOIN assembly_rules AS rule ON rule.municipality_id = m.municipality_id AND rule.council_id = m.council_id AND rule.kind = 'BODY_ALL'
			JOIN charter_rules AS part ON part.municipality_id = rule.municipality_id AND part.rule_id = rule.id
			JOIN assembly_charters AS charter ON charter.municipality_id = part.municipality_id AND charter.id = part.charter_id
				AND charter.starts_on <= ?today AND (charter.ends_on IS NULL OR charter.ends_on >= ?today)
			WHERE m.municipality_id = ?municipality AND m.person_id = ?person
			AND m.starts_on <= ?today AND (m.ends_on IS NULL OR m.ends_on >= ?today)
		) AS seat
		WHERE NOT EXISTS (SELECT FROM districts AS gone WHERE gone.municipality_id = seat.municipality_id AND gone.id = seat.district_id AND gone.abolished_on < ?today)`,
}}

var indicators = []core.Indicator{
	{
		Key:  "assemblies.seats_filled",
		Name: core.T("Seats filled in assemblies", "Занятые места в собраниях"),
		Unit: core.T("seats", "мест"),
		Definition: core.T("Seats by naming or nomination in which somebody sat on the last day of the period, by assembly.",
			"Места по делегированию и выдвижению, занятые в последний день периода, по собраниям."),
		Permission: mayRead,
		Type:       "Delegate",
		Rows: `SELECT seat.holder_id AS id, body.name AS breakdown, ?to::date AS day
			FROM assemblies AS body, assembly_seats(?municipality, body.id, ?to) AS seat
			WHERE body.municipality_id = ?municipality AND seat.filled AND seat.holder_id IS NOT NULL`,
	},
	{
		Key:  "assemblies.districts_unrepresented",
		Name: core.T("Districts whose seats are all vacant", "Микрорайоны, все места которых вакантны"),
		Unit: core.T("districts", "микрорайонов"),
		Definition: core.T("Districts that had seats in assemblies on the last day of the period and nobody in them, by reason.",
			"Микрорайоны, от которых в последний день периода предусмотрены места в собраниях и ни одно не занято, по причинам."),
		Permission: mayRead,
		Type:       "District",
		Rows: `SELECT seat.district_id AS id, min(seat.reason) AS breakdown, ?to::date AS day
			FROM assemblies AS body, assembly_seats(?municipality, body.id, ?to) AS seat
			WHERE body.municipality_id = ?municipality AND seat.district_id IS NOT NULL
			GROUP BY seat.district_id HAVING NOT bool_or(seat.filled)`,
	},
}
