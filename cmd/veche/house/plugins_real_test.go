package house_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/bundle"
)

// author is whose plugins these tests install.
var author = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// packed are bundles that were built before by this process, by their folders.
var packed sync.Map

// pack builds a plugin of this repository, and signs it.
func pack(t testing.TB, folder string) string {
	t.Helper()
	if known, ok := packed.Load(folder); ok {
		return known.(string)
	}
	dir, err := os.MkdirTemp("", "veche-bundles-*")
	must(t, err)
	path := filepath.Join(dir, filepath.Base(folder)+".veche")
	out, err := os.Create(path)
	must(t, err)
	_, err = bundle.Pack(folder, out)
	must(t, err)
	must(t, out.Close())
	must(t, bundle.Sign(path, author))
	packed.Store(folder, path)
	return path
}

// trust lets the author's bundles run.
func (w *world) trust() {
	w.t.Helper()
	der, err := x509.MarshalPKIXPublicKey(author.Public())
	must(w.t, err)
	must(w.t, os.MkdirAll(w.Plugins.Keys, 0o755))
	must(w.t, os.WriteFile(filepath.Join(w.Plugins.Keys, "author.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
}

// install puts a bundle into the catalog, as the operator's command does.
func (w *world) install(path string) (name, digest string) {
	w.t.Helper()
	w.trust()
	file, err := os.Open(path)
	must(w.t, err)
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	must(w.t, err)
	candidate, err := w.Plugins.Check(w.t.Context(), file, info.Size())
	must(w.t, err)
	must(w.t, postgres.InTx(w.t.Context(), w.DB, func(ctx context.Context, tx postgres.Tx) error {
		_, err := w.Plugins.Add(ctx, tx, candidate)
		return err
	}))
	return candidate.Name, candidate.Digest
}

// plug installs a plugin of this repository and enables it in Kansk.
func (w *world) plug(admin, folder string) { w.plugWith(admin, folder, nil) }

// plugWith is plug with settings, a JSON object.
func (w *world) plugWith(admin, folder string, settings any) {
	w.t.Helper()
	name, digest := w.install(pack(w.t, folder))
	data := w.ask(request{as: admin, Query: `query($name: String) { pluginBundles(name: $name) { digest asksKey } }`, Variables: map[string]any{"name": name}})
	w.done(admin, "enablePlugin", "plugin { id }", map[string]any{"name": name, "digest": digest, "asks": at(data, "pluginBundles", 0, "asksKey"), "settings": settings})
	w.plugged(name)
}

// plugged waits until the newest version of the plugin serves.
func (w *world) plugged(name string) {
	w.t.Helper()
	w.Plugins.Wake(w.t.Context())
	must(w.t, w.Runner.Refresh(w.t.Context()))
	status, err := w.Runner.Settled(w.t.Context(), w.Towns.ByKey("kansk"), name)
	must(w.t, err)
	if status.Reason != "" {
		w.t.Fatalf("%s: %+v", name, status)
	}
}

const order = "../../../plugins/territorialorder"

// The plugin of the territorial order, from its bundle to the yearly figure: installed, approved,
// enabled; a resident's project on the district's page, told by a subscription, discussed, counted.
func TestTheTerritorialOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.administrator("kansk")
	w.plug(admin, order)
	data := w.ask(request{as: admin, Query: `{ districts(first: 1) { nodes { id } } persons(first: 3) { nodes { id } } }`})
	district := at(data, "districts", "nodes", 0, "id").(string)
	person := at(data, "persons", "nodes", 0, "id").(string)
	w.account(admin, "resident", person, "", "")

	propose := map[string]any{"districtId": district, "title": "Освещение сквера", "text": "Поставить двенадцать фонарей", "place": "Сквер у школы", "kind": "LIGHTING", "costRubles": 500000}
	for name, c := range map[string]struct {
		as   string
		in   map[string]any
		code string
	}{
		"nobody":        {"", propose, "UNAUTHENTICATED"},
		"without title": {"resident", map[string]any{"districtId": district, "title": "", "text": "т", "place": "м", "kind": "LIGHTING", "costRubles": 1}, "BAD_USER_INPUT"},
	} {
		if got := outcome(w.send(request{as: c.as, Query: proposeProject, Variables: map[string]any{"in": c.in}}), "proposeTerritorialOrderProject"); !strings.Contains(got, c.code) {
			t.Errorf("%s: %s", name, got)
		}
	}
	p := w.do(request{as: "resident", Query: proposeProject, Variables: map[string]any{"in": propose}})
	if at(p, "project", "district", "name") == nil {
		t.Errorf("%v", p)
	}
	data = w.ask(request{as: admin, Query: `query($id: ID!) { district(id: $id) { name territorialOrderProjects(first: 5) { nodes { title stage author { name } district { number } } } } }`, Variables: map[string]any{"id": district}})
	if at(data, "district", "territorialOrderProjects", "nodes", 0, "title") != "Освещение сквера" || at(data, "district", "territorialOrderProjects", "nodes", 0, "district", "number") == nil {
		t.Errorf("%v", data)
	}
	data = w.ask(request{as: admin, Query: `{ indicators(from: "2012-01-01", to: "2013-12-31", keys: ["territorialorder.accepted"]) { key name value } }`})
	if at(data, "indicators", 0, "value") != 0.0 {
		t.Errorf("%v", data)
	}
	data = w.ask(request{as: admin, Query: `{ auditEntries(first: 20) { nodes { action } } }`})
	if text := fmt.Sprint(data); !strings.Contains(text, "territorialorder") {
		t.Errorf("the audit does not tell: %s", text)
	}
	if a := w.send(request{town: "achinsk", Query: `{ territorialOrderProjects { nodes { title } } }`}); len(a.Errors) == 0 {
		t.Errorf("another town has it: %s", a.text)
	}
	for town, want := range map[string]bool{"kansk": true, "achinsk": false} {
		classes := fmt.Sprint(at(w.ask(request{town: town, Query: `{ dataClasses { key plugin permission fields } }`}), "dataClasses"))
		if !strings.Contains(classes, "birth_date") || strings.Contains(classes, "territorialorder.participation") != want || strings.Contains(classes, "votes.person_id") != want {
			t.Errorf("%s: %s", town, classes)
		}
	}
	w.personsInTables(admin, person, w.person(admin, "Двойникова"))
	w.cancelledMeeting(admin)
	w.commandsStartNoPlugin()
}

// personsInTables merges, exports and erases persons of whom the plugin keeps something.
func (w *world) personsInTables(admin, author, survivor string) {
	w.t.Helper()
	key := func(id string) string {
		parsed, err := core.ParseID(id)
		must(w.t, err)
		return parsed.Key.String()
	}
	kept := func(want string) {
		w.t.Helper()
		var got string
		must(w.t, w.DB.NewRaw("SELECT p.author_id || ' ' || s.person_id || s.text FROM plugin_territorialorder_kansk.projects AS p, plugin_territorialorder_kansk.statements AS s").Scan(w.t.Context(), &got))
		if got != want {
			w.t.Errorf("the plugin keeps %q, want %q", got, want)
		}
	}
	gone := w.person(admin, "Ушедшая")
	_, err := w.DB.NewRaw("INSERT INTO plugin_territorialorder_kansk.statements SELECT gen_random_uuid(), id, gen_random_uuid(), ?, 'за', now() FROM plugin_territorialorder_kansk.projects", key(gone)).Exec(w.t.Context())
	must(w.t, err)
	export := fmt.Sprint(w.ask(request{as: admin, Query: `query($id: ID!) { personalDataExport(personId: $id) }`, Variables: map[string]any{"id": author}}))
	if !strings.Contains(export, `"territorialorder.participation":`) || !strings.Contains(export, "Освещение сквера") || strings.Contains(export, key(gone)) {
		w.t.Errorf("the export: %s", export)
	}
	w.done(admin, "mergePersons", "person { id }", map[string]any{"duplicateId": author, "survivorId": survivor, "reason": "Одно лицо"})
	kept(key(survivor) + " " + key(gone) + "за")
	w.done(admin, "undoPersonMerge", "person { id }", map[string]any{"id": author, "reason": "Разные лица"})
	kept(key(author) + " " + key(gone) + "за")
	w.done(admin, "erasePerson", "person { id }", map[string]any{"id": gone, "reason": "Заявление"})
	kept(key(author) + " " + key(gone))
}

// cancelledMeeting has the plugin hear that the meeting of a defence was cancelled, and see it although it
// was never announced.
func (w *world) cancelledMeeting(admin string) {
	w.t.Helper()
	planned := at(w.done(admin, "planMeeting", "meeting { id version }", map[string]any{"kind": "OTHER", "title": "Защита", "startsAt": "2013-09-01T10:00:00+07:00"}), "meeting")
	meeting, err := core.ParseID(at(planned, "id").(string))
	must(w.t, err)
	_, err = w.DB.ExecContext(w.t.Context(), `SET search_path = plugin_territorialorder_kansk; UPDATE projects SET stage = 'DEFENCE', council_id = gen_random_uuid();
		INSERT INTO rounds SELECT gen_random_uuid(), NULL, 'r', now(), now() + interval '1 day', 'CLOSED', 50, 30, 20, 3;
		INSERT INTO defences SELECT gen_random_uuid(), id, '`+meeting.Key.String()+`', now(), 'PLANNED', '', now() FROM rounds;
		INSERT INTO defence_projects SELECT d.id, 1, p.id FROM defences AS d, projects AS p; RESET search_path`)
	must(w.t, err)
	w.done(admin, "cancelMeeting", "meeting { id }", map[string]any{"id": meeting.String(), "reason": "Нет кворума"})
	for stage := ""; stage != "RANKED"; runtime.Gosched() {
		must(w.t, w.t.Context().Err())
		stage = at(w.ask(request{as: admin, Query: `{ territorialOrderProjects(first: 1) { nodes { stage } } }`}), "territorialOrderProjects", "nodes", 0, "stage").(string)
	}
}

// commandsStartNoPlugin holds a house that is opened and does not serve, as commands do beside a server, to
// starting no process.
func (w *world) commandsStartNoPlugin() {
	w.t.Helper()
	settings := settings
	settings.Files.Dir, settings.Plugins = w.t.TempDir(), w.Plugins.Options.Settings
	beside, err := house.Open(w.t.Context(), w.DB, settings, clock(), coretest.Quiet(), func(string) {})
	must(w.t, err)
	if status, runs := beside.Runner.Status(w.Towns.ByKey("kansk"), "territorialorder"); runs {
		w.t.Errorf("a command runs the plugin: %+v", status)
	}
	must(w.t, beside.Close())
}

const proposeProject = `mutation($in: TerritorialOrderProposeInput!) { proposeTerritorialOrderProject(input: $in) {
	project { id title stage version district { name } } userErrors { code message path } } }`
