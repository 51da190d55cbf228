package plugins

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/veche-city/veche/plugins/catalog"
)

const purgeEvery = 24 * time.Hour

type purgeArgs struct{}

func (purgeArgs) Kind() string { return "plugins.purge" }

// purger deletes exports when their time is over, forgets jobs that were done long ago, and erases what a removal could not erase at once.
type purger struct {
	river.WorkerDefaults[purgeArgs]
	catalog *catalog.Catalog
}

func (p *purger) Work(ctx context.Context, _ *river.Job[purgeArgs]) error {
	return errors.Join(p.catalog.PurgeOld(ctx), p.catalog.EraseRemoved(ctx))
}
