package councilwork

import (
	"context"

	"github.com/veche-city/veche/core"
)

// MutationResolver hands each mutation to the service.
type MutationResolver struct{ Module *Module }

func (r MutationResolver) PutQuestion(ctx context.Context, input PutQuestionInput) (*core.Payload, error) {
	return r.Module.Service.PutQuestion(ctx, input)
}

func (r MutationResolver) AcceptQuestion(ctx context.Context, input AcceptQuestionInput) (*core.Payload, error) {
	return r.Module.Service.AcceptQuestion(ctx, input)
}

func (r MutationResolver) ReturnQuestion(ctx context.Context, input ReturnQuestionInput) (*core.Payload, error) {
	return r.Module.Service.ReturnQuestion(ctx, input)
}

func (r MutationResolver) ResubmitQuestion(ctx context.Context, input ResubmitQuestionInput) (*core.Payload, error) {
	return r.Module.Service.ResubmitQuestion(ctx, input)
}

func (r MutationResolver) RejectQuestion(ctx context.Context, input RejectQuestionInput) (*core.Payload, error) {
	return r.Module.Service.RejectQuestion(ctx, input)
}

func (r MutationResolver) ScheduleQuestion(ctx context.Context, input ScheduleQuestionInput) (*core.Payload, error) {
	return r.Module.Service.ScheduleQuestion(ctx, input)
}

func (r MutationResolver) ConsiderQuestion(ctx context.Context, input ConsiderQuestionInput) (*core.Payload, error) {
	return r.Module.Service.ConsiderQuestion(ctx, input)
}

func (r MutationResolver) DecideQuestion(ctx context.Context, input DecideQuestionInput) (*core.Payload, error) {
	return r.Module.Service.DecideQuestion(ctx, input)
}

func (r MutationResolver) AdoptRecommendation(ctx context.Context, input AdoptRecommendationInput) (*core.Payload, error) {
	return r.Module.Service.AdoptRecommendation(ctx, input)
}

func (r MutationResolver) UpdateRecommendation(ctx context.Context, input UpdateRecommendationInput) (*core.Payload, error) {
	return r.Module.Service.UpdateRecommendation(ctx, input)
}

func (r MutationResolver) SendRecommendation(ctx context.Context, input SendRecommendationInput) (*core.Payload, error) {
	return r.Module.Service.SendRecommendation(ctx, input)
}

func (r MutationResolver) AnswerRecommendation(ctx context.Context, input AnswerRecommendationInput) (*core.Payload, error) {
	return r.Module.Service.AnswerRecommendation(ctx, input)
}

func (r MutationResolver) SecondMember(ctx context.Context, input SecondMemberInput) (*core.Payload, error) {
	return r.Module.Service.SecondMember(ctx, input)
}

func (r MutationResolver) EndSecondment(ctx context.Context, input EndSecondmentInput) (*core.Payload, error) {
	return r.Module.Service.EndSecondment(ctx, input)
}

func (r MutationResolver) AskSecondmentReport(ctx context.Context, input AskSecondmentReportInput) (*core.Payload, error) {
	return r.Module.Service.AskSecondmentReport(ctx, input)
}

func (r MutationResolver) GiveSecondmentReport(ctx context.Context, input GiveSecondmentReportInput) (*core.Payload, error) {
	return r.Module.Service.GiveSecondmentReport(ctx, input)
}

func (r MutationResolver) AskExpertise(ctx context.Context, input AskExpertiseInput) (*core.Payload, error) {
	return r.Module.Service.AskExpertise(ctx, input)
}

func (r MutationResolver) AcceptExpertise(ctx context.Context, input AcceptExpertiseInput) (*core.Payload, error) {
	return r.Module.Service.AcceptExpertise(ctx, input)
}

func (r MutationResolver) DeclineExpertise(ctx context.Context, input DeclineExpertiseInput) (*core.Payload, error) {
	return r.Module.Service.DeclineExpertise(ctx, input)
}

func (r MutationResolver) AddExpert(ctx context.Context, input AddExpertInput) (*core.Payload, error) {
	return r.Module.Service.AddExpert(ctx, input)
}

func (r MutationResolver) DeclareConflict(ctx context.Context, input DeclareConflictInput) (*core.Payload, error) {
	return r.Module.Service.DeclareConflict(ctx, input)
}

func (r MutationResolver) StartExpertise(ctx context.Context, input StartExpertiseInput) (*core.Payload, error) {
	return r.Module.Service.StartExpertise(ctx, input)
}

func (r MutationResolver) DraftConclusion(ctx context.Context, input DraftConclusionInput) (*core.Payload, error) {
	return r.Module.Service.DraftConclusion(ctx, input)
}

func (r MutationResolver) SignConclusion(ctx context.Context, input SignConclusionInput) (*core.Payload, error) {
	return r.Module.Service.SignConclusion(ctx, input)
}

func (r MutationResolver) ConcludeExpertise(ctx context.Context, input ConcludeExpertiseInput) (*core.Payload, error) {
	return r.Module.Service.ConcludeExpertise(ctx, input)
}

func (r MutationResolver) OpenProposalCase(ctx context.Context, input OpenProposalCaseInput) (*core.Payload, error) {
	return r.Module.Service.OpenProposalCase(ctx, input)
}

func (r MutationResolver) ReplyToExpertise(ctx context.Context, input ReplyToExpertiseInput) (*core.Payload, error) {
	return r.Module.Service.ReplyToExpertise(ctx, input)
}
