package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// cancelGrace is how long a statement may take to end after Postgres was told to stop it. Then its
// connection is given up, and pgx tells Postgres once more while it closes it.
const cancelGrace = time.Second

// watcher tells Postgres to stop a statement whose context has ended. pgx by itself closes the
// connection instead, so that many clients who go away at once would make as many processes of
// Postgres start. A statement that was stopped fails with SQLSTATE 57014, not with the context's
// error, and its connection serves the next one.
type watcher struct {
	stops, leaves, chosen ctxwatch.Handler
}

func newWatcher(conn *pgconn.PgConn) ctxwatch.Handler {
	return &watcher{
		stops:  &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelGrace},
		leaves: &pgconn.DeadlineContextWatcherHandler{Conn: conn.Conn()},
	}
}

func (w *watcher) HandleCancel(ctx context.Context) {
	w.chosen = w.stops
	if ctx.Value(waitingKey{}) != nil {
		w.chosen = w.leaves
	}
	w.chosen.HandleCancel(ctx)
}

func (w *watcher) HandleUnwatchAfterCancel() { w.chosen.HandleUnwatchAfterCancel() }

type waitingKey struct{}

// Waiting is for a context under which a connection mostly waits for notifications: when it ends
// there is nothing for Postgres to stop, and whoever waits need not wait for that. A statement under
// it is ended by closing its connection.
func Waiting(ctx context.Context) context.Context {
	return context.WithValue(ctx, waitingKey{}, true)
}
