package read_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// everything reads all that there is, and then some of it again.
const everything = `{streets(first: 50) {totalCount nodes {id name rank openedOn note tags title status loud houseCount
	parent {name parent {name}} secret {word phones length}
	branches(first: 2) {totalCount nodes {name houses(first: 1) {nodes {number twin {number} twins {totalCount}}}}}
	houses(first: 3) {edges {cursor node {number street {name} twin {number}}}}
	one: houses(first: 1) {nodes {number}}}}}`

// peopled fills the town: n streets in a chain, each with n houses and a secret.
func (w *world) peopled(n int) (streets []*Street) {
	for i := range n {
		s := street(fmt.Sprintf("Street %03d", i), i)
		if i > 0 {
			s.ParentID = &streets[0].ID
		}
		note := "a note"
		s.Note = &note
		streets = append(streets, s)
		w.insert(s, &Secret{ID: s.ID, Word: &note, Phones: []string{"+79131234567"}})
		for k := range n {
			h := house(s, k)
			w.insert(h)
			if k == 0 {
				w.insert(&House{ID: core.NewID(), StreetID: s.ID, TwinID: &h.ID, Number: -1, StartsOn: h.StartsOn})
			}
		}
	}
	return streets
}

func TestTheNumberOfStatementsDoesNotDependOnTheRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	counts := map[int]int{}
	for _, n := range []int{2, 12} {
		w.clear()
		w.peopled(n)
		w.statements.take()
		w.ok(w.system(), everything)
		counts[n] = len(w.statements.take())
	}
	// Two for the streets; their parents, and secrets; two for branches, their houses, those' twins
	// and the total of twins; houses, their streets and twins; the alias.
	if counts[2] != 13 || counts[12] != counts[2] {
		t.Errorf("got %v statements", counts)
	}
	w.clear()
	w.insert(street("alone", 1), street("alone too", 2))
	w.statements.take()
	w.ok(w.system(), `{streets {nodes {parent {name} houses {nodes {twin {number}}} branches {nodes {id}}}}}`)
	if got := w.statements.take(); len(got) != 3 {
		t.Errorf("nothing below the rows took %d statements:\n%s", len(got), strings.Join(got, "\n"))
	}
}

// columnsOf are the columns that a statement shows, beside keys.
func columnsOf(statement string) []string {
	var found []string
	for _, c := range []string{"name", "rank", "opened_on", "seen_at", "note", "tags", "open", "district_id", "parent_id", "number", "starts_on", "ends_on", "person_id", "word", "phones", "version"} {
		if strings.Contains(statement, `"`+c+`"`) || strings.Contains(statement, `.`+c) {
			found = append(found, c)
		}
	}
	return found
}

func TestNoColumnIsReadThatWasNotAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	streets := w.peopled(2)
	id := idOf(streets[0])
	for query, want := range map[string][]string{
		`{streets {totalCount}}`:                                     nil,
		`{streets {__typename}}`:                                     nil,
		`{streets(orderBy: {field: NAME}) {nodes {id}}}`:             {"name"},
		`{street(id: "` + id + `") {id __typename}}`:                 nil,
		`{street(id: "` + id + `") {title}}`:                         {"name", "rank"},
		`{street(id: "` + id + `") {note}}`:                          {"note"},
		`{street(id: "` + idOf(streets[1]) + `") {parent {tags}}}`:   {"tags", "parent_id"},
		`{street(id: "` + id + `") {secret {phones}}}`:               {"phones"},
		`{street(id: "` + id + `") {standing {totalCount}}}`:         {"number", "starts_on", "ends_on"},
		`{node(id: "` + id + `") {id ... on House {number}}}`:        nil,
		`{node(id: "` + id + `") {... on Street {note}}}`:            {"note"},
		`{street(id: "` + id + `") {note @skip(if: true) tags}}`:     {"tags"},
		`{street(id: "` + id + `") {secret {id}}}`:                   nil,
		`{streets(orderBy: {field: NAME}) {pageInfo {hasNextPage}}}`: {"name"},
	} {
		w.statements.take()
		w.ok(w.system(), query)
		var got []string
		for _, s := range w.statements.take() {
			if strings.Contains(s, "*") && !strings.Contains(s, "count(*)") && !strings.Contains(s, "page.*") {
				t.Errorf("%s: %s", query, s)
			}
			got = append(got, columnsOf(s)...)
		}
		slices.Sort(got)
		slices.Sort(want)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: read %v, want %v", query, got, want)
		}
	}
	w.statements.take()
	w.ok(w.system(), `{streets(orderBy: {field: NAME}) {pageInfo {hasNextPage}}}`)
	if got := w.statements.take(); len(got) != 1 || strings.Contains(got[0], "::text") {
		t.Errorf("cursors were read that nobody asked for: %v", got)
	}
}

func TestReadingIsToldOnceBeforeItIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	streets := w.peopled(4)
	keys := func(from ...*Street) (all []uuid.UUID) {
		for _, s := range from {
			all = append(all, s.ID)
		}
		return all
	}
	for query, want := range map[string][]logged{
		`{streets {nodes {secret {id}}}}`:                                                       nil,
		`{streets(first: 3) {nodes {secret {word phones}}}}`:                                    {{keys(streets[:3]...), []string{"word", "phones"}}},
		`{streets(last: 1) {edges {node {secret {length}}}}}`:                                   {{keys(streets[3]), []string{"length"}}},
		`{streets(first: 0) {nodes {secret {word}}}}`:                                           nil,
		`{street(id: "` + idOf(streets[1]) + `") {secret {word}}}`:                              {{keys(streets[1]), []string{"word"}}},
		`{street(id: "` + idOf(streets[0]) + `") {branches(first: 1) {nodes {secret {word}}}}}`: {{keys(streets[1]), []string{"word"}}},
		`{handmade(id: "` + idOf(streets[2]) + `") {secret {word}}}`:                            {{keys(streets[2]), []string{"word"}}},
		`{streets(first: 2) {nodes {a: secret {word} b: secret {word}}}}`:                       {{keys(streets[:2]...), []string{"word"}}, {keys(streets[:2]...), []string{"word"}}},
	} {
		w.log.calls = nil
		w.ok(w.system(), query)
		for _, call := range w.log.calls {
			slices.SortFunc(call.keys, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
		}
		if fmt.Sprint(w.log.calls) != fmt.Sprint(want) {
			t.Errorf("%s:\ntold %v\nwant %v", query, w.log.calls, want)
		}
	}
	w.log.fail = errors.New("the log is full")
	got := w.ask(w.system(), `{streets {nodes {name secret {word}}}}`)
	if len(got.errs) != 1 || !errors.Is(got.errs[0].err, w.log.fail) || got.data["streets"] != nil {
		t.Errorf("got %v, %v", got.data, got.errs)
	}
}
