package house_test

import (
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
)

// Wrong roles, wrong bodies, wrong states, before anything is done; and nothing of it leaves a trace.
func TestAssembliesRefuse(t *testing.T) {
	w := newDelegation(t)
	for login, n := range map[string]int{"secretary": 2, "chair": 0, "member": 4} {
		w.account(w.admin, login, memberOf(w.first, n).(string), "", "")
	}
	w.account(w.admin, "stranger", memberOf(w.second, 0).(string), "", "")
	w.account(w.admin, "clerk", "", "clerk", "")
	w.account(w.admin, "resident", w.person(w.admin, "Жителева"), "", "")
	unknown := func(typ string) string { return core.ID{Type: typ, Key: core.NewID()}.String() }
	create := map[string]any{"name": "Конференция", "kind": "DELEGATE_CONFERENCE", "foundingAct": "Решение", "foundedOn": "2013-01-01"}
	update := map[string]any{"id": w.assembly, "expectedVersion": 1, "name": "Собрание"}
	rule := map[string]any{"key": "districts", "name": "От микрорайонов", "kind": "EACH_DISTRICT", "seats": 2, "councilKind": "COMMUNITY_COUNCIL"}
	adopt := map[string]any{"assemblyId": w.assembly, "act": "Устав", "startsOn": "2013-02-01", "rules": []any{rule}}
	dissolve := map[string]any{"id": w.assembly, "expectedVersion": 1, "dissolvedOn": "2013-02-01", "reason": "Проба"}
	name := map[string]any{"ruleId": w.districts, "councilId": w.first["id"], "personId": memberOf(w.first, 4), "startsOn": "2013-01-15", "minutes": "Протокол № 2"}
	recall := map[string]any{"id": delegateOf(w.first, 0), "expectedVersion": 1, "endsOn": "2013-01-14", "minutes": "Протокол № 2"}
	suspend := map[string]any{"delegateId": delegateOf(w.first, 0), "startsOn": "2013-01-14", "minutes": "Решение № 2"}
	call := map[string]any{"delegateId": delegateOf(w.first, 0), "substituteId": delegateOf(w.first, 1), "startsOn": "2013-01-14"}
	nominate := map[string]any{"ruleId": w.districts, "personId": memberOf(w.first, 4), "councilId": w.first["id"], "minutes": "Протокол", "nominatedOn": "2013-01-14"}

	all := map[string]map[string]any{"createAssembly": create, "updateAssembly": update, "adoptCharter": adopt, "dissolveAssembly": dissolve, "nameDelegate": name,
		"nameSubstitute": name, "recallDelegate": recall, "suspendDelegate": suspend, "callSubstitute": call, "nominate": nominate}
	for mutation, in := range all {
		if got := w.came("", mutation, in); got != "UNAUTHENTICATED" {
			t.Errorf("%s as nobody: %q", mutation, got)
		}
		for _, as := range []string{"resident", "member", "stranger"} { // the last is chair of another council
			if got := w.came(as, mutation, in); got != "FORBIDDEN" {
				t.Errorf("%s as %s: %q", mutation, as, got)
			}
		}
	}
	for _, mutation := range []string{"createAssembly", "updateAssembly", "adoptCharter", "dissolveAssembly", "suspendDelegate"} {
		for _, as := range []string{"clerk", "secretary"} {
			if got := w.came(as, mutation, all[mutation]); got != "FORBIDDEN" {
				t.Errorf("%s as %s: %q", mutation, as, got)
			}
		}
	}
	rules := func(changes ...any) map[string]any { return with(adopt, "rules", []any{with(rule, changes...)}) }
	majority := map[string]any{"question": "charter", "name": "Устав", "kind": "QUALIFIED", "numerator": 2, "denominator": 3, "of": "ALL"}
	majorities := func(all ...any) map[string]any { return with(adopt, "majorities", all) }
	for _, c := range []struct {
		as, name string
		in       map[string]any
		want     string
	}{
		{"", "createAssembly", with(create, "name", " "), "BAD_USER_INPUT name"},
		{"", "createAssembly", with(create, "foundingAct", strings.Repeat("я", 501)), "BAD_USER_INPUT foundingAct"},
		{"", "createAssembly", with(create, "purpose", strings.Repeat("я", 4001)), "BAD_USER_INPUT purpose"},
		{"", "createAssembly", with(create, "activeFrom", "2012-12-31"), "BAD_USER_INPUT activeFrom"},
		{"", "updateAssembly", with(update, "id", w.first["id"]), "BAD_USER_INPUT id"},
		{"", "updateAssembly", with(update, "id", unknown("Assembly")), "NOT_FOUND"},
		{"", "updateAssembly", with(update, "name", null), "BAD_USER_INPUT name"},
		{"", "updateAssembly", with(update, "expectedVersion", 9), "CONFLICT expectedVersion"},
		{"", "dissolveAssembly", with(dissolve, "reason", ""), "BAD_USER_INPUT reason"},
		{"", "dissolveAssembly", with(dissolve, "dissolvedOn", "2012-09-27"), "BAD_USER_INPUT dissolvedOn"},
		{"", "dissolveAssembly", with(dissolve, "expectedVersion", 9), "CONFLICT expectedVersion"},
		{"", "adoptCharter", with(adopt, "assemblyId", unknown("Assembly")), "NOT_FOUND"},
		{"", "adoptCharter", with(adopt, "startsOn", "2012-09-27"), "BAD_USER_INPUT startsOn"}, // before the founding
		{"", "adoptCharter", with(adopt, "startsOn", "2012-09-28"), "BAD_USER_INPUT startsOn"}, // the first one's day
		{"", "adoptCharter", with(adopt, "act", ""), "BAD_USER_INPUT act"},
		{"", "adoptCharter", with(adopt, "rules", []any{}), "BAD_USER_INPUT rules"},
		{"", "adoptCharter", with(adopt, "rules", []any{rule, rule}), "BAD_USER_INPUT key"},
		{"", "adoptCharter", with(adopt, "termMonths", 0), "BAD_USER_INPUT termMonths"},
		{"", "adoptCharter", with(adopt, "quorumNumerator", 3), "BAD_USER_INPUT quorumNumerator"},
		{"", "adoptCharter", with(adopt, "quorumNumerator", 2), "BAD_USER_INPUT quorumStrict"},
		{"", "adoptCharter", with(adopt, "quorumDenominator", 1001), "BAD_USER_INPUT quorumDenominator"},
		{"", "adoptCharter", with(adopt, "proxiesHeld", 101), "BAD_USER_INPUT proxiesHeld"},
		{"", "adoptCharter", with(adopt, "noticeDays", 366), "BAD_USER_INPUT noticeDays"},
		{"", "adoptCharter", with(adopt, "manners", []any{}), "BAD_USER_INPUT manners"},
		{"", "adoptCharter", with(adopt, "manners", []any{"OPEN", "OPEN"}), "BAD_USER_INPUT manners"},
		{"", "adoptCharter", with(adopt, "amendmentsAs", "charter"), "BAD_USER_INPUT amendmentsAs"},
		{"", "adoptCharter", majorities(with(majority, "question", "Ё")), "BAD_USER_INPUT question"},
		{"", "adoptCharter", majorities(majority, majority), "BAD_USER_INPUT question"},
		{"", "adoptCharter", majorities(with(majority, "numerator", 4)), "BAD_USER_INPUT numerator"},
		{"", "adoptCharter", majorities(with(majority, "denominator", nil)), "BAD_USER_INPUT denominator"},
		{"", "adoptCharter", majorities(with(majority, "kind", "SIMPLE")), "BAD_USER_INPUT numerator"},
		{"", "adoptCharter", rules("key", "Район"), "BAD_USER_INPUT key"},
		{"", "adoptCharter", rules("name", ""), "BAD_USER_INPUT name"},
		{"", "adoptCharter", rules("seats", nil), "BAD_USER_INPUT seats"},
		{"", "adoptCharter", rules("seats", 501), "BAD_USER_INPUT seats"},
		{"", "adoptCharter", rules("councilKind", nil), "BAD_USER_INPUT councilKind"},
		{"", "adoptCharter", rules("councilKind", "PUBLIC_COUNCIL"), "BAD_USER_INPUT key"}, // the key is another rule's
		{"", "adoptCharter", rules("councilId", w.first["id"]), "BAD_USER_INPUT councilId"},
		{"", "adoptCharter", rules("organisationId", unknown("Organisation")), "BAD_USER_INPUT organisationId"},
		{"", "adoptCharter", rules("key", "x", "kind", "BODY_CHOOSES", "councilKind", nil), "BAD_USER_INPUT councilId"},
		{"", "adoptCharter", rules("key", "x", "kind", "BODY_CHOOSES", "councilKind", nil, "councilId", unknown("Council")), "NOT_FOUND"},
		{"", "adoptCharter", rules("key", "x", "kind", "BODY_ALL", "councilKind", nil, "councilId", w.first["id"]), "BAD_USER_INPUT seats"},
		{"secretary", "nameDelegate", with(name, "councilId", w.second["id"]), "FORBIDDEN"},
		{"secretary", "nameDelegate", with(name, "ruleId", unknown("SeatRule")), "NOT_FOUND"},
		{"secretary", "nameDelegate", with(name, "ruleId", w.mayors), "BAD_USER_INPUT councilId"},
		{"secretary", "nameDelegate", with(name, "personId", memberOf(w.second, 4)), "BAD_USER_INPUT personId"},
		{"secretary", "nameDelegate", with(name, "personId", memberOf(w.first, 0)), "CONFLICT startsOn"}, // no seat is left
		{"secretary", "nameDelegate", name, "CONFLICT startsOn"},
		{"secretary", "nameDelegate", with(name, "number", 1), "CONFLICT number"},
		{"secretary", "nameDelegate", with(name, "number", 4), "BAD_USER_INPUT number"},
		{"secretary", "nameDelegate", with(name, "minutes", " "), "BAD_USER_INPUT minutes"},
		{"secretary", "nameDelegate", with(name, "endsOn", "2013-01-14"), "BAD_USER_INPUT endsOn"},
		{"secretary", "nameDelegate", with(name, "startsOn", "2012-09-27"), "CONFLICT ruleId"}, // no charter yet
		{"secretary", "nameDelegate", with(name, "startsOn", "2012-01-01"), "CONFLICT startsOn"},
		{"secretary", "nameDelegate", with(name, "meetingId", unknown("Meeting")), "NOT_FOUND"},
		{"secretary", "nameSubstitute", name, "CONFLICT ruleId"}, // the charter allows none
		{"secretary", "recallDelegate", with(recall, "endsOn", "2012-09-27"), "BAD_USER_INPUT endsOn"},
		{"secretary", "recallDelegate", with(recall, "minutes", ""), "BAD_USER_INPUT minutes"},
		{"secretary", "recallDelegate", with(recall, "expectedVersion", 9), "CONFLICT expectedVersion"},
		{"secretary", "recallDelegate", with(recall, "id", delegateOf(w.second, 0)), "FORBIDDEN"},
		{"secretary", "recallDelegate", with(recall, "id", unknown("Delegate")), "NOT_FOUND"},
		{"secretary", "callSubstitute", call, "BAD_USER_INPUT substituteId"},
		{"secretary", "callSubstitute", with(call, "startsOn", "2012-09-27"), "BAD_USER_INPUT substituteId"},
		{"", "suspendDelegate", with(suspend, "startsOn", "2012-09-27"), "BAD_USER_INPUT startsOn"},
		{"", "suspendDelegate", with(suspend, "minutes", ""), "BAD_USER_INPUT minutes"},
		{"secretary", "nominate", nominate, "BAD_USER_INPUT ruleId"},
		{"secretary", "nominate", with(nominate, "councilId", nil), "BAD_USER_INPUT organisationId"},
		{"secretary", "nominate", with(nominate, "councilId", w.second["id"]), "FORBIDDEN"},
		{"secretary", "nominate", with(nominate, "nominatedOn", "2014-01-01"), "BAD_USER_INPUT nominatedOn"},
	} {
		as := c.as
		if as == "" {
			as = w.admin
		}
		if got := w.came(as, c.name, c.in); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.name, c.in, got, c.want)
		}
	}
	if got := at(w.ask(request{Query: composed, Variables: map[string]any{"day": "2013-01-31"}}), "assemblies", "nodes", 0, "composition", "filled"); got != 60.0 {
		t.Errorf("a refusal changed the assembly: %v sit", got)
	}
}
