package events

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
)

func TestAppendRefusesToWriteNowhere(t *testing.T) {
	db := coretest.Kernel(t)
	if err := Append(within(t), db, council(core.NewID()), time.Now()); !errors.Is(err, errNowhere) {
		t.Fatalf("got %v", err)
	}
}

func TestARolledBackChangeNeverComes(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: never})
	run(ctx, t, b)
	listen(ctx, t, db, b)
	s := b.Subscribe(ctx, Filter{})
	refused := errors.New("refused")
	err := postgres.InTx(ctx, db, func(ctx context.Context, tx postgres.Tx) error {
		return errors.Join(refused, Append(ctx, tx, council(core.NewID()), time.Now()))
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	kept := core.NewID()
	appendOne(ctx, t, db, council(kept))
	if got := takeOne(ctx, t, s).Object; got != kept {
		t.Fatalf("got %v, want %v", got, kept)
	}
}

func TestAnEventSaysWhatTheChangeSaid(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: never})
	run(ctx, t, b)
	listen(ctx, t, db, b)
	s := b.Subscribe(ctx, Filter{})
	change := core.Change{Kind: core.Merged, Type: "Person", ID: core.NewID(),
		Touched: []core.ID{{Type: "Council", Key: core.NewID()}, {Type: "Д\"истрикт?", Key: core.NewID()}}}
	at := time.Date(2012, 12, 31, 23, 59, 59, 123456000, time.UTC)
	must(t, Append(ctx, db, change, at))
	e := takeOne(ctx, t, s)
	if e.Kind != change.Kind || e.Type != change.Type || e.Object != change.ID || !e.At.Equal(at) ||
		!slices.Equal(e.Touched, change.Touched) || e.Municipality != core.MunicipalityOf(ctx).ID || e.ID == uuid.Nil {
		t.Fatalf("got %+v of %+v", e, change)
	}
}

func TestALostNotificationIsHealedByThePoll(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: 5 * time.Millisecond})
	s := b.Subscribe(ctx, Filter{})
	run(ctx, t, b)
	for range 5 {
		id := core.NewID()
		appendOne(ctx, t, db, council(id))
		if got := takeOne(ctx, t, s).Object; got != id {
			t.Fatalf("got %v, want %v", got, id)
		}
	}
}

func TestABrokenListenerLosesNothing(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: never})
	run(ctx, t, b)
	listen(ctx, t, db, b)
	s := b.Subscribe(ctx, Filter{})
	appendOne(ctx, t, db, council(core.NewID()))
	takeOne(ctx, t, s)

	var killed int
	must(t, db.NewRaw(`SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 30000)) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()`).Scan(ctx, &killed))
	if killed != 1 {
		t.Fatalf("%d listening connections ended, want 1", killed)
	}
	id := core.NewID()
	appendOne(ctx, t, db, council(id)) // nobody hears it
	if got := takeOne(ctx, t, s).Object; got != id {
		t.Fatalf("got %v, want %v", got, id)
	}
}

// The broker's own connections are cut in the middle of reading: it goes on behind the last row.
func TestAReadThatBreaksGoesOnWhereItWas(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{})
	for range 200 {
		must(t, Append(ctx, db, council(core.NewID()), time.Now()))
	}
	seen := map[uuid.UUID]int{}
	broken, cancel := context.WithCancel(ctx)
	err := b.cursor.round(broken, func(e *core.Event) {
		if seen[e.ID]++; len(seen) == 50 {
			cancel()
			// database/sql closes the rows from another goroutine; wait until it has.
			for db.Stats().InUse > 0 && ctx.Err() == nil {
				runtime.Gosched()
			}
		}
	})
	if err == nil || len(seen) == 200 {
		t.Fatalf("not broken: %v after %d", err, len(seen))
	}
	must(t, b.cursor.round(ctx, func(e *core.Event) { seen[e.ID]++ }))
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%v came %d times", id, times)
		}
	}
	if len(seen) != 200 {
		t.Errorf("%d of 200 came", len(seen))
	}
}

func TestTwoReplicasBothGetAll(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	var subscriptions []*Subscription
	for range 2 {
		b := newBroker(ctx, t, db, Settings{Poll: never})
		run(ctx, t, b)
		listen(ctx, t, db, b)
		subscriptions = append(subscriptions, b.Subscribe(ctx, Filter{}))
	}
	for range 100 {
		appendOne(ctx, t, db, council(core.NewID()))
	}
	one, two := take(ctx, t, subscriptions[0], 100), take(ctx, t, subscriptions[1], 100)
	for i := range one {
		if one[i].ID != two[i].ID {
			t.Fatalf("event %d: %v on one, %v on the other", i, one[i].ID, two[i].ID)
		}
	}
}

func TestABurstArrivesWholeAndInOrder(t *testing.T) {
	const writers, each = 20, 500
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: never, Buffer: writers * each})
	run(ctx, t, b)
	listen(ctx, t, db, b)
	s := b.Subscribe(ctx, Filter{})
	var wg sync.WaitGroup
	start := time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC)
	for range writers {
		wg.Go(func() {
			object := core.NewID()
			for batch := range each / 10 {
				err := postgres.InTx(ctx, db, func(ctx context.Context, tx postgres.Tx) error {
					for i := range 10 {
						if err := Append(ctx, tx, council(object), start.Add(time.Duration(batch*10+i)*time.Second)); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	last, ids := map[uuid.UUID]time.Time{}, map[uuid.UUID]bool{}
	for _, e := range take(ctx, t, s, writers*each) {
		if !e.At.After(last[e.Object]) {
			t.Fatalf("%v: %v after %v", e.Object, e.At, last[e.Object])
		}
		last[e.Object], ids[e.ID] = e.At, true
	}
	wg.Wait()
	if len(ids) != writers*each {
		t.Fatalf("%d different events of %d", len(ids), writers*each)
	}
}

func value(t *testing.T, m prometheus.Metric) float64 {
	var d dto.Metric
	must(t, m.Write(&d))
	return d.GetCounter().GetValue() + d.GetGauge().GetValue() + float64(d.GetHistogram().GetSampleCount())
}

func TestASlowSubscriberIsEndedAndTheOthersGoOn(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: never, Buffer: 8})
	run(ctx, t, b)
	listen(ctx, t, db, b)
	slow, quick := b.Subscribe(ctx, Filter{}), b.Subscribe(ctx, Filter{})
	for range 30 {
		id := core.NewID()
		appendOne(ctx, t, db, council(id))
		if got := takeOne(ctx, t, quick).Object; got != id {
			t.Fatalf("got %v, want %v", got, id)
		}
	}
	n := 0
	for range slow.Events() {
		n++
	}
	if n > 9 || !same(slow.Err(), ErrOverflow) {
		t.Fatalf("%d events, then %v", n, slow.Err())
	}
	if o, s, r := value(t, b.metrics.overflows), value(t, b.metrics.subscribers), value(t, b.metrics.read); o != 1 || s != 1 || r != 30 {
		t.Fatalf("overflows %v, subscribers %v, read %v", o, s, r)
	}
	if d, lag := value(t, b.metrics.delivered), value(t, b.metrics.lag); d < 38 || d > 39 || lag != 30 {
		t.Fatalf("delivered %v, lag %v", d, lag)
	}
	if err := prometheus.NewRegistry().Register(b.Collectors()[0]); err != nil || len(b.Collectors()) != 5 {
		t.Fatalf("collectors: %v", err)
	}
}

func TestNobodyGetsAnotherMunicipality(t *testing.T) {
	db := coretest.Kernel(t)
	base := within(t)
	here, there := town(base, t, db), town(base, t, db)
	b := newBroker(base, t, db, Settings{Poll: never})
	stop := run(base, t, b)
	listen(base, t, db, b)
	nowhere, mine, theirs := b.Subscribe(base, Filter{}), b.Subscribe(here, Filter{}), b.Subscribe(there, Filter{})
	object := core.NewID() // the same key in both
	appendOne(here, t, db, council(object))
	appendOne(there, t, db, council(object))
	if e := takeOne(base, t, theirs); e.Municipality != core.MunicipalityOf(there).ID {
		t.Fatalf("got %+v", e)
	}
	if e := takeOne(base, t, mine); e.Municipality != core.MunicipalityOf(here).ID {
		t.Fatalf("got %+v", e)
	}
	stop()
	for e := range nowhere.Events() {
		t.Fatalf("got %+v", e)
	}
}

func TestASubscriptionEndsWithItsContextOrTheBroker(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: never})
	stop := run(ctx, t, b)
	leaving, leave := context.WithCancel(ctx)
	left, stayed := b.Subscribe(leaving, Filter{}), b.Subscribe(ctx, Filter{})
	leave()
	for range left.Events() {
		t.Fatal("an event of nothing")
	}
	if left.Err() != nil {
		t.Fatalf("left by itself: %v", left.Err())
	}
	stop()
	late := b.Subscribe(ctx, Filter{})
	for _, s := range []*Subscription{stayed, late} {
		for range s.Events() {
			t.Fatal("an event of nothing")
		}
		if !same(s.Err(), ErrStopped) {
			t.Fatalf("got %v", s.Err())
		}
	}
	if n := value(t, b.metrics.subscribers); n != 0 || len(b.subs) != 0 {
		t.Fatalf("%v subscribers left, %d municipalities", n, len(b.subs))
	}
}

func TestFilter(t *testing.T) {
	a, b, c := core.NewID(), core.NewID(), core.NewID()
	e := &core.Event{Type: "Membership", Object: a, Touched: []core.ID{{Type: "Council", Key: b}}}
	for _, test := range []struct {
		filter Filter
		want   bool
	}{
		{Filter{Type: "Person"}, false},
		{Filter{Object: c}, false},
		{Filter{Type: "Council", Object: a}, false}, // type and object of different things
		{Filter{Type: "Membership", Object: b}, false},
		{Filter{}, true},
		{Filter{Type: "Membership"}, true},
		{Filter{Type: "Council"}, true},
		{Filter{Object: a}, true},
		{Filter{Type: "Council", Object: b}, true},
	} {
		if got := test.filter.Match(e); got != test.want {
			t.Errorf("%+v: got %v", test.filter, got)
		}
	}
}

// same tells the two reasons apart, which share a code.
func same(err error, reason *core.Error) bool {
	var got *core.Error
	return errors.As(err, &got) && got == reason
}
