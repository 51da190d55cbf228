package hearings

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

func (r MutationResolver) PlanPublicHearing(ctx context.Context, input PlanPublicHearingInput) (*core.Payload, error) {
	return r.Module.Service.PlanPublicHearing(ctx, input)
}

func (r MutationResolver) UpdatePublicHearing(ctx context.Context, input UpdatePublicHearingInput) (*core.Payload, error) {
	return r.Module.Service.UpdatePublicHearing(ctx, input)
}

func (r MutationResolver) AddHearingSession(ctx context.Context, input AddHearingSessionInput) (*core.Payload, error) {
	return r.Module.Service.AddHearingSession(ctx, input)
}

func (r MutationResolver) AnnouncePublicHearing(ctx context.Context, input AnnouncePublicHearingInput) (*core.Payload, error) {
	return r.Module.Service.AnnouncePublicHearing(ctx, input)
}

func (r MutationResolver) CancelPublicHearing(ctx context.Context, input CancelPublicHearingInput) (*core.Payload, error) {
	return r.Module.Service.CancelPublicHearing(ctx, input)
}

func (r MutationResolver) ConcludePublicHearing(ctx context.Context, input ConcludePublicHearingInput) (*core.Payload, error) {
	return r.Module.Service.ConcludePublicHearing(ctx, input)
}

func (r MutationResolver) PublishPublicHearing(ctx context.Context, input PublishPublicHearingInput) (*core.Payload, error) {
	return r.Module.Service.PublishPublicHearing(ctx, input)
}

func (r MutationResolver) SubmitHearingStatement(ctx context.Context, input SubmitHearingStatementInput) (*core.Payload, error) {
	return r.Module.Service.SubmitHearingStatement(ctx, input)
}

func (r MutationResolver) RecordHearingStatement(ctx context.Context, input RecordHearingStatementInput) (*core.Payload, error) {
	return r.Module.Service.RecordHearingStatement(ctx, input)
}

func (r MutationResolver) CheckHearingStanding(ctx context.Context, input CheckHearingStandingInput) (*core.Payload, error) {
	return r.Module.Service.CheckHearingStanding(ctx, input)
}

func (r MutationResolver) PublishHearingStatement(ctx context.Context, input PublishHearingStatementInput) (*core.Payload, error) {
	return r.Module.Service.PublishHearingStatement(ctx, input)
}

func (r MutationResolver) AnswerHearingProposals(ctx context.Context, input AnswerHearingProposalsInput) (*core.Payload, error) {
	return r.Module.Service.AnswerHearingProposals(ctx, input)
}

func (r MutationResolver) SetHearingRule(ctx context.Context, input SetHearingRuleInput) (*core.Payload, error) {
	return r.Module.Service.SetHearingRule(ctx, input)
}

// HearingChanged delivers what happens to one hearing, or to all that the caller may see.
func (r SubscriptionResolver) HearingChanged(ctx context.Context, id *core.ID) (<-chan *HearingChange, error) {
	return host.Watch[PublicHearing](ctx, r.Module.host, "PublicHearing", id, changeOf)
}

func changeOf(e core.Event) (*HearingChange, uuid.UUID) {
	change := &HearingChange{EventID: core.ID{Type: "Event", Key: e.ID}, Kind: e.Kind, At: e.At}
	for _, id := range slices.Concat(e.Touched, []core.ID{{Type: e.Type, Key: e.Object}}) {
		if id.Type == "PublicHearing" {
			change.Hearing = read.Ref[PublicHearing](id.Key)
		}
	}
	return change, uuid.UUID(change.Hearing)
}
