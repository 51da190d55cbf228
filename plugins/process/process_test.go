//go:build linux

package process_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/internal/testplugin"
	"github.com/veche-city/veche/plugins/process"
)

func TestMain(m *testing.M) {
	testplugin.Main()
	if os.Getenv("VECHE_TEST_HOST") != "" {
		beHost()
		return
	}
	goleak.VerifyTestMain(m)
}

// plugin is one that runs for a test.
type plugin struct {
	*process.Supervisor
	states chan process.State
	mu     sync.Mutex
	lines  []process.Line
}

var sum = sync.OnceValue(func() []byte {
	path, _ := os.Executable()
	text, _ := os.ReadFile(path)
	all := sha256.Sum256(text)
	return all[:]
})

func program(t testing.TB, b testplugin.Behaviour) process.Program {
	folder, m, path := testplugin.Folder(t, b)
	return process.Program{Manifest: m, SDL: b.Schema, Path: path, Sum: sum(), Dir: folder}
}

// start runs a plugin of that behaviour; quick intervals, and what the test changes.
func start(t testing.TB, p process.Program, change func(*process.Options)) *plugin {
	t.Helper()
	one := &plugin{states: make(chan process.State, 1000)}
	o := process.Options{
		Log: slog.New(slog.DiscardHandler), BackoffMin: time.Millisecond, HealthEvery: 20 * time.Millisecond, HealthLimit: 10 * time.Second,
		Changed: func(s process.State) { one.states <- s },
		Lines: func(l process.Line) {
			one.mu.Lock()
			defer one.mu.Unlock()
			one.lines = append(one.lines, l)
		},
	}
	if change != nil {
		change(&o)
	}
	one.Supervisor = process.Start(p, o)
	t.Cleanup(one.Kill)
	return one
}

func ready(t testing.TB, p *plugin) *plugin {
	t.Helper()
	if err := p.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.until(t, process.Running)
	return p
}

// until waits for a state.
func (p *plugin) until(t testing.TB, phase process.Phase) process.State {
	t.Helper()
	for {
		select {
		case s := <-p.states:
			if s.Phase == phase {
				return s
			}
		case <-t.Context().Done():
			t.Fatal("no state", phase)
		}
	}
}

// ask resolves one field of the plugin's root.
func (p *plugin) ask(ctx context.Context, field string, write bool) (string, error) {
	var value string
	err := p.Call(ctx, write, func(ctx context.Context, c contract.PluginClient) error {
		r, err := c.Resolve(ctx, &contract.ResolveRequest{Call: &contract.Call{Municipality: "kansk"},
			Calls: []*contract.FieldCall{{Type: "Query", Field: field, Arguments: []byte("{}")}}})
		if err == nil {
			value = string(r.GetResults()[0].GetItems()[0].GetValue())
		}
		return err
	})
	return value, err
}

func wantCode(t testing.TB, err error, code core.Code) {
	t.Helper()
	if err == nil || core.CodeOf(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// bad is a plugin whose field of that name does what its name says.
func bad(fields ...string) testplugin.Behaviour {
	b := testplugin.Behaviour{Fields: map[string]string{}}
	for _, one := range fields {
		b.Fields[one] = one
	}
	return b
}

func TestRefused(t *testing.T) {
	for name, one := range map[string]struct {
		b      testplugin.Behaviour
		change func(*process.Program)
		reason string
	}{
		"name":    {testplugin.Behaviour{}, func(p *process.Program) { m := *p.Manifest; m.Name = "climate"; p.Manifest = &m }, `it says that its name is "weather"`},
		"version": {testplugin.Behaviour{}, func(p *process.Program) { m := *p.Manifest; m.Version = "2.0.0"; p.Manifest = &m }, `it says that its version is "1.0.0"`},
		"schema":  {testplugin.Behaviour{Schema: "a\nb"}, func(p *process.Program) { p.SDL = "a\nc" }, "differ from line 2 on"},
		"sum":     {testplugin.Behaviour{}, func(p *process.Program) { p.Sum = make([]byte, 32) }, "the SHA-256 differs"},
		"no sum":  {testplugin.Behaviour{}, func(p *process.Program) { p.Sum = nil }, "cannot be checked"},
	} {
		t.Run(name, func(t *testing.T) {
			p := program(t, one.b)
			one.change(&p)
			s := start(t, p, nil)
			if state := s.until(t, process.Quarantined); !strings.Contains(state.Reason, one.reason) || state.Restarts != 0 {
				t.Errorf("got %+v", state)
			}
			if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), one.reason) {
				t.Errorf("Ready says %v", err)
			}
			_, err := s.ask(t.Context(), "echo", false)
			wantCode(t, err, core.CodePluginUnavailable)
		})
	}
}

func TestDoesNotStart(t *testing.T) {
	for kind, reason := range map[string]string{
		"exit": "exit status 1, before it was ready (it did not say where its socket is; its last words: testplugin: it cannot start)", "silent": "not ready in 300ms", "flood": "first line without end", "garbage": "hello", "elsewhere": "PLUGIN_UNIX_SOCKET_DIR",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, program(t, testplugin.Behaviour{Start: kind}), func(o *process.Options) {
				o.Crashes = 2
				if kind == "silent" {
					o.StartTimeout = 300 * time.Millisecond
				}
			})
			if state := s.until(t, process.Quarantined); !strings.Contains(state.Reason, reason) || !strings.Contains(state.Reason, "crashed 2 times") {
				t.Errorf("got %+v", state)
			}
		})
	}
}

func TestNoProgram(t *testing.T) {
	p := program(t, testplugin.Behaviour{})
	p.Path, p.Dev, p.Sum = p.Dir+"/missing", true, nil
	s := start(t, p, func(o *process.Options) { o.Crashes = 1 })
	if state := s.until(t, process.Quarantined); !strings.Contains(state.Reason, "no such file") {
		t.Errorf("got %+v", state)
	}
}

func TestRuns(t *testing.T) {
	began := time.Now()
	s := start(t, program(t, testplugin.Behaviour{}), nil)
	if took := time.Since(began); took > time.Second {
		t.Errorf("Start held up its caller for %s", took)
	}
	ready(t, s)
	if got, err := s.ask(t.Context(), "echo", false); err != nil || got != `"kansk {}"` {
		t.Errorf("got %s, %v", got, err)
	}
	if state := s.State(); state.Phase != process.Running || state.PID == 0 || len(state.Unbounded) == 0 {
		t.Errorf("got %+v", state)
	}
	if s.Described().GetName() != "weather" {
		t.Errorf("described: %v", s.Described())
	}
	for done := false; !done; {
		s.mu.Lock()
		done = len(s.lines) > 0 && s.lines[0].Message == "serving" && s.lines[0].Level == slog.LevelInfo && s.lines[0].Fields["pid"] != nil
		s.mu.Unlock()
		if t.Context().Err() != nil {
			t.Fatal("no line of its log")
		}
	}
}

// TestSpans: a call is a span below its caller's, with the method that was called and the code of what failed.
func TestSpans(t *testing.T) {
	seen := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(seen)))
	defer otel.SetTracerProvider(before)
	s := ready(t, start(t, program(t, bad("broken")), nil))
	ctx, parent := otel.Tracer("test").Start(t.Context(), "caller")
	_, _ = s.ask(ctx, "broken", false)
	for _, span := range seen.Ended() {
		if span.Name() != "plugin weather" {
			continue
		}
		text := fmt.Sprint(span.Attributes(), span.Status())
		if span.Parent().SpanID() != parent.SpanContext().SpanID() || !strings.Contains(text, "Plugin/Resolve") || !strings.Contains(text, "PLUGIN_ERROR") {
			t.Errorf("got %s", text)
		}
		return
	}
	t.Error("no span")
}

func TestErrors(t *testing.T) {
	s := ready(t, start(t, program(t, bad("broken", "panic", "big", "refuse")), func(o *process.Options) {
		o.BreakerFailures, o.BreakerCalls, o.CallTimeout = 1000, 1000, 20*time.Second
	}))
	for _, one := range []struct {
		field string
		write bool
		code  core.Code
	}{
		{"broken", false, core.CodePluginError}, {"broken", true, core.CodePluginOutcomeUnknown},
		{"big", false, core.CodePluginBadResponse}, {"big", true, core.CodePluginOutcomeUnknown},
	} {
		_, err := s.ask(t.Context(), one.field, one.write)
		wantCode(t, err, one.code)
	}
	large := func(write bool) error {
		return s.Call(t.Context(), write, func(ctx context.Context, c contract.PluginClient) error {
			_, err := c.Configure(ctx, &contract.ConfigureRequest{Settings: make([]byte, contract.MaxMessage)})
			return err
		})
	}
	wantCode(t, large(false), core.CodePluginError)
	wantCode(t, large(true), core.CodePluginError) // it never left the house
	wantCode(t, s.Call(t.Context(), true, func(ctx context.Context, c contract.PluginClient) error {
		_, err := c.Run(ctx, &contract.RunRequest{})
		return err
	}), core.CodePluginError) // UNIMPLEMENTED
	own := errors.New("the caller's own")
	if err := s.Call(t.Context(), true, func(context.Context, contract.PluginClient) error { return own }); err != own { //nolint:errorlint // it is passed on as it is
		t.Errorf("got %v", err)
	}
	_, err := s.ask(t.Context(), "panic", true) // brings the process down
	wantCode(t, err, core.CodePluginOutcomeUnknown)
}

func TestDeadlines(t *testing.T) {
	s := ready(t, start(t, program(t, bad("hang")), func(o *process.Options) {
		o.BreakerFailures, o.BreakerCalls, o.CallTimeout = 1000, 1000, 50*time.Millisecond
	}))
	_, err := s.ask(t.Context(), "hang", false)
	wantCode(t, err, core.CodePluginTimeout)
	_, err = s.ask(t.Context(), "hang", true)
	wantCode(t, err, core.CodePluginOutcomeUnknown)

	short, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	end, _ := short.Deadline()
	s = ready(t, start(t, program(t, bad("hang")), func(o *process.Options) { o.CallTimeout = 30 * time.Second }))
	_ = s.Call(short, false, func(ctx context.Context, _ contract.PluginClient) error {
		if mine, _ := ctx.Deadline(); end.Sub(mine) < 1900*time.Millisecond || end.Sub(mine) > 2100*time.Millisecond {
			t.Errorf("of 10 s the plugin has all but %s", end.Sub(mine))
		}
		return nil
	})
	gone, away := context.WithCancel(t.Context())
	away()
	for range 20 { // says nothing about the plugin: its breaker stays closed
		_, err = s.ask(gone, "hang", false)
		wantCode(t, err, core.CodePluginTimeout)
	}
	if _, err := s.ask(t.Context(), "echo", false); err != nil {
		t.Error(err)
	}
}

// By hand it lets calls through again at once, whatever waits for its time to pass.
func TestRestartClosesTheBreaker(t *testing.T) {
	s := ready(t, start(t, program(t, testplugin.Behaviour{}), func(o *process.Options) { o.BreakerOpen, o.BreakerFailures = time.Hour, 2 }))
	before := s.State().PID
	for range 2 {
		wantCode(t, s.Call(t.Context(), false, func(context.Context, contract.PluginClient) error {
			return &core.Error{Code: core.CodePluginBadResponse}
		}), core.CodePluginBadResponse)
	}
	_, err := s.ask(t.Context(), "echo", false)
	wantCode(t, err, core.CodePluginUnavailable)
	s.Restart()
	if state := s.State(); state.Breaker != "closed" || state.PID != before {
		t.Errorf("got %+v", state)
	}
	if _, err := s.ask(t.Context(), "echo", false); err != nil {
		t.Error(err)
	}
}

func TestBreaker(t *testing.T) {
	s := ready(t, start(t, program(t, bad("hang", "refuse")), func(o *process.Options) {
		o.CallTimeout, o.BreakerOpen, o.BreakerFailures = 2*time.Second, 100*time.Millisecond, 3
	}))
	for range 30 { // what it refuses in words is no failure
		if _, err := s.ask(t.Context(), "refuse", false); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Call(t.Context(), false, func(context.Context, contract.PluginClient) error { return core.ErrConflict }), core.CodeConflict)
	}
	for range 3 {
		wantCode(t, s.Call(t.Context(), false, func(context.Context, contract.PluginClient) error {
			return &core.Error{Code: core.CodePluginBadResponse}
		}), core.CodePluginBadResponse)
	}
	_, err := s.ask(t.Context(), "echo", false)
	wantCode(t, err, core.CodePluginUnavailable)
	if state := s.State(); state.Breaker != "open" || state.Phase != process.Running {
		t.Errorf("got %+v", state)
	}
	for s.State().Breaker != "half-open" {
		if t.Context().Err() != nil {
			t.Fatal("it stays open")
		}
		runtime.Gosched()
	}
	if _, err := s.ask(t.Context(), "echo", false); err != nil || s.State().Breaker != "closed" {
		t.Errorf("got %v, breaker %s", err, s.State().Breaker)
	}
}
