package transport

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
)

// chain writes n fragments, each spreading the next one twice: 2^n fields from a few lines.
func chain(n int, inner string) string {
	var b strings.Builder
	b.WriteString("{people{...F0}}")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Person{%s ...F%d ...F%d}", i, inner, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Person{id}", n)
	return b.String()
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostileQueries are texts that cost more than they weigh, with the code and a part of the message that refuses each.
var hostileQueries = []struct{ name, query, code, says string }{
	{"depth", "{people" + strings.Repeat("{friends", 15) + "{id}" + strings.Repeat("}", 16), codeLimit, "17 levels deep; the limit is 15"},
	{"depth by fragments", "{people{...A}} fragment A on Person{friends{friends{friends{friends{...B}}}}}" +
		" fragment B on Person{friends{friends{friends{friends{...C}}}}} fragment C on Person{friends{friends{friends{friends{friends{friends{id}}}}}}}", codeLimit, "levels deep"},
	{"parser's nesting", strings.Repeat("{people", 1100) + strings.Repeat("}", 1100), codeParse, "nesting"},
	{"introspection depth", "{__schema{types{" + strings.Repeat("ofType{", 30) + "name" + strings.Repeat("}", 33), codeLimit, "introspection is 33 levels"},
	{"introspection bomb", "{__schema{types{...F0}}}" + strings.ReplaceAll(strings.TrimPrefix(chain(40, "name"), "{people{...F0}}"), "Person", "__Type"), codeLimit, "fields"},
	{"fragment bomb", chain(60, "name"), codeLimit, "fields, fragments expanded"},
	{"alias bomb in fragments", chain(8, "a:name"), codeLimit, "aliases"},
	{"unused fragment bomb", "{hello}" + strings.TrimPrefix(chain(60, "name"), "{people{...F0}}"), codeLimit, "fields"},
	{"fragment cycle", "{people{...A}} fragment A on Person{...B} fragment B on Person{friends{...A}}", codeValidation, `Fragment "A" spreads itself`},
	{"unused fragment cycle", "{hello} fragment A on Person{...A}", codeValidation, "spreads itself"},
	{"aliases", "{people{" + numbered(51, "a%d:name ") + "}}", codeLimit, "51 aliases"},
	{"root fields", "{" + strings.Repeat("hello ", 21) + "}", codeLimit, "21 fields at its top"},
	{"directives", "{hello " + strings.Repeat("@include(if:true) ", 51) + "}", codeLimit, "51 directives"},
	{"equal fields", "{people{" + strings.Repeat("name ", 4_000) + "}}", codeLimit, "comparisons"},
	{"equal objects", "{people{" + strings.Repeat("friends{name id} ", 900) + "}}", codeLimit, "comparisons"},
	{"nested inline fragments", "{people{" + strings.Repeat("...{", 900) + strings.Repeat("name ", 100) + strings.Repeat("}", 902), codeLimit, "comparisons"},
	{"one fragment in many operations", numbered(150, "query Q%d{people{...F}}") + "fragment F on Person{" + strings.Repeat("friends{name}", 700) + "}", codeLimit, "comparisons"},
	{"definitions", numbered(201, "query Q%d{hello}"), codeLimit, "201 operations and fragments"},
	{"tokens", "{people{" + strings.Repeat("id ", 6_000) + "}}", codeLimit, "limit of 5000"},
	{"complexity", "{people(first:100000000){name}}", codeLimit, "costs 100000001 points; the limit is 20000"},
	{"complexity by variable", "query($n:Int=100000000){people(first:$n){name}}", codeLimit, "points"},
	{"name of a megabyte", "{" + strings.Repeat("x", 1_000_000) + "}", codeLimit, "1000000 characters"},
	{"NUL in a literal", `{hello(name:"a\u0000b")}`, codeInput, "U+0000"},
	{"NUL as an escape of another kind", `{hello(name:"a\u{0}b")}`, codeInput, "U+0000"},
	{"deferred", "{people{...@defer{name}}}", codeValidation, "@defer"},
	{"wrong type", "{hello(name:1)}", codeValidation, "String cannot represent"},
	{"no operation", "fragment F on Person{id}", codeValidation, "no operation"},
	{"only a comment", "# nothing", codeValidation, "no operation"},
}

func TestHostileQueries(t *testing.T) {
	server := serve(t, Options{})
	for _, test := range hostileQueries {
		t.Run(test.name, func(t *testing.T) {
			var a answer
			body := asBody(t, test.query, nil)
			boundMemory(t, func() {
				a = send(t, server, http.MethodPost, "", body, "Accept", "application/graphql-response+json")
			})
			if a.status != 400 || a.code() != test.code || !strings.Contains(a.Errors[0].Message, test.says) {
				t.Errorf("got %d %.400s", a.status, a.body)
			}
			if len(a.body) > 200_000 {
				t.Errorf("the answer has %d bytes", len(a.body))
			}
		})
	}
	if a := ask(t, server, "{hello}"); a.status != 200 {
		t.Errorf("afterwards: %d", a.status)
	}
}

func TestHostileBodies(t *testing.T) {
	server := serve(t, Options{})
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	for _, test := range []struct {
		name, body string
		headers    []string
		status     int
		code       string
	}{
		{"empty", "", nil, 400, codeInput},
		{"broken JSON", `{"query":"{hello`, nil, 400, codeInput},
		{"text after the object", `{"query":"{hello}"} {}`, nil, 400, codeInput},
		{"array batch", `[{"query":"{hello}"},{"query":"{hello}"}]`, nil, 400, codeInput},
		{"a string", `"{hello}"`, nil, 400, codeInput},
		{"no query", `{"variables":{}}`, nil, 400, codeInput},
		{"query in capitals", `{"Query":"{hello}"}`, nil, 400, codeInput},
		{"query twice", `{"query":"{hello}","query":"{people{id}}"}`, nil, 400, codeInput},
		{"query a list", `{"query":["{hello}"]}`, nil, 400, codeInput},
		{"variables a list", `{"query":"{hello}","variables":[]}`, nil, 400, codeInput},
		{"NUL in a variable", `{"query":"query($n:String){hello(name:$n)}","variables":{"n":"a\u0000"}}`, nil, 400, codeInput},
		{"NUL deep in a variable", `{"query":"query($d:Data){echo(data:$d)}","variables":{"d":[{"a":["\u0000"]}]}}`, nil, 400, codeInput},
		{"NUL in a key", `{"query":"query($d:Data){echo(data:$d)}","variables":{"d":{"\u0000":1}}}`, nil, 400, codeInput},
		{"not UTF-8", "{\"query\":\"{hello(name:\\\"\xff\\\")}\"}", nil, 400, codeInput},
		{"deep JSON", `{"query":"query($d:Data){echo(data:$d)}","variables":{"d":` + deep + `}}`, nil, 400, codeLimit},
		{"too long", asBody(t, "{hello}", map[string]string{"x": strings.Repeat("x", 1<<20)}), nil, 413, codeTooLarge},
		{"wrong charset", `{"query":"{hello}"}`, []string{"Content-Type", "application/json; charset=windows-1251"}, 415, codeContentType},
		{"compressed", "\x1f\x8b", []string{"Content-Encoding", "gzip"}, 415, codeContentType},
		{"other type", `{hello}`, []string{"Content-Type", "application/graphql"}, 415, codeContentType},
		{"multipart", "--x--", []string{"Content-Type", "multipart/form-data; boundary=x"}, 403, codeForbidden},
		{"number beyond Int", `{"query":"query($n:Int){people(first:$n){id}}","variables":{"n":1e400}}`, nil, 200, codeInput},
		{"text for Int", `{"query":"query($n:Int){people(first:$n){id}}","variables":{"n":"ten"}}`, nil, 200, codeInput},
		{"null for ID", `{"query":"query($i:ID!){person(id:$i){id}}","variables":{"i":null}}`, nil, 200, codeInput},
		{"unknown input field", `{"query":"mutation($i:RenameInput!){rename(input:$i)}","variables":{"i":{"id":1,"name":"x","role":"admin"}}}`, nil, 200, codeInput},
		{"unknown operation", `{"query":"query A{hello}","operationName":"B"}`, nil, 200, codeValidation},
		{"odd persisted query", `{"query":"{hello}","extensions":{"persistedQuery":[1]}}`, nil, 200, codeInput},
		{"unknown keys are left alone", `{"query":"{hello}","id":1,"extra":{"a":[]}}`, nil, 200, ""},
		{"a long text is fine", asBody(t, "query($n:String){hello(name:$n)}", map[string]string{"n": strings.Repeat("я", 500_000)}), nil, 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var a answer
			boundMemory(t, func() { a = send(t, server, http.MethodPost, "", test.body, test.headers...) })
			if a.status != test.status || a.code() != test.code {
				t.Errorf("got %d %.400s", a.status, a.body)
			}
			for _, shown := range a.Errors {
				if shown.Message == "" || len(shown.Message) > 3_000 {
					t.Errorf("message of %d bytes", len(shown.Message))
				}
			}
		})
	}
}

// boundMemory fails when a request, client included, allocates far more than its megabyte of text can need.
func boundMemory(t *testing.T, request func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	request()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
		t.Errorf("%d MB allocated", used>>20)
	}
}

func TestLongAddress(t *testing.T) {
	server := serve(t, Options{Limits: Limits{Body: 1_000}})
	a := send(t, server, http.MethodGet, "?query="+url.QueryEscape("{hello}#"+strings.Repeat("x", 1_000)), "")
	if a.status != 413 || a.code() != codeTooLarge {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// A body without a declared length is cut at the limit, and one that never ends is given up.
func TestEndlessBodies(t *testing.T) {
	server := serve(t, Options{Limits: Limits{Body: 1_000, Read: 100 * time.Millisecond}})
	head := "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for _, test := range []struct {
		name, request string
		status        int
		code          string
	}{
		{"chunked", head + "Transfer-Encoding: chunked\r\n\r\n7d0\r\n" + strings.Repeat(" ", 2_000) + "\r\n", 413, codeTooLarge},
		{"slow", head + "Content-Length: 500\r\n\r\n{\"query\"", 408, codeTimeout},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprint(conn, test.request); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if a := read(t, response); a.status != test.status || a.code() != test.code {
			t.Errorf("%s: %d %s", test.name, a.status, a.body)
		}
		_ = response.Body.Close()
		_ = conn.Close()
	}
}
