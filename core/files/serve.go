package files

import (
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/veche-city/veche/core"
)

// Shown is what is said of a file that is given out.
type Shown struct {
	Name, MIME, SHA256 string
	Size               int64
}

// Serve gives a blob out: whole, or the range that is asked for. Nothing in it is run by a browser: the
// type is the one told by the content, and is not guessed; what a browser does not show safely by
// itself is saved. Caches of others keep nothing, and the reader's own asks before each use, so that
// rights that have ended are felt.
func (k *Keeper) Serve(w http.ResponseWriter, r *http.Request, key Key, f Shown) error {
	blob, err := k.Store.Open(r.Context(), key)
	if err != nil {
		return err
	}
	defer func() { _ = blob.Close() }()
	t, tag := TypeOf(f.MIME), f.SHA256
	if key.Preview {
		t, tag, f.Name = TypeOf(typeJPEG), tag+".preview", "preview.jpg"
	}
	disposition := "attachment"
	if t.Inline {
		disposition = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", t.MIME)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", policyOf(t))
	h.Set("Referrer-Policy", "no-referrer") // the address is for its reader alone
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+tag+`"`)
	control := http.NewResponseController(w)
	if control.SetWriteDeadline(time.Now().Add(patience(f.Size))) == nil {
		defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	}
	http.ServeContent(w, r, "", time.Time{}, blob)
	return nil
}

// policyOf keeps whatever a file holds from running. Browsers' own viewers of PDF do not start in a
// sandbox; they run nothing of the document in this origin.
func policyOf(t Type) string {
	if t.MIME == "application/pdf" {
		return "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
	}
	return "sandbox; default-src 'none'"
}

// CORS lets pages of any origin use signed addresses: they bear their right themselves, and no cookie
// adds to it.
func CORS(w http.ResponseWriter, method string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", method)
	h.Set("Access-Control-Allow-Headers", "Content-Type, Range, If-None-Match, X-Municipality, Accept-Language")
	h.Set("Access-Control-Expose-Headers", "Content-Disposition, Content-Range, ETag")
}

// Status is the status of an answer outside of the graph.
func Status(code core.Code) int {
	switch code {
	case core.CodeNotFound:
		return http.StatusNotFound
	case core.CodeForbidden, core.CodeUnauthenticated:
		return http.StatusForbidden
	case core.CodeConflict:
		return http.StatusConflict
	case core.CodeBadUserInput:
		return http.StatusUnprocessableEntity
	case core.CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

const (
	slowest = 16 << 10 // bytes a second, below which a connection is given up
	silence = 30 * time.Second
)

// patience is how long sending so many bytes may take.
func patience(size int64) time.Duration {
	return time.Minute + time.Duration(size/slowest)*time.Second
}

// Incoming is the body of a request that sends a file of about that size: one that is silent or too slow
// is given up. done must be called after the reading.
func Incoming(w http.ResponseWriter, r *http.Request, size int64) (body io.Reader, done func()) {
	control := http.NewResponseController(w)
	return &patient{r.Body, control, time.Now().Add(patience(size))}, func() { _ = control.SetReadDeadline(time.Time{}) }
}

type patient struct {
	io.Reader
	control *http.ResponseController
	end     time.Time
}

// Read sets the time for each piece. A writer without deadlines leaves it to the server.
func (p *patient) Read(b []byte) (int, error) {
	next := time.Now().Add(silence)
	if next.After(p.end) {
		next = p.end
	}
	_ = p.control.SetReadDeadline(next)
	return p.Reader.Read(b)
}
