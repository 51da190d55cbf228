package mutation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core"
)

// MaxKey is the longest Idempotency-Key, in bytes.
const MaxKey = 200

type keyKey struct{}

// WithKey puts the request's Idempotency-Key into the context; a mutation refuses one that is not
// 1 to MaxKey printable characters of ASCII (RFC 8941, section 3.3.3). "" is no key.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyKey{}, key)
}

// KeyOf is the request's Idempotency-Key, as it came; "" when there is none.
func KeyOf(ctx context.Context) string {
	key, _ := ctx.Value(keyKey{}).(string)
	return key
}

// once is this mutation's row under the request's key; without a key it does nothing.
type once struct {
	key    string
	answer []byte
}

var errReused = core.Conflict(core.T(
	"This Idempotency-Key was used for another request. Send a fresh one with each new action.",
	"Этот Idempotency-Key уже использован для другого запроса. Для каждого нового действия нужен новый ключ."))

var errKey = core.Invalid(core.Textf(
	"An Idempotency-Key is 1 to %[1]d printable characters of ASCII, best a fresh UUID.",
	"Idempotency-Key — от 1 до %[1]d печатных знаков ASCII; лучше всего новый UUID.", MaxKey))

// keyOf is the key's row: the request's key, and what it is used for. Actors without an account
// (anonymous, system) share the nil id, so their kinds are kept apart here; and one request may
// hold several mutations, each at its path. Of that a hash is kept, since its length is the client's.
func keyOf(ctx context.Context) (string, error) {
	key := KeyOf(ctx)
	if key == "" {
		return "", nil
	}
	if len(key) > MaxKey || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", errKey
	}
	use := string(core.ActorOf(ctx).Kind)
	if graphql.HasOperationContext(ctx) {
		use += " " + graphql.GetPath(ctx).String()
	}
	hash := sha256.Sum256([]byte(use))
	return key + " " + hex.EncodeToString(hash[:16]), nil
}

// hashOf is what two requests under one key are compared by. The shape of the arguments as they came
// is part of it: read into a struct, a field set to null is the same as one left out.
func hashOf(ctx context.Context, action string, input any) ([sha256.Size]byte, error) {
	all := []any{action, input}
	if graphql.HasOperationContext(ctx) {
		if fc := graphql.GetFieldContext(ctx); fc != nil && fc.Field.Field != nil {
			all = append(all, shape(fc.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)))
		}
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("mutation %s: input: %w", action, err)
	}
	return sha256.Sum256(raw), nil
}

// shape is which fields were given, without what they hold: that is for input to say, from which
// the service keeps secrets out.
func shape(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		fields := make(map[string]any, len(v))
		for name, field := range v {
			fields[name] = shape(field)
		}
		return fields
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = shape(item)
		}
		return items
	}
	return true
}

// claim takes the key for this transaction, waiting for another that holds it.
func claim(ctx context.Context, tx *Tx, action string, input any) (*once, error) {
	key, err := keyOf(ctx)
	if key == "" || err != nil {
		return &once{}, err
	}
	hash, err := hashOf(ctx, action, input)
	if err != nil {
		return nil, err
	}
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
		core.MunicipalityOf(ctx).ID, core.ActorOf(ctx).Account, o.key, string(raw))
	return err
}
