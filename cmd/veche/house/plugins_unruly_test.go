package house_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// The plugin of testdata/unruly, in releases that differ by what they add to the schema.

const unrulySDL = `# functions: District.unruly Query.unruly Query.unrulyRelease Query.unrulyHold Query.unrulyHeld Query.unrulyEnvironment Query.unrulyAsk Query.unrulyForge Query.unrulyRead Mutation.unrulyBecome Mutation.unrulyDo Mutation.unrulyWrite%[1]s
extend type District {
  "The district's own id."
  unruly: ID @public
}

extend type Query {
  "The text."
  unruly(text: String!): String @public
  unrulyRelease: String @public
  "Answered when the process is to end."
  unrulyHold: String @public
  unrulyHeld: Int @public
  unrulyEnvironment: [String!] @public
  unrulyAsk(query: String!): String @public
  unrulyForge(query: String!, how: String!): String @public
  unrulyRead(sql: String!): String @public%[2]s
}

extend type Mutation {
  unrulyBecome(how: String!, for: Int!): Int @public
  unrulyDo(query: String!): String @public
  unrulyWrite(sql: String!): String @public
}
`

const unrulyCard = `name: unruly
version: %s
contract: 1
title: {ru: Проба, en: Trial}
prefix: Unruly
schema: unruly.graphqls
reads: [Query.districts, DistrictConnection.nodes, District.name, Query.node, Council.name, CouncilPayload.council]
actions: [createCouncil]
hears: [Council.CREATED]
migrations: migrations
values: true
limits: {timeout: %s, memory: 256}
build: {run: "cp %s $VECHE_OUT", platforms: [%s-%s]}
`

var unrulyProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "veche-unruly-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "plugin")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, "./testdata/unruly")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

var packing sync.Mutex

// unruly is the signed bundle of a release; releases before 2 have a field more.
func unruly(t testing.TB, release, timeout string) string {
	t.Helper()
	packing.Lock()
	defer packing.Unlock()
	program, err := unrulyProgram()
	must(t, err)
	folder := filepath.Join(filepath.Dir(program), release+"-"+timeout)
	must(t, os.MkdirAll(filepath.Join(folder, "migrations"), 0o755))
	function, field := "", ""
	if release < "2" {
		function, field = " Query.unrulyOld", "\n  unrulyOld: String @public"
	}
	for name, text := range map[string]string{
		"plugin.yaml":               fmt.Sprintf(unrulyCard, release, timeout, program, runtime.GOOS, runtime.GOARCH),
		"unruly.graphqls":           fmt.Sprintf(unrulySDL, function, field),
		"migrations/00001_note.sql": "-- +goose Up\nCREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL);\n",
	} {
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644))
	}
	return pack(t, folder)
}

// release installs a release of it, and gives the digest.
func (w *world) release(release, timeout string) (digest string) {
	w.t.Helper()
	_, digest = w.install(unruly(w.t, release, timeout))
	return digest
}

// enabled enables it in a town, and waits until it serves there.
func (w *world) enabled(admin, town, digest string) {
	w.t.Helper()
	data := w.ask(request{as: admin, town: town, Query: `{ pluginBundles(name: "unruly") { digest asksKey } }`})
	for _, one := range at(data, "pluginBundles").([]any) {
		if at(one, "digest") == digest {
			w.changed(admin, town, "enablePlugin", map[string]any{"digest": digest, "asks": at(one, "asksKey")})
		}
	}
	w.serves(town)
}

// registered is it in the register.
func (w *world) registered(admin, town string) any {
	w.t.Helper()
	return at(w.ask(request{as: admin, town: town, Query: `{ plugins(first: 1, filter: {name: {eq: "unruly"}}) { nodes { id version release state } } }`}), "plugins", "nodes", 0)
}

// changed has an administrator change it.
func (w *world) changed(admin, town, mutation string, in map[string]any) *answer {
	w.t.Helper()
	in = with(in, "name", "unruly")
	if mutation != "enablePlugin" && in["expectedVersion"] == nil {
		in["expectedVersion"] = at(w.registered(admin, town), "version")
	}
	a := w.send(request{as: admin, town: town, Variables: map[string]any{"in": in}, Query: fmt.Sprintf(
		`mutation($in: %s%sInput!) { %s(input: $in) { userErrors { code message path } } }`, strings.ToUpper(mutation[:1]), mutation[1:], mutation)})
	if len(a.Errors) > 0 || at(a.Data, mutation, "userErrors", 0) != nil {
		w.t.Fatalf("%s: %s", mutation, a.text)
	}
	return a
}

// serves waits until what is enabled in the town serves.
func (w *world) serves(town string) {
	w.t.Helper()
	w.Plugins.Wake(w.t.Context())
	must(w.t, w.Runner.Refresh(w.t.Context()))
	status, err := w.Runner.Settled(w.t.Context(), w.Towns.ByKey(town), "unruly")
	must(w.t, err)
	if status.Reason != "" {
		w.t.Fatalf("%+v", status)
	}
}

// says is what a field of it that takes one text answers.
func (w *world) says(r request, field, argument, text string) string {
	w.t.Helper()
	kind := "query"
	if field == "unrulyDo" || field == "unrulyWrite" {
		kind = "mutation"
	}
	r.Query, r.Variables = fmt.Sprintf(`%s($text: String!) { %s(%s: $text) }`, kind, field, argument), map[string]any{"text": text}
	a := w.send(r)
	if len(a.Errors) > 0 {
		return a.text
	}
	return fmt.Sprint(at(a.Data, field))
}
