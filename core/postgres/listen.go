package postgres

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// Listen wakes on Postgres' NOTIFY until ctx ends. It holds one connection of its own, outside
// the pool (and so not through pgbouncer), and comes back by itself when that breaks.
//
// A notification only wakes; the table is the truth. So wake is also called with "" after each
// (re)connect and every poll, for whatever was missed while nobody listened.
func Listen(ctx context.Context, db *DB, log *slog.Logger, channels []string, poll time.Duration, wake func(channel string)) {
	for ctx.Err() == nil {
		if err := listenOnce(ctx, db, channels, poll, wake); err != nil && ctx.Err() == nil {
			log.Warn("listening to the database broke; trying again", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			wake("")
		}
	}
}

func listenOnce(ctx context.Context, db *DB, channels []string, poll time.Duration, wake func(string)) error {
	ctx = Waiting(ctx)
	conn, err := pgx.ConnectConfig(ctx, db.Pool.Config().ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, channel := range channels {
		if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return err
		}
	}
	wake("")
	for {
		waitCtx, cancel := context.WithTimeout(ctx, poll)
		n, err := conn.WaitForNotification(waitCtx)
		timedOut := waitCtx.Err() != nil
		cancel()
		switch {
		case err == nil:
			wake(n.Channel)
		case ctx.Err() != nil:
			return nil
		case timedOut && !conn.IsClosed():
			wake("")
		default:
			return err
		}
	}
}
