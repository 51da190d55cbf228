package identity

import (
	"context"

	"time"

	"github.com/veche-city/veche/core"
)

// Guess counts an attempt at a secret of a module's own, the code of a case say, against the address that
// it comes from: as failed, before it is looked at. Too many are RateLimited. Whoever finds that the
// secret was right calls right, which takes this attempt back and no other, so that a secret of one's
// own does not wash off guesses at others'. Not to be called within a transaction of the caller's.
func (s *Service) Guess(ctx context.Context, kind string) (right func(context.Context) error, err error) {
	from := network(ClientOf(ctx).Address)
	c := counter{"guess_" + kind, keyOf("guess", kind, from), rule{10, 10 * time.Second, 15 * time.Minute, time.Hour}}
	if _, err := s.charge(ctx, c); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		_, err := s.db.NewRaw(`UPDATE attempts SET failures = GREATEST(failures - 1, 0) WHERE municipality_id = ? AND kind = ? AND key = ?`,
			core.MunicipalityOf(ctx).ID, c.kind, c.key[:]).Exec(ctx)
		return err
	}, nil
}
