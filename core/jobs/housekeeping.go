package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/veche-city/veche/core/postgres"
)

// purge deletes the rows of one table that have served, at most a batch at a time, so that no lock
// and no transaction is long. It takes them from the old end and stops at the first batch in which
// nothing was old, so that a run that has nothing to do is cheap.
type purge struct {
	table     string
	keep      time.Duration
	statement string // ?0 is keep in seconds, ?1 the batch
}

func purges() []purge {
	return []purge{
		{table: "idempotency_keys", keep: 48 * time.Hour, statement: `DELETE FROM idempotency_keys
WHERE (municipality_id, actor, key) IN (
	SELECT municipality_id, actor, key FROM idempotency_keys
	WHERE created_at < now() - make_interval(secs => ?0)
	ORDER BY created_at LIMIT ?1 FOR UPDATE SKIP LOCKED)`},
		// Far longer than any replica lags behind; a week serves whoever looks into a failure. What a consumer
		// has not handled is kept for it.
		{table: "outbox", keep: 7 * 24 * time.Hour, statement: `DELETE FROM outbox
WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT ?1)
  AND written_at < now() - make_interval(secs => ?0)
  AND NOT EXISTS (SELECT FROM outbox_consumers AS behind WHERE NOT pg_visible_in_snapshot(outbox.xid, behind.from_place))`},
	}
}

type purgeArgs struct{}

func (purgeArgs) Kind() string { return "kernel.purge" }

type purger struct {
	river.WorkerDefaults[purgeArgs]
	db    *postgres.DB
	log   *slog.Logger
	batch int
}

// Timeout lets a purge that was put off for long come to its end; it goes on where it was next time.
func (*purger) Timeout(*river.Job[purgeArgs]) time.Duration { return 10 * time.Minute }

func (p *purger) Work(ctx context.Context, _ *river.Job[purgeArgs]) error {
	var errs []error
	for _, purge := range purges() {
		n, err := p.run(ctx, purge)
		if err != nil {
			errs = append(errs, fmt.Errorf("purge %s: %w", purge.table, err))
		}
		p.log.Debug("purged", "table", purge.table, "rows", n)
	}
	return errors.Join(errs...)
}

func (p *purger) run(ctx context.Context, purge purge) (total int64, err error) {
	for {
		result, err := p.db.NewRaw(purge.statement, purge.keep.Seconds(), p.batch).Exec(ctx)
		if err != nil {
			return total, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return total, err
		}
		total += n
		if n == 0 {
			return total, nil
		}
	}
}

func housekeeping(db *postgres.DB, log *slog.Logger) []Registration {
	return []Registration{
		Worker(&purger{db: db, log: log, batch: 1000}),
		Every("kernel.purge", time.Hour, purgeArgs{}),
	}
}
