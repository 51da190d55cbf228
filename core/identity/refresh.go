package identity

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// Refresh is the same actor with the rights held now, for what lasts longer than a request. It is
// UNAUTHENTICATED once the session or token has ended or its account is disabled, and FORBIDDEN
// once the mandate has under which the actor acts. It does not count as a use: a stream that is
// left open keeps no session alive. Nobody, Veche itself and a plugin hold the same at all times.
func (s *Service) Refresh(ctx context.Context, actor core.Actor) (core.Actor, error) {
	switch actor.Kind {
	case core.Anonymous, core.System, core.Plugin:
		return actor, nil
	case core.Service:
		row, err := s.liveServiceToken(ctx, "t.id = ?", actor.Account)
		if err != nil {
			return core.Actor{}, err
		}
		return s.actorOfServiceToken(ctx, row)
	case core.Account:
		return s.refreshAccount(ctx, actor)
	default:
		return core.Actor{}, core.ErrUnauthenticated
	}
}

func (s *Service) refreshAccount(ctx context.Context, actor core.Actor) (core.Actor, error) {
	row, err := s.liveSession(ctx, "s.id = $3 AND s.account_id = $4", [16]byte(actor.Session), [16]byte(actor.Account))
	if err != nil {
		return core.Actor{}, err
	}
	fresh, err := s.actorOfSession(ctx, row)
	if err != nil || actor.ActingFor == uuid.Nil {
		return fresh, err
	}
	return s.actFor(ctx, fresh, actor.ActingFor)
}
