//go:build linux

package process_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/internal/testplugin"
	"github.com/veche-city/veche/plugins/process"
)

func signal(t testing.TB, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

// gone says whether a process has ended (or only waits to be waited for).
func gone(pid int) bool { return syscall.Kill(pid, 0) != nil }

func TestKilled(t *testing.T) {
	metrics := process.NewMetrics()
	s := ready(t, start(t, program(t, bad("hang")), func(o *process.Options) { o.CallTimeout, o.Metrics = 30*time.Second, metrics }))
	key, before := s.Key(), s.State().PID
	var calls sync.WaitGroup
	for _, write := range []bool{false, true} {
		calls.Go(func() {
			_, err := s.ask(t.Context(), "hang", write)
			want := core.CodePluginUnavailable
			if write {
				want = core.CodePluginOutcomeUnknown
			}
			if core.CodeOf(err) != want {
				t.Errorf("write %v: got %v", write, err)
			}
		})
	}
	for s.State().Calls < 2 {
		if t.Context().Err() != nil {
			t.Fatal("no calls under way")
		}
	}
	signal(t, before, syscall.SIGKILL)
	if state := s.until(t, process.Backoff); !strings.Contains(state.Reason, "killed") || state.PID != 0 {
		t.Errorf("got %+v", state)
	}
	calls.Wait()
	state := s.until(t, process.Running)
	if state.Restarts != 1 || state.PID == before || s.Key() != key {
		t.Errorf("got %+v", state)
	}
	if _, err := s.ask(t.Context(), "echo", true); err != nil {
		t.Error(err)
	}
	if err := testutil.CollectAndCompare(metrics.Collectors()[2], strings.NewReader(`
# HELP veche_plugin_restarts_total Starts of the plugin's process after the first.
# TYPE veche_plugin_restarts_total counter
veche_plugin_restarts_total{plugin="weather",version="1.0.0"} 1
`)); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(metrics.Collectors()[1]); n != 2 {
		t.Errorf("%d codes of errors", n)
	}
}

func TestCrashLoop(t *testing.T) {
	s := ready(t, start(t, program(t, bad("crash")), func(o *process.Options) { o.BreakerFailures, o.BreakerCalls = 1000, 1000 }))
	for i := range 5 {
		if i > 0 {
			s.until(t, process.Running)
		}
		_, err := s.ask(t.Context(), "crash", false)
		wantCode(t, err, core.CodePluginUnavailable)
	}
	if state := s.until(t, process.Quarantined); !strings.Contains(state.Reason, "crashed 5 times within 10m0s; the last time: it ended: exit status 3") {
		t.Errorf("got %+v", state)
	}
	s.Restart()
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if state := s.until(t, process.Running); state.Restarts != 5 {
		t.Errorf("got %+v", state)
	}
	if _, err := s.ask(t.Context(), "echo", false); err != nil {
		t.Error(err)
	}
}

func TestHung(t *testing.T) {
	s := ready(t, start(t, program(t, testplugin.Behaviour{}), func(o *process.Options) { o.HealthLimit = 100 * time.Millisecond }))
	before := s.State().PID
	signal(t, before, syscall.SIGSTOP)
	if state := s.until(t, process.Backoff); !strings.Contains(state.Reason, "did not answer 3 health checks") {
		t.Errorf("got %+v", state)
	}
	s.until(t, process.Running)
}

func TestUnwell(t *testing.T) {
	s := start(t, program(t, testplugin.Behaviour{Faults: []string{"unwell"}}), func(o *process.Options) { o.Crashes = 1 })
	if state := s.until(t, process.Quarantined); !strings.Contains(state.Reason, "health checks") {
		t.Errorf("got %+v", state)
	}
}

// TestStopped: neither Kill nor Drain waits for a process that was stopped.
func TestStopped(t *testing.T) {
	for name, end := range map[string]func(*plugin) error{
		"kill":  func(p *plugin) error { p.Kill(); return nil },
		"drain": func(p *plugin) error { return p.Drain(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(t, start(t, program(t, testplugin.Behaviour{}), func(o *process.Options) { o.StopTimeout = 100 * time.Millisecond }))
			pid := s.State().PID
			signal(t, pid, syscall.SIGSTOP)
			if err := end(s); err != nil || !gone(pid) || s.State().Phase != process.Stopped {
				t.Errorf("got %v, gone %v, %+v", err, gone(pid), s.State())
			}
		})
	}
}

func TestFlood(t *testing.T) {
	s := ready(t, start(t, program(t, bad("flood", "floodlog")), func(o *process.Options) { o.CallTimeout = 30 * time.Second }))
	for _, field := range []string{"flood", "floodlog", "flood"} {
		if _, err := s.ask(t.Context(), field, false); err != nil {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.lines); n < 100 || n > 10_000 {
		t.Errorf("%d lines of 20,000 were kept", n)
	}
}

func TestDrain(t *testing.T) {
	s := ready(t, start(t, program(t, bad("slow")), nil))
	pid := s.State().PID
	stream := make(chan error, 1)
	opened := make(chan struct{})
	go func() {
		stream <- s.Stream(t.Context(), func(ctx context.Context, c contract.PluginClient) error {
			items, err := c.Listen(ctx, &contract.ListenRequest{})
			if err != nil {
				return err
			}
			if _, err := items.Recv(); err != nil {
				return err
			}
			close(opened)
			_, err = items.Recv()
			return err
		})
	}()
	<-opened
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			if _, err := s.ask(t.Context(), "slow", true); err != nil {
				t.Error("a call was lost:", err)
			}
		})
	}
	for s.State().Calls < 50 {
		if t.Context().Err() != nil {
			t.Fatal("no calls under way")
		}
	}
	drained := make(chan error, 2)
	for range 2 {
		go func() { drained <- s.Drain(t.Context()) }()
	}
	s.until(t, process.Draining)
	_, err := s.ask(t.Context(), "echo", false)
	wantCode(t, err, core.CodePluginUnavailable)
	wantCode(t, <-stream, core.CodePluginUnavailable)
	for range 2 {
		if err := <-drained; err != nil {
			t.Error(err)
		}
	}
	calls.Wait()
	if state := s.State(); state.Phase != process.Stopped || state.Reason != "drained" || !gone(pid) {
		t.Errorf("got %+v, gone %v", state, gone(pid))
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	s.Restart() // it has stopped for good
	_, err = s.ask(t.Context(), "echo", false)
	wantCode(t, err, core.CodePluginUnavailable)
}

func TestDrainCutShort(t *testing.T) {
	s := ready(t, start(t, program(t, testplugin.Behaviour{Fields: map[string]string{"hang": "hang"}, Faults: []string{"deaf", "stubborn"}}),
		func(o *process.Options) { o.CallTimeout, o.StopTimeout = 30*time.Second, 100*time.Millisecond }))
	pid := s.State().PID
	cut := make(chan error, 1)
	go func() { _, err := s.ask(t.Context(), "hang", true); cut <- err }()
	for s.State().Calls == 0 {
		if t.Context().Err() != nil {
			t.Fatal("no call under way")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Drain(ctx); err == nil || !strings.Contains(err.Error(), "1 calls were cut short") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	wantCode(t, <-cut, core.CodePluginOutcomeUnknown)
	if !gone(pid) {
		t.Error("it survived")
	}
}

func TestKillWhileStarting(t *testing.T) {
	s := start(t, program(t, testplugin.Behaviour{Start: "silent"}), nil)
	s.Kill()
	if state := s.State(); state.Phase != process.Stopped {
		t.Errorf("got %+v", state)
	}
}
