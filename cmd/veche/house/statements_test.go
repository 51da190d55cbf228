package house_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veche-city/veche/cmd/veche/house"
)

const roll = `query($n: Int!, $day: Date!) { councils(filter: {kind: {eq: COMMUNITY_COUNCIL}}, asOf: $day, first: $n) { nodes {
	name district { number } memberCount(asOf: $day) members(first: 3, asOf: $day) { nodes { post person { name } } } } } }`

// One statement, however many councils. By resolvers it is four: the councils, their districts, the
// first members of all, and those members' persons.
func TestAListCostsAConstantNumberOfStatements(t *testing.T) {
	w := newWorld(t)
	w.ask(request{Query: roll, Variables: map[string]any{"n": 1, "day": "2012-12-31"}}) // the policy is loaded, connections are made
	for _, n := range []int{1, 5, 13} {
		for way, want := range map[string]int{"": 1, house.Resolvers: 4} {
			got := w.statements.during(func() {
				w.ask(request{Query: roll, Variables: map[string]any{"n": n, "day": "2012-12-31"}, with: map[string]string{"X-Veche-Reads": way}})
			})
			if len(got) != want {
				t.Errorf("%d councils, %q: %d statements:\n%s", n, way, len(got), strings.Join(got, "\n"))
			}
		}
	}
}

// A statement names what was asked for, and personal data only where that was asked and allowed.
func TestStatementsNameOnlyWhatIsAskedFor(t *testing.T) {
	w := newWorld(t)
	got := strings.Join(w.statements.during(func() { w.ask(request{Query: roll, Variables: map[string]any{"n": 13, "day": "2012-12-31"}}) }), "\n")
	for _, column := range []string{"personal_data", "birth_date", "phones", "emails", "purpose", "founding_act", "appointing_act", "external_key", `"version"`} {
		if strings.Contains(got, column) {
			t.Errorf("%s was read, and nobody asked:\n%s", column, got)
		}
	}
	personal := `{ councils(first: 1) { nodes { members(first: 1) { nodes { person { personal { %s } } } } } } }`
	refused := strings.Join(w.statements.during(func() {
		if a := w.send(request{Query: fmt.Sprintf(personal, "birthDate phones")}); len(a.Errors) == 0 {
			t.Error("the anonymous saw personal data: " + a.text)
		}
	}), "\n")
	if strings.Contains(refused, "personal_data") {
		t.Errorf("personal data was read for somebody who may not see it:\n%s", refused)
	}
}
