package house_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/veche-city/veche/cmd/veche/house"
)

// book keeps what is logged.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) lines(t *testing.T) (all []map[string]any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		var fields map[string]any
		must(t, json.Unmarshal([]byte(line), &fields))
		all = append(all, fields)
	}
	return all
}

// Each request leaves a line with its id, its municipality and its outcome, and no line says whom
// it was about: names, phones, logins, codes and tokens stay out, also when something fails.
func TestLogsNameNobody(t *testing.T) {
	written := &book{}
	w := newLoggedWorld(t, slog.New(house.WithIDs(slog.NewJSONHandler(written, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	admin := w.administrator("kansk")
	person := w.person(admin, "Секретова")
	w.account(admin, "secret-login", person, "clerk", "")
	for _, r := range []request{
		{as: "secret-login", Query: `query($s: String!) { persons(filter: {search: $s}) { nodes { name personal { phones birthDate } } } }`, Variables: map[string]any{"s": "Секретова"}},
		{Query: `mutation($in: SignInInput!) { signIn(input: $in) { userErrors { code } } }`, Variables: map[string]any{"in": map[string]any{"login": "secret-login", "password": "неверный пароль 77"}}},
		{as: admin, Query: `mutation($in: CreatePersonInput!) { createPerson(input: $in) { userErrors { code } } }`,
			Variables: map[string]any{"in": map[string]any{"familyName": "Секретова", "givenName": strings.Repeat("я", 5000)}}},
		{as: "secret-login", town: "achinsk", Query: `{ viewer { kind } }`},
	} {
		if a := w.send(r); a.text == "" {
			t.Error("no answer")
		}
	}
	// A failure of our own: the table is gone below the question.
	_, err := w.DB.Exec(`ALTER TABLE organisations RENAME TO gone`)
	must(t, err)
	broken := w.send(request{as: admin, Query: `{ organisations(filter: {search: "Секретова"}) { totalCount } }`})
	if broken.Status != 200 || len(broken.codes()) != 1 || broken.codes()[0] != "INTERNAL" {
		t.Errorf("a broken table: %s", broken.text)
	}

	requests, failures := 0, 0
	for _, line := range written.lines(t) {
		switch line["msg"] {
		case "request":
			requests++
			if id, _ := line["request"].(string); len(id) != 36 || line["municipality"] != "kansk" && line["municipality"] != "achinsk" || line["status"] == nil || line["method"] != "POST" {
				t.Errorf("a line of a request: %v", line)
			}
		case "internal error":
			failures++
			if line["request"] == nil || line["request"] != broken.Errors[0].Extensions["requestId"] || line["municipality"] != "kansk" {
				t.Errorf("the failure's line: %v, its answer: %s", line, broken.text)
			}
		}
	}
	if requests < 9 || failures != 1 {
		t.Errorf("%d requests, %d failures", requests, failures)
	}
	for _, secret := range []string{"Секретова", "Проба", "2-00-00", "1970-05-01", "secret-login", "неверный", password, w.tokens[admin], w.tokens["secret-login"], "127.0.0.1"} {
		if strings.Contains(written.text.String(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
}
