package cases

import "github.com/veche-city/veche/core"

var (
	unitCases   = core.T("cases", "обращений")
	unitAnswers = core.T("answers", "ответов")
)

var indicators = []core.Indicator{
	{
		Key: "cases.opened", Name: core.T("Cases received", "Поступило обращений"), Unit: unitCases,
		Definition: core.T("Cases received in the period, by origin.", "Обращения, поступившие за период, по источникам."),
		Permission: mayRead, Type: "Case",
		Rows: `SELECT id, origin AS breakdown, received_on AS day FROM cases WHERE municipality_id = ?municipality AND received_on BETWEEN ?from AND ?to`,
	},
	{
		Key: "cases.answered", Name: core.T("Answers given", "Дано ответов"), Unit: unitAnswers,
		Definition: core.T("Terms for an answer that an answer or a reasoned refusal met in the period, in time (IN_TIME) and late (LATE).",
			"Сроки ответа, исполненные за период ответом или мотивированным отказом, вовремя (IN_TIME) и с опозданием (LATE)."),
		Permission: mayRead, Type: "CaseClock",
		Rows: `SELECT id, CASE WHEN ended_on > due_on THEN 'LATE' ELSE 'IN_TIME' END AS breakdown, ended_on AS day FROM case_clocks
			WHERE municipality_id = ?municipality AND kind = 'ANSWER' AND outcome = 'MET' AND ended_on BETWEEN ?from AND ?to`,
	},
	{
		Key: "cases.answered_late", Name: core.T("Answers given late", "Ответов с нарушением срока"), Unit: unitAnswers,
		Definition: core.T("Of the answers given in the period, those after the due day, by the case's origin.", "Из ответов, данных за период, — данные после срока, по источникам обращений."),
		Permission: mayRead, Type: "CaseClock",
		Rows: `SELECT k.id, c.origin AS breakdown, k.ended_on AS day FROM case_clocks AS k JOIN cases AS c ON c.municipality_id = k.municipality_id AND c.id = k.case_id
			WHERE k.municipality_id = ?municipality AND k.kind = 'ANSWER' AND k.outcome = 'MET' AND k.ended_on BETWEEN ?from AND ?to AND k.ended_on > k.due_on`,
	},
	{
		Key: "cases.overdue", Name: core.T("Overdue at the end of the period", "Просрочено на конец периода"), Unit: unitCases,
		Definition: core.T("Terms for an answer that were overdue on the last day of the period, by the case's origin.",
			"Сроки ответа, просроченные на последний день периода, по источникам обращений."),
		Permission: mayRead, Type: "CaseClock",
		Rows: `SELECT k.id, c.origin AS breakdown, ?to::date AS day FROM case_clocks AS k JOIN cases AS c ON c.municipality_id = k.municipality_id AND c.id = k.case_id
			WHERE k.municipality_id = ?municipality AND k.kind = 'ANSWER' AND k.overdue @> ?to::date`,
	},
}
