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

// A request that had to wait for its turn has waited, and every one that was due is sent: a server
// that takes 20 ms is asked 200 times a second over one connection, so that the last of 40 is due when
// a quarter of them is answered.
func TestOpenCountsTheWaiting(t *testing.T) {
	const each, requests = 20 * time.Millisecond, 40
	slow := target(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(each)
		_, _ = io.WriteString(w, good)
	}, "/")
	result, err := load.Open(t.Context(), slow, 1, 200, requests*5*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if result.Requests != requests {
		t.Errorf("%d requests were sent, not %d", result.Requests, requests)
	}
	if worst := result.Percentile(100); worst < requests*(each-5*time.Millisecond) {
		t.Errorf("the last one waited %v only", worst)
	}
	if median := result.Percentile(50); median < requests/2*(each-5*time.Millisecond) {
		t.Errorf("the one in the middle waited %v only", median)
	}
}

func TestOpenFails(t *testing.T) {
	wrong := target(t, write(`{"errors":[]}`), "/")
	if _, err := load.Open(t.Context(), wrong, 2, 1000, 100*time.Millisecond); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("the run must fail, and say why: %v", err)
	}
	if _, err := load.Open(t.Context(), load.Target{Address: "127.0.0.1:1", Requests: [][]byte{nil}}, 1, 10, time.Second); err == nil {
		t.Error("nobody answers there")
	}
}

// What can be sent once only is made for each request, and what cannot be made ends the run.
func TestFreshRequests(t *testing.T) {
	var answered atomic.Int64
	var seen sync.Map
	to := target(t, func(w http.ResponseWriter, r *http.Request) {
		answered.Add(1)
		if _, twice := seen.LoadOrStore(r.URL.Path, true); twice {
			t.Errorf("%s was sent twice", r.URL.Path)
		}
		_, _ = io.WriteString(w, good)
	})
	var made atomic.Int64
	const most = 100
	errNone := errors.New("there are no more")
	to.Fresh = func() ([]byte, error) {
		n := made.Add(1)
		if n > most {
			return nil, errNone
		}
		return fmt.Appendf(nil, "GET /%d HTTP/1.1\r\nHost: %s\r\n\r\n", n, to.Address), nil
	}
	result, err := load.Open(t.Context(), to, 4, 1000, 50*time.Millisecond)
	if err != nil || int64(result.Requests) != answered.Load() || made.Load() != answered.Load() {
		t.Errorf("%d were made, %d answered, %d counted: %v", made.Load(), answered.Load(), result.Requests, err)
	}
	if _, err := load.Closed(t.Context(), to, 4, time.Hour); !errors.Is(err, errNone) {
		t.Errorf("the run must end where no request can be made: %v", err)
	}
}
