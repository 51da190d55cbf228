package house_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"

	"github.com/veche-city/veche/core"
)

const figures = `query($from: Date!, $to: Date!, $keys: [String!]) { indicators(from: $from, to: $to, keys: $keys) { key value breakdown { label value } } }`

const rowsOf = `query($from: Date!, $to: Date!, $keys: [String!], $first: Int, $after: String) { indicators(from: $from, to: $to, keys: $keys) {
	rows(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { day part object { id __typename } } } } }`

// Every indicator that any module declares: its figure is the sum of its parts and the number of
// its rows, which come once each, by day, within the period, as objects of the type declared.
func TestEveryIndicatorAddsUp(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	seen := map[string]bool{}
	for _, m := range w.Modules {
		for _, declared := range m.Info().Indicators {
			if seen[declared.Key] {
				t.Errorf("%s is declared twice", declared.Key)
			}
			seen[declared.Key] = true
			for _, period := range [][2]string{{"2012-01-01", "2012-12-31"}, {"2012-05-11", "2012-05-11"}, {"1990-01-01", "1990-12-31"}} {
				w.addsUp(admin, declared, period)
			}
		}
	}
	if len(seen) < 2 {
		t.Errorf("only %v", seen)
	}
	all := w.ask(request{as: admin, Query: figures, Variables: map[string]any{"from": "2012-01-01", "to": "2012-12-31"}})
	if got := len(at(all, "indicators").([]any)); got != len(seen) {
		t.Errorf("%d of %d are shown", got, len(seen))
	}
	second := w.administrator("achinsk")
	for _, figure := range at(w.ask(request{as: second, town: "achinsk", Query: figures, Variables: map[string]any{"from": "1990-01-01", "to": "2030-12-31"}}), "indicators").([]any) {
		if at(figure, "value") != 0.0 {
			t.Errorf("another municipality counts %v", figure)
		}
	}
}

func (w *world) addsUp(as string, declared core.Indicator, period [2]string) {
	w.t.Helper()
	variables := map[string]any{"from": period[0], "to": period[1], "keys": []string{declared.Key}}
	figure := at(w.ask(request{as: as, Query: figures, Variables: variables}), "indicators", 0)
	parts := map[any]float64{}
	for _, part := range at(figure, "breakdown").([]any) {
		parts[at(part, "label")] += at(part, "value").(float64)
	}
	ids, rows, day := map[any]bool{}, 0, period[0]
	variables["first"], variables["after"] = 7, nil
	for more := true; more; {
		page := at(w.ask(request{as: as, Query: rowsOf, Variables: variables}), "indicators", 0, "rows")
		for _, row := range at(page, "nodes").([]any) {
			rows++
			parts[at(row, "part")]--
			if ids[at(row, "object", "id")] || at(row, "object", "__typename") != declared.Type {
				w.t.Errorf("%s in %v: twice, or of another type: %v", declared.Key, period, row)
			}
			ids[at(row, "object", "id")] = true
			if on := at(row, "day").(string); on < day || on > period[1] {
				w.t.Errorf("%s in %v: out of order, or out of the period: %v", declared.Key, period, row)
			} else {
				day = on
			}
		}
		if at(page, "totalCount") != at(figure, "value") {
			w.t.Errorf("%s in %v: %v in all, and the figure is %v", declared.Key, period, at(page, "totalCount"), at(figure, "value"))
		}
		more, variables["after"] = at(page, "pageInfo", "hasNextPage").(bool), at(page, "pageInfo", "endCursor")
	}
	if float64(rows) != at(figure, "value") {
		w.t.Errorf("%s in %v: %d rows, and the figure is %v", declared.Key, period, rows, at(figure, "value"))
	}
	for label, left := range parts {
		if left != 0 {
			w.t.Errorf("%s in %v: the part %q and its rows differ by %v", declared.Key, period, label, left)
		}
	}
}

func TestIndicatorsRefuseAndCount(t *testing.T) {
	w := newTown(t)
	year := map[string]any{"from": "2013-01-01", "to": "2013-12-31"}
	cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, c := range map[string]struct {
		query   string
		changes []any
	}{
		"ends before it begins":     {figures, []any{"to", "2012-12-31"}},
		"longer than a century":     {figures, []any{"from", "1913-01-01"}},
		"an unknown key":            {figures, []any{"keys", []string{"councils.active", "councils.none"}}},
		"a wrong cursor":            {rowsOf, []any{"after", "нет"}},
		"a cursor of nothing":       {rowsOf, []any{"after", cursor("2012-01-01 x")}},
		"a cursor without a day":    {rowsOf, []any{"after", cursor("x " + core.NewID().String())}},
		"an empty cursor":           {rowsOf, []any{"after", ""}},
		"a page below zero":         {rowsOf, []any{"first", -1}},
		"a page larger than may be": {rowsOf, []any{"first", 101}},
	} {
		if a := w.send(request{Query: c.query, Variables: with(year, c.changes...)}); !slices.Equal(a.codes(), []string{"BAD_USER_INPUT"}) {
			t.Errorf("%s: %s", name, a.text)
		}
	}
	if a := w.send(request{Query: rowsOf, Variables: with(year, "first", 0)}); len(a.Errors) > 0 || at(a.Data, "indicators", 0, "rows", "pageInfo", "hasNextPage") != true {
		t.Errorf("a page of none: %s", a.text)
	}

	// A body counts from its first day of work to its last, both included.
	council := w.council("kind", "PUBLIC_COUNCIL", "activeFrom", "2013-01-12")
	w.done(w.admin, "dissolveCouncil", "council { id }", map[string]any{"id": council, "expectedVersion": 1, "dissolvedOn": "2013-01-20", "reason": "Проба"})
	count := func(from, to string) any {
		return at(w.ask(request{Query: figures, Variables: map[string]any{"from": from, "to": to, "keys": []string{"councils.active"}}}), "indicators", 0, "value")
	}
	for _, c := range []struct {
		from, to string
		more     float64
	}{{"2013-01-01", "2013-01-11", 0}, {"2013-01-01", "2013-01-12", 1}, {"2013-01-15", "2013-01-15", 1}, {"2013-01-20", "2013-01-30", 1}, {"2013-01-21", "2013-01-30", 0}} {
		if got := count(c.from, c.to); got != 18+c.more {
			t.Errorf("%s to %s: %v, want %v", c.from, c.to, got, 18+c.more)
		}
	}

	// Without the permission behind a figure it is left out; without the report's own, all are.
	w.done(w.admin, "createRole", "role { id }", map[string]any{"key": "blind", "name": map[string]any{"en": "Blind", "ru": "Слепой"}, "description": map[string]any{"en": "—", "ru": "—"}})
	w.done(w.admin, "addRoleRule", "role { id }", map[string]any{"role": "blind", "permission": "councils:read", "effect": "DENY"})
	w.account(w.admin, "blind", "", "blind", "")
	for _, figure := range at(w.ask(request{as: "blind", Query: figures, Variables: year}), "indicators").([]any) {
		if key := fmt.Sprint(at(figure, "key")); key == "councils.active" || key == "councils.seats_taken" {
			t.Errorf("shows %s", key)
		}
	}
	w.done(w.admin, "addRoleRule", "role { id }", map[string]any{"role": "blind", "permission": "reports:read", "effect": "DENY"})
	if a := w.send(request{as: "blind", Query: figures, Variables: year}); !slices.Equal(a.codes(), []string{"FORBIDDEN"}) {
		t.Errorf("without the permission: %s", a.text)
	}
}
