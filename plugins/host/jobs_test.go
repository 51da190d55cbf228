package host_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/host"
)

func TestJobsRunAtLeastOnce(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	ran := make(chan *contract.RunRequest, 9)
	p.run = func(_ context.Context, r *contract.RunRequest) (*contract.RunResponse, error) {
		ran <- r
		return &contract.RunResponse{}, nil
	}
	townhall.Must(t, h.host.Jobs.Start(t.Context()))
	defer func() { townhall.Must(t, h.host.Jobs.Stop(context.Background())) }()
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		_, err := api.Write(ctx, &contract.WriteRequest{Jobs: []*contract.Schedule{{Id: "j1", Kind: "remind", Arguments: []byte(`{"x":1}`)}}})
		townhall.Must(t, err)
	})
	r := <-ran
	if r.Id != "j1" || r.Kind != "remind" || string(r.Arguments) != `{"x": 1}` || r.Attempt != 1 || r.Call.Municipality != "kansk" || r.Call.Actor.Kind != contract.Actor_KIND_PLUGIN {
		t.Errorf("got %v", r)
	}
}

// The id of a job is forgotten when it was done long ago: not while it waits, whatever its age, nor in
// another town.
func TestJobsAreForgotten(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving(h.other)
	plan := func(town *core.Municipality, ids ...string) {
		h.within(p, town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
			var jobs []*contract.Schedule
			for _, id := range ids {
				jobs = append(jobs, &contract.Schedule{Id: id, Kind: "remind", At: timestamppb.New(time.Now().Add(time.Hour))})
			}
			_, err := api.Write(ctx, &contract.WriteRequest{Jobs: jobs})
			townhall.Must(t, err)
		})
	}
	plan(h.town, "old", "waits", "young", "lost")
	plan(h.other, "waits", "old")
	for _, sql := range []string{
		"UPDATE plugin_jobs SET planned_at = now() - interval '31 days' WHERE id <> 'young'",
		"UPDATE river_job SET state = 'completed', finalized_at = now() WHERE args->>'id' IN ('old', 'young') AND metadata->>'municipality_id' = '" + h.town.ID.String() + "'",
		"DELETE FROM river_job WHERE args->>'id' = 'lost'",
	} {
		_, err := h.host.DB.Pool.Exec(t.Context(), sql)
		townhall.Must(t, err)
	}
	townhall.Must(t, h.host.Purge(t.Context()))
	var left string
	townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), "SELECT string_agg(m.key || ' ' || j.id, ', ' ORDER BY m.key, j.id) FROM plugin_jobs AS j JOIN municipalities AS m ON m.id = j.municipality_id").Scan(&left))
	if left != "achinsk old, achinsk waits, kansk waits, kansk young" {
		t.Error(left)
	}
}
