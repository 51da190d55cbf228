package process

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// bounds are what limits a process on Linux.
type bounds struct {
	options   Options
	user      int    // 0: the host's own
	limited   bool   // before the program begins
	group     *group // nil: there is none
	unbounded []string
}

// Users of plugins' processes: the range that systemd keeps for users that exist while they are
// needed, so that no file of anybody else belongs to them.
const firstUser, lastUser = 61184, 65519

var users = struct {
	sync.Mutex
	taken map[int]bool
}{taken: map[int]bool{}}

// newBounds chooses a user of its own where the host is root and that user can reach the program.
func newBounds(o Options, program Program) bounds {
	b := bounds{options: o}
	var err error
	if b.group, err = newGroup(o, program.Manifest.Name); err != nil {
		b.unbounded = append(b.unbounded, fmt.Sprintf("processor time: there is no cgroup for it: %s", err))
	}
	switch {
	case os.Geteuid() != 0:
		b.unbounded = append(b.unbounded, "user: it runs as the host's user, because the host is not root")
	case o.HostUser:
		b.unbounded = append(b.unbounded, "user: it runs as the host's user, root, because that was asked for")
	default:
		if closed := orElse(closedFolder(program.Path), closedFolder(program.Dir)); closed != "" {
			b.unbounded = append(b.unbounded, fmt.Sprintf("user: it runs as the host's user, root, because %s is closed to others; open it to all (chmod o+rx)", closed))
		} else if b.user = takeUser(program.Manifest.Name); b.user == 0 {
			b.unbounded = append(b.unbounded, "user: it runs as the host's user, root, because this user namespace knows no other")
		}
	}
	return b
}

// closedFolder is the folder or file on the way to path that another user cannot pass.
func closedFolder(path string) string {
	need := os.FileMode(0o005)
	for at := path; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil || info.Mode().Perm()&need != need {
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
		need = 0o001
	}
}

func takeUser(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	users.Lock()
	defer users.Unlock()
	for i := range uint32(lastUser - firstUser) {
		user := firstUser + int((h.Sum32()+i)%(lastUser-firstUser))
		if !users.taken[user] && mapped(user) && len(processesOf(user)) == 0 { // of another host on this machine
			users.taken[user] = true
			return user
		}
	}
	return 0
}

// mapped says whether this user namespace has the user at all.
func mapped(user int) bool {
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		var inside, outside, length int
		if n, _ := fmt.Sscan(line, &inside, &outside, &length); n == 3 && user >= inside && user < inside+length {
			return true
		}
	}
	return false
}

// release gives the user and the group back, when the process is gone.
func (b *bounds) release() {
	b.group.remove()
	users.Lock()
	delete(users.taken, b.user)
	users.Unlock()
}

// own makes files the process's.
func (b *bounds) own(paths ...string) error {
	if b.user == 0 {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, b.user, b.user); err != nil {
			return err
		}
	}
	return nil
}

// share lets the process reach the host's socket, whose folder is closed to its user: by a second
// name of the same socket in the process's own folder, into which nobody else can look.
func (b *bounds) share(socket, folder string) (string, error) {
	if b.user == 0 {
		return socket, nil
	}
	if err := os.Chmod(socket, 0o666); err != nil {
		return "", err
	}
	name := filepath.Join(folder, "host")
	return name, os.Link(socket, name)
}

// prepare sets what must hold from the first instruction. It runs on the thread that starts the
// program, which hands on its lack of new privileges.
func (b *bounds) prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		b.unbounded = append(b.unbounded, fmt.Sprintf("privileges: prctl: %s", err))
	}
	if b.user != 0 {
		id := uint32(b.user)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: id, Gid: id}
	}
	b.byShell(cmd)
	if b.group != nil {
		b.group.into(cmd.SysProcAttr)
	}
}

// outside is the command without its group, for a system that lets nothing begin in one (a container's
// filter of system calls, say); apply moves it then.
func (b *bounds) outside(cmd *exec.Cmd) *exec.Cmd {
	if b.group == nil || !cmd.SysProcAttr.UseCgroupFD {
		return nil
	}
	attributes := *cmd.SysProcAttr
	attributes.UseCgroupFD, attributes.CgroupFD = false, 0
	return &exec.Cmd{Path: cmd.Path, Args: cmd.Args, Env: cmd.Env, Dir: cmd.Dir, Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr, SysProcAttr: &attributes}
}

// limits are those that the system counts itself.
func (b *bounds) limits() map[int]int {
	all := map[int]int{unix.RLIMIT_NOFILE: b.options.OpenFiles, unix.RLIMIT_CORE: 0}
	if b.user != 0 { // it counts all that a user runs: not for the host's own user
		all[unix.RLIMIT_NPROC] = b.options.Threads
	}
	return all
}

// byShell lets a shell set the limits before it becomes the program: what another user runs only a
// host with CAP_SYS_RESOURCE may limit from outside, which containers seldom have.
func (b *bounds) byShell(cmd *exec.Cmd) {
	const shell = "/bin/sh"
	if _, err := os.Stat(shell); b.user == 0 || capable(unix.CAP_SYS_RESOURCE) || err != nil {
		return
	}
	script := fmt.Sprintf(`ulimit -c 0 && ulimit -n %d && { ulimit -u %[2]d || ulimit -p %[2]d; } 2>/dev/null; exec "$0"`, b.options.OpenFiles, b.options.Threads)
	cmd.Args, cmd.Path = []string{"sh", "-c", script, cmd.Path}, shell
	b.limited = true
}

func capable(what int) bool {
	text, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(text), "CapEff:")
	var all uint64
	_, err := fmt.Sscanf(strings.TrimSpace(after), "%x", &all)
	return err == nil && all&(1<<what) != 0
}

// apply sets the limits of a running process, and says which do not hold.
func (b *bounds) apply(pid int, inGroup bool) []string {
	if b.group != nil && !inGroup {
		b.group.take(pid)
	}
	names := map[int]string{unix.RLIMIT_NOFILE: "open files", unix.RLIMIT_CORE: "core files", unix.RLIMIT_NPROC: "threads"}
	for kind, most := range b.limits() {
		if b.limited {
			break
		}
		var has unix.Rlimit // more than the host itself has nobody can give
		err := unix.Prlimit(pid, kind, nil, &has)
		most := min(uint64(most), has.Max)
		if err == nil {
			err = unix.Prlimit(pid, kind, &unix.Rlimit{Cur: most, Max: most}, nil)
		}
		if err != nil {
			b.unbounded = append(b.unbounded, fmt.Sprintf("%s: prlimit: %s", names[kind], err))
		}
	}
	if b.group != nil {
		b.unbounded = append(b.unbounded, b.group.missed...)
	}
	return append(b.unbounded, "network: the container's or the service manager's to limit")
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// awaitZombie waits until the process has ended, and leaves it as it is.
func awaitZombie(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}

// sweep kills what else runs as the process's own user: what left its group.
func (b *bounds) sweep() {
	b.group.end()
	if b.user == 0 {
		return
	}
	for range 10 { // again, as long as they beget others
		if b.sweepOnce() == 0 {
			return
		}
	}
}

func (b *bounds) sweepOnce() (killed int) {
	for _, pid := range processesOf(b.user) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		killed++
	}
	return killed
}

// processesOf are those that run as a user.
func processesOf(user int) (pids []int) {
	all, _ := os.ReadDir("/proc")
	for _, one := range all {
		pid, err := strconv.Atoi(one.Name())
		if err != nil {
			continue
		}
		var info syscall.Stat_t
		if syscall.Stat("/proc/"+one.Name(), &info) == nil && int(info.Uid) == user && !zombie(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// zombie says whether a process has ended and is only waited for.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(after, "Z") || strings.HasPrefix(after, "X")
}

// resident is how many bytes of memory a process and its children hold; 0 when it is gone.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, pages int64
	if n, _ := fmt.Sscan(string(text), &size, &pages); n != 2 {
		return 0
	}
	sum := pages * int64(os.Getpagesize())
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, one := range strings.Fields(string(children)) {
			if child, err := strconv.Atoi(one); err == nil {
				sum += resident(child)
			}
		}
	}
	return sum
}
