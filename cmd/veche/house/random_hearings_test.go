package house_test

import "github.com/veche-city/veche/core"

// furnishGatherings has a gathering in each state, with officials, a promise and topics.
func (s *stillWorld) furnishGatherings(id func(list string, n int) string) {
	police := s.made("createOrganisation", "organisation", map[string]any{"kind": "POLICE", "name": "Отдел полиции"})
	deputy := s.person(s.admin, "Заместителева")
	address := s.made("createAddress", "address", map[string]any{"locality": "г. Канск", "street": "ул. Сходная", "house": "7"})
	record := map[string]any{"title": "Сход жителей", "purpose": "О дорогах", "organiserId": police, "districtIds": []string{id("districts", 2)}, "place": "Двор дома 7",
		"heldOn": "2012-12-27", "headCount": 140, "estimated": true, "countedById": police,
		"officials": []any{map[string]any{"personId": deputy, "organisationId": id("organisations", 0), "title": "Заместитель главы"}}}
	for n, title := range []string{"Сход жителей", "Второй сход", "Третий сход"} {
		g := s.made("recordGathering", "gathering", with(record, "title", title))
		topics := []any{
			map[string]any{"kind": "PROBLEM", "text": "Яма на дороге", "place": "У дома 7", "addressId": address, "peopleCount": 12, "promisedById": deputy, "promisedUntil": "2014-06-01"},
			map[string]any{"kind": "IDEA", "text": "Сквер во дворе", "ownerOrganisationId": id("organisations", 0)},
			map[string]any{"kind": "QUESTION", "text": "Когда включат свет?"},
		}
		s.made("recordTopics", "gathering", map[string]any{"gatheringId": g, "topics": topics})
		if n < 2 {
			s.made("publishGathering", "gathering", map[string]any{"id": g, "expectedVersion": 2, "summary": "Поднято три вопроса", "withoutPersonalData": true})
		}
	}
	for n := range 3 {
		starts := s.clock.now().AddDate(0, 0, 30+n)
		g := s.made("planGathering", "gathering", map[string]any{"title": "Будущий сход", "districtIds": []string{id("districts", n)}, "link": "https://meet.example/g", "startsAt": starts})
		if n > 0 {
			s.made("announceGathering", "gathering", map[string]any{"id": g, "expectedVersion": 1})
		}
		if n > 1 {
			s.made("cancelGathering", "gathering", map[string]any{"id": g, "expectedVersion": 2, "reason": "Мороз"})
		}
	}
}

// furnishHearings has a hearing in each state. The published one was held by the world's own days: they are
// moved into the past once its statements are in, as the clock of this world stands. mine is the person of
// the account resident.
func (s *stillWorld) furnishHearings(id func(list string, n int) string, mine string) {
	s.made("setHearingRule", "hearingRule", map[string]any{"kind": "PLANNING_PROJECT", "expectedVersion": 1, "noticeDays": 0, "maxMonths": 1, "discussion": true, "law": "Устав города"})
	today := s.morning()
	day := func(n int) string { return today.AddDate(0, 0, n).Format("2006-01-02") }
	plan := map[string]any{"kind": "PLANNING_PROJECT", "subject": "Проект планировки", "text": "О набережной", "initiator": "HEAD", "appointingAct": "Постановление № 7",
		"organiserId": id("organisations", 0), "districtIds": []string{id("districts", 2), id("districts", 3)}, "link": "https://example.org/draft", "displayPlace": "Администрация",
		"displayFrom": day(0), "displayTo": day(20), "intakeFrom": day(0), "intakeTo": day(20)}
	session := []any{map[string]any{"startsAt": today.AddDate(0, 0, 10), "link": "https://meet.example/h"}}
	s.made("planPublicHearing", "publicHearing", with(plan, "subject", "Только запланированные", "sessions", session))
	for n, subject := range []string{"Проект планировки", "Другой проект", "Отменённый проект"} {
		form, sessions := "PUBLIC_DISCUSSION", []any{}
		if n == 1 {
			form, sessions = "PUBLIC_HEARING", session
		}
		h := s.made("planPublicHearing", "publicHearing", with(plan, "subject", subject, "form", form, "sessions", sessions))
		s.made("announcePublicHearing", "publicHearing", map[string]any{"id": h, "expectedVersion": 1})
		if n == 2 {
			s.made("cancelPublicHearing", "publicHearing", map[string]any{"id": h, "expectedVersion": 2, "reason": "Отозван"})
			continue
		}
		s.state(h, id, mine, day(0))
		if n == 0 {
			s.conclude(h)
		}
	}
}

// state hands in statements of three sorts, and clears and answers two of them.
func (s *stillWorld) state(hearing string, id func(list string, n int) string, mine, today string) {
	address := s.made("createAddress", "address", map[string]any{"locality": "г. Канск", "street": "ул. Слушаний", "house": hearing[len(hearing)-6:]})
	proposals := []any{map[string]any{"clause": "п. 3", "text": "Больше деревьев"}, map[string]any{"text": "И скамейки"}}
	record := map[string]any{"hearingId": hearing, "channel": "PAPER", "receivedOn": today, "residence": map[string]any{"districtId": id("districts", 2)}, "proposals": proposals}
	var made []string
	for _, in := range []map[string]any{
		with(record, "authorId", mine, "showName", true, "residence", map[string]any{"addressId": address}),
		with(record, "organisationId", id("organisations", 1)),
		with(record, "authorId", mine, "channel", "EMAIL", "residence", map[string]any{"elsewhere": true}),
	} {
		made = append(made, s.made("recordHearingStatement", "hearingStatement", in))
	}
	for n, statement := range made {
		data := s.ask(request{as: s.admin, Query: `query($id: ID!) { node(id: $id) { ... on HearingStatement { proposals { nodes { id } } } } }`, Variables: map[string]any{"id": statement}})
		var ids, texts []any
		for _, p := range at(data, "node", "proposals", "nodes").([]any) {
			ids = append(ids, at(p, "id"))
			texts = append(texts, map[string]any{"proposalId": at(p, "id")})
		}
		s.made("checkHearingStanding", "hearingStatement", map[string]any{"id": statement, "expectedVersion": 1, "check": []string{"CONFIRMED", "REFUTED", "CONFIRMED"}[n]})
		s.made("publishHearingStatement", "hearingStatement", map[string]any{"id": statement, "expectedVersion": 2, "texts": texts})
		s.made("answerHearingProposals", "publicHearing", map[string]any{"proposalIds": ids, "outcome": []string{"ACCEPTED", "PARTLY", "REFUSED"}[n], "reasons": "Так предусмотрено"})
	}
	s.made("recordHearingStatement", "hearingStatement", with(record, "authorId", mine)) // nobody has looked at it yet
}

// conclude puts a discussion's days into the past, and ends it.
func (s *stillWorld) conclude(hearing string) {
	data := s.ask(request{as: s.admin, Query: `query($id: ID!) { publicHearing(id: $id) { statements(filter: {published: {eq: false}}) { nodes { id proposals { nodes { id } } } } } }`, Variables: map[string]any{"id": hearing}})
	last := at(data, "publicHearing", "statements", "nodes", 0)
	var ids, texts []any
	for _, p := range at(last, "proposals", "nodes").([]any) {
		ids = append(ids, at(p, "id"))
		texts = append(texts, map[string]any{"proposalId": at(p, "id")})
	}
	s.made("publishHearingStatement", "hearingStatement", map[string]any{"id": at(last, "id"), "expectedVersion": 1, "texts": texts})
	s.made("answerHearingProposals", "publicHearing", map[string]any{"proposalIds": ids, "outcome": "PARTLY", "reasons": "Так предусмотрено"})
	key, err := core.ParseID(hearing)
	must(s.t, err)
	_, err = s.DB.NewRaw(`UPDATE public_hearings SET announced_on = announced_on - 30, display_from = display_from - 30, display_to = display_to - 30,
		intake_from = intake_from - 30, intake_to = intake_to - 30, publish_by = publish_by - 30 WHERE id = ?`, key.Key).Exec(s.t.Context())
	must(s.t, err)
	version := func() any {
		return at(s.ask(request{as: s.admin, Query: `query($id: ID!) { publicHearing(id: $id) { version } }`, Variables: map[string]any{"id": hearing}}), "publicHearing", "version")
	}
	s.made("concludePublicHearing", "publicHearing", map[string]any{"id": hearing, "expectedVersion": version(), "text": "Утвердить"})
	s.made("publishPublicHearing", "publicHearing", map[string]any{"id": hearing, "expectedVersion": version()})
}
