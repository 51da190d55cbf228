package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// CreateServiceToken issues a token within the caller's own rights.
func (s *Service) CreateServiceToken(ctx context.Context, in CreateServiceTokenInput) (*IssuedServiceTokenPayload, error) {
	p := &IssuedServiceTokenPayload{Payload: core.Payload{ClientMutationID: in.ClientMutationID}}
	issued, err := s.issue(ctx, &p.Payload, in)
	if err != nil {
		if err := refuse(ctx, &p.Payload, err); err != nil {
			return nil, err
		}
		return p, nil
	}
	if issued.Token != "" {
		p.Token = &issued.Token
	}
	return p, nil
}

func (s *Service) issue(ctx context.Context, p *core.Payload, in CreateServiceTokenInput) (issued identity.IssuedToken, err error) {
	if err := s.guard.Check(ctx, mayIssue, access.Resource{Relations: []string{"own"}}); err != nil {
		return issued, err
	}
	err = s.run(ctx, "createServiceToken", in, p, func(ctx context.Context, tx *mutation.Tx) (change core.Change, err error) {
		issued, change, err = s.identity.CreateServiceToken(ctx, tx.Tx,
			identity.NewServiceToken{Name: in.Name, Permissions: in.Permissions, ExpiresAt: in.ExpiresAt})
		return change, err
	})
	return issued, err
}

// RevokeServiceToken ends a token. Another's is ended by whoever might touch its maker's account.
func (s *Service) RevokeServiceToken(ctx context.Context, in RevokeServiceTokenInput) (*core.Payload, error) {
	p := &core.Payload{ClientMutationID: in.ClientMutationID}
	token, err := s.revocable(ctx, in.ID)
	if err != nil {
		return p, refuse(ctx, p, err)
	}
	return p, refuse(ctx, p, s.run(ctx, "revokeServiceToken", in, p, func(ctx context.Context, tx *mutation.Tx) (core.Change, error) {
		_, change, err := s.identity.RevokeServiceToken(ctx, tx.Tx, token)
		return change, err
	}))
}

func (s *Service) revocable(ctx context.Context, id core.ID) (uuid.UUID, error) {
	key, err := id.Of(typeServiceToken, "input", "id")
	if err != nil {
		return uuid.Nil, err
	}
	if err := read.Require[ServiceToken](ctx, s.reads, s.reads.DB(), mayIssue, key, "input", "id"); err != nil {
		return uuid.Nil, err
	}
	maker, err := makerOf(ctx, s.reads.DB(), key)
	if err != nil || maker == core.ActorOf(ctx).Account {
		return key, err
	}
	return key, s.mayTouch(ctx, maker)
}
