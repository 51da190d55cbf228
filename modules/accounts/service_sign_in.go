package accounts

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
)

// once takes the request's Idempotency-Key out of what takes a password or a code. To compare a
// retry with the first request something made of the secret would have to be kept, and the keys of
// all who have not signed in yet lie in one common space, where one could be answered for another.
// Nothing is lost: a code works once, a login is taken once, a password is changed once, so a
// retry is refused with words that say so.
func once(ctx context.Context) context.Context { return mutation.WithKey(ctx, "") }

// SetUp makes the first administrator's account and signs it in.
func (s *Service) SetUp(ctx context.Context, in SetUpInput) (*SignInPayload, error) {
	p := &SignInPayload{Payload: core.Payload{ClientMutationID: in.ClientMutationID}}
	out, err := s.identity.SetUp(once(ctx), s.write("setUp", nil, &p.Payload), in.Code,
		identity.NewOwner{Login: in.Login, Password: in.Password, DisplayName: in.DisplayName, Kind: in.Kind.kept()})
	return s.signedIn(ctx, p, out, err)
}

// SignUp makes a resident's account and signs it in.
func (s *Service) SignUp(ctx context.Context, in SignUpInput) (*SignInPayload, error) {
	p := &SignInPayload{Payload: core.Payload{ClientMutationID: in.ClientMutationID}}
	out, err := s.identity.SignUp(once(ctx), s.write("signUp", nil, &p.Payload),
		identity.NewOwner{Login: in.Login, Password: in.Password, DisplayName: in.DisplayName, Kind: in.Kind.kept()})
	return s.signedIn(ctx, p, out, err)
}

// AcceptInvitation sets the password of the account that the code was made for and signs it in.
func (s *Service) AcceptInvitation(ctx context.Context, in AcceptInvitationInput) (*SignInPayload, error) {
	p := &SignInPayload{Payload: core.Payload{ClientMutationID: in.ClientMutationID}}
	out, err := s.identity.AcceptInvitation(once(ctx), s.write("acceptInvitation", nil, &p.Payload), in.Code, in.Password, in.Kind.kept())
	return s.signedIn(ctx, p, out, err)
}

// SignIn opens a session.
func (s *Service) SignIn(ctx context.Context, in SignInInput) (*SignInPayload, error) {
	p := &SignInPayload{Payload: core.Payload{ClientMutationID: in.ClientMutationID}}
	out, err := s.identity.SignIn(ctx, s.identity.Passwords(), identity.Credentials{Subject: in.Login, Secret: in.Password}, in.Kind.kept())
	return s.signedIn(ctx, p, out, err)
}

// signedIn shows who was signed in, with the rights that this brings.
func (s *Service) signedIn(ctx context.Context, p *SignInPayload, in identity.SignedIn, err error) (*SignInPayload, error) {
	if err != nil {
		if err := refuse(ctx, &p.Payload, err); err != nil {
			return nil, err
		}
		return p, nil
	}
	actor, err := s.identity.Refresh(ctx, core.Actor{Kind: core.Account, Account: in.Account.ID, Session: in.Session.ID})
	if err != nil {
		return nil, err
	}
	p.Viewer = &Viewer{actor}
	if in.Token != "" {
		p.Token = &in.Token
	}
	return p, nil
}
