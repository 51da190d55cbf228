package follow

import (
	"context"
	_ "embed"
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/read"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
}

// New declares the module's types, and has notices written from now on. The others' cards say what can
// be followed.
func New(h *host.Host, others ...core.Module) (*Module, error) {
	declare(h.Reads)
	s := &Service{reads: h.Reads, writer: h.Writer}
	for _, m := range others {
		s.types = append(s.types, m.Info().Follows...)
	}
	slices.Sort(s.types)
	h.Consumers.Add("follow.notices", tell)
	return &Module{Service: s, host: h}, h.Jobs.Register(jobs.Worker(&purger{db: h.DB}), jobs.Every("follow.purge", purgeEvery, purgeArgs{}))
}

// Info is the module's card.
func (*Module) Info() core.Info {
	info := card
	info.Policy = policy
	return info
}

// The resolvers that no declaration answers.
type (
	QueryResolver        struct{ Module *Module }
	MutationResolver     struct{ Module *Module }
	SubscriptionResolver struct{ Module *Module }
)

func (r QueryResolver) FollowableTypes(context.Context) ([]string, error) {
	return r.Module.Service.types, nil
}

func (r MutationResolver) Follow(ctx context.Context, input FollowInput) (*core.Payload, error) {
	return r.Module.Service.Follow(ctx, input)
}

func (r MutationResolver) Unfollow(ctx context.Context, input UnfollowInput) (*core.Payload, error) {
	return r.Module.Service.Unfollow(ctx, input)
}

func (r MutationResolver) MarkNotices(ctx context.Context, input MarkNoticesInput) (*core.Payload, error) {
	return r.Module.Service.MarkNotices(ctx, input)
}

// InboxChanged hands on each notice of the caller's own that is written while they listen. The consumer
// that writes them tells of each batch by one event a municipality; each listener reads on from the
// last notice that it has had.
func (r SubscriptionResolver) InboxChanged(ctx context.Context) (<-chan *InboxChange, error) {
	last, err := latest(ctx, r.Module.host.DB)
	if err != nil {
		return nil, err
	}
	waiting := make(chan *InboxChange)
	batches := host.Stream(ctx, r.Module.host, events.Filter{Type: inbox}, func(ctx context.Context, _ core.Event) (*[]uuid.UUID, error) {
		come, err := since(ctx, r.Module.host.DB, &last)
		return &come, err
	})
	go func() {
		defer close(waiting)
		for batch := range batches {
			for _, key := range *batch {
				select {
				case waiting <- &InboxChange{Notice: read.Ref[Notice](key)}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return waiting, nil
}
