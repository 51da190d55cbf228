package house_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
)

// BenchmarkPlugins measures, in one run, what plugins cost: a question of the core alone without and with
// one in the schema, and one over both, two hundred persons below notes of a hundred councils, beside its
// parts of the core asked by themselves. The plugin answers from memory: once in Go, once in TypeScript.
func BenchmarkPlugins(b *testing.B) {
	for _, lang := range []string{"go", "ts"} {
		b.Run(lang, func(b *testing.B) {
			w := newWorld(b)
			admin := w.administrator("kansk")
			persons := w.committees()
			const councils = `{ councils(first: 100, orderBy: {field: NAME, direction: ASC}) { nodes { id name } } }`
			measure(b, w, "councils/without", councils, nil)
			text, err := json.Marshal(map[string]any{"authors": persons})
			must(b, err)
			w.plugWith(admin, notes(b, lang), string(text))
			measure(b, w, "councils/with", councils, nil)
			measure(b, w, "persons", `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Person { name } } }`, map[string]any{"ids": persons})
			measure(b, w, "whole", strings.Replace(councils, "name }", "name notes(first: 2) { text author { name } } }", 1), nil)
		})
	}
}

// committees makes a hundred of them, with two members each, and gives the members' ids.
func (w *world) committees() (persons []any) {
	_, err := w.DB.Exec(`WITH town AS (SELECT id FROM municipalities WHERE key = 'kansk'),
			folk AS (INSERT INTO persons (municipality_id, id, family_name, given_name, created_at)
				SELECT town.id, gen_random_uuid(), 'Образцов' || n, 'Иван', '2000-01-01Z' FROM town, generate_series(1, 200) AS n RETURNING municipality_id, id),
			bodies AS (INSERT INTO councils (municipality_id, id, kind, name, founding_act, founded_on)
				SELECT town.id, gen_random_uuid(), 'TERRITORIAL_COMMISSION', 'А Комиссия № ' || n, 'Постановление', '2000-01-01' FROM town, generate_series(1, 100) AS n RETURNING id)
		INSERT INTO memberships (municipality_id, id, council_id, person_id, post, basis, starts_on)
		SELECT municipality_id, gen_random_uuid(), body.id, person.id, 'MEMBER', 'ACTIVE_CITIZEN', '2000-01-01'
		FROM (SELECT *, row_number() OVER () AS n FROM folk) AS person JOIN (SELECT *, row_number() OVER () AS n FROM bodies) AS body ON (person.n - 1) / 2 = body.n - 1;
		ANALYZE`)
	must(w.t, err)
	rows, err := w.DB.QueryContext(w.t.Context(), `SELECT id FROM persons WHERE family_name LIKE 'Образцов%'`)
	must(w.t, err)
	defer func() { must(w.t, rows.Close()) }()
	for rows.Next() {
		var key uuid.UUID
		must(w.t, rows.Scan(&key))
		persons = append(persons, core.ID{Type: "Person", Key: key}.String())
	}
	must(w.t, rows.Err())
	return persons
}

// notes is the folder of the plugin in the language. In TypeScript it is built by what snow clearing is.
func notes(b *testing.B, lang string) string {
	const folder = "testdata/notes"
	if lang == "go" {
		return folder
	}
	dir, clearing := b.TempDir(), filepath.Join("..", "..", "..", "plugins", "examples", "snowclearing")
	must(b, os.CopyFS(dir, os.DirFS(folder)))
	must(b, os.Remove(filepath.Join(dir, "main.go")))
	if _, err := os.Stat(filepath.Join(clearing, "node_modules")); err != nil {
		install := exec.CommandContext(b.Context(), "npm", "ci", "--no-fund", "--no-audit")
		install.Dir = clearing
		must(b, install.Run())
	}
	clearing, err := filepath.Abs(clearing)
	must(b, err)
	must(b, os.Symlink(filepath.Join(clearing, "node_modules"), filepath.Join(dir, "node_modules")))
	card, err := os.ReadFile(filepath.Join(dir, "plugin.yaml"))
	must(b, err)
	before, _, _ := strings.Cut(string(card), "build:")
	build := `build: {run: 'npx esbuild notes.ts --bundle --platform=node --target=node18 --format=cjs --loader:.yaml=text --loader:.graphqls=text "--banner:js=#!/usr/bin/env node" --outfile=$VECHE_OUT && chmod +x $VECHE_OUT', platforms: [any]}`
	must(b, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(before+build), 0o600))
	return dir
}

// BenchmarkTheTerritorialOrder is the same with a real plugin, whose process reads its own tables: two
// projects of each of a hundred councils, with their authors, beside what is the core's of it.
func BenchmarkTheTerritorialOrder(b *testing.B) {
	w := newWorld(b)
	admin := w.administrator("kansk")
	persons := w.committees()
	w.plug(admin, order)
	_, err := w.DB.ExecContext(b.Context(), `INSERT INTO plugin_territorialorder_kansk.projects
			(id, district_id, council_id, author_id, title, text, place, kind, cost_rubles, stage, proposed_at)
		SELECT gen_random_uuid(), (SELECT id FROM districts LIMIT 1), council_id, person_id, 'Скамейки у школы', 'Десять скамеек', 'Двор', 'YARD', 100000, 'DISCUSSION', now()
		FROM memberships WHERE starts_on = '2000-01-01'`)
	must(b, err)
	const councils = `{ councils(first: 100, orderBy: {field: NAME, direction: ASC}) { nodes { id name } } }`
	measure(b, w, "councils", councils, nil)
	measure(b, w, "persons", `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Person { name } } }`, map[string]any{"ids": persons})
	measure(b, w, "whole", strings.Replace(councils, "name }", "name territorialOrderProjects(first: 2) { nodes { title author { name } } } }", 1), nil)
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
