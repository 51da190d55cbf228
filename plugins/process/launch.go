package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/manifest"
)

// refusal is why a program must not run: it is not tried again.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// launched is a program that runs, and all that ends with it.
type launched struct {
	child  *child
	handle *handle
	bounds *bounds
	folder string
	remote plugin.ClientProtocol
}

// launch starts the program and lets it describe itself; when ctx ends before, it is killed. It
// always gives back what there is to be disposed of.
func (s *Supervisor) launch(ctx context.Context) (*launched, error) {
	bounds := newBounds(s.options, s.program)
	l := &launched{bounds: &bounds}
	folder, err := os.MkdirTemp("", "veche-") // of mode 0700
	if err != nil {
		return l, err
	}
	l.folder = folder
	if err := bounds.own(folder); err != nil {
		return l, err
	}
	environment, err := s.environment(&bounds, folder)
	if err != nil {
		return l, err
	}
	s.output.last.Store(nil)
	l.child = &child{
		output: s.output, options: s.options, bounds: bounds, hello: newHello(), exited: make(chan struct{}),
		cmd: &exec.Cmd{Path: s.program.Path, Args: []string{s.program.Path}, Dir: s.program.Dir, Env: environment},
	}
	defer context.AfterFunc(ctx, func() { l.child.kill("it was not ready in " + s.options.StartTimeout.String()) })()
	if l.remote, err = s.connect(l.child, folder); err != nil {
		return l, err
	}
	l.handle = newHandle(l.remote.(*plugin.GRPCClient).Conn) // gRPC is the only protocol allowed
	described, err := l.handle.client.Describe(ctx, &contract.DescribeRequest{})
	if err != nil {
		return l, fmt.Errorf("it does not describe itself: %w", err)
	}
	s.described.Store(described)
	return l, s.compare(described)
}

// environment is all that the program is told: nothing of the host's own beside PATH and LANG.
func (s *Supervisor) environment(b *bounds, folder string) ([]string, error) {
	all := []string{
		"PATH=" + orElse(os.Getenv("PATH"), "/usr/local/bin:/usr/bin:/bin"), "HOME=" + folder, "TMPDIR=" + folder, "TZ=UTC", "LANG=" + orElse(os.Getenv("LANG"), "C.UTF-8"),
		contract.Key + "=" + s.key,
	}
	address := s.program.HostAddress
	if socket, ok := strings.CutPrefix(address, "unix:"); ok {
		shared, err := b.share(socket, folder)
		if err != nil {
			return nil, fmt.Errorf("the host's socket cannot be shared with it: %w", err)
		}
		address = "unix:" + shared
	}
	return append(all, contract.HostAddress+"="+address), nil
}

// connect starts the program by go-plugin, and connects to it. Neither of go-plugin's Kill and Ping is
// ever called: both wait without end for a process that was stopped.
func (s *Supervisor) connect(c *child, folder string) (plugin.ClientProtocol, error) {
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{ProtocolVersion: contract.Version, MagicCookieKey: contract.Cookie, MagicCookieValue: contract.CookieValue},
		Plugins:          plugin.PluginSet{},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		SkipHostEnv:      true,
		StartTimeout:     2 * s.options.StartTimeout, // the context's comes first, and says what it was
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: folder},
		GRPCDialOptions:  dialOptions(s.key),
		Logger:           hclog.NewNullLogger(), // its process's end and its log are ours to tell
		// A runner of ours, for go-plugin's own gives the program the host's standard input.
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, sockets string) (runner.Runner, error) {
			c.cmd.Env = append(c.cmd.Env, spec.Env...)
			c.sockets = sockets
			if err := c.bounds.own(sockets); err != nil {
				return nil, err
			}
			return c, s.checkSum(c.cmd.Path)
		},
	})
	if _, err := client.Start(); err != nil {
		return nil, err
	}
	return client.Client()
}

// checkSum is go-plugin's SecureConfig, which it does not apply to runners.
func (s *Supervisor) checkSum(path string) error {
	if s.program.Dev && len(s.program.Sum) == 0 {
		return nil
	}
	ok, err := (&plugin.SecureConfig{Checksum: s.program.Sum, Hash: sha256.New()}).Check(path)
	if err != nil {
		return refuse("its program cannot be checked: %s", err)
	}
	if !ok {
		return refuse("its program %s is not the one of the bundle: the SHA-256 differs; install the bundle again", path)
	}
	return nil
}

// compare holds what the plugin says of itself against what the administrator approved.
func (s *Supervisor) compare(d *contract.DescribeResponse) error {
	m := s.program.Manifest
	switch {
	case d.GetName() != m.Name:
		return refuse("it says that its name is %q, the manifest that it is %q", d.GetName(), m.Name)
	case d.GetVersion() != m.Version:
		return refuse("it says that its version is %q, the manifest that it is %q: build it again", d.GetVersion(), m.Version)
	case normal(d.GetSchema()) != normal(s.program.SDL):
		return refuse("its schema is not the one of the bundle (%s): build it again; they differ from line %d on", m.Schema, differ(d.GetSchema(), s.program.SDL))
	case d.GetManifest() != "":
		text, err := os.ReadFile(filepath.Join(s.program.Dir, manifest.File))
		if sum := sha256.Sum256(text); err == nil && !strings.EqualFold(d.GetManifest(), hex.EncodeToString(sum[:])) {
			return refuse("it was built with another %s than the one of the bundle: build it again", manifest.File)
		}
	}
	return nil
}

// normal leaves out what differs between systems only.
func normal(sdl string) string { return strings.TrimSpace(strings.ReplaceAll(sdl, "\r\n", "\n")) }

func differ(a, b string) int {
	one, other := strings.Split(normal(a), "\n"), strings.Split(normal(b), "\n")
	for i := range min(len(one), len(other)) {
		if one[i] != other[i] {
			return i + 1
		}
	}
	return min(len(one), len(other)) + 1
}

// dispose ends what is left of a launched program. It never waits without end.
func (s *Supervisor) dispose(l *launched) {
	if l.handle != nil {
		l.handle.close()
	}
	if c := l.child; c != nil {
		c.kill("")
		if c.pid != 0 && !within(5*time.Second, c.exited) {
			s.options.Log.Error("plugin's process does not end although it was killed", "pid", c.pid)
		}
		c.letGo()
	}
	if l.remote != nil {
		closed := make(chan struct{})
		go func() { defer close(closed); _ = l.remote.Close() }()
		within(time.Second, closed)
	}
	l.bounds.release()
	if err := os.RemoveAll(l.folder); l.folder != "" && err != nil {
		s.options.Log.Warn("plugin's folder is left behind", "folder", l.folder, "error", err)
	}
}

// within says whether done was closed in time.
func within(limit time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// reasonOf says why a start failed: what the process ended of, where it was that.
func reasonOf(l *launched, err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.reason
	}
	if c := l.child; c != nil && c.pid != 0 && within(100*time.Millisecond, c.exited) {
		said := firstLine(err)
		if strings.TrimSpace(said) == "Unrecognized remote plugin message:" { // go-plugin's, of nothing
			said = "it did not say where its socket is"
		}
		if last := c.output.last.Load(); last != nil {
			said += "; its last words: " + *last
		}
		return fmt.Sprintf("%s, before it was ready (%s)", c.ended(), said)
	}
	return firstLine(err)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
