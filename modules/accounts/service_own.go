package accounts

import (
	"context"

	"github.com/veche-city/veche/core"
)

// SignOut ends the session of the request; the viewer is nobody from then on.
func (s *Service) SignOut(ctx context.Context, in SignOutInput) (*ViewerPayload, error) {
	err := s.identity.SignOut(ctx)
	return changed(ctx, &Viewer{core.Actor{Kind: core.Anonymous}}, in.ClientMutationID, err)
}

// ChangePassword replaces the caller's own password and ends their other sessions.
func (s *Service) ChangePassword(ctx context.Context, in ChangePasswordInput) (*ViewerPayload, error) {
	err := s.identity.ChangePassword(once(ctx), s.write("changePassword", nil, &core.Payload{}), in.CurrentPassword, in.NewPassword)
	return changed(ctx, viewerOf(ctx), in.ClientMutationID, err)
}

// RevokeSession ends one of the caller's own sessions. That of the request itself is ended as by
// SignOut.
func (s *Service) RevokeSession(ctx context.Context, in RevokeSessionInput) (*ViewerPayload, error) {
	key, err := in.ID.Of(typeSession, "input", "id")
	if err == nil && key == core.ActorOf(ctx).Session {
		return s.SignOut(ctx, SignOutInput{in.ClientMutationID})
	}
	if err == nil {
		err = s.identity.RevokeSession(ctx, key)
	}
	return changed(ctx, viewerOf(ctx), in.ClientMutationID, err)
}

// RevokeOtherSessions ends the caller's own sessions but this one.
func (s *Service) RevokeOtherSessions(ctx context.Context, in RevokeOtherSessionsInput) (*ViewerPayload, error) {
	err := s.identity.RevokeOtherSessions(ctx)
	return changed(ctx, viewerOf(ctx), in.ClientMutationID, err)
}

func changed(ctx context.Context, v *Viewer, client *string, err error) (*ViewerPayload, error) {
	p := &ViewerPayload{Payload: core.Payload{ClientMutationID: client}}
	if err != nil {
		if err := refuse(ctx, &p.Payload, err); err != nil {
			return nil, err
		}
		return p, nil
	}
	p.Viewer = v
	return p, nil
}
