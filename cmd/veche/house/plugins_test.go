package house_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
)

// One call a plugin and round, whatever the depth and the lists: permits below councils, then the
// cars of those, then whose they are; cars of two hundred persons below a hundred lists; and what stands
// below fields that gqlgen resolves, together with what stands below declared ones. By resolvers the core's
// objects are there before the first round.
func TestOneCallAPluginAndRound(t *testing.T) {
	w := newWorld(t)
	p := park(t, w, w.administrator("kansk"))
	for query, rounds := range map[string][2]int{ // compiled, by resolvers
		`{ councils(first: 100) { nodes { name members(first: 5) { nodes { person { name parkingCar { fee } } } } parkingPermits { plate holder { name } } } } }`: {1, 1},
		`{ councils(first: 100) { nodes { parkingPermits { neighbours { fee } car { plate } holder { name parkingCar { plate } } } } } parkingPermit { plate } }`: {4, 3}, // the root, permits, what hangs on them, the cars of their holders
		`{ viewer { account { id } } councils(first: 100) { nodes { parkingPermits { plate } members(first: 5) { nodes { person { parkingCar { fee } } } } } } }`: {1, 1},
		`{ indicators(from: "2012-01-01", to: "2012-12-31", keys: ["councils.active"]) { rows(first: 50) { nodes { object { ... on Council { parkingPermits { plate } } } } } }
			councils(first: 100) { nodes { parkingPermits { plate } } } parkingPermit { plate } __schema { queryType { name } } }`: {2, 1},
		`{ councils(first: 100) { nodes { name } } }`: {0, 0},
	} {
		for i, way := range []string{compiledReads, resolversReads} {
			p.calls()
			a := w.send(request{Query: query, with: map[string]string{"X-Veche-Reads": way}})
			if calls := p.calls(); len(calls) != rounds[i] || a.Data == nil {
				t.Errorf("%s, %s: %d calls, %d expected\n%.500s", query, way, len(calls), rounds[i], a.text)
			}
		}
	}
}

// What a plugin does not answer is null with an error at its own place; the core's data stand.
func TestAPluginThatFailsCostsItsOwnFields(t *testing.T) {
	w := newWorld(t)
	p := park(t, w, w.administrator("kansk"))
	p.fail = &core.Error{Code: core.CodePluginTimeout, Text: core.T("It took too long.", "Слишком долго.")}
	a := w.send(request{Query: `{ councils(first: 2) { nodes { name parkingPermits { plate } } } parkingPermit { plate } }`})
	if at(a.Data, "councils", "nodes", 1, "name") == nil || at(a.Data, "councils", "nodes", 0, "parkingPermits") != nil {
		t.Fatalf("%s", a.text)
	}
	if len(a.Errors) != 3 || strings.Join(a.codes(), " ") != "PLUGIN_TIMEOUT" {
		t.Errorf("%s", a.text)
	}
}

// Fields of a plugin are fields like any other: introspection, @can, arguments, another town.
func TestPluginFieldsAreFieldsLikeAnyOther(t *testing.T) {
	w := newWorld(t)
	p := park(t, w, w.administrator("kansk"))
	data := w.ask(request{Query: `{ __type(name: "ParkingPermit") { name fields { name } } parking: __type(name: "Council") { fields { name } } }`})
	if text, _ := json.Marshal(data); !strings.Contains(string(text), "parkingPermits") || strings.Contains(string(text), "_extension") {
		t.Errorf("%s", text)
	}
	for query, code := range map[string]string{
		`{ parkingPermit(number: "seven") { plate } }`:                                 "GRAPHQL_VALIDATION_FAILED",
		`{ parkingPermit { color } }`:                                                  "GRAPHQL_VALIDATION_FAILED",
		`{ councils(first: 100) { nodes { parkingPermits(first: 2000) { plate } } } }`: "COMPLEXITY_LIMIT_EXCEEDED",
	} {
		if a := w.send(request{Query: query}); len(a.Errors) == 0 {
			t.Errorf("%s: %s; %s expected", query, a.text, code)
		}
	}
	if calls := p.calls(); len(calls) > 0 {
		t.Errorf("%d calls for what was refused", len(calls))
	}
	if a := w.send(request{Query: `{ parkingPermit { plate } }`, town: "achinsk"}); len(a.Errors) == 0 || len(p.calls()) > 0 {
		t.Errorf("another town has the plugin's fields: %s", a.text)
	}
}

// What is selected of a union, of an interface and of the type itself is one field.
func TestAPluginsUnionsAndInterfaces(t *testing.T) {
	w := newWorld(t)
	park(t, w, w.administrator("kansk"))
	const query = `{ parkingAnything(seed: %d) { __typename ... on ParkingPriced { __typename fee } ... on ParkingPermit { __typename fee car { ... on ParkingPriced { fee } fee } } ... on ParkingCar { fee __typename } ... on Node { __typename id } ... on Council { id name } } }`
	for _, way := range []string{compiledReads, resolversReads} {
		seen := map[string]bool{}
		for seed := range 30 {
			a := w.send(request{Query: fmt.Sprintf(query, seed), with: map[string]string{"X-Veche-Reads": way}})
			all, _ := at(a.Data, "parkingAnything").([]any)
			for _, one := range all {
				if one != nil {
					seen[at(one, "__typename").(string)] = true
				}
			}
			for _, part := range strings.Split(a.text, "}") {
				if strings.Count(part, `"__typename"`) > 1 || strings.Count(part, `"fee"`) > 2 || strings.Count(part, `"id"`) > 1 {
					t.Fatalf("%s: %s", way, a.text)
				}
			}
		}
		if len(seen) < 4 {
			t.Errorf("only %v were seen", seen)
		}
	}
}

// A mutation of a plugin stands in its place among the others: what comes before is done and read
// before it begins.
func TestMutationsOfAPluginKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	p := park(t, w, admin)
	var seen []string
	p.refuse = func(action string, _ json.RawMessage) error {
		seen = append(seen, action)
		if len(p.calls()) != len(seen)-1 {
			t.Errorf("the plugin was asked out of order before %d", len(seen))
		}
		return nil
	}
	venue := `{ userErrors { message } venue { id } }`
	data := w.send(request{as: admin, Query: `mutation($a: CreateVenueInput!, $b: CreateVenueInput!, $p: ParkingIssueInput!) {
		one: createVenue(input: $a) ` + venue + ` parkingIssue(input: $p) { permit { council { name } } } two: createVenue(input: $b) ` + venue + ` }`,
		Variables: map[string]any{"p": map[string]any{"councilId": p.ids["Council"][0]}, "a": venueInput("Первая"), "b": venueInput("Вторая")}})
	if at(data.Data, "one", "venue", "id") == nil || at(data.Data, "two", "venue", "id") == nil || len(seen) != 2 {
		t.Errorf("%v: %s", seen, data.text)
	}
}

func venueInput(name string) map[string]any {
	return map[string]any{"kind": "LIBRARY", "name": name}
}

// A plugin that has something against an action of the core is heard before anything is done: as an
// error of the form, at the field that it names.
func TestAPluginRefusesAnActionOfTheCore(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	p := park(t, w, admin)
	p.refuse = func(action string, arguments json.RawMessage) error {
		if !strings.Contains(string(arguments), "Стоянка") {
			return nil
		}
		return core.Problems{core.Invalid(core.T("There is a car.", "Там машина."), "input", "name")}
	}
	create := `mutation($in: CreateVenueInput!) { made: createVenue(input: $in) { __typename venue { id } userErrors { code message path } clientMutationId } }`
	a := w.ask(request{as: admin, Query: create, Variables: map[string]any{"in": venueInput("Стоянка")}, with: map[string]string{"Accept-Language": "ru"}})
	if text, _ := json.Marshal(a); string(text) != `{"made":{"__typename":"VenuePayload","clientMutationId":null,"userErrors":[{"code":"BAD_USER_INPUT","message":"Там машина.","path":["input","name"]}],"venue":null}}` {
		t.Errorf("%s", text)
	}
	if n := w.rows("venues", "name = 'Стоянка'"); n != 0 {
		t.Errorf("%d were made all the same", n)
	}
	w.do(request{as: admin, Query: create, Variables: map[string]any{"in": venueInput("Сквер")}})
	p.refuse = func(string, json.RawMessage) error {
		return &core.Error{Code: core.CodeHookUnavailable, Text: core.T("Not now.", "Не сейчас.")}
	}
	if a := w.send(request{as: admin, Query: create, Variables: map[string]any{"in": venueInput("Парк")}}); strings.Join(a.codes(), "") != "HOOK_UNAVAILABLE" {
		t.Errorf("%s", a.text)
	}
}

// A subscription of a plugin: each event is completed like any value, the core's objects in it are
// read, and a stream that breaks says so before it ends.
func TestASubscriptionOfAPlugin(t *testing.T) {
	w := newWorld(t)
	park(t, w, w.administrator("kansk"))
	for name, by := range map[string]func(request) *stream{"socket": w.socket, "events": w.events} {
		s := by(request{Query: `subscription { issued: parkingIssued(seed: 5) { number council { name } holder { name } } }`})
		for range 3 {
			if a := s.next(); a.Data == nil {
				t.Errorf("%s: %s", name, a.text)
			}
		}
		if a := s.next(); strings.Join(a.codes(), "") != "PLUGIN_UNAVAILABLE" {
			t.Errorf("%s: %s", name, a.text)
		}
		if f := s.frame(); f.Type != "complete" {
			t.Errorf("%s: %s %s", name, f.Type, f.Payload)
		}
	}
}
