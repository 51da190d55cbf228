package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// With these set this test binary opens a database in the folder, notes each
// building of the template in the file, and holds the database until it is told
// to end or killed.
const (
	dirEnv  = "VECHE_PGTEST_DIR"
	noteEnv = "VECHE_PGTEST_NOTES"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirEnv); dir != "" {
		os.Exit(user(dir, os.Getenv(noteEnv)))
	}
	os.Exit(m.Run())
}

func user(dir, notes string) int {
	ctx := context.Background()
	s, database, err := testHost(dir).open(ctx, noting(notes))
	if err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	fmt.Println(database)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if err := s.drop(ctx, database); err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	return 0
}

func testHost(dir string) host { return host{dir: dir, idle: 2 * keeperStep} }

// noting is a template of one row that tells how often it was built.
func noting(notes string) Template {
	return Template{Name: "noting", Fingerprint: "1", Build: func(ctx context.Context, url string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.Exec(ctx, "CREATE TABLE town AS SELECT 'Канск' AS name"); err != nil {
			return err
		}
		f, err := os.OpenFile(notes, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		_, err = f.WriteString("built\n")
		return err
	}}
}

func builds(t *testing.T, notes string) int {
	t.Helper()
	text, err := os.ReadFile(notes)
	must(t, err)
	return strings.Count(string(text), "built\n")
}

type process struct {
	*exec.Cmd
	database string
	end      func()
}

// spawn starts another test process and returns once it has its database.
func spawn(t *testing.T, dir, notes string) process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dirEnv+"="+dir, noteEnv+"="+notes)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	database := strings.TrimSpace(line)
	if err != nil || !strings.HasPrefix(database, testPrefix) {
		t.Fatalf("other process: %q, %v", line, err)
	}
	return process{cmd, database, func() { _ = in.Close(); must(t, cmd.Wait()) }}
}

// ownHost is a server apart from the one that other packages' tests use. The
// test ends only when the server has stopped by itself.
func ownHost(t *testing.T) host {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	h := testHost(filepath.Join(dir, "server"))
	t.Cleanup(func() { waitStopped(t, h) })
	return h
}

func pidFile(h host) string { return filepath.Join(h.dir, "postgres", "postmaster.pid") }

// waitStopped has no limit of its own: a server that stays makes the test binary
// run into its.
func waitStopped(t *testing.T, h host) {
	t.Helper()
	waitFor(func() bool { _, err := os.Stat(pidFile(h)); return os.IsNotExist(err) })
}

func waitFor(condition func() bool) {
	for !condition() {
		time.Sleep(time.Millisecond)
	}
}

func open(t *testing.T, h host, template Template) (*session, string) {
	t.Helper()
	s, database, err := h.open(t.Context(), template)
	must(t, err)
	t.Cleanup(func() {
		must(t, errors.Join(s.drop(context.Background(), database), s.conn.Close(context.Background())))
	})
	return s, database
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var value string
	must(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
