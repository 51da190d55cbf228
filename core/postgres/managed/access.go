package managed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	// superuser owns the cluster and is used to create databases, nothing else.
	superuser = "postgres"
	// owner is the role that Veche works as: it owns its databases and may not
	// touch the machine (no COPY FROM PROGRAM, no files), whatever slips through.
	owner = "veche"
	// maxSocketPath is the shortest limit of sun_path among the systems we run
	// on (macOS 103; Linux 107), including the socket's own name.
	maxSocketPath = 103
	socketName    = ".s.PGSQL.5432"
)

// writeAccess says who may sign in: over the Unix socket, whoever the kernel
// vouches to be root or the server's own account (peer). That holds both for a
// root Veche with a lower server and for an ordinary user, needs no password
// that could leak through a URL or a log, and does not rest on file modes alone.
//
// The files lie beside the cluster, not in it, and are given on the command
// line: they follow the code, and root never writes where a lower user could
// have laid a symbolic link.
//
// All other roles are those of plugins (roles.go), which sign in with a password: Veche itself does so
// for them, and no plugin ever knows one.
func (s *starter) writeAccess() error {
	rules := "local all " + owner + "," + superuser + " peer map=veche\nlocal all all scram-sha-256\n"
	before, err := os.ReadFile(s.layout.hba)
	s.changed = err != nil || string(before) != rules
	if err := s.writeFile(s.layout.hba, rules); err != nil {
		return err
	}
	var ident strings.Builder
	for _, system := range []string{userName(0), s.account.name} {
		for _, role := range []string{owner, superuser} {
			fmt.Fprintf(&ident, "veche %q %q\n", system, role)
		}
	}
	return s.writeFile(s.layout.ident, ident.String())
}

// writeFile replaces a file as a whole, readable for the server's account.
func (s *starter) writeFile(path, text string) error {
	f, err := os.CreateTemp(s.layout.root, filepath.Base(path)+".new-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), s.layout.give(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// give hands a file made by root to the owner of the data folder, so that a
// start with sudo does not lock its owner out afterwards.
func (l layout) give(f *os.File) error {
	uid, ok := ownerOf(l.root)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(uid, -1)
}

// socketDir is the folder of the socket: run in the data folder or, where that
// path is too long for a socket, a short one whose place run records as a
// symbolic link, so that the next start finds the same server.
func socketDir(l layout, a account) (string, error) {
	if fits(l.run) {
		return l.run, privateDir(l.run, a)
	}
	if target, err := os.Readlink(l.run); err == nil && isPrivate(target, a) {
		return target, nil
	}
	for _, base := range []string{os.TempDir(), "/tmp"} {
		dir, err := os.MkdirTemp(base, "veche-")
		if err != nil {
			continue
		}
		if !fits(dir) {
			_ = os.Remove(dir)
			continue
		}
		return dir, errors.Join(a.own(dir), relink(dir, l.run))
	}
	return "", fmt.Errorf("the path %s is too long for a socket, and no short temporary folder could be made: choose a shorter --data-dir or set TMPDIR", l.run)
}

func fits(dir string) bool { return len(filepath.Join(dir, socketName)) <= maxSocketPath }

// privateDir makes run a folder of the server's account alone: the second wall
// behind peer.
func privateDir(dir string, a account) error {
	if isPrivate(dir, a) {
		return nil
	}
	if info, err := os.Lstat(dir); err == nil && !info.IsDir() {
		if err := os.Remove(dir); err != nil {
			return fmt.Errorf("socket folder: %w", err)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("socket folder: %w", err)
	}
	return errors.Join(a.own(dir), os.Chmod(dir, 0o700))
}

func isPrivate(dir string, a account) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == a.uid
}

func relink(target, link string) error {
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("record the socket folder: %w", err)
	}
	if err := os.Symlink(target, link); err != nil {
		return fmt.Errorf("record the socket folder: %w", err)
	}
	return nil
}
