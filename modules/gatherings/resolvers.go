package gatherings

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
)

// The resolvers that gqlgen asks for and no declaration answers; each calls the service.
type (
	MutationResolver     struct{ Module *Module }
	SubscriptionResolver struct{ Module *Module }
)

func (r MutationResolver) PlanGathering(ctx context.Context, input PlanGatheringInput) (*core.Payload, error) {
	return r.Module.Service.PlanGathering(ctx, input)
}

func (r MutationResolver) AnnounceGathering(ctx context.Context, input AnnounceGatheringInput) (*core.Payload, error) {
	return r.Module.Service.AnnounceGathering(ctx, input)
}

func (r MutationResolver) RecordGathering(ctx context.Context, input RecordGatheringInput) (*core.Payload, error) {
	return r.Module.Service.RecordGathering(ctx, input)
}

func (r MutationResolver) UpdateGathering(ctx context.Context, input UpdateGatheringInput) (*core.Payload, error) {
	return r.Module.Service.UpdateGathering(ctx, input)
}

func (r MutationResolver) HoldGathering(ctx context.Context, input HoldGatheringInput) (*core.Payload, error) {
	return r.Module.Service.HoldGathering(ctx, input)
}

func (r MutationResolver) AddGatheringOfficials(ctx context.Context, input AddGatheringOfficialsInput) (*core.Payload, error) {
	return r.Module.Service.AddGatheringOfficials(ctx, input)
}

func (r MutationResolver) RemoveGatheringOfficial(ctx context.Context, input RemoveGatheringOfficialInput) (*core.Payload, error) {
	return r.Module.Service.RemoveGatheringOfficial(ctx, input)
}

func (r MutationResolver) RecordTopics(ctx context.Context, input RecordTopicsInput) (*core.Payload, error) {
	return r.Module.Service.RecordTopics(ctx, input)
}

func (r MutationResolver) PublishGathering(ctx context.Context, input PublishGatheringInput) (*core.Payload, error) {
	return r.Module.Service.PublishGathering(ctx, input)
}

func (r MutationResolver) CancelGathering(ctx context.Context, input CancelGatheringInput) (*core.Payload, error) {
	return r.Module.Service.CancelGathering(ctx, input)
}

// GatheringChanged delivers what happens to one gathering, or to all that the caller may see.
func (r SubscriptionResolver) GatheringChanged(ctx context.Context, id *core.ID) (<-chan *GatheringChange, error) {
	return host.Watch[Gathering](ctx, r.Module.host, "Gathering", id, changeOf)
}

func changeOf(e core.Event) (*GatheringChange, uuid.UUID) {
	change := &GatheringChange{EventID: core.ID{Type: "Event", Key: e.ID}, Kind: e.Kind, At: e.At}
	for _, id := range slices.Concat(e.Touched, []core.ID{{Type: e.Type, Key: e.Object}}) {
		if id.Type == "Gathering" {
			change.Gathering = read.Ref[Gathering](id.Key)
		}
	}
	return change, uuid.UUID(change.Gathering)
}
