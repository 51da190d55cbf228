package managed_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/veche-city/veche/core/postgres/managed"
)

func TestFirstStart(t *testing.T) {
	var said []string
	cfg := config(dataDir(t))
	cfg.Progress = func(line string) { said = append(said, line) }
	server := start(t, cfg)
	if server.Adopted() {
		t.Error("adopted a server on a new folder")
	}
	if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "creating the database cluster") }) {
		t.Errorf("progress: %q", said)
	}
	must(t, server.EnsureDatabase(t.Context(), "veche"))
	must(t, server.EnsureDatabase(t.Context(), "veche"))
	for sql, want := range map[string]string{
		"SHOW server_encoding":                                  "UTF8",
		"SHOW listen_addresses":                                 "",
		"SELECT lower('КАНСК Ё')":                               "канск ё",
		"SELECT current_user::text":                             "veche",
		"SHOW jit":                                              "off",
		"SHOW data_checksums":                                   "on",
		"SELECT current_setting('TimeZone')":                    "UTC",
		"SELECT current_database()::text":                       "veche",
		"SELECT current_setting('fsync')":                       "off",
		"SELECT has_schema_privilege('public', 'CREATE')::text": "true",
	} {
		if got := query(t, server.URL("veche"), sql); got != want {
			t.Errorf("%s = %q, want %q", sql, got, want)
		}
	}
	exec1(t, server.URL("veche"), "CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")
}

// The zero Config keeps what was committed: safety must not need to be asked for.
func TestSafeByDefault(t *testing.T) {
	server := start(t, managed.Config{DataDir: dataDir(t)})
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes", "autovacuum"} {
		if got := query(t, server.SuperuserURL("postgres"), "SHOW "+setting); got != "on" {
			t.Errorf("%s = %s", setting, got)
		}
	}
}

func TestRestartKeepsData(t *testing.T) {
	dir := dataDir(t)
	first := start(t, config(dir))
	must(t, first.EnsureDatabase(t.Context(), "veche"))
	exec1(t, first.URL("veche"), "CREATE TABLE t AS SELECT 'kept' AS v")
	stop(t, first)
	<-first.Done()
	if err := first.Err(); err != nil {
		t.Errorf("after Stop: %v", err)
	}
	second := start(t, config(dir))
	if got := query(t, second.URL("veche"), "SELECT v FROM t"); got != "kept" {
		t.Errorf("v = %q", got)
	}
}

func TestKilledParentIsFollowedByAdoption(t *testing.T) {
	dir := dataDir(t)
	parent := holder(t, dir)
	before := postmaster(t, dir)
	must(t, parent.Process.Kill())
	_ = parent.Wait()

	server := start(t, config(dir))
	if !server.Adopted() || postmaster(t, dir) != before {
		t.Errorf("adopted %v, process %d, want %d", server.Adopted(), postmaster(t, dir), before)
	}
	if got := query(t, server.URL("postgres"), "SELECT 'alive'"); got != "alive" {
		t.Error(got)
	}
	stop(t, server)
	if _, err := os.Stat(filepath.Join(dir, "postgres", "postmaster.pid")); !os.IsNotExist(err) {
		t.Errorf("the adopted server was not stopped: %v", err)
	}
}

// Parent and Postgres killed together, as by a power cut, leave a stale pid file.
func TestBothKilled(t *testing.T) {
	dir := dataDir(t)
	parent := holder(t, dir)
	must(t, parent.Process.Kill())
	must(t, syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
	_ = parent.Wait()
	if server := start(t, config(dir)); server.Adopted() {
		t.Error("adopted a dead server")
	}
}

func TestServerThatDiesIsReported(t *testing.T) {
	dir := dataDir(t)
	server := start(t, config(dir))
	if err := server.Err(); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	must(t, syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
	<-server.Done()
	if err := server.Err(); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("Err = %v", err)
	}
	stop(t, server)
	start(t, config(dir))
}

// A killed initdb leaves its folder; the next start clears it and begins anew.
func TestInterruptedInitdb(t *testing.T) {
	dir := dataDir(t)
	leftover := filepath.Join(dir, "postgres.init-123")
	must(t, os.MkdirAll(filepath.Join(leftover, "base"), 0o700))
	must(t, os.WriteFile(filepath.Join(leftover, "PG_VERSION"), []byte("15\n"), 0o600))
	must(t, os.Chmod(dir, 0o711))
	start(t, config(dir))
	if _, err := os.Stat(leftover); !os.IsNotExist(err) {
		t.Errorf("leftover stays: %v", err)
	}
}

func TestLongPathIsFoundAgain(t *testing.T) {
	dir := filepath.Join(dataDir(t), strings.Repeat("длинный", 12))
	must(t, os.MkdirAll(dir, 0o755))
	first := begin(t, config(dir))
	first.Release()
	second := begin(t, config(dir))
	if !second.Adopted() || second.URL("x") != first.URL("x") {
		t.Errorf("adopted %v, %s, want %s", second.Adopted(), second.URL("x"), first.URL("x"))
	}
	socket, err := os.Readlink(filepath.Join(dir, "run"))
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(socket) })
	info, err := os.Stat(socket)
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("socket folder is %v", info.Mode())
	}
	// Swept by a cleaner of temporary files: unreachable, so it is started anew.
	must(t, os.RemoveAll(socket))
	second.Release()
	third := start(t, config(dir))
	again, err := os.Readlink(filepath.Join(dir, "run"))
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(again) })
	if third.Adopted() || query(t, third.URL("postgres"), "SELECT 'alive'") != "alive" {
		t.Errorf("adopted %v", third.Adopted())
	}
}

func TestReleasedServerIsNotStopped(t *testing.T) {
	dir := dataDir(t)
	first := begin(t, config(dir))
	first.Release()
	second := start(t, config(dir))
	if !second.Adopted() {
		t.Error("the released server did not go on")
	}
	if err := first.Stop(t.Context()); err == nil {
		t.Error("Stop after Release succeeded")
	}
	if got := query(t, second.URL("postgres"), "SELECT 'alive'"); got != "alive" {
		t.Error(got)
	}
}

func TestSharedStartersGetOneServer(t *testing.T) {
	cfg := config(dataDir(t))
	cfg.Shared = true
	servers := make([]*managed.Server, 6)
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i := range servers {
		wg.Go(func() { servers[i], errs[i] = managed.Start(t.Context(), cfg) })
	}
	wg.Wait()
	launched := 0
	for i, server := range servers {
		must(t, errs[i])
		if !server.Adopted() {
			launched++
		}
	}
	if launched != 1 {
		t.Errorf("%d servers launched", launched)
	}
	for _, server := range servers[1:] {
		server.Release()
	}
	stop(t, servers[0])
}

func TestLargeLogIsPutAside(t *testing.T) {
	dir := dataDir(t)
	stop(t, start(t, config(dir)))
	must(t, os.Truncate(filepath.Join(dir, "postgres.log"), 11<<20))
	start(t, config(dir))
	info, err := os.Stat(filepath.Join(dir, "postgres.log"))
	must(t, err)
	aside, err := os.Stat(filepath.Join(dir, "postgres.log.1"))
	must(t, err)
	if info.Size() > 1<<20 || aside.Size() != 11<<20 {
		t.Errorf("sizes %d and %d", info.Size(), aside.Size())
	}
}
