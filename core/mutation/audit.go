package mutation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/postgres"
)

// record writes the audit and the outbox rows of everything that changed.
func (tx *Tx) record(ctx context.Context, action string) error {
	for _, c := range tx.changes {
		if err := Audit(ctx, tx.Tx, tx.now, action, c); err != nil {
			return fmt.Errorf("mutation %s: audit: %w", action, err)
		}
		if err := events.Append(ctx, tx, c, tx.now); err != nil {
			return fmt.Errorf("mutation %s: event: %w", action, err)
		}
	}
	return nil
}

// Audit writes one row of the trail, as the context's actor. Mutations do so by Changed; it is for what
// is brought here from elsewhere, with the moment at which it happened there.
func Audit(ctx context.Context, tx postgres.Tx, at time.Time, action string, c core.Change) error {
	before, err := asJSON(c.Before)
	if err != nil {
		return err
	}
	after, err := asJSON(c.After)
	if err != nil {
		return err
	}
	actor := core.ActorOf(ctx)
	_, err = tx.Pgx.Exec(ctx, `INSERT INTO audit
		(municipality_id, id, at, actor_kind, actor_id, acting_for, action, object_type, object_id, before, after, reason, request_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nullif($12, ''), $13)`,
		core.MunicipalityOf(ctx).ID, core.NewID(), at, string(actor.Kind), nullable(actor.Account), nullable(actor.ActingFor),
		action, c.Type, c.ID, before, after, c.Reason, core.RequestIDOf(ctx))
	return err
}

func asJSON(v any) (*string, error) {
	if v == nil {
		return nil, nil
	}
	raw, err := json.Marshal(v)
	text := string(raw)
	return &text, err
}

func nullable(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
