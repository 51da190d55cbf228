package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// knownFor is how long an address at which the owner has signed in stays known.
const knownFor = 90 * day

// charge counts an attempt as failed before it is looked at, on every counter, or on none and
// answers RateLimited. The rows stay locked from reading to writing, so that of any number of
// parallel attempts only as many pass as the rules allow. Counters are locked in the order given:
// all callers give the narrow one first. What is charged is answered for settle.
//
// Where the first counter belongs to an address at which the owner has signed in before, it is the
// only one: strangers elsewhere cannot keep the owner out.
func (s *Service) charge(ctx context.Context, counters ...counter) (charged []counter, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx postgres.Tx) error {
		charged = nil
		var wait time.Duration
		for _, c := range counters {
			left, known, err := s.chargeOne(ctx, tx, c)
			if err != nil {
				return fmt.Errorf("counting attempts: %w", err)
			}
			wait = max(wait, left)
			charged = append(charged, c)
			if known {
				break
			}
		}
		if wait > 0 {
			return &RateLimited{RetryAfter: wait} // takes back what was charged
		}
		return nil
	})
	return charged, err
}

func (s *Service) chargeOne(ctx context.Context, tx bun.IDB, c counter) (wait time.Duration, known bool, err error) {
	now := s.now()
	var row struct {
		Failures    int
		LastAt      time.Time
		SucceededAt *time.Time
	}
	err = tx.NewRaw(`INSERT INTO attempts AS a (municipality_id, kind, key, failures, last_at) VALUES (?, ?, ?, 0, ?)
		ON CONFLICT (municipality_id, kind, key) DO UPDATE SET failures = a.failures
		RETURNING failures, last_at, succeeded_at`, core.MunicipalityOf(ctx).ID, c.kind, c.key[:], now).Scan(ctx, &row)
	if err != nil {
		return 0, false, err
	}
	known = row.SucceededAt != nil && now.Sub(*row.SucceededAt) < knownFor
	if wait := c.rule.wait(row.Failures, row.LastAt, now); wait > 0 {
		return wait, known, nil
	}
	_, err = tx.NewRaw(`UPDATE attempts SET failures = ?, last_at = ? WHERE municipality_id = ? AND kind = ? AND key = ?`,
		c.rule.counted(row.Failures, row.LastAt, now)+1, now, core.MunicipalityOf(ctx).ID, c.kind, c.key[:]).Exec(ctx)
	return 0, known, err
}

// settle takes back what a successful attempt was charged: the first counter, which is the
// caller's alone, starts anew; on the others, which are shared, only this attempt is taken back,
// so that an account of one's own does not wash off guesses at others'.
func (s *Service) settle(ctx context.Context, tx bun.IDB, charged []counter) error {
	for i, c := range charged {
		set := "failures = GREATEST(failures - 1, 0)"
		if i == 0 {
			set = "failures = 0, succeeded_at = ?3"
		}
		_, err := tx.NewRaw(`UPDATE attempts SET `+set+` WHERE municipality_id = ?0 AND kind = ?1 AND key = ?2`,
			core.MunicipalityOf(ctx).ID, c.kind, c.key[:], s.now()).Exec(ctx)
		if err != nil {
			return fmt.Errorf("settling attempts: %w", err)
		}
	}
	return nil
}
