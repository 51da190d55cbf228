package files

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/postgres"
)

type sweepArgs struct{}

func (sweepArgs) Kind() string { return "files.sweep" }

// sweeper erases, in all municipalities, what nobody needs any more: uploads whose time is over, the
// bytes of files that were taken away, and what dead processes have left in the spool. It runs every
// hour, and after each removal. Bytes go before the row is done with them, in one transaction: should
// anything fail between, the row still leads to them and the next run finds nothing to remove.
type sweeper struct {
	river.WorkerDefaults[sweepArgs]
	*Service
}

// Timeout lets a sweep that was put off for long come to its end.
func (*sweeper) Timeout(*river.Job[sweepArgs]) time.Duration { return 10 * time.Minute }

func (s *sweeper) Work(ctx context.Context, _ *river.Job[sweepArgs]) error { return s.Sweep(ctx) }

func sweeping(s *Service) []jobs.Registration {
	return []jobs.Registration{
		jobs.Worker(&sweeper{Service: s}),
		jobs.Every("files.sweep", time.Hour, sweepArgs{}),
	}
}

const batch = 100

// sweeps select what is to be erased, some rows at a time, and say what becomes of the rows. Rows that
// somebody holds (an upload that is being attached) are left for the next time.
var sweeps = []struct{ find, settle string }{
	{`SELECT municipality_id, id, state <> 'ATTACHED' AS erase FROM uploads WHERE expires_at <= ?0 ORDER BY expires_at LIMIT ?1 FOR UPDATE SKIP LOCKED`,
		`DELETE FROM uploads WHERE municipality_id = ?0 AND id = ?1`},
	{`SELECT municipality_id, id, true AS erase FROM attachments WHERE removed_at <= ?0 AND erased_at IS NULL ORDER BY removed_at LIMIT ?1 FOR UPDATE SKIP LOCKED`,
		`UPDATE attachments SET erased_at = ?2 WHERE municipality_id = ?0 AND id = ?1`},
}

// Sweep erases everything that is due now.
func (s *Service) Sweep(ctx context.Context) error {
	errs := []error{s.keeper.SweepSpool()}
	for _, sweep := range sweeps {
		for {
			n, err := s.sweep(ctx, sweep.find, sweep.settle)
			if err != nil {
				errs = append(errs, fmt.Errorf("files: sweep: %w", err))
			}
			if err != nil || n < batch {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (s *Service) sweep(ctx context.Context, find, settle string) (n int, err error) {
	err = postgres.InTx(ctx, s.host.DB, func(ctx context.Context, tx postgres.Tx) error {
		var due []struct {
			MunicipalityID, ID uuid.UUID
			Erase              bool
		}
		now := s.host.Clock()
		if err := tx.NewRaw(find, now, batch).Scan(ctx, &due); err != nil {
			return err
		}
		for _, row := range due {
			if row.Erase {
				if err := s.keeper.Discard(ctx, files.Key{Municipality: row.MunicipalityID, File: row.ID}); err != nil {
					return err
				}
			}
			if _, err := tx.NewRaw(settle, row.MunicipalityID, row.ID, now).Exec(ctx); err != nil {
				return err
			}
		}
		n = len(due)
		return nil
	})
	return n, err
}
