package house_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
)

// One call a plugin and round, whatever the depth and the lists: permits below councils, then the
// cars of those, then whose they are; and cars of two hundred persons below a hundred lists.
func TestOneCallAPluginAndRound(t *testing.T) {
	w := newWorld(t)
	p := park(t, w, w.administrator("kansk"))
	for query, want := range map[string]int{
		`{ councils(first: 100) { nodes { name members(first: 5) { nodes { person { name parkingCar { fee } } } } parkingPermits { plate holder { name } } } } }`: 1,
		`{ councils(first: 100) { nodes { parkingPermits { neighbours { fee } car { plate } holder { name parkingCar { plate } } } } } parkingPermit { plate } }`: 4, // the root, permits, what hangs on them, the cars of their holders
		`{ viewer { account { id } } councils(first: 100) { nodes { parkingPermits { plate } members(first: 5) { nodes { person { parkingCar { fee } } } } } } }`: 1,
		`{ councils(first: 100) { nodes { name } } }`: 0,
	} {
		for _, way := range []string{compiledReads, resolversReads} {
			p.calls()
			a := w.send(request{Query: query, with: map[string]string{"X-Veche-Reads": way}})
			if calls := p.calls(); len(calls) != want || a.Data == nil {
				t.Errorf("%s, %s: %d calls, %d expected\n%.500s", query, way, len(calls), want, a.text)
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
