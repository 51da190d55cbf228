package host

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

var errVersion = core.Conflict(core.ErrConflict.Text, "version")

func (c *call) values() (*store, error) {
	if !c.instance.enabled.Manifest.Values {
		return nil, errNoValues
	}
	return c.tables()
}

// Get reads one value.
func (s *service) Get(ctx context.Context, r *contract.GetRequest) (*contract.GetResponse, error) {
	store, err := callOf(ctx).values()
	if err != nil {
		return nil, err
	}
	answer := &contract.GetResponse{}
	err = store.in(ctx, "BEGIN READ ONLY", func(ctx context.Context, x *session) error {
		var value string
		err := x.conn.QueryRow(ctx, "SELECT value::text, version FROM "+x.values()+" WHERE key = $1", r.Key).Scan(&value, &answer.Version)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		answer.Value = []byte(value)
		return err
	})
	return answer, err
}

// List lists keys, in the order of their bytes.
func (s *service) List(ctx context.Context, r *contract.ListRequest) (*contract.ListResponse, error) {
	store, err := callOf(ctx).values()
	if err != nil {
		return nil, err
	}
	limit := r.Limit
	if limit <= 0 || limit > 1000 {
		limit = 1000
	}
	answer := &contract.ListResponse{}
	err = store.in(ctx, "BEGIN READ ONLY", func(ctx context.Context, x *session) error {
		rows, err := x.conn.Query(ctx, "SELECT key FROM "+x.values()+" WHERE starts_with(key, $1) AND key > $2 ORDER BY key LIMIT $3", r.Prefix, r.After, limit)
		if err != nil {
			return err
		}
		answer.Keys, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return answer, err
}

// Put writes one value, or deletes it.
func (s *service) Put(ctx context.Context, r *contract.PutRequest) (*contract.PutResponse, error) {
	store, err := callOf(ctx).values()
	if err != nil {
		return nil, err
	}
	answer := &contract.PutResponse{}
	err = store.in(ctx, "BEGIN", func(ctx context.Context, x *session) (err error) {
		answer.Version, err = x.put(ctx, r)
		return err
	})
	var no *refusal
	if errors.As(err, &no) {
		return &contract.PutResponse{Error: no.err}, nil
	}
	return answer, err
}

func (x *session) values() string { return quote(x.store.schema) + ".veche_values" }

// put checks the version under the row's lock. The quota is counted where a key is added: many adding
// at once may pass it by as many.
func (x *session) put(ctx context.Context, r *contract.PutRequest) (version int64, err error) {
	limits := x.store.host.options.Limits
	switch {
	case r.Key == "" || len(r.Key) > limits.KeyBytes:
		return 0, wrong("a key has 1 to %d bytes", limits.KeyBytes)
	case len(r.Value) > limits.ValueBytes:
		return 0, wrong("a value has at most %d bytes", limits.ValueBytes)
	case len(r.Value) > 0 && !json.Valid(r.Value):
		return 0, wrong("the value of %q is not JSON", r.Key)
	}
	var there int64
	err = x.conn.QueryRow(ctx, "SELECT version FROM "+x.values()+" WHERE key = $1 FOR UPDATE", r.Key).Scan(&there)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, err
	}
	if r.Version >= 0 && r.Version != there {
		return 0, &refusal{err: user(ctx, errVersion)}
	}
	switch {
	case len(r.Value) == 0:
		_, err = x.conn.Exec(ctx, "DELETE FROM "+x.values()+" WHERE key = $1", r.Key)
		return 0, err
	case there != 0:
		err = x.conn.QueryRow(ctx, "UPDATE "+x.values()+" SET value = $2::jsonb, version = version + 1 WHERE key = $1 RETURNING version", r.Key, string(r.Value)).Scan(&version)
		return version, err
	}
	var count int
	if err := x.conn.QueryRow(ctx, "SELECT count(*) FROM "+x.values()).Scan(&count); err != nil {
		return 0, err
	}
	if count >= limits.Values {
		return 0, &refusal{err: user(ctx, errStorage)}
	}
	// Two that add one key at once: the second is a CONFLICT, or writes over the first where it does not care.
	on := "DO NOTHING"
	if r.Version < 0 {
		on = "(key) DO UPDATE SET value = excluded.value, version = v.version + 1"
	}
	err = x.conn.QueryRow(ctx, "INSERT INTO "+x.values()+" AS v (key, value, version) VALUES ($1, $2::jsonb, 1) ON CONFLICT "+on+" RETURNING version", r.Key, string(r.Value)).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, &refusal{err: user(ctx, errVersion)}
	}
	return version, err
}
