package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
)

func documents(t testing.TB, manifest string) *Documents {
	t.Helper()
	d, err := ReadDocuments([]byte(manifest), newTown().schema, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestABadManifestIsToldByReason(t *testing.T) {
	const apollo = `{"format":"apollo-persisted-query-manifest","version":1,"operations":`
	for _, test := range []struct{ name, manifest, saying string }{
		{"nothing", ``, "not a JSON object"},
		{"a list", `[]`, "not a JSON object"},
		{"cut off", `{"a":"{hello}"`, "not valid JSON"},
		{"two objects", `{"a":"{hello}"} {}`, "something follows"},
		{"no document", `{}`, "no document"},
		{"no operation listed", apollo + `[]}`, "no document"},
		{"not a text", `{"a":1}`, `document "a": its text is not a string`},
		{"null", `{"a":null}`, `document "a": its text is not a string`},
		{"twice", `{"a":"{hello}","a":"{people{id}}"}`, `"a" is there twice`},
		{"twice in Apollo's", apollo + `[{"id":"a","body":"{hello}"},{"id":"a","body":"{hello}"}]}`, `"a" is there twice`},
		{"without an id", apollo + `[{"name":"Hello","body":"{hello}"}]}`, `operation 1 ("Hello") has no id`},
		{"another version", strings.Replace(apollo, "1", "2", 1) + `[{"id":"a","body":"{hello}"}]}`, "version 2"},
		{"another format", `{"format":"x","version":1,"operations":[]}`, `format is "x"`},
		{"syntax", `{"good":"{hello}","bad":"{"}`, `document "bad": `},
		{"unknown field", `{"good":"{hello}","bad":"{helo}"}`, `document "bad": `},
		{"no operation", `{"bad":"fragment F on Person{id}"}`, `document "bad": it holds no operation`},
		{"empty", `{"bad":""}`, `document "bad": it holds no operation`},
		{"too deep", `{"bad":"{` + strings.Repeat("people{friends{", 10) + "id" + strings.Repeat("}}", 10) + `}"}`, `document "bad": The query is 21 levels deep`},
	} {
		if _, err := ReadDocuments([]byte(test.manifest), newTown().schema, Limits{}); err == nil || !strings.Contains(err.Error(), test.saying) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	d := documents(t, `{"operations":"{hello}","b":"query($n:Int){people(first:$n){...F}} fragment F on Person{id}"}`)
	if text, ok := d.find("b"); !ok || !strings.HasPrefix(text, "query($n") || d.idOf("{hello}") != "operations" {
		t.Errorf("got %+v", d)
	}
}

func hexOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

const helloText = `query Hello($name:String){hello(name:$name)}`

func TestTrustedDocuments(t *testing.T) {
	hash := hexOf(helloText)
	manifest := `{"format":"apollo-persisted-query-manifest","version":1,"operations":[
		{"id":"` + hash + `","name":"Hello","type":"query","body":"` + helloText + `"},
		{"id":"rename","name":"R","type":"mutation","body":"mutation($i:RenameInput!){rename(input:$i)}"},
		{"id":"ticks","name":"T","type":"subscription","body":"subscription{ticks(to:2)}"}]}`
	byHash := func(hash string) string {
		return `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}}`
	}
	for _, only := range []bool{false, true} {
		server := serve(t, Options{Documents: documents(t, manifest), DocumentsOnly: only})
		post := func(body string) answer { return send(t, server, http.MethodPost, "", body) }
		for name, a := range map[string]answer{
			"unknown":    post(`{"documentId":"nothing"}`),
			"not a text": post(`{"documentId":1}`),
			"with text":  post(`{"documentId":"` + hash + `","query":"{hello}"}`),
			"twice":      post(`{"documentId":"` + hash + `","documentId":"rename"}`),
			"nothing":    post(`{}`),
		} {
			if want := map[string]string{"unknown": codeNotFound}[name]; a.status != 400 || want != "" && a.code() != want || a.code() == "" {
				t.Errorf("only %t, %s: %d %s", only, name, a.status, a.body)
			}
		}
		if a := send(t, server, http.MethodGet, "?documentId=rename&variables="+url.QueryEscape(`{"i":{"id":1,"name":"x"}}`), ""); a.status != 405 {
			t.Errorf("mutation by GET: %d %s", a.status, a.body)
		}
		for name, a := range map[string]answer{
			"by POST":       post(`{"documentId":"` + hash + `","variables":{"name":"Kansk"}}`),
			"with a prefix": post(`{"documentId":"sha256:` + hash + `","variables":{"name":"Kansk"}}`),
			"by GET":        send(t, server, http.MethodGet, "?documentId="+hash+"&variables="+url.QueryEscape(`{"name":"Kansk"}`), ""),
			"by hash":       post(`{"variables":{"name":"Kansk"},` + byHash(hash)[1:]),
			"by its text":   post(`{"variables":{"name":"Kansk"},"query":"` + helloText + `"}`),
		} {
			if a.status != 200 || a.Data["hello"] != "hello Kansk" {
				t.Errorf("only %t, %s: %d %s", only, name, a.status, a.body)
			}
		}
		if a := post(`{"documentId":"rename","variables":{"i":{"id":1,"name":"x"}}}`); a.Data["rename"] == nil {
			t.Errorf("mutation: %s", a.body)
		}
		other := post(`{"query":"{hello}"}`)
		unknown := post(byHash(hexOf("{hello}")))
		registered := post(`{"query":"{hello}",` + byHash(hexOf("{hello}"))[1:])
		if only {
			for _, a := range []answer{other, unknown, registered, ask(t, server, "{"), ask(t, server, "{hello}", "Accept", "text/event-stream")} {
				if !strings.Contains(a.body, codeUntrusted) || strings.Contains(a.body, `"data"`) {
					t.Errorf("another text: %s", a.body)
				}
			}
		} else if other.Data["hello"] == nil || unknown.code() != "PERSISTED_QUERY_NOT_FOUND" || registered.Data["hello"] == nil {
			t.Errorf("another text: %s %s %s", other.body, unknown.body, registered.body)
		}
	}
	if _, err := New(Options{Schema: func(*http.Request) graphql.ExecutableSchema { return nil }, DocumentsOnly: true}); err == nil {
		t.Error("trusted documents alone, and none given, was accepted")
	}
	if a := send(t, serve(t, Options{}), http.MethodPost, "", `{"query":"{hello}","documentId":1}`); a.Data["hello"] == nil {
		t.Errorf("without a manifest the key is one like any other: %s", a.body)
	}
}

func TestTrustedDocumentsOnAWebSocket(t *testing.T) {
	server := serve(t, Options{Documents: documents(t, `{"ticks":"subscription($n:Int!){ticks(to:$n)}"}`), DocumentsOnly: true})
	conn, response, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body
	defer func() { _ = conn.CloseNow() }()
	for _, message := range []string{
		`{"type":"connection_init"}`,
		`{"id":"1","type":"subscribe","payload":{"query":"subscription{ticks(to:1)}"}}`,
		`{"id":"2","type":"subscribe","payload":{"documentId":"nothing"}}`,
		`{"id":"3","type":"subscribe","payload":{"documentId":"ticks","variables":{"n":1}}}`,
	} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for len(all) == 0 || !strings.Contains(all[len(all)-1], `"complete"`) {
		_, data, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(data))
	}
	text := strings.Join(all, "\n")
	if !strings.Contains(text, codeUntrusted) || !strings.Contains(text, codeNotFound) || !strings.Contains(text, `{"data":{"ticks":1}}`) || strings.Count(text, `"data"`) != 1 {
		t.Errorf("got %s", text)
	}
}
