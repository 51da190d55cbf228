package read_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func (w *world) names(filter any) []string {
	w.Helper()
	all := []string{}
	for _, n := range list(w.ok(w.system(), `query($filter: StreetFilter) {streets(filter: $filter, first: 50) {nodes {name}}}`, "filter", filter), "streets", "nodes") {
		all = append(all, at(n, "name").(string))
	}
	return all
}

func TestSearchForgives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, name := range []string{"Красноармейская", "Семёнова", "40 лет Октября", "переулок Берёзовый", "Краснопартизанская"} {
		w.insert(street(name, i))
	}
	for text, want := range map[string]string{
		"семенова": "Семёнова", "СЕМЁНОВА": "Семёнова", "березовый": "переулок Берёзовый", "перулок берёзовый": "переулок Берёзовый",
		"красноармейскя": "Красноармейская", "октября 40": "40 лет Октября", "красноарм": "Красноармейская",
	} {
		if got := w.names(object{"search": text}); len(got) == 0 || got[0] != want {
			t.Errorf("%s: got %v, want %s first", text, got, want)
		}
	}
	if got := w.names(object{"search": "набережная"}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	for _, empty := range []string{"", "  \t\n"} {
		if got := w.names(object{"search": empty}); len(got) != 5 {
			t.Errorf("an empty search found %v", got)
		}
	}
}

func TestASearchIsPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 9 {
		w.insert(street(fmt.Sprintf("Берёзовая %s", "абвгдежзи"[2*(i%3):2*(i%3)+2]), i))
	}
	var got []string
	var cursor any
	for {
		page := w.ok(w.system(), `query($after: String) {streets(filter: {search: "березовая а"}, first: 2, after: $after) {totalCount nodes {id} pageInfo {hasNextPage endCursor}}}`, "after", cursor)["streets"]
		for _, n := range list(page, "nodes") {
			got = append(got, at(n, "id").(string))
		}
		if at(page, "pageInfo", "hasNextPage") == false {
			if len(got) != at(page, "totalCount") || len(got) == 0 {
				t.Errorf("got %d of %v", len(got), at(page, "totalCount"))
			}
			break
		}
		cursor = at(page, "pageInfo", "endCursor")
	}
	slices.Sort(got)
	if n := len(got); len(slices.Compact(got)) != n {
		t.Error("a row came twice")
	}
}

var nasty = []string{
	"?", "??", "?0", "?1", "?TableAlias", "?today", "?asOf", "?visible", "??TableAlias", `\?`, `\`, `\\`, "'", "''", `'; DROP TABLE streets; --`, `"`, `$1`, "%", "_", "$$",
	"/*", "*/", "--", "a?b", "?(name)", "E'\\''", "\u00a0", "\ufffd", "😀", "Е́", "\u202e",
}

// Whatever text a filter holds, it is compared as it is: found when it is there, and nothing else.
func TestTextInFiltersIsOnlyText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	note := "Street"
	for i, name := range nasty {
		s := street(name, i)
		s.Note = &note
		w.insert(s)
	}
	for _, name := range nasty {
		for _, filter := range []object{{"name": object{"eq": name}}, {"name": object{"in": []string{name, name}}}} {
			if got := w.names(filter); !slices.Equal(got, []string{name}) {
				t.Errorf("%v: got %q", filter, got)
			}
		}
		if got := w.names(object{"name": object{"startsWith": name}}); !slices.Contains(got, name) {
			t.Errorf("startsWith %q: got %q", name, got)
		}
		if got := w.names(object{"name": object{"notIn": []string{name}}}); slices.Contains(got, name) || len(got) != len(nasty)-1 {
			t.Errorf("notIn %q: got %q", name, got)
		}
		w.names(object{"search": name})
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 })).Draw(t, "text")
		if got := w.names(object{"name": object{"eq": text}}); len(got) != 0 && !slices.Equal(got, []string{text}) {
			t.Fatalf("%q: got %q", text, got)
		}
		if len([]rune(text)) <= 200 {
			w.names(object{"name": object{"startsWith": text}})
		}
	})
}

func TestFiltersCompare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := street("а", 1), street("б", 2), street("в", 3)
	b.ParentID = &a.ID
	b.SeenAt = b.SeenAt.AddDate(0, 0, 1)
	note := "Street"
	c.Note = &note
	b.Tags, c.Tags = []string{"сад", "парк"}, []string{"парк"}
	w.insert(a, b, c)
	for _, f := range []struct {
		filter object
		want   []string
	}{
		{object{}, []string{"а", "б", "в"}},
		{object{"rank": object{"gte": 2}}, []string{"б", "в"}}, {object{"rank": object{"in": []int{1, 3}}}, []string{"а", "в"}},
		{object{"rank": object{"gte": 99999999999}}, []string{}}, {object{"rank": object{"in": []int{}}}, []string{}},
		{object{"rank": object{"gte": 2, "eq": nil}, "name": nil}, []string{"б", "в"}},
		{object{"name": object{"notIn": []string{}}}, []string{"а", "б", "в"}},
		{object{"seenAt": object{"gte": "2012-05-01T07:00:00.000001+07:00"}}, []string{"б"}},
		{object{"openedOn": object{"isNull": true}}, []string{"а", "б", "в"}}, {object{"openedOn": object{"isNull": false}}, []string{}},
		{object{"parent": object{"eq": idOf(a)}}, []string{"б"}}, {object{"parent": object{"isNull": true}}, []string{"а", "в"}},
		{object{"tag": object{"eq": "парк"}}, []string{"б", "в"}}, {object{"tag": object{"in": []string{"сад", "лес"}}}, []string{"б"}},
		{object{"tag": object{"notIn": []string{"сад"}}}, []string{"а", "в"}}, {object{"tag": object{"isNull": true}}, []string{"а"}}, {object{"tag": object{"isNull": false}}, []string{"б", "в"}},
		{object{"any": object{"eq": idOf(c)}}, []string{"в"}}, {object{"any": object{"in": []string{idOf(a), idOf(c)}}}, []string{"в"}},
	} {
		if got := w.names(f.filter); !slices.Equal(got, f.want) {
			t.Errorf("%v: got %v, want %v", f.filter, got, f.want)
		}
	}
}
