package house_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const composed = `query($day: Date!) { assemblies(first: 1) { nodes { status(asOf: $day) composition(asOf: $day) { asOf expected fillable filled vacant charter { number }
	byRule { name expected fillable filled vacant rule { key kind } } vacancies { reason count } vacantPlaces { reason count district { number } council { id } rule { key } } }
	vacant: seats(asOf: $day, first: 100, filter: {state: VACANT}) { totalCount nodes { number state district { number } council { id } holder { id } person { id } vacancy { reason formerHolder { id } } } }
	seats(asOf: $day, first: 100) { totalCount nodes { number state rule { key } district { number } council { kind } holder { minutes } person { name } } } } } }`

// The assembly of Kansk on the last day of 2012, as the city reported it: 66 seats, of which 60 can be
// filled and are; six are vacant because two districts have no council.
func TestTheCityAssembly(t *testing.T) {
	w := newWorld(t)
	ask := func(day string) any {
		return at(w.ask(request{Query: composed, Variables: map[string]any{"day": day}}), "assemblies", "nodes", 0)
	}
	got := ask("2012-12-31")
	want := map[string]any{
		"asOf": "2012-12-31", "expected": 66.0, "fillable": 60.0, "filled": 60.0, "vacant": 6.0, "charter": map[string]any{"number": 1.0},
		"byRule": []any{
			map[string]any{"name": "По три делегата от общественного совета каждого микрорайона", "expected": 45.0, "fillable": 39.0, "filled": 39.0, "vacant": 6.0,
				"rule": map[string]any{"key": "districts", "kind": "EACH_DISTRICT"}},
			map[string]any{"name": "Делегаты общественного совета при главе города", "expected": 21.0, "fillable": 21.0, "filled": 21.0, "vacant": 0.0,
				"rule": map[string]any{"key": "mayors-council", "kind": "BODY_CHOOSES"}},
		},
		"vacancies": []any{map[string]any{"reason": "NO_BODY", "count": 6.0}},
		"vacantPlaces": []any{
			map[string]any{"reason": "NO_BODY", "count": 3.0, "district": map[string]any{"number": 14.0}, "council": nil, "rule": map[string]any{"key": "districts"}},
			map[string]any{"reason": "NO_BODY", "count": 3.0, "district": map[string]any{"number": 15.0}, "council": nil, "rule": map[string]any{"key": "districts"}}},
	}
	if diff := cmp.Diff(want, at(got, "composition")); diff != "" {
		t.Error(diff)
	}
	if at(got, "status") != "ACTIVE" || at(got, "seats", "totalCount") != 66.0 || at(got, "vacant", "totalCount") != 6.0 {
		t.Errorf("%v, %v seats, %v vacant", at(got, "status"), at(got, "seats", "totalCount"), at(got, "vacant", "totalCount"))
	}
	for n := range 6 {
		want := map[string]any{"number": float64(n%3 + 1), "state": "VACANT", "district": map[string]any{"number": float64(14 + n/3)}, "council": nil, "holder": nil, "person": nil,
			"vacancy": map[string]any{"reason": "NO_BODY", "formerHolder": nil}}
		if diff := cmp.Diff(want, at(got, "vacant", "nodes", n)); diff != "" {
			t.Error(diff)
		}
	}
	for n := range 66 {
		seat := at(got, "seats", "nodes", n)
		if n < 45 && at(seat, "district", "number") != float64(n/3+1) || n >= 45 && at(seat, "council", "kind") != "PUBLIC_COUNCIL" {
			t.Errorf("seat %d: %v", n, seat)
		}
		if filled := n < 39 || n >= 45; filled != (at(seat, "person", "name") != nil) || filled != (at(seat, "holder", "minutes") != nil) {
			t.Errorf("seat %d: %v", n, seat)
		}
	}
	for day, status := range map[string]string{"2012-04-01": "PLANNED", "2012-09-27": "PLANNED"} {
		before := ask(day)
		if at(before, "status") != status || at(before, "composition", "expected") != 0.0 || at(before, "composition", "charter") != nil || at(before, "seats", "totalCount") != 0.0 {
			t.Errorf("%s: %v", day, before)
		}
	}
	if first := ask("2012-09-28"); at(first, "composition", "filled") != 60.0 {
		t.Errorf("on the first day: %v", at(first, "composition"))
	}
}

// Whatever day of the year is asked about, and however many seats there are on it, it is the same number
// of statements: one for each thing that is asked for; one less where no seat has such a thing.
func TestTheCityAssemblyCostsAConstantNumberOfStatements(t *testing.T) {
	w := newWorld(t)
	ask := func(day string) { w.ask(request{Query: composed, Variables: map[string]any{"day": day}}) }
	ask("2012-12-31") // the policy is loaded, connections are made
	admin := w.administrator("kansk")
	assembly := at(w.ask(request{Query: `{ assemblies(first: 1) { nodes { id } } }`}), "assemblies", "nodes", 0, "id")
	w.done(admin, "adoptCharter", "charter { id }", map[string]any{"assemblyId": assembly, "act": "Устав", "startsOn": "2012-12-01", "rules": []any{
		map[string]any{"key": "districts", "name": "От микрорайонов", "kind": "EACH_DISTRICT", "seats": 40, "councilKind": "COMMUNITY_COUNCIL"},
		map[string]any{"key": "commissions", "name": "От комиссий", "kind": "EACH_BODY", "seats": 5, "councilKind": "TERRITORIAL_COMMISSION"}}})
	want := w.statements.during(func() { ask("2012-12-31") })
	if len(want) > 16 {
		t.Errorf("%d statements:\n%s", len(want), strings.Join(want, "\n"))
	}
	lacking := map[string]int{"2012-01-01": 12, "2012-05-15": 12, "2012-09-27": 12, "2012-09-28": 2, "2012-11-11": 2, "2012-12-01": 0, "2012-12-30": 0}
	for day, less := range lacking {
		if got := w.statements.during(func() { ask(day) }); len(got) != len(want)-less {
			t.Errorf("%s: %d statements, %d for another day:\n%s", day, len(got), len(want), strings.Join(got, "\n"))
		}
	}
	alone := w.statements.during(func() {
		w.ask(request{Query: `{ assemblies(first: 1) { nodes { composition(asOf: "2012-12-31") { expected fillable filled vacant vacancies { reason count } } } } }`})
	})
	if len(alone) != 2 {
		t.Errorf("the figures alone: %d statements:\n%s", len(alone), strings.Join(alone, "\n"))
	}
}

// delegation is what the scenarios stand on: the city assembly, its rules, and two councils with their members.
type delegation struct {
	*town
	assembly                     string
	districts, mayors            string // rules
	first, second, mayorsCouncil map[string]any
}

func newDelegation(t *testing.T) *delegation {
	c := &delegation{town: newTown(t)}
	data := c.ask(request{as: c.admin, Query: `{ assemblies(first: 1) { nodes { id seatRules { nodes { id key } } } }
		councils(filter: {kind: {in: [COMMUNITY_COUNCIL, PUBLIC_COUNCIL]}}, first: 20) { nodes { id kind version members(first: 30) { nodes { id version post person { id } } }
			delegates(asOf: "2013-01-01", first: 30) { nodes { id version number person { id } } } } } }`})
	c.assembly = at(data, "assemblies", "nodes", 0, "id").(string)
	for _, r := range at(data, "assemblies", "nodes", 0, "seatRules", "nodes").([]any) {
		if at(r, "key") == "districts" {
			c.districts = at(r, "id").(string)
		} else {
			c.mayors = at(r, "id").(string)
		}
	}
	for _, n := range at(data, "councils", "nodes").([]any) {
		switch council := n.(map[string]any); {
		case at(n, "kind") == "PUBLIC_COUNCIL":
			c.mayorsCouncil = council
		case c.first == nil:
			c.first = council
		default:
			c.second = council
		}
	}
	return c
}

func memberOf(council map[string]any, n int) any {
	return at(council, "members", "nodes", n, "person", "id")
}
func delegateOf(council map[string]any, n int) any {
	return at(council, "delegates", "nodes", n, "id")
}

// The secretary of a council recalls a delegate and names another, who then sits and holds the role.
func TestADelegateIsReplaced(t *testing.T) {
	w := newDelegation(t)
	w.account(w.admin, "secretary", memberOf(w.first, 2).(string), "", "")
	heard := w.delegatesOf(w.first["id"])
	w.done("secretary", "recallDelegate", "delegate { endReason }", map[string]any{"id": delegateOf(w.first, 1), "expectedVersion": 1, "endsOn": "2013-01-14", "minutes": "Протокол № 5"})
	named := w.done("secretary", "nameDelegate", "delegate { id number district { number } council { id } assembly { name } rule { key } endsOn }", map[string]any{
		"ruleId": w.districts, "councilId": w.first["id"], "personId": memberOf(w.first, 4), "startsOn": "2013-01-15", "minutes": "Протокол № 5"})
	if at(named, "delegate", "number") != at(w.first, "delegates", "nodes", 1, "number") || at(named, "delegate", "rule", "key") != "districts" || at(named, "delegate", "endsOn") != nil {
		t.Errorf("named %v, for the seat of %v", named, at(w.first, "delegates", "nodes", 1))
	}
	if got := w.delegatesOf(w.first["id"]); cmp.Equal(got, heard) || len(got) != 3 {
		t.Errorf("the council's delegates: %v", got)
	}
	seat := at(w.ask(request{Query: `query($id: ID!) { person(id: $id) { name delegateSeats { nodes { number assembly { name } } } } }`, Variables: map[string]any{"id": memberOf(w.first, 4)}}), "person")
	if at(seat, "name") == nil || at(seat, "delegateSeats", "nodes", 0, "number") == nil {
		t.Errorf("the public sees of the delegate: %v", seat)
	}
	between := at(w.ask(request{Query: composed, Variables: map[string]any{"day": "2013-01-15"}}), "assemblies", "nodes", 0, "composition")
	if at(between, "filled") != 60.0 {
		t.Errorf("after the change: %v", between)
	}
}

func (w *delegation) delegatesOf(council any) (numbers []string) {
	data := w.ask(request{Query: `query($id: ID!) { council(id: $id) { delegates(asOf: "2013-01-20") { nodes { id } } } }`, Variables: map[string]any{"id": council}})
	for _, n := range at(data, "council", "delegates", "nodes").([]any) {
		numbers = append(numbers, at(n, "id").(string))
	}
	return numbers
}

// A council that is dissolved takes its delegates with it, in the same transaction and with the reason.
func TestADissolvedCouncilsDelegates(t *testing.T) {
	w := newDelegation(t)
	dissolve := map[string]any{"id": w.first["id"], "expectedVersion": 1, "dissolvedOn": "2012-11-30", "reason": "Микрорайон передан"}
	w.done(w.admin, "dissolveCouncil", "council { id }", dissolve)
	data := w.ask(request{as: w.admin, Query: `query($council: ID!) { delegates(filter: {council: {eq: $council}}) { nodes { id endsOn endReason leavingReason } }
		auditEntries(first: 100) { nodes { action objectType requestId } }
		assemblies(first: 1) { nodes { composition(asOf: "2012-12-31") { expected fillable filled vacant vacancies { reason count } }
			seats(asOf: "2012-12-31", filter: {reason: NO_BODY}, first: 1) { nodes { vacancy { endReason leavingReason formerHolder { id } } } } } } }`, Variables: map[string]any{"council": w.first["id"]}})
	for n := range 3 {
		want := map[string]any{"id": at(data, "delegates", "nodes", n, "id"), "endsOn": "2012-11-30", "endReason": "SEAT_BELOW_ENDED", "leavingReason": "BODY_DISSOLVED"}
		if diff := cmp.Diff(want, at(data, "delegates", "nodes", n)); diff != "" {
			t.Error(diff)
		}
	}
	composition := at(data, "assemblies", "nodes", 0, "composition")
	if diff := cmp.Diff(map[string]any{"expected": 66.0, "fillable": 57.0, "filled": 57.0, "vacant": 9.0, "vacancies": []any{map[string]any{"reason": "NO_BODY", "count": 9.0}}}, composition); diff != "" {
		t.Error(diff)
	}
	if got := at(data, "assemblies", "nodes", 0, "seats", "nodes", 0, "vacancy"); at(got, "endReason") != "SEAT_BELOW_ENDED" || at(got, "leavingReason") != "BODY_DISSOLVED" || at(got, "formerHolder") == nil {
		t.Errorf("the first vacant seat: %v", got)
	}
	requests := map[any]int{}
	for _, n := range at(data, "auditEntries", "nodes").([]any) {
		if at(n, "action") == "dissolveCouncil" && (at(n, "objectType") == "Council" || at(n, "objectType") == "Delegate") {
			requests[at(n, "requestId")]++
		}
	}
	if len(requests) != 1 {
		t.Errorf("the audit of one mutation: %v", requests)
	}
	for _, count := range requests {
		if count != 4 {
			t.Errorf("%d entries, want the council and three delegates", count)
		}
	}
}

// Two secretaries name two people for one seat, and many at once one person for two: one is named.
func TestNamingAtOnce(t *testing.T) {
	w := newDelegation(t)
	recalled := func(council map[string]any, n int) {
		w.done(w.admin, "recallDelegate", "delegate { id }", map[string]any{"id": delegateOf(council, n), "expectedVersion": 1, "endsOn": "2012-12-31", "minutes": "Протокол"})
	}
	name := func(council map[string]any, person any, changes ...any) string {
		in := with(map[string]any{"ruleId": w.districts, "councilId": council["id"], "personId": person, "startsOn": "2013-01-15", "minutes": "Протокол"}, changes...)
		return outcome(w.mutate(w.admin, "nameDelegate", "", in), "nameDelegate")
	}
	recalled(w.first, 0)
	for _, numbered := range []bool{false, true} {
		got := atOnce(40, func(i int) string {
			if numbered {
				return name(w.first, memberOf(w.first, 3+i%4), "number", 1)
			}
			return name(w.first, memberOf(w.first, 3+i%4))
		})
		if want := map[bool]int{false: 1}[numbered]; got["done"] != want || got["CONFLICT"] != 40-want {
			t.Errorf("one seat (numbered: %v): %v", numbered, got)
		}
	}
	recalled(w.second, 0)
	recalled(w.second, 1)
	if got := atOnce(40, func(int) string { return name(w.second, memberOf(w.second, 5)) }); got["done"] != 1 || got["CONFLICT"] != 39 {
		t.Errorf("one person for two seats: %v", got)
	}
	// A person who sits in two bodies is named by both at once.
	both := w.person(w.admin, "Дважды")
	for _, council := range []map[string]any{w.first, w.second} {
		w.seat(council["id"].(string), 0, "personId", both)
	}
	recalled(w.first, 1)
	got := atOnce(40, func(i int) string { return name([]map[string]any{w.first, w.second}[i%2], both) })
	if got["done"] != 1 || got["CONFLICT"] != 39 {
		t.Errorf("one person of two bodies: %v", got)
	}
	if sits := fmt.Sprint(at(w.ask(request{Query: composed, Variables: map[string]any{"day": "2013-01-15"}}), "assemblies", "nodes", 0, "composition", "filled")); sits != "59" {
		t.Errorf("%s sit", sits)
	}
}

// The assembly meets: whoever sits on the day is a member, the charter says how many must come; and whoever
// watches hears of each delegate. Who was named holds the role of a member in it, by that alone.
func TestTheAssemblyMeets(t *testing.T) {
	w := newDelegation(t)
	person := w.person(w.admin, "Новая")
	w.account(w.admin, "named", person, "", "")
	may := func() string {
		return fmt.Sprint(at(w.ask(request{as: "named", Query: `{ viewerPermissions }`}), "viewerPermissions"))
	}
	if strings.Contains(may(), "motions:move") {
		t.Fatalf("a resident may: %s", may())
	}
	plan := map[string]any{"kind": "ASSEMBLY_SESSION", "title": "Заседание", "bodyId": w.assembly, "startsAt": "2013-02-20T10:00:00+08:00"}
	if got := w.came(w.admin, "planMeeting", with(plan, "kind", "COUNCIL_SESSION")); got != "BAD_USER_INPUT kind" {
		t.Errorf("a council's session of an assembly: %q", got)
	}
	meeting := at(w.done(w.admin, "planMeeting", "meeting { id }", plan), "meeting", "id")
	quorum := func() any {
		return at(w.ask(request{as: w.admin, Query: `query($id: ID!) { meeting(id: $id) { quorum { members seats required } } }`, Variables: map[string]any{"id": meeting}}), "meeting", "quorum")
	}
	if diff := cmp.Diff(map[string]any{"members": 60.0, "seats": 66.0, "required": 34.0}, quorum()); diff != "" {
		t.Error(diff)
	}
	w.done(w.admin, "adoptCharter", "charter { id }", map[string]any{"assemblyId": w.assembly, "act": "Решение № 2", "startsOn": "2013-01-15", "rules": []any{
		map[string]any{"key": "districts", "name": "От микрорайонов", "kind": "EACH_DISTRICT", "seats": 3, "councilKind": "COMMUNITY_COUNCIL"},
		map[string]any{"key": "mayors-council", "name": "От совета", "kind": "BODY_CHOOSES", "seats": 21, "councilId": w.mayorsCouncil["id"]},
		map[string]any{"key": "ngo", "name": "По выдвижению", "kind": "NOMINATION", "seats": 3}}})
	rule := at(w.ask(request{Query: `{ assemblies(first: 1) { nodes { seatRules { nodes { id key } } } } }`}), "assemblies", "nodes", 0, "seatRules", "nodes", 2, "id")
	organisation := at(w.ask(request{Query: `{ organisations(first: 1) { nodes { id } } }`}), "organisations", "nodes", 0, "id")
	heard := w.listen(w.socket, request{Query: `subscription($id: ID) { assemblyChanged(id: $id) { kind assembly { name } delegate { id number capacity } } }`, Variables: map[string]any{"id": w.assembly}})
	nominated := at(w.done(w.admin, "nominate", "nomination { id }", map[string]any{"ruleId": rule, "personId": person, "organisationId": organisation, "minutes": "Протокол", "nominatedOn": "2013-01-16"}), "nomination", "id")
	seen := request{Query: `query($id: ID!) { nomination(id: $id) { status delegates { totalCount } } }`, Variables: map[string]any{"id": nominated}}
	if a := w.send(seen); at(a.Data, "nomination") != nil {
		t.Errorf("the public sees who was nominated: %s", a.text)
	}
	if seen.as = "named"; at(w.ask(seen), "nomination", "status") != "PENDING" {
		t.Error("who was nominated does not see it")
	}
	if got := w.came("named", "acceptNomination", map[string]any{"id": nominated, "expectedVersion": 1, "startsOn": "2013-01-21"}); got != "FORBIDDEN" {
		t.Errorf("accepted by oneself: %q", got)
	}
	w.done(w.admin, "acceptNomination", "nomination { id }", map[string]any{"id": nominated, "expectedVersion": 1, "startsOn": "2013-01-21"})
	told := heard.next().Data
	if at(told, "assemblyChanged", "kind") != "CREATED" || at(told, "assemblyChanged", "assembly", "name") == nil || at(told, "assemblyChanged", "delegate", "capacity") != "HOLDER" {
		t.Errorf("heard %v", told)
	}
	if diff := cmp.Diff(map[string]any{"members": 61.0, "seats": 66.0, "required": 34.0}, quorum()); diff != "" {
		t.Error(diff) // the rules as they were read last: when it was planned
	}
	if !strings.Contains(may(), "motions:move") {
		t.Errorf("a delegate may: %s", may())
	}
	w.done(w.admin, "suspendDelegate", "delegateSuspension { id }", map[string]any{"delegateId": at(told, "assemblyChanged", "delegate", "id"), "startsOn": "2013-01-25", "minutes": "Решение"})
	if got := at(quorum(), "members"); got != 60.0 {
		t.Errorf("with one suspended %v are members", got)
	}
	if strings.Contains(may(), "motions:move") {
		t.Errorf("a suspended delegate may: %s", may())
	}
}
