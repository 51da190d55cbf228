package managed_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core/postgres/managed"
)

// holdEnv makes this test binary a Veche that starts Postgres and then waits to
// be killed.
const holdEnv = "VECHE_TEST_HOLD_DATA_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		os.Exit(hold(dir))
	}
	os.Exit(m.Run())
}

func hold(dir string) int {
	server, err := managed.Start(context.Background(), config(dir))
	if err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	fmt.Println("ready")
	<-server.Done()
	return 0
}

// holder starts such a process and returns once its Postgres answers.
func holder(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		t.Fatalf("holder: %q, %v", line, err)
	}
	return cmd
}

func config(dir string) managed.Config { return managed.Config{DataDir: dir, Volatile: true} }

// dataDir is a folder that the server's account may reach, which Go's own test
// folders are not when the tests run as root.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	return filepath.Join(dir, "data")
}

// begin starts a server that the test itself stops or releases.
func begin(t *testing.T, cfg managed.Config) *managed.Server {
	t.Helper()
	server, err := managed.Start(t.Context(), cfg)
	must(t, err)
	return server
}

func start(t *testing.T, cfg managed.Config) *managed.Server {
	t.Helper()
	server := begin(t, cfg)
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, server *managed.Server) {
	t.Helper()
	if err := server.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	var value string
	must(t, connect(t, url).QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	_, err := connect(t, url).Exec(t.Context(), sql)
	must(t, err)
}

// postmaster reads the process number that Postgres itself recorded.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	must(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	must(t, err)
	return pid
}

// bystander is a live process of the server's own account that is no Postgres.
func bystander(t *testing.T, dir string) int {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if os.Geteuid() == 0 {
		info, err := os.Stat(filepath.Join(dir, "postgres"))
		must(t, err)
		owner := info.Sys().(*syscall.Stat_t)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
