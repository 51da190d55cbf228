// Package load asks one HTTP server over and over: a closed loop, in which every connection sends
// its next request when it has read the last answer whole.
//
// It costs little itself, since it shares the machine with what it measures: requests are written
// as prepared bytes over bare TCP connections that are kept, and of an answer only what is needed
// is read. An answer that is not 200 or shows errors fails the run.
package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Target is a server and what it is asked: whole HTTP/1.1 requests, taken in turn.
type Target struct {
	Address  string
	Requests [][]byte
}

// Result is what was seen.
type Result struct {
	Requests  int
	Elapsed   time.Duration
	latencies []time.Duration // in order of size
}

// Rate is the requests of a second.
func (r Result) Rate() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Percentile is the time within which p of a hundred requests were answered.
func (r Result) Percentile(p float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[min(int(p/100*float64(len(r.latencies))), len(r.latencies)-1)]
}

// Closed keeps the connections busy for the duration; all are open before it begins. It ends early,
// with an error, when a request fails or ctx ends.
func Closed(ctx context.Context, target Target, connections int, duration time.Duration) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := make([]*worker, connections)
	for i := range workers {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", target.Address)
		if err != nil {
			return Result{}, fmt.Errorf("load: %w", err)
		}
		defer func() { _ = conn.Close() }()
		workers[i] = newWorker(conn, target.Requests, i)
	}
	began := time.Now()
	var running sync.WaitGroup
	for _, w := range workers {
		running.Go(func() {
			if w.err = w.loop(ctx, began.Add(duration)); w.err != nil {
				cancel()
			}
		})
	}
	running.Wait()
	return gather(workers, time.Since(began))
}

// gather joins the workers' results. Of several errors the one that is not a consequence counts.
func gather(workers []*worker, elapsed time.Duration) (Result, error) {
	r := Result{Elapsed: elapsed}
	var failed error
	for _, w := range workers {
		if w.err != nil && (failed == nil || errors.Is(failed, context.Canceled)) {
			failed = w.err
		}
		r.latencies = append(r.latencies, w.latencies...)
	}
	if failed != nil {
		return Result{}, failed
	}
	r.Requests = len(r.latencies)
	slices.Sort(r.latencies)
	return r, nil
}

// worker is one connection.
type worker struct {
	conn      net.Conn
	answers   *reader
	requests  [][]byte
	next      int
	latencies []time.Duration
	err       error
}

// stride is a prime, so that workers that start apart go through all requests in their own order.
const stride = 7919

func newWorker(conn net.Conn, requests [][]byte, n int) *worker {
	return &worker{conn: conn, answers: newReader(conn), requests: requests, next: n * stride}
}

func (w *worker) loop(ctx context.Context, until time.Time) error {
	defer context.AfterFunc(ctx, func() { _ = w.conn.Close() })()
	for began := time.Now(); began.Before(until); {
		w.next += stride
		if err := w.exchange(w.requests[w.next%len(w.requests)]); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("load: %w", err)
		}
		now := time.Now()
		w.latencies = append(w.latencies, now.Sub(began))
		began = now
	}
	return nil
}

func (w *worker) exchange(request []byte) error {
	if _, err := w.conn.Write(request); err != nil {
		return err
	}
	return w.answers.read()
}
