package councils

import (
	"context"

	"github.com/veche-city/veche/core"
)

// The resolvers that gqlgen asks for and no declaration answers; each calls the service.
type (
	QueryResolver        struct{ Module *Module }
	MutationResolver     struct{ Module *Module }
	SubscriptionResolver struct{ Module *Module }
)

func (r QueryResolver) CouncilCoverage(ctx context.Context, kind CouncilKind, asOf *core.Date) (*CouncilCoverage, error) {
	return r.Module.Service.Coverage(ctx, kind, asOf)
}

func (r MutationResolver) CreateCouncil(ctx context.Context, input CreateCouncilInput) (*core.Payload, error) {
	return r.Module.Service.CreateCouncil(ctx, input)
}

func (r MutationResolver) UpdateCouncil(ctx context.Context, input UpdateCouncilInput) (*core.Payload, error) {
	return r.Module.Service.UpdateCouncil(ctx, input)
}

func (r MutationResolver) DissolveCouncil(ctx context.Context, input DissolveCouncilInput) (*core.Payload, error) {
	return r.Module.Service.DissolveCouncil(ctx, input)
}

func (r MutationResolver) StartTerm(ctx context.Context, input StartTermInput) (*core.Payload, error) {
	return r.Module.Service.StartTerm(ctx, input)
}

func (r MutationResolver) AddMember(ctx context.Context, input AddMemberInput) (*core.Payload, error) {
	return r.Module.Service.AddMember(ctx, input)
}

func (r MutationResolver) UpdateMembership(ctx context.Context, input UpdateMembershipInput) (*core.Payload, error) {
	return r.Module.Service.UpdateMembership(ctx, input)
}

func (r MutationResolver) ChangePost(ctx context.Context, input ChangePostInput) (*core.Payload, error) {
	return r.Module.Service.ChangePost(ctx, input)
}

func (r MutationResolver) EndMembership(ctx context.Context, input EndMembershipInput) (*core.Payload, error) {
	return r.Module.Service.EndMembership(ctx, input)
}

func (r SubscriptionResolver) CouncilChanged(ctx context.Context, id *core.ID) (<-chan *CouncilChange, error) {
	return r.Module.watch(ctx, id)
}
