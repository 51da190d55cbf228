package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// child is one running program, as go-plugin's runner. Its pipes are ours: standard input is the
// lifeline, of which nothing is ever written; of standard output go-plugin sees the first line alone;
// standard error goes to the log. The program is started and waited for on a thread of its own, which
// lives as long as it does: the signal at the host's death follows the thread, not the process.
type child struct {
	cmd       *exec.Cmd
	sockets   string // the folder in which its socket is
	hello     *hello
	output    *output
	options   Options
	bounds    bounds
	lifeline  *os.File
	pid       int
	unbounded []string

	exited chan struct{} // closed when the process is gone; status is set then
	status error

	mu           sync.Mutex
	live, killed bool
	reason       string // why it was killed
}

// Start starts the program; ctx is not looked at, as go-plugin's ends with the start.
func (c *child) Start(context.Context) error {
	input, lifeline, err := os.Pipe()
	if err != nil {
		return err
	}
	out, outWrite, err := os.Pipe()
	if err != nil {
		return closeAll(err, input, lifeline)
	}
	errs, errWrite, err := os.Pipe()
	if err != nil {
		return closeAll(err, input, lifeline, out, outWrite)
	}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = input, outWrite, errWrite
	started := make(chan error)
	go c.run(started, out, errs)
	err = <-started
	_ = closeAll(nil, input, outWrite, errWrite)
	if err != nil {
		c.hello.say("")
		return closeAll(err, lifeline, out, errs)
	}
	c.lifeline = lifeline
	return nil
}

func closeAll(err error, files ...*os.File) error {
	for _, f := range files {
		_ = f.Close()
	}
	return err
}

// run starts the program and waits for it. It never unlocks its thread: what prepare did to the
// thread must not be met by another goroutine, so the thread ends with it.
func (c *child) run(started chan<- error, out, errs *os.File) {
	runtime.LockOSThread()
	c.bounds.prepare(c.cmd)
	inGroup, err := true, c.cmd.Start()
	if outside := c.bounds.outside(c.cmd); err != nil && outside != nil {
		inGroup, c.cmd = false, outside
		err = c.cmd.Start()
	}
	if err != nil {
		started <- fmt.Errorf("it cannot be started: %w", err)
		return
	}
	c.begun(c.cmd.Process.Pid)
	c.unbounded = c.bounds.apply(c.pid, inGroup)
	var pipes sync.WaitGroup
	pipes.Go(func() { c.output.readFirst(out, c.hello) })
	pipes.Go(func() { c.output.readErrors(errs) })
	started <- nil
	status := c.wait()
	// A process outside the group may hold the pipes: what was written is read, and no more is awaited.
	_ = out.SetReadDeadline(time.Now().Add(time.Second))
	_ = errs.SetReadDeadline(time.Now().Add(time.Second))
	c.hello.say("")
	pipes.Wait()
	_ = closeAll(nil, out, errs)
	c.status = status
	close(c.exited)
}

// begun notes that there is a process, and kills it where that was asked for in the meantime.
func (c *child) begun(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pid, c.live = pid, true
	if c.killed {
		killGroup(pid)
	}
}

// wait waits for the process, and ends whom it left behind. The group is killed while the process is
// there as a zombie, where the system can tell: its number cannot be another's then.
func (c *child) wait() error {
	if awaitZombie(c.pid) {
		c.over()
		return c.cmd.Wait()
	}
	err := c.cmd.Wait()
	c.over()
	return err
}

func (c *child) over() {
	c.mu.Lock()
	c.live = false
	if c.reason == "" && c.bounds.outOfMemory() {
		c.reason = fmt.Sprintf("killed: it and what it started held more than %d MB of memory (limits.memory)", c.options.Memory)
	}
	c.mu.Unlock()
	killGroup(c.pid)
	c.bounds.sweep()
}

// kill ends the process and its group at once; a process that is only being started ends then.
func (c *child) kill(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reason, c.killed = orElse(c.reason, reason), true
	if c.live {
		killGroup(c.pid)
	}
}

// ended says what the process ended of.
func (c *child) ended() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.reason != "":
		return c.reason
	case c.status == nil:
		return "it ended by itself (exit status 0)"
	}
	return "it ended: " + c.status.Error()
}

// letGo closes the lifeline.
func (c *child) letGo() {
	if c.lifeline != nil {
		_ = c.lifeline.Close()
	}
}

// The rest of go-plugin's runner.

func (c *child) Wait(context.Context) error { <-c.exited; return c.status }

func (c *child) Kill(context.Context) error { c.kill(""); return nil }

func (c *child) Stdout() io.ReadCloser { return io.NopCloser(c.hello) }

func (c *child) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

func (c *child) Name() string { return c.cmd.Path }

func (c *child) ID() string { return strconv.Itoa(c.pid) }

func (c *child) Diagnose(context.Context) string {
	return "A plugin writes one line first of all: 1|1|unix|<path of its socket>|grpc. Its log may say more."
}

// PluginToHost refuses every socket but one in the plugin's own folder: it must not make the host speak
// to anything else, nor tell its secret.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	if network != "unix" || filepath.Dir(filepath.Clean(address)) != c.sockets {
		return "", "", fmt.Errorf("it listens on %s %q, and not on a socket in the folder that PLUGIN_UNIX_SOCKET_DIR names", network, address)
	}
	if info, err := os.Lstat(address); err != nil || info.Mode().Type() != os.ModeSocket {
		return "", "", fmt.Errorf("%q is not a socket", address)
	}
	return network, address, nil
}

func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// hello is what go-plugin reads as standard output: the first line, once it is there, and the end.
type hello struct {
	ready chan struct{}
	once  sync.Once
	text  *strings.Reader
}

func newHello() *hello { return &hello{ready: make(chan struct{})} }

func (h *hello) say(line string) {
	h.once.Do(func() {
		h.text = strings.NewReader(line)
		close(h.ready)
	})
}

func (h *hello) Read(p []byte) (int, error) {
	<-h.ready
	return h.text.Read(p)
}
