package load

import (
	"context"
	"time"
)

// Open sends so many requests a second for the duration, evenly, whether earlier ones have been
// answered or not. A request's latency counts from the moment at which it was due: one that had to
// wait, because all connections were still busy with slow answers, has waited, and shows it.
func Open(ctx context.Context, target Target, connections int, rate float64, duration time.Duration) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers, closeAll, err := dial(ctx, target, connections)
	if err != nil {
		return Result{}, err
	}
	defer closeAll()
	due := make(chan time.Time, int(rate*duration.Seconds())+1) // room for all: who sends never waits
	began := time.Now()
	go func() {
		defer close(due)
		for at := range schedule(began, rate, duration) {
			pause(time.Until(at))
			if ctx.Err() != nil {
				return
			}
			due <- at
		}
	}()
	together(workers, cancel, func(w *worker) error {
		return w.each(ctx, func() (time.Time, bool) { at, open := <-due; return at, open })
	})
	return gather(workers, time.Since(began))
}

// schedule is when requests are due.
func schedule(began time.Time, rate float64, duration time.Duration) func(func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		for n := 0; ; n++ {
			after := time.Duration(float64(n) / rate * float64(time.Second))
			if after >= duration || !yield(began.Add(after)) {
				return
			}
		}
	}
}
