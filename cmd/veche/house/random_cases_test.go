package house_test

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// guessed is the one question that is not asked at random: guesses at codes soon get no answer, and so
// two ways of asking one would differ.
const guessed = "Query.caseByNumber"

// sweepSlips asks for cases by their slips instead.
func (r *referee) sweepSlips(schema *ast.Schema) {
	whole := wholeOf(schema, schema.Types["CaseReceipt"], 3)
	for _, c := range at(r.world.ask(request{as: r.admin, Query: `{ cases(first: 50) { nodes { number content { code } } } }`}), "cases", "nodes").([]any) {
		r.ask(caller{}, `query($n: String!, $c: String!) { caseByNumber(number: $n, code: $c) { `+whole+` } }`, map[string]any{"n": at(c, "number"), "c": at(c, "content", "code")})
	}
}

// furnishCases makes cases of every sort and state, with all that hangs on them. persons are some who may
// be named.
func (s *stillWorld) furnishCases(organisation, district string, persons ...string) {
	days := []any{}
	for _, d := range []string{"2013-01-01", "2013-05-01"} {
		days = append(days, map[string]any{"day": d, "kind": "DAY_OFF", "name": map[string]any{"ru": "Праздник", "en": "Holiday"}})
	}
	days = append(days, map[string]any{"day": "2013-06-08", "kind": "WORKING", "name": map[string]any{"ru": "Рабочая суббота", "en": "Working Saturday"}})
	if at(s.ask(request{as: s.admin, Query: `{ calendarYears(filter: {year: {eq: 2013}}) { totalCount } }`}), "calendarYears", "totalCount") == 0.0 {
		s.made("importCalendar", "calendarYear", map[string]any{"year": 2013, "source": "ст. 112 ТК РФ", "days": days})
	}
	s.made("createCaseKind", "caseKind", map[string]any{"key": "request", "names": map[string]any{"ru": "Запрос", "en": "Request"},
		"terms": map[string]any{"answerDays": 10, "answerUnit": "WORKING", "mayPause": true}})
	retired := s.made("createCaseKind", "caseKind", map[string]any{"key": "old", "names": map[string]any{"ru": "Прежний", "en": "Old"}})
	s.made("updateCaseKind", "caseKind", map[string]any{"id": retired, "expectedVersion": 1, "retiredOn": "2012-01-01"})
	open := func(changes ...any) string {
		return s.made("openCase", "case", with(map[string]any{"title": "Яма во дворе", "text": "Во дворе яма", "channel": "PAPER", "applicantId": persons[0],
			"ownerOrganisationId": organisation, "ownerPersonId": persons[1], "districtId": district, "origin": "RECEPTION", "sourceId": organisation}, changes...))
	}
	kinds := s.ask(request{as: s.admin, Query: `{ caseKinds { nodes { id key } } }`})
	task := ""
	for _, k := range at(kinds, "caseKinds", "nodes").([]any) {
		if at(k, "key") == "task" {
			task = at(k, "id").(string)
		}
	}
	consent := s.made("giveConsent", "consent", map[string]any{"personId": persons[0], "purpose": "Обращение", "basis": "Устно", "givenOn": "2012-12-01"})
	parent := open("receivedOn", "2012-11-01", "registeredOn", "2012-11-01", "channel", "PHONE", "consentId", consent) // overdue
	child := open("parentId", parent, "kindId", task)
	for _, by := range []string{"resident", "seated"} { // wait to be registered
		s.clock.step()
		s.done(by, "openCase", "", map[string]any{"title": "Фонарь", "text": "Не горит фонарь"})
	}
	s.made("addCaseStep", "case", map[string]any{"caseId": parent, "text": "Осмотрели"})
	s.made("addCaseNote", "caseNote", map[string]any{"caseId": parent, "text": "Подрядчик другой"})
	s.clock.step()
	s.done("the-clerk", "addCaseNote", "", map[string]any{"caseId": parent, "text": "Звонили дважды"})
	open("title", "С назначенным сроком", "dueOn", "2013-02-20")
	s.made("addCaseSignatory", "caseSignatory", map[string]any{"caseId": parent, "personId": persons[1]})
	gone := s.made("addCaseSignatory", "caseSignatory", map[string]any{"caseId": parent, "personId": persons[2]})
	s.made("withdrawCaseSignatory", "caseSignatory", map[string]any{"id": gone})
	s.made("extendCase", "case", map[string]any{"id": child, "days": 10, "reason": "Запрошены сведения"})
	s.made("pauseCase", "case", map[string]any{"id": child, "reason": "Ждём адрес"})
	asked := open("kindId", task)
	s.made("forwardCase", "case", map[string]any{"id": asked, "organisationId": organisation, "outside": false, "reason": "Справка"})
	for n, outcome := range []string{"ANSWERED", "RETURNED"} {
		sent := open("title", "Переадресованное")
		s.made("forwardCase", "case", map[string]any{"id": sent, "organisationId": organisation, "outside": true, "reason": "Не наше", "replyDays": 20 + n})
		data := s.ask(request{as: s.admin, Query: `query($id: ID!) { case(id: $id) { forwardings { nodes { id } } } }`, Variables: map[string]any{"id": sent}})
		s.made("endForwarding", "caseForwarding", map[string]any{"id": at(data, "case", "forwardings", "nodes", 0, "id"), "outcome": outcome, "reply": "Ответ дан"})
	}
	answered := open("title", "Отвеченное")
	s.made("answerCase", "case", map[string]any{"id": answered, "text": "Засыпано", "signedById": persons[1]})
	s.made("publishCase", "case", map[string]any{"id": answered, "title": "Яма", "text": "Яма во дворе дома", "answer": "Засыпана"})
	s.made("publishCase", "case", map[string]any{"id": parent, "title": "Ямы", "text": "Ямы по всему двору"})
	s.objected(open("title", "С возражением"), persons[1])
	refused := open("title", "Отказанное")
	s.made("refuseCase", "case", map[string]any{"id": refused, "ground": "REPEATED", "text": "Отвечали трижды"})
	// What the audit shows of few entries must be among its latest.
	s.clock.step()
	s.do(request{as: "resident", with: map[string]string{"X-Acting-For": organisation}, Variables: map[string]any{"in": map[string]any{"title": "Лавка", "text": "Сломана лавка"}},
		Query: `mutation($in: OpenCaseInput!) { openCase(input: $in) { userErrors { message } } }`})
	s.made("erasePerson", "person", map[string]any{"id": s.person(s.admin, "Ушедшая"), "reason": "По заявлению"})
}

// objected answers a case, objects by its slip, answers again, confirms.
func (s *stillWorld) objected(id, signed string) {
	data := s.ask(request{as: s.admin, Query: `query($id: ID!) { case(id: $id) { number content { code } } }`, Variables: map[string]any{"id": id}})
	slip := map[string]any{"number": at(data, "case", "number"), "code": at(data, "case", "content", "code")}
	for _, word := range []string{"objectToAnswer", "confirmAnswer"} {
		s.made("answerCase", "case", map[string]any{"id": id, "text": "Засыпано", "signedById": signed})
		s.clock.step()
		in := with(slip)
		if word == "objectToAnswer" {
			in["text"] = "Яма на месте"
		}
		s.done("", word, "", in)
	}
}
