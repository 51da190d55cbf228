package hearings

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

// own is a statement that the viewer made, by their account or as the person who is named.
const own = `(?TableAlias.account_id = ?actor_account OR ?TableAlias.author_id = ?actor_person)`

// author is the name of who made a statement, where they agreed to its being shown.
const author = `CASE WHEN ?TableAlias.show_name THEN (SELECT nullif(concat_ws(' ', by.family_name, nullif(by.given_name, ''), nullif(by.patronymic, '')), '')
	FROM persons AS by WHERE by.municipality_id = ?TableAlias.municipality_id AND by.id = ?TableAlias.author_id AND by.erased_at IS NULL) END`

func declareStatements(r *read.Reader) {
	read.Declare[HearingStatement](r, read.Type{
		Name: "HearingStatement", Guard: mayRead, Through: "Hearing",
		Rows: access.Rows{Relations: map[string]string{"public": `?TableAlias.published_at IS NOT NULL`, "own": own}},
		Filters: map[string]read.Filter{
			"hearing":       {SQL: `?TableAlias.hearing_id`, ID: "PublicHearing"},
			"standing":      {SQL: `?TableAlias.standing`},
			"standingCheck": {SQL: `?TableAlias.standing_check`},
			"channel":       {SQL: `?TableAlias.channel`},
			"organisation":  {SQL: `?TableAlias.organisation_id`, ID: "Organisation"},
			"receivedOn":    {SQL: `?TableAlias.received_on`},
			"published":     {SQL: `(?TableAlias.published_at IS NOT NULL)`},
		},
		Orders: map[string][]read.Key{
			"NUMBER":      {{SQL: `?TableAlias.number`, Cast: "int"}},
			"RECEIVED_ON": {{SQL: `?TableAlias.received_on`, Cast: "date"}},
		},
		Order:    "NUMBER",
		Computed: map[string]read.Computed{"authorName": {SQL: author}},
		Lists:    map[string]read.List{"PublicHearing.statements": {By: "Hearing"}},
	})
	read.Declare[HearingStatementContent](r, read.Type{
		Name: "HearingStatementContent", Guard: mayReadStatements, Through: "Statement",
		Orders:     map[string][]read.Key{"RECEIVED_ON": {{SQL: `?TableAlias.received_on`, Cast: "date"}}},
		Order:      "RECEIVED_ON",
		References: map[string]read.Reference{"operator": {Type: `CASE WHEN ?TableAlias.operator_id IS NOT NULL THEN 'Account' END`, Key: `?TableAlias.operator_id`}},
		Lists:      map[string]read.List{"Person.hearingStatements": {By: "Author"}},
	})
	read.Declare[HearingProposal](r, read.Type{
		Name: "HearingProposal", Guard: mayRead, Through: "Statement",
		Filters: map[string]read.Filter{
			"outcome":  {SQL: `?TableAlias.outcome`},
			"answered": {SQL: `(?TableAlias.outcome IS NOT NULL)`},
		},
		Orders:    map[string][]read.Key{"NUMBER": {{SQL: `?TableAlias.number`, Cast: "int"}}},
		Order:     "NUMBER",
		Protected: map[string]string{"submittedText": mayReadStatements},
		Lists:     map[string]read.List{"PublicHearing.proposals": {By: "Hearing"}, "HearingStatement.proposals": {By: "Statement"}},
	})
}

var indicators = []core.Indicator{
	{
		Key: "hearings.concluded", Name: core.T("Hearings concluded", "Завершено слушаний"), Unit: core.T("hearings", "слушаний"),
		Definition: core.T("Public hearings and discussions concluded in the period, by kind.", "Публичные слушания и обсуждения, завершённые за период, по видам."),
		Permission: mayRead, Type: "PublicHearing",
		Rows: `SELECT id, kind AS breakdown, concluded_on AS day FROM public_hearings
			WHERE municipality_id = ?municipality AND concluded_on BETWEEN ?from AND ?to`,
	},
	{
		Key: "hearings.statements", Name: core.T("Statements at hearings", "Поступило предложений на слушания"), Unit: core.T("statements", "обращений"),
		Definition: core.T("Statements received in the period, by whether the author belongs to the affected area.",
			"Предложения и замечания, поступившие за период, по принадлежности автора к территории."),
		Permission: mayReadStatements, Type: "HearingStatement",
		Rows: `SELECT id, standing AS breakdown, received_on AS day FROM hearing_statements
			WHERE municipality_id = ?municipality AND received_on BETWEEN ?from AND ?to`,
	},
	{
		Key: "hearings.proposals_answered", Name: core.T("Proposals answered", "Рассмотрено предложений"), Unit: core.T("proposals", "предложений"),
		Definition: core.T("Proposals and remarks at hearings that were answered in the period, by outcome; of those received in it, see hearings.statements.",
			"Предложения и замечания на слушаниях, получившие ответ за период, по итогу; поступившие за период — в hearings.statements."),
		Permission: mayReadStatements, Type: "HearingProposal",
		Rows: `SELECT id, outcome AS breakdown, answered_on AS day FROM hearing_proposals
			WHERE municipality_id = ?municipality AND answered_on BETWEEN ?from AND ?to`,
	},
}
