package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/veche-city/veche/cmd/bench/load"
	"github.com/veche-city/veche/cmd/bench/usage"
)

// figures are one server's, for one operation at one number of connections. CPU is in milliseconds
// a request, the server's and Postgres'; it and Memory are 0 where they are not measured.
type figures struct {
	Rate     float64 `json:"requests_per_second"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Server   float64 `json:"server_cpu_ms"`
	Postgres float64 `json:"postgres_cpu_ms"`
	Memory   float64 `json:"memory_mb"`
}

func (f figures) cpu() float64 { return f.Server + f.Postgres }

// result is the medians of all rounds.
type result struct {
	Operation   string  `json:"operation"`
	About       string  `json:"-"`
	Bytes       int     `json:"bytes"`
	Connections int     `json:"connections"`
	Veche       figures `json:"veche"`
	Floor       figures `json:"floor"`
	// Spread is how far the CPU a request of the rounds lies apart, the larger one of both servers'.
	Spread float64 `json:"spread"`
}

// warmUp is how each server is brought up to speed before the first round.
const (
	warmUpConnections = 16
	warmUpTime        = 500 * time.Millisecond
)

// measure loads both servers in turn; every second round the other one goes first.
func measure(ctx context.Context, c *benchCommand, s *stage, runs []run) ([]result, error) {
	progress("warming up")
	for _, r := range runs {
		for _, target := range []load.Target{r.veche, r.floor} {
			if _, err := load.Closed(ctx, target, warmUpConnections, warmUpTime); err != nil {
				return nil, fmt.Errorf("%s: %w", r.Key, err)
			}
		}
	}
	seen := map[string][2][]figures{}
	for round := range c.Rounds {
		progress(fmt.Sprintf("round %d of %d", round+1, c.Rounds))
		for _, r := range runs {
			for _, connections := range c.Connections {
				both := seen[cell(r, connections)]
				for turn := range both {
					which := (turn + round) % len(both)
					server, target := s.which(which, r)
					f, err := s.observe(server, func() (load.Result, error) {
						return load.Closed(ctx, target, connections, c.Duration)
					})
					if err != nil {
						return nil, fmt.Errorf("%s at %d connections: %w", r.Key, connections, err)
					}
					both[which] = append(both[which], f)
				}
				seen[cell(r, connections)] = both
			}
		}
	}
	var results []result
	for _, r := range runs {
		for _, connections := range c.Connections {
			both := seen[cell(r, connections)]
			results = append(results, result{
				Operation: r.Key, About: r.About, Bytes: r.bytes, Connections: connections,
				Veche: medians(both[0]), Floor: medians(both[1]), Spread: max(apart(both[0]), apart(both[1])),
			})
		}
	}
	return results, nil
}

func cell(r run, connections int) string { return fmt.Sprintf("%s/%d", r.Key, connections) }

// which is one server, and what the run asks it: 0 is Veche, 1 the floor.
func (s *stage) which(server int, r run) (*child, load.Target) {
	if server == 0 {
		return s.veche, r.veche
	}
	return s.floor, r.floor
}

// observe loads one server and reads the counters around it.
func (s *stage) observe(server *child, loading func() (load.Result, error)) (figures, error) {
	pid := server.command.Process.Pid
	before, err := s.counters(pid)
	if err != nil {
		return figures{}, err
	}
	seen, err := loading()
	if err != nil {
		return figures{}, err
	}
	after, err := s.counters(pid)
	if err != nil {
		return figures{}, err
	}
	memory, err := usage.Memory(pid)
	if err != nil {
		return figures{}, err
	}
	each := func(d time.Duration) float64 { return milliseconds(d) / float64(seen.Requests) }
	return figures{
		Rate: seen.Rate(), P50: milliseconds(seen.Percentile(50)), P99: milliseconds(seen.Percentile(99)),
		Server: each(after[0] - before[0]), Postgres: each(after[1] - before[1]), Memory: float64(memory) / (1 << 20),
	}, nil
}

// counters are the CPU time of the server and of Postgres; zero where Postgres is not seen, since
// half of a sum would mislead.
func (s *stage) counters(server int) (times [2]time.Duration, err error) {
	if s.postmaster == 0 {
		return times, nil
	}
	for i, pid := range []int{server, s.postmaster} {
		if times[i], err = usage.CPU(pid); err != nil {
			return times, err
		}
	}
	return times, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// medians takes the middle of each figure by itself.
func medians(all []figures) figures {
	of := func(figure func(figures) float64) float64 {
		values := make([]float64, len(all))
		for i, f := range all {
			values[i] = figure(f)
		}
		slices.Sort(values)
		middle := len(values) / 2
		return (values[middle] + values[(len(values)-1)/2]) / 2
	}
	return figures{
		Rate: of(func(f figures) float64 { return f.Rate }), P50: of(func(f figures) float64 { return f.P50 }),
		P99: of(func(f figures) float64 { return f.P99 }), Server: of(func(f figures) float64 { return f.Server }),
		Postgres: of(func(f figures) float64 { return f.Postgres }), Memory: of(func(f figures) float64 { return f.Memory }),
	}
}

// apart is the distance of the highest and the lowest CPU a request, by the median.
func apart(all []figures) float64 {
	median := medians(all).cpu()
	if median == 0 {
		return 0
	}
	low, high := all[0].cpu(), all[0].cpu()
	for _, f := range all {
		low, high = min(low, f.cpu()), max(high, f.cpu())
	}
	return (high - low) / median
}
