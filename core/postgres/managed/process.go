package managed

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a postmaster: our child, or one that an earlier process left.
type process struct {
	pid     int
	child   bool
	cluster string
	uid     int
}

// verdict says whose process a number from postmaster.pid is.
type verdict int

const (
	foreign verdict = iota // surely not the postmaster of this cluster
	unsure                 // a Postgres of the same user that could be it
	ours
)

// pidFile is what a postmaster writes into its cluster.
type pidFile struct {
	pid       int
	socketDir string
	ready     bool
}

// readPidFile returns nil where no postmaster has left a file.
func readPidFile(cluster string) (*pidFile, error) {
	text, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read postmaster.pid: %w", err)
	}
	lines := strings.Split(string(text), "\n")
	// An unreadable number is a file cut short by a full disk or a crash: nobody's.
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		pid = 0
	}
	file := &pidFile{pid: pid}
	if len(lines) > 4 {
		file.socketDir = lines[4]
	}
	if len(lines) > 7 {
		file.ready = strings.HasPrefix(lines[7], "ready")
	}
	return file, nil
}

// facts is what the system tells about a process.
type facts struct {
	uid     int
	zombie  bool
	args    []string
	cwd     string // empty when the system does not say
	program string
}

// judge decides with care, since a second postmaster on one cluster ruins it: what
// is not surely foreign is left to Postgres' own check.
func (p process) judge() verdict {
	f, ok := describe(p.pid)
	if !ok || f.zombie || f.uid != p.uid {
		return foreign
	}
	if f.program != "postgres" && f.program != "postmaster" {
		return foreign
	}
	// A postmaster's working folder is its cluster, but root in a container may
	// not read it; then the command line decides.
	if f.cwd != "" {
		if f.cwd == p.cluster && !isBackend(f) {
			return ours
		}
		return foreign
	}
	if slices.Contains(f.args, p.cluster) {
		return ours
	}
	if isBackend(f) {
		return foreign
	}
	return unsure
}

// isBackend knows the title that Postgres gives its processes below a postmaster.
func isBackend(f facts) bool { return len(f.args) > 0 && strings.HasPrefix(f.args[0], "postgres: ") }

// describe reads /proc and, on systems without it, asks ps.
func describe(pid int) (facts, bool) {
	if pid <= 0 {
		return facts{}, false
	}
	if _, err := os.Stat("/proc/self/status"); err == nil {
		return describeProc(pid)
	}
	return describePS(pid)
}

func describeProc(pid int) (facts, bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return facts{}, false
	}
	f := facts{uid: -1}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "Name:":
			f.program = fields[1]
		case "State:":
			f.zombie = fields[1] == "Z" || fields[1] == "X"
		case "Uid:":
			if f.uid, err = strconv.Atoi(fields[1]); err != nil {
				return facts{}, false
			}
		}
	}
	if cmdline, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil {
		f.args = strings.Split(string(bytes.TrimRight(cmdline, "\x00")), "\x00")
		// Its memory is given back already: it is as good as a zombie.
		f.zombie = f.zombie || len(cmdline) == 0
	}
	if cwd, err := os.Readlink(filepath.Join(dir, "cwd")); err == nil {
		f.cwd = cwd
	}
	return f, true
}

// describePS splits the command at spaces, so a data folder with a space in its
// path is not recognised and the verdict stays unsure.
func describePS(pid int) (facts, bool) {
	out, err := exec.Command("ps", "-ww", "-o", "uid=", "-o", "state=", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) < 3 {
		return facts{}, false
	}
	uid, err := strconv.Atoi(fields[0])
	if err != nil {
		return facts{}, false
	}
	f := facts{uid: uid, zombie: strings.HasPrefix(fields[1], "Z"), args: fields[2:], program: filepath.Base(fields[2])}
	if fields[2] == "postgres:" {
		f.program, f.args = "postgres", []string{strings.Join(fields[2:], " ")}
	}
	return f, true
}

// gone reports whether the postmaster has ended. Of a child it also takes the
// zombie, so it must be asked by one goroutine at a time.
func (p process) gone() bool {
	if !p.child {
		return p.judge() != ours
	}
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(p.pid, &status, syscall.WNOHANG, nil)
	return pid == p.pid || errors.Is(err, syscall.ECHILD)
}

// interrupt asks for a fast shutdown: sessions are cut, transactions rolled back.
func (p process) interrupt() { _ = syscall.Kill(p.pid, syscall.SIGINT) }

// quit ends Postgres at once; it recovers from its log at the next start.
func (p process) quit() { _ = syscall.Kill(p.pid, syscall.SIGQUIT) }

// abandon ends a child that cannot be used and waits, within Postgres' own limit.
func (p process) abandon() {
	p.quit()
	for deadline := time.Now().Add(immediateLimit); !p.gone() && time.Now().Before(deadline); {
		time.Sleep(poll)
	}
}
