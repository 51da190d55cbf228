package kit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/process"
)

// deadlines lets the host wait, and the callers not: callbacks must end with the calls for which they
// are made.
func (t *trial) deadlines() (string, error) {
	t.host.mu.Lock()
	t.host.slow, t.host.waiting, t.host.ended = true, 0, 0
	t.host.mu.Unlock()
	var under sync.WaitGroup
	for _, one := range t.asked() {
		if strings.HasPrefix(one, "Mutation.") {
			continue
		}
		under.Go(func() {
			ctx, cancel := context.WithTimeout(t.ctx, 300*time.Millisecond)
			defer cancel()
			_, _ = t.ask(ctx, alpha, t.schema.call(one, 1, t.functions, alpha))
		})
	}
	under.Wait()
	waiting, ended := t.settle(2 * time.Second)
	t.host.mu.Lock()
	t.host.slow = false
	t.host.mu.Unlock()
	switch {
	case !t.alive():
		return "", errors.New("it does not answer any more")
	case ended < waiting:
		return "", fmt.Errorf("%d of %d calls to the host go on after the calls for which they were made: hand the deadline on", waiting-ended, waiting)
	case waiting == 0:
		return "it called the host for none, so that little was to be seen", nil
	}
	return "", nil
}

// settle waits until all callbacks have ended, or for so long.
func (t *trial) settle(limit time.Duration) (waiting, ended int) {
	until := time.Now().Add(limit)
	for {
		t.host.mu.Lock()
		waiting, ended = t.host.waiting, t.host.ended
		t.host.mu.Unlock()
		if waiting == ended || time.Now().After(until) {
			return waiting, ended
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (t *trial) crashes() (string, error) {
	return "", t.recovers(func(pid int) error { return kill(pid) })
}

func (t *trial) hangs() (string, error) {
	err := t.recovers(stop)
	if errors.Is(err, errors.ErrUnsupported) {
		return "not tried: this system cannot stop a process", nil
	}
	return "", err
}

// recovers does something to the process, and waits for the next one.
func (t *trial) recovers(do func(pid int) error) error {
	before := t.plugin.State()
	if before.Phase != process.Running {
		return fmt.Errorf("it is %s: %s", before.Phase, before.Reason)
	}
	if err := do(before.PID); err != nil {
		return err
	}
	until := time.Now().Add(2 * t.patience)
	for {
		state := t.plugin.State()
		switch {
		case state.Phase == process.Running && state.PID != before.PID:
			if !t.alive() {
				return errors.New("it runs again, and does not answer")
			}
			return nil
		case state.Phase == process.Quarantined || time.Now().After(until):
			return fmt.Errorf("it is %s: %s", state.Phase, state.Reason)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// drains ends the process while it is asked for something.
func (t *trial) drains() (string, error) {
	under, began := make(chan error, 1), make(chan struct{})
	go func() {
		under <- t.plugin.Call(t.ctx, false, func(ctx context.Context, c contract.PluginClient) error {
			close(began)
			_, err := c.Describe(ctx, &contract.DescribeRequest{})
			return err
		})
	}()
	select {
	case <-began:
	case err := <-under:
		return "", err
	}
	ctx, cancel := context.WithTimeout(t.ctx, t.patience)
	defer cancel()
	if err := t.plugin.Drain(ctx); err != nil {
		return "", err
	}
	if err := <-under; err != nil {
		return "", fmt.Errorf("a call under way was lost: %w", err)
	}
	return "", nil
}

// lines keeps what of its log may explain a failure.
type lines struct {
	mu     sync.Mutex
	last   string
	reason string // of the last end of its process
}

func (l *lines) state(s process.State) {
	if s.Phase == process.Backoff || s.Phase == process.Quarantined {
		l.mu.Lock()
		l.reason = s.Reason
		l.mu.Unlock()
	}
}

// ended is what its process ended of last, once.
func (l *lines) ended() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	reason := l.reason
	l.reason = ""
	return reason
}

func (l *lines) take(line process.Line) {
	if line.Level >= slog.LevelWarn {
		l.mu.Lock()
		l.last = line.Message
		if e, ok := line.Fields["error"]; ok {
			l.last += ": " + fmt.Sprint(e)
		}
		l.mu.Unlock()
	}
}

// worst is the last line that warns, once.
func (l *lines) worst() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	said := strings.Join(strings.SplitN(l.last, "\n", 4)[:min(3, strings.Count(l.last, "\n")+1)], "\n")
	l.last = ""
	return said
}
