//go:build unix

package house_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/veche-city/veche/plugins/process"
)

// What a plugin does not get past, by a plugin that tries it all behind the real door.
func TestWhatAPluginDoesNotGetPast(t *testing.T) {
	t.Setenv("VECHE_TEST_SECRET", "hunter2")
	w := newWorld(t)
	admin, other := w.administrator("kansk"), w.administrator("achinsk")
	digest := w.release("1.0.0", "5s")
	w.enabled(admin, "kansk", digest)
	w.enabled(other, "achinsk", digest)
	w.account(admin, "resident", "", "", "")
	theirs := w.send(request{as: other, town: "achinsk", Variables: map[string]any{"in": map[string]any{"kind": "PUBLIC_COUNCIL", "name": "Ачинский", "foundingAct": "Акт", "foundedOn": "2013-01-01"}},
		Query: `mutation($in: CreateCouncilInput!) { createCouncil(input: $in) { council { id } } }`})
	council, ok := at(theirs.Data, "createCouncil", "council", "id").(string)
	if !ok {
		t.Fatal(theirs.text)
	}

	t.Run("grants", func(t *testing.T) { w := w.in(t); whatItWasGranted(w, admin, council) })
	t.Run("rights", func(t *testing.T) { w := w.in(t); nobodysRightsGrow(w, admin) })
	t.Run("tokens", func(t *testing.T) { w := w.in(t); tokensAreOfOneCall(w) })
	t.Run("tables", func(t *testing.T) { w := w.in(t); tablesOfItsOwn(w, other) })
	t.Run("environment", func(t *testing.T) { w := w.in(t); nothingOfTheHouses(w) })
	t.Run("bytes", func(t *testing.T) { w := w.in(t); onlyWhatWasSigned(w, admin, digest) })
}

// in is the same world for a part of the test.
func (w *world) in(t *testing.T) *world {
	part := *w
	part.t = t
	return &part
}

func (w *world) refused(got, because string) {
	w.t.Helper()
	if !strings.Contains(got, because) {
		w.t.Errorf("%q expected: %s", because, got)
	}
}

// It reads what stands under its reads, and of its own town.
func whatItWasGranted(w *world, admin, council string) {
	for query, because := range map[string]string{
		`{ persons(first: 1) { nodes { name } } }`:                                     "Query.persons",
		`{ districts(first: 1) { nodes { name number } } }`:                            "District.number",
		`{ districts(first: 1) { nodes { ...d } } } fragment d on District { number }`: "District.number",
		`{ unrulyRelease auditEntries(first: 1) { nodes { action } } }`:                "Query.auditEntries",
	} {
		w.refused(w.says(request{as: admin}, "unrulyAsk", "query", query), because)
	}
	node := `{ node(id: "` + council + `") { ... on Council { name } } }`
	if got := w.says(request{as: admin}, "unrulyAsk", "query", node); strings.Contains(got, "Ачинский") || !strings.Contains(got, `"node":null`) {
		w.t.Errorf("another town's council: %s", got)
	}
	if got := w.says(request{town: "achinsk"}, "unrulyAsk", "query", node); !strings.Contains(got, "Ачинский") {
		w.t.Errorf("the town's own council: %s", got)
	}
	if got := w.says(request{}, "unrulyAsk", "query", `{ districts(first: 1) { nodes { name } } }`); !strings.Contains(got, `{"data":{"districts":{"nodes":[{"name":"`) {
		w.t.Errorf("what was granted: %s", got)
	}
}

// Through a plugin nobody does what they may not do without it.
func nobodysRightsGrow(w *world, admin string) {
	create := `mutation { createCouncil(input: {kind: PUBLIC_COUNCIL, name: "Чужими руками", foundingAct: "Акт", foundedOn: "2013-01-01"}) { council { name } } }`
	for as, because := range map[string]string{"": "UNAUTHENTICATED", "resident": "FORBIDDEN"} {
		w.refused(w.says(request{as: as}, "unrulyDo", "query", create), because)
	}
	w.refused(w.says(request{as: admin}, "unrulyDo", "query", `mutation { signOut(input: {}) { viewer { kind } } }`), "signOut")
	if n := w.rows("councils", "name = 'Чужими руками'"); n != 0 {
		w.t.Errorf("%d were made", n)
	}
	if got := w.says(request{as: admin}, "unrulyDo", "query", create); !strings.Contains(got, "Чужими руками") {
		w.t.Errorf("who may: %s", got)
	}
}

// A token is good for its own call by its own process.
func tokensAreOfOneCall(w *world) {
	const query = `{ districts(first: 1) { nodes { name } } }`
	for _, how := range []string{"none", "guessed", "key", "expired"} {
		data := w.ask(request{Variables: map[string]any{"query": query, "how": how}, Query: `query($query: String!, $how: String!) { unrulyForge(query: $query, how: $how) }`})
		if got := at(data, "unrulyForge").(string); strings.Contains(got, "data") || !strings.Contains(got, "Unauthenticated") && !strings.Contains(got, "PermissionDenied") {
			w.t.Errorf("%s: %s", how, got)
		}
	}
}

// Its statements reach its own tables in the town of the call.
func tablesOfItsOwn(w *world, other string) {
	if got := w.says(request{as: other, town: "achinsk"}, "unrulyWrite", "sql", `INSERT INTO notes (text) VALUES ('ачинская')`); !strings.HasPrefix(got, "rows") {
		w.t.Fatal(got)
	}
	for _, sql := range []string{`SELECT name FROM public.councils`, `SELECT text FROM plugin_unruly_achinsk.notes`, `SELECT rolname FROM pg_authid`, `SET ROLE postgres`, `SELECT pg_read_file('/etc/passwd')`} {
		if got := w.says(request{}, "unrulyRead", "sql", sql); strings.HasPrefix(got, "rows") {
			w.t.Errorf("%s: %s", sql, got)
		}
	}
	if got := w.says(request{}, "unrulyRead", "sql", `SELECT text FROM notes`); got != "rows " {
		w.t.Errorf("its own: %s", got)
	}
}

// Of the house's environment it has what a program needs to run.
func nothingOfTheHouses(w *world) {
	data := w.ask(request{Query: `{ unrulyEnvironment }`})
	for _, one := range at(data, "unrulyEnvironment").([]any) {
		name, _, _ := strings.Cut(one.(string), "=")
		switch name {
		case "PATH", "HOME", "TMPDIR", "TZ", "LANG":
		default:
			if !strings.HasPrefix(name, "PLUGIN_") && !strings.HasPrefix(name, "VECHE_PLUGIN") && name != "VECHE_HOST_ADDRESS" {
				w.t.Errorf("it is told %s", one)
			}
		}
		if strings.Contains(one.(string), "hunter2") {
			w.t.Errorf("it is told a secret: %s", one)
		}
	}
}

// A byte that was changed since the signature, on disk or in the database, keeps the program from starting.
func onlyWhatWasSigned(w *world, admin, digest string) {
	town := w.Towns.ByKey("kansk")
	spoil := func(digest string) {
		programs, err := filepath.Glob(filepath.Join(w.Plugins.Dir, "bundles", digest, "bin", "*", "plugin"))
		must(w.t, err)
		program, err := os.ReadFile(programs[0])
		must(w.t, err)
		program[len(program)/2] ^= 1
		must(w.t, os.Remove(programs[0]))
		must(w.t, os.WriteFile(programs[0], program, 0o755))
	}
	newest := func() string {
		w.Plugins.Wake(w.t.Context())
		must(w.t, w.Runner.Refresh(w.t.Context()))
		status, err := w.Runner.Settled(w.t.Context(), town, "unruly")
		must(w.t, err)
		return status.Reason
	}

	second := w.release("2.0.0", "5s")
	must(w.t, os.RemoveAll(filepath.Join(w.Plugins.Dir, "bundles", second)))
	const flip = `UPDATE plugin_bundle_parts SET bytes = set_byte(bytes, length(bytes) / 2, get_byte(bytes, length(bytes) / 2) # 1) WHERE digest = ? AND part = 0`
	_, err := w.DB.Exec(flip, second)
	must(w.t, err)
	w.upgraded(admin, "2.0.0")
	w.refused(newest(), "start: bundle "+second)
	if got := at(w.ask(request{Query: `{ unrulyRelease }`}), "unrulyRelease"); got != "1.0.0" {
		w.t.Errorf("%v serves", got)
	}
	_, err = w.DB.Exec(flip, second)
	must(w.t, err)

	process := w.Runner.ProcessOf(town, "unruly").(*process.Supervisor)
	spoil(digest)
	must(w.t, syscall.Kill(process.State().PID, syscall.SIGKILL))
	for process.State().Phase != "quarantined" {
		time.Sleep(time.Millisecond)
	}
	w.refused(process.State().Reason, "SHA-256")
	a := w.send(request{Query: `{ unrulyRelease districts(first: 1) { nodes { name } } }`})
	if strings.Join(a.codes(), "") != "PLUGIN_UNAVAILABLE" || at(a.Data, "districts", "nodes", 0, "name") == nil {
		w.t.Errorf("%s", a.text)
	}
}
