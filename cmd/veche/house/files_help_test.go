package house_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/modules/files"
)

// sent is a request with one file.
type sent struct {
	as, town, query string
	in              map[string]any
	place           string // of the file; variables.in.file when empty
	name            string
	content         io.Reader
	with            map[string]string
}

const attachFile = `mutation($in: AttachFileInput!) { attachFile(input: $in) {
	attachment { id name contentType size sha256 url previewUrl object { id } } userErrors { code message path } } }`

// preflight is the header that no form can send.
var preflight = map[string]string{"Apollo-Require-Preflight": "1"}

// sendFile sends a request as the multipart request specification has it; the file is written while it is read.
func (w *world) sendFile(s sent) *answer {
	w.t.Helper()
	if s.query == "" {
		s.query = attachFile
	}
	if s.place == "" {
		s.place = "variables.in.file"
		s.in["file"] = nil
	}
	operations, err := json.Marshal(map[string]any{"query": s.query, "variables": map[string]any{"in": s.in}})
	must(w.t, err)
	r, pipe := io.Pipe()
	form := multipart.NewWriter(pipe)
	go func() {
		err := form.WriteField("operations", string(operations))
		if err == nil {
			err = form.WriteField("map", fmt.Sprintf(`{"0": [%q]}`, s.place))
		}
		if err == nil {
			var part io.Writer
			if part, err = form.CreateFormFile("0", s.name); err == nil {
				_, err = io.Copy(part, s.content)
			}
		}
		if err == nil {
			err = form.Close()
		}
		_ = pipe.CloseWithError(err)
	}()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+house.Endpoint, r)
	must(w.t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	if s.as != "" {
		req.Header.Set("Authorization", "Bearer "+w.tokens[s.as])
	}
	if s.town != "" {
		req.Header.Set("X-Municipality", s.town)
	}
	if s.with == nil {
		s.with = preflight
	}
	for name, value := range s.with {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	must(w.t, err)
	a := &answer{Status: res.StatusCode, text: string(text)}
	if err := json.Unmarshal(text, a); err != nil {
		w.t.Fatalf("status %d, not JSON: %s", res.StatusCode, text)
	}
	return a
}

// attach attaches a file that must be taken.
func (w *world) attach(as, object, name string, content []byte) map[string]any {
	w.t.Helper()
	a := w.sendFile(sent{as: as, in: map[string]any{"objectId": object}, name: name, content: bytes.NewReader(content)})
	attachment, _ := at(a.Data, "attachFile", "attachment").(map[string]any)
	if attachment == nil {
		w.t.Fatalf("%s: %s", name, a.text)
	}
	return attachment
}

// prepare announces an upload; it answers its id and the address where it is sent.
func (w *world) prepare(as, name string, size int) (id, address string) {
	w.t.Helper()
	p := w.do(request{as: as, Query: `mutation($in: PrepareUploadInput!) { prepareUpload(input: $in) { fileUpload { id address state } userErrors { message } } }`,
		Variables: map[string]any{"in": map[string]any{"name": name, "size": size}}})
	return at(p, "fileUpload", "id").(string), at(p, "fileUpload", "address").(string)
}

// fetch asks at an address, without anything that tells who asks.
func (w *world) fetch(method, address string, body io.Reader, with ...string) (*http.Response, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+address, body)
	must(w.t, err)
	if sized, ok := body.(interface{ Len() int }); ok {
		req.ContentLength = int64(sized.Len())
	}
	for i := 0; i < len(with); i += 2 {
		req.Header.Set(with[i], with[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res, text
}

func (w *world) put(address string, content []byte) (int, string) {
	w.t.Helper()
	res, text := w.fetch(http.MethodPut, address, bytes.NewReader(content))
	return res.StatusCode, string(text)
}

// filesModule is the module, for what comes by itself in time.
func (w *world) filesModule() *files.Module {
	w.t.Helper()
	for _, m := range w.Modules {
		if m, ok := m.(*files.Module); ok {
			return m
		}
	}
	w.t.Fatal("there is no module files")
	return nil
}

// kept are the files on the disk, those that are coming in among them.
func (w *world) kept() (names []string) {
	w.t.Helper()
	must(w.t, filepath.WalkDir(filepath.Dir(w.Files.Spool()), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// rows counts the rows of a table of files.
func (w *world) rows(table, where string) (n int) {
	w.t.Helper()
	must(w.t, w.DB.NewRaw("SELECT count(*) FROM "+table+" WHERE "+where).Scan(w.t.Context(), &n))
	return n
}

// pictureTaken is a photograph that tells where it was taken, and lies on its side.
func pictureTaken(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, image.NewYCbCr(image.Rect(0, 0, 1200, 800), image.YCbCrSubsampleRatio420), nil))
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00" + place)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(exif)+2))
	return append(append(head, exif...), out.Bytes()[2:]...)
}

const place = "GPSLatitude 56.2050 GPSLongitude 95.7050"

// program is one for Windows.
func program() []byte {
	exe := make([]byte, 4096)
	copy(exe, "MZ\x90\x00")
	copy(exe[60:], "\x80\x00\x00\x00")
	copy(exe[128:], "PE\x00\x00")
	return exe
}

// pictureBomb says that it has 60,000 by 60,000 points.
func pictureBomb() []byte {
	return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x02\x00\x00\x00\x0f\xb0\xe2\x15" + strings.Repeat("x", 200))
}

// endless gives the same words again and again.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], "many words and more of them\n")
	}
	return len(p), nil
}
