package house_test

import "time"

// furnishMeetings holds meetings of every kind and in every state: one with all that a meeting can have, up to its
// corrected minutes; others planned, announced, in session and cancelled.
func (s *stillWorld) furnishMeetings(data map[string]any, id func(string, int) string, mine string) {
	council := at(data, "councils", "nodes", 0)
	m := meetingsMaker{s, at(council, "id").(string), mine, s.clock.now().Add(48 * time.Hour).Truncate(time.Hour)}
	s.made("setMeetingNotice", "meetingNotice", map[string]any{"kind": "HEARING", "days": 7})
	s.made("setMeetingNotice", "meetingNotice", map[string]any{"kind": "GATHERING", "days": 1})
	full := m.plan("COUNCIL_SESSION", "bodyId", m.council, "venueId", id("venues", 0), "organiserId", id("organisations", 0), "districtId", id("districts", 1))
	next := m.plan("COUNCIL_SESSION", "bodyId", m.council, "venueId", id("venues", 1))
	m.announce(full)
	m.agenda(full, id)
	m.list(full, id)
	crowded := m.plan("GATHERING", "districtId", id("districts", 2), "organiserId", id("organisations", 1))
	m.announce(crowded)
	m.list(crowded, id)
	running := m.plan("COUNCIL_SESSION", "bodyId", m.council, "districtId", id("districts", 1))
	m.announce(running)
	cancelled := m.plan("OTHER", "districtId", id("districts", 2))
	m.announce(cancelled)
	s.made("cancelMeeting", "meeting", map[string]any{"id": cancelled, "reason": "Карантин"})
	s.made("moveMeeting", "meeting", map[string]any{"id": crowded, "expectedVersion": m.version(crowded), "link": "https://meet.example/3"})
	s.clock.at.Store(m.start.Add(10 * time.Minute).UnixNano()) // the evening of the sessions
	m.open(full, council)
	m.hold(full, next, id)
	m.open(running, council)
	m.minutes(full, id("persons", 25))
}

// meetingsMaker makes meetings of one council; mine is the person of the account resident.
type meetingsMaker struct {
	*stillWorld
	council, mine string
	start         time.Time // of all that is planned
}

func (m meetingsMaker) plan(kind string, changes ...any) string {
	in := map[string]any{"kind": kind, "title": "Заседание о набережной", "link": "https://meet.example/1",
		"startsAt": m.start.Format(time.RFC3339), "endsAt": m.start.Add(2 * time.Hour).Format(time.RFC3339)}
	return m.made("planMeeting", "meeting", with(in, changes...))
}

func (m meetingsMaker) announce(meeting string) {
	m.made("announceMeeting", "meeting", map[string]any{"id": meeting})
}

func (m meetingsMaker) version(meeting string) any {
	return at(m.ask(request{as: m.admin, Query: `query($id: ID!) { meeting(id: $id) { version } }`, Variables: map[string]any{"id": meeting}}), "meeting", "version")
}

func (m meetingsMaker) agenda(meeting string, id func(string, int) string) {
	for n, title := range []string{"Набережная", "Парк", "Разное"} {
		item := m.made("addAgendaItem", "agendaItem", map[string]any{"meetingId": meeting, "title": title, "text": "О благоустройстве"})
		for k, role := range []string{"RAPPORTEUR", "EXPERT"} {
			m.made("addSpeaker", "agendaItem", map[string]any{"itemId": item, "personId": id("persons", 10+2*n+k), "role": role})
		}
	}
}

// list fills a meeting with room for two: two have a place, two wait, one left.
func (m meetingsMaker) list(meeting string, id func(string, int) string) {
	m.made("openRegistration", "meeting", map[string]any{"meetingId": meeting, "capacity": 2, "closesAt": m.start.Add(-time.Hour).Format(time.RFC3339)})
	var first string
	for n, person := range []string{id("persons", 20), m.mine, id("persons", 21), id("persons", 22), id("persons", 23)} {
		place := m.made("registerForMeeting", "registration", map[string]any{"meetingId": meeting, "personId": person})
		if n == 0 {
			first = place
		}
	}
	m.made("cancelRegistration", "registration", map[string]any{"id": first})
}

// open notes who has come and who has not, and opens the session.
func (m meetingsMaker) open(meeting string, council any) {
	members := at(m.ask(request{as: m.admin, Query: `query($id: ID!, $on: Date!) { council(id: $id) { members(first: 50, asOf: $on) { nodes { person { id } } } } }`,
		Variables: map[string]any{"id": at(council, "id"), "on": m.start.In(m.Towns.ByKey("kansk").Location()).Format(time.DateOnly)}}), "council", "members", "nodes").([]any)
	var entries []any
	for n, member := range members {
		entry := map[string]any{"personId": at(member, "person", "id"), "state": "PRESENT"}
		if n == len(members)-1 {
			entry = with(entry, "state", "ABSENT_EXCUSED", "reason", "Болезнь")
		}
		entries = append(entries, entry)
	}
	m.made("markAttendances", "meeting", map[string]any{"meetingId": meeting, "entries": entries})
	m.clock.step()
	m.made("markAttendance", "attendance", map[string]any{"meetingId": meeting, "personId": at(members[0], "person", "id"), "state": "PRESENT", "leftAt": m.clock.now().Add(-5 * time.Minute).Format(time.RFC3339)})
	m.made("markAttendance", "attendance", map[string]any{"meetingId": meeting, "personId": at(members[0], "person", "id"), "state": "PRESENT"})
	m.made("openSession", "meeting", map[string]any{"meetingId": meeting})
}

// hold takes a session to its end.
func (m meetingsMaker) hold(meeting, next string, id func(string, int) string) {
	for _, person := range []any{m.mine, id("persons", 24), nil} {
		m.made("askFloorQuestion", "case", with(map[string]any{"meetingId": meeting, "text": "Когда откроют набережную?", "anonymous": person == nil}, "personId", person))
	}
	found := m.ask(request{as: m.admin, Query: `query($id: ID!) { meeting(id: $id) { agenda(first: 5) { nodes { id } } questions(first: 1) { nodes { id } } registrations(first: 9, filter: {state: {eq: REGISTERED}}) { nodes { id } } } }`, Variables: map[string]any{"id": meeting}})
	m.made("addAgendaItem", "agendaItem", map[string]any{"meetingId": next, "title": "Вопрос из зала", "sourceCaseId": at(found, "meeting", "questions", "nodes", 0, "id")})
	m.made("checkIn", "registration", map[string]any{"registrationId": at(found, "meeting", "registrations", "nodes", 0, "id")})
	for n, outcome := range []map[string]any{{"outcome": "DECIDED", "text": "Открыть", "votesFor": 5, "votesAgainst": 1, "votesAbstained": 0}, {"outcome": "POSTPONED", "postponedToId": next}, {"outcome": "NOTED"}} {
		m.made("closeAgendaItem", "agendaItem", with(outcome, "id", at(found, "meeting", "agenda", "nodes", n, "id")))
	}
	m.made("closeSession", "meeting", map[string]any{"meetingId": meeting})
}

// minutes has an official publish two versions, the second in the place of the first, and begin a third.
func (m meetingsMaker) minutes(meeting string, person string) {
	m.account(m.admin, "recorder", person, "official", "")
	done := func(name string, in map[string]any) any {
		m.clock.step()
		return at(m.done("recorder", name, "minutes { id }", in), "minutes", "id")
	}
	for range 2 {
		version := done("writeMinutes", map[string]any{"meetingId": meeting, "text": "Решили открыть"})
		done("agreeMinutes", map[string]any{"id": version, "expectedVersion": 1})
		done("publishMinutes", map[string]any{"id": version, "expectedVersion": 2})
	}
	done("writeMinutes", map[string]any{"meetingId": meeting, "text": "Решили открыть в мае"})
}
