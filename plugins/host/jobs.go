package host

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/plugins/contract"
)

// runArgs are a plugin's job: all plugins have one kind.
type runArgs struct {
	Plugin    string          `json:"plugin"`
	ID        string          `json:"id"`
	What      string          `json:"what"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
}

func (runArgs) Kind() string { return "plugins.run" }

type runner struct {
	river.WorkerDefaults[runArgs]
	host *Host
}

// worker works the jobs of all plugins. A job of a plugin that is not enabled, or does not run, waits:
// that is no attempt of it.
func (h *Host) worker() jobs.Registration { return jobs.Worker[runArgs](&runner{host: h}) }

// Timeout is above that of any call.
func (*runner) Timeout(*river.Job[runArgs]) time.Duration { return 2 * time.Minute }

const (
	notEnabled = 10 * time.Minute
	notRunning = 30 * time.Second
)

func (r *runner) Work(ctx context.Context, job *river.Job[runArgs]) error {
	i := r.host.instanceAt(place{core.MunicipalityOf(ctx).ID, job.Args.Plugin})
	if i == nil {
		return r.without(ctx, job.Args)
	}
	err := i.call(i.background(ctx), false, func(ctx context.Context, said *contract.Call, client contract.PluginClient) error {
		answer, err := client.Run(ctx, &contract.RunRequest{Call: said, Id: job.Args.ID, Kind: job.Args.What, Arguments: job.Args.Arguments, Attempt: int32(job.Attempt)})
		if err == nil && answer.Error != nil {
			return fmt.Errorf("plugin %s: job %s: %s: %s", job.Args.Plugin, job.Args.What, answer.Error.Code, answer.Error.Message)
		}
		return err
	})
	if err != nil && core.CodeOf(err) == core.CodePluginUnavailable {
		return river.JobSnooze(notRunning)
	}
	return err
}

// without is what becomes of a job whose plugin is not enabled: it waits, unless the plugin was erased.
func (r *runner) without(ctx context.Context, args runArgs) error {
	var planned bool
	err := r.host.DB.Pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM plugin_jobs WHERE municipality_id = $1 AND plugin = $2 AND id = $3)",
		core.MunicipalityOf(ctx).ID, args.Plugin, args.ID).Scan(&planned)
	switch {
	case err != nil:
		return err
	case !planned:
		return river.JobCancel(fmt.Errorf("plugin %s was erased", args.Plugin))
	}
	return river.JobSnooze(notEnabled)
}
