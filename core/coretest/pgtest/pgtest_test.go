package pgtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core/postgres/managed"
)

func TestTemplateNameIsChecked(t *testing.T) {
	s, _ := open(t, fromEnvironment(), Template{})
	for _, name := range []string{"", "Upper", "with space", `quo"te`, strings.Repeat("a", 25)} {
		build := func(context.Context, string) error { t.Error("built"); return nil }
		if _, err := s.create(t.Context(), Template{Name: name, Build: build}); err == nil {
			t.Errorf("%q accepted", name)
		}
	}
}

func TestFailedBuildLeavesNoTemplate(t *testing.T) {
	h, notes := ownHost(t), filepath.Join(t.TempDir(), "notes")
	broken := errors.New("broken migration")
	template := noting(notes)
	template.Build = func(context.Context, string) error { return broken }
	if _, _, err := h.open(t.Context(), template); !errors.Is(err, broken) {
		t.Fatalf("want %v, got %v", broken, err)
	}
	s, database := open(t, h, noting(notes))
	if got := query(t, s.url(database), "SELECT name FROM town"); got != "Канск" {
		t.Errorf("name = %q", got)
	}
}

func TestFolderOfSomeoneElseIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "server")
	must(t, os.Symlink(t.TempDir(), dir))
	if _, _, err := testHost(dir).open(t.Context(), Template{}); err == nil || !strings.Contains(err.Error(), Env) {
		t.Errorf("symbolic link: %v", err)
	}
}

func TestExternalServerNeedsURL(t *testing.T) {
	h := host{external: "host=/tmp dbname=x"}
	if _, _, err := h.open(t.Context(), Template{}); err == nil || !strings.Contains(err.Error(), "postgres://") {
		t.Errorf("keyword form: %v", err)
	}
}

func TestNewGivesSeparateCopies(t *testing.T) {
	template := noting(filepath.Join(t.TempDir(), "notes"))
	var first string
	t.Run("inner", func(t *testing.T) {
		first = New(t, template)
		second := New(t, template)
		query(t, first, "UPDATE town SET name = 'Ачинск' RETURNING name")
		if got := query(t, second, "SELECT name FROM town"); got != "Канск" {
			t.Errorf("the other copy says %q", got)
		}
		// Left open on purpose: it must not keep the database from being dropped.
		_, err := pgx.Connect(t.Context(), first)
		must(t, err)
	})
	if conn, err := pgx.Connect(t.Context(), first); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the database outlives its test")
	}
}

func TestEmptyTemplate(t *testing.T) {
	if got := query(t, New(t, Template{}), "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"); got != "0" {
		t.Errorf("%s tables", got)
	}
}

func TestManyAtOnceBuildOnce(t *testing.T) {
	h, notes := ownHost(t), filepath.Join(t.TempDir(), "notes")
	others := make([]process, 3)
	var wg sync.WaitGroup
	for i := range others {
		wg.Go(func() { others[i] = spawn(t, h.dir, notes) })
	}
	for range 6 {
		wg.Go(func() {
			s, database, err := h.open(t.Context(), noting(notes))
			if err != nil {
				t.Error(err)
				return
			}
			if got := query(t, s.url(database), "SELECT name FROM town"); got != "Канск" {
				t.Errorf("name = %q", got)
			}
			if err := errors.Join(s.drop(t.Context(), database), s.conn.Close(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, other := range others {
		other.end()
	}
	if n := builds(t, notes); n != 1 {
		t.Errorf("built %d times", n)
	}
}

// The server goes when its last user is killed, and the next run sweeps what
// the killed one left but keeps the template.
func TestKilledProcessLeavesNothing(t *testing.T) {
	h, notes := ownHost(t), filepath.Join(t.TempDir(), "notes")
	other := spawn(t, h.dir, notes)
	must(t, other.Process.Kill())
	_ = other.Wait()
	waitStopped(t, h)

	s, _ := open(t, h, noting(notes))
	if found, err := s.exists(t.Context(), other.database); err != nil || found {
		t.Errorf("database of the killed process: %v, %v", found, err)
	}
	if n := builds(t, notes); n != 1 {
		t.Errorf("built %d times", n)
	}
}

// A session of another test is no leftover, however often others sweep.
func TestSweepSparesTheLiving(t *testing.T) {
	s, database := open(t, fromEnvironment(), Template{})
	other, _ := open(t, fromEnvironment(), Template{})
	must(t, other.sweep(t.Context()))
	if found, err := s.exists(t.Context(), database); err != nil || !found {
		t.Errorf("exists = %v, %v", found, err)
	}
}

func TestSweepKeepsTheNewestTemplates(t *testing.T) {
	h := ownHost(t)
	s, _ := open(t, h, Template{})
	var names []string
	for i := range keptTemplates + 2 {
		template := Template{Name: "many", Fingerprint: string(rune('a' + i)), Build: func(context.Context, string) error { return nil }}
		suffix, err := template.suffix()
		must(t, err)
		names = append(names, templatePrefix+suffix)
		must(t, s.ensureTemplate(t.Context(), template, suffix))
	}
	for i, name := range names {
		found, err := s.exists(t.Context(), name)
		must(t, err)
		if want := i >= 2; found != want {
			t.Errorf("template %d of %d: exists = %v", i+1, len(names), found)
		}
	}
}

// A test that comes at the very moment the server stops gets its database.
func TestComingWhileTheServerStops(t *testing.T) {
	h, notes := ownHost(t), filepath.Join(t.TempDir(), "notes")
	for range 4 {
		s, database, err := h.open(t.Context(), noting(notes))
		must(t, err)
		must(t, errors.Join(s.drop(t.Context(), database), s.conn.Close(t.Context())))
		waitFor(func() bool {
			text, err := os.ReadFile(pidFile(h))
			return err != nil || strings.Contains(string(text), "stopping")
		})
	}
	if n := builds(t, notes); n != 1 {
		t.Errorf("built %d times", n)
	}
}

func TestExternalServer(t *testing.T) {
	dir := filepath.Dir(ownHost(t).dir)
	server, err := managed.Start(t.Context(), managed.Config{DataDir: filepath.Join(dir, "external"), Volatile: true})
	must(t, err)
	defer func() { must(t, server.Stop(context.Background())) }()
	t.Setenv(Env, server.SuperuserURL("postgres"))
	t.Run("inner", func(t *testing.T) {
		url := New(t, noting(filepath.Join(t.TempDir(), "notes")))
		if got := query(t, url, "SELECT name || current_user FROM town"); got != "Канскpostgres" {
			t.Errorf("got %q", got)
		}
	})
}
