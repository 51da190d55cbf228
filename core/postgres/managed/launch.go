package managed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	poll       = 20 * time.Millisecond
	maxLogSize = 10 << 20
	// orphanTries, 200 ms apart, outlast the end of a killed postmaster's orphans.
	orphanTries = 50
)

var errGone = errors.New("the server process ended")

// adopt returns the server that already runs on the cluster, nil when there is
// none. After a restart of the machine the number in postmaster.pid may belong to
// anyone, so the process behind it is looked at before it is believed.
func (s *starter) adopt(ctx context.Context) (*process, error) {
	for {
		file, err := readPidFile(s.layout.cluster)
		if err != nil || file == nil {
			return nil, err
		}
		proc := &process{pid: file.pid, cluster: s.layout.cluster, uid: s.account.uid}
		if verdict := proc.judge(); verdict != ours {
			return nil, s.setAside(file, verdict)
		}
		if file.ready && !s.socketThere(file) {
			// The data folder was moved or the socket swept away: nobody can reach it.
			s.cfg.Progress("restarting the database server: its socket is gone")
			proc.interrupt()
		}
		if err := s.await(ctx, proc); !errors.Is(err, errGone) {
			return proc, err
		}
	}
}

// setAside deals with a stale postmaster.pid. The file is left in place, since
// it also names the shared memory by which Postgres sees that orphans of a dead
// postmaster still write; Postgres is only told which number not to fear. A file
// without a number was cut short by a power cut and would stop Postgres for good.
func (s *starter) setAside(file *pidFile, v verdict) error {
	if file.pid > 0 {
		if v == foreign {
			s.stale = file.pid
		}
		return nil
	}
	if err := os.Remove(filepath.Join(s.layout.cluster, "postmaster.pid")); err != nil {
		return fmt.Errorf("remove the broken postmaster.pid: %w", err)
	}
	return nil
}

func (s *starter) socketThere(file *pidFile) bool {
	if file.socketDir != s.socket {
		return false
	}
	_, err := os.Stat(filepath.Join(s.socket, socketName))
	return err == nil
}

// launch makes the cluster if needed and starts Postgres on it.
func (s *starter) launch(ctx context.Context) (*process, error) {
	bin, err := findBinaries(s.cfg, s.layout.cluster)
	if err != nil {
		return nil, err
	}
	if err := s.account.canReach(s.layout.root, bin.path("postgres")); err != nil {
		return nil, err
	}
	if err := s.ensureCluster(ctx, bin); err != nil {
		return nil, err
	}
	return s.launchAndWait(ctx, bin)
}

// launchAndWait tries again while orphans of a postmaster that was killed are
// still ending: Postgres refuses to start beside them, and they end by themselves.
func (s *starter) launchAndWait(ctx context.Context, bin binaries) (*process, error) {
	for try := 1; ; try++ {
		proc, offset, err := s.spawn(bin)
		if err != nil {
			return nil, err
		}
		if err = s.await(ctx, proc); err == nil {
			return proc, nil
		}
		if !errors.Is(err, errGone) {
			proc.abandon()
		}
		tail := logTail(s.layout.log, offset)
		if try == orphanTries || !strings.Contains(tail, "pre-existing shared memory block") {
			return nil, fmt.Errorf("postgres did not start: %w\n%s", err, tail)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * poll):
		}
	}
}

// spawn starts the postmaster in a session of its own, so that neither Ctrl-C in
// Veche's terminal nor Veche's death reaches it.
func (s *starter) spawn(bin binaries) (*process, int64, error) {
	log, offset, err := openLog(s.layout)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = log.Close() }()
	args := []string{"-D", s.layout.cluster}
	for _, setting := range s.settings() {
		args = append(args, "-c", setting)
	}
	cmd := s.account.command(s.layout.cluster, bin.path("postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr.Setsid = true
	if s.stale > 0 {
		// Postgres does not take its grandparent for another postmaster.
		cmd.Env = append(cmd.Env, "PG_GRANDPARENT_PID="+strconv.Itoa(s.stale))
	}
	if err := cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("start postgres: %w", err)
	}
	return &process{pid: cmd.Process.Pid, child: true, cluster: s.layout.cluster, uid: s.account.uid}, offset, nil
}

// settings are given on the command line and not written into the cluster, so
// that they follow the code. They suit a machine of 1 to 4 GB.
func (s *starter) settings() []string {
	list := []string{
		"listen_addresses=", "port=5432", "unix_socket_directories=" + quoteList(s.socket),
		"hba_file=" + s.layout.hba, "ident_file=" + s.layout.ident,
		"max_connections=" + strconv.Itoa(s.cfg.MaxConnections),
		"shared_buffers=128MB", "random_page_cost=1.1", "jit=off",
		"timezone=UTC", "log_timezone=UTC", "lc_messages=C",
		"logging_collector=off", "log_destination=stderr", "log_line_prefix=%m [%p] ",
		// Statements and the details of errors carry residents' data: the log
		// gets the message alone.
		"log_min_error_statement=panic", "log_error_verbosity=terse", "log_statement=none",
	}
	if s.cfg.Volatile {
		list = append(list, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"autovacuum=off", "wal_level=minimal", "max_wal_senders=0")
	}
	return list
}

func quoteList(path string) string { return `"` + strings.ReplaceAll(path, `"`, `""`) + `"` }

// await returns once the server answers, errGone when it ended instead. Refusals
// are expected while it recovers or shuts down; a refused sign-in is final.
func (s *starter) await(ctx context.Context, proc *process) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	began, told := time.Now(), false
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		var refusal *pgconn.PgError
		if errors.As(err, &refusal) && strings.HasPrefix(refusal.Code, "28") {
			return err
		}
		if proc.gone() {
			return errGone
		}
		if !told && time.Since(began) > time.Second {
			s.cfg.Progress("waiting for the database server (process " + strconv.Itoa(proc.pid) + ")")
			told = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w while waiting for the server to answer (last: %w)", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// ping also asks which cluster answers, so that no other server is adopted.
func (s *starter) ping(ctx context.Context) error {
	// A stopped process accepts connections and never answers; ask again then.
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, socketURL(s.socket, superuser, "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.Exec(ctx, "SHOW data_directory").ReadAll()
	if err != nil {
		return err
	}
	if got := string(results[0].Rows[0][0]); got != s.layout.cluster {
		return fmt.Errorf("another server answers at %s: it serves %s", s.socket, got)
	}
	return nil
}

// openLog appends to Postgres' log, putting a large one aside first, and says
// where this run's lines begin.
func openLog(l layout) (*os.File, int64, error) {
	if info, err := os.Lstat(l.log); err == nil && info.Size() > maxLogSize {
		if err := os.Rename(l.log, l.log+".1"); err != nil {
			return nil, 0, fmt.Errorf("rotate postgres.log: %w", err)
		}
	}
	f, err := os.OpenFile(l.log, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open postgres.log: %w", err)
	}
	info, err := f.Stat()
	if err = errors.Join(err, l.give(f)); err != nil {
		_ = f.Close()
		return nil, 0, fmt.Errorf("open postgres.log: %w", err)
	}
	return f, info.Size(), nil
}

func logTail(path string, offset int64) string {
	f, err := os.Open(path)
	if err != nil {
		return "(its log cannot be read: " + err.Error() + ")"
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.NewSectionReader(f, offset, maxLogSize))
	if err != nil {
		return "(its log cannot be read: " + err.Error() + ")"
	}
	return lastLines(text)
}

func lastLines(text []byte) string {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-10):], []byte("\n")))
}

// runOut runs a program to its end, or kills it when ctx ends.
func runOut(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	err := cmd.Wait()
	return out.Bytes(), errors.Join(ctx.Err(), err)
}
