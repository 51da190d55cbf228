package accounts

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// The resolvers that gqlgen asks for and no declaration answers; each calls the service.
type (
	QueryResolver    struct{ Module *Module }
	MutationResolver struct{ Module *Module }
	ViewerResolver   struct{ Module *Module }
)

func (QueryResolver) Viewer(ctx context.Context) (*Viewer, error) { return viewerOf(ctx), nil }

func (r ViewerResolver) Account(ctx context.Context, obj *Viewer) (*Account, error) {
	return read.Changed[Account](obj.as(ctx), r.Module.host.Reads, obj.account())
}

func (r ViewerResolver) Permissions(ctx context.Context, obj *Viewer) ([]string, error) {
	return r.Module.Service.Permissions(ctx, obj)
}

func (r ViewerResolver) Sessions(ctx context.Context, obj *Viewer) ([]*Session, error) {
	return r.Module.Service.Sessions(ctx, obj)
}

func (r MutationResolver) SetUp(ctx context.Context, input SetUpInput) (*SignInPayload, error) {
	return r.Module.Service.SetUp(ctx, input)
}

func (r MutationResolver) SignIn(ctx context.Context, input SignInInput) (*SignInPayload, error) {
	return r.Module.Service.SignIn(ctx, input)
}

func (r MutationResolver) SignUp(ctx context.Context, input SignUpInput) (*SignInPayload, error) {
	return r.Module.Service.SignUp(ctx, input)
}

func (r MutationResolver) AcceptInvitation(ctx context.Context, input AcceptInvitationInput) (*SignInPayload, error) {
	return r.Module.Service.AcceptInvitation(ctx, input)
}

func (r MutationResolver) SignOut(ctx context.Context, input SignOutInput) (*ViewerPayload, error) {
	return r.Module.Service.SignOut(ctx, input)
}

func (r MutationResolver) ChangePassword(ctx context.Context, input ChangePasswordInput) (*ViewerPayload, error) {
	return r.Module.Service.ChangePassword(ctx, input)
}

func (r MutationResolver) RevokeSession(ctx context.Context, input RevokeSessionInput) (*ViewerPayload, error) {
	return r.Module.Service.RevokeSession(ctx, input)
}

func (r MutationResolver) RevokeOtherSessions(ctx context.Context, input RevokeOtherSessionsInput) (*ViewerPayload, error) {
	return r.Module.Service.RevokeOtherSessions(ctx, input)
}

func (r MutationResolver) CreateAccount(ctx context.Context, input CreateAccountInput) (*InvitationPayload, error) {
	return r.Module.Service.CreateAccount(ctx, input)
}

func (r MutationResolver) LinkPerson(ctx context.Context, input LinkPersonInput) (*core.Payload, error) {
	return r.Module.Service.LinkPerson(ctx, input)
}

func (r MutationResolver) DisableAccount(ctx context.Context, input DisableAccountInput) (*core.Payload, error) {
	return r.Module.Service.DisableAccount(ctx, input)
}

func (r MutationResolver) EnableAccount(ctx context.Context, input EnableAccountInput) (*core.Payload, error) {
	return r.Module.Service.EnableAccount(ctx, input)
}

func (r MutationResolver) ResetPassword(ctx context.Context, input ResetPasswordInput) (*InvitationPayload, error) {
	return r.Module.Service.ResetPassword(ctx, input)
}

func (r MutationResolver) CreateServiceToken(ctx context.Context, input CreateServiceTokenInput) (*IssuedServiceTokenPayload, error) {
	return r.Module.Service.CreateServiceToken(ctx, input)
}

func (r MutationResolver) RevokeServiceToken(ctx context.Context, input RevokeServiceTokenInput) (*core.Payload, error) {
	return r.Module.Service.RevokeServiceToken(ctx, input)
}
