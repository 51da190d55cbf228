package house_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
)

// Where the transaction fails, and where a request is repeated by its key, no second row and no byte stays.
func TestNothingIsLeftBehind(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	file := func(key string, content []byte) sent {
		return sent{as: admin, in: map[string]any{"objectId": council}, name: "photo.jpg", content: bytes.NewReader(content), with: map[string]string{"Apollo-Require-Preflight": "1", "Idempotency-Key": key}}
	}
	_, err := w.DB.Exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
		CREATE TRIGGER fail BEFORE INSERT ON attachments FOR EACH ROW EXECUTE FUNCTION fail()`)
	must(t, err)
	if a := w.sendFile(file("k0", pictureTaken(t))); !slices.Equal(a.codes(), []string{"INTERNAL"}) {
		t.Errorf("got %s", a.text)
	}
	if kept := w.kept(); len(kept) > 0 || w.rows("uploads", "true") > 0 || w.rows("attachments", "true") > 0 {
		t.Errorf("left behind: %v", kept)
	}
	_, err = w.DB.Exec(`DROP TRIGGER fail ON attachments`)
	must(t, err)
	first, again := w.sendFile(file("k1", pictureTaken(t))), w.sendFile(file("k1", pictureTaken(t)))
	if outcome(first, "attachFile") != "done" || again.text != first.text {
		t.Errorf("one key:\n%s\n%s", first.text, again.text)
	}
	if got := outcome(w.sendFile(file("k1", []byte("words"))), "attachFile"); got != "CONFLICT" {
		t.Errorf("the key with another file: %s", got)
	}
	if kept := w.kept(); len(kept) != 2 || w.rows("uploads", "true") != 1 || w.rows("attachments", "true") != 1 {
		t.Errorf("kept: %v", kept)
	}
}

// What nobody attaches is erased when its time is over, and what was taken away at once; what is
// attached stays.
func TestWhatIsNotNeededIsErased(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	stays, goes := w.attach(admin, council, "a.txt", []byte("words")), w.attach(admin, council, "b.jpg", pictureTaken(t))
	_, address := w.prepare(admin, "c.txt", 5)
	if status, text := w.put(address, []byte("words")); status != http.StatusOK {
		t.Fatalf("PUT: %d %s", status, text)
	}
	w.done(admin, "removeAttachment", "attachment { id }", map[string]any{"id": goes["id"], "reason": "Ошибочно"})
	if res, _ := w.fetch(http.MethodGet, goes["url"].(string), nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("taken away: %d", res.StatusCode)
	}
	if a := w.send(request{as: admin, Query: `mutation($in: RemoveAttachmentInput!) { removeAttachment(input: $in) { userErrors { code } } }`, Variables: map[string]any{"in": map[string]any{"id": goes["id"]}}}); !slices.Equal(a.codes(), []string{"NOT_FOUND"}) {
		t.Errorf("again: %s", a.text)
	}
	_, err := w.DB.Exec(`UPDATE uploads SET expires_at = '2013-01-31T00:00:00Z'`)
	must(t, err)
	must(t, w.filesModule().Service.Sweep(context.Background()))
	if kept := w.kept(); len(kept) != 1 || !strings.HasSuffix(kept[0], must1(core.ParseID(stays["id"].(string))).Key.String()) {
		t.Errorf("kept: %v", kept)
	}
	if w.rows("uploads", "true") != 0 || w.rows("attachments", "erased_at IS NOT NULL") != 1 {
		t.Error("rows do not say so")
	}
	if res, body := w.fetch(http.MethodGet, stays["url"].(string), nil); res.StatusCode != http.StatusOK || string(body) != "words" {
		t.Errorf("what stays: %d %q", res.StatusCode, body)
	}
}

// Erasing a person takes their name off the files that they sent; the export shows these.
func TestAPersonsFiles(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	person := w.person(admin, "Тихонова")
	account := w.account(admin, "secretary", person, "editor", "")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	w.attach("secretary", council, "Тихонова.txt", []byte("words"))
	w.prepare("secretary", "Тихонова.txt", 5)
	export := w.ask(request{as: admin, Query: `query($id: ID!) { personalDataExport(personId: $id) }`, Variables: map[string]any{"id": person}})
	if !strings.Contains(fmt.Sprint(export), "Тихонова.txt") {
		t.Errorf("export: %v", export)
	}
	version := func() any {
		return at(w.ask(request{as: admin, Query: `query($id: ID!) { account(id: $id) { version } }`, Variables: map[string]any{"id": account}}), "account", "version")
	}
	w.done(admin, "disableAccount", "account { id }", map[string]any{"id": account, "expectedVersion": version()})
	w.done(admin, "linkPerson", "account { id }", map[string]any{"id": account, "expectedVersion": version(), "personId": nil})
	w.done(admin, "erasePerson", "person { id }", map[string]any{"id": person, "reason": "По заявлению"})
	if w.rows("attachments", "name = 'file.txt' AND person_id IS NULL AND account_id IS NULL") != 1 || w.rows("attachments", "name LIKE 'Тих%'")+w.rows("uploads", "name LIKE 'Тих%'") > 0 {
		t.Error("the name is still there")
	}
}
