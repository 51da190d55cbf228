package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/veche-city/veche/plugins/contract"
)

// step is what the supervisor does in one phase; it answers what is next, nil at the end.
type step func() step

func (s *Supervisor) run() {
	defer close(s.done)
	s.set(Starting, "")
	for next := step(s.starting); next != nil; {
		next = next()
	}
}

func (s *Supervisor) starting() step {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.StartTimeout)
	defer cancel()
	type result struct {
		*launched
		err error
	}
	results := make(chan result, 1)
	go func() {
		l, err := s.launch(ctx)
		results <- result{l, err}
	}()
	for {
		select {
		case r := <-results:
			if r.err == nil {
				return s.running(r.launched)
			}
			reason := reasonOf(r.launched, r.err)
			s.dispose(r.launched)
			if refused := (*refusal)(nil); errors.As(r.err, &refused) {
				return s.quarantined("refused: " + reason)
			}
			return s.crashed(reason, 0)
		case o := <-s.orders:
			if o.kind == orderRestart {
				o.done <- nil
				continue
			}
			cancel()
			s.dispose((<-results).launched)
			return s.stopped("ended while it was starting", o)
		}
	}
}

func (s *Supervisor) running(l *launched) step {
	return func() step {
		s.child = l.child
		s.current.Store(l.handle)
		began := time.Now()
		s.set(Running, "")
		o, draining := s.watch(l)
		if draining {
			return s.drain(l, o)
		}
		s.current.Store(nil)
		s.child = nil
		reason := l.child.ended()
		s.dispose(l)
		if o.done != nil {
			return s.stopped("killed", o)
		}
		return s.crashed(reason, time.Since(began))
	}
}

// watch looks after a running process until it ends, or an order does that.
func (s *Supervisor) watch(l *launched) (o order, draining bool) {
	health, memory := time.NewTicker(s.options.HealthEvery), time.NewTicker(s.options.MemoryEvery)
	defer health.Stop()
	defer memory.Stop()
	answers := make(chan bool, 1)
	asking, misses := false, 0
	for {
		select {
		case <-l.child.exited:
			return order{}, false
		case <-health.C:
			if !asking {
				asking = true
				go func() { answers <- s.healthy(l.handle) }()
			}
		case ok := <-answers:
			asking = false
			if misses++; ok {
				misses = 0
			}
			if misses >= s.options.HealthMisses && !s.program.Dev { // a debugger may have stopped it
				l.child.kill(fmt.Sprintf("killed: it did not answer %d health checks in a row", misses))
			}
		case <-memory.C:
			if used := resident(l.child.pid) >> 20; used > int64(s.options.Memory) {
				l.child.kill(fmt.Sprintf("killed: it held %d MB of memory, and may hold %d (limits.memory)", used, s.options.Memory))
			}
		case o := <-s.orders:
			switch o.kind {
			case orderRestart:
				o.done <- nil
			case orderDrain:
				return o, true
			default:
				l.child.kill("killed by order")
				return o, false
			}
		}
	}
}

// healthy asks for the plugin's health. What it answers otherwise shows that it is alive at least.
func (s *Supervisor) healthy(h *handle) bool {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.HealthLimit)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(h.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	switch status.Code(err) {
	case codes.OK:
		return answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING
	case codes.NotFound, codes.Unimplemented:
		return true
	}
	return false
}

// crashed decides what follows an end that nobody ordered.
func (s *Supervisor) crashed(reason string, held time.Duration) step {
	now := time.Now()
	recent := s.crashes[:0]
	for _, at := range s.crashes {
		if now.Sub(at) < s.options.CrashesWithin {
			recent = append(recent, at)
		}
	}
	s.crashes = append(recent, now)
	if len(s.crashes) >= s.options.Crashes {
		return s.quarantined(fmt.Sprintf("it crashed %d times within %s; the last time: %s", len(s.crashes), s.options.CrashesWithin, reason))
	}
	if held >= s.options.CrashesWithin {
		s.attempts = 0
	}
	wait := backoff(s.attempts, s.options.BackoffMin, s.options.BackoffMax)
	s.attempts++
	return s.waiting(Backoff, reason, wait)
}

// backoff doubles from least to most, and takes up to a fifth off so that not all start together.
func backoff(attempt int, least, most time.Duration) time.Duration {
	wait := most
	if attempt < 30 {
		wait = min(least<<attempt, most)
	}
	return wait - time.Duration(rand.Int64N(int64(wait)/5+1)) // spreads starts, guards nothing
}

func (s *Supervisor) quarantined(reason string) step { return s.waiting(Quarantined, reason, 0) }

// waiting waits for the next start: by itself after a while, or (0) by hand alone.
func (s *Supervisor) waiting(phase Phase, reason string, wait time.Duration) step {
	return func() step {
		s.set(phase, reason)
		var after <-chan time.Time
		if wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			after = timer.C
		}
		select {
		case <-after:
		case o := <-s.orders:
			if o.kind != orderRestart {
				return s.stopped(reason, o)
			}
			s.crashes, s.attempts = nil, 0
			defer func() { o.done <- nil }() // once it is starting, so that Ready waits for it
		}
		s.restarted()
		s.set(Starting, reason)
		return s.starting
	}
}

func (s *Supervisor) restarted() {
	s.mu.Lock()
	s.state.Restarts++
	s.mu.Unlock()
	s.metrics().restarts.WithLabelValues(s.program.Manifest.Name, s.program.Manifest.Version).Inc()
}

// drain ends a process whose work is to be finished first.
func (s *Supervisor) drain(l *launched, first order) step {
	return func() step {
		l.handle.refuse()
		s.set(Draining, "")
		ctx, cancel := context.WithCancel(first.ctx)
		defer cancel()
		finished := make(chan error, 1)
		go func() { finished <- s.finish(ctx, l.handle) }()
		waiters, reason := []order{first}, "drained"
		var err error
	wait:
		for {
			select {
			case err = <-finished:
				break wait
			case <-l.child.exited:
				err, reason = fmt.Errorf("plugin %s ended before its calls did: %s", s.program.Manifest.Name, l.child.ended()), l.child.ended()
				break wait
			case o := <-s.orders:
				waiters = append(waiters, o)
				if o.kind == orderKill {
					cancel()
				}
			}
		}
		s.goodbye(l)
		s.current.Store(nil)
		s.child = nil
		s.dispose(l)
		return s.ended(reason, err, waiters...)
	}
}

// finish lets the plugin know, and waits for the calls under way.
func (s *Supervisor) finish(ctx context.Context, h *handle) error {
	limited, cancel := context.WithTimeout(ctx, s.options.StopTimeout)
	_, err := h.client.Drain(limited, &contract.DrainRequest{})
	cancel()
	if err != nil && status.Code(err) != codes.Unimplemented {
		s.options.Log.Warn("plugin did not take it well that it is drained", slog.Any("error", err))
	}
	select {
	case <-h.idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("plugin %s: %d calls were cut short: %w", s.program.Manifest.Name, h.underWay(), context.Cause(ctx))
	}
}

// goodbye lets the process end by itself: its lifeline ends, and it is told so; dispose kills it if not.
func (s *Supervisor) goodbye(l *launched) {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.StopTimeout)
	defer cancel()
	go func() {
		_ = l.handle.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
		l.child.letGo()
	}()
	if !within(s.options.StopTimeout, l.child.exited) {
		l.child.kill("killed: it did not end by itself when it was drained")
		s.options.Log.Warn("plugin was killed, because it did not end by itself", slog.Duration("after", s.options.StopTimeout))
	}
}

func (s *Supervisor) stopped(reason string, orders ...order) step {
	return s.ended(reason, nil, orders...)
}

// ended is the last step: it answers the orders that wait for the end.
func (s *Supervisor) ended(reason string, err error, orders ...order) step {
	return func() step {
		s.set(Stopped, reason)
		for _, o := range orders {
			switch o.kind {
			case orderDrain:
				o.done <- err
			default:
				o.done <- nil
			}
		}
		return nil
	}
}

func (s *Supervisor) logState(phase Phase, reason string) {
	level := slog.LevelInfo
	switch phase {
	case Backoff:
		level = slog.LevelWarn
	case Quarantined:
		level = slog.LevelError
	}
	all := []slog.Attr{slog.String("state", string(phase))}
	if reason != "" {
		all = append(all, slog.String("reason", reason))
	}
	if phase == Running && len(s.state.Unbounded) > 0 {
		all = append(all, slog.Any("unbounded", s.state.Unbounded))
	}
	s.options.Log.LogAttrs(context.Background(), level, "plugin's process", all...)
}
