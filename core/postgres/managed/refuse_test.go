package managed_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core/postgres/managed"
)

func refused(t *testing.T, cfg managed.Config, parts ...string) error {
	t.Helper()
	server, err := managed.Start(t.Context(), cfg)
	if err == nil {
		stop(t, server)
		t.Fatal("started, want a refusal")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error lacks %q:\n%v", part, err)
		}
	}
	return err
}

func TestNoDataDirIsRefused(t *testing.T) {
	_ = refused(t, managed.Config{}, "--data-dir")
}

func TestNoBinaries(t *testing.T) {
	dir := dataDir(t)
	cfg := config(dir)
	cfg.Bin = t.TempDir()
	err := refused(t, cfg, cfg.Bin, "apt-get install postgresql", "--database-url")
	if !errors.Is(err, managed.ErrNoBinaries) || strings.Contains(err.Error(), "\n") {
		t.Errorf("want ErrNoBinaries in one line, got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres")); !os.IsNotExist(err) {
		t.Errorf("a cluster folder was made: %v", err)
	}
}

// An installation older than 14, or one without initdb, does not count.
func TestUnusableBinariesDoNotCount(t *testing.T) {
	cfg := config(dataDir(t))
	cfg.Bin = t.TempDir()
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) 13.9'\n"
	must(t, os.WriteFile(filepath.Join(cfg.Bin, "postgres"), []byte(script), 0o755))
	if err := refused(t, cfg); !errors.Is(err, managed.ErrNoBinaries) {
		t.Errorf("without initdb: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(cfg.Bin, "initdb"), []byte(script), 0o755))
	if err := refused(t, cfg); !errors.Is(err, managed.ErrNoBinaries) {
		t.Errorf("too old: %v", err)
	}
}

func TestClusterOfAnotherVersionIsRefused(t *testing.T) {
	dir := dataDir(t)
	stop(t, start(t, config(dir)))
	must(t, os.WriteFile(filepath.Join(dir, "postgres", "PG_VERSION"), []byte("12\n"), 0o600))
	if err := refused(t, config(dir), "made by Postgres 12", "pg_upgrade"); !errors.Is(err, managed.ErrVersion) {
		t.Errorf("want ErrVersion, got %v", err)
	}
}

// A damaged cluster is never initialised over.
func TestFolderWithoutClusterIsRefused(t *testing.T) {
	dir := dataDir(t)
	must(t, os.MkdirAll(filepath.Join(dir, "postgres", "base"), 0o700))
	_ = refused(t, config(dir), "PG_VERSION", "backup")
	if _, err := os.Stat(filepath.Join(dir, "postgres", "base")); err != nil {
		t.Errorf("the folder was touched: %v", err)
	}
}

func TestSecondVecheIsRefused(t *testing.T) {
	dir := dataDir(t)
	first := holder(t, dir)
	err := refused(t, config(dir), fmt.Sprintf("process %d", first.Process.Pid), dir)
	if !errors.Is(err, managed.ErrInUse) {
		t.Errorf("want ErrInUse, got %v", err)
	}
	must(t, first.Process.Kill())
	_ = first.Wait()
	start(t, config(dir))
}

func TestFailureShowsPostgresLog(t *testing.T) {
	cfg := config(dataDir(t))
	cfg.MaxConnections = -1
	_ = refused(t, cfg, "did not start", "max_connections")
}

func TestCancelledStartLeavesNoServer(t *testing.T) {
	dir := dataDir(t)
	stop(t, start(t, config(dir)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if server, err := managed.Start(ctx, config(dir)); err == nil {
		stop(t, server)
		t.Fatal("started under a cancelled context")
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres", "postmaster.pid")); !os.IsNotExist(err) {
		t.Errorf("a server is left behind: %v", err)
	}
	start(t, config(dir))
}

// As root the server's lower account must be able to pass; the refusal names the
// one folder that bars it. An ordinary user meets no such bar.
func TestUnreachableFolderIsNamed(t *testing.T) {
	parent := filepath.Join(filepath.Dir(dataDir(t)), "closed")
	must(t, os.Mkdir(parent, 0o700))
	cfg := config(filepath.Join(parent, "below", "data"))
	if os.Geteuid() == 0 {
		_ = refused(t, cfg, "may not enter "+parent+":", "chmod o+x "+parent)
		must(t, os.Chmod(parent, 0o711))
	}
	start(t, cfg)
}

// The role that Veche works as must not reach the machine below the database.
func TestOwnerRoleIsNotSuperuser(t *testing.T) {
	server := start(t, config(dataDir(t)))
	must(t, server.EnsureDatabase(t.Context(), "veche"))
	conn := connect(t, server.URL("veche"))
	for _, sql := range []string{
		"COPY (SELECT 1) TO PROGRAM 'true'",
		"SELECT pg_read_file('postmaster.pid')",
		"CREATE DATABASE other",
		"ALTER ROLE veche SUPERUSER",
		"SET ROLE postgres",
	} {
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err == nil {
			t.Errorf("allowed: %s", sql)
		}
	}
}

// Personal data in a failing statement stays out of the log.
func TestLogKeepsNoStatements(t *testing.T) {
	dir := dataDir(t)
	server := start(t, config(dir))
	conn := connect(t, server.SuperuserURL("postgres"))
	for _, sql := range []string{
		"CREATE TABLE person (phone text UNIQUE)",
		"INSERT INTO person VALUES ('79131234567')",
	} {
		_, err := conn.Exec(t.Context(), sql)
		must(t, err)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO person VALUES ('79131234567')"); err == nil {
		t.Fatal("no conflict")
	}
	log, err := os.ReadFile(filepath.Join(dir, "postgres.log"))
	must(t, err)
	if !strings.Contains(string(log), "duplicate key") || strings.Contains(string(log), "79131234567") {
		t.Errorf("log:\n%s", log)
	}
}

func TestStrangerIsNotTakenForTheServer(t *testing.T) {
	dir := dataDir(t)
	stop(t, start(t, config(dir)))
	stranger := bystander(t, dir)
	for name, content := range map[string]string{
		"number of another process": strconv.Itoa(stranger) + "\n" + filepath.Join(dir, "postgres") + "\n1\n5432\n\n\n1 1\nready\n",
		"number of no process":      "4194305\n" + filepath.Join(dir, "postgres") + "\n1\n5432\n\n\n1 1\nready\n",
		"empty file":                "",
	} {
		t.Run(name, func(t *testing.T) {
			must(t, os.WriteFile(filepath.Join(dir, "postgres", "postmaster.pid"), []byte(content), 0o644))
			server := start(t, config(dir))
			if server.Adopted() {
				t.Error("adopted a stranger")
			}
		})
	}
}
