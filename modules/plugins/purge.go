package plugins

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/veche-city/veche/plugins/catalog"
)

const purgeEvery = 24 * time.Hour

type purgeArgs struct{}

func (purgeArgs) Kind() string { return "plugins.purge" }

// purger deletes what removed plugins left, when its time is over.
type purger struct {
	river.WorkerDefaults[purgeArgs]
	catalog *catalog.Catalog
}

func (p *purger) Work(ctx context.Context, _ *river.Job[purgeArgs]) error {
	return p.catalog.Purge(ctx)
}
