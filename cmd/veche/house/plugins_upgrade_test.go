package house_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Releases of a plugin take each other's place at the real door.
func TestReleasesOfAPlugin(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	first, second, third := w.release("1.0.0", "20s"), w.release("2.0.0", "20s"), w.release("3.0.0", "20s")
	w.enabled(admin, "kansk", first)
	whatAnUpgradeBreaks(w, admin, second)
	aReleaseThatDoesNotStart(w, admin, first, third)
	anUpgradeUnderLoad(w, admin)
	whatARemovalLeaves(w, admin)
}

// What clients asked is recorded, and an upgrade that would break it needs an approval of exactly that.
func whatAnUpgradeBreaks(w *world, admin, second string) {
	t := w.t
	for range 3 {
		w.ask(request{Query: `query Old { unrulyOld unruly(text: "личное") }`})
	}
	w.ask(request{Query: `query Kept { unrulyRelease }`})
	w.ask(request{Query: `query Core { districts(first: 1) { nodes { name } } }`})
	w.says(request{}, "unrulyAsk", "query", `{ districts(first: 1) { nodes { name } } }`)
	must(t, w.Plugins.Record(t.Context()))
	d := w.upgrade(admin, "2.0.0")
	if at(d, "needsApproval") != true || len(at(d, "operations").([]any)) != 1 || at(d, "removed", 0) != "Query.unrulyOld" {
		t.Fatalf("%v", d)
	}
	broken := at(d, "operations", 0)
	if text := at(broken, "text").(string); !strings.Contains(text, "query Old") || strings.Contains(text, "личное") || at(broken, "count") != 3.0 {
		t.Errorf("%v", broken)
	}
	if n := w.rows("plugin_operations", "text LIKE '%Core%'"); n != 0 {
		t.Errorf("%d operations of the core alone are recorded", n)
	}
	version := at(w.registered(admin, "kansk"), "version")
	in := map[string]any{"name": "unruly", "digest": second, "expectedVersion": version}
	for name, in := range map[string]map[string]any{"unapproved": in, "of another key": with(in, "approve", strings.Repeat("0", 32))} {
		if got := w.came(admin, "upgradePlugin", in); got != "CONFLICT approve" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := at(w.ask(request{Query: `{ unrulyRelease }`}), "unrulyRelease"); got != "1.0.0" {
		t.Errorf("after what was refused: %v", got)
	}
}

func (w *world) upgrade(admin, release string) any {
	w.t.Helper()
	return at(w.ask(request{as: admin, Variables: map[string]any{"id": at(w.registered(admin, "kansk"), "id"), "release": release}, Query: `query($id: ID!, $release: String!) {
		pluginUpgrade(id: $id, release: $release) { digest key needsApproval removed breaking operations { text count why } } }`}), "pluginUpgrade")
}

// upgraded goes to a release, approving what it breaks.
func (w *world) upgraded(admin, release string) {
	w.t.Helper()
	d := w.upgrade(admin, release)
	in := map[string]any{"digest": at(d, "digest")}
	if at(d, "needsApproval") == true {
		in["approve"] = at(d, "key")
	}
	w.changed(admin, "kansk", "upgradePlugin", in)
}

// The old release goes on beside a new one that does not get ready, and the host says why.
func aReleaseThatDoesNotStart(w *world, admin, first, third string) {
	t := w.t
	w.upgraded(admin, "3.0.0")
	w.Plugins.Wake(t.Context())
	must(t, w.Runner.Refresh(t.Context()))
	status, err := w.Runner.Settled(t.Context(), w.Towns.ByKey("kansk"), "unruly")
	must(t, err)
	if status.Version != "1.0.0" || status.Waiting != "3.0.0" || !strings.Contains(status.Reason, "not in this town") {
		t.Errorf("%+v", status)
	}
	if got := at(w.ask(request{Query: `{ unrulyRelease unrulyOld }`}), "unrulyOld"); got != "1.0.0" {
		t.Errorf("the old one serves %v", got)
	}
	w.changed(admin, "kansk", "rollBackPlugin", map[string]any{})
	w.serves("kansk")
	if got := at(w.registered(admin, "kansk"), "release"); got != "1.0.0" {
		t.Errorf("rolled back to %v", got)
	}
}

// Under load nobody notices: what began with the old release ends with it, while the new one answers.
func anUpgradeUnderLoad(w *world, admin string) {
	t := w.t
	l := newLoad(w)
	l.begin()
	for i, to := range []string{"2.0.0", "1.0.0", "2.0.0"} {
		from := []string{"1.0.0", "2.0.0"}[i%2]
		held := make(chan *answer, 1)
		before := w.held()
		go func() { held <- w.send(request{Query: `{ unrulyHold }`}) }()
		for w.held() == before { // until it has reached the process
		}
		if i == 1 {
			w.changed(admin, "kansk", "rollBackPlugin", map[string]any{})
		} else {
			w.upgraded(admin, to)
		}
		w.serves("kansk")
		if got := at(w.ask(request{Query: `{ unrulyRelease }`}), "unrulyRelease"); got != to {
			t.Errorf("%v answers instead of %s", got, to)
		}
		if a := <-held; at(a.Data, "unrulyHold") != from {
			t.Errorf("what began with %s: %s", from, a.text)
		}
	}
	l.end()
	if len(l.wrong) > 0 || len(l.codes) > 0 || len(l.releases) != 2 {
		t.Errorf("%d wrong, %v, %v; the first: %.500s", len(l.wrong), l.codes, l.releases, strings.Join(l.wrong[:min(1, len(l.wrong))], ""))
	}
	t.Logf("%d requests at %d a second, by releases %v, none failed", l.sent, l.rate, l.releases)
}

func (w *world) held() any {
	return at(w.ask(request{Query: `{ unrulyHeld }`}), "unrulyHeld")
}

// Disabled it keeps its rows; removed it leaves them in a file, and nothing in the database.
func whatARemovalLeaves(w *world, admin string) {
	t := w.t
	for _, text := range []string{"первая", "вторая"} {
		if got := w.says(request{}, "unrulyWrite", "sql", `INSERT INTO notes (text) VALUES ('`+text+`')`); got != "rows " {
			t.Fatal(got)
		}
	}
	in := map[string]any{"name": "unruly", "reason": "Проба окончена", "expectedVersion": at(w.registered(admin, "kansk"), "version")}
	if got := w.came(admin, "removePlugin", in); got != "CONFLICT name" {
		t.Errorf("removed while it is enabled: %q", got)
	}
	w.changed(admin, "kansk", "disablePlugin", map[string]any{"reason": "Проба"})
	w.Plugins.Wake(t.Context())
	must(t, w.Runner.Refresh(t.Context()))
	if a := w.send(request{Query: `{ unrulyRelease }`}); strings.Join(a.codes(), "") != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("disabled: %s", a.text)
	}
	in["expectedVersion"] = at(w.registered(admin, "kansk"), "version")
	path := w.done(admin, "removePlugin", "exportPath", in)["exportPath"].(string)
	if res, _ := w.raw(http.MethodGet, path, "", http.Header{}); res.StatusCode == 200 {
		t.Error("the public takes the export")
	}
	_, body := w.raw(http.MethodGet, path, "", http.Header{"Authorization": {"Bearer " + w.tokens[admin]}})
	packed, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
	must(t, err)
	var all strings.Builder
	for _, f := range packed.File {
		in, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(in)
		must(t, err)
		all.WriteString(f.Name + " " + string(text) + "\n")
	}
	if !strings.Contains(all.String(), "первая") || !strings.Contains(all.String(), "вторая") {
		t.Errorf("the export holds %s", all.String())
	}
	w.Plugins.Wake(t.Context())
	must(t, w.Plugins.EraseRemoved(t.Context()))
	for table, where := range map[string]string{
		"pg_namespace": `nspname LIKE 'plugin\_unruly%'`,
		"pg_roles":     `rolname = 'plugin_unruly_kansk_' || (SELECT oid FROM pg_database WHERE datname = current_database())`,
	} {
		if n := w.rows(table, where); n != 0 {
			t.Errorf("%d left in %s", n, table)
		}
	}
	if one := w.registered(admin, "kansk"); at(one, "state") != "REMOVED" {
		t.Errorf("the register says %v", one)
	}
}
