package load_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veche-city/veche/cmd/bench/load"
)

const good = `{"data":{"a":1}}`

func target(t *testing.T, handler http.HandlerFunc, paths ...string) load.Target {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	var requests [][]byte
	for _, path := range paths {
		requests = append(requests, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, address))
	}
	return load.Target{Address: address, Requests: requests}
}

func write(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func TestWrongAnswersFail(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, good)
		},
		"errors":  write(`{"errors":[{"message":"no"}],"data":{"a":null}}`),
		"at end":  write(`{"data":{"a":null},"errors":[{"message":"no"}]}`),
		"no data": write(`{"data":null}`),
		"empty":   write(""),
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, good)
		},
		"hung up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no length": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"+good)
				_ = conn.Close()
			}
		},
	} {
		_, err := load.Closed(t.Context(), target(t, handler, "/"), 3, time.Hour)
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%s: the run must fail, and say why: %v", name, err)
		}
	}
	if _, err := load.Closed(t.Context(), load.Target{Address: "127.0.0.1:1", Requests: [][]byte{nil}}, 1, time.Hour); err == nil {
		t.Error("nobody answers there")
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan struct{})
	var once sync.Once
	hang := target(t, func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(entered) })
		<-r.Context().Done()
	}, "/")
	go func() { <-entered; cancel() }()
	if _, err := load.Closed(ctx, hang, 2, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was broken off says so: %v", err)
	}
}

// Every request is sent, answers of either form are read whole, and all are counted.
func TestCounts(t *testing.T) {
	var answered, long atomic.Int64
	paths := []string{"/short", "/long", "/third"}
	var seen sync.Map
	result, err := load.Closed(t.Context(), target(t, func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.URL.Path, true)
		answered.Add(1)
		if r.URL.Path == "/long" { // too long for net/http to tell its length
			long.Add(1)
			_, _ = io.WriteString(w, `{"data":{"a":"`+strings.Repeat("x", 100_000)+`"}}`)
			return
		}
		_, _ = io.WriteString(w, good)
	}, paths...), 4, 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if int64(result.Requests) != answered.Load() || result.Requests == 0 {
		t.Errorf("%d were counted, %d answered", result.Requests, answered.Load())
	}
	for _, path := range paths {
		if _, ok := seen.Load(path); !ok {
			t.Errorf("%s was never asked", path)
		}
	}
	if result.Percentile(50) <= 0 || result.Percentile(99) < result.Percentile(50) || result.Percentile(100) > result.Elapsed || result.Rate() <= 0 {
		t.Errorf("the figures do not fit: %v %v %v in %v", result.Percentile(50), result.Percentile(99), result.Percentile(100), result.Elapsed)
	}
}
