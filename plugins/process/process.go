// Package process runs a plugin's program and keeps it running. hashicorp/go-plugin launches it;
// supervising is done here: one goroutine a plugin owns the process, and callers see an immutable
// handle, which they take once for a call.
//
// What holds: a start or a restart holds up nobody; a plugin that crashes, hangs, answers late, says
// too much or eats memory costs its own calls an error with a code of PLUGIN_…, and no more; it ends
// with its host, also when the host is killed; a change that was cut short is never tried again.
//
// What bounds a process depends on the system; State.Unbounded says what does not hold. On Linux: its
// own process group, a signal at the host's death, no new privileges, open files, no core files,
// memory (its resident pages and its children's are read twice a second, and it is killed above
// its limit; a limit on its address space would kill Go and Node, which reserve far more than they
// use), where the host is root, a user of its own, and, where a folder of cgroups is delegated to the host,
// a cgroup of its own with the kernel's limits of memory, processor time and processes. Elsewhere: the lifeline alone (its standard
// input ends with the host).
package process

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/manifest"
)

// Program is what is run.
type Program struct {
	Manifest *manifest.Manifest
	SDL      string
	// Path is the program, Sum its SHA-256; Dir is the unpacked bundle, in which it runs.
	Path string
	Sum  []byte
	Dir  string
	// HostAddress is where the host answers, unix:/path; empty: nowhere.
	HostAddress string
	// Dev is an author's own program: a debugger may stop it, and its sum is not checked where none is given.
	Dev bool
}

// Phase is where a plugin's process stands.
type Phase string

const (
	Starting    Phase = "starting"
	Running     Phase = "running"
	Backoff     Phase = "backoff"     // ended; it is started again in a moment
	Quarantined Phase = "quarantined" // refused, or crashed too often: Restart starts it again
	Draining    Phase = "draining"    // calls under way are finished, new ones refused
	Stopped     Phase = "stopped"     // for good
)

// State is how a plugin's process fares.
type State struct {
	Phase    Phase
	Since    time.Time
	Reason   string // why it is not running, or what it ended of last
	Restarts int
	PID      int    // 0: there is no process
	Breaker  string // closed, half-open, open: whether calls are let through
	Calls    int    // under way
	// Unbounded says which of the bounds do not hold on this system, and why.
	Unbounded []string
}

// breaker lets no calls through when too many failed.
type breaker = gobreaker.TwoStepCircuitBreaker[struct{}]

// Supervisor runs one plugin's process. Its methods may be called from any goroutine.
type Supervisor struct {
	program Program
	options Options
	key     string
	breaker atomic.Pointer[breaker]
	output  *output

	current   atomic.Pointer[handle] // nil: none is running
	described atomic.Pointer[contract.DescribeResponse]
	orders    chan order
	done      chan struct{} // closed when it has stopped for good

	mu      sync.Mutex
	state   State
	changed chan struct{} // closed at the next change of state

	// Of the supervisor's goroutine alone.
	child    *child
	crashes  []time.Time
	attempts int // starts in a row of which none held
}

type order struct {
	kind orderKind
	ctx  context.Context
	done chan error
}

type orderKind int

const (
	orderRestart orderKind = iota
	orderDrain
	orderKill
)

// Start begins to run a program, and returns at once. End it with Drain or Kill.
func Start(p Program, o Options) *Supervisor {
	o = o.withDefaults(p)
	s := &Supervisor{
		program: p, options: o, key: secret(),
		orders: make(chan order), done: make(chan struct{}), changed: make(chan struct{}),
		state: State{Phase: Starting, Since: time.Now()},
	}
	s.output = newOutput(p.Manifest.Name, o)
	s.closeBreaker()
	s.metrics().state(s.program, Starting)
	go s.run()
	return s
}

func secret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Key is the process's secret, VECHE_PLUGIN_KEY; the same over the restarts of one supervisor.
func (s *Supervisor) Key() string { return s.key }

// State is how the process fares at the moment.
func (s *Supervisor) State() State {
	s.mu.Lock()
	state := s.state
	s.mu.Unlock()
	state.Breaker = s.breaker.Load().State().String()
	if h := s.current.Load(); h != nil {
		state.Calls = h.underWay()
	}
	return state
}

// Described is what the plugin said of itself at its last start; nil before the first.
func (s *Supervisor) Described() *contract.DescribeResponse { return s.described.Load() }

// Done is closed when the process has ended for good.
func (s *Supervisor) Done() <-chan struct{} { return s.done }

// Ready waits for a healthy start: described, and equal to the manifest and the SDL. It does not wait
// for one that is in quarantine or stopped.
func (s *Supervisor) Ready(ctx context.Context) error {
	for {
		s.mu.Lock()
		state, changed := s.state, s.changed
		s.mu.Unlock()
		switch state.Phase {
		case Running:
			return nil
		case Quarantined, Draining, Stopped:
			return s.unavailable(fmt.Errorf("%s: %s", state.Phase, state.Reason))
		}
		select {
		case <-ctx.Done():
			return s.unavailable(fmt.Errorf("%s: %s: %w", state.Phase, state.Reason, ctx.Err()))
		case <-changed:
		}
	}
}

// closeBreaker lets calls through again: what failed before counts no more.
func (s *Supervisor) closeBreaker() {
	s.breaker.Store(gobreaker.NewTwoStepCircuitBreaker[struct{}](s.options.breaker(s.program.Manifest.Name)))
}

// Restart starts one again that is in quarantine or waits for its next start, and lets calls through
// again that its breaker kept back. One that runs is left: others' calls are under way in it.
func (s *Supervisor) Restart() {
	s.closeBreaker()
	_ = s.order(order{kind: orderRestart, ctx: context.Background()})
}

// Drain takes no new calls, waits for those under way, and ends the process. When ctx ends before
// them they are cut short, which is its error.
func (s *Supervisor) Drain(ctx context.Context) error {
	return s.order(order{kind: orderDrain, ctx: ctx})
}

// Kill ends the process at once and for good, and waits until it is gone.
func (s *Supervisor) Kill() {
	_ = s.order(order{kind: orderKill, ctx: context.Background()})
	<-s.done
}

// order hands an order to the supervisor's goroutine and waits until it is carried out.
func (s *Supervisor) order(o order) error {
	o.done = make(chan error, 1)
	select {
	case s.orders <- o:
	case <-s.done:
		return nil
	}
	select {
	case err := <-o.done:
		return err
	case <-s.done:
		select {
		case err := <-o.done:
			return err
		default:
			return nil
		}
	}
}

// set notes a new state and wakes who waits for one.
func (s *Supervisor) set(phase Phase, reason string) {
	s.mu.Lock()
	s.state.Phase, s.state.Since, s.state.Reason = phase, time.Now(), reason
	s.state.PID = 0
	if s.child != nil {
		s.state.PID, s.state.Unbounded = s.child.pid, s.child.unbounded
	}
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	s.metrics().state(s.program, phase)
	s.logState(phase, reason)
	if s.options.Changed != nil {
		s.options.Changed(s.State())
	}
}

func (s *Supervisor) unavailable(cause error) *core.Error {
	return &core.Error{Code: core.CodePluginUnavailable, Err: fmt.Errorf("plugin %s: %w", s.program.Manifest.Name, cause), Text: core.Textf(
		"The plugin %[1]s is not running at the moment. Try again later.",
		"Плагин %[1]s сейчас не работает. Повторите попытку позже.", s.program.Manifest.Name)}
}
