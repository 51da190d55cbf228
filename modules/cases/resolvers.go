package cases

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

func (r QueryResolver) CaseByNumber(ctx context.Context, number, code string) (*CaseReceipt, error) {
	return r.Module.Service.Receipt(ctx, number, code)
}

func (r SubscriptionResolver) CaseChanged(ctx context.Context, id *core.ID) (<-chan *CaseChange, error) {
	return r.Module.watch(ctx, id)
}

func (r MutationResolver) OpenCase(ctx context.Context, input OpenCaseInput) (*core.Payload, error) {
	return r.Module.Service.OpenCase(ctx, input)
}

func (r MutationResolver) RegisterCase(ctx context.Context, input RegisterCaseInput) (*core.Payload, error) {
	return r.Module.Service.RegisterCase(ctx, input)
}

func (r MutationResolver) AssignCase(ctx context.Context, input AssignCaseInput) (*core.Payload, error) {
	return r.Module.Service.AssignCase(ctx, input)
}

func (r MutationResolver) HandOverCase(ctx context.Context, input HandOverCaseInput) (*core.Payload, error) {
	return r.Module.Service.HandOverCase(ctx, input)
}

func (r MutationResolver) ForwardCase(ctx context.Context, input ForwardCaseInput) (*core.Payload, error) {
	return r.Module.Service.ForwardCase(ctx, input)
}

func (r MutationResolver) EndForwarding(ctx context.Context, input EndForwardingInput) (*core.Payload, error) {
	return r.Module.Service.EndForwarding(ctx, input)
}

func (r MutationResolver) AddCaseStep(ctx context.Context, input AddCaseStepInput) (*core.Payload, error) {
	return r.Module.Service.AddCaseStep(ctx, input)
}

func (r MutationResolver) AddCaseNote(ctx context.Context, input AddCaseNoteInput) (*core.Payload, error) {
	return r.Module.Service.AddCaseNote(ctx, input)
}

func (r MutationResolver) AddCaseSignatory(ctx context.Context, input AddCaseSignatoryInput) (*core.Payload, error) {
	return r.Module.Service.AddCaseSignatory(ctx, input)
}

func (r MutationResolver) WithdrawCaseSignatory(ctx context.Context, input WithdrawCaseSignatoryInput) (*core.Payload, error) {
	return r.Module.Service.WithdrawCaseSignatory(ctx, input)
}

func (r MutationResolver) ExtendCase(ctx context.Context, input ExtendCaseInput) (*core.Payload, error) {
	return r.Module.Service.ExtendCase(ctx, input)
}

func (r MutationResolver) PauseCase(ctx context.Context, input PauseCaseInput) (*core.Payload, error) {
	return r.Module.Service.PauseCase(ctx, input)
}

func (r MutationResolver) ResumeCase(ctx context.Context, input ResumeCaseInput) (*core.Payload, error) {
	return r.Module.Service.ResumeCase(ctx, input)
}

func (r MutationResolver) AnswerCase(ctx context.Context, input AnswerCaseInput) (*core.Payload, error) {
	return r.Module.Service.AnswerCase(ctx, input)
}

func (r MutationResolver) RefuseCase(ctx context.Context, input RefuseCaseInput) (*core.Payload, error) {
	return r.Module.Service.RefuseCase(ctx, input)
}

func (r MutationResolver) ConfirmAnswer(ctx context.Context, input ConfirmAnswerInput) (*core.Payload, error) {
	return r.Module.Service.ConfirmAnswer(ctx, input)
}

func (r MutationResolver) ObjectToAnswer(ctx context.Context, input ObjectToAnswerInput) (*core.Payload, error) {
	return r.Module.Service.ObjectToAnswer(ctx, input)
}

func (r MutationResolver) CloseCase(ctx context.Context, input CloseCaseInput) (*core.Payload, error) {
	return r.Module.Service.CloseCase(ctx, input)
}

func (r MutationResolver) ReopenCase(ctx context.Context, input ReopenCaseInput) (*core.Payload, error) {
	return r.Module.Service.ReopenCase(ctx, input)
}

func (r MutationResolver) PublishCase(ctx context.Context, input PublishCaseInput) (*core.Payload, error) {
	return r.Module.Service.PublishCase(ctx, input)
}

func (r MutationResolver) UnpublishCase(ctx context.Context, input UnpublishCaseInput) (*core.Payload, error) {
	return r.Module.Service.UnpublishCase(ctx, input)
}

func (r MutationResolver) ClaimCase(ctx context.Context, input ClaimCaseInput) (*core.Payload, error) {
	return r.Module.Service.ClaimCase(ctx, input)
}

func (r MutationResolver) LinkCase(ctx context.Context, input LinkCaseInput) (*core.Payload, error) {
	return r.Module.Service.LinkCase(ctx, input)
}

func (r MutationResolver) CreateCaseKind(ctx context.Context, input CreateCaseKindInput) (*core.Payload, error) {
	return r.Module.Service.CreateCaseKind(ctx, input)
}

func (r MutationResolver) UpdateCaseKind(ctx context.Context, input UpdateCaseKindInput) (*core.Payload, error) {
	return r.Module.Service.UpdateCaseKind(ctx, input)
}

func (r MutationResolver) CreateCaseState(ctx context.Context, input CreateCaseStateInput) (*core.Payload, error) {
	return r.Module.Service.CreateCaseState(ctx, input)
}

func (r MutationResolver) UpdateCaseState(ctx context.Context, input UpdateCaseStateInput) (*core.Payload, error) {
	return r.Module.Service.UpdateCaseState(ctx, input)
}
