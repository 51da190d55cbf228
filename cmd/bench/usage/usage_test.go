package usage

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "12 (cut) S 1", "x (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", ") 1 ("} {
		if p, err := parse([]byte(bad)); err == nil {
			t.Errorf("%q was read as %+v", bad, p)
		}
	}
	p, err := parse([]byte("42 (a (b) c) S 7 1 1 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 1 0 12345\n"))
	if want := (process{pid: 42, parent: 7, name: "a (b) c", cpu: 1240 * time.Millisecond}); err != nil || p != want {
		t.Errorf("%+v, not %+v: %v", p, want, err)
	}
}

// What a child has used counts for its parent while it runs and after it has ended.
func TestCountsTheTree(t *testing.T) {
	if !Measured() {
		t.Skip("this system does not tell")
	}
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sh", "-c", "while :; do :; done")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	const enough = 200 * time.Millisecond
	for used := time.Duration(0); used < enough; {
		if used, err = CPU(child.Process.Pid); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []string{"running", "ended"} {
		after, err := CPU(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after-before < enough {
			t.Errorf("%s: the child's time is missing: %v", state, after-before)
		}
		if state == "running" {
			if parent, ok := Parent(child.Process.Pid, "sh"); !ok || parent != os.Getpid() {
				t.Errorf("the parent is %d, not %d", parent, os.Getpid())
			}
			if _, ok := Parent(child.Process.Pid, "postgres"); ok {
				t.Error("a process was taken for another")
			}
			_ = child.Process.Kill()
			_ = child.Wait()
		}
	}
	if _, err := CPU(child.Process.Pid); err == nil {
		t.Error("a process that is gone still uses CPU")
	}
}

func TestMemory(t *testing.T) {
	if !Measured() {
		t.Skip("this system does not tell")
	}
	if got, err := Memory(os.Getpid()); err != nil || got < 1<<20 {
		t.Errorf("this process holds %d bytes: %v", got, err)
	}
	if self, err := os.Executable(); err == nil {
		if _, ok := Parent(os.Getpid(), filepath.Base(self)+"?"); ok {
			t.Error("another name was accepted")
		}
	}
	if _, err := Memory(-1); err == nil {
		t.Error("there is no process -1")
	}
}
