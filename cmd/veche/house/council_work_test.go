package house_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veche-city/veche/core"
)

// chamber is a body with a secretary and two members who sit in it by their seats, a commission, and a
// department whose head has a post there and no role at all.
type chamber struct {
	*town
	council, commission, department, post string
	member                                string
}

func newChamber(t *testing.T) *chamber {
	w := &chamber{town: newTown(t)}
	w.council, w.commission = w.town.council("name", "Общественная палата", "kind", "PUBLIC_CHAMBER"), w.town.council("name", "Комиссия", "kind", "INTERDEPARTMENTAL_COMMISSION")
	w.member = w.persons[1]
	w.seat(w.council, 0, "post", "SECRETARY")
	w.seat(w.council, 1)
	w.seat(w.council, 2)
	other := w.town.council("name", "Другой совет")
	w.seat(other, 3, "post", "SECRETARY")
	w.department = at(w.done(w.admin, "createOrganisation", "organisation { id }", map[string]any{"kind": "MUNICIPAL_DEPARTMENT", "name": "Отдел благоустройства"}), "organisation", "id").(string)
	w.post = at(w.done(w.admin, "assignPost", "post { id }", map[string]any{"personId": w.persons[4], "organisationId": w.department, "title": "Начальник отдела", "startsOn": "2012-01-01"}), "post", "id").(string)
	for login, n := range map[string]int{"secretary": 0, "member": 1, "stranger": 3, "head": 4, "resident": 5} {
		w.account(w.admin, login, w.persons[n], "", "")
	}
	w.account(w.admin, "official", "", "official", "")
	return w
}

// node shows a thing to somebody; nil when they do not see it.
func (w *chamber) node(as, id, show string) any {
	w.t.Helper()
	return at(w.ask(request{as: as, Query: `query($id: ID!) { node(id: $id) { ` + show + ` } }`, Variables: map[string]any{"id": id}}), "node")
}

func (w *chamber) made(as, name, object string, in map[string]any) string {
	w.t.Helper()
	return at(w.done(as, name, object+" { id }", in), object, "id").(string)
}

func (w *chamber) question() string {
	w.t.Helper()
	return w.made("member", "putQuestion", "consultationQuestion", map[string]any{"councilId": w.council, "title": "Освещение улиц", "text": "Фонари"})
}

func (w *chamber) adoption(changes ...any) map[string]any {
	return with(map[string]any{"councilId": w.council, "title": "Об освещении", "text": "Осветить улицу Мира", "addresseeId": w.department, "adoptedOn": "2013-02-01"}, changes...)
}

// Who may do what with the work of a body, and what is said of the rest.
func TestCouncilWorkRefuses(t *testing.T) {
	w := newChamber(t)
	question := w.question()
	adopted := w.made("secretary", "adoptRecommendation", "recommendation", w.adoption())
	expertise := w.made("official", "askExpertise", "publicExpertise", map[string]any{"councilId": w.council, "title": "Правила", "organisationId": w.department, "dueOn": "2013-03-01"})
	secondment := w.made("secretary", "secondMember", "secondment", map[string]any{"councilId": w.council, "commissionId": w.commission, "personId": w.member, "startsOn": "2013-02-01"})
	put := map[string]any{"councilId": w.council, "title": "Вопрос"}
	of := func(id string) map[string]any { return map[string]any{"id": id, "expectedVersion": 1} }
	for _, c := range []struct {
		as, mutation string
		in           map[string]any
		want         string
	}{
		{"", "putQuestion", put, "UNAUTHENTICATED"},
		{"resident", "putQuestion", put, "FORBIDDEN"},
		{"stranger", "putQuestion", put, "FORBIDDEN"},
		{"member", "putQuestion", with(put, "personId", w.persons[2]), "FORBIDDEN"},
		{"member", "putQuestion", with(put, "councilId", core.ID{Type: "Council", Key: core.NewID()}.String()), "NOT_FOUND"},
		{"member", "putQuestion", with(put, "councilId", w.department), "BAD_USER_INPUT councilId"},
		{"", "acceptQuestion", of(question), "UNAUTHENTICATED"},
		{"member", "acceptQuestion", of(question), "FORBIDDEN"},
		{"stranger", "acceptQuestion", of(question), "NOT_FOUND"},
		{"resident", "resubmitQuestion", of(question), "FORBIDDEN"},
		{"official", "acceptQuestion", of(question), "FORBIDDEN"},
		{"secretary", "acceptQuestion", with(of(question), "dueOn", "2013-01-31"), "BAD_USER_INPUT dueOn"},
		{"secretary", "acceptQuestion", with(of(question), "expectedVersion", 7), "CONFLICT expectedVersion"},
		{"secretary", "considerQuestion", with(of(question), "consideredOn", "2013-02-01"), "CONFLICT id"},
		{"member", "adoptRecommendation", w.adoption(), "FORBIDDEN"},
		{"official", "adoptRecommendation", w.adoption(), "FORBIDDEN"},
		{"stranger", "adoptRecommendation", w.adoption(), "FORBIDDEN"},
		{"secretary", "adoptRecommendation", w.adoption("addresseePostId", w.post), "BAD_USER_INPUT addresseeId"},
		{"secretary", "adoptRecommendation", w.adoption("questionId", question), "CONFLICT questionId"},
		{"stranger", "sendRecommendation", of(adopted), "NOT_FOUND"},
		{"official", "sendRecommendation", of(adopted), "FORBIDDEN"},
		{"head", "answerRecommendation", with(of(adopted), "outcome", "ACCEPTED", "answer", "Да"), "NOT_FOUND"},
		{"official", "answerRecommendation", with(of(adopted), "outcome", "ACCEPTED", "answer", "Да"), "CONFLICT id"},
		{"secretary", "sendRecommendation", with(of(adopted), "dueOn", "2013-02-01"), "BAD_USER_INPUT dueOn"},
		{"secretary", "askExpertise", map[string]any{"councilId": w.council, "title": "Правила", "organisationId": w.department, "dueOn": "2013-03-01"}, "FORBIDDEN"},
		{"official", "acceptExpertise", of(expertise), "FORBIDDEN"},
		{"resident", "acceptExpertise", of(expertise), "FORBIDDEN"},
		{"stranger", "acceptExpertise", of(expertise), "NOT_FOUND"},
		{"secretary", "acceptExpertise", with(of(expertise), "dueOn", "2013-06-02"), "BAD_USER_INPUT dueOn"},
		{"secretary", "startExpertise", of(expertise), "CONFLICT id"},
		{"member", "secondMember", map[string]any{"councilId": w.council, "commissionId": w.commission, "personId": w.persons[2], "startsOn": "2013-02-01"}, "FORBIDDEN"},
		{"secretary", "secondMember", map[string]any{"councilId": w.council, "commissionId": w.commission, "personId": w.persons[2], "startsOn": "2013-02-01", "withSeat": true}, "FORBIDDEN"},
		{"stranger", "endSecondment", with(of(secondment), "endsOn", "2013-02-20", "reason", "RECALLED"), "FORBIDDEN"},
		{"resident", "giveSecondmentReport", map[string]any{"secondmentId": secondment, "text": "Отчёт"}, "FORBIDDEN"},
	} {
		if got := w.came(c.as, c.mutation, c.in); got != c.want {
			t.Errorf("%s as %q with %v: %q, want %q", c.mutation, c.as, c.in, got, c.want)
		}
	}
	foreign := w.administrator("achinsk")
	for _, id := range []string{question, adopted, expertise, secondment} {
		a := w.send(request{as: foreign, town: "achinsk", Query: `query($id: ID!) { node(id: $id) { id } }`, Variables: map[string]any{"id": id}})
		if at(a.Data, "node") != nil {
			t.Errorf("seen from another municipality: %s", a.text)
		}
	}
}

// A question goes from its member to the answer that the public reads, by way of a meeting, a
// recommendation and its case; whoever follows the body is told of each public step.
func TestAQuestionToItsPublishedAnswer(t *testing.T) {
	w := newChamber(t)
	w.done("resident", "follow", "", map[string]any{"subjectId": w.council})
	changes := w.listen(w.socket, request{Query: `subscription($id: ID) { councilChanged(id: $id) { kind council { id } } }`, Variables: map[string]any{"id": w.council}})

	question := w.question()
	if told := changes.next(); at(told.Data, "councilChanged", "council", "id") != w.council {
		t.Errorf("the body's watchers hear %s", told.text)
	}
	for as, sees := range map[string]bool{"": false, "resident": false, "stranger": false, "member": true, "secretary": true, "official": true} {
		if (w.node(as, question, "id") != nil) != sees {
			t.Errorf("a submitted question is seen by %q: %v", as, !sees)
		}
	}
	w.attach("member", question, "Расчёт.txt", []byte("Сорок фонарей."))
	w.done("secretary", "acceptQuestion", "", map[string]any{"id": question, "expectedVersion": 1, "dueOn": "2013-02-10"})
	w.overdue(question)
	item := w.session(question)
	w.done("secretary", "considerQuestion", "", map[string]any{"id": question, "expectedVersion": 3, "consideredOn": "2013-02-01"})
	recommendation := w.made("secretary", "adoptRecommendation", "recommendation", w.adoption("questionId", question, "agendaItemId", item, "addresseeId", nil, "addresseePostId", w.post,
		"votesFor", 3, "votesAgainst", 0, "votesAbstained", 0))
	w.done("secretary", "decideQuestion", "", map[string]any{"id": question, "expectedVersion": 4, "decision": "Рекомендовать", "decidedOn": "2013-02-01"})
	if w.node("", recommendation, "id") != nil {
		t.Error("a recommendation is public before it was sent")
	}
	w.done("secretary", "sendRecommendation", "", map[string]any{"id": recommendation, "expectedVersion": 1, "dueOn": "2013-02-20"})
	w.done("head", "answerRecommendation", "", map[string]any{"id": recommendation, "expectedVersion": 2, "outcome": "PARTLY", "answer": "До моста", "reasons": "Нет денег", "signedById": w.persons[4]})
	got := w.node("", recommendation, `... on Recommendation { number year state outcome answer reasons addressee { id } addresseePost { id } votesFor meeting { id } agendaItem { id }
		question { state decision attachments { totalCount } recommendations { totalCount } } case { publicState origin source { id } publication { answer } } }`)
	meeting := at(got, "meeting", "id")
	if diff := cmp.Diff(map[string]any{
		"number": 1.0, "year": 2013.0, "state": "PARTLY", "outcome": "PARTLY", "answer": "До моста", "reasons": "Нет денег", "addressee": map[string]any{"id": w.department},
		"addresseePost": map[string]any{"id": w.post}, "votesFor": 3.0, "meeting": map[string]any{"id": meeting}, "agendaItem": map[string]any{"id": item},
		"question": map[string]any{"state": "DECIDED", "decision": "Рекомендовать", "attachments": map[string]any{"totalCount": 1.0}, "recommendations": map[string]any{"totalCount": 1.0}},
		"case":     map[string]any{"publicState": "CLOSED", "origin": "RECOMMENDATION", "source": map[string]any{"id": recommendation}, "publication": map[string]any{"answer": "До моста"}},
	}, got); diff != "" {
		t.Error(diff)
	}
	lists := w.node("", w.department, `... on Organisation { recommendations { nodes { id } } }`)
	if at(lists, "recommendations", "nodes", 0, "id") != recommendation {
		t.Errorf("addressed to the department: %v", lists)
	}
	told := w.inbox("resident", "")
	slices.Reverse(told)
	for _, text := range []string{"a question was accepted for consultation.", "a question was considered.", "a question was decided.",
		"recommendation No. 1 was sent; an answer is due by 2013-02-20.", "recommendation No. 1 was answered."} {
		if !slices.Contains(told, "Общественная палата: "+text) {
			t.Errorf("the follower is not told that %s, but %q", text, told)
		}
	}
}

// overdue asks for late questions on the days around its last one.
func (w *chamber) overdue(question string) {
	w.t.Helper()
	for on, late := range map[string]float64{"2013-02-10": 0, "2013-02-11": 1, "2014-01-01": 1} {
		data := w.ask(request{Query: `query($id: ID!, $on: Date) { council(id: $id) { questions(asOf: $on, filter: {overdue: {eq: true}}) { totalCount nodes { id overdue(asOf: $on) } } } }`,
			Variables: map[string]any{"id": w.council, "on": on}})
		if at(data, "council", "questions", "totalCount") != late || late > 0 && (at(data, "council", "questions", "nodes", 0, "overdue") != true || at(data, "council", "questions", "nodes", 0, "id") != question) {
			w.t.Errorf("late on %s: %v", on, data)
		}
	}
}

// session holds a meeting of today with the question on its agenda, and opens it; it gives the point of
// the agenda.
func (w *chamber) session(question string) (item string) {
	w.t.Helper()
	meeting := w.made("secretary", "planMeeting", "meeting", map[string]any{"kind": "COUNCIL_SESSION", "title": "Заседание", "bodyId": w.council, "startsAt": "2013-02-01T09:00:00Z", "link": "https://example.ru/1"})
	item = w.made("secretary", "addAgendaItem", "agendaItem", map[string]any{"meetingId": meeting, "title": "Освещение"})
	if got := w.came("secretary", "adoptRecommendation", w.adoption("meetingId", meeting)); got != "CONFLICT meetingId" {
		w.t.Errorf("adopted before the meeting: %q", got)
	}
	w.done("secretary", "scheduleQuestion", "", map[string]any{"id": question, "expectedVersion": 2, "agendaItemId": item})
	if got := w.came("secretary", "considerQuestion", map[string]any{"id": question, "expectedVersion": 3, "consideredOn": "2013-02-01"}); got != "CONFLICT id" {
		w.t.Errorf("considered before the meeting: %q", got)
	}
	w.done("secretary", "announceMeeting", "", map[string]any{"id": meeting})
	entries := []any{}
	for n := range 3 {
		entries = append(entries, map[string]any{"personId": w.persons[n], "state": "PRESENT"})
	}
	w.done("secretary", "markAttendances", "", map[string]any{"meetingId": meeting, "entries": entries})
	w.done("secretary", "openSession", "", map[string]any{"meetingId": meeting})
	return item
}

// A conclusion is seen by the experts and the body until it is published, and by who asked then.
func TestAConclusionIsSeenWhenItIsPublished(t *testing.T) {
	w := newChamber(t)
	e := w.made("official", "askExpertise", "publicExpertise", map[string]any{"councilId": w.council, "title": "Правила", "organisationId": w.department, "askedById": w.persons[4], "dueOn": "2013-03-01"})
	w.done("secretary", "acceptExpertise", "", map[string]any{"id": e, "expectedVersion": 1})
	expert := w.made("secretary", "addExpert", "expertiseExpert", map[string]any{"expertiseId": e, "personId": w.persons[5], "qualification": "Инженер"})
	w.done("resident", "declareConflict", "", map[string]any{"id": expert, "expectedVersion": 1, "conflict": "NONE"})
	w.done("secretary", "startExpertise", "", map[string]any{"id": e, "expectedVersion": 2})
	conclusion := w.made("secretary", "draftConclusion", "expertiseConclusion", map[string]any{"expertiseId": e, "finding": "NOT_SUPPORTED", "text": "Заключение", "risks": "Риски", "proposals": []string{"Убрать", "Добавить"}})
	sees := func(what string, expected map[string]bool) {
		t.Helper()
		for as, expected := range expected {
			got := at(w.node(as, e, `... on PublicExpertise { conclusion { id } }`), "conclusion") != nil
			if got != expected || got != (w.node(as, conclusion, "id") != nil) {
				t.Errorf("a conclusion %s is seen by %q: %v", what, as, got)
			}
		}
	}
	sees("in work", map[string]bool{"": false, "head": false, "official": false, "stranger": false, "resident": true, "member": true, "secretary": true})
	w.done("resident", "signConclusion", "", map[string]any{"id": expert, "expectedVersion": 2, "conclusionVersion": 1, "opinion": "Особое мнение"})
	w.done("secretary", "concludeExpertise", "", map[string]any{"id": e, "expectedVersion": 3})
	sees("that is published", map[string]bool{"": true, "head": true, "official": true, "stranger": true})
	first := at(w.node("", conclusion, `... on ExpertiseConclusion { proposals { nodes { id } } }`), "proposals", "nodes", 0, "id").(string)
	second := at(w.node("", conclusion, `... on ExpertiseConclusion { proposals { nodes { id } } }`), "proposals", "nodes", 1, "id").(string)
	w.done("secretary", "openProposalCase", "", map[string]any{"id": first, "expectedVersion": 1})
	w.done("head", "replyToExpertise", "", map[string]any{"id": e, "expectedVersion": 4, "reply": "Учтём", "proposals": []any{
		map[string]any{"proposalId": second, "outcome": "REFUSED", "reasons": "Не по закону"}, map[string]any{"proposalId": first, "outcome": "ACCEPTED"}}})
	got := w.node("", e, `... on PublicExpertise { reply state conclusion { proposals { nodes { number outcome reasons case { publicState } } } } experts { nodes { opinion conflict person { id } } } }`)
	if diff := cmp.Diff(map[string]any{
		"reply": "Учтём", "state": "CONCLUDED", "conclusion": map[string]any{"proposals": map[string]any{"nodes": []any{
			map[string]any{"number": 1.0, "outcome": "ACCEPTED", "reasons": nil, "case": map[string]any{"publicState": "CLOSED"}},
			map[string]any{"number": 2.0, "outcome": "REFUSED", "reasons": "Не по закону", "case": nil}}}},
		"experts": map[string]any{"nodes": []any{map[string]any{"opinion": "Особое мнение", "conflict": "NONE", "person": map[string]any{"id": w.persons[5]}}}},
	}, got); diff != "" {
		t.Error(diff)
	}
}

// Reports are for the body that sent the member. A secondment ends with the seat.
func TestASecondmentAtTheDoor(t *testing.T) {
	w := newChamber(t)
	d := w.made(w.admin, "secondMember", "secondment", map[string]any{"councilId": w.council, "commissionId": w.commission, "personId": w.member, "startsOn": "2013-01-20", "withSeat": true,
		"reportDueOn": "2013-01-25", "act": "Решение № 2"})
	show := `... on Secondment { startsOn endsOn endReason seat { basis endsOn } reports(filter: {overdue: {eq: true}}) { totalCount } }`
	for as, late := range map[string]any{"": 0.0, "stranger": 0.0, "secretary": 1.0, "member": 1.0} {
		a := w.send(request{as: as, Query: `query($id: ID!) { node(id: $id) { ` + show + ` } }`, Variables: map[string]any{"id": d}})
		if got := at(a.Data, "node", "reports", "totalCount"); got != late {
			t.Errorf("late reports as %q: %v, want %v: %s", as, got, late, a.text)
		}
	}
	w.done("member", "giveSecondmentReport", "", map[string]any{"secondmentId": d, "text": "Отчёт"})
	membership := at(w.node("", w.council, fmt.Sprintf(`... on Council { members(filter: {person: {eq: %q}}) { nodes { id } } }`, w.member)), "members", "nodes", 0, "id")
	w.done("secretary", "endMembership", "", map[string]any{"id": membership, "expectedVersion": 1, "endsOn": "2013-02-03", "reason": "RESIGNED"})
	if diff := cmp.Diff(map[string]any{"startsOn": "2013-01-20", "endsOn": "2013-02-03", "endReason": "SEAT_ENDED", "seat": map[string]any{"basis": "EX_OFFICIO", "endsOn": "2013-02-03"},
		"reports": map[string]any{"totalCount": 0.0}}, w.node("secretary", d, show)); diff != "" {
		t.Error(diff)
	}
	data := w.ask(request{Query: `query($c: ID!, $m: ID!) { council(id: $c) { secondments(asOf: "2013-02-04") { totalCount } } commission: council(id: $m) { secondedMembers(asOf: "2013-02-03") { totalCount } } }`,
		Variables: map[string]any{"c": w.council, "m": w.commission}})
	if at(data, "council", "secondments", "totalCount") != 0.0 || at(data, "commission", "secondedMembers", "totalCount") != 1.0 {
		t.Errorf("as of a day: %v", data)
	}
}
