package transport

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// answer is what a client sees of a response.
type answer struct {
	status int
	header http.Header
	body   string
	Errors []struct {
		Message    string
		Path       []any
		Locations  []any
		Extensions map[string]any
	}
	Data       map[string]any
	Extensions map[string]any
}

func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

func serve(t testing.TB, options Options) *httptest.Server {
	t.Helper()
	if options.Schema == nil {
		schema := newTown()
		options.Schema = func(*http.Request) graphql.ExecutableSchema { return schema }
	}
	handler, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// send makes a request; headers are given as name, value, name, value, and override the JSON content type.
func send(t testing.TB, server *httptest.Server, method, target, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			request.Header.Del(headers[i])
		} else {
			request.Header.Set(headers[i], headers[i+1])
		}
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return read(t, response)
}

func read(t testing.TB, response *http.Response) answer {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(text)}
	if len(text) > 0 && strings.Contains(response.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatalf("not JSON: %v: %s", err, text)
		}
	}
	return a
}

func ask(t testing.TB, server *httptest.Server, query string, headers ...string) answer {
	t.Helper()
	return send(t, server, http.MethodPost, "", asBody(t, query, nil), headers...)
}

func asBody(t testing.TB, query string, variables any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// patience is for what must happen at last; a test that passes does not wait for it.
const patience = 20 * time.Second
