package accounts

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/postgres"
)

type purgeArgs struct{}

func (purgeArgs) Kind() string { return "accounts.purge" }

// purger deletes, for all municipalities, sessions, invitations and counts of attempts that have
// run out. They let nobody in before that either; they are personal data that has served.
type purger struct {
	river.WorkerDefaults[purgeArgs]
	identity *identity.Service
	db       *postgres.DB
}

// Timeout lets a purge that was put off for long come to its end.
func (*purger) Timeout(*river.Job[purgeArgs]) time.Duration { return 10 * time.Minute }

func (p *purger) Work(ctx context.Context, _ *river.Job[purgeArgs]) error {
	return p.identity.Purge(ctx, p.db)
}

func purging(h *host.Host) []jobs.Registration {
	return []jobs.Registration{
		jobs.Worker(&purger{identity: h.Identity, db: h.DB}),
		jobs.Every("accounts.purge", time.Hour, purgeArgs{}),
	}
}
