//go:build unix

package house_test

import (
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/veche-city/veche/plugins/process"
)

// An administrator sees how a plugin's process fares, and brings it out of quarantine.
func TestTheProcessOfAPlugin(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	w.enabled(admin, "kansk", w.release("1.0.0", "5s"))
	w.account(admin, "resident", "", "", "")
	query := `{ plugins(first: 1, filter: {name: {eq: "unruly"}}) { nodes { name process { state since reason restarts breakerOpen release waitingRelease unbounded } } } }`
	state := func() any { return at(w.ask(request{as: admin, Query: query}), "plugins", "nodes", 0, "process") }
	if p := state(); at(p, "state") != "RUNNING" || at(p, "release") != "1.0.0" || at(p, "reason") != "" || at(p, "restarts") != 0.0 || at(p, "breakerOpen") != false {
		t.Errorf("%v", p)
	}
	if a := w.send(request{Query: query}); !strings.Contains(a.text, `"process":null`) || !strings.Contains(a.text, "UNAUTHENTICATED") {
		t.Errorf("an anonymous reader: %s", a.text)
	}
	s := w.Runner.ProcessOf(w.Towns.ByKey("kansk"), "unruly").(*process.Supervisor)
	for pid := 0; ; runtime.Gosched() {
		now := s.State()
		if now.Phase == process.Quarantined {
			break
		}
		if now.Phase == process.Running && now.PID > 0 && now.PID != pid { // 0 would be this test's own group
			pid = now.PID
			must(t, syscall.Kill(pid, syscall.SIGKILL))
		}
	}
	if p := state(); at(p, "state") != "QUARANTINED" || !strings.Contains(at(p, "reason").(string), "crashed 5 times") || at(p, "restarts") != 4.0 {
		t.Errorf("%v", p)
	}
	if got := w.came(admin, "restartPlugin", map[string]any{"name": "unruly"}); got != "" {
		t.Fatal(got)
	}
	must(t, s.Ready(t.Context()))
	if p := state(); at(p, "state") != "RUNNING" || at(p, "restarts") != 5.0 {
		t.Errorf("%v", p)
	}
	if n := w.rows("audit", "action = 'restartPlugin'"); n != 1 {
		t.Errorf("the audit tells of it %d times", n)
	}
}
