package pgtest

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Advisory locks, two numbers each: a class and what within it.
const (
	lockServer   = 7_801 // users or keeper
	lockTemplate = 7_802 // hash of a template's name
	lockDatabase = 7_803 // hash of a test database's name

	users  = 1 // held shared by every test's session
	keeper = 2 // held by the keeper
)

// keeperStep is how often the keeper looks.
const keeperStep = 250 * time.Millisecond

// hold keeps the server up for as long as the session lasts.
func (h host) hold(ctx context.Context, s *session, admin string) error {
	if _, err := s.conn.Exec(ctx, "SELECT pg_advisory_lock_shared($1, $2)", lockServer, users); err != nil {
		return fmt.Errorf("hold the test server: %w", err)
	}
	kept, err := s.isKept(ctx)
	if err != nil || kept {
		return err
	}
	if err := h.startKeeper(ctx, s, admin); err != nil {
		return fmt.Errorf("start the test server's keeper: %w", err)
	}
	// The first on a server finds what killed tests have left.
	return s.sweep(ctx)
}

func (s *session) isKept(ctx context.Context) (kept bool, err error) {
	err = s.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'
		AND classid = $1 AND objid = $2 AND objsubid = 2 AND granted)`, lockServer, keeper).Scan(&kept)
	return kept, err
}

// startKeeper leaves a session behind that stops the server once no test has
// held it for the idle time. It needs no process of ours: a server that runs a
// statement does not notice that its client has hung up. Of several keepers
// started at once the lock lets one stay.
func (h host) startKeeper(ctx context.Context, s *session, admin string) error {
	conn, err := pgconn.Connect(ctx, admin)
	if err != nil {
		return err
	}
	raw, err := conn.Hijack()
	if err != nil {
		return err
	}
	defer func() { _ = raw.Conn.Close() }()
	raw.Frontend.Send(&pgproto3.Query{String: h.keeperSQL()})
	if err := raw.Frontend.Flush(); err != nil {
		return err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if kept, err := s.isKept(ctx); err != nil || kept {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// keeperSQL commits in every round, so that it holds no snapshot. It asks for the
// users' lock without waiting, since new tests would queue behind one that waits;
// and it keeps that lock until the server is down, so that a test which comes too
// late is cut off and starts the server anew.
func (h host) keeperSQL() string {
	return fmt.Sprintf(`DO $$
DECLARE
	unused int := 0;
BEGIN
	IF NOT pg_try_advisory_lock(%[1]d, %[2]d) THEN
		RETURN;
	END IF;
	LOOP
		PERFORM pg_sleep(%[4]f);
		COMMIT;
		IF pg_try_advisory_lock(%[1]d, %[3]d) THEN
			unused := unused + 1;
			EXIT WHEN unused >= %[5]d;
			PERFORM pg_advisory_unlock(%[1]d, %[3]d);
		ELSE
			unused := 0;
		END IF;
	END LOOP;
	COPY (SELECT 1) TO PROGRAM 'kill -INT "$(head -n 1 postmaster.pid)"';
	PERFORM pg_sleep(60);
END $$`, lockServer, keeper, users, keeperStep.Seconds(), max(1, int(h.idle/keeperStep)))
}
