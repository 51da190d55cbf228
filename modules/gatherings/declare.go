package gatherings

import (
	"strings"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
)

const (
	mayRead   = "gatherings:read"
	mayWrite  = "gatherings:write"
	mayRecord = "gatherings:record"
)

// public is what everybody may know of: what was announced, and what was published afterwards.
const public = `(?TableAlias.state = 'PUBLISHED' OR EXISTS (SELECT FROM meetings AS called WHERE called.municipality_id = ?TableAlias.municipality_id
	AND called.id = ?TableAlias.meeting_id AND called.announced_at IS NOT NULL))`

// published is a row of a gathering that was published.
const published = `EXISTS (SELECT FROM gatherings AS published WHERE published.municipality_id = ?TableAlias.municipality_id
	AND published.id = ?TableAlias.gathering_id AND published.state = 'PUBLISHED')`

// districts are those that a gathering called.
const districts = `SELECT called.district_id FROM gathering_districts AS called
	WHERE called.municipality_id = ?TableAlias.municipality_id AND called.gathering_id = ?TableAlias.id`

// byPromise orders topics by the promised day, those without one last.
const byPromise = `coalesce(?TableAlias.promised_until, '9999-12-31'::date)`

// counted is how many of a gathering's cases are such. It counts them all, whoever asks: a number tells of
// nobody.
func counted(when string) read.Computed {
	return read.Computed{SQL: `SELECT count(*) FROM gathering_topics AS raised
		JOIN cases AS a_case ON a_case.municipality_id = raised.municipality_id AND a_case.id = raised.case_id
		WHERE raised.municipality_id = ?TableAlias.municipality_id AND raised.gathering_id = ?TableAlias.id AND ` + when}
}

// lateOnes are those whose answer is overdue on the day ?asOf.
var lateOnes = counted(strings.ReplaceAll(cases.LateAnswer, "?TableAlias", "a_case"))

func declare(r *read.Reader) {
	read.Declare[Gathering](r, read.Type{
		Name: "Gathering", Guard: mayRead,
		Rows: access.Rows{Scopes: map[string]string{"district": districts}, Relations: map[string]string{"public": public}},
		Filters: map[string]read.Filter{
			"state":     {SQL: `?TableAlias.state`},
			"organiser": {SQL: `?TableAlias.organiser_id`, ID: "Organisation"},
			"district":  {SQL: districts, ID: "District"},
			"heldOn":    {SQL: `?TableAlias.held_on`},
			"headCount": {SQL: `?TableAlias.head_count`},
			"search":    {SQL: `?TableAlias.title_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"HELD_ON": {{SQL: `?TableAlias.held_on`, Cast: "date"}},
			"TITLE":   {{SQL: `?TableAlias.title_folded`}},
		},
		Order: "HELD_ON",
		Computed: map[string]read.Computed{
			"raisedCount":   {SQL: `?TableAlias.last_topic`},
			"answeredCount": counted(`a_case.answered_on <= ?asOf`),
			"solvedCount":   counted(`a_case.public_state = 'CLOSED' AND a_case.closed_on <= ?asOf`),
			"overdueCount":  lateOnes,
		},
		Lists: map[string]read.List{"Organisation.gatherings": {By: "Organiser"}},
	})
	read.Declare[GatheringDistrict](r, read.Type{
		Name: "GatheringDistrict", Guard: mayRead, Through: "Gathering",
		Lists: map[string]read.List{"Gathering.districts": {By: "Gathering"}, "District.gatherings": {By: "District"}},
	})
	read.Declare[GatheringOfficial](r, read.Type{
		Name: "GatheringOfficial", Guard: mayRead, Through: "Gathering",
		Lists: map[string]read.List{"Gathering.officials": {By: "Gathering"}, "Person.gatheringsAttended": {By: "Person"}},
		// Whoever stood there for the authorities is known to the public by name.
		Grounds: map[string]string{"Person.public": `EXISTS (SELECT FROM gathering_officials AS there
			JOIN gatherings AS of ON of.municipality_id = there.municipality_id AND of.id = there.gathering_id AND of.state = 'PUBLISHED'
			WHERE there.municipality_id = ?TableAlias.municipality_id AND there.person_id = ANY (ARRAY[?TableAlias.id]))`},
	})
	read.Declare[GatheringTopic](r, read.Type{
		Name: "GatheringTopic", Guard: mayRead, Through: "Gathering",
		Rows: access.Rows{Relations: map[string]string{"public": published}},
		Filters: map[string]read.Filter{
			"gathering":     {SQL: `?TableAlias.gathering_id`, ID: "Gathering"},
			"kind":          {SQL: `?TableAlias.kind`},
			"address":       {SQL: `?TableAlias.address_id`, ID: "Address"},
			"promisedBy":    {SQL: `?TableAlias.promised_by_id`, ID: "Person"},
			"promisedUntil": {SQL: `?TableAlias.promised_until`},
		},
		Orders: map[string][]read.Key{
			"NUMBER":         {{SQL: `?TableAlias.number`, Cast: "int"}},
			"PROMISED_UNTIL": {{SQL: byPromise, Cast: "date"}},
		},
		Order: "NUMBER",
		Lists: map[string]read.List{"Gathering.topics": {By: "Gathering"}},
	})
	read.AddList[cases.Case](r, "Gathering.cases", read.List{By: "SourceID", Where: `?TableAlias.source_type = 'Gathering'`})
}

var indicators = []core.Indicator{
	{
		Key: "gatherings.held", Name: core.T("Gatherings held", "Проведено сходов и встреч"), Unit: core.T("gatherings", "сходов"),
		Definition: core.T("Gatherings held in the period, by who called them: another body, or the residents themselves.",
			"Сходы и встречи, проведённые за период, по тому, кто созвал: организация или сами жители."),
		Permission: mayRead, Type: "Gathering",
		Rows: `SELECT id, CASE WHEN organiser_id IS NULL THEN 'RESIDENTS' ELSE 'ORGANISATION' END AS breakdown, held_on AS day FROM gatherings
			WHERE municipality_id = ?municipality AND held_on BETWEEN ?from AND ?to AND head_count IS NOT NULL`,
	},
	{
		Key: "gatherings.raised", Name: core.T("Raised at gatherings", "Поднято на сходах"), Unit: core.T("topics", "вопросов"),
		Definition: core.T("Problems, ideas and questions written down at gatherings of the period, by kind.",
			"Проблемы, предложения и вопросы, записанные на сходах за период, по видам."),
		Permission: mayRead, Type: "GatheringTopic",
		Rows: `SELECT topic.id, topic.kind AS breakdown, of.held_on AS day FROM gathering_topics AS topic
			JOIN gatherings AS of ON of.municipality_id = topic.municipality_id AND of.id = topic.gathering_id
			WHERE topic.municipality_id = ?municipality AND of.held_on BETWEEN ?from AND ?to`,
	},
	{
		Key: "gatherings.solved", Name: core.T("Solved of what was raised at gatherings", "Решено из поднятого на сходах"), Unit: core.T("topics", "вопросов"),
		Definition: core.T("Problems, ideas and questions of gatherings whose cases were closed in the period, refused ones left out, by kind.",
			"Проблемы, предложения и вопросы со сходов, обращения по которым закрыты за период, без отказов, по видам."),
		Permission: mayRead, Type: "GatheringTopic",
		Rows: `SELECT topic.id, topic.kind AS breakdown, a_case.closed_on AS day FROM gathering_topics AS topic
			JOIN cases AS a_case ON a_case.municipality_id = topic.municipality_id AND a_case.id = topic.case_id
			WHERE topic.municipality_id = ?municipality AND a_case.public_state = 'CLOSED' AND a_case.closed_on BETWEEN ?from AND ?to`,
	},
}
