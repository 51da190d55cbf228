package transport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("no schema was accepted")
	}
	schema := func(*http.Request) graphql.ExecutableSchema { return nil }
	if _, err := New(Options{Schema: schema, AllowedOrigins: []string{"https://portal.example/path"}}); err == nil {
		t.Error("an origin with a path was accepted")
	}
}

func TestMediaTypesAndStatuses(t *testing.T) {
	server := serve(t, Options{})
	const asJSON, asGraphQL = "application/json; charset=utf-8", "application/graphql-response+json; charset=utf-8"
	for _, test := range []struct {
		name, query, accept string
		status              int
		contentType, code   string
	}{
		{"not offered", "{hello}", "image/png", 406, asJSON, codeAccept},
		{"other charset", "{hello}", "application/json; charset=koi8-r", 406, asJSON, codeAccept},
		{"weight of nothing", "{hello}", "application/json;q=0", 406, asJSON, codeAccept},
		{"syntax, older type", "{", "application/json", 200, asJSON, codeParse},
		{"syntax, newer type", "{", "application/graphql-response+json", 400, asGraphQL, codeParse},
		{"unknown field, older", "{nothing}", "*/*", 200, asJSON, codeValidation},
		{"unknown field, newer", "{nothing}", "application/graphql-response+json", 400, asGraphQL, codeValidation},
		{"missing variable, older", "query($i:ID!){person(id:$i){id}}", "", 200, asJSON, codeInput},
		{"missing variable, newer", "query($i:ID!){person(id:$i){id}}", "application/graphql-response+json", 400, asGraphQL, codeInput},
		{"subscription without stream", "subscription{forever}", "application/json", 406, asJSON, codeAccept},
		{"fine, no accept", "{hello}", "", 200, asJSON, ""},
		{"fine, newer preferred", "{hello}", "application/json;q=0.5, application/graphql-response+json", 200, asGraphQL, ""},
		{"fine, first of equals", "{hello}", "application/json, application/graphql-response+json", 200, asJSON, ""},
		{"fine, urql's list", "{hello}", "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed", 200, asGraphQL, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := ask(t, server, test.query, "Accept", test.accept)
			if a.status != test.status || a.header.Get("Content-Type") != test.contentType || a.code() != test.code {
				t.Errorf("got %d %q %q: %s", a.status, a.header.Get("Content-Type"), a.code(), a.body)
			}
			if hasData := strings.Contains(a.body, `"data"`); hasData != (test.code == "") {
				t.Errorf("data key: %v: %s", hasData, a.body)
			}
			if a.header.Get("Content-Length") != strconv.Itoa(len(a.body)) || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers: %v", a.header)
			}
		})
	}
}

func TestVariableErrorNamesTheVariable(t *testing.T) {
	a := send(t, serve(t, Options{}), http.MethodPost, "", `{"query":"mutation($i:RenameInput!){rename(input:$i)}","variables":{"i":{"id":1}}}`)
	if len(a.Errors) != 1 || !strings.HasPrefix(a.Errors[0].Message, "Variable $i.name: ") || a.Errors[0].Path != nil {
		t.Errorf("got %s", a.body)
	}
}

func TestGET(t *testing.T) {
	schema := newTown()
	server := serve(t, Options{Schema: func(*http.Request) graphql.ExecutableSchema { return schema }})
	get := func(values url.Values) answer { return send(t, server, http.MethodGet, "?"+values.Encode(), "") }

	a := get(url.Values{"query": {`mutation{rename(input:{id:1,name:"x"})}`}})
	if a.status != 405 || a.header.Get("Allow") != "POST" || a.code() != codeMethod || schema.renamed.Load() != 0 {
		t.Errorf("mutation by GET: %d %v %s", a.status, a.header, a.body)
	}
	for name, values := range map[string]url.Values{
		"nothing":         {},
		"broken JSON":     {"query": {"{hello}"}, "variables": {"{"}},
		"list":            {"query": {"{hello}"}, "variables": {"[1]"}},
		"given twice":     {"query": {"{hello}", "{people{id}}"}},
		"not UTF-8":       {"query": {"{hello(name:\"\xff\")}"}},
		"NUL in the name": {"query": {"query A{hello}"}, "operationName": {"A\x00"}},
	} {
		if a := get(values); a.status != 400 || a.code() != codeInput {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	a = get(url.Values{"query": {"query A{hello} query B($n:String){hello(name:$n)}"}, "operationName": {"B"}, "variables": {`{"n":"Kansk"}`}})
	if a.status != 200 || a.Data["hello"] != "hello Kansk" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead} {
		if a := send(t, server, method, "", ""); a.status != 405 || a.header.Get("Allow") != allowedMethods {
			t.Errorf("%s: %d %v", method, a.status, a.header)
		}
	}
}

func TestUnknownMunicipality(t *testing.T) {
	server := serve(t, Options{Schema: func(*http.Request) graphql.ExecutableSchema { return nil }})
	if a := ask(t, server, "{hello}"); a.status != 404 || a.code() != codeNotFound {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestForeignPages(t *testing.T) {
	schema := newTown()
	server := serve(t, Options{
		Schema:         func(*http.Request) graphql.ExecutableSchema { return schema },
		AllowedOrigins: []string{"https://portal.example"},
	})
	const rename = `{"query":"mutation{rename(input:{id:1,name:\"x\"})}"}`
	refused := func(name string, a answer) {
		t.Helper()
		if a.status != 403 || a.code() != codeForbidden || schema.renamed.Load() != 0 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense/;;"} {
		refused("simple "+contentType, send(t, server, http.MethodPost, "", rename, "Content-Type", contentType))
	}
	refused("cross-site", send(t, server, http.MethodPost, "", rename, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"))
	refused("sibling", send(t, server, http.MethodPost, "", rename, "Sec-Fetch-Site", "same-site", "Origin", "https://evil.city.example"))
	refused("origin alone", send(t, server, http.MethodPost, "", rename, "Origin", "https://evil.example"))
	refused("origin null", send(t, server, http.MethodPost, "", rename, "Origin", "null"))
	refused("preflight header does not help a foreign origin", send(t, server, http.MethodPost, "", rename,
		"Origin", "https://evil.example", "Apollo-Require-Preflight", "1"))
	refused("GET", send(t, server, http.MethodGet, "?query={hello}", "", "Sec-Fetch-Site", "cross-site"))

	if a := send(t, server, http.MethodPost, "", rename, "Content-Type", "multipart/form-data; boundary=x", "Apollo-Require-Preflight", "1"); a.status != 415 || a.code() != codeContentType {
		t.Errorf("preflighted multipart: %d %s", a.status, a.body)
	}
	if a := send(t, server, http.MethodOptions, "", "", "Origin", "https://evil.example"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a foreign origin got leave: %v", a.header)
	}
	a := send(t, server, http.MethodOptions, "", "", "Origin", "https://portal.example", "Access-Control-Request-Headers", "content-type")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://portal.example" || a.header.Get("Access-Control-Allow-Headers") != "content-type" {
		t.Errorf("allowed origin: %d %v", a.status, a.header)
	}
	a = send(t, server, http.MethodPost, "", rename, "Origin", "https://portal.example", "Sec-Fetch-Site", "cross-site")
	if a.status != 200 || schema.renamed.Load() != 1 || a.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("allowed origin: %d %v %s", a.status, a.header, a.body)
	}
	if a = send(t, server, http.MethodPost, "", `{"query":"{hello}"}`, "Origin", server.URL, "Sec-Fetch-Site", "same-origin"); a.status != 200 {
		t.Errorf("own page: %d %s", a.status, a.body)
	}
}

func TestPersistedQueries(t *testing.T) {
	server := serve(t, Options{Limits: Limits{PersistedText: 40}})
	persisted := func(query, hashed string) answer {
		sum := sha256.Sum256([]byte(hashed))
		body := `{"query":` + strconv.Quote(query) + `,"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hex.EncodeToString(sum[:]) + `"}}}`
		return send(t, server, http.MethodPost, "", body)
	}
	const query = `{hello(name:"persisted")}`
	if a := persisted("", query); a.status != 200 || a.code() != "PERSISTED_QUERY_NOT_FOUND" || a.Errors[0].Message != "PersistedQueryNotFound" {
		t.Errorf("unknown hash: %d %s", a.status, a.body)
	}
	if a := persisted(query, "another text"); a.code() != codeInput {
		t.Errorf("wrong hash: %s", a.body)
	}
	if a := persisted(query, query); a.Data["hello"] != "hello persisted" {
		t.Errorf("with text: %s", a.body)
	}
	if a := persisted("", query); a.Data["hello"] != "hello persisted" {
		t.Errorf("by hash: %s", a.body)
	}
	long := `{hello(name:"` + strings.Repeat("x", 40) + `")}`
	if a := persisted(long, long); a.Data["hello"] == nil {
		t.Errorf("long text: %s", a.body)
	}
	if a := persisted("", long); a.code() != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("a long text was kept: %s", a.body)
	}
}

func TestErrorsShowNothingOfTheInside(t *testing.T) {
	server := serve(t, Options{})
	a := ask(t, server, "{hello panic}")
	if a.status != 200 || a.code() != codeInternal || a.Data["hello"] == nil || strings.Contains(a.body, "secret") || len(a.Errors[0].Path) != 1 {
		t.Errorf("panic: %d %s", a.status, a.body)
	}
	a = ask(t, server, "{failures(count:250)}")
	if len(a.Errors) != 100 || strings.Contains(a.body, "secret") {
		t.Errorf("%d errors shown", len(a.Errors))
	}
	if counts, _ := a.Extensions["errors"].(map[string]any); counts["total"] != 250.0 || counts["shown"] != 100.0 {
		t.Errorf("extensions: %v", a.Extensions)
	}
}

func TestPanicOutsideResolversIsOneAnswer(t *testing.T) {
	for name, options := range map[string]Options{
		"schema":     {Schema: func(*http.Request) graphql.ExecutableSchema { panic("secret") }},
		"validation": {Introspection: func(context.Context) bool { panic("secret") }},
	} {
		a := ask(t, serve(t, options), "{hello}")
		if a.status != 500 || a.code() != codeInternal || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestTimeLimit(t *testing.T) {
	options := Options{Limits: Limits{Time: 50 * time.Millisecond}}
	options.Presenter = func(_ context.Context, err error) *gqlerror.Error {
		return &gqlerror.Error{Err: err, Message: "the caller's presenter"}
	}
	a := ask(t, serve(t, options), "{hello slow}")
	if a.status != 200 || a.code() != codeTimeout || a.Data["hello"] == nil || a.Errors[0].Path[0] != "slow" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	options.Extensions = []graphql.HandlerExtension{waits{}}
	if a = ask(t, serve(t, options), "{hello}"); a.status != 503 || a.code() != codeTimeout || strings.Contains(a.body, "data") {
		t.Errorf("nothing resolved: %d %s", a.status, a.body)
	}
}

// waits is an extension that uses up the operation's time before it runs.
type waits struct{}

func (waits) ExtensionName() string                   { return "Waits" }
func (waits) Validate(graphql.ExecutableSchema) error { return nil }

func (waits) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	<-ctx.Done()
	return next(ctx)
}

type trustKey struct{}

func TestSuggestionsAndIntrospectionByCaller(t *testing.T) {
	schema := newTown()
	trusted := func(ctx context.Context) bool { return ctx.Value(trustKey{}) != nil }
	handler, err := New(Options{
		Schema:  func(*http.Request) graphql.ExecutableSchema { return schema },
		Trusted: trusted, Introspection: trusted,
	})
	if err != nil {
		t.Fatal(err)
	}
	wrapped := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			r = r.WithContext(context.WithValue(r.Context(), trustKey{}, true))
		}
		handler.ServeHTTP(w, r)
	})
	server := serve(t, Options{})
	server.Config.Handler = wrapped
	for _, query := range []string{"{helo}", "{people}", "{hello(nam:1)}", `mutation{rename(input:{id:1,nam:"x"})}`, "{people{...F}} fragment F on Persn{id}"} {
		if a := ask(t, server, query); strings.Contains(a.body, "Did you mean") || len(a.Errors) == 0 {
			t.Errorf("anonymous, %s: %s", query, a.body)
		}
		if a := ask(t, server, query, "Authorization", "x"); !strings.Contains(a.body, "Did you mean") {
			t.Errorf("trusted, %s: %s", query, a.body)
		}
	}
	const introspect = "{__schema{queryType{name}}}"
	if a := ask(t, server, introspect); a.Data["__schema"] != nil {
		t.Errorf("anonymous: %s", a.body)
	}
	if a := ask(t, server, introspect, "Authorization", "x"); a.Data["__schema"] == nil {
		t.Errorf("trusted: %s", a.body)
	}
}

func TestMessagesInTheReadersLanguage(t *testing.T) {
	server := serve(t, Options{Text: func(_ context.Context, key string, args ...any) string { return Text(Russian, key, args...) }})
	if a := send(t, server, http.MethodPost, "", "[]"); !strings.Contains(a.body, "Несколько операций") {
		t.Errorf("got %s", a.body)
	}
	if a := ask(t, server, "{people{friends{friends{friends{friends{name}}}}}}"); !strings.Contains(a.body, "Стоимость операции") {
		t.Errorf("got %s", a.body)
	}
}

func TestPresenterMayRefineTheDoorsErrors(t *testing.T) {
	server := serve(t, Options{Presenter: func(_ context.Context, err error) *gqlerror.Error {
		var known *gqlerror.Error
		if !errors.As(err, &known) || codeOf(known) == "" {
			return &gqlerror.Error{Message: "unknown"}
		}
		known.Extensions["traceId"] = "t1"
		return known
	}})
	for _, query := range []string{"{", "{nothing}", "[", ""} {
		if a := ask(t, server, query); a.Errors[0].Extensions["traceId"] != "t1" {
			t.Errorf("%q: %s", query, a.body)
		}
	}
}

func TestConnectionIsReusedAfterRefusals(t *testing.T) {
	server := serve(t, Options{})
	ask(t, server, "{hello}")
	for _, body := range []string{"{broken", "[]", `{"query":"{"}`, `{"query":"{hello}"}`} {
		reused := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) { reused = got.Reused }})
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		read(t, response)
		if _ = response.Body.Close(); !reused {
			t.Errorf("a new connection for %s", body)
		}
	}
}
