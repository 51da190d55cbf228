package house_test

import (
	"fmt"
	"strings"
	"testing"
)

const roll = `query($n: Int!, $day: Date!) { councils(filter: {kind: {eq: COMMUNITY_COUNCIL}}, asOf: $day, first: $n) { nodes {
	name district { number } memberCount(asOf: $day) members(first: 3, asOf: $day) { nodes { post person { name } } } } } }`

// Four statements, however many councils: the councils, their districts, the first members of
// all, and those members' persons.
func TestAListCostsAConstantNumberOfStatements(t *testing.T) {
	w := newWorld(t)
	for _, n := range []int{1, 5, 13} {
		got := w.statements.during(func() { w.ask(request{Query: roll, Variables: map[string]any{"n": n, "day": "2012-12-31"}}) })
		if len(got) != 4 {
			t.Errorf("%d councils: %d statements:\n%s", n, len(got), strings.Join(got, "\n"))
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
