package read_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

// refused asks for streets and expects exactly one BAD_USER_INPUT, at that field of the arguments.
func refused(t *testing.T, w *world, args string, field ...string) {
	t.Helper()
	w.statements.take()
	got := w.ask(w.system(), `{streets(`+args+`) {nodes {id} edges {cursor}}}`)
	var e *core.Error
	if len(got.errs) != 1 || !errors.As(got.errs[0].err, &e) || e.Code != core.CodeBadUserInput || !slices.Equal(e.Path, field) {
		t.Errorf("%s: got %v", args, got.errs)
	}
	if n := len(w.statements.take()); n != 0 {
		t.Errorf("%s: %d statements were run", args, n)
	}
}

func TestWrongArgumentsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.insert(street("Ленина", 1), street("Мира", 2))
	page := w.ok(w.system(), `{streets(first: 1) {pageInfo {endCursor}} byName: streets(first: 1, orderBy: {field: NAME}) {pageInfo {endCursor}}
		back: streets(first: 1, orderBy: {field: RANK, direction: DESC}) {pageInfo {endCursor}}}`)
	cursor := func(name string) string { return at(page, name, "pageInfo", "endCursor").(string) }
	for args, field := range map[string]string{
		`first: 1, last: 1`: "last", `first: -1`: "first", `last: -1`: "last", `first: 51`: "first", `last: 51`: "last",
		`after: "nonsense!"`: "after", `after: ""`: "after", `before: ""`: "before", `after: "e30"`: "after", `last: 2, before: "bnVsbA"`: "before",
		`first: 1, before: "` + cursor("streets") + `"`:                           "before",
		`last: 1, after: "` + cursor("streets") + `"`:                             "after",
		`after: "` + cursor("streets") + `", before: "` + cursor("streets") + `"`: "after",
		`after: "` + cursor("byName") + `"`:                                       "after",
		`after: "` + cursor("back") + `"`:                                         "after",
		`orderBy: {field: NAME}, after: "` + cursor("streets") + `"`:              "after",
		`orderBy: {field: OPENED}, last: 1, before: "` + cursor("byName") + `"`:   "before",
		`filter: {search: "мира"}, first: 1, after: "` + cursor("streets") + `"`:  "after",
		`asOf: "2012-02-30"`: "asOf",
	} {
		refused(t, w, args, field)
	}
	for args, field := range map[string][]string{
		`filter: {openedOn: {eq: "tomorrow"}}`:                                                                   {"filter", "openedOn", "eq"},
		`filter: {openedOn: {in: ["2012-01-01", "0000-01-01"]}}`:                                                 {"filter", "openedOn", "in"},
		`filter: {seenAt: {gte: "2012-01-01"}}`:                                                                  {"filter", "seenAt", "gte"},
		`filter: {parent: {eq: "nonsense"}}`:                                                                     {"filter", "parent", "eq"},
		`filter: {parent: {in: ["` + idOf(&House{}) + `"]}}`:                                                     {"filter", "parent", "in"},
		`filter: {any: {eq: "` + base64.RawURLEncoding.EncodeToString([]byte("A\x00B:0123456789abcdef")) + `"}}`: {"filter", "any", "eq"},
		`filter: {name: {eq: "a\u0000b"}}`:                                                                       {"filter", "name", "eq"},
		`filter: {name: {in: ["a", "\u0000"]}}`:                                                                  {"filter", "name", "in"},
		`filter: {name: {startsWith: "\u0000"}}`:                                                                 {"filter", "name", "startsWith"},
		`filter: {search: "ле\u0000нина"}`:                                                                       {"filter", "search"},
		`filter: {search: "` + strings.Repeat("а ", 9) + `"}`:                                                    {"filter", "search"},
		`filter: {search: "` + strings.Repeat("а", 201) + `"}`:                                                   {"filter", "search"},
	} {
		refused(t, w, args, field...)
	}
}

func TestUndeclaredFiltersAndOrdersRunNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, args := range []string{`filter: {undeclared: {eq: "a"}}`, `filter: {undeclared: null}`, `filter: {name: {between: "a"}}`, `orderBy: {field: NOWHERE}`} {
		w.statements.take()
		got := w.ask(w.system(), `{streets(`+args+`) {nodes {id}}}`)
		if len(got.errs) != 1 || core.CodeOf(got.errs[0].err) != core.CodeInternal {
			t.Errorf("%s: got %v", args, got.errs)
		}
		if n := len(w.statements.take()); n != 0 {
			t.Errorf("%s: %d statements were run", args, n)
		}
	}
}

func TestWrongIDsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := street("Ленина", 1)
	w.insert(s)
	foreign := idOf(&House{ID: s.ID})
	for query, want := range map[string]core.Code{
		`{street(id: "nonsense") {id}}`:        core.CodeBadUserInput,
		`{street(id: "` + foreign + `") {id}}`: core.CodeBadUserInput,
		`{node(id: "nonsense") {id}}`:          core.CodeBadUserInput,
	} {
		got := w.ask(w.system(), query)
		if len(got.errs) != 1 || core.CodeOf(got.errs[0].err) != want {
			t.Errorf("%s: got %v", query, got.errs)
		}
	}
	unknown := core.ID{Type: "Nothing", Key: s.ID}.String()
	got := w.ok(w.system(), `query($ids: [ID!]!) {nodes(ids: $ids) {id __typename ... on Street {name}}}`, "ids", []string{foreign, unknown, idOf(s), idOf(s)})
	if nodes := list(got, "nodes"); nodes[0] != nil || nodes[1] != nil || at(nodes[2], "name") != "Ленина" || at(nodes[3], "__typename") != "Street" {
		t.Errorf("got %v", nodes)
	}
}

// A wrong argument below an object is an error at its own place, as it is when gqlgen reads it.
func TestAWrongArgumentBelowCostsItsOwnPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := street("Ленина", 1), street("Мира", 2)
	w.insert(a, b, house(a, 1))
	got := w.ask(w.system(), `{streets {nodes {name bad: houses(first: -1) {nodes {id}} good: houses {nodes {number}}
		status(asOf: "2012-13-01") fine: status(asOf: "2012-12-01")}}}`)
	var paths []string
	for _, f := range got.errs {
		if core.CodeOf(f.err) != core.CodeBadUserInput {
			t.Error(f.err)
		}
		paths = append(paths, f.path)
	}
	slices.Sort(paths)
	if want := []string{"streets.nodes[0].bad", "streets.nodes[0].status", "streets.nodes[1].bad", "streets.nodes[1].status"}; !slices.Equal(paths, want) {
		t.Errorf("got %v", paths)
	}
	if at(got.data, "streets", "nodes", 0, "good", "nodes", 0, "number") != 1 || at(got.data, "streets", "nodes", 1, "name") != "Мира" {
		t.Errorf("got %v", got.data)
	}
}

// Whatever stands in a cursor, the database never hears of what it cannot read.
func TestGarbageInACursorIsNeverAnErrorOfTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.insert(street("Ленина", 1), street("Мира", 2))
	for _, order := range []string{"NAME", "RANK", "OPENED", "LENGTH"} {
		args := `first: 1, orderBy: {field: ` + order + `}`
		page := w.ok(w.system(), `{streets(`+args+`) {pageInfo {endCursor}}}`)
		raw, err := base64.RawURLEncoding.DecodeString(at(page, "streets", "pageInfo", "endCursor").(string))
		w.must(err)
		var form map[string]any
		w.must(json.Unmarshal(raw, &form))
		var number struct {
			O uint64 `json:"o"`
		}
		w.must(json.Unmarshal(raw, &number))
		form["o"] = number.O
		good := form["k"].([]any)
		rapid.Check(t, func(t *rapid.T) {
			keys := slices.Clone(good)
			keys[rapid.IntRange(0, len(keys)-1).Draw(t, "which")] = garbage.Draw(t, "key")
			form["k"] = keys
			forged, err := json.Marshal(form)
			w.must(err)
			got := w.ask(w.system(), `query($after: String) {streets(`+args+`, after: $after) {nodes {id}}}`, "after", base64.RawURLEncoding.EncodeToString(forged))
			for _, f := range got.errs {
				if core.CodeOf(f.err) != core.CodeBadUserInput {
					t.Fatalf("%s %v: %v", order, keys, f.err)
				}
			}
		})
	}
}

var garbage = rapid.OneOf(
	rapid.String(),
	rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{10,14}`),
	rapid.StringMatching(`[+-]?[0-9]{1,12}([.,][0-9]{1,3})?(e[+-]?[0-9]{1,3})?`),
	rapid.StringMatching(`[0-9]{4,5}-[0-1][0-9]-[0-3][0-9]`),
	rapid.StringMatching(`[0-9]{4}-[0-1][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{1,9})?[+-][0-2][0-9](:[0-9]{2})?`),
	rapid.SampledFrom([]string{"true", "false", "t", "infinity", "NaN", "Infinity", "0x10", "1_0", " 1", "now", "epoch", "", "\x00", "?", "'", `\`, "?0", "?TableAlias",
		"2147483648", "1e-60", "1e60", "0e-99", "2012-02-29", "2011-02-29", "0001-01-01", "0000-12-31", "2012-01-01 00:00:00+15:59", "2012-01-01 00:00:00+16",
		"9999-12-31 23:59:59.999999999+00", "9999-12-31 23:59:59-15", "{00000000-0000-0000-0000-000000000000}"}),
)
