package main

import (
	"context"
	"fmt"

	"github.com/veche-city/veche/cmd/bench/load"
)

// An open loop tells what people wait: requests come at their own rate, not when the server is ready
// for the next one, and their time counts from when they were due.

// openShare is the part of Veche's own rate in a closed loop of openLike connections at which both
// servers are asked: busy, and far from being overrun.
const (
	openShare       = 0.3
	openLike        = 16
	openConnections = 64
)

// latencies are one server's in an open loop, in milliseconds.
type latencies struct {
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	P99  float64 `json:"p99_ms"`
	P999 float64 `json:"p99_9_ms"` // 0 where there were too few requests to tell
}

// openResult is both servers' at one rate.
type openResult struct {
	Operation string    `json:"operation"`
	Rate      float64   `json:"requests_per_second"`
	Requests  int       `json:"requests"`
	Veche     latencies `json:"veche"`
	Floor     latencies `json:"floor"`
}

func measureOpen(ctx context.Context, c *benchCommand, s *stage, runs []run, closed []result) ([]openResult, error) {
	if c.Open == 0 {
		return nil, nil
	}
	progress("open loop")
	var results []openResult
	for _, r := range runs {
		o := openResult{Operation: r.Key, Rate: openShare * rateOf(closed, r.Key)}
		for which, into := range []*latencies{&o.Veche, &o.Floor} {
			_, target := s.which(which, r)
			seen, err := load.Open(ctx, target, openConnections, o.Rate, c.Open)
			if err != nil {
				return nil, fmt.Errorf("%s in an open loop: %w", r.Key, err)
			}
			*into, o.Requests = latenciesOf(seen), seen.Requests
		}
		results = append(results, o)
	}
	return results, nil
}

// rateOf is Veche's at openLike connections, or at the number measured that is nearest to it.
func rateOf(closed []result, key string) (rate float64) {
	nearest := -1
	for _, r := range closed {
		away := max(r.Connections-openLike, openLike-r.Connections)
		if r.Operation == key && (nearest < 0 || away < nearest) {
			nearest, rate = away, r.Veche.Rate
		}
	}
	return rate
}

func latenciesOf(seen load.Result) latencies {
	l := latencies{P50: milliseconds(seen.Percentile(50)), P95: milliseconds(seen.Percentile(95)), P99: milliseconds(seen.Percentile(99))}
	if seen.Requests >= 1000 {
		l.P999 = milliseconds(seen.Percentile(99.9))
	}
	return l
}
