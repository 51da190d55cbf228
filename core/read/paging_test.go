package read_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

// fewStreets are rows of which many are equal in what they are ordered by.
func fewStreets(t *rapid.T, most int) []*Street {
	all := make([]*Street, rapid.IntRange(0, most).Draw(t, "streets"))
	for i := range all {
		s := street(rapid.SampledFrom([]string{"Ленина", "ленина", "Мира", "40 лет Октября", "а?б", "it's", `back\slash`, "ёлка", ""}).Draw(t, "name"), rapid.IntRange(-2, 2).Draw(t, "rank"))
		s.SeenAt = s.SeenAt.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "seen")) * time.Microsecond)
		s.Open = rapid.Bool().Draw(t, "open")
		if rapid.Bool().Draw(t, "opened") {
			day := core.NewDate(2012, 1, rapid.IntRange(1, 3).Draw(t, "day"))
			s.OpenedOn = &day
		}
		all[i] = s
	}
	return all
}

// orders are the orders of streets, as the database understands them.
var orders = map[string][]string{
	"NAME": {"name"}, "RANK": {"rank", "seen_at"}, "OPENED": {"coalesce(opened_on, '1900-01-01')"}, "LENGTH": {"length(name)", "open"},
}

// sorted is the list by a statement of the test's own.
func (w *world) sorted(t *rapid.T, table, where string, keys []string, direction string) []string {
	order := ""
	for _, key := range keys {
		order += key + " " + direction + ", "
	}
	var ids []uuid.UUID
	err := w.db.NewRaw(fmt.Sprintf(`SELECT id FROM %s WHERE municipality_id = ? AND %s ORDER BY %s id %s`, table, where, order, direction), w.town.ID).Scan(w.Context(), &ids)
	if err != nil {
		t.Fatal(err)
	}
	typ := map[string]string{"streets": "Street", "houses": "House"}[table]
	all := []string{}
	for _, id := range ids {
		all = append(all, core.ID{Type: typ, Key: id}.String())
	}
	return all
}

func (w *world) fill(t *rapid.T, streets []*Street, houses []*House) {
	if len(streets) > 0 {
		if _, err := w.db.NewInsert().Model(&streets).Exec(w.system()); err != nil {
			t.Fatal(err)
		}
	}
	if len(houses) > 0 {
		if _, err := w.db.NewInsert().Model(&houses).Exec(w.system()); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) clear() {
	for _, table := range []string{"streets", "houses", "secrets"} {
		_, err := w.db.NewRaw(`DELETE FROM ?`, bun.Ident(table)).Exec(w.Context())
		w.must(err)
	}
}

const wholePage = `{totalCount edges {cursor node {id}} nodes {id} pageInfo {hasNextPage hasPreviousPage startCursor endCursor}}`

// pageOf checks what must hold within a page, and gives its ids.
func pageOf(t *rapid.T, page any, total int) []string {
	var ids []string
	edges, nodes := list(page, "edges"), list(page, "nodes")
	if len(edges) != len(nodes) || at(page, "totalCount") != total {
		t.Fatalf("%d edges, %d nodes, %v in all, want %d", len(edges), len(nodes), at(page, "totalCount"), total)
	}
	for i, e := range edges {
		id := at(e, "node", "id").(string)
		if at(nodes[i], "id") != id {
			t.Fatalf("edge %d is another node", i)
		}
		ids = append(ids, id)
	}
	if len(edges) > 0 && (at(page, "pageInfo", "startCursor") != at(edges[0], "cursor") || at(page, "pageInfo", "endCursor") != at(edges[len(edges)-1], "cursor")) {
		t.Fatal("pageInfo has other cursors than its edges")
	}
	return ids
}

func TestPagesMakeUpTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		defer w.clear()
		w.fill(t, fewStreets(t, 25), nil)
		order := rapid.SampledFrom([]string{"NAME", "RANK", "OPENED", "LENGTH"}).Draw(t, "order")
		direction := rapid.SampledFrom([]string{"ASC", "DESC"}).Draw(t, "direction")
		want := w.sorted(t, "streets", "TRUE", orders[order], direction)
		by := fmt.Sprintf("orderBy: {field: %s, direction: %s}", order, direction)
		back := rapid.Bool().Draw(t, "back")
		query := `query($size: Int!, $cursor: String) {streets(` + by + `, first: $size, after: $cursor) ` + wholePage + `}`
		if back {
			query = `query($size: Int!, $cursor: String) {streets(` + by + `, last: $size, before: $cursor) ` + wholePage + `}`
		}
		got, cursor := []string{}, any(nil)
		for {
			size := rapid.IntRange(1, 9).Draw(t, "size")
			page := w.ok(w.system(), query, "size", size, "cursor", cursor)["streets"]
			ids := pageOf(t, page, len(want))
			more, beyond := "hasNextPage", "hasPreviousPage"
			if back {
				more, beyond = beyond, more
			}
			if at(page, "pageInfo", beyond) != (cursor != nil) {
				t.Fatalf("%s is %v with cursor %v", beyond, at(page, "pageInfo", beyond), cursor)
			}
			if back {
				got, cursor = append(slices.Clone(ids), got...), at(page, "pageInfo", "startCursor")
			} else {
				got, cursor = append(got, ids...), at(page, "pageInfo", "endCursor")
			}
			if at(page, "pageInfo", more) != (len(got) < len(want)) || len(ids) > size {
				t.Fatalf("%s is %v after %d of %d; %d rows of %d", more, at(page, "pageInfo", more), len(got), len(want), len(ids), size)
			}
			if len(got) >= len(want) || cursor == nil {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s %s:\n got %v\nwant %v", order, direction, got, want)
		}
	})
}

// Rows that come in between are seen when they stand beyond the cursor; none is seen twice or lost.
func TestCursorsBearInserts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		defer w.clear()
		before := fewStreets(t, 12)
		w.fill(t, before, nil)
		first := w.ok(w.system(), `{streets(first: 4) `+wholePage+`}`)["streets"]
		seen := pageOf(t, first, len(before))
		w.fill(t, fewStreets(t, 12), nil)
		want := w.sorted(t, "streets", "TRUE", orders["RANK"], "ASC")
		if len(seen) == 0 {
			return
		}
		rest := w.ok(w.system(), `query($after: String) {streets(first: 50, after: $after) `+wholePage+`}`, "after", at(first, "pageInfo", "endCursor"))
		want = want[slices.Index(want, seen[len(seen)-1])+1:]
		var got []string
		for _, n := range list(rest, "streets", "nodes") {
			got = append(got, at(n, "id").(string))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// A list below many rows is, for each, the list asked for that row alone; and both are what the
// database says.
func TestListsBelowManyAreTheListsOfEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		defer w.clear()
		streets := fewStreets(t, 8)
		var houses []*House
		for _, s := range streets {
			for range rapid.IntRange(0, 6).Draw(t, "houses") {
				h := house(s, rapid.IntRange(-1, 3).Draw(t, "number"))
				h.StartsOn = core.NewDate(2012, 5, rapid.IntRange(13, 17).Draw(t, "starts"))
				if rapid.Bool().Draw(t, "ends") {
					end := h.StartsOn.AddDays(rapid.IntRange(0, 2).Draw(t, "days"))
					h.EndsOn = &end
				}
				houses = append(houses, h)
			}
		}
		w.fill(t, streets, houses)
		size := rapid.IntRange(0, 5).Draw(t, "size")
		side := rapid.SampledFrom([]string{"first", "last"}).Draw(t, "side")
		direction := rapid.SampledFrom([]string{"ASC", "DESC"}).Draw(t, "direction")
		day := core.NewDate(2012, 5, rapid.IntRange(12, 18).Draw(t, "day"))
		args := fmt.Sprintf("%s: %d, orderBy: {field: STARTS_ON, direction: %s}", side, size, direction)
		lists := fmt.Sprintf(`id houses(%s) %s standing(%s: %d) {totalCount nodes {id}} dated: houses(asOf: "%s", first: 50) {nodes {id}}
			count: houseCount(asOf: "%s")`, args, wholePage, side, size, day, day)
		all := list(w.ok(w.system(), `{streets(first: 50) {nodes {`+lists+`}}}`), "streets", "nodes")
		if len(all) != len(streets) {
			t.Fatalf("%d of %d streets", len(all), len(streets))
		}
		for _, s := range all {
			id := at(s, "id").(string)
			alone := w.ok(w.system(), `query($id: ID!) {street(id: $id) {`+lists+`}}`, "id", id)["street"]
			if fmt.Sprint(alone) != fmt.Sprint(s) {
				t.Fatalf("among others %v\nalone %v", s, alone)
			}
			parsed, _ := core.ParseID(id)
			of := fmt.Sprintf("street_id = '%s'", parsed.Key)
			w.expectPage(t, at(s, "houses"), w.sorted(t, "houses", of, []string{"starts_on", "number"}, direction), side, size)
			standing := w.sorted(t, "houses", of+" AND number > 0 AND starts_on <= '2012-05-15' AND (ends_on IS NULL OR ends_on >= '2012-05-15')", []string{"number"}, "ASC")
			if at(s, "standing", "totalCount") != len(standing) {
				t.Fatalf("%v stand, want %d", at(s, "standing", "totalCount"), len(standing))
			}
			dated := w.sorted(t, "houses", fmt.Sprintf("%s AND starts_on <= '%s' AND (ends_on IS NULL OR ends_on >= '%s')", of, day, day), []string{"starts_on", "number"}, "ASC")
			if len(list(s, "dated", "nodes")) != len(dated) || at(s, "count") != len(dated) {
				t.Fatalf("on %s: %v, count %v, want %v", day, at(s, "dated"), at(s, "count"), dated)
			}
		}
	})
}

func (w *world) expectPage(t *rapid.T, page any, whole []string, side string, size int) {
	ids := pageOf(t, page, len(whole))
	want := whole[:min(size, len(whole))]
	next, previous := len(whole) > size, false
	if side == "last" {
		want, next, previous = whole[max(0, len(whole)-size):], false, len(whole) > size
	}
	if !slices.Equal(ids, want) || at(page, "pageInfo", "hasNextPage") != next || at(page, "pageInfo", "hasPreviousPage") != previous {
		t.Fatalf("%s %d: got %v, want %v of %v", side, size, page, want, whole)
	}
}

// Where nobody says a day, it is today in the town.
func TestWithoutADayItIsToday(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := street("Ленина", 1)
	h := house(s, 1)
	w.insert(s, h)
	for i, day := range []int{14, 15, 16} {
		twin := house(s, 10+i)
		twin.TwinID, twin.StartsOn = &h.ID, core.NewDate(2012, 5, day)
		w.insert(twin)
	}
	got := w.ok(w.system(), `query($id: ID!) {house(id: $id) {twins {totalCount nodes {number}} street {houseCount}}}`, "id", idOf(h))
	if fmt.Sprint(got) != "map[house:map[street:map[houseCount:3] twins:map[nodes:[map[number:10] map[number:11]] totalCount:2]]]" {
		t.Errorf("got %v", got)
	}
}
