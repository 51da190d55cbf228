package house_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	corefiles "github.com/veche-city/veche/core/files"
)

// What is not taken is told by its content, and leaves no row and no byte behind.
func TestFilesThatAreNotTaken(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	for name, content := range map[string][]byte{
		"act.pdf": program(), "photo.jpg": program(), "page.txt": []byte("<!DOCTYPE html><script>alert(1)</script>"), "bomb.png": pictureBomb(), "empty.txt": nil,
	} {
		a := w.sendFile(sent{as: admin, in: map[string]any{"objectId": council}, name: name, content: bytes.NewReader(content)})
		if got := outcome(a, "attachFile"); got != "BAD_USER_INPUT" || fmt.Sprint(at(a.Data, "attachFile", "userErrors", 0, "path")) != "[input file]" {
			t.Errorf("%s: %s", name, a.text)
		}
	}
	large := w.sendFile(sent{as: admin, in: map[string]any{"objectId": council}, name: "large.txt", content: io.LimitReader(endless{}, 100<<20+1)})
	if large.Status != http.StatusRequestEntityTooLarge || !slices.Equal(large.codes(), []string{"PAYLOAD_TOO_LARGE"}) {
		t.Errorf("too large: %d %s", large.Status, large.text)
	}
	if kept := w.kept(); len(kept) > 0 || w.rows("uploads", "true") > 0 || w.rows("attachments", "true") > 0 {
		t.Errorf("left behind: %v", kept)
	}
}

// Who may not send files is refused before the file is read, and a foreign page's form always.
func TestWhoMaySendFiles(t *testing.T) {
	w := newWorld(t)
	admin, second := w.administrator("kansk"), w.administrator("achinsk")
	w.account(admin, "resident", "", "", "")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	text := func() io.Reader { return strings.NewReader("words") }
	district := at(w.ask(request{Query: `{ districts(first: 1) { nodes { id } } }`}), "districts", "nodes", 0, "id")
	for name, c := range map[string]struct {
		sent
		status int
		want   string
	}{
		"anonymous":                {sent{in: map[string]any{"objectId": council}}, 403, "error FORBIDDEN"},
		"a form without preflight": {sent{as: admin, in: map[string]any{"objectId": council}, with: map[string]string{"X-Other": "1"}}, 403, "error FORBIDDEN"},
		"a page of elsewhere":      {sent{as: admin, in: map[string]any{"objectId": council}, with: map[string]string{"Apollo-Require-Preflight": "1", "Origin": "https://evil.example"}}, 403, "error FORBIDDEN"},
		"a place that is not null": {sent{as: admin, in: map[string]any{"objectId": council, "file": "x"}, place: "variables.in.objectId"}, 400, "error BAD_USER_INPUT"},
		"a place that is not":      {sent{as: admin, in: map[string]any{"objectId": council}, place: "variables.in.0.x"}, 400, "error BAD_USER_INPUT"},
		"no right to the object":   {sent{as: "resident", in: map[string]any{"objectId": council}}, 200, "error FORBIDDEN"},
		"another town's object":    {sent{as: second, town: "achinsk", in: map[string]any{"objectId": council}}, 200, "error NOT_FOUND"},
		"an object without files":  {sent{as: admin, in: map[string]any{"objectId": district}}, 200, "BAD_USER_INPUT"},
		"both":                     {sent{as: admin, in: map[string]any{"objectId": council, "uploadId": core.ID{Type: "FileUpload", Key: core.NewID()}.String()}}, 200, "BAD_USER_INPUT"},
	} {
		c.name, c.content = "a.txt", text()
		if a := w.sendFile(c.sent); a.Status != c.status || outcome(a, "attachFile") != c.want {
			t.Errorf("%s: %d %s", name, a.Status, a.text)
		}
	}
	if got := w.came(admin, "attachFile", map[string]any{"objectId": council, "file": "words"}); got != "BAD_USER_INPUT" {
		t.Errorf("a text for a file: %s", got)
	}
	if got := w.came(admin, "attachFile", map[string]any{"objectId": council}); got != "BAD_USER_INPUT file" {
		t.Errorf("neither: %s", got)
	}
	if kept := w.kept(); len(kept) > 0 || w.rows("uploads", "true") > 0 {
		t.Errorf("left behind: %v", kept)
	}
	mine := w.attach(admin, council, "a.txt", []byte("words"))
	for who, c := range map[string]struct{ town, want string }{"resident": {"", "FORBIDDEN"}, second: {"achinsk", "NOT_FOUND"}} {
		a := w.send(request{as: who, town: c.town, Query: `mutation($in: RemoveAttachmentInput!) { removeAttachment(input: $in) { userErrors { code } } }`,
			Variables: map[string]any{"in": map[string]any{"id": mine["id"]}}})
		if outcome(a, "removeAttachment") != "error "+c.want {
			t.Errorf("%s takes it away: %s", who, a.text)
		}
	}
}

// An address is good for what it was made for, for as long as whoever it was made for has the right.
func TestAddressesEndWithTheRight(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	w.administrator("achinsk")
	account := w.account(admin, "resident", "", "", "")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	one, other := w.attach(admin, council, "акт.txt", []byte("words")), w.attach(admin, council, "b.txt", []byte("more words"))
	ask := func(as string) string {
		return at(w.ask(request{as: as, Query: `query($id: ID!) { attachment(id: $id) { url } }`, Variables: map[string]any{"id": one["id"]}}), "attachment", "url").(string)
	}
	status := func(address string, with ...string) int {
		res, _ := w.fetch(http.MethodGet, address, nil, with...)
		return res.StatusCode
	}
	address := ask("resident")
	path, query, _ := strings.Cut(address, "?")
	_, foreign, _ := strings.Cut(ask(""), "?")
	otherPath, _, _ := strings.Cut(other["url"].(string), "?")
	values, err := url.ParseQuery(query)
	must(t, err)
	with := func(name, value string) string {
		changed, _ := url.ParseQuery(query)
		changed.Set(name, value)
		return path + "?" + changed.Encode()
	}
	for name, tampered := range map[string]string{
		"without anything": path, "another file": otherPath + "?" + query, "a longer time": with("exp", values.Get("exp")+"0"), "for another": with("for", "n"),
		"another's signature": with("sig", must1(url.ParseQuery(foreign)).Get("sig")), "of the preview": address + "&size=preview", "no id": "/files/x/a.txt?" + query,
		"to send to": strings.Replace(path, "/files/", "/uploads/", 1) + "?" + query,
	} {
		if got := status(tampered); got != http.StatusNotFound && got != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := status(address, "X-Municipality", "achinsk"); got != http.StatusNotFound {
		t.Errorf("in another municipality: %d", got)
	}
	if got := status(w.signedBy(one["id"].(string), time.Now().AddDate(-30, 0, 0))); got != http.StatusForbidden {
		t.Errorf("expired: %d", got)
	}
	if got := status(address); got != http.StatusOK {
		t.Fatalf("as it was given: %d", got)
	}
	if got := status(ask("")); got != http.StatusOK {
		t.Errorf("to the anonymous: %d", got)
	}
	w.done(admin, "addRoleRule", "role { id }", map[string]any{"role": "resident", "permission": "councils:read", "effect": "DENY"})
	if got := status(address); got != http.StatusNotFound {
		t.Errorf("after the right to the object has ended: %d", got)
	}
	version := at(w.ask(request{as: admin, Query: `query($id: ID!) { account(id: $id) { version } }`, Variables: map[string]any{"id": account}}), "account", "version")
	w.done(admin, "disableAccount", "account { id }", map[string]any{"id": account, "expectedVersion": version})
	if got := status(address); got != http.StatusForbidden {
		t.Errorf("after the account was disabled: %d", got)
	}
}

// signedBy is an address for the anonymous, signed by the house's own key.
func (w *world) signedBy(id string, expires time.Time) string {
	w.t.Helper()
	var signer corefiles.Signer
	must(w.t, w.DB.NewRaw("SELECT secret FROM file_keys").Scan(w.t.Context(), &signer.Key))
	key := must1(core.ParseID(id)).Key
	return "/files/" + key.String() + "/a.txt?" + signer.Query(corefiles.Address{Municipality: w.Towns.ByKey("kansk").ID, File: key, Use: corefiles.Read, Expires: expires, For: core.Actor{Kind: core.Anonymous}})
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A picture is given without the place where it was taken, small and large; and files in general as a
// browser needs them, and may not run them.
func TestHowFilesAreGiven(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	photo := w.attach(admin, council, "C:\\фото\\снимок.jpg", pictureTaken(t))
	if photo["name"] != "снимок.jpg" || photo["contentType"] != "image/jpeg" || at(photo, "object", "id") != council {
		t.Errorf("got %v", photo)
	}
	for _, field := range []string{"url", "previewUrl"} {
		res, body := w.fetch(http.MethodGet, photo[field].(string), nil)
		picture, err := jpeg.Decode(bytes.NewReader(body))
		if res.StatusCode != http.StatusOK || err != nil || bytes.Contains(body, []byte("GPS")) {
			t.Errorf("%s: %d, %v", field, res.StatusCode, err)
		}
		if size := picture.Bounds().Size(); field == "previewUrl" && (size.X != 320 || size.Y != 480) {
			t.Errorf("the preview has %v", size)
		}
	}
	res, body := w.fetch(http.MethodGet, photo["url"].(string), nil)
	tag := res.Header.Get("ETag")
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-cache",
		"Content-Disposition": "inline; filename*=utf-8''%D1%81%D0%BD%D0%B8%D0%BC%D0%BE%D0%BA.jpg", "Referrer-Policy": "no-referrer", "Accept-Ranges": "bytes",
		"ETag": `"` + photo["sha256"].(string) + `"`, "Content-Length": fmt.Sprint(photo["size"]), "Access-Control-Allow-Origin": "*",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if res, part := w.fetch(http.MethodGet, photo["url"].(string), nil, "Range", "bytes=10-19"); res.StatusCode != http.StatusPartialContent || !bytes.Equal(part, body[10:20]) {
		t.Errorf("a range: %d %q", res.StatusCode, part)
	}
	if res, _ := w.fetch(http.MethodGet, photo["url"].(string), nil, "If-None-Match", tag); res.StatusCode != http.StatusNotModified {
		t.Errorf("the same again: %d", res.StatusCode)
	}
	if res, none := w.fetch(http.MethodHead, photo["url"].(string), nil); res.StatusCode != http.StatusOK || len(none) > 0 {
		t.Errorf("the head: %d", res.StatusCode)
	}
	text := w.attach(admin, council, "script.bat", []byte("words"))
	if res, _ := w.fetch(http.MethodGet, text["url"].(string), nil); text["name"] != "script.bat.txt" || res.Header.Get("Content-Disposition") != `attachment; filename=script.bat.txt` {
		t.Errorf("a text: %v %v", text["name"], res.Header)
	}
	question := request{as: admin, Query: `query($id: ID!) { council(id: $id) { attachments(first: 5) { totalCount nodes { id name url previewUrl object { id } } } } fileUploads(first: 5) { nodes { state address } } }`, Variables: map[string]any{"id": council}}
	compiled := w.send(question)
	question.with = map[string]string{"X-Veche-Reads": "resolvers"}
	if by := w.send(question); by.text != compiled.text || !strings.Contains(by.text, `"totalCount":2`) {
		t.Errorf("the two ways of reading:\n%s\n%s", compiled.text, by.text)
	}
	if w.rows("audit", "after::text LIKE '%снимок%'") > 0 {
		t.Error("the audit names a file")
	}
}

// A file of 50 MB goes through in both ways, and out again, and takes little memory: all that is ever
// taken in this process, which is the sender too, is counted.
func TestALargeFileTakesLittleMemory(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	const size = 50 << 20
	taken := func(what string, fn func()) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		fn()
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 10<<20 {
			t.Errorf("%s takes %d MB of memory", what, grown>>20)
		}
	}
	var address string
	taken("multipart", func() {
		a := w.sendFile(sent{as: admin, in: map[string]any{"objectId": council}, name: "large.txt", content: io.LimitReader(endless{}, size)})
		if at(a.Data, "attachFile", "attachment", "size") != float64(size) {
			t.Fatalf("got %s", a.text)
		}
		address = at(a.Data, "attachFile", "attachment", "url").(string)
	})
	taken("PUT", func() {
		_, address := w.prepare(admin, "large.txt", size)
		req := must1(http.NewRequestWithContext(t.Context(), http.MethodPut, w.server.URL+address, io.LimitReader(endless{}, size)))
		req.ContentLength = size
		res := must1(http.DefaultClient.Do(req))
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			t.Errorf("PUT: %d", res.StatusCode)
		}
	})
	taken("GET", func() {
		res := must1(http.Get(w.server.URL + address))
		defer func() { _ = res.Body.Close() }()
		if n := must1(io.Copy(io.Discard, res.Body)); n != size {
			t.Errorf("GET: %d bytes", n)
		}
	})
}

// An announced upload: sent as it was announced, once, by nobody else's leave.
func TestAnnouncedUploads(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	w.account(admin, "editor", "", "editor", "")
	w.account(admin, "resident", "", "", "")
	council := w.newCouncil(admin, "Совет с файлами", 5)
	for _, c := range []struct {
		name string
		size int
		want string
	}{{"a.txt", 0, "size"}, {"a.txt", 100<<20 + 1, "size"}, {" ", 5, "name"}, {"folder/", 5, "name"}, {strings.Repeat("x", 301), 5, "name"}} {
		if got := w.came(admin, "prepareUpload", map[string]any{"name": c.name, "size": c.size}); got != "BAD_USER_INPUT "+c.want {
			t.Errorf("%.20q of %d: %s", c.name, c.size, got)
		}
	}
	if a := w.send(request{Query: `mutation { prepareUpload(input: {name: "a", size: 1}) { userErrors { code } } }`}); !slices.Equal(a.codes(), []string{"UNAUTHENTICATED"}) {
		t.Errorf("anonymous: %s", a.text)
	}
	id, address := w.prepare("editor", "папка/акт.txt", 5)
	attach := map[string]any{"objectId": council, "uploadId": id}
	if got := w.came("editor", "attachFile", attach); got != "CONFLICT uploadId" {
		t.Errorf("before it was sent: %s", got)
	}
	for name, content := range map[string]string{"too short": "word", "too long": "words!"} {
		if status, text := w.put(address, []byte(content)); status != http.StatusUnprocessableEntity || !strings.Contains(text, "BAD_USER_INPUT") {
			t.Errorf("%s: %d %s", name, status, text)
		}
		res, _ := w.fetch(http.MethodPut, address, io.MultiReader(strings.NewReader(content))) // of a length that is not told
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s, chunked: %d", name, res.StatusCode)
		}
	}
	if got := atOnce(8, func(int) string { status, _ := w.put(address, []byte("words")); return fmt.Sprint(status) }); got["200"] != 1 || got["409"] != 7 {
		t.Errorf("sent eight times at once: %v", got)
	}
	for _, who := range []string{"resident", admin} {
		if got := w.came(who, "attachFile", attach); got != "BAD_USER_INPUT uploadId" && got != "FORBIDDEN" {
			t.Errorf("%s attaches another's: %s", who, got)
		}
	}
	if seen := at(w.ask(request{as: "resident", Query: `query($id: ID!) { fileUpload(id: $id) { id } }`, Variables: map[string]any{"id": id}}), "fileUpload"); seen != nil {
		t.Error("another's upload is seen")
	}
	got := atOnce(20, func(int) string {
		return outcome(w.send(request{as: "editor", Query: attachFile, Variables: map[string]any{"in": attach}}), "attachFile")
	})
	if got["done"] != 1 || got["CONFLICT"] != 19 {
		t.Errorf("attached twenty times at once: %v", got)
	}
	upload := at(w.ask(request{as: "editor", Query: `query($id: ID!) { fileUpload(id: $id) { name state address contentType size } }`, Variables: map[string]any{"id": id}}), "fileUpload")
	if fmt.Sprint(upload) != "map[address:<nil> contentType:text/plain name:акт.txt size:5 state:ATTACHED]" {
		t.Errorf("got %v", upload)
	}
	bad, address := w.prepare("editor", "act.pdf", 4096)
	if status, text := w.put(address, program()); status != http.StatusUnprocessableEntity || !strings.Contains(text, "BAD_USER_INPUT") {
		t.Errorf("a program: %d %s", status, text)
	}
	if status, _ := w.put(address, program()); status != http.StatusConflict {
		t.Errorf("a program again: %d", status)
	}
	upload = at(w.ask(request{as: "editor", Query: `query($id: ID!) { fileUpload(id: $id) { state refusal } }`, Variables: map[string]any{"id": bad}}), "fileUpload")
	if fmt.Sprint(upload) != "map[refusal:TYPE state:REFUSED]" || w.came("editor", "attachFile", map[string]any{"objectId": council, "uploadId": bad}) != "BAD_USER_INPUT uploadId" {
		t.Errorf("got %v", upload)
	}
	for range 5 {
		w.prepare("resident", "a.txt", 100<<20)
	}
	if got := w.came("resident", "prepareUpload", map[string]any{"name": "a.txt", "size": 1}); got != "CONFLICT size" {
		t.Errorf("more than may wait: %s", got)
	}
	if got := atOnce(8, func(int) string {
		return w.came("editor", "prepareUpload", map[string]any{"name": "a.txt", "size": 100 << 20})
	}); got[""] != 4 && got[""] != 5 {
		t.Errorf("at once: %v", got)
	}
}
