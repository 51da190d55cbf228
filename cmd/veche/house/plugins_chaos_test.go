//go:build unix

package house_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Whatever becomes of a plugin's process under load, the core answers what it answered before, and of the
// plugin comes what is right, or null with an error that says so. At 60 requests a second, unless
// VECHE_CHAOS_RATE says otherwise; from 200 on each trouble lasts longer. Under VECHE_CHAOS_STRICT=1 the
// core's p99 must stay within one and a half of what it was.
func TestAPluginInTrouble(t *testing.T) {
	var bundles string
	t.Cleanup(func() { nothingRunsIn(t, bundles) }) // after the house has closed
	w := newWorld(t)
	bundles = w.Plugins.Dir
	c := &chaos{world: w, admin: w.administrator("kansk"), lasts: 300 * time.Millisecond}
	first := w.release("1.0.0", "300ms")
	w.release("2.0.0", "300ms")
	w.enabled(c.admin, "kansk", first)
	c.load = newLoad(w)
	if c.load.rate >= 200 {
		c.lasts = 3 * time.Second
	}
	c.load.begin()
	time.Sleep(c.lasts) // caches and connections
	c.load.phase()
	goroutines, memory := runtime.NumGoroutine(), heap()
	time.Sleep(4 * c.lasts)
	before := p99(c.load.phase())
	c.all(first)
	time.Sleep(c.lasts)
	during := p99(c.load.phase())
	after, grown := runtime.NumGoroutine(), heap()-memory
	c.load.end()
	c.told(before, during)
	t.Logf("goroutines %d, then %d; the heap grew by %d KiB", goroutines, after, grown>>10)
	if after > 2*goroutines+100 || grown > 128<<20 {
		t.Errorf("goroutines %d, then %d; the heap grew by %d bytes", goroutines, after, grown)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // no heap has 2^63 bytes
}

type chaos struct {
	*world
	load  *load
	admin string
	lasts time.Duration
	newer bool // release 2 serves
}

// all is what becomes of it, one after the other. Another release between them is another process, whose
// breaker has seen nothing yet.
func (c *chaos) all(first string) {
	c.trouble("killed", "PLUGIN_UNAVAILABLE", func() { c.signal(syscall.SIGKILL) })
	c.other()
	c.trouble("stopped", "PLUGIN_TIMEOUT", func() { c.signal(syscall.SIGSTOP) })
	c.other() // while the old one hangs
	c.trouble("slow", "PLUGIN_TIMEOUT", func() { c.become("slow") })
	c.other()
	for _, how := range []string{"count", "type", "text", "json"} {
		c.trouble(how, "PLUGIN_BAD_RESPONSE", func() { c.become(how) })
		c.other()
	}
	c.trouble("big", "PLUGIN_", func() { c.become("big") }) // too large, too late, or more memory than it has
	c.other()
	c.load.gone.Store(true)
	c.changed(c.admin, "kansk", "disablePlugin", map[string]any{"reason": "Проба"})
	time.Sleep(c.lasts)
	data := c.ask(request{as: c.admin, Query: `{ pluginBundles(name: "unruly") { digest asksKey } }`})
	for _, one := range at(data, "pluginBundles").([]any) {
		if at(one, "digest") == first {
			c.changed(c.admin, "kansk", "enablePlugin", map[string]any{"digest": first, "asks": at(one, "asksKey")})
		}
	}
	c.serves("kansk")
	c.load.gone.Store(false)
}

// trouble begins, lasts, and must have been seen under a code that begins so.
func (c *chaos) trouble(name, code string, begin func()) {
	c.t.Helper()
	had, right := c.load.counted(code)
	began := time.Now()
	begin()
	time.Sleep(c.lasts)
	for has, _ := c.load.counted(code); has == had && time.Since(began) < 10*time.Second; has, _ = c.load.counted(code) {
		time.Sleep(10 * time.Millisecond)
	}
	has, rightNow := c.load.counted(code)
	if has == had {
		c.t.Errorf("%s: nobody was told %s", name, code)
	}
	c.t.Logf("%-8s %4d times %s; the plugin was right %d times", name, has-had, code, rightNow-right)
}

func (l *load) counted(code string) (times, right int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for one, n := range l.codes {
		if strings.HasPrefix(one, code) {
			times += n
		}
	}
	return times, l.right
}

// pid is that of the process that serves.
func (c *chaos) pid() int {
	c.t.Helper()
	return int(at(c.ask(request{Query: `mutation { unrulyBecome(how: "", for: 0) }`}), "unrulyBecome").(float64))
}

func (c *chaos) signal(s syscall.Signal) { must(c.t, syscall.Kill(c.pid(), s)) }

func (c *chaos) become(how string) {
	c.ask(request{Variables: map[string]any{"how": how}, Query: `mutation($how: String!) { unrulyBecome(how: $how, for: 60000) }`})
}

// other goes to the other release and back.
func (c *chaos) other() {
	c.t.Helper()
	if c.newer {
		c.changed(c.admin, "kansk", "rollBackPlugin", map[string]any{})
	} else {
		c.upgraded(c.admin, "2.0.0")
	}
	c.newer = !c.newer
	c.serves("kansk")
}

// told says what came of it.
func (c *chaos) told(before, during time.Duration) {
	l, t := c.load, c.t
	ratio := float64(during) / float64(before)
	t.Logf("%d requests at %d a second; the core's p99 %s before, %s during (%.2f); the plugin was right %d times, errors %v", l.sent, l.rate, before, during, ratio, l.right, l.codes)
	if len(l.wrong) > 0 {
		t.Errorf("%d answers were wrong; the first: %.600s", len(l.wrong), l.wrong[0])
	}
	if os.Getenv("VECHE_CHAOS_STRICT") == "1" && ratio > 1.5 {
		t.Errorf("the core's p99 was %.2f of what it had been", ratio)
	}
}

// nothingRunsIn says which processes were left whose program stands in the folder.
func nothingRunsIn(t *testing.T, folder string) {
	if runtime.GOOS != "linux" || folder == "" {
		return
	}
	running, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	left := slices.DeleteFunc(running, func(path string) bool {
		text, err := os.ReadFile(path)
		return err != nil || !bytes.HasPrefix(text, []byte(folder))
	})
	if len(left) > 0 {
		t.Error(fmt.Sprint("processes are left: ", strings.Join(left, " ")))
	}
}
