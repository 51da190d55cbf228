package host

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/contract"
)

var (
	errNoTables  = status.Error(codes.PermissionDenied, "this plugin has no tables: name a folder of migrations in plugin.yaml")
	errNoValues  = status.Error(codes.PermissionDenied, "this plugin keeps no values: say values: true in plugin.yaml")
	errStorage   = &core.Error{Code: core.CodeConflict, Text: core.T("The plugin has used up its storage in this municipality. Delete what is not needed, or ask the operator.", "Плагин исчерпал место для данных в этом муниципалитете. Удалите ненужное или обратитесь к администратору.")}
	errNotServed = status.Error(codes.Unavailable, "the plugin's tables are not ready")
)

// tables is where the call's plugin keeps what it keeps.
func (c *call) tables() (*store, error) {
	m := c.instance.enabled.Manifest
	if !keeps(m) {
		return nil, errNoTables
	}
	if s := c.instance.store.Load(); s != nil {
		return s, nil
	}
	return nil, errNotServed
}

// Read runs statements on one snapshot, in a transaction in which nothing can be written.
func (s *service) Read(ctx context.Context, r *contract.ReadRequest) (*contract.ReadResponse, error) {
	c := callOf(ctx)
	if c.instance.enabled.Manifest.Migrations == "" {
		return nil, errNoTables
	}
	store, err := c.tables()
	if err != nil {
		return nil, err
	}
	answer := &contract.ReadResponse{}
	err = store.in(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(ctx context.Context, x *session) (err error) {
		answer.Results, err = x.all(ctx, r.Statements)
		return err
	})
	var no *refusal
	if errors.As(err, &no) {
		return &contract.ReadResponse{Error: no.err}, nil
	}
	return answer, err
}

// Write does all that it is given, or nothing.
func (s *service) Write(ctx context.Context, r *contract.WriteRequest) (*contract.WriteResponse, error) {
	c := callOf(ctx)
	left, err := c.batchOf(ctx, r)
	if err != nil {
		return nil, err
	}
	m := c.instance.enabled.Manifest
	switch {
	case len(r.Statements) > 0 && m.Migrations == "":
		return nil, errNoTables
	case len(r.Puts) > 0 && !m.Values:
		return nil, errNoValues
	case !keeps(m):
		return &contract.WriteResponse{}, s.host.writeAlone(ctx, c, left)
	}
	store, err := c.tables()
	if err != nil {
		return nil, err
	}
	answer := &contract.WriteResponse{}
	err = store.in(ctx, "BEGIN", func(ctx context.Context, x *session) (err error) {
		if !makesRoom(r) {
			if err := store.room(ctx); err != nil {
				return err
			}
		}
		if answer.Results, err = x.all(ctx, r.Statements); err != nil {
			return err
		}
		for _, p := range r.Puts {
			if _, err := x.put(ctx, p); err != nil {
				return err
			}
		}
		if left == nil {
			return nil
		}
		return x.leave(ctx, left)
	})
	var no *refusal
	if errors.As(err, &no) {
		return &contract.WriteResponse{Error: no.err, Constraint: no.constraint}, nil
	}
	if err != nil {
		return nil, err
	}
	if left != nil {
		if err := store.forward(context.WithoutCancel(ctx)); err != nil { // written all the same; Forward comes to it
			s.host.log.ErrorContext(ctx, "what a plugin wrote is passed on later", "error", err)
		}
	}
	return answer, nil
}

// writeAlone is Write of a plugin that keeps nothing: what it leaves is handed on at once.
func (h *Host) writeAlone(ctx context.Context, c *call, b *batch) error {
	if b == nil {
		return nil
	}
	return postgres.InTx(ctx, h.DB, func(ctx context.Context, tx postgres.Tx) error {
		return h.deliverBatch(ctx, tx, c.instance.town, c.instance.enabled.Name, b)
	})
}

// makesRoom says whether a write only deletes.
func makesRoom(r *contract.WriteRequest) bool {
	for _, s := range r.Statements {
		if verbOf(s.Sql) != "DELETE" {
			return false
		}
	}
	for _, p := range r.Puts {
		if len(p.Value) > 0 {
			return false
		}
	}
	return true
}

// room refuses a write where the plugin has used up its storage. It is measured once a minute: what
// matters is that it does not grow without end.
func (s *store) room(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.host.options.Limits.Storage
	if time.Since(s.measured) > time.Minute || s.size > most {
		err := s.host.DB.Pool.QueryRow(ctx, `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class AS c
			JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'm')`, s.schema).Scan(&s.size)
		if err != nil {
			return err
		}
		s.measured = time.Now()
	}
	if s.size > most {
		return &refusal{err: user(ctx, errStorage)}
	}
	return nil
}
