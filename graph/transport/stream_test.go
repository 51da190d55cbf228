package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
)

func TestEvents(t *testing.T) {
	server := serve(t, Options{})
	const events = "text/event-stream"
	for _, test := range []struct{ name, query, want string }{
		{"refused", "subscription{nothing}", "GRAPHQL_VALIDATION_FAILED"},
		{"subscription", "subscription{t:ticks(to:2)}", "event: next\ndata: {\"data\":{\"t\":1}}\n\nevent: next\ndata: {\"data\":{\"t\":2}}\n\nevent: complete"},
		{"query", "{hello(name:\"1\")}", "event: next\ndata: {\"data\":{\"hello\":\"hello 1\"}}\n\nevent: complete"},
	} {
		a := ask(t, server, test.query, "Accept", events)
		if a.status != 200 || !strings.Contains(a.body, test.want) || !strings.HasPrefix(a.header.Get("Content-Type"), events) {
			t.Errorf("%s: %d %v %s", test.name, a.status, a.header, a.body)
		}
		if test.name == "refused" && strings.Contains(a.body, `"data"`) {
			t.Errorf("data in a refusal: %s", a.body)
		}
	}
	if a := send(t, server, http.MethodPost, "", "{broken", "Accept", events); a.status != 400 || a.code() != codeInput {
		t.Errorf("broken body: %d %s", a.status, a.body)
	}
	if a := send(t, server, http.MethodGet, "?query="+url.QueryEscape("subscription{ticks(to:1)}"), "", "Accept", events); !strings.Contains(a.body, "ticks") {
		t.Errorf("GET: %d %s", a.status, a.body)
	}
	if a := send(t, server, http.MethodGet, "?query="+url.QueryEscape(`mutation{rename(input:{id:1,name:"x"})}`), "", "Accept", events); a.status != 405 {
		t.Errorf("mutation by GET: %d %s", a.status, a.body)
	}
}

func TestEventsPingAndEndWithTheClient(t *testing.T) {
	schema := newTown()
	ended := make(chan struct{})
	server := serve(t, Options{
		Schema: func(r *http.Request) graphql.ExecutableSchema { return schema },
		Limits: Limits{Ping: time.Millisecond},
	})
	inner := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		inner.ServeHTTP(w, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader(`{"query":"subscription{forever}"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for pings := 0; pings < 5; {
		if !lines.Scan() {
			t.Fatalf("ended: %v", lines.Err())
		}
		if lines.Text() == ":" {
			pings++
		}
	}
	cancel()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the handler outlives its client")
	}
}

// dial opens a socket; frames are sent as they are.
func dial(t *testing.T, server *httptest.Server, frames ...string) *websocket.Conn {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{Subprotocols: []string{"graphql-ws", subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	for _, frame := range frames {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// receive reads frames until one of the type, or the close, is there.
func receive(t *testing.T, conn *websocket.Conn, wanted string) (envelope, websocket.StatusCode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return envelope{}, websocket.CloseStatus(err)
		}
		var message envelope
		if err := json.Unmarshal(data, &message); err != nil {
			t.Fatal(err)
		}
		if message.Type == wanted {
			return message, 0
		}
	}
}

const (
	initFrame    = `{"type":"connection_init","payload":{"Authorization":"Bearer x"}}`
	foreverFrame = `{"type":"subscribe","id":"1","payload":{"query":"subscription{forever}"}}`
)

func TestSocketRefusesUpgrade(t *testing.T) {
	server := serve(t, Options{})
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	if a := send(t, server, http.MethodGet, "", "", append(upgrade, "Sec-WebSocket-Protocol", "graphql-ws")...); a.status != 400 || a.code() != codeInput {
		t.Errorf("older protocol: %d %s", a.status, a.body)
	}
	a := send(t, server, http.MethodGet, "", "", append(upgrade, "Sec-WebSocket-Protocol", subprotocol, "Origin", "https://evil.example")...)
	if a.status != 403 || a.code() != codeForbidden {
		t.Errorf("foreign origin: %d %s", a.status, a.body)
	}
}

func TestSocketCloseCodes(t *testing.T) {
	server := serve(t, Options{Limits: Limits{Init: 200 * time.Millisecond, Body: 10_000}, Init: func(ctx context.Context, payload map[string]any) (context.Context, error) {
		if payload["Authorization"] == "Bearer bad" {
			return nil, errors.New("secret reason")
		}
		return ctx, nil
	}})
	for _, test := range []struct {
		name   string
		frames []string
		code   int
	}{
		{"no init", nil, closeInitTimeout},
		{"not JSON", []string{"hello"}, closeBadRequest},
		{"unknown type", []string{initFrame, `{"type":"start"}`}, closeBadRequest},
		{"server's type", []string{initFrame, `{"type":"next","id":"1"}`}, closeBadRequest},
		{"ping before init", []string{`{"type":"ping"}`}, closeBadRequest},
		{"no id", []string{initFrame, `{"type":"subscribe","payload":{"query":"{hello}"}}`}, closeBadRequest},
		{"deep JSON", []string{initFrame, `{"type":"ping","payload":` + strings.Repeat("[", 4_000) + strings.Repeat("]", 4_000) + `}`}, closeBadRequest},
		{"subscribe before init", []string{foreverFrame}, closeUnauthorized},
		{"refused by the caller", []string{`{"type":"connection_init","payload":{"Authorization":"Bearer bad"}}`}, closeForbidden},
		{"same id", []string{initFrame, foreverFrame, foreverFrame}, closeSubscriberExists},
		{"init twice", []string{initFrame, initFrame}, closeTooManyInitialise},
		{"too long", []string{initFrame, `{"type":"ping","payload":"` + strings.Repeat("x", 20_000) + `"}`}, int(websocket.StatusMessageTooBig)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, code := receive(t, dial(t, server, test.frames...), "nothing"); int(code) != test.code {
				t.Errorf("closed by %d, want %d", code, test.code)
			}
		})
	}
}

func TestSocketErrorsOfOneOperation(t *testing.T) {
	server := serve(t, Options{Limits: Limits{Streams: 1}})
	subscribe := func(payload string) string { return `{"type":"subscribe","id":"1","payload":` + payload + `}` }
	for _, test := range []struct{ name, payload, code string }{
		{"syntax", `{"query":"{"}`, codeParse},
		{"unknown field", `{"query":"{nothing}"}`, codeValidation},
		{"depth", `{"query":"{people` + strings.Repeat("{friends", 20) + "{id}" + strings.Repeat("}", 21) + `"}`, codeLimit},
		{"variable", `{"query":"query($i:ID!){person(id:$i){id}}"}`, codeInput},
		{"query not a string", `{"query":1}`, codeInput},
		{"no payload", `null`, codeInput},
		{"NUL", `{"query":"{hello}","variables":{"a":"\u0000"}}`, codeInput},
	} {
		message, code := receive(t, dial(t, server, initFrame, subscribe(test.payload)), "error")
		if code != 0 || message.ID != "1" || !strings.Contains(string(message.Payload), test.code) {
			t.Errorf("%s: closed %d, %s", test.name, code, message.Payload)
		}
	}
	conn := dial(t, server, initFrame, foreverFrame, `{"type":"subscribe","id":"2","payload":{"query":"{hello}"}}`)
	if message, _ := receive(t, conn, "error"); message.ID != "2" || !strings.Contains(string(message.Payload), "the limit is 1") {
		t.Errorf("streams: %+v", message)
	}
}

func TestSocketOperations(t *testing.T) {
	server := serve(t, Options{Init: func(ctx context.Context, payload map[string]any) (context.Context, error) {
		return context.WithValue(ctx, trustKey{}, payload["Authorization"]), nil
	}, Trusted: func(ctx context.Context) bool { return ctx.Value(trustKey{}) == "Bearer x" }})
	conn := dial(t, server, initFrame)
	if _, code := receive(t, conn, "connection_ack"); code != 0 {
		t.Fatalf("closed by %d", code)
	}
	write := func(frame string) {
		t.Helper()
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"type":"subscribe","id":"a","payload":{"query":"{helo}"}}`)
	if message, _ := receive(t, conn, "error"); !strings.Contains(string(message.Payload), "Did you mean") {
		t.Errorf("the caller's context is lost: %s", message.Payload)
	}
	// The same id may be used again, and nothing of its first use (gqlgen's complete after error) comes in between.
	write(`{"type":"subscribe","id":"a","payload":{"query":"subscription{ticks(to:2)}"}}`)
	for _, want := range []string{`{"data":{"ticks":1}}`, `{"data":{"ticks":2}}`} {
		if message, _ := receive(t, conn, "next"); message.ID != "a" || string(message.Payload) != want {
			t.Errorf("got %s, want %s", message.Payload, want)
		}
	}
	if message, _ := receive(t, conn, "complete"); message.ID != "a" {
		t.Errorf("got %+v", message)
	}
	write(foreverFrame)
	receive(t, conn, "next")
	write(`{"type":"complete","id":"1"}`)
	write(`{"type":"ping"}`)
	if _, code := receive(t, conn, "pong"); code != 0 {
		t.Errorf("closed by %d", code)
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

func TestSocketDrainsSoThatClientsComeBack(t *testing.T) {
	server := serve(t, Options{})
	inner := server.Config.Handler
	draining, drain := context.WithCancel(t.Context())
	defer drain()
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(draining))
	})
	conn := dial(t, server, initFrame, foreverFrame)
	receive(t, conn, "next")
	drain()
	if _, code := receive(t, conn, "complete"); int(code) != closeGoingAway {
		t.Errorf("closed by %d", code)
	}
}

func TestSocketIsClosedWhenThePongIsMissing(t *testing.T) {
	conn := dial(t, serve(t, Options{Limits: Limits{Ping: 20 * time.Millisecond}}), initFrame)
	if _, code := receive(t, conn, "nothing"); code != -1 {
		t.Errorf("closed by %d, not cut", code)
	}
}

func TestSocketPanicInInitEndsTheConnection(t *testing.T) {
	server := serve(t, Options{Init: func(context.Context, map[string]any) (context.Context, error) { panic("secret") }})
	if _, code := receive(t, dial(t, server, initFrame), "nothing"); code != -1 {
		t.Errorf("closed by %d", code)
	}
}
