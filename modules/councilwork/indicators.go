package councilwork

import "github.com/veche-city/veche/core"

var (
	unitRecommendations = core.T("recommendations", "рекомендаций")
	unitExpertises      = core.T("expertises", "экспертиз")
)

var indicators = []core.Indicator{
	{
		Key: "councilwork.questions_decided", Name: core.T("Questions decided by councils", "Вопросы, по которым советы приняли решение"), Unit: core.T("questions", "вопросов"),
		Definition: core.T("Questions under consultation decided in the period, by who put them.", "Вопросы, по которым решение принято в периоде, по тому, кто их внёс."),
		Permission: mayRead, Type: "ConsultationQuestion",
		Rows: `SELECT id, put_by AS breakdown, decided_on AS day FROM consultation_questions WHERE municipality_id = ?municipality AND decided_on BETWEEN ?from AND ?to`,
	},
	{
		Key: "councilwork.recommendations_sent", Name: core.T("Recommendations sent", "Рекомендации направлены"), Unit: unitRecommendations,
		Definition: core.T("Recommendations of councils sent to their addressees in the period.", "Рекомендации советов, направленные адресатам в периоде."),
		Permission: mayRead, Type: "Recommendation",
		Rows: `SELECT id, NULL::text AS breakdown, sent_on AS day FROM recommendations WHERE municipality_id = ?municipality AND sent_on BETWEEN ?from AND ?to`,
	},
	{
		Key: "councilwork.recommendations_answered", Name: core.T("Recommendations answered", "Рекомендации, на которые дан ответ"), Unit: unitRecommendations,
		Definition: core.T("Recommendations answered in the period, by the answer.", "Рекомендации, на которые ответ дан в периоде, по ответам."),
		Permission: mayRead, Type: "Recommendation",
		Rows: `SELECT id, outcome AS breakdown, answered_on AS day FROM recommendations WHERE municipality_id = ?municipality AND answered_on BETWEEN ?from AND ?to`,
	},
	{
		Key: "councilwork.recommendations_accepted", Name: core.T("Recommendations accepted", "Рекомендации приняты"), Unit: unitRecommendations,
		Definition: core.T("Recommendations answered in the period that were accepted, as a whole or in part.", "Рекомендации, принятые в периоде полностью или частично."),
		Permission: mayRead, Type: "Recommendation",
		Rows: `SELECT id, outcome AS breakdown, answered_on AS day FROM recommendations
			WHERE municipality_id = ?municipality AND answered_on BETWEEN ?from AND ?to AND outcome IN ('ACCEPTED', 'PARTLY')`,
	},
	{
		Key: "councilwork.recommendations_overdue", Name: core.T("Recommendations overdue", "Рекомендации с просроченным ответом"), Unit: unitRecommendations,
		Definition: core.T("Recommendations whose answer was late, and had not come, on the last day of the period.", "Рекомендации, срок ответа на которые истёк, а ответа не было, на последний день периода."),
		Permission: mayRead, Type: "Recommendation",
		Rows: `SELECT id, NULL::text AS breakdown, ?to::date AS day FROM recommendations WHERE municipality_id = ?municipality AND overdue @> ?to::date`,
	},
	{
		Key: "councilwork.expertises_concluded", Name: core.T("Public expertises concluded", "Завершённые общественные экспертизы"), Unit: unitExpertises,
		Definition: core.T("Public expertises whose conclusion was published in the period, by what was examined.", "Общественные экспертизы, заключение которых опубликовано в периоде, по предмету."),
		Permission: mayRead, Type: "PublicExpertise",
		Rows: `SELECT id, kind AS breakdown, concluded_on AS day FROM public_expertises WHERE municipality_id = ?municipality AND concluded_on BETWEEN ?from AND ?to`,
	},
}
