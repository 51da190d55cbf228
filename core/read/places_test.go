package read_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pool are fields of a street that can be asked for side by side: an alias stands for one question
// only, so any of them merge.
var pool = []string{
	"name", "a: name", "title", "note", "status", `s2: status(asOf: "1999-01-01")`, "houseCount", `c0: houseCount(asOf: "1999-01-01")`, "loud",
	"h1: houses(first: 1) {nodes {number}}", "h1: houses(first: 1) {edges {node {startsOn}}}", "h1: houses(first: 1) {nodes {twin {number}} edges {cursor node {twin {id}}}}",
	"h2: houses(first: 2) {totalCount nodes {number}}", "hl: houses(last: 1) {nodes {number street {name h1: houses(first: 1) {totalCount}}}}",
	"hd: houses(first: 2, orderBy: {field: NUMBER, direction: DESC}) {nodes {number} pageInfo {hasNextPage endCursor}}",
	"hf: houses(filter: {number: {gte: 1}}) {totalCount}", "parent {name}", "parent {rank parent {name}}", "p2: parent {h2: houses(first: 2) {nodes {id}}}",
	"branches(first: 2) {nodes {name}}", "branches(first: 2) {nodes {h1: houses(first: 1) {nodes {endsOn}}} edges {node {rank}}}",
	"secret {word}", "secret {phones length}", "standing {nodes {twins {nodes {number} totalCount}}}", "...One", "...Two", "... on Street {seenAt ...One}", "... on Node {id}",
}

const fragments = `
fragment One on Street {h1: houses(first: 1) {nodes {number endsOn}} parent {tags}}
fragment Two on Street {...One h2: houses(first: 2) {nodes {twin {number}}} secret {word length}}`

func selection(t *rapid.T, label string) string {
	return "{id " + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pool), 1, 8).Draw(t, label), " ") + "}"
}

// document adds the fragments that the selection uses: an unused one is refused.
func document(query string) string {
	parts := strings.SplitAfterN(fragments, "\nfragment", 3)
	one, two := "fragment"+parts[1][:len(parts[1])-len("\nfragment")], "fragment"+parts[2]
	if strings.Contains(query, "...Two") {
		return query + one + two
	}
	if strings.Contains(query, "...One") {
		return query + one
	}
	return query
}

// Every place shows what it would show alone, whatever else is asked for beside it of the same
// rows: under aliases, in edges and nodes at once, by fragments used twice, after node(id), and on
// an object that the reader did not load.
func TestEachPlaceHasItsOwnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	streets := w.peopled(3)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := selection(t, "a"), selection(t, "b"), selection(t, "c")
		size := rapid.IntRange(1, 3).Draw(t, "size")
		args := fmt.Sprintf("(first: %d)", size)
		whole := fmt.Sprintf(`{streets%[1]s {a: nodes %[2]s nodes %[3]s edges {cursor node %[4]s} e: edges {n: node %[2]s}} again: streets%[1]s {nodes %[4]s}}`, args, a, b, c)
		got := w.ok(w.system(), document(whole))
		alone := func(set string) []any {
			return list(w.ok(w.system(), document(`{streets`+args+` {nodes `+set+`}}`)), "streets", "nodes")
		}
		same(t, whole, list(got, "streets", "a"), alone(a))
		same(t, whole, list(got, "streets", "nodes"), alone(b))
		same(t, whole, under(list(got, "streets", "edges"), "node"), alone(c))
		same(t, whole, under(list(got, "streets", "e"), "n"), alone(a))
		same(t, whole, list(got, "again", "nodes"), alone(c))
		id := idOf(streets[rapid.IntRange(0, 2).Draw(t, "which")])
		single := w.ok(w.system(), document(fmt.Sprintf(`{street(id: %[1]q) %[2]s x: street(id: %[1]q) %[3]s node(id: %[1]q) {... on Street %[2]s} nodes(ids: [%[1]q, %[1]q]) {... on Street %[3]s}}`, id, a, b)))
		same(t, a, []any{single["street"]}, []any{single["node"]})
		same(t, b, []any{single["x"], single["x"]}, list(single, "nodes"))
	})
}

func same(t *rapid.T, query string, got, want []any) {
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s\n got %v\nwant %v", query, got, want)
	}
}

func under(all []any, name string) (values []any) {
	for _, v := range all {
		values = append(values, at(v, name))
	}
	return values
}

// An object that a module made by itself is read again for each of its places, with the same result.
func TestAnObjectThatWasNotLoadedGivesTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	streets := w.peopled(3)
	columns := []string{"name", "a: name", "title", "note", "... on Street {seenAt ...One}"}
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(rapid.SampledFrom(pool), 1, 6).Draw(t, "fields")
		fields = slices.DeleteFunc(fields, func(f string) bool { return slices.Contains(columns, f) })
		set := "{id " + strings.Join(fields, " ") + "}"
		got := w.ok(w.system(), document(fmt.Sprintf(`{street(id: %[1]q) %[2]s handmade(id: %[1]q) %[2]s}`, idOf(streets[1]), set)))
		same(t, set, []any{got["handmade"]}, []any{got["street"]})
	})
	got := w.ask(w.system(), fmt.Sprintf(`{handmade(id: %q) {houses {nodes {id}} parent {id} houseCount}}`, idOf(street("gone", 1))))
	if len(got.errs) != 3 {
		t.Errorf("an object that is gone had %v", got.data)
	}
}
