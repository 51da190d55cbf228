// Package load asks one HTTP server over and over: in a closed loop (Closed), in which every
// connection sends its next request when it has read the last answer whole, or in an open one (Open),
// in which requests come at their own rate, as they do from people who know nothing of each other.
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
	// Fresh makes each request anew, where one can be sent once only; Requests is not used then.
	// All connections call it at once.
	Fresh func() ([]byte, error)
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
	workers, closeAll, err := dial(ctx, target, connections)
	if err != nil {
		return Result{}, err
	}
	defer closeAll()
	began := time.Now()
	together(workers, cancel, func(w *worker) error {
		return w.each(ctx, func() (time.Time, bool) { now := time.Now(); return now, now.Sub(began) < duration })
	})
	return gather(workers, time.Since(began))
}

// dial opens the connections.
func dial(ctx context.Context, target Target, connections int) (workers []*worker, closeAll func(), err error) {
	closeAll = func() {
		for _, w := range workers {
			_ = w.conn.Close()
		}
	}
	for i := range connections {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", target.Address)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("load: %w", err)
		}
		workers = append(workers, &worker{conn: conn, answers: newReader(conn), target: target, next: i * stride})
	}
	return workers, closeAll, nil
}

// together runs all workers to their ends; the first that fails ends the others.
func together(workers []*worker, cancel func(), work func(*worker) error) {
	var running sync.WaitGroup
	for _, w := range workers {
		running.Go(func() {
			if w.err = work(w); w.err != nil {
				cancel()
			}
		})
	}
	running.Wait()
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
	target    Target
	next      int
	latencies []time.Duration
	err       error
}

// stride is a prime, so that workers that start apart go through all requests in their own order.
const stride = 7919

// each sends a request at each moment that next answers, and counts from it.
func (w *worker) each(ctx context.Context, next func() (time.Time, bool)) error {
	defer context.AfterFunc(ctx, func() { _ = w.conn.Close() })()
	for {
		from, more := next()
		if !more {
			return ctx.Err()
		}
		if err := w.exchange(); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("load: %w", err)
		}
		w.latencies = append(w.latencies, time.Since(from))
	}
}

// exchange sends the next request and reads its answer.
func (w *worker) exchange() error {
	request, err := w.request()
	if err != nil {
		return err
	}
	if _, err := w.conn.Write(request); err != nil {
		return err
	}
	return w.answers.read()
}

func (w *worker) request() ([]byte, error) {
	if w.target.Fresh != nil {
		return w.target.Fresh()
	}
	w.next += stride
	return w.target.Requests[w.next%len(w.target.Requests)], nil
}
