package manifest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/veche-city/veche/plugins/manifest"
)

func TestPersonsAreRefused(t *testing.T) {
	t.Parallel()
	text := manifest.Text{Ru: "р", En: "e"}
	card := func(persons ...manifest.Persons) *manifest.Manifest {
		return &manifest.Manifest{Name: "orders", Version: "1.0.0", Contract: 1, Title: text, Prefix: "Orders", Schema: "s.graphqls", Migrations: "migrations",
			Build:       manifest.Build{Platforms: []string{"any"}},
			DataClasses: []manifest.DataClass{{Key: "orders.votes", Title: text, Basis: text, Persons: persons}}}
	}
	votes := manifest.Persons{Table: "votes", Column: "person_id", Erase: "keep"}
	if err := card(votes, manifest.Persons{Table: "letters", Column: "author", Erase: "clear", Clear: []string{"body"}}).Validate(); err != nil {
		t.Error(err)
	}
	without := card(votes)
	without.Migrations = ""
	for want, m := range map[string]*manifest.Manifest{
		"persons[0]: the plugin has no tables":                     without,
		`persons[0].table: "Votes"`:                                card(manifest.Persons{Table: "Votes", Column: "person_id", Erase: "keep"}),
		`persons[0].table: "veche_values"`:                         card(manifest.Persons{Table: "veche_values", Column: "key", Erase: "delete"}),
		`persons[0].table: "a.b"`:                                  card(manifest.Persons{Table: "a.b", Column: "person_id", Erase: "keep"}),
		`persons[0].column: "a\"; DROP"`:                           card(manifest.Persons{Table: "votes", Column: `a"; DROP`, Erase: "keep"}),
		`persons[0].erase: "" is neither keep, delete nor clear`:   card(manifest.Persons{Table: "votes", Column: "person_id"}),
		"persons[0].clear: name the columns to be emptied":         card(manifest.Persons{Table: "votes", Column: "person_id", Erase: "clear"}),
		`persons[0].clear: "person_id" is no name of another`:      card(manifest.Persons{Table: "votes", Column: "person_id", Erase: "clear", Clear: []string{"person_id"}}),
		"persons[1]: votes.person_id is said twice":                card(votes, votes),
		"persons[0].clear: name the columns to be emptied, with e": card(manifest.Persons{Table: "votes", Column: "person_id", Erase: "keep", Clear: []string{"why"}}),
	} {
		problems, _ := m.Validate().(manifest.Problems) //nolint:errorlint // made there, and not wrapped
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, want) }) {
			t.Errorf("%q: %v", want, problems)
		}
	}
}
