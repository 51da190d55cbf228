package transport

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// decoded is the body as it was before its coding.
func decoded(t testing.TB, a answer) string {
	t.Helper()
	var from io.Reader = strings.NewReader(a.body)
	switch a.header.Get("Content-Encoding") {
	case "gzip":
		unzipped, err := gzip.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		from = unzipped
	case "br":
		from = brotli.NewReader(from)
	}
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fetch is a GET or a POST whose answer is left in its coding.
func fetch(t testing.TB, server *httptest.Server, method, target, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-Encoding", "identity") // else net/http asks for gzip and hides it
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: string(text)}
}

func TestCodingByAcceptEncoding(t *testing.T) {
	server := serve(t, Options{})
	short, long := `{hello}`, `{hello(name:"`+strings.Repeat("Канск ", 500)+`")}`
	plainShort, plainLong := ask(t, server, short).body, ask(t, server, long).body
	for _, test := range []struct {
		accept, query string
		status        int
		want          string
	}{
		{"identity;q=0", long, 406, ""},
		{"*;q=0", long, 406, ""},
		{"deflate, identity;q=0.0, br;q=0", short, 406, ""},
		{",", long, 200, ""},
		{"identity", long, 200, ""},
		{"deflate, zstd", long, 200, ""},
		{"gzip;q=0, br;q=0", long, 200, ""},
		{"gzip;q=0.5, identity", long, 200, ""},
		{"gzip;level=1, br;q=none", long, 200, ""},
		{"gzip, br", short, 200, ""},
		{"gzip", long, 200, "gzip"},
		{"GZIP", long, 200, "gzip"},
		{"x-gzip", long, 200, "gzip"},
		{"gzip, deflate, br, zstd", long, 200, "br"},
		{"br;q=0.4, gzip;q=0.8", long, 200, "gzip"},
		{"gzip ; q=1, br; q=0", long, 200, "gzip"},
		{"*", long, 200, "br"},
		{"br;q=0, *", long, 200, "gzip"},
		{"gzip, identity;q=0", short, 200, "gzip"},
		{"br, *;q=0", short, 200, "br"},
	} {
		a := fetch(t, server, http.MethodPost, "", asBody(t, test.query, nil), "Accept-Encoding", test.accept)
		if a.status != test.status || a.header.Get("Content-Encoding") != test.want {
			t.Errorf("%q: %d %v %.200s", test.accept, a.status, a.header, a.body)
			continue
		}
		if !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Accept-Encoding") || a.header.Get("Content-Length") != strconv.Itoa(len(a.body)) {
			t.Errorf("%q: %v", test.accept, a.header)
		}
		want := plainLong
		if test.query == short {
			want = plainShort
		}
		if got := decoded(t, a); test.status == 200 && got != want {
			t.Errorf("%q: %.200s", test.accept, got)
		}
		if test.want != "" && test.query == long && len(a.body) > len(want)/4 {
			t.Errorf("%q: %d bytes of %d", test.accept, len(a.body), len(want))
		}
	}
	if a := fetch(t, server, http.MethodPost, "", asBody(t, `subscription{ticks(to:1)}`, nil), "Accept", "text/event-stream", "Accept-Encoding", "gzip"); a.header.Get("Content-Encoding") != "" || !strings.Contains(a.body, "event: next") {
		t.Errorf("events: %v %s", a.header, a.body)
	}
}

// The encoders and buffers are shared: what one answer wrote is in no other.
func TestCodedAnswersAtOnceAreApart(t *testing.T) {
	server := serve(t, Options{})
	var asked sync.WaitGroup
	for n := range 8 {
		asked.Go(func() {
			for i := range 25 {
				name := strings.Repeat(strconv.Itoa(n*1000+i)+" ", 800*(1+i%3))
				a := fetch(t, server, http.MethodPost, "", asBody(t, `{hello(name:"`+name+`")}`, nil), "Accept-Encoding", []string{"gzip", "br"}[i%2])
				if got := decoded(t, a); got != `{"data":{"hello":"hello `+name+`"}}` || a.header.Get("Content-Encoding") == "" {
					t.Errorf("%d.%d: %.100s", n, i, got)
				}
			}
		})
	}
	asked.Wait()
}

func TestCodingShrinksAndIsTheSameEachTime(t *testing.T) {
	body := bytes.Repeat([]byte(`{"id":"Q291bmNpbDow","name":"Общественный совет"},`), 400)
	for _, c := range []coding{zipped, brotly} {
		var first, again bytes.Buffer
		c.encodeTo(&first, body)
		zipped.encodeTo(new(bytes.Buffer), body[:100])
		c.encodeTo(&again, body)
		if first.Len() > len(body)/10 || !bytes.Equal(first.Bytes(), again.Bytes()) {
			t.Errorf("%s: %d, then %d bytes of %d", c, first.Len(), again.Len(), len(body))
		}
	}
}
