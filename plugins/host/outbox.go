package host

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/contract"
)

// batch is what one Write leaves for the core. It is committed with the plugin's own rows, in a table
// into which the role may insert and of which it reads nothing, and is passed on in one transaction with
// its deletion: exactly once. The plugin's SQL could insert there too, so each row bears a seal that the
// host alone can make, over all that is in it, who did it included; a row without is thrown away.
type batch struct {
	ID        uuid.UUID      `json:"id"`
	At        time.Time      `json:"at"`
	Kind      core.ActorKind `json:"kind"`
	Account   uuid.UUID      `json:"account"`
	ActingFor uuid.UUID      `json:"actingFor"`
	Request   string         `json:"request"`
	Events    []published    `json:"events,omitempty"`
	Audits    []noted        `json:"audits,omitempty"`
	Jobs      []planned      `json:"jobs,omitempty"`
}

type published struct {
	Name    string          `json:"name"`
	Object  string          `json:"object"`
	Touched []string        `json:"touched,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

type noted struct {
	Action  string          `json:"action"`
	Object  string          `json:"object"`
	Details json.RawMessage `json:"details,omitempty"`
}

type planned struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	At        time.Time       `json:"at"`
}

const maxPayload = 64 << 10

func wrong(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// batchOf checks what a Write leaves; nil: nothing.
func (c *call) batchOf(ctx context.Context, r *contract.WriteRequest) (*batch, error) {
	h, actor := c.instance.host, core.ActorOf(ctx)
	if most := h.options.Limits.Items; max(len(r.Events), len(r.Audits), len(r.Jobs), len(r.Puts)) > most {
		return nil, wrong("at most %d events, audits, jobs and puts each in one call", most)
	}
	if len(r.Events)+len(r.Audits)+len(r.Jobs) == 0 {
		return nil, nil
	}
	b := &batch{ID: core.NewID(), At: h.Clock(), Kind: actor.Kind, Account: actor.Account, ActingFor: actor.ActingFor, Request: core.RequestIDOf(ctx)}
	for n, e := range r.Events {
		if !c.sends(e.Name) {
			return nil, status.Errorf(codes.PermissionDenied, "events[%d].name: %q is not among sends in plugin.yaml", n, e.Name)
		}
		if err := checkJSON(e.Payload); err != nil {
			return nil, wrong("events[%d].payload: %v", n, err)
		}
		for _, id := range append([]string{e.Object}, e.Touched...) {
			if _, err := core.ParseID(id); err != nil {
				return nil, wrong("events[%d]: %q is not a GraphQL id", n, id)
			}
		}
		b.Events = append(b.Events, published{e.Name, e.Object, e.Touched, e.Payload})
	}
	for n, a := range r.Audits {
		if !strings.HasPrefix(a.Action, c.instance.enabled.Name+".") || len(a.Action) > 120 {
			return nil, wrong("audits[%d].action: %q is not %s.something", n, a.Action, c.instance.enabled.Name)
		}
		if _, err := core.ParseID(a.Object); err != nil {
			return nil, wrong("audits[%d].object: %q is not a GraphQL id", n, a.Object)
		}
		if err := checkJSON(a.Details); err != nil {
			return nil, wrong("audits[%d].details: %v", n, err)
		}
		b.Audits = append(b.Audits, noted{a.Action, a.Object, a.Details})
	}
	for n, j := range r.Jobs {
		if j.Kind == "" || len(j.Kind) > 100 || len(j.Id) > 200 {
			return nil, wrong("jobs[%d]: kind has 1 to 100 bytes, id at most 200", n)
		}
		if err := checkJSON(j.Arguments); err != nil {
			return nil, wrong("jobs[%d].arguments: %v", n, err)
		}
		p := planned{ID: j.Id, Kind: j.Kind, Arguments: j.Arguments}
		if j.At != nil {
			p.At = j.At.AsTime()
		}
		if p.ID == "" {
			p.ID = core.NewID().String()
		}
		b.Jobs = append(b.Jobs, p)
	}
	return b, nil
}

func (c *call) sends(name string) bool {
	for _, e := range c.instance.enabled.Manifest.Sends {
		if e.Name == name {
			return true
		}
	}
	return false
}

func checkJSON(raw []byte) error {
	switch {
	case len(raw) > maxPayload:
		return fmt.Errorf("it has %d bytes, at most %d are kept", len(raw), maxPayload)
	case len(raw) > 0 && (!json.Valid(raw) || strings.Contains(string(raw), `\u0000`)):
		return errors.New("it is not JSON that the database can keep")
	}
	return nil
}

// leave writes the batch beside the plugin's own rows.
func (x *session) leave(ctx context.Context, b *batch) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	_, err = x.conn.Exec(ctx, "INSERT INTO "+quote(x.store.schema)+".veche_outbox (id, batch, seal) VALUES ($1, $2, $3)",
		b.ID.String(), string(text), derive(x.store.seal, "batch", b.ID.String(), string(text)))
	return err
}

// forward passes on what the plugin's writes left, in their order. Whoever comes meanwhile waits, and
// then finds what came meanwhile.
func (s *store) forward(ctx context.Context) error {
	for more := true; more; {
		err := postgres.InTx(ctx, s.host.DB, func(ctx context.Context, tx postgres.Tx) error {
			if _, err := tx.Pgx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "veche outbox "+s.schema); err != nil {
				return err
			}
			all, err := s.take(ctx, tx)
			if err != nil {
				return err
			}
			more = len(all) == forwardAtOnce
			for _, l := range all {
				if err := s.pass(ctx, tx, l); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("plugin %s, municipality %s: %w", s.plugin, s.town.Key, err)
		}
	}
	return nil
}

const forwardAtOnce = 100

type left struct {
	seq   int64
	id    uuid.UUID
	batch string
	seal  []byte
}

func (s *store) take(ctx context.Context, tx postgres.Tx) ([]left, error) {
	table := quote(s.schema) + ".veche_outbox"
	rows, err := tx.Pgx.Query(ctx, "DELETE FROM "+table+" WHERE seq IN (SELECT seq FROM "+table+" ORDER BY seq LIMIT $1) RETURNING seq, id::text, batch, seal", forwardAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []left
	for rows.Next() {
		var l left
		var id string
		if err := rows.Scan(&l.seq, &id, &l.batch, &l.seal); err != nil {
			return nil, err
		}
		if l.id, err = uuid.Parse(id); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b left) int { return int(a.seq - b.seq) })
	return all, rows.Err()
}

func (s *store) pass(ctx context.Context, tx postgres.Tx, l left) error {
	b := &batch{}
	if !hmac.Equal(l.seal, derive(s.seal, "batch", l.id.String(), l.batch)) || json.Unmarshal([]byte(l.batch), b) != nil {
		s.host.log.Error("plugin wrote into the table that is not its own; thrown away", "plugin", s.plugin, "municipality", s.town.Key)
		return nil
	}
	return s.host.deliverBatch(ctx, tx, s.town, s.plugin, b)
}

// deliverBatch hands a batch to the core, in the transaction tx.
func (h *Host) deliverBatch(ctx context.Context, tx postgres.Tx, town *core.Municipality, plugin string, b *batch) error {
	ctx = core.WithMunicipality(core.WithRequestID(ctx, b.Request), town)
	ctx = core.WithActor(ctx, core.Actor{Kind: b.Kind, Account: b.Account, ActingFor: b.ActingFor})
	for _, a := range b.Audits {
		id, err := core.ParseID(a.Object)
		if err != nil {
			return err
		}
		var details any
		if len(a.Details) > 0 {
			details = a.Details
		}
		if err := mutation.Audit(ctx, tx, b.At, a.Action, core.Change{Type: id.Type, ID: id.Key, After: details}); err != nil {
			return err
		}
	}
	for _, e := range b.Events {
		id, err := core.ParseID(e.Object)
		if err != nil {
			return err
		}
		c := core.Change{Kind: core.Updated, Type: id.Type, ID: id.Key, Name: e.Name, Payload: e.Payload}
		for _, t := range e.Touched {
			touched, err := core.ParseID(t)
			if err != nil {
				return err
			}
			c.Touched = append(c.Touched, touched)
		}
		if err := events.Append(ctx, tx, c, b.At); err != nil {
			return err
		}
	}
	for _, j := range b.Jobs {
		tag, err := tx.Pgx.Exec(ctx, "INSERT INTO plugin_jobs (municipality_id, plugin, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", town.ID, plugin, j.ID)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			continue
		}
		if _, err := h.Jobs.Insert(ctx, tx, runArgs{Plugin: plugin, ID: j.ID, What: j.Kind, Arguments: j.Arguments}, &river.InsertOpts{ScheduledAt: j.At}); err != nil {
			return err
		}
	}
	return nil
}

// Forward passes on what writes left whose replica died before it came to it.
func (h *Host) Forward(ctx context.Context) error {
	h.mu.Lock()
	var all []*store
	for _, s := range h.stores {
		all = append(all, s)
	}
	h.mu.Unlock()
	var problems []error
	for _, s := range all {
		var waiting bool
		err := h.DB.Pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+quote(s.schema)+".veche_outbox)").Scan(&waiting)
		if err == nil && waiting {
			err = s.forward(ctx)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
