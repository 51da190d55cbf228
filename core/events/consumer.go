package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Handle does what follows from events, in the transaction in which they count as handled: with
// what it writes there each event has its effect exactly once. It runs in no municipality; each event
// names its own. After an error all of them come again, later.
type Handle func(ctx context.Context, tx postgres.Tx, events []core.Event) error

// Consumers are those who hear of every event that is committed from their first start on, also of
// those that came while no process ran. One replica works for each at a time. They are added before
// Begin and Run, which are called once, in that order.
type Consumers struct {
	db    *postgres.DB
	log   *slog.Logger
	poll  time.Duration
	all   []*consumer
	batch int
}

type consumer struct {
	name   string
	handle Handle
	woken  chan struct{}
}

// NewConsumers makes an empty list, which looks at the outbox when woken and every poll.
func NewConsumers(db *postgres.DB, log *slog.Logger, poll time.Duration) *Consumers {
	return &Consumers{db: db, log: log, poll: poll, batch: 500}
}

// Add names a consumer for good: its place in the outbox is kept under the name.
func (c *Consumers) Add(name string, handle Handle) {
	c.all = append(c.all, &consumer{name: name, handle: handle, woken: make(chan struct{}, 1)})
}

// Begin gives each new consumer its place: what is committed from now on is for it. It is called once
// all are added, before anything is served. A place that lies ahead of the database's transactions came
// with a backup from another server, and is taken anew.
func (c *Consumers) Begin(ctx context.Context) error {
	for _, one := range c.all {
		_, err := c.db.ExecContext(ctx, `INSERT INTO outbox_consumers AS c (name, from_place, to_place) VALUES (?, pg_current_snapshot(), pg_current_snapshot())
			ON CONFLICT (name) DO UPDATE SET from_place = excluded.from_place, to_place = excluded.to_place, seq = 0
			WHERE pg_snapshot_xmax(c.to_place) > pg_snapshot_xmax(pg_current_snapshot())`, one.name)
		if err != nil {
			return fmt.Errorf("events: consumer %s: %w", one.name, err)
		}
	}
	return nil
}

// Wake is Broker.Wake for consumers.
func (c *Consumers) Wake(channel string) {
	if channel != Channel && channel != "" {
		return
	}
	for _, one := range c.all {
		select {
		case one.woken <- struct{}{}:
		default:
		}
	}
}

// Run works until ctx ends. A consumer that fails is tried again at the next poll; the others go on.
func (c *Consumers) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, one := range c.all {
		running.Go(func() { c.work(ctx, one) })
	}
	running.Wait()
}

func (c *Consumers) work(ctx context.Context, one *consumer) {
	poll := time.NewTicker(c.poll)
	defer poll.Stop()
	failing := false
	for {
		err := c.Drain(ctx, one.name)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			c.log.Error("events cannot be handled; trying again", "consumer", one.name, "error", err)
		case err == nil && failing:
			c.log.Info("events are handled again", "consumer", one.name)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-one.woken:
		case <-poll.C:
		}
	}
}

// Drain handles all that the named consumer has not, batch by batch. Where another replica is at it,
// it does nothing.
func (c *Consumers) Drain(ctx context.Context, name string) error {
	for _, one := range c.all {
		for more := one.name == name; more; {
			var err error
			if more, err = c.round(ctx, one); err != nil {
				return fmt.Errorf("events: consumer %s: %w", name, err)
			}
		}
	}
	return nil
}

var errBehind = errors.New("place lost")

// round handles one batch; more says that there may be another.
func (c *Consumers) round(ctx context.Context, one *consumer) (more bool, err error) {
	waiting, err := c.waiting(ctx, one)
	if err != nil || !waiting {
		return false, err
	}
	err = postgres.InTx(ctx, c.db, func(ctx context.Context, tx postgres.Tx) error {
		var from, to string
		var seq int64
		err := tx.QueryRowContext(ctx, `SELECT from_place::text, to_place::text, seq FROM outbox_consumers WHERE name = ? FOR UPDATE SKIP LOCKED`, one.name).Scan(&from, &to, &seq)
		if err == nil && from == to {
			// Asked once the place is locked: a snapshot from before may be older than the place.
			err = tx.QueryRowContext(ctx, "SELECT pg_current_snapshot()::text").Scan(&to)
		}
		if postgres.NoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		batch, last, err := c.read(ctx, tx, from, to, seq)
		if err != nil {
			return err
		}
		if len(batch) > 0 {
			if err := one.handle(ctx, tx, batch); err != nil {
				return err
			}
		}
		if more = len(batch) == c.batch; !more {
			from, last = to, 0
		}
		res, err := tx.ExecContext(ctx, `UPDATE outbox_consumers SET from_place = ?::pg_snapshot, to_place = ?::pg_snapshot, seq = ? WHERE name = ?`, from, to, last, one.name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(errBehind, err)
		}
		return nil
	})
	return more && err == nil, err
}

// waiting says whether there is anything to handle; it keeps an idle house from writing.
func (c *Consumers) waiting(ctx context.Context, one *consumer) (waiting bool, err error) {
	err = c.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM outbox
			WHERE xid >= pg_snapshot_xmin(c.from_place) AND NOT pg_visible_in_snapshot(xid, c.from_place))
		FROM outbox_consumers AS c WHERE name = ?`, one.name).Scan(&waiting)
	return waiting, err
}

// read is the next batch of a round, and the last row's place in it.
func (c *Consumers) read(ctx context.Context, tx postgres.Tx, from, to string, seq int64) (batch []core.Event, last int64, err error) {
	rows, err := tx.QueryContext(ctx, roundQuery+" LIMIT ?3", from, to, seq, c.batch)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		e, seq, err := scan(rows)
		if err != nil {
			return nil, 0, err
		}
		batch, last = append(batch, *e), seq
	}
	return batch, last, rows.Err()
}

// scan is one row of roundQuery.
func scan(rows interface{ Scan(...any) error }) (*core.Event, int64, error) {
	var seq int64
	var watched, text, payload []byte
	e, notice := new(core.Event), core.Notice{}
	err := rows.Scan(&seq, &e.ID, &e.Municipality, &e.Kind, &e.Type, &e.Object, &watched, &e.At, &text, pgdialect.Array(&notice.Tell), &e.Name, &payload)
	if err != nil {
		return nil, 0, err
	}
	e.Payload = payload
	if e.Touched, err = readTouched(watched); err != nil || text == nil {
		return e, seq, err
	}
	if err := json.Unmarshal(text, &notice.Text); err != nil {
		return nil, 0, fmt.Errorf("notice: %w", err)
	}
	e.Notice = &notice
	return e, seq, nil
}
