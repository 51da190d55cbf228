package house_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// met is a town with a council that meets: its secretary and a member with accounts, a clerk, a resident.
type met struct {
	*town
	council, other, neighbour string
}

func newMet(t *testing.T) *met {
	w := &met{town: newTown(t)}
	w.council, w.other = w.town.council("name", "Совет собраний"), w.town.council("name", "Другой совет")
	for n, login := range []string{"secretary", "member"} {
		w.account(w.admin, login, w.persons[n], "", "")
		w.seat(w.council, n, "post", map[string]string{"secretary": "SECRETARY", "member": "MEMBER"}[login])
	}
	w.account(w.admin, "stranger", w.persons[2], "", "")
	w.seat(w.other, 2, "post", "SECRETARY")
	w.account(w.admin, "resident", w.person(w.admin, "Жителева"), "", "")
	w.neighbour = w.person(w.admin, "Соседова")
	w.account(w.admin, "neighbour", w.neighbour, "", "")
	w.account(w.admin, "clerk", "", "clerk", "")
	return w
}

// meeting plans a session of the council for the evening of 1 February 2013, the world's today.
func (w *met) meeting(changes ...any) string {
	w.t.Helper()
	in := with(map[string]any{"kind": "COUNCIL_SESSION", "title": "Заседание о мосте", "bodyId": w.council, "link": "https://meet.example/1",
		"startsAt": "2013-02-01T18:00:00+08:00", "endsAt": "2013-02-01T20:00:00+08:00"}, changes...)
	return at(w.done("secretary", "planMeeting", "meeting { id }", in), "meeting", "id").(string)
}

func (w *met) announced(changes ...any) string {
	w.t.Helper()
	m := w.meeting(changes...)
	w.done("secretary", "announceMeeting", "", map[string]any{"id": m})
	return m
}

// sees is what of a field of the meeting somebody is shown.
func (w *met) sees(as, meeting, field string) any {
	w.t.Helper()
	a := w.send(request{as: as, Query: fmt.Sprintf(`query($id: ID!) { meeting(id: $id) { %s } }`, field), Variables: map[string]any{"id": meeting}})
	return at(a.Data, "meeting")
}

func TestMeetings(t *testing.T) {
	w := newMet(t)
	run := func(name string, fn func(*testing.T, *met)) {
		w.run(t, name, func(t *testing.T, inner *town) { fn(t, &met{inner, w.council, w.other, w.neighbour}) })
	}
	run("who sees them", whoSeesMeetings)
	run("refusals", meetingsRefuse)
	run("names", namesAreForStaff)
	run("a session", aSession)
	run("lists", meetingsAreListed)
	run("statements", aRowOfMeetings)
	run("live", meetingsLive)
	run("another town", meetingsOfAnotherTown)
	run("calendars", calendars)
	run("a person's calendar", aPersonsCalendar)
}

func whoSeesMeetings(t *testing.T, w *met) {
	m := w.meeting()
	for as, sees := range map[string]bool{"": false, "resident": false, "stranger": false, "member": true, "secretary": true, "clerk": true} {
		if got := w.sees(as, m, "title"); (got != nil) != sees {
			t.Errorf("%q sees a planned meeting: %v", as, got)
		}
	}
	w.done("secretary", "addAgendaItem", "", map[string]any{"meetingId": m, "title": "Ремонт моста"})
	w.done("secretary", "announceMeeting", "", map[string]any{"id": m})
	got := w.sees("", m, `title form state noticeDays body { __typename ... on Council { name } } agenda(first: 5) { nodes { position title outcome } } quorum { members seats required present reached } registration { capacity }`)
	want := `map[agenda:map[nodes:[map[outcome:<nil> position:1 title:Ремонт моста]]] body:map[__typename:Council name:Совет собраний] form:ONLINE noticeDays:0 quorum:map[members:2 present:0 reached:false required:2 seats:2] registration:<nil> state:ANNOUNCED title:Заседание о мосте]`
	if fmt.Sprint(got) != want {
		t.Errorf("the public sees\n%v, want\n%s", got, want)
	}
}

func meetingsRefuse(t *testing.T, w *met) {
	m := w.announced()
	item := at(w.done("secretary", "addAgendaItem", "agendaItem { id }", map[string]any{"meetingId": m, "title": "Вопрос"}), "agendaItem", "id")
	plan := map[string]any{"kind": "COUNCIL_SESSION", "title": "Ещё одно", "bodyId": w.council, "startsAt": "2013-02-03T18:00:00+08:00"}
	for name, in := range map[string]map[string]any{
		"planMeeting": plan, "cancelMeeting": {"id": m, "reason": "Проба"}, "moveMeeting": {"id": m, "expectedVersion": 2, "startsAt": "2013-02-02T18:00:00+08:00"},
		"updateMeeting": {"id": m, "expectedVersion": 2, "title": "Иное"}, "addAgendaItem": {"meetingId": m, "title": "Ещё"}, "moveAgendaItem": {"id": item, "position": 1},
		"addSpeaker": {"itemId": item, "personId": w.persons[0]}, "closeAgendaItem": {"id": item, "outcome": "NOTED"}, "openRegistration": {"meetingId": m, "capacity": 1},
		"openSession": {"meetingId": m}, "closeSession": {"meetingId": m}, "markAttendance": {"meetingId": m, "personId": w.persons[0], "state": "PRESENT"},
		"writeMinutes": {"meetingId": m, "text": "Протокол"}, "bulkCheckIn": {"meetingId": m, "entries": []any{map[string]any{"code": "X", "at": "2013-02-01T18:00:00+08:00"}}},
	} {
		for as, want := range map[string]string{"": "UNAUTHENTICATED", "resident": "FORBIDDEN", "stranger": "FORBIDDEN", "member": "FORBIDDEN"} {
			if got := w.came(as, name, in); got != want {
				t.Errorf("%s as %q: %q, want %q", name, as, got, want)
			}
		}
	}
	if got := w.came("secretary", "setMeetingNotice", map[string]any{"kind": "HEARING", "days": 7}); got != "FORBIDDEN" {
		t.Errorf("the secretary sets the town's notice: %q", got)
	}
	for name, in := range map[string]map[string]any{"closeSession": {"meetingId": m}, "closeAgendaItem": {"id": item, "outcome": "NOTED"}, "writeMinutes": {"meetingId": m, "text": "Протокол"}, "openSession": {"meetingId": m}} {
		if got := w.came("secretary", name, in); got != "CONFLICT" {
			t.Errorf("%s in the wrong state: %q", name, got)
		}
	}
}

// The public sees how many are registered; who, only staff and each their own.
func namesAreForStaff(t *testing.T, w *met) {
	m := w.announced()
	w.done("secretary", "openRegistration", "", map[string]any{"meetingId": m, "capacity": 1})
	for _, as := range []string{"resident", "neighbour"} {
		w.done(as, "registerForMeeting", "registration { code }", map[string]any{"meetingId": m})
	}
	for as, want := range map[string]int{"": 0, "member": 0, "stranger": 0, "resident": 1, "neighbour": 1, "clerk": 2, "secretary": 2} {
		got := w.sees(as, m, `registration { registered waiting } registrations(first: 10) { totalCount nodes { state arrival person { id } } }`)
		shown, _ := at(got, "registrations", "nodes").([]any)
		if len(shown) != want || at(got, "registration", "registered") != 1.0 || at(got, "registration", "waiting") != 1.0 {
			t.Errorf("%q sees %v", as, got)
		}
	}
	mine := w.ask(request{as: "neighbour", Variables: map[string]any{"p": w.neighbour}, Query: `query($p: ID!) { person(id: $p) { registrations(first: 5, filter: {state: {eq: WAITING}}) { nodes { id state meeting { title } } } } }`})
	if at(mine, "person", "registrations", "nodes", 0, "meeting", "title") != "Заседание о мосте" {
		t.Errorf("one's own: %v", mine)
	}
	place := at(w.sees("resident", m, `registrations(first: 1) { nodes { id } }`), "registrations", "nodes", 0, "id")
	w.done("resident", "cancelRegistration", "", map[string]any{"id": place})
	if got := at(w.sees("neighbour", m, `registrations(first: 1) { nodes { state } }`), "registrations", "nodes", 0, "state"); got != "REGISTERED" {
		t.Errorf("the first who waited is %v", got)
	}
}

func aSession(t *testing.T, w *met) {
	m := w.announced()
	item := at(w.done("secretary", "addAgendaItem", "agendaItem { id }", map[string]any{"meetingId": m, "title": "Вопрос"}), "agendaItem", "id")
	w.done("secretary", "markAttendances", "", map[string]any{"meetingId": m, "entries": []any{map[string]any{"personId": w.persons[0], "state": "PRESENT"}}})
	if got := w.came("secretary", "openSession", map[string]any{"meetingId": m}); got != "CONFLICT" {
		t.Errorf("one of two is a quorum: %q", got)
	}
	w.done("secretary", "markAttendance", "attendance { state }", map[string]any{"meetingId": m, "personId": w.persons[1], "state": "ABSENT_EXCUSED", "reason": "Болезнь"})
	for as, want := range map[string]string{"": "FORBIDDEN", "resident": "FORBIDDEN", "stranger": "FORBIDDEN", "member": "", "secretary": ""} {
		a := w.send(request{as: as, Query: `query($id: ID!, $p: ID!) { meeting(id: $id) { attendance(first: 5, filter: {person: {eq: $p}}) { nodes { state reason } } } }`, Variables: map[string]any{"id": m, "p": w.persons[1]}})
		if as == "" {
			want = "UNAUTHENTICATED"
		}
		if got := strings.Join(a.codes(), " "); got != want || strings.Contains(a.text, "Болезнь") != (want == "") || !strings.Contains(a.text, "ABSENT_EXCUSED") {
			t.Errorf("%q sees why a member is absent: %s", as, a.text)
		}
	}
	w.done("secretary", "markAttendance", "", map[string]any{"meetingId": m, "personId": w.persons[1], "state": "PRESENT"})
	w.done("secretary", "openSession", "meeting { state }", map[string]any{"meetingId": m})
	asked := w.done("resident", "askFloorQuestion", "case { origin source { __typename id } }", map[string]any{"meetingId": m, "text": "Когда починят мост?"})
	if at(asked, "case", "origin") != "QUESTION" || at(asked, "case", "source", "id") != m {
		t.Errorf("a question: %v", asked)
	}
	if got := w.sees("resident", m, `floorQuestions(first: 5) { nodes { origin } }`); at(got, "floorQuestions", "nodes", 0, "origin") != "QUESTION" {
		t.Errorf("one's own question: %v", got)
	}
	if got := w.sees("neighbour", m, `floorQuestions(first: 5) { nodes { origin } }`); len(at(got, "floorQuestions", "nodes").([]any)) != 0 {
		t.Errorf("another's question: %v", got)
	}
	w.done("secretary", "closeAgendaItem", "agendaItem { outcome }", map[string]any{"id": item, "outcome": "DECIDED", "text": "Чинить", "votesFor": 2, "votesAgainst": 0, "votesAbstained": 0})
	w.done("secretary", "closeSession", "", map[string]any{"meetingId": m})
	minutes := at(w.done("secretary", "writeMinutes", "minutes { id }", map[string]any{"meetingId": m, "text": "Решили чинить"}), "minutes", "id")
	w.done("secretary", "agreeMinutes", "", map[string]any{"id": minutes, "expectedVersion": 1})
	for as, sees := range map[string]int{"": 0, "stranger": 0, "member": 1} {
		if got := w.sees(as, m, `minutes(first: 5) { nodes { text } }`); len(at(got, "minutes", "nodes").([]any)) != sees {
			t.Errorf("%q sees agreed minutes: %v", as, got)
		}
	}
	w.done("secretary", "publishMinutes", "minutes { publishedBy { name } }", map[string]any{"id": minutes, "expectedVersion": 2})
	got := w.sees("", m, `state quorumAtOpening { members required present reached } quorumAtClose { present } quorum { present } minutes(first: 5) { nodes { number state text } } attendance(first: 5) { totalCount }`)
	want := `map[attendance:map[totalCount:2] minutes:map[nodes:[map[number:1 state:PUBLISHED text:Решили чинить]]] quorum:map[present:2] quorumAtClose:map[present:2] quorumAtOpening:map[members:2 present:2 reached:true required:2] state:MINUTES_APPROVED]`
	if fmt.Sprint(got) != want {
		t.Errorf("the public sees\n%v, want\n%s", got, want)
	}
}

func meetingsAreListed(t *testing.T, w *met) {
	data := w.ask(request{as: w.admin, Query: `{ venues(first: 1) { nodes { id } } organisations(first: 1) { nodes { id } } }`})
	venue, organiser := at(data, "venues", "nodes", 0, "id"), at(data, "organisations", "nodes", 0, "id")
	m := at(w.done(w.admin, "planMeeting", "meeting { id }", map[string]any{"kind": "GATHERING", "title": "Сход у фонтана", "venueId": venue, "organiserId": organiser, "districtId": w.district(3),
		"startsAt": "2013-03-01T18:00:00+08:00"}), "meeting", "id")
	w.done(w.admin, "announceMeeting", "", map[string]any{"id": m})
	theirs := w.announced("title", "В списке совета")
	a := w.ask(request{Variables: map[string]any{"d": w.district(3), "v": venue, "o": organiser, "c": w.council}, Query: `query($d: ID!, $v: ID!, $o: ID!, $c: ID!) {
		district(id: $d) { meetings(first: 5) { nodes { id } } } venue(id: $v) { meetings(first: 5) { nodes { id } } } organisation(id: $o) { organisedMeetings(first: 5) { nodes { id } } }
		council(id: $c) { meetings(first: 50, filter: {search: "списке совета"}) { nodes { id } } }
		byKind: meetings(first: 5, filter: {kind: {eq: GATHERING}, state: {eq: ANNOUNCED}, startsAt: {gte: "2013-02-28T00:00:00Z"}}) { nodes { id } }
		byBody: meetings(first: 50, filter: {body: {eq: $c}, startsOn: {eq: "2013-02-01"}, search: "списке совета"}) { nodes { id } } }`})
	for place, want := range map[string]any{"district meetings": m, "venue meetings": m, "organisation organisedMeetings": m, "council meetings": theirs, "byKind": m, "byBody": theirs} {
		found := any(a)
		for step := range strings.FieldsSeq(place) {
			found = at(found, step)
		}
		if at(found, "nodes", 0, "id") != want || len(at(found, "nodes").([]any)) != 1 {
			t.Errorf("%s: %v, want %v", place, at(found, "nodes"), want)
		}
	}
}

// A page of meetings with their quorum is one statement, however many they are.
func aRowOfMeetings(t *testing.T, w *met) {
	for range 3 {
		w.announced()
	}
	for _, n := range []int{1, 3, 5} {
		got := w.statements.during(func() {
			w.ask(request{Variables: map[string]any{"n": n}, Query: `query($n: Int!) { meetings(first: $n) { nodes { title quorum { members required present reached } registration { waiting } venue { name } agenda(first: 3) { nodes { title } } } } }`})
		})
		if len(got) != 1 {
			t.Errorf("%d meetings: %d statements", n, len(got))
		}
	}
}

func meetingsLive(t *testing.T, w *met) {
	m := w.announced()
	live := w.listen(w.socket, request{Query: `subscription($id: ID) { meetingChanged(id: $id) { kind meeting { state registration { registered } quorum { present } } } }`, Variables: map[string]any{"id": m}})
	w.done("secretary", "openRegistration", "", map[string]any{"meetingId": m, "capacity": 5})
	for live.next().Data == nil {
	}
	w.done("resident", "registerForMeeting", "", map[string]any{"meetingId": m})
	if got := live.next(); at(got.Data, "meetingChanged", "meeting", "registration", "registered") != 1.0 {
		t.Errorf("registered: %s", got.text)
	}
	w.done("secretary", "markAttendance", "", map[string]any{"meetingId": m, "personId": w.persons[0], "state": "PRESENT"})
	if got := live.next(); at(got.Data, "meetingChanged", "meeting", "quorum", "present") != 1.0 {
		t.Errorf("came: %s", got.text)
	}
}

func meetingsOfAnotherTown(t *testing.T, w *met) {
	second := "admin-achinsk"
	if w.tokens[second] == "" {
		w.administrator("achinsk")
	}
	m := w.announced()
	item := at(w.done("secretary", "addAgendaItem", "agendaItem { id }", map[string]any{"meetingId": m, "title": "Вопрос"}), "agendaItem", "id")
	for name, in := range map[string]map[string]any{
		"cancelMeeting": {"id": m, "reason": "Чужой"}, "addAgendaItem": {"meetingId": m, "title": "Чужой"}, "closeAgendaItem": {"id": item, "outcome": "NOTED"},
		"openSession": {"meetingId": m}, "openRegistration": {"meetingId": m, "capacity": 1}, "writeMinutes": {"meetingId": m, "text": "Чужой"},
		"planMeeting": {"kind": "COUNCIL_SESSION", "title": "Чужой", "bodyId": w.council, "startsAt": "2013-03-01T18:00:00+08:00"},
	} {
		a := w.send(request{as: second, town: "achinsk", Variables: map[string]any{"in": in}, Query: fmt.Sprintf(`mutation($in: %s%sInput!) { %s(input: $in) { userErrors { code } } }`, strings.ToUpper(name[:1]), name[1:], name)})
		if !slices.Equal(a.codes(), []string{"NOT_FOUND"}) {
			t.Errorf("%s: %s", name, a.text)
		}
	}
}
