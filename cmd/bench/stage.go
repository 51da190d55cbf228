package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core/postgres/managed"
)

// stage is everything that a run needs and starts: a folder, a database, and the two servers. What
// has been set is taken down by strike, also when setting it failed half way.
type stage struct {
	folder       string
	server       *managed.Server // nil with --database-url
	database     string          // the throw-away database's address
	db           *pgx.Conn
	postmaster   int // 0: not to be seen from here, so its CPU is not measured
	binary       string
	veche, floor *child
	profiled     bool   // a profile will be taken
	admin        string // Veche's admin address, when profiles are wanted
	takeDown     []func(context.Context) error
}

// later notes what has to be undone; the last is undone first.
func (s *stage) later(undo func(context.Context) error) { s.takeDown = append(s.takeDown, undo) }

// strikeTime bounds taking everything down.
const strikeTime = time.Minute

func (s *stage) strike() error {
	ctx, cancel := context.WithTimeout(context.Background(), strikeTime)
	defer cancel()
	var failed error
	for i := len(s.takeDown) - 1; i >= 0; i-- {
		failed = errors.Join(failed, s.takeDown[i](ctx))
	}
	s.takeDown = nil
	return failed
}

// end takes everything down, and answers what went wrong.
func (s *stage) end(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = errors.New("interrupted") // whatever else failed, failed by that
	}
	return errors.Join(err, s.strike())
}

// set starts both servers on a filled database.
func (s *stage) set(ctx context.Context, c *setting, rows int) error {
	if err := s.begin(ctx, c); err != nil {
		return err
	}
	progress(fmt.Sprintf("adding bulk, with a list of %d rows", rows))
	if err := fill(ctx, s.db, amount{c.Persons, c.Councils, rows}); err != nil {
		return err
	}
	return s.startFloor(ctx, c)
}

// begin starts Veche on the reference city.
func (s *stage) begin(ctx context.Context, c *setting) error {
	for _, step := range []struct {
		what string
		do   func(context.Context, *setting) error
	}{
		{"", s.makeFolder}, {"building veche", s.build}, {"starting Postgres", s.startPostgres}, {"loading the reference city", s.startVeche},
		{"", s.seePostmaster},
	} {
		if step.what != "" {
			progress(step.what)
		}
		if err := step.do(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) makeFolder(context.Context, *setting) (err error) {
	if s.folder, err = os.MkdirTemp("", "veche-bench-"); err != nil {
		return err
	}
	s.later(func(context.Context) error { return os.RemoveAll(s.folder) })
	return os.Chmod(s.folder, 0o711) // the managed server's account must pass through
}

func (s *stage) build(ctx context.Context, c *setting) error {
	if s.binary = c.Veche; s.binary != "" {
		return nil
	}
	s.binary = filepath.Join(s.folder, "veche")
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", s.binary, "github.com/veche-city/veche/cmd/veche").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// startPostgres makes a database, on a server of its own or on the one that was named.
func (s *stage) startPostgres(ctx context.Context, c *setting) (err error) {
	if c.DatabaseURL != "" {
		return s.makeDatabase(ctx, c.DatabaseURL)
	}
	if s.server, err = managed.Start(ctx, managed.Config{DataDir: filepath.Join(s.folder, "data")}); err != nil {
		return err
	}
	s.later(s.server.Stop)
	if err := s.server.EnsureDatabase(ctx, "veche"); err != nil {
		return err
	}
	return s.connect(ctx, s.server.URL("veche"))
}

func (s *stage) connect(ctx context.Context, url string) (err error) {
	s.database = url
	if s.db, err = pgx.Connect(ctx, url); err == nil {
		s.later(s.db.Close)
	}
	return err
}

// startVeche has the reference city loaded, which makes the schema, and the second municipality
// added before it serves both.
func (s *stage) startVeche(ctx context.Context, c *setting) (err error) {
	add := exec.CommandContext(ctx, s.binary, "municipality", "add", secondTown, "--database-url", s.database,
		"--name-ru", "Соседний город", "--name-en", "Neighbour", "--time-zone", "Asia/Krasnoyarsk")
	add.Env = bareEnvironment()
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("veche municipality add: %w\n%s", err, out)
	}
	if s.profiled {
		if s.admin, err = freeAddress(); err != nil {
			return err
		}
	}
	s.veche, err = s.start(ctx, s.binary, "demo", "--listen=127.0.0.1:0", "--max-page=1000", "--admin-listen="+s.admin,
		"--database-url="+s.database, "--max-connections="+strconv.Itoa(c.Pool))
	return err
}

func (s *stage) startFloor(ctx context.Context, c *setting) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.floor, err = s.start(ctx, self, "floor", "--database-url="+s.database, "--pool="+strconv.Itoa(c.Pool))
	return err
}

// machine says where the figures were taken.
func (s *stage) machine(ctx context.Context) string {
	var version string
	if err := s.db.QueryRow(ctx, "SELECT current_setting('server_version')").Scan(&version); err != nil {
		version = "?"
	}
	return fmt.Sprintf("%d CPUs, %s/%s, %s, Postgres %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), version)
}
