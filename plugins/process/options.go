package process

import (
	"errors"
	"log/slog"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Options are how a process is run. The zero value is what the house uses.
type Options struct {
	Log *slog.Logger
	// Lines is given what the plugin writes to its log, besides Log; it must not wait.
	Lines func(line Line)
	// Changed is told each new state; it must not wait.
	Changed func(State)
	// Metrics count its calls; nil: nobody sees the figures.
	Metrics *Metrics

	StartTimeout time.Duration // until it serves and has described itself; 20 s
	HealthEvery  time.Duration // 5 s
	HealthLimit  time.Duration // of one health check; 1 s
	HealthMisses int           // in a row, after which it is killed; 3

	BackoffMin    time.Duration // 0.2 s, doubled for each start that does not hold
	BackoffMax    time.Duration // 30 s
	Crashes       int           // within CrashesWithin, after which it is in quarantine; 5
	CrashesWithin time.Duration // 10 minutes

	CallTimeout time.Duration // of one call; 2 s, or less where the manifest says less
	CallMost    time.Duration // the most that a manifest may ask for; 30 s
	StopTimeout time.Duration // for ending by itself, before it is killed; 3 s

	// BreakerFailures in a row, or half of BreakerCalls calls within BreakerWithin, let no calls
	// through for BreakerOpen; then one is tried.
	BreakerFailures int           // 5
	BreakerCalls    int           // 20
	BreakerWithin   time.Duration // 30 s
	BreakerOpen     time.Duration // 10 s

	Memory      int           // the most megabytes that a manifest may ask for; 4096. It has 512 where it asks for none
	MemoryEvery time.Duration // how often it is read; 0.5 s
	OpenFiles   int           // 1024
	Threads     int           // of a user of its own, or in a cgroup; 512
	CPU         float64       // the most cores that a manifest may ask for; 4. It has 1 where it asks for none
	// Cgroup is a folder of cgroups (version 2) that was delegated to the host, in which each process has
	// one; empty: the host's own, where that was.
	Cgroup string

	LinesASecond int // of its log that are kept; 100
	LineBytes    int // of one line; 16 KiB

	// HostUser runs it as the host's own user although the host is root.
	HostUser bool
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

func (o Options) withDefaults(p Program) Options {
	o.Log = orElse(o.Log, slog.Default()).With(slog.String("plugin", p.Manifest.Name), slog.String("version", p.Manifest.Version))
	if o.Metrics == nil {
		o.Metrics = NewMetrics()
	}
	o.StartTimeout = orElse(o.StartTimeout, 20*time.Second)
	o.HealthEvery = orElse(o.HealthEvery, 5*time.Second)
	o.HealthLimit = orElse(o.HealthLimit, time.Second)
	o.HealthMisses = orElse(o.HealthMisses, 3)
	o.BackoffMin = orElse(o.BackoffMin, 200*time.Millisecond)
	o.BackoffMax = orElse(o.BackoffMax, 30*time.Second)
	o.Crashes = orElse(o.Crashes, 5)
	o.CrashesWithin = orElse(o.CrashesWithin, 10*time.Minute)
	o.CallMost = orElse(o.CallMost, 30*time.Second)
	o.CallTimeout = min(orElse(p.Manifest.Limits.Timeout, orElse(o.CallTimeout, 2*time.Second)), o.CallMost)
	o.StopTimeout = orElse(o.StopTimeout, 3*time.Second)
	o.BreakerFailures = orElse(o.BreakerFailures, 5)
	o.BreakerCalls = orElse(o.BreakerCalls, 20)
	o.BreakerWithin = orElse(o.BreakerWithin, 30*time.Second)
	o.BreakerOpen = orElse(o.BreakerOpen, 10*time.Second)
	o.Memory = min(orElse(p.Manifest.Limits.Memory, 512), orElse(o.Memory, 4096))
	o.CPU = min(orElse(p.Manifest.Limits.CPU, 1), orElse(o.CPU, 4))
	o.MemoryEvery = orElse(o.MemoryEvery, 500*time.Millisecond)
	o.OpenFiles = orElse(o.OpenFiles, 1024)
	o.Threads = orElse(o.Threads, 512)
	o.LinesASecond = orElse(o.LinesASecond, 100)
	o.LineBytes = orElse(o.LineBytes, 16<<10)
	return o
}

// breaker counts time-outs, crashes and malformed answers; what a plugin refuses in words is a success.
func (o Options) breaker(name string) gobreaker.Settings {
	return gobreaker.Settings{
		Name: name, Interval: o.BreakerWithin, BucketPeriod: o.BreakerWithin / 10, Timeout: o.BreakerOpen, MaxRequests: 1,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return int(c.ConsecutiveFailures) >= o.BreakerFailures ||
				int(c.Requests) >= o.BreakerCalls && c.TotalFailures*2 >= c.Requests
		},
		IsExcluded: func(err error) bool { return errors.Is(err, errExcluded) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			o.Log.Warn("plugin's breaker", slog.String("from", from.String()), slog.String("to", to.String()))
		},
	}
}
