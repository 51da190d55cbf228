package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestETags(t *testing.T) {
	server := serve(t, Options{})
	get := func(query string, headers ...string) answer {
		return fetch(t, server, http.MethodGet, "?query="+url.QueryEscape(query), "", headers...)
	}
	long := `{hello(name:"` + strings.Repeat("Канск ", 500) + `")}`
	tags := map[string]string{}
	for name, a := range map[string]answer{
		"plain": get(long), "gzip": get(long, "Accept-Encoding", "gzip"), "br": get(long, "Accept-Encoding", "br"),
		"newer": get(long, "Accept", string(mediaGraphQL)), "another": get(`{hello}`),
	} {
		tag := a.header.Get("ETag")
		if a.status != 200 || len(tag) < 20 || tags[tag] != "" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q, which is that of %q", name, a.status, tag, tags[tag])
		}
		tags[tag] = name
	}
	tag := get(long, "Accept-Encoding", "gzip").header.Get("ETag")
	for _, test := range []struct {
		match string
		want  int
	}{
		{`"another"`, 200}, {strings.Trim(tag, `"`), 200}, {get(long).header.Get("ETag"), 200}, {"", 200}, {`w/` + tag, 200},
		{tag, 304}, {"W/" + tag, 304}, {`"a", "b,c" ,` + tag, 304}, {"*", 304},
	} {
		a := get(long, "Accept-Encoding", "gzip", "If-None-Match", test.match)
		if a.status != test.want || a.header.Get("ETag") != tag || a.header.Get("Cache-Control") == "" || len(a.header.Values("Vary")) == 0 {
			t.Errorf("%q: %d %v", test.match, a.status, a.header)
		}
		if notModified := a.status == 304; notModified != (a.body == "") || notModified && a.header.Get("Content-Encoding")+a.header.Get("Content-Type") != "" {
			t.Errorf("%q: %v %q", test.match, a.header, a.body)
		}
	}
	for name, a := range map[string]answer{
		"errors":     get(`{hello panic}`, "If-None-Match", "*"),
		"refused":    get(`{`, "If-None-Match", "*"),
		"by POST":    fetch(t, server, http.MethodPost, "", asBody(t, `{hello}`, nil), "If-None-Match", "*"),
		"mutation":   get(`mutation{rename(input:{id:1,name:"x"})}`, "If-None-Match", "*"),
		"event":      get(`{hello}`, "If-None-Match", "*", "Accept", "text/event-stream"),
		"a mutation": fetch(t, server, http.MethodPost, "", asBody(t, `mutation{rename(input:{id:1,name:"x"})}`, nil), "If-None-Match", "*"),
	} {
		if a.status == 304 || a.header.Get("ETag") != "" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
	}
}

// counted answers each question by a number of its own, so that an answer from before is known.
func counted(town *town) *atomic.Int64 {
	var count atomic.Int64
	town.fields["Query.echo"] = func(_ context.Context, args map[string]any) (any, error) {
		if args["text"] == "wrong" {
			count.Add(1)
			return nil, errors.New("wrong")
		}
		return fmt.Sprint(args["text"], " ", count.Add(1)), nil
	}
	return &count
}

const echoManifest = `{"echo":"query Echo($text:String,$data:Data){echo(text:$text,data:$data)} query Again($text:String){echo(text:$text)}","rename":"mutation{rename(input:{id:1,name:\"x\"})}"}`

func TestAnswersForEverybodyAreKept(t *testing.T) {
	schema := newTown()
	count := counted(schema)
	state, open := "1", true
	options := Options{
		Schema: func(*http.Request) graphql.ExecutableSchema { return schema }, Documents: documents(t, echoManifest),
		Cacheable: func(*http.Request) (string, bool) { return state, open },
	}
	server := serve(t, options)
	get := func(id, operation, variables string, headers ...string) answer {
		return fetch(t, server, http.MethodGet, "?documentId="+id+"&operationName="+operation+"&variables="+url.QueryEscape(variables), "", headers...)
	}
	executed := func(name string, want bool, public bool, a answer) {
		t.Helper()
		was := count.Swap(0) > 0
		if control := a.header.Get("Cache-Control"); was != want || (control == "public, no-cache") != public || !public && control != "no-store" {
			t.Errorf("%s: executed %t, %d %v %s", name, was, a.status, a.header, a.body)
		}
	}
	executed("wrong", true, false, get("echo", "Echo", `{"text":"wrong"}`))
	executed("wrong again", true, false, get("echo", "Echo", `{"text":"wrong"}`))
	executed("by POST", true, false, fetch(t, server, http.MethodPost, "", `{"documentId":"echo","operationName":"Echo"}`))
	executed("another text", true, false, fetch(t, server, http.MethodGet, "?query={echo}", ""))
	if a := get("rename", "", ""); a.status != 405 || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("mutation: %d %v", a.status, a.header)
	}

	first := get("echo", "Echo", `{"text":"a","data":{"x":1,"y":2}}`)
	executed("first", true, true, first)
	again := get("echo", "Echo", `{ "data":{"y":2,"x":1}, "text":"a", "unknown":7 }`)
	executed("again", false, true, again)
	if again.body != first.body || again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Content-Type") != first.header.Get("Content-Type") || first.header.Get("ETag") == "" {
		t.Errorf("first %v %s, then %v %s", first.header, first.body, again.header, again.body)
	}
	same := get("echo", "Echo", `{"text":"a","data":{"x":1,"y":2}}`, "If-None-Match", first.header.Get("ETag"))
	if executed("the same", false, true, same); same.status != 304 || same.body != "" {
		t.Errorf("the same: %d %s", same.status, same.body)
	}
	executed("other variables", true, true, get("echo", "Echo", `{"text":"b"}`))
	executed("other operation", true, true, get("echo", "Again", `{"text":"b"}`))
	newer := get("echo", "Echo", `{"text":"b"}`, "Accept", string(mediaGraphQL))
	if executed("other media", false, true, newer); newer.header.Get("Content-Type") != string(mediaGraphQL)+"; charset=utf-8" {
		t.Errorf("other media: %v", newer.header)
	}
	executed("as event", true, false, get("echo", "Echo", `{"text":"b"}`, "Accept", "text/event-stream"))

	long := `{"text":"` + strings.Repeat("Канск ", 500) + `"}`
	whole := get("echo", "Echo", long)
	executed("long", true, true, whole)
	for range 2 {
		for _, coding := range []string{"gzip", "br"} {
			a := get("echo", "Echo", long, "Accept-Encoding", coding)
			if executed(coding, false, true, a); decoded(t, a) != whole.body || a.header.Get("Content-Encoding") != coding {
				t.Errorf("%s: %v %.100s", coding, a.header, a.body)
			}
		}
	}
	state = "2"
	executed("another state", true, true, get("echo", "Echo", `{"text":"b"}`))
	open = false
	executed("not for everybody", true, false, get("echo", "Echo", `{"text":"b"}`))
}

// An answer that was read before a change, and ends after it, is not kept for the state after it.
func TestAnAnswerFromBeforeAChangeIsNotKeptForAfterIt(t *testing.T) {
	schema := newTown()
	var state, value atomic.Int64
	reading, changed := make(chan bool, 1), make(chan bool)
	schema.fields["Query.echo"] = func(context.Context, map[string]any) (any, error) {
		seen := value.Load()
		if seen == 0 {
			reading <- true
			<-changed
		}
		return fmt.Sprint("value ", seen), nil
	}
	server := serve(t, Options{
		Schema: func(*http.Request) graphql.ExecutableSchema { return schema }, Documents: documents(t, `{"echo":"{echo}"}`),
		Cacheable: func(*http.Request) (string, bool) { return fmt.Sprint(state.Load()), true },
	})
	get := func() string { return fetch(t, server, http.MethodGet, "?documentId=echo", "").body }
	old := make(chan string)
	go func() { old <- get() }()
	<-reading
	value.Store(1)
	state.Store(1)
	close(changed)
	if got := <-old; !strings.Contains(got, "value 0") {
		t.Errorf("before: %s", got)
	}
	if got := get(); !strings.Contains(got, "value 1") {
		t.Errorf("after: %s", got)
	}
}

func TestKeptAnswersAreBounded(t *testing.T) {
	schema := newTown()
	count := counted(schema)
	server := serve(t, Options{
		Schema: func(*http.Request) graphql.ExecutableSchema { return schema }, Documents: documents(t, echoManifest), Limits: Limits{AnswerKept: 1000, AnswersBytes: 10_000},
		Cacheable: func(*http.Request) (string, bool) { return "", true },
	})
	get := func(text string) bool {
		fetch(t, server, http.MethodGet, "?documentId=echo&operationName=Echo&variables="+url.QueryEscape(`{"text":"`+text+`"}`), "")
		return count.Swap(0) > 0
	}
	large := strings.Repeat("x", 1000)
	for range 2 {
		if !get(large) {
			t.Error("an answer that is too large was kept")
		}
	}
	for n := range 100 {
		get(fmt.Sprint("answer ", n))
	}
	if get("answer 99") || !get("answer 0") {
		t.Error("the last was forgotten, or the first was not")
	}
	handler, _ := server.Config.Handler.(*door)
	if handler.answers.weight > 10_000 || handler.answers.lru.Len() < 10 {
		t.Errorf("%d answers of %d bytes", handler.answers.lru.Len(), handler.answers.weight)
	}
}

func TestAnAnswerBeyondTheLimitIsAnError(t *testing.T) {
	server := serve(t, Options{Limits: Limits{Answer: 100}})
	query := func(letters int) string { return `{hello(name:"` + strings.Repeat("x", letters) + `")}` }
	a := ask(t, server, query(100))
	if a.status != 200 || a.code() != codeLimit || a.Data != nil || !strings.Contains(a.body, `"data":null`) || !strings.Contains(a.body, "The answer has 118 bytes; the limit is 100") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a := ask(t, server, query(100), "Accept", "text/event-stream"); !strings.Contains(a.body, codeLimit) || strings.Contains(a.body, "xxx") {
		t.Errorf("event: %s", a.body)
	}
	if a := ask(t, server, query(82)); a.code() != "" || a.Data["hello"] == nil {
		t.Errorf("within: %s", a.body)
	}
}

// stopErr is what Postgres' driver says of a statement that was stopped.
type stopErr struct{}

func (stopErr) Error() string    { return "canceling statement due to user request" }
func (stopErr) SQLState() string { return "57014" }

func TestAStoppedStatementIsATimeout(t *testing.T) {
	schema := newTown()
	schema.fields["Query.slow"] = func(ctx context.Context, _ map[string]any) (any, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("read: %w", stopErr{})
	}
	schema.fields["Query.panic"] = func(context.Context, map[string]any) (any, error) { return nil, stopErr{} }
	options := Options{Limits: Limits{Time: 20 * time.Millisecond}, Schema: func(*http.Request) graphql.ExecutableSchema { return schema }}
	if a := ask(t, serve(t, options), "{panic}"); a.code() != codeInternal {
		t.Errorf("stopped for another reason: %s", a.body)
	}
	if a := ask(t, serve(t, options), "{hello slow}"); a.code() != codeTimeout || a.Errors[0].Path[0] != "slow" {
		t.Errorf("stopped by the time: %s", a.body)
	}
	shown := make(chan error, 1)
	options = Options{Schema: options.Schema, Presenter: func(_ context.Context, err error) *gqlerror.Error {
		shown <- err
		return &gqlerror.Error{}
	}}
	server := serve(t, options)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader(`{"query":"{slow}"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if response, err := server.Client().Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("the client was answered")
	}
	if err := <-shown; !errors.Is(err, context.Canceled) {
		t.Errorf("the presenter is told %v", err)
	}
}

// A client that asks for much and reads nothing is cut off, and holds nothing after it: neither its handler nor its connection.
func TestAClientThatStopsReadingIsCut(t *testing.T) {
	schema := newTown()
	big := strings.Repeat("x", 12<<20) // more than both sockets' buffers take
	schema.fields["Query.echo"] = func(context.Context, map[string]any) (any, error) { return big, nil }
	handler, err := New(Options{Schema: func(*http.Request) graphql.ExecutableSchema { return schema }, Limits: Limits{Write: 50 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	returned, closed := make(chan bool, 1), make(chan bool, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r)
		returned <- true
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- true
		}
	}
	server.Start()
	defer server.Close()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprint(conn, "GET /?query={echo} HTTP/1.1\r\nHost: town\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-returned
	<-closed
	if a := ask(t, server, "{hello}"); a.Data["hello"] == nil {
		t.Errorf("others are not served: %s", a.body)
	}
}
