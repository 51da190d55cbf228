// Package pgtest gives every test a fresh database of its own on a real
// Postgres. Only tests may import it.
//
// New copies the database from a template that is built once per machine and
// fingerprint, however many test binaries `go test ./...` runs at a time. The
// server is the one that VECHE_TEST_DATABASE_URL names, or else one managed
// cluster in the temporary folder, without fsync, shared by all test processes:
// the first starts it, the others adopt it.
//
// Nothing here counts processes or keeps state in one: each test holds a session
// with an advisory lock, which the server drops however the test ends, and a
// keeper inside the server (keeper.go) stops it a few seconds after the last
// such session has gone. The cluster and its newest templates stay on disk for
// the next run; databases of killed tests are swept away then.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veche-city/veche/core/postgres/managed"
)

// Env names the server to use instead of a managed one: a URL of a role that may
// create databases.
const Env = "VECHE_TEST_DATABASE_URL"

// Template is how a test's database looks at its beginning. The zero Template is
// an empty database.
type Template struct {
	// Name tells templates apart for people: letters, digits and underscores.
	Name string
	// Fingerprint changes when Build would give another result (a hash of the
	// migrations); the old template is then left alone and a new one built.
	Fingerprint string
	// Build fills the empty database at url. It closes its connections before it
	// returns, and may run again if it was cut short.
	Build func(ctx context.Context, url string) error
}

// New returns the URL of a fresh database, which is dropped when the test ends,
// with whatever connections are still open.
func New(t testing.TB, template Template) string {
	t.Helper()
	s, database, err := fromEnvironment().open(t.Context(), template)
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(s.drop(ctx, database), s.conn.Close(ctx)); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return s.url(database)
}

// host is where test databases live.
type host struct {
	external string        // URL of a given server, or
	dir      string        // data folder of the managed one
	idle     time.Duration // after which the managed one stops
}

func fromEnvironment() host {
	return host{
		external: os.Getenv(Env),
		dir:      filepath.Join(os.TempDir(), fmt.Sprintf("veche-test-%d", os.Geteuid())),
		idle:     5 * time.Second,
	}
}

// open tries again when the server stops under its hands: the keeper may have
// decided so just before this test came.
func (h host) open(ctx context.Context, template Template) (*session, string, error) {
	for {
		s, err := h.join(ctx)
		if err == nil {
			var database string
			if database, err = s.create(ctx, template); err == nil {
				return s, database, nil
			}
			_ = s.conn.Close(ctx)
		}
		if h.external != "" || ctx.Err() != nil || !stopping(err) {
			return nil, "", err
		}
	}
}

// stopping recognises what a client sees of a server that shuts down.
func stopping(err error) bool {
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) {
		return strings.HasPrefix(refusal.Code, "57P")
	}
	for _, cut := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, syscall.ENOENT} {
		if errors.Is(err, cut) {
			return true
		}
	}
	return false
}

// session is one test's hold on the server; used by one goroutine at a time.
type session struct {
	conn  *pgx.Conn
	owner string // role that databases are given to; empty: the session's own
	url   func(database string) string
}

func (h host) join(ctx context.Context) (*session, error) {
	if h.external != "" {
		return joinExternal(ctx, h.external)
	}
	if err := privateDir(h.dir); err != nil {
		return nil, err
	}
	server, err := managed.Start(ctx, managed.Config{DataDir: h.dir, MaxConnections: 300, Volatile: true, Shared: true})
	if err != nil {
		return nil, err
	}
	// From here on the keeper answers for the server's end.
	defer server.Release()
	admin := server.SuperuserURL("postgres")
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, owner: server.Owner(), url: server.URL}
	if err := h.hold(ctx, s, admin); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return s, nil
}

func joinExternal(ctx context.Context, base string) (*session, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, fmt.Errorf("%s must be of the form postgres://user@host/database", Env)
	}
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Env, err)
	}
	return &session{conn: conn, url: func(database string) string {
		other := *u
		other.Path = "/" + database
		return other.String()
	}}, nil
}

// privateDir refuses a folder that someone else made under our name, since
// temporary folders are open to all users.
func privateDir(dir string) error {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // Postgres runs as a lower user and must pass through
	}
	if err := os.Mkdir(dir, mode); err == nil {
		return os.Chmod(dir, mode)
	} else if !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to someone else: set TMPDIR or %s", dir, Env)
	}
	return nil
}

func randomName() string { return testPrefix + strings.ToLower(rand.Text()[:16]) }
