package events

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
)

// book is what a consumer has written, by itself in the transaction that handles.
func book(t *testing.T, db *postgres.DB) (handle Handle, written func() []uuid.UUID) {
	t.Helper()
	if _, err := db.Exec(`CREATE TABLE book (n bigint GENERATED ALWAYS AS IDENTITY, event uuid, object uuid)`); err != nil {
		t.Fatal(err)
	}
	handle = func(ctx context.Context, tx postgres.Tx, events []core.Event) error {
		for _, e := range events {
			if _, err := tx.ExecContext(ctx, `INSERT INTO book (event, object) VALUES (?, ?)`, e.ID, e.Object); err != nil {
				return err
			}
		}
		return nil
	}
	return handle, func() (objects []uuid.UUID) {
		must(t, db.NewRaw(`SELECT object FROM book ORDER BY n`).Scan(t.Context(), &objects))
		return objects
	}
}

func consumers(db *postgres.DB, batch int, handle Handle) *Consumers {
	c := NewConsumers(db, quiet(), never)
	c.batch = batch
	c.Add("book", handle)
	return c
}

// Events that came while nobody ran are handled; those of a failed batch come again and have their
// effect once; what came before the consumer's first start does not come at all.
func TestAConsumerHandlesEachEventOnce(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	handle, written := book(t, db)
	appendOne(ctx, t, db, council(core.NewID()))
	must(t, consumers(db, 3, handle).Begin(ctx))
	var want []uuid.UUID
	for range 10 {
		id := core.NewID()
		want = append(want, id)
		appendOne(ctx, t, db, council(id))
	}
	broken, calls := errors.New("broken"), 0
	failing := consumers(db, 3, func(ctx context.Context, tx postgres.Tx, events []core.Event) error {
		if calls++; calls == 3 {
			return errors.Join(handle(ctx, tx, events), broken)
		}
		return handle(ctx, tx, events)
	})
	if err := failing.Drain(ctx, "book"); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if got := written(); !slices.Equal(got, want[:6]) {
		t.Fatalf("after the failure: got %v, want %v", got, want[:6])
	}
	must(t, consumers(db, 3, handle).Drain(ctx, "book"))
	must(t, consumers(db, 3, handle).Drain(ctx, "book"))
	if got := written(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Replicas work side by side, writers too, one of them late to commit.
func TestReplicasShareAConsumer(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	handle, written := book(t, db)
	must(t, consumers(db, 7, handle).Begin(ctx))
	late, lateID := begin(ctx, t, db), core.NewID()
	must(t, Append(ctx, late, council(lateID), time.Now()))
	want := map[uuid.UUID]bool{lateID: true}
	var ids [200]uuid.UUID
	for i := range ids {
		ids[i] = core.NewID()
		want[ids[i]] = true
	}
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			for i := n; i < len(ids); i += 4 {
				appendOne(ctx, t, db, council(ids[i]))
			}
		})
		wait.Go(func() {
			c := consumers(db, 7, handle)
			for range 20 {
				if err := c.Drain(ctx, "book"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	must(t, late.Commit())
	must(t, consumers(db, 7, handle).Drain(ctx, "book"))
	got := written()
	if len(got) != len(want) {
		t.Errorf("%d handled of %d", len(got), len(want))
	}
	for _, id := range got {
		delete(want, id)
	}
	if len(want) != 0 {
		t.Errorf("never handled: %v", want)
	}
}

// A notice travels with its event, to consumers, and wakes one that runs.
func TestAConsumerIsToldTheNotice(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	heard := make(chan core.Event, 10)
	c := consumers(db, 10, func(_ context.Context, _ postgres.Tx, events []core.Event) error {
		for _, e := range events {
			heard <- e
		}
		return nil
	})
	must(t, c.Begin(ctx))
	running, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { c.Run(running) })
	t.Cleanup(func() { cancel(); wait.Wait() })
	change, person := council(core.NewID()), core.NewID()
	change.Notice = &core.Notice{Text: core.T("A meeting", "Заседание"), Tell: []uuid.UUID{person}}
	appendOne(ctx, t, db, change)
	c.Wake(Channel)
	select {
	case e := <-heard:
		if e.Notice == nil || e.Notice.Text != change.Notice.Text || !slices.Equal(e.Notice.Tell, change.Notice.Tell) {
			t.Errorf("got %+v", e.Notice)
		}
	case <-ctx.Done():
		t.Error("nothing came")
	}
}
