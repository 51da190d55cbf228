package house_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/cmd/veche/demo"
	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/pgtest"
	"github.com/veche-city/veche/core/postgres"
)

// world is the reference city behind the real door: a database copied from one in which Kansk was
// loaded, a second municipality that owns nothing, and whoever is asked to sign in.
type world struct {
	*house.House
	t          testing.TB
	server     *httptest.Server
	statements *statements
	tokens     map[string]string // login → bearer token
}

// clock is what the world goes by: an ordinary day after the reference year, in real time's steps
// so that sessions and leases go on.
func clock() core.Clock {
	began, at := time.Now(), time.Date(2013, 2, 1, 5, 0, 0, 0, time.UTC)
	return func() time.Time { return at.Add(time.Since(began)) }
}

var settings = house.Settings{Municipality: "kansk", MaxPage: 100, Introspection: true, ReadsHeader: true}

func newWorld(t testing.TB) *world { return newLoggedWorld(t, coretest.Quiet()) }

func newLoggedWorld(t testing.TB, log *slog.Logger) *world {
	t.Helper()
	url := pgtest.New(t, pgtest.Template{Name: "kansk", Fingerprint: fingerprint(t), Build: buildKansk})
	db := coretest.Open(t, url)
	w := &world{t: t, statements: &statements{}, tokens: map[string]string{}}
	db = coretest.Traced(t, db, w.statements)
	w.House = open(t, db, log)
	if w.Towns.ByKey("achinsk") == nil {
		second := &core.Municipality{Key: "achinsk", Name: core.T("City of Achinsk", "город Ачинск"), TimeZone: "Asia/Krasnoyarsk"}
		must(t, w.Towns.Add(t.Context(), second))
		must(t, w.Settle(t.Context()))
	}
	handler, err := w.Handler()
	must(t, err)
	w.server = httptest.NewServer(handler)
	t.Cleanup(w.server.Close)
	return w
}

// fingerprint changes with the migrations and with what is loaded.
func fingerprint(t testing.TB) string {
	t.Helper()
	hash := sha256.New()
	hash.Write([]byte(coretest.Fingerprint(t)))
	loaded := os.DirFS("../demo")
	files, err := fs.Glob(loaded, "*")
	must(t, err)
	for _, name := range files {
		text, err := fs.ReadFile(loaded, name)
		must(t, err)
		hash.Write(text)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func open(t testing.TB, db *postgres.DB, log *slog.Logger) *house.House {
	t.Helper()
	settings := settings
	settings.Files.Dir, settings.Plugins.Dir, settings.Plugins.Keys = t.TempDir(), t.TempDir(), t.TempDir()
	h, err := house.Open(t.Context(), db, settings, clock(), log, func(string) {})
	must(t, err)
	stop, err := h.Run(t.Context())
	must(t, err)
	t.Cleanup(func() {
		h.EndStreams()
		must(t, stop(context.Background()))
		must(t, h.Close())
	})
	return h
}

func buildKansk(ctx context.Context, url string) error {
	db, err := postgres.Open(ctx, url, 4)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	h, err := house.Open(ctx, db, settings, clock(), coretest.Quiet(), func(string) {})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	return demo.Load(ctx, h, func(string) {})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// request is one question at the door.
type request struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables,omitempty"`

	as   string            // login; empty: anonymous
	town string            // X-Municipality
	with map[string]string // further headers
}

// answer is what came back.
type answer struct {
	Status int
	Data   map[string]any `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
	text string
}

// codes are the errors' codes, each once, in order.
func (a *answer) codes() []string {
	var all []string
	for _, e := range a.Errors {
		code, _ := e.Extensions["code"].(string)
		all = append(all, code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (w *world) send(r request) *answer {
	w.t.Helper()
	body, err := json.Marshal(r)
	must(w.t, err)
	return w.sendBytes(r, body)
}

func (w *world) sendBytes(r request, body []byte) *answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+house.Endpoint, bytes.NewReader(body))
	must(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	if r.as != "" {
		req.Header.Set("Authorization", "Bearer "+w.tokens[r.as])
	}
	if r.town != "" {
		req.Header.Set("X-Municipality", r.town)
	}
	for name, value := range r.with {
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

// ask sends a question that must be answered without an error.
func (w *world) ask(r request) map[string]any {
	w.t.Helper()
	a := w.send(r)
	if len(a.Errors) > 0 {
		w.t.Fatalf("%s\n%s", r.Query, a.text)
	}
	return a.Data
}

// do sends a mutation that must be done, and gives its payload.
func (w *world) do(r request) map[string]any {
	w.t.Helper()
	data := w.ask(r)
	for _, payload := range data {
		p := payload.(map[string]any)
		if errs, _ := p["userErrors"].([]any); len(errs) > 0 {
			w.t.Fatalf("%s\n%v", r.Query, errs)
		}
		return p
	}
	return nil
}

// at walks into an answer: at(data, "councils", "nodes", 0, "name").
func at(v any, steps ...any) any {
	for _, step := range steps {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

// statements remembers what was asked of the database.
type statements struct {
	mu  sync.Mutex
	all []string
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, sent pgx.TraceQueryStartData) context.Context {
	if core.RequestIDOf(ctx) == "" {
		return ctx // what the house does by itself
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, sent.SQL)
	return ctx
}

func (*statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// background are words of the statements by which the house looks after itself meanwhile.
var background = []string{"policy_version", "begin", "commit", "set_config"}

// during gives the statements that fn caused.
func (s *statements) during(fn func()) []string {
	s.mu.Lock()
	s.all = nil
	s.mu.Unlock()
	fn()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.all), func(q string) bool {
		return slices.ContainsFunc(background, func(word string) bool { return strings.Contains(q, word) })
	})
}
