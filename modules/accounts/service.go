package accounts

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Service is every way to sign in and to change accounts. Each method checks the caller's right,
// so it may be called from anywhere.
type Service struct {
	identity *identity.Service
	reads    *read.Reader
	guard    *access.Guard
	writer   *mutation.Writer
}

// write is the transaction of a mutation for core/identity: the change that it answers is audited
// and published, and its object's key goes into answer, which alone is kept under the
// idempotency key. input must hold no secret.
func (s *Service) write(action string, input any, answer *core.Payload) identity.Write {
	return func(ctx context.Context, fn func(ctx context.Context, tx postgres.Tx) (core.Change, error)) error {
		return s.run(ctx, action, input, answer, func(ctx context.Context, tx *mutation.Tx) (core.Change, error) {
			return fn(ctx, tx.Tx)
		})
	}
}

// run is write with the mutation's own transaction.
func (s *Service) run(ctx context.Context, action string, input any, answer *core.Payload, fn func(ctx context.Context, tx *mutation.Tx) (core.Change, error)) error {
	return s.writer.Run(ctx, action, input, answer, func(ctx context.Context, tx *mutation.Tx) error {
		change, err := fn(ctx, tx)
		if err != nil {
			return err
		}
		tx.Changed(change)
		answer.Key = change.ID
		return nil
	})
}

// refuse puts what a form can show into the payload, which then shows nothing else; every other
// error is handed back.
func refuse(ctx context.Context, p *core.Payload, err error) error {
	shown, ok := mutation.UserErrors(ctx, err)
	if !ok {
		return err
	}
	*p = core.Payload{UserErrors: shown, ClientMutationID: p.ClientMutationID}
	return nil
}
