package house_test

import (
	"fmt"
	"time"
)

// furnishCouncilWork gives councils questions, recommendations, secondments and expertises in every state.
func (s *stillWorld) furnishCouncilWork(data map[string]any) {
	id := func(list string, n int) string { return at(data, list, "nodes", n, "id").(string) }
	w := workWorld{s, id("councils", 0), s.made("createOrganisation", "organisation", map[string]any{"kind": "MUNICIPAL_DEPARTMENT", "name": "Отдел улиц"}), id("persons", 12)}
	post := s.made("assignPost", "post", map[string]any{"personId": w.official, "organisationId": w.department, "title": "Начальник отдела", "startsOn": "2012-02-01"})
	member := at(data, "councils", "nodes", 0, "members", "nodes", 1, "person", "id").(string)
	item := w.session()
	w.questions(member, item)
	w.recommendations(item, post)
	w.secondments(member)
	w.expertises(id("persons", 13), id("persons", 14))
}

// workWorld is one body of the still world, and a department with its head.
type workWorld struct {
	*stillWorld
	council, department, official string
}

// today is the day in the town.
func (w workWorld) today() string {
	return w.clock.now().In(time.FixedZone("Krasnoyarsk", 8*60*60)).Format(time.DateOnly)
}

// soon is the day after, which a step of the clock does not pass.
func (w workWorld) soon() string {
	return w.clock.now().AddDate(0, 0, 1).In(time.FixedZone("Krasnoyarsk", 8*60*60)).Format(time.DateOnly)
}

// step takes a thing one step on, whose version is given.
func (w workWorld) step(name, id string, version int, changes ...any) {
	w.t.Helper()
	w.clock.step()
	w.done(w.admin, name, "", with(map[string]any{"id": id, "expectedVersion": version}, changes...))
}

// session holds a meeting that is opened; it gives a point of its agenda.
func (w workWorld) session() (item string) {
	w.t.Helper()
	meeting := w.made("planMeeting", "meeting", map[string]any{"kind": "COUNCIL_SESSION", "title": "Заседание о работе", "bodyId": w.council,
		"startsAt": w.clock.now().Add(time.Hour).Format(time.RFC3339), "link": "https://example.ru/2"})
	item = w.made("addAgendaItem", "agendaItem", map[string]any{"meetingId": meeting, "title": "Вопросы"})
	w.done(w.admin, "announceMeeting", "", map[string]any{"id": meeting})
	for range 4 { // until it begins, and its day has come
		w.clock.step()
	}
	present := []any{}
	for _, m := range at(w.ask(request{as: w.admin, Query: `query($id: ID!) { council(id: $id) { members(first: 100) { nodes { person { id } } } } }`,
		Variables: map[string]any{"id": w.council}}), "council", "members", "nodes").([]any) {
		present = append(present, map[string]any{"personId": at(m, "person", "id"), "state": "PRESENT"})
	}
	w.done(w.admin, "markAttendances", "", map[string]any{"meetingId": meeting, "entries": present})
	w.done(w.admin, "openSession", "", map[string]any{"meetingId": meeting})
	return item
}

func (w workWorld) questions(member, item string) {
	put := func(title string, changes ...any) string {
		return w.made("putQuestion", "consultationQuestion", with(map[string]any{"councilId": w.council, "title": title, "text": "Подробности", "personId": member}, changes...))
	}
	put("Внесён")
	put("От жителя", "putBy", "RESIDENT", "caseId", at(w.ask(request{as: w.admin, Query: `{ cases(first: 1) { nodes { id } } }`}), "cases", "nodes", 0, "id"))
	put("От организации", "putBy", "ORGANISATION", "personId", nil, "organisationId", w.department)
	returned := put("Возвращён", "putBy", "OFFICIAL", "personId", w.official, "organisationId", w.department)
	w.step("returnQuestion", returned, 1, "reasons", "Нет расчёта", "completeBy", w.soon())
	again := put("Внесён повторно")
	w.step("returnQuestion", again, 1, "reasons", "Нет расчёта", "completeBy", w.soon())
	w.step("resubmitQuestion", again, 2, "text", "С расчётом")
	w.step("rejectQuestion", put("Отклонён"), 1, "reasons", "Не относится к ведению")
	accepted := put("Принят")
	w.step("acceptQuestion", accepted, 1, "dueOn", w.soon())
	w.step("scheduleQuestion", accepted, 2, "agendaItemId", item)
	w.attach(w.admin, accepted, "Расчёт.txt", []byte("Сорок фонарей."))
	decided := put("Решён")
	w.step("acceptQuestion", decided, 1)
	w.step("considerQuestion", decided, 2, "consideredOn", w.today())
	w.made("adoptRecommendation", "recommendation", w.adoption("questionId", decided))
	w.step("decideQuestion", decided, 3, "decision", "Рекомендовать", "decidedOn", w.today())
}

func (w workWorld) adoption(changes ...any) map[string]any {
	return with(map[string]any{"councilId": w.council, "title": "Об освещении", "text": "Осветить улицу", "addresseeId": w.department,
		"adoptedOn": w.today(), "votesFor": 3, "votesAgainst": 1, "votesAbstained": 0}, changes...)
}

// recommendations are adopted, sent and answered, each in every way.
func (w workWorld) recommendations(item, post string) {
	w.made("adoptRecommendation", "recommendation", w.adoption("adoptedOn", "2012-11-01"))
	for n, outcome := range []string{"", "ACCEPTED", "PARTLY", "REFUSED"} {
		r := w.made("adoptRecommendation", "recommendation", w.adoption("title", fmt.Sprint("О дороге ", n), "addresseeId", nil, "addresseePostId", post, "agendaItemId", item))
		w.step("sendRecommendation", r, 1)
		answer := []any{"outcome", outcome, "answer", "Ответ", "signedById", w.official}
		switch outcome {
		case "":
			continue
		case "PARTLY", "REFUSED":
			answer = append(answer, "reasons", "Нет денег")
		}
		w.step("answerRecommendation", r, 2, answer...)
		w.attach(w.admin, r, "Ответ.txt", []byte("Ответ."))
	}
}

// secondments go on, have ended, and have seats; reports are given and owed.
func (w workWorld) secondments(member string) {
	for n, changes := range [][]any{{"withSeat", true, "reportDueOn", "2013-01-20"}, {"endsOn", "2013-12-31"}, {"reportDueOn", "2013-06-01"}} {
		commission := w.made("createCouncil", "council", map[string]any{"kind": "INTERDEPARTMENTAL_COMMISSION", "name": fmt.Sprint("Комиссия ", n), "foundingAct": "Акт", "foundedOn": "2012-02-01"})
		d := w.made("secondMember", "secondment", with(map[string]any{"councilId": w.council, "commissionId": commission, "personId": member, "startsOn": "2013-01-15", "act": "Решение № 1"}, changes...))
		if n == 1 {
			w.step("endSecondment", d, 1, "endsOn", "2013-03-01", "reason", "RECALLED")
			continue
		}
		w.made("askSecondmentReport", "secondmentReport", map[string]any{"secondmentId": d, "dueOn": "2013-07-01"})
		if n == 2 {
			w.made("giveSecondmentReport", "secondmentReport", map[string]any{"secondmentId": d, "text": "Отчёт"})
		}
	}
}

// expertises stand in every state; of the concluded one a proposal is a case, and all are answered.
func (w workWorld) expertises(expert, other string) {
	ask := func(title string) string {
		return w.made("askExpertise", "publicExpertise", map[string]any{"councilId": w.council, "title": title, "text": "Проект", "organisationId": w.department, "askedById": w.official, "dueOn": "2013-03-01"})
	}
	ask("Запрошена")
	w.step("declineExpertise", ask("Отклонена"), 1, "reasons", "Нет экспертов")
	w.step("acceptExpertise", ask("Принята"), 1)
	for _, title := range []string{"В работе", "Завершена"} {
		e := ask(title)
		w.step("acceptExpertise", e, 1, "dueOn", "2013-04-01")
		x := w.made("addExpert", "expertiseExpert", map[string]any{"expertiseId": e, "personId": expert, "qualification": "Инженер"})
		w.step("declareConflict", x, 1, "conflict", "NONE")
		w.step("declareConflict", w.made("addExpert", "expertiseExpert", map[string]any{"expertiseId": e, "personId": other}), 1, "conflict", "PRESENT")
		w.step("startExpertise", e, 2)
		c := w.made("draftConclusion", "expertiseConclusion", map[string]any{"expertiseId": e, "finding": "SUPPORTED_WITH_REMARKS", "text": "Заключение", "risks": "Риски", "proposals": []string{"Убрать", "Добавить"}})
		w.step("signConclusion", x, 2, "conclusionVersion", 1, "opinion", "Особое мнение")
		if title == "Завершена" {
			w.conclude(e, c)
		}
	}
}

func (w workWorld) conclude(expertise, conclusion string) {
	w.step("concludeExpertise", expertise, 3)
	data := w.ask(request{as: w.admin, Query: `query($id: ID!) { node(id: $id) { ... on ExpertiseConclusion { proposals { nodes { id } } } } }`, Variables: map[string]any{"id": conclusion}})
	first, second := at(data, "node", "proposals", "nodes", 0, "id"), at(data, "node", "proposals", "nodes", 1, "id")
	w.step("openProposalCase", first.(string), 1)
	w.step("replyToExpertise", expertise, 4, "reply", "Учтём", "signedById", w.official, "proposals", []any{
		map[string]any{"proposalId": first, "outcome": "ACCEPTED"}, map[string]any{"proposalId": second, "outcome": "REFUSED", "reasons": "Не по закону"}})
	w.attach(w.admin, expertise, "Проект.txt", []byte("Проект."))
}
