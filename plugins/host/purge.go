package host

import (
	"context"
	"fmt"
)

// jobsKept is for how many days a job's id is remembered, and planned once.
const jobsKept = 30

// Purge forgets, in all municipalities, the ids of jobs that were planned thirty days ago and are not
// waiting any more. Deliveries need none: what is done is deleted at once, and what was given up stays
// until it is replayed or the plugin's data are erased.
func (h *Host) Purge(ctx context.Context) error {
	_, err := h.DB.Pool.Exec(ctx, `DELETE FROM plugin_jobs AS p WHERE p.planned_at < now() - make_interval(days => $1) AND NOT EXISTS (
		SELECT FROM river_job AS j WHERE j.kind = $2 AND j.state NOT IN ('completed', 'cancelled', 'discarded')
			AND j.args->>'plugin' = p.plugin AND j.args->>'id' = p.id AND j.metadata->>'municipality_id' = p.municipality_id::text)`, jobsKept, runArgs{}.Kind())
	if err != nil {
		return fmt.Errorf("plugins' jobs cannot be forgotten: %w", err)
	}
	return nil
}
