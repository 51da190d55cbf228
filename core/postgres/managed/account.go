package managed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is the system user that Postgres runs under. initdb and postgres
// refuse root, so a root Veche hands them to a lower one (switched).
type account struct {
	name     string
	uid, gid int
	switched bool
}

// chooseAccount prefers whoever already owns the data, so that a cluster made by
// one way of starting is never taken away from it by another.
func chooseAccount(l layout) (account, error) {
	euid := os.Geteuid()
	if euid != 0 {
		if owner, ok := ownerOf(l.cluster); ok && owner != euid {
			return account{}, fmt.Errorf("the cluster %s belongs to user %s: start as that user or as root, or choose another --data-dir",
				l.cluster, userName(owner))
		}
		return lookup(strconv.Itoa(euid), false)
	}
	for _, path := range []string{l.cluster, l.root} {
		if owner, ok := ownerOf(path); ok && owner != 0 {
			return lookup(strconv.Itoa(owner), true)
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return lookup(u.Uid, true)
		}
	}
	return account{}, errors.New("started as root, but there is neither a user postgres nor nobody to run Postgres under: create one, or start as an ordinary user")
}

func lookup(uid string, switched bool) (account, error) {
	u, err := user.LookupId(uid)
	if err != nil {
		return account{}, fmt.Errorf("running Postgres needs a named system user: %w", err)
	}
	id, errU := strconv.Atoi(u.Uid)
	gid, errG := strconv.Atoi(u.Gid)
	return account{name: u.Username, uid: id, gid: gid, switched: switched}, errors.Join(errU, errG)
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

func ownerOf(path string) (int, bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// own gives a path that Postgres must write to its account.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// command prepares a Postgres program. Its environment is ours alone: PGDATA,
// PGPORT and their kin in the caller's must not lead it elsewhere.
func (a account) command(dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return cmd
}

// canReach tries the way to dir as the account itself, which no reading of mode
// bits equals (ACLs, mount options), and names the first folder that bars it.
func (a account) canReach(dir, postgres string) error {
	if !a.switched {
		return nil
	}
	barred := func(at string) bool {
		return errors.Is(a.command(at, postgres, "--version").Run(), fs.ErrPermission)
	}
	if barred("/") {
		return fmt.Errorf("user %s may not run %s", a.name, postgres)
	}
	if !barred(dir) {
		return nil
	}
	at := "/"
	for part := range strings.SplitSeq(strings.Trim(dir, "/"), "/") {
		at = filepath.Join(at, part)
		if barred(at) {
			break
		}
	}
	return fmt.Errorf("started as root, Postgres runs as user %s, who may not enter %s: allow it (chmod o+x %s), or choose another --data-dir, or start as the owner of that folder",
		a.name, at, at)
}
