package managed

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// immediateLimit is above the five seconds after which Postgres itself kills
// what does not end in an immediate shutdown.
const immediateLimit = 10 * time.Second

// Server is a running Postgres. Its methods may be called by any goroutine.
type Server struct {
	socket  string
	log     string
	offset  int64
	proc    *process
	adopted bool
	lock    *os.File

	stopping  chan struct{} // closed by the first Stop
	released  chan struct{} // closed by the first Release
	unwatched chan struct{} // closed when watch has returned
	done      chan struct{} // closed when the process has ended
	stop      sync.Once
	release   sync.Once
	err       error // set before done is closed, read only after it
}

func newServer(s *starter, proc *process, adopted bool) *Server {
	server := &Server{socket: s.socket, log: s.layout.log, proc: proc, adopted: adopted,
		stopping: make(chan struct{}), released: make(chan struct{}),
		unwatched: make(chan struct{}), done: make(chan struct{})}
	if info, err := os.Stat(s.layout.log); err == nil {
		server.offset = info.Size()
	}
	return server
}

// URL names a database for pgx, as the role that owns Veche's databases. The
// database need not exist yet (EnsureDatabase makes it).
func (s *Server) URL(database string) string { return socketURL(s.socket, owner, database) }

// SuperuserURL is for making databases and for the test harness; the program
// itself never works under it.
func (s *Server) SuperuserURL(database string) string {
	return socketURL(s.socket, superuser, database)
}

// Owner is the role of URL, which databases made by a superuser must be given to.
func (s *Server) Owner() string { return owner }

// Adopted reports whether the server was already running.
func (s *Server) Adopted() bool { return s.adopted }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is nil while the server runs and after Stop; otherwise it says how the
// server ended, with the last lines of its log.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Stop ends the server, also an adopted one, and lets go of the data folder.
// Sessions are cut at once; ctx bounds the orderly shutdown, after which an
// immediate one follows, whose price is a recovery at the next start.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		close(s.stopping)
		s.signal(s.proc.interrupt)
	})
	defer s.Release()
	select {
	case <-s.done:
		return nil
	case <-s.released:
		return s.stopAfterRelease()
	case <-ctx.Done():
	}
	s.signal(s.proc.quit)
	select {
	case <-s.done:
		return nil
	case <-time.After(immediateLimit):
		return fmt.Errorf("managed postgres: process %d does not end", s.proc.pid)
	}
}

// stopAfterRelease tells a repeated Stop, which is fine, from one that comes too late.
func (s *Server) stopAfterRelease() error {
	select {
	case <-s.done:
		return nil
	default:
		return errors.New("managed postgres: stop after release: this server is no longer ours to stop")
	}
}

// signal spares a process that is surely over: its number may be another's by now.
func (s *Server) signal(send func()) {
	select {
	case <-s.done:
	case <-s.released:
	default:
		send()
	}
}

// Release lets go of the server and leaves it running for whoever starts next.
// Done and Err no longer change afterwards.
func (s *Server) Release() {
	s.release.Do(func() {
		close(s.released)
		<-s.unwatched
		if s.lock != nil {
			_ = s.lock.Close()
		}
	})
}

// watch is the only one to ask after the process, until it ends or is released.
func (s *Server) watch() {
	defer close(s.unwatched)
	tick := time.NewTicker(10 * poll)
	defer tick.Stop()
	stopping := s.stopping
	for !s.proc.gone() {
		select {
		case <-tick.C:
		case <-stopping:
			stopping = nil
			tick.Reset(poll)
		case <-s.released:
			return
		}
	}
	select {
	case <-s.stopping:
	default:
		s.err = fmt.Errorf("managed postgres: process %d ended by itself\n%s", s.proc.pid, logTail(s.log, s.offset))
	}
	close(s.done)
}

// EnsureDatabase makes a database owned by Veche's role unless it is there.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	return s.asSuperuser(ctx, func(conn *pgx.Conn) error {
		return unlessExists(ctx, conn, "SELECT 1 FROM pg_database WHERE datname = $1", name,
			"CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" OWNER "+owner)
	})
}

// provision makes the role that Veche works as, and its way to make roles for plugins. It is repeated at
// every start, so a start cut short after initdb is made good by the next. A server that was found
// running, and was started by a version with other rules of who may sign in, reads ours (reload).
func (s *Server) provision(ctx context.Context, reload bool) error {
	return s.asSuperuser(ctx, func(conn *pgx.Conn) error {
		if err := unlessExists(ctx, conn, "SELECT 1 FROM pg_roles WHERE rolname = $1", owner, "CREATE ROLE "+owner+" LOGIN"); err != nil {
			return err
		}
		if reload {
			if _, err := conn.Exec(ctx, "SELECT pg_reload_conf()"); err != nil {
				return fmt.Errorf("managed postgres: rules of who may sign in: %w", err)
			}
		}
		return provideRoles(ctx, conn)
	})
}

func (s *Server) asSuperuser(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.SuperuserURL("postgres"))
	if err != nil {
		return fmt.Errorf("managed postgres: %w", err)
	}
	err = do(conn)
	return errors.Join(err, conn.Close(ctx))
}

func unlessExists(ctx context.Context, conn *pgx.Conn, query, name, create string) error {
	var one int
	err := conn.QueryRow(ctx, query, name).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = conn.Exec(ctx, create)
	}
	if err != nil {
		return fmt.Errorf("managed postgres: make %s: %w", name, err)
	}
	return nil
}

func socketURL(socket, role, database string) string {
	query := url.Values{"host": {socket}, "port": {"5432"}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}
