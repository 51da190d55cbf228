package house_test

// furnishAssemblies adds what happens to an assembly beside the naming of delegates: a second charter,
// substitutes, a suspension, nominations, and one assembly that was dissolved.
func (s *stillWorld) furnishAssemblies() {
	data := s.ask(request{as: s.admin, Query: `{ assemblies(first: 1) { nodes { id version } } organisations(first: 3) { nodes { id } } persons(first: 60) { nodes { id } }
		mayors: councils(first: 1, filter: {kind: {eq: PUBLIC_COUNCIL}}) { nodes { id delegates(first: 1) { nodes { id version } } } }
		districts(first: 1, orderBy: {field: NUMBER, direction: ASC}) { nodes { councils(first: 1) { nodes { id
			delegates(first: 4) { nodes { id version person { memberships(first: 1) { nodes { id version } } } } }
			members(first: 30) { nodes { person { id delegateSeats { totalCount } } } } } } } } }`})
	assembly, council := at(data, "assemblies", "nodes", 0, "id"), at(data, "districts", "nodes", 0, "councils", "nodes", 0)
	mayors, other := at(data, "mayors", "nodes", 0, "id"), at(s.ask(request{Query: `{ councils(first: 1, filter: {kind: {eq: COORDINATION_COUNCIL}}, asOf: "2013-02-01") { nodes { id } } }`}), "councils", "nodes", 0, "id")
	organisation := at(data, "organisations", "nodes", 0, "id")
	s.made("updateAssembly", "assembly", map[string]any{"id": assembly, "expectedVersion": at(data, "assemblies", "nodes", 0, "version"), "purpose": "Совет города"})
	s.made("adoptCharter", "charter", map[string]any{"assemblyId": assembly, "act": "Решение № 2", "startsOn": "2013-01-15", "termMonths": 36, "substitutesAllowed": true, "proxiesHeld": 1,
		"majorities": []any{map[string]any{"question": "charter", "name": "Изменение устава", "kind": "QUALIFIED", "numerator": 2, "denominator": 3, "of": "ALL"}}, "amendmentsAs": "charter",
		"rules": []any{
			map[string]any{"key": "districts", "name": "От микрорайонов", "kind": "EACH_DISTRICT", "seats": 3, "councilKind": "COMMUNITY_COUNCIL"},
			map[string]any{"key": "mayors-council", "name": "От совета при главе", "kind": "BODY_CHOOSES", "seats": 21, "councilId": mayors},
			map[string]any{"key": "ngo", "name": "По выдвижению", "kind": "NOMINATION", "seats": 3},
			map[string]any{"key": "chamber", "name": "Комиссии", "kind": "EACH_BODY", "seats": 1, "councilKind": "TERRITORIAL_COMMISSION"},
		}})
	rules := map[any]any{}
	for _, r := range at(s.ask(request{as: s.admin, Query: `{ assemblies(first: 1) { nodes { seatRules { nodes { id key } } } } }`}), "assemblies", "nodes", 0, "seatRules", "nodes").([]any) {
		rules[at(r, "key")] = at(r, "id")
	}
	free := func() any { // a member of the council who is no delegate
		for _, m := range at(council, "members", "nodes").([]any) {
			if at(m, "person", "delegateSeats", "totalCount") == 0.0 {
				return at(m, "person", "id")
			}
		}
		return nil
	}
	holder := func(n int) any { return at(council, "delegates", "nodes", n, "id") }
	session := s.made("planMeeting", "meeting", map[string]any{"kind": "COUNCIL_SESSION", "title": "Заседание совета", "bodyId": at(council, "id"), "startsAt": "2013-03-10T10:00:00+08:00"})
	substitute := s.made("nameSubstitute", "delegate", map[string]any{"ruleId": rules["districts"], "councilId": at(council, "id"), "personId": free(), "startsOn": "2013-01-16", "minutes": "Протокол № 7", "meetingId": session})
	call := s.made("callSubstitute", "substituteCall", map[string]any{"delegateId": holder(0), "substituteId": substitute, "startsOn": "2013-01-17"})
	s.made("endSubstituteCall", "substituteCall", map[string]any{"id": call, "expectedVersion": 1, "endsOn": "2013-06-30"})
	suspension := s.made("suspendDelegate", "delegateSuspension", map[string]any{"delegateId": holder(1), "startsOn": "2013-01-17", "minutes": "Решение № 3"})
	s.made("endSuspension", "delegateSuspension", map[string]any{"id": suspension, "expectedVersion": 1, "endsOn": "2013-12-31"})
	for n := 1; n < 3; n++ {
		seat := at(council, "delegates", "nodes", n, "person", "memberships", "nodes", 0)
		s.made("endMembership", "membership", map[string]any{"id": at(seat, "id"), "expectedVersion": at(seat, "version"), "endsOn": "2013-01-25", "reason": "RESIGNED"})
	}
	last := at(data, "mayors", "nodes", 0, "delegates", "nodes", 0)
	s.made("recallDelegate", "delegate", map[string]any{"id": at(last, "id"), "expectedVersion": at(last, "version"), "endsOn": "2013-01-20", "minutes": "Протокол № 8"})
	s.made("planMeeting", "meeting", map[string]any{"kind": "ASSEMBLY_SESSION", "title": "Заседание собрания", "bodyId": assembly, "startsAt": "2013-03-20T10:00:00+08:00"})
	nominate := func(n int) string {
		return s.made("nominate", "nomination", map[string]any{"ruleId": rules["ngo"], "personId": at(data, "persons", "nodes", 40+n, "id"), "organisationId": organisation, "minutes": "Протокол № 1", "nominatedOn": "2013-01-16"})
	}
	for n, decide := range []string{"acceptNomination", "rejectNomination", "withdrawNomination", ""} {
		id := nominate(n)
		in := map[string]any{"id": id, "expectedVersion": 1}
		switch decide {
		case "acceptNomination":
			in["startsOn"], in["reason"] = "2013-01-17", "Единогласно"
		case "rejectNomination":
			in["reason"] = "Нет согласия"
		}
		if decide != "" {
			s.made(decide, "nomination", in)
		}
	}
	s.made("nominate", "nomination", map[string]any{"ruleId": rules["ngo"], "personId": at(data, "persons", "nodes", 45, "id"), "councilId": mayors, "minutes": "Протокол № 4", "nominatedOn": "2013-01-16"})
	whole := s.made("createAssembly", "assembly", map[string]any{"name": "Большой совет", "foundingAct": "Решение № 8", "foundedOn": "2010-10-01", "activeFrom": "2010-10-01"})
	s.made("adoptCharter", "charter", map[string]any{"assemblyId": whole, "act": "Положение", "startsOn": "2010-10-01", "rules": []any{
		map[string]any{"key": "all", "name": "Весь совет", "kind": "BODY_ALL", "councilId": other},
		map[string]any{"key": "chosen", "name": "Избранные", "kind": "BODY_CHOOSES", "councilId": mayors, "seats": 2},
		map[string]any{"key": "one", "name": "От организации", "kind": "NOMINATION", "organisationId": organisation, "seats": 1}}})
	gone := s.made("createAssembly", "assembly", map[string]any{"kind": "DELEGATE_CONFERENCE", "name": "Конференция", "foundingAct": "Решение № 9", "foundedOn": "2012-02-01", "activeFrom": "2012-02-10"})
	s.made("adoptCharter", "charter", map[string]any{"assemblyId": gone, "act": "Положение", "startsOn": "2012-02-01", "rules": []any{
		map[string]any{"key": "all", "name": "Весь совет", "kind": "BODY_ALL", "councilId": mayors}}})
	s.made("dissolveAssembly", "assembly", map[string]any{"id": gone, "expectedVersion": 1, "dissolvedOn": "2012-12-01", "reason": "Цель достигнута"})
}
