package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// group is a cgroup (version 2) of a process's own: the kernel holds all that is in it to its limits, also
// what left the process group, and ends it at once. It stands in a folder that was delegated to the host:
// the one that is named (VECHE_CGROUP), or the host's own. Who owns the folder is the host, so the
// program cannot change its limits, nor leave.
type group struct {
	dir    string
	folder *os.File
	missed []string // limits that do not hold, and why
}

const groupPrefix = "veche-plugin-"

var groups atomic.Int64

// newGroup makes a group with its limits; an error says why there can be none.
func newGroup(o Options, name string) (*group, error) {
	parent := o.Cgroup
	if parent == "" {
		var err error
		if parent, err = ownGroupFolder(); err != nil {
			return nil, err
		}
	}
	sweepGroups(parent)
	g := &group{dir: filepath.Join(parent, fmt.Sprintf("%s%s-%d-%d", groupPrefix, name, os.Getpid(), groups.Add(1)))}
	handOn(parent)
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return nil, err
	}
	g.limit(o)
	var err error
	if g.folder, err = os.OpenFile(g.dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return nil, errors.Join(err, os.Remove(g.dir))
	}
	return g, nil
}

// ownGroupFolder is the host's own cgroup, where that is its own: the root of what it sees, or delegated
// to it by systemd (Delegate=yes).
func ownGroupFolder() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	_, own, ok := strings.Cut("\n"+string(text), "\n0::")
	if !ok {
		return "", errors.New("this system has no cgroups of version 2")
	}
	own, _, _ = strings.Cut(own, "\n")
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if !strings.HasPrefix(after, "cgroup2 ") || len(fields) < 5 {
			continue
		}
		below, inside := strings.CutPrefix(own, strings.TrimSuffix(fields[3], "/"))
		if !inside {
			continue
		}
		folder := filepath.Join(fields[4], below)
		if own != "/" && !delegated(folder) {
			return "", fmt.Errorf("the host's cgroup %s was not delegated to it (Delegate=yes), and VECHE_CGROUP names no other", own)
		}
		return folder, unix.Access(folder, unix.W_OK)
	}
	return "", errors.New("no cgroups of version 2 are mounted")
}

func delegated(folder string) bool {
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		var value [8]byte
		if n, err := unix.Getxattr(folder, name, value[:]); err == nil && n == 1 && value[0] == '1' {
			return true
		}
	}
	return false
}

// handOn lets the folder's groups have its controllers. Where processes stand in the folder itself the
// kernel refuses it, and limit finds none.
func handOn(parent string) {
	for _, controller := range []string{"memory", "cpu", "pids"} {
		_ = os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+"+controller), 0) // one at a time: each stands alone
	}
}

// limit writes the limits whose controllers are there.
func (g *group) limit(o Options) {
	for _, one := range []struct {
		file, value string
		may         bool // it does not matter where it is missing
	}{
		{"memory.max", strconv.FormatInt(int64(o.Memory)<<20, 10), false},
		{"memory.swap.max", "0", true},
		{"memory.oom.group", "1", true},
		{"cpu.max", fmt.Sprintf("%d 100000", int64(o.CPU*100_000)), false},
		{"pids.max", strconv.Itoa(o.Threads), false},
	} {
		file, err := os.OpenFile(filepath.Join(g.dir, one.file), os.O_WRONLY, 0)
		if err == nil {
			_, err = file.WriteString(one.value)
			err = errors.Join(err, file.Close())
		}
		switch {
		case err == nil || one.may:
		case errors.Is(err, os.ErrNotExist):
			g.missed = append(g.missed, one.file+": the cgroup "+filepath.Dir(g.dir)+" hands on no controller for it (processes stand in it, or it has none itself)")
		default:
			g.missed = append(g.missed, one.file+": "+err.Error())
		}
	}
}

// into has a program begin in the group.
func (g *group) into(a *syscall.SysProcAttr) {
	a.UseCgroupFD, a.CgroupFD = true, int(g.folder.Fd())
}

// take moves a running process into the group, where it could not begin in it.
func (g *group) take(pid int) {
	if err := os.WriteFile(filepath.Join(g.dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
		g.missed = append(g.missed, "memory.max: "+err.Error(), "cpu.max: "+err.Error(), "pids.max: "+err.Error())
	}
}

// outOfMemory says whether the kernel ended something in the group because it held too much.
func (g *group) outOfMemory() bool {
	if g == nil {
		return false
	}
	text, _ := os.ReadFile(filepath.Join(g.dir, "memory.events"))
	for line := range strings.Lines(string(text)) {
		if count, found := strings.CutPrefix(line, "oom_kill "); found && strings.TrimSpace(count) != "0" {
			return true
		}
	}
	return false
}

// outOfMemory is asked before the group is ended.
func (b *bounds) outOfMemory() bool { return b.group.outOfMemory() }

// end kills all that is in the group.
func (g *group) end() {
	if g == nil {
		return
	}
	if os.WriteFile(filepath.Join(g.dir, "cgroup.kill"), []byte("1"), 0) == nil { // since Linux 5.14
		return
	}
	text, _ := os.ReadFile(filepath.Join(g.dir, "cgroup.procs"))
	for _, word := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// remove takes the group away, once what was killed in it is gone.
func (g *group) remove() {
	if g == nil || g.folder == nil {
		return
	}
	_ = g.folder.Close()
	g.folder = nil
	for range 100 {
		if err := unix.Rmdir(g.dir); !errors.Is(err, unix.EBUSY) {
			return
		}
		g.end()
		time.Sleep(10 * time.Millisecond)
	}
}

// sweepGroups removes what hosts left that were killed. What is still used cannot be removed.
func sweepGroups(parent string) {
	all, _ := filepath.Glob(filepath.Join(parent, groupPrefix+"*"))
	for _, dir := range all {
		parts := strings.Split(filepath.Base(dir), "-")
		if len(parts) < 3 {
			continue
		}
		if _, err := os.Stat("/proc/" + parts[len(parts)-2]); errors.Is(err, os.ErrNotExist) {
			_ = unix.Rmdir(dir)
		}
	}
}
