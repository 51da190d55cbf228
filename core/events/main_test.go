package events

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// never is a poll that does not come within a test, so that what arrives was woken.
const never = time.Hour

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// within ends long after a healthy test: it turns a hang into a failure.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// town is a context in a municipality of its own.
func town(ctx context.Context, t *testing.T, db *postgres.DB) context.Context {
	t.Helper()
	id := core.NewID()
	_, err := db.NewRaw(`INSERT INTO municipalities (id, key, name, region, time_zone)
		VALUES (?, ?, '{}', '{}', 'UTC')`, id, "t"+id.String()).Exec(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return core.WithMunicipality(ctx, &core.Municipality{ID: id})
}

func council(id uuid.UUID) core.Change {
	return core.Change{Kind: core.Updated, Type: "Council", ID: id}
}

func appendOne(ctx context.Context, t *testing.T, db *postgres.DB, change core.Change) {
	t.Helper()
	err := postgres.InTx(ctx, db, func(ctx context.Context, tx postgres.Tx) error {
		return Append(ctx, tx, change, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

func newBroker(ctx context.Context, t *testing.T, db *postgres.DB, settings Settings) *Broker {
	t.Helper()
	b, err := New(ctx, db, quiet(), settings)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs the broker until the test or stop ends it.
func run(ctx context.Context, t *testing.T, b *Broker) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { b.Run(ctx) })
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

// listen wakes the broker over a listening connection that is up when listen returns.
func listen(ctx context.Context, t *testing.T, db *postgres.DB, b *Broker) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	connected := make(chan struct{}, 100)
	var wg sync.WaitGroup
	wg.Go(func() {
		postgres.Listen(ctx, db, quiet(), []string{Channel, "another"}, never, func(channel string) {
			b.Wake(channel)
			if channel == "" {
				connected <- struct{}{}
			}
		})
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	<-connected
}

// take reads n events, or fails.
func take(ctx context.Context, t *testing.T, s *Subscription, n int) []core.Event {
	t.Helper()
	var events []core.Event
	for len(events) < n {
		select {
		case e, ok := <-s.Events():
			if !ok {
				t.Fatalf("closed after %d of %d events: %v", len(events), n, s.Err())
			}
			events = append(events, e)
		case <-ctx.Done():
			t.Fatalf("only %d of %d events came", len(events), n)
		}
	}
	return events
}

func takeOne(ctx context.Context, t *testing.T, s *Subscription) core.Event {
	t.Helper()
	return take(ctx, t, s, 1)[0]
}
