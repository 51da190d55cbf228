package house_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/veche-city/veche/cmd/veche/house"
)

// BenchmarkPlugins measures, in one run, what plugins cost: a question of the core alone without and
// with them in the schema, and one over both, beside its parts of the core asked by themselves.
func BenchmarkPlugins(b *testing.B) {
	w := newWorld(b)
	admin := w.administrator("kansk")
	for n := range 100 {
		w.newCouncil(admin, fmt.Sprintf("Комиссия № %d", n+1), 3)
	}
	const alone = `{ councils(first: 100) { nodes { id name } } }`
	measure(b, w, "core/without", alone, nil)
	p := park(b, w, admin)
	p.honest = true
	measure(b, w, "core/with", alone, nil)
	const mixed = `{ councils(first: 100) { nodes { id name parkingPermits(first: 2) { plate holder { name } } } } }`
	measure(b, w, "mixed/whole", mixed, nil)
	data := w.ask(request{Query: strings.Replace(mixed, "name } } }", "id } } }", 1)})
	var ids []any
	for _, council := range at(data, "councils", "nodes").([]any) {
		for _, permit := range at(council, "parkingPermits").([]any) {
			ids = append(ids, at(permit, "holder", "id"))
		}
	}
	measure(b, w, "mixed/persons", `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Person { name } } }`, map[string]any{"ids": ids})
}

// BenchmarkTheTerritorialOrder is the same with a real plugin, whose process reads its own tables: two
// projects of each of a hundred councils, with their authors, beside what is the core's of it.
func BenchmarkTheTerritorialOrder(b *testing.B) {
	w := newWorld(b)
	admin := w.administrator("kansk")
	for n := range 100 {
		w.newCouncil(admin, fmt.Sprintf("Комиссия № %d", n+1), 3)
	}
	w.plug(admin, order)
	_, err := w.DB.ExecContext(b.Context(), `INSERT INTO plugin_territorialorder_kansk.projects
			(id, district_id, council_id, author_id, title, text, place, kind, cost_rubles, stage, proposed_at)
		SELECT gen_random_uuid(), (SELECT id FROM districts LIMIT 1), council.id, person.id, 'Скамейки у школы', 'Десять скамеек', 'Двор', 'YARD', 100000, 'DISCUSSION', now()
		FROM (SELECT id, row_number() OVER () AS n FROM councils WHERE name LIKE 'Комиссия%') AS council
		JOIN (SELECT id, row_number() OVER () AS n FROM persons) AS person ON person.n / 2 = council.n - 1 AND person.n < 200`)
	must(b, err)
	const whole = `{ councils(first: 100, orderBy: {field: NAME, direction: ASC}) { nodes { id name territorialOrderProjects(first: 2) { nodes { title author { name } } } } } }`
	measure(b, w, "whole", whole, nil)
	measure(b, w, "councils", `{ councils(first: 100, orderBy: {field: NAME, direction: ASC}) { nodes { id name } } }`, nil)
	data := w.ask(request{Query: strings.Replace(whole, "author { name }", "author { id }", 1)})
	var ids []any
	for _, council := range at(data, "councils", "nodes").([]any) {
		for _, project := range at(council, "territorialOrderProjects", "nodes").([]any) {
			ids = append(ids, at(project, "author", "id"))
		}
	}
	b.Logf("%d authors", len(ids))
	measure(b, w, "authors", `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Person { name } } }`, map[string]any{"ids": ids})
}

// measure asks the handler itself, without a network.
func measure(b *testing.B, w *world, name, query string, variables map[string]any) {
	handler, err := w.Handler()
	must(b, err)
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	must(b, err)
	ask := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, house.Endpoint, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		out := httptest.NewRecorder()
		handler.ServeHTTP(out, r)
		return out
	}
	if out := ask(); strings.Contains(out.Body.String(), `"errors"`) {
		b.Fatal(out.Body.String())
	}
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ask()
		}
	})
}
