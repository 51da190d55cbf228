package motions

import (
	"context"

	"github.com/veche-city/veche/core"
)

// The resolvers that gqlgen asks for and no declaration answers; each calls the service.
type (
	MutationResolver     struct{ Module *Module }
	SubscriptionResolver struct{ Module *Module }
)

func (r MutationResolver) TableMotion(ctx context.Context, input TableMotionInput) (*core.Payload, error) {
	return r.Module.Service.TableMotion(ctx, input)
}

func (r MutationResolver) UpdateMotion(ctx context.Context, input UpdateMotionInput) (*core.Payload, error) {
	return r.Module.Service.UpdateMotion(ctx, input)
}

func (r MutationResolver) OpenMotion(ctx context.Context, input OpenMotionInput) (*core.Payload, error) {
	return r.Module.Service.OpenMotion(ctx, input)
}

func (r MutationResolver) WithdrawMotion(ctx context.Context, input WithdrawMotionInput) (*core.Payload, error) {
	return r.Module.Service.WithdrawMotion(ctx, input)
}

func (r MutationResolver) ProposeAmendment(ctx context.Context, input ProposeAmendmentInput) (*core.Payload, error) {
	return r.Module.Service.ProposeAmendment(ctx, input)
}

func (r MutationResolver) WithdrawAmendment(ctx context.Context, input WithdrawAmendmentInput) (*core.Payload, error) {
	return r.Module.Service.WithdrawAmendment(ctx, input)
}

func (r MutationResolver) GiveProxy(ctx context.Context, input GiveProxyInput) (*core.Payload, error) {
	return r.Module.Service.GiveProxy(ctx, input)
}

func (r MutationResolver) RevokeProxy(ctx context.Context, input RevokeProxyInput) (*core.Payload, error) {
	return r.Module.Service.RevokeProxy(ctx, input)
}

func (r MutationResolver) OpenVote(ctx context.Context, input OpenVoteInput) (*OpenedVotePayload, error) {
	return r.Module.Service.OpenVote(ctx, input)
}

func (r MutationResolver) CastBallot(ctx context.Context, input CastBallotInput) (*core.Payload, error) {
	return r.Module.Service.CastBallot(ctx, input)
}

func (r MutationResolver) CloseVote(ctx context.Context, input CloseVoteInput) (*core.Payload, error) {
	return r.Module.Service.CloseVote(ctx, input)
}

func (r MutationResolver) CountVote(ctx context.Context, input CountVoteInput) (*core.Payload, error) {
	return r.Module.Service.CountVote(ctx, input)
}

func (r MutationResolver) AnnulVote(ctx context.Context, input AnnulVoteInput) (*core.Payload, error) {
	return r.Module.Service.AnnulVote(ctx, input)
}

func (r MutationResolver) CreateResolution(ctx context.Context, input CreateResolutionInput) (*core.Payload, error) {
	return r.Module.Service.CreateResolution(ctx, input)
}

func (r MutationResolver) UpdateResolution(ctx context.Context, input UpdateResolutionInput) (*core.Payload, error) {
	return r.Module.Service.UpdateResolution(ctx, input)
}

func (r MutationResolver) PublishResolution(ctx context.Context, input PublishResolutionInput) (*core.Payload, error) {
	return r.Module.Service.PublishResolution(ctx, input)
}

func (r SubscriptionResolver) VoteChanged(ctx context.Context, id core.ID) (<-chan *VoteChange, error) {
	return r.Module.watch(ctx, id)
}
