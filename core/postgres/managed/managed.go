// Package managed runs Veche's own Postgres as a child process, for
// installations that were given no database URL.
//
// It owns everything below Config.DataDir that bears the name postgres: the
// cluster, its access files, its log, its lock and the socket folder. Only the
// commands that open a database (cmd/veche, the test harness) may call it; the
// rest of the program sees a URL and cannot tell a managed server from another.
//
// The server outlives its parent on purpose: it runs in a session of its own,
// so that a kill -9 of Veche costs no crash recovery, and the next Start adopts
// it. Two Veche processes on one data folder are refused by a file lock.
//
// Failures come back as one line that says what to do (ErrNoBinaries,
// ErrVersion, ErrInUse), or with the last lines of Postgres' own log. Nothing
// half made is left: a cluster is built beside its place and renamed into it.
package managed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/veche-city/veche/core/datadir"
)

var (
	// ErrNoBinaries says that this machine has no usable Postgres.
	ErrNoBinaries = errors.New("no Postgres 14 or later found: install it " +
		"(Debian, Ubuntu: apt-get install postgresql postgresql-contrib) " +
		"or name a running server with --database-url")
	// ErrVersion says that the data needs another major version of Postgres.
	ErrVersion = errors.New("the data folder needs another version of Postgres")
	// ErrInUse says that another process holds the data folder.
	ErrInUse = errors.New("data folder in use")
)

// Config is what Start needs; only DataDir is required.
type Config struct {
	// DataDir is Veche's data folder, made if missing.
	DataDir string
	// Bin is the folder of the binaries; empty means search the machine.
	Bin string
	// MaxConnections is Postgres' setting; 0 means 100.
	MaxConnections int
	// Volatile trades safety for speed: after a power cut the data is lost.
	// For tests only, and off by default, so that forgetting it loses nothing.
	Volatile bool
	// Shared lets several processes use one server, one after the other starting
	// or adopting it. The lock is then held only while Start runs.
	Shared bool
	Log    *slog.Logger
	// Progress gets one line before each step that may take over a second.
	Progress func(string)
}

func (c Config) withDefaults() (Config, error) {
	if c.DataDir == "" {
		return c, errors.New("managed postgres: no data folder given (--data-dir)")
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 100
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	return c, nil
}

// Start adopts the server that already runs on the data folder or starts one,
// making the cluster first where there is none, and returns once it answers.
// ctx bounds the whole start; crash recovery of a large cluster takes minutes.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	l, acct, err := prepare(cfg.DataDir)
	if err != nil {
		return nil, fmt.Errorf("managed postgres: %w", err)
	}
	lock, err := lockFile(ctx, l, cfg.Shared)
	if err != nil {
		return nil, fmt.Errorf("managed postgres: %w", err)
	}
	s := &starter{cfg: cfg, layout: l, account: acct}
	server, err := s.run(ctx)
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("managed postgres: %w", err)
	}
	if cfg.Shared {
		_ = lock.Close()
		lock = nil
	}
	server.lock = lock
	go server.watch()
	return server, nil
}

// starter carries one Start; it lives no longer than that.
type starter struct {
	cfg     Config
	layout  layout
	account account
	socket  string
	changed bool // who may sign in is another than was written before
	stale   int  // number in a stale postmaster.pid, 0 when there is none
}

func (s *starter) run(ctx context.Context) (*Server, error) {
	if err := s.writeAccess(); err != nil {
		return nil, err
	}
	var err error
	if s.socket, err = socketDir(s.layout, s.account); err != nil {
		return nil, err
	}
	proc, err := s.adopt(ctx)
	if err != nil {
		return nil, err
	}
	adopted := proc != nil
	if !adopted {
		if proc, err = s.launch(ctx); err != nil {
			return nil, err
		}
	}
	server := newServer(s, proc, adopted)
	if err := server.provision(ctx, adopted && s.changed); err != nil {
		if !adopted {
			proc.abandon()
		}
		return nil, err
	}
	s.cfg.Log.Info("postgres answers", "pid", proc.pid, "adopted", adopted, "socket", s.socket)
	return server, nil
}

// layout names the files of one data folder.
type layout struct {
	root, cluster, log, hba, ident, lock, run string
}

// prepare makes the data folder and settles under which account Postgres runs.
// Paths are resolved once: Postgres and /proc report resolved paths too.
func prepare(dataDir string) (layout, account, error) {
	abs, err := filepath.Abs(dataDir)
	if err != nil {
		return layout{}, account{}, err
	}
	if err := datadir.Make(abs); err != nil {
		return layout{}, account{}, err
	}
	root, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return layout{}, account{}, err
	}
	in := func(name string) string { return filepath.Join(root, name) }
	l := layout{root: root, cluster: in("postgres"), log: in("postgres.log"), hba: in("postgres.hba"),
		ident: in("postgres.ident"), lock: in("postgres.lock"), run: in("run")}
	acct, err := chooseAccount(l)
	return l, acct, err
}
