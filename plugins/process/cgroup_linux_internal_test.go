package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is written where the kernel's files are there, and what is said where they are not.
func TestLimitsOfAGroup(t *testing.T) {
	g := &group{dir: t.TempDir()}
	for _, name := range []string{"memory.max", "memory.swap.max", "cpu.max"} {
		if err := os.WriteFile(filepath.Join(g.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g.limit(Options{Memory: 256, CPU: 0.5, Threads: 99})
	for name, want := range map[string]string{"memory.max": "268435456", "memory.swap.max": "0", "cpu.max": "50000 100000"} {
		if got, err := os.ReadFile(filepath.Join(g.dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if len(g.missed) != 1 || !strings.HasPrefix(g.missed[0], "pids.max: ") {
		t.Errorf("%v", g.missed)
	}
	if g.outOfMemory() {
		t.Error("nothing was killed")
	}
	if err := os.WriteFile(filepath.Join(g.dir, "memory.events"), []byte("oom 3\noom_kill 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !g.outOfMemory() {
		t.Error("the kernel killed two")
	}
}
