package mutation

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core"
)

// MaxKey is the longest Idempotency-Key, in bytes.
const MaxKey = 200

type keyKey struct{}

// WithKey puts the request's Idempotency-Key into the context.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyKey{}, key)
}

// once is this mutation's row under the request's key; without a key it does nothing.
type once struct {
	key    string
	answer []byte
}

var errReused = core.Conflict(core.T(
	"This Idempotency-Key was used for another request. Send a fresh one with each new action.",
	"Этот Idempotency-Key уже использован для другого запроса. Для каждого нового действия нужен новый ключ."))

// claim takes the key for this transaction, waiting for another that holds it.
func claim(ctx context.Context, tx *Tx, action string, input any) (*once, error) {
	key, _ := ctx.Value(keyKey{}).(string)
	if key == "" {
		return &once{}, nil
	}
	if graphql.HasOperationContext(ctx) { // one request may hold several mutations
		key += " " + graphql.GetPath(ctx).String()
	}
	raw, err := json.Marshal([]any{action, input})
	if err != nil {
		return nil, fmt.Errorf("mutation %s: input: %w", action, err)
	}
	hash := sha256.Sum256(raw)
	o := &once{key: key}
	owner, actor := core.MunicipalityOf(ctx).ID, core.ActorOf(ctx).Account
	tag, err := tx.Pgx.Exec(ctx, `INSERT INTO idempotency_keys (municipality_id, actor, key, input_hash) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, owner, actor, key, hash[:])
	if err != nil || tag.RowsAffected() == 1 {
		return o, err
	}
	var hadHash []byte
	err = tx.Pgx.QueryRow(ctx, `SELECT input_hash, answer FROM idempotency_keys WHERE municipality_id = $1 AND actor = $2 AND key = $3`,
		owner, actor, key).Scan(&hadHash, &o.answer)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // purged between the two statements
		return nil, core.ErrConflict
	case err != nil:
		return nil, err
	case string(hadHash) != string(hash[:]):
		return nil, errReused
	}
	return o, nil
}

func (o *once) answered() bool { return o.answer != nil }

func (o *once) keep(ctx context.Context, tx *Tx, answer any) error {
	if o.key == "" {
		return nil
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("mutation: answer: %w", err)
	}
	_, err = tx.Pgx.Exec(ctx, `UPDATE idempotency_keys SET answer = $4 WHERE municipality_id = $1 AND actor = $2 AND key = $3`,
		core.MunicipalityOf(ctx).ID, core.ActorOf(ctx).Account, o.key, raw)
	return err
}
