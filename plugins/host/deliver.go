package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/contract"
)

// deliverer holds the locks by which one replica at a time brings events to a plugin in a municipality.
// They are a session's of Postgres on a connection of their own, so they are gone with the replica,
// however it dies, and no transaction is open while a plugin works.
type deliverer struct {
	mu   sync.Mutex
	conn *pgx.Conn
	busy map[place]bool
}

func (d *deliverer) lock(ctx context.Context, h *Host, at place) (locked bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[at] {
		return false, nil
	}
	if d.conn == nil || d.conn.IsClosed() {
		if d.conn, err = pgx.ConnectConfig(postgres.Waiting(ctx), h.DB.Pool.Config().ConnConfig.Copy()); err != nil {
			return false, err
		}
	}
	if err := d.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", at.lock()).Scan(&locked); err != nil || !locked {
		return false, err
	}
	if d.busy == nil {
		d.busy = map[place]bool{}
	}
	d.busy[at] = true
	return true, nil
}

func (d *deliverer) unlock(ctx context.Context, at place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, at)
	if d.conn != nil {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := d.conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", at.lock()); err != nil {
			_ = d.conn.Close(ctx) // which lets go of it
		}
	}
}

func (d *deliverer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = d.conn.Close(ctx)
		d.conn = nil
	}
}

func (p place) lock() string { return "veche deliver " + p.town.String() + " " + p.plugin }

// Deliver brings what is due to every plugin that runs here, side by side, and returns when there is
// nothing left that could be brought now.
func (h *Host) Deliver(ctx context.Context) error {
	var working sync.WaitGroup
	var mu sync.Mutex
	var problems []error
	err := h.deliverDue(ctx, &working, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		problems = append(problems, err)
	})
	working.Wait()
	return errors.Join(append(problems, err)...)
}

// deliverDue begins to, and waits for nobody: a plugin that takes its time keeps no other waiting.
func (h *Host) deliverDue(ctx context.Context, working *sync.WaitGroup, failed func(error)) error {
	due, err := h.due(ctx)
	if err != nil {
		return err
	}
	for _, at := range due {
		i := h.instanceAt(at)
		if i == nil || !i.ready.Load() {
			continue
		}
		working.Go(func() {
			if err := h.deliverTo(ctx, i); err != nil && ctx.Err() == nil {
				failed(fmt.Errorf("plugin %s, municipality %s: %w", at.plugin, i.town.Key, err))
			}
		})
	}
	return nil
}

func (h *Host) due(ctx context.Context) ([]place, error) {
	rows, err := h.DB.Pool.Query(ctx, "SELECT DISTINCT municipality_id, plugin FROM plugin_deliveries WHERE dead_at IS NULL AND due_at <= $1", h.Clock())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (at place, err error) {
		var town [16]byte
		err = row.Scan(&town, &at.plugin)
		at.town = town
		return at, err
	})
}

// deliverTo brings batch after batch while they are taken.
func (h *Host) deliverTo(ctx context.Context, i *instance) error {
	locked, err := h.deliverer.lock(ctx, h, i.place())
	if err != nil || !locked {
		return err
	}
	defer h.deliverer.unlock(context.WithoutCancel(ctx), i.place())
	for ctx.Err() == nil && h.instanceAt(i.place()) == i {
		batch, err := h.next(ctx, i.place())
		if err != nil || len(batch) == 0 {
			return err
		}
		taken, err := h.bringBatch(ctx, i, batch)
		if err != nil || !taken {
			return err
		}
	}
	return nil
}

// delivery is one event on its way to one plugin.
type delivery struct {
	seq      int64
	attempts int
	firstAt  *time.Time
	object   uuid.UUID
	event    *contract.Event
}

// next is the next batch: what is due, in order, and of each object its first that is not done, so that
// no plugin can get them out of order, whatever it answers. What has failed twice comes alone: it may be what all others failed of.
func (h *Host) next(ctx context.Context, at place) ([]delivery, error) {
	rows, err := h.DB.Pool.Query(ctx, `SELECT d.seq, d.attempts, d.first_at, d.event_id, d.name, d.object_type, d.object_id, d.touched::text, d.at, coalesce(d.payload::text, '')
		FROM plugin_deliveries AS d WHERE d.municipality_id = $1 AND d.plugin = $2 AND d.dead_at IS NULL AND d.due_at <= $3
			AND NOT EXISTS (SELECT FROM plugin_deliveries AS e WHERE e.municipality_id = $1 AND e.plugin = $2 AND e.object_id = d.object_id AND e.seq < d.seq AND e.dead_at IS NULL)
		ORDER BY d.seq LIMIT $4`, at.town, at.plugin, h.Clock(), h.options.Limits.Batch)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d delivery, err error) {
		var event, object [16]byte
		var typ, touched, payload string
		var moment time.Time
		d.event = &contract.Event{}
		if err := row.Scan(&d.seq, &d.attempts, &d.firstAt, &event, &d.event.Name, &typ, &object, &touched, &moment, &payload); err != nil {
			return d, err
		}
		d.object = object
		d.event.Id, d.event.Object, d.event.At, d.event.Payload = uuid.UUID(event).String(), core.ID{Type: typ, Key: object}.String(), timestamppb.New(moment), []byte(payload)
		return d, json.Unmarshal([]byte(touched), &d.event.Touched)
	})
	for n, d := range all {
		if d.attempts >= 2 {
			return all[:max(1, n)], err
		}
	}
	return all, err
}

// bringBatch brings one batch and notes what came of it. taken says that the plugin answered: then there
// may be more for it.
func (h *Host) bringBatch(ctx context.Context, i *instance, batch []delivery) (taken bool, err error) {
	within, cancel := context.WithTimeout(i.background(ctx), h.options.Limits.DeliveryTime)
	defer cancel()
	events := make([]*contract.Event, len(batch))
	for n, d := range batch {
		events[n] = d.event
	}
	var acks []*contract.Ack
	failed := i.call(within, false, func(ctx context.Context, said *contract.Call, client contract.PluginClient) error {
		answer, err := client.Deliver(ctx, &contract.DeliverRequest{Call: said, Events: events})
		if err != nil {
			return err
		}
		if acks = answer.Acks; len(acks) != len(events) {
			return i.badResponse(fmt.Errorf("%d acks for %d events", len(acks), len(events)))
		}
		return nil
	})
	if ctx.Err() != nil {
		return false, nil // stopping: nothing came of it, and it comes again
	}
	if failed != nil {
		acks = make([]*contract.Ack, len(batch))
		for n := range acks {
			acks[n] = &contract.Ack{Outcome: contract.Ack_OUTCOME_RETRY, Reason: failed.Error()}
		}
	}
	return failed == nil, h.note(ctx, batch, acks)
}

// note writes down what came of a batch, at once for all of it. What was retried comes later each time,
// and is dead after three days.
func (h *Host) note(ctx context.Context, batch []delivery, acks []*contract.Ack) error {
	limits, now := h.options.Limits, h.Clock()
	statements := &pgx.Batch{}
	for n, d := range batch {
		first := now
		if d.firstAt != nil {
			first = *d.firstAt
		}
		ack, dead := acks[n], func(reason string) {
			statements.Queue("UPDATE plugin_deliveries SET dead_at = $2, first_at = $3, attempts = attempts + 1, reason = $4 WHERE seq = $1", d.seq, now, first, short(reason))
		}
		switch {
		case ack.GetOutcome() == contract.Ack_OUTCOME_DONE:
			statements.Queue("DELETE FROM plugin_deliveries WHERE seq = $1", d.seq)
		case ack.GetOutcome() == contract.Ack_OUTCOME_DEAD:
			dead(ack.Reason)
		case now.Sub(first) >= limits.RetryFor:
			dead("given up: " + ack.GetReason())
		default:
			after := min(limits.RetryMax, limits.RetryMin<<min(d.attempts, 20))
			if asked := ack.GetAfter().AsDuration(); asked > 0 {
				after = min(asked, 24*time.Hour)
			}
			statements.Queue("UPDATE plugin_deliveries SET due_at = $2, first_at = $3, attempts = attempts + 1, reason = $4 WHERE seq = $1", d.seq, now.Add(after), first, short(ack.GetReason()))
		}
	}
	return postgres.InTx(ctx, h.DB, func(ctx context.Context, tx postgres.Tx) error { return tx.Pgx.SendBatch(ctx, statements).Close() })
}

// short keeps a reason readable.
func short(s string) string {
	const most = 500
	runes := []rune(s)
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// Letter is an event that was given up.
type Letter = catalog.Letter

// Dead are the events that were given up for the plugin in the municipality, the newest first. Who may
// see them is the caller's to ask.
func (h *Host) Dead(ctx context.Context, m *core.Municipality, plugin string, most int) ([]Letter, error) {
	rows, err := h.DB.Pool.Query(ctx, `SELECT event_id, name, object_type, object_id, at, dead_at, attempts, reason FROM plugin_deliveries
		WHERE municipality_id = $1 AND plugin = $2 AND dead_at IS NOT NULL ORDER BY dead_at DESC, seq DESC LIMIT $3`, m.ID, plugin, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Letter, err error) {
		var event, object [16]byte
		err = row.Scan(&event, &l.Name, &l.Object.Type, &object, &l.At, &l.Dead, &l.Attempts, &l.Reason)
		l.Event, l.Object.Key = event, object
		return l, err
	})
}

// Replay brings the events anew that were given up; none named: all of them. It says how many there
// are. Who may is the caller's to ask.
func (h *Host) Replay(ctx context.Context, m *core.Municipality, plugin string, events ...uuid.UUID) (int, error) {
	tag, err := h.DB.Pool.Exec(ctx, `UPDATE plugin_deliveries SET dead_at = NULL, first_at = NULL, attempts = 0, due_at = $4, reason = ''
		WHERE municipality_id = $1 AND plugin = $2 AND dead_at IS NOT NULL AND (cardinality($3::uuid[]) = 0 OR event_id = ANY ($3::uuid[]))`, m.ID, plugin, keysOf(events), h.Clock())
	wake(h.wakeDeliver)
	return int(tag.RowsAffected()), err
}

func keysOf(ids []uuid.UUID) []string {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = id.String()
	}
	return keys
}
