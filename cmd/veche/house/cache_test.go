package house_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
)

var trusted = map[string]string{
	"council":      `query($id: ID!) { council(id: $id) { name } }`,
	"councils":     `{ councils(first: 3) { nodes { name } } }`,
	"municipality": `{ municipality { key name } }`,
	"personal":     `query($id: ID!) { person(id: $id) { personal { birthDate } } }`,
	"addMember":    `mutation($in: AddMemberInput!) { addMember(input: $in) { userErrors { code } } }`,
}

// manifest writes the documents into a file.
func manifest(t testing.TB, documents any) string {
	t.Helper()
	text, err := json.Marshal(documents)
	must(t, err)
	file := filepath.Join(t.TempDir(), "documents.json")
	must(t, os.WriteFile(file, text, 0o600))
	return file
}

// replica is another house on the same database, with trusted documents. Its clock stands unless it
// is moved, so that no answer is forgotten only because time has passed.
func (w *town) replica(only bool) (there *town, moves *atomic.Int64) {
	w.t.Helper()
	moves = &atomic.Int64{}
	began := w.Clock()
	clock := func() time.Time { return began.Add(time.Duration(moves.Load())) }
	with := settings
	with.TrustedDocuments, with.TrustedOnly = manifest(w.t, trusted), only
	h, err := house.Open(w.t.Context(), w.DB, with, clock, coretest.Quiet(), func(string) {})
	must(w.t, err)
	stop, err := h.Run(w.t.Context())
	must(w.t, err)
	handler, err := h.Handler()
	must(w.t, err)
	inner, outer := *w.world, *w
	inner.House, inner.server, outer.world = h, httptest.NewServer(handler), &inner
	w.t.Cleanup(func() {
		inner.server.Close()
		h.EndStreams()
		must(w.t, stop(context.Background()))
		must(w.t, h.Close())
	})
	return &outer, moves
}

// document asks for one by GET; headers are name, value, name, value.
func (w *town) document(id string, variables map[string]any, headers ...string) (*http.Response, string) {
	w.t.Helper()
	text, err := json.Marshal(variables)
	must(w.t, err)
	header := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return w.raw(http.MethodGet, house.Endpoint+"?documentId="+id+"&variables="+url.QueryEscape(string(text)), "", header)
}

func TestABadManifestStopsTheStart(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ file, saying string }{
		{filepath.Join(t.TempDir(), "missing.json"), "missing.json: no such file"},
		{manifest(t, []string{}), "documents.json: it is not a JSON object"},
		{manifest(t, map[string]string{"good": `{ municipality { key } }`, "bad": `{ municipality { kye } }`}), `documents.json: document "bad": `},
	} {
		with := settings
		with.TrustedDocuments = c.file
		h, err := house.Open(t.Context(), w.DB, with, clock(), coretest.Quiet(), func(string) {})
		must(t, err)
		if _, err := h.Handler(); err == nil || !strings.Contains(err.Error(), c.saying) {
			t.Errorf("%s: %v", c.saying, err)
		}
		h.EndStreams()
		must(t, h.Close())
	}
}

func TestAnswersToTheAnonymousAreKept(t *testing.T) {
	w := newTown(t)
	// As new as Achinsk: the two differ in nothing but in being two.
	must(t, w.Towns.Add(t.Context(), &core.Municipality{Key: "abakan", Name: core.T("City of Achinsk", "город Ачинск"), TimeZone: "Asia/Krasnoyarsk"}))
	must(t, w.Settle(t.Context()))
	here, moves := w.replica(false)
	there, _ := w.replica(false)
	council := w.council("name", "Первый")
	of := map[string]any{"id": council}
	here.run(t, "not for everybody", func(t *testing.T, w *town) { notForEverybody(t, w, council) })
	here.run(t, "kept", func(t *testing.T, w *town) { keptForEverybody(t, w, of) })
	here.run(t, "own writes", func(t *testing.T, w *town) { ownWrites(t, w, of) })
	here.run(t, "other replica", func(t *testing.T, w *town) { writesElsewhere(t, w, there, of) })
	here.run(t, "what no event tells", func(t *testing.T, w *town) { changedByHand(t, w, of, moves) })
	here.run(t, "policy", func(t *testing.T, w *town) { rightsTakenAway(t, w, of) })
	only, _ := w.replica(true)
	if res, text := only.raw(http.MethodPost, house.Endpoint, `{"query":"{ municipality { key } }"}`, http.Header{"Content-Type": {"application/json"}}); !strings.Contains(text, "TRUSTED_DOCUMENT_REQUIRED") {
		t.Errorf("another text: %d %s", res.StatusCode, text)
	}
	if _, text := only.document("municipality", nil); !strings.Contains(text, `"key":"kansk"`) {
		t.Errorf("a trusted one: %s", text)
	}
}

// What is for one caller is for nobody else, whatever the document; and it leaves no answer behind.
func notForEverybody(t *testing.T, w *town, council string) {
	of := map[string]any{"id": council}
	for name, headers := range map[string][]string{
		"signed in": {"Authorization", "Bearer " + w.tokens[w.admin]}, "with a cookie that is over": {"Cookie", "veche=gone"},
	} {
		for range 2 {
			res, text := w.document("council", of, headers...)
			if res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" || !strings.Contains(text, "Первый") {
				t.Errorf("%s: %d %v %s", name, res.StatusCode, res.Header, text)
			}
		}
	}
	if res, text := w.document("council", of, "Authorization", "Bearer nobody"); res.StatusCode != 401 || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a token that is none: %d %v %s", res.StatusCode, res.Header, text)
	}
	if res, text := w.document("addMember", nil); res.StatusCode == 200 && strings.Contains(text, `"data"`) || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("mutation: %d %v %s", res.StatusCode, res.Header, text)
	}
	// Each reading of personal data is logged by its reader, and so never is for nobody: not even
	// where the town's rules would have it.
	w.done(w.admin, "addRoleRule", "role { id }", map[string]any{"role": "anonymous", "permission": "people:read_personal"})
	for range 2 {
		if res, text := w.document("personal", map[string]any{"id": w.persons[0]}); res.Header.Get("Cache-Control") != "no-store" || !strings.Contains(text, `"errors"`) {
			t.Errorf("personal data: %v %s", res.Header, text)
		}
	}
}

func keptForEverybody(t *testing.T, w *town, of map[string]any) {
	var first *http.Response
	var text string
	hit := func() bool {
		return len(w.statements.during(func() { first, text = w.document("council", of) })) == 0
	}
	if hit() {
		t.Errorf("the first answer was read from nowhere: %s", text)
	}
	w.delivered() // of what was changed just before
	if !settled(hit) {
		t.Errorf("an answer is read anew each time: %s", text)
	}
	if first.StatusCode != 200 || first.Header.Get("Cache-Control") != "public, no-cache" || !strings.Contains(text, "Первый") {
		t.Errorf("kept: %d %v %s", first.StatusCode, first.Header, text)
	}
	if res, body := w.document("council", of, "If-None-Match", first.Header.Get("ETag")); res.StatusCode != 304 || body != "" || res.Header.Get("Cache-Control") != "public, no-cache" {
		t.Errorf("the same: %d %v %s", res.StatusCode, res.Header, body)
	}
	for range 2 { // neither the town nor the language of one answer is another's
		for _, c := range [][3]string{
			{"kansk", "ru", "город Канск"}, {"achinsk", "ru", "город Ачинск"}, {"achinsk", "en", "City of Achinsk"},
			{"abakan", "ru", `"key":"abakan"`}, {"achinsk", "ru", `"key":"achinsk"`},
		} {
			if res, body := w.document("municipality", nil, "X-Municipality", c[0], "Accept-Language", c[1]); !strings.Contains(body, c[2]) || res.Header.Get("Cache-Control") != "public, no-cache" {
				t.Errorf("%v: %v %s", c, res.Header, body)
			}
		}
	}
	if _, body := w.document("council", of, "X-Municipality", "achinsk"); strings.Contains(body, "Первый") {
		t.Errorf("a council of Kansk in Achinsk: %s", body)
	}
}

// settled says whether a hit comes at last: events that were under way are counted a moment later.
func settled(hit func() bool) bool {
	for range 100 {
		if hit() {
			return true
		}
	}
	return false
}

// Whoever was told that a change is done sees it in the next answer of the same replica.
func ownWrites(t *testing.T, w *town, of map[string]any) {
	for n := range 30 {
		w.document("council", of)
		name := fmt.Sprintf("Своё, редакция %d", n)
		w.renameTo(of["id"].(string), name)
		if _, text := w.document("council", of); !strings.Contains(text, name) {
			t.Fatalf("after %q: %s", name, text)
		}
	}
}

func (w *town) renameTo(council, name string) {
	w.t.Helper()
	version := at(w.ask(request{as: w.admin, Query: `query($id: ID!) { council(id: $id) { version } }`, Variables: map[string]any{"id": council}}), "council", "version")
	w.done(w.admin, "updateCouncil", "council { id }", map[string]any{"id": council, "expectedVersion": version, "name": name})
}

// What another replica changed is seen once its event has come: then, and from then on.
func writesElsewhere(t *testing.T, w, there *town, of map[string]any) {
	for n := range 10 {
		w.document("council", of)
		name := fmt.Sprintf("Чужое, редакция %d", n)
		there.renameTo(of["id"].(string), name)
		w.delivered()
		for text := ""; !strings.Contains(text, name); { // the count follows the event
			_, text = w.document("council", of)
		}
	}
}

// A change by hand in the database sends no event: its time runs out.
func changedByHand(t *testing.T, w *town, of map[string]any, moves *atomic.Int64) {
	w.delivered()
	hit := func() bool { return len(w.statements.during(func() { w.document("council", of) })) == 0 }
	if !settled(hit) {
		t.Error("an answer is read anew each time")
	}
	_, err := w.DB.Exec("UPDATE councils SET name = 'По-другому, редакция' WHERE name LIKE 'Чужое, редакция %'")
	must(t, err)
	moves.Add(int64(5 * time.Second))
	if _, text := w.document("council", of); !strings.Contains(text, "По-другому") {
		t.Errorf("after its time: %s", text)
	}
}

func rightsTakenAway(t *testing.T, w *town, of map[string]any) {
	w.document("council", of)
	w.done(w.admin, "addRoleRule", "role { id }", map[string]any{"role": "anonymous", "permission": "councils:read", "effect": "DENY"})
	if res, text := w.document("council", of); strings.Contains(text, "редакция") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", res.Header, text)
	}
}
