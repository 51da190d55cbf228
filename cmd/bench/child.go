package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// child is a server that was started.
type child struct {
	command *exec.Cmd
	address string
	ended   chan struct{} // closed when it has ended
}

// announcement is what both servers write to standard error when they answer, before the address.
const announcement = "serving on http://"

// lookEvery is how often a starting server's log is looked at.
const lookEvery = 20 * time.Millisecond

// start runs a server until strike, its log in a file: reading a pipe here would cost CPU while it
// is measured. It returns when the server answers.
func (s *stage) start(ctx context.Context, program string, args ...string) (*child, error) {
	name := filepath.Join(s.folder, args[0]+".log")
	log, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	c := &child{command: exec.Command(program, args...), ended: make(chan struct{})}
	c.command.Stderr, c.command.Env = log, bareEnvironment()
	// In a group of its own, Ctrl-C reaches only this process, which then stops it in order.
	c.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.ended)
		_ = c.command.Wait() // how it ended shows in its log
	}()
	s.later(c.stop)
	for {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if c.address = announced(text); c.address != "" {
			return c, nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-c.ended:
			return nil, fmt.Errorf("%s %s ended by itself:\n%s", filepath.Base(program), args[0], text)
		}
	}
}

func announced(log []byte) string {
	lines := bufio.NewScanner(bytes.NewReader(log))
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), announcement); found {
			address, _, _ := strings.Cut(rest, " ")
			return address
		}
	}
	return ""
}

func (c *child) stop(ctx context.Context) error {
	select {
	case <-c.ended:
		return nil
	default:
	}
	if err := c.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
		return c.command.Process.Kill()
	}
}

// bareEnvironment is ours without settings of Veche and of Postgres' clients, so that both servers
// run as they do by default.
func bareEnvironment() []string {
	var kept []string
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "VECHE_") && !strings.HasPrefix(setting, "PG") && !strings.HasPrefix(setting, "DATABASE_URL=") {
			kept = append(kept, setting)
		}
	}
	return kept
}

// freeAddress is one that nobody listens on at this moment.
func freeAddress() (string, error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return socket.Addr().String(), socket.Close()
}
