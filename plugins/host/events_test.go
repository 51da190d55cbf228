package host_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/host"
)

// happen commits changes of these objects, and has them fanned out.
func (h *house) happen(town *core.Municipality, typ string, objects ...uuid.UUID) {
	h.Helper()
	townhall.Must(h, postgres.InTx(core.WithMunicipality(h.Context(), town), h.host.DB, func(ctx context.Context, tx postgres.Tx) error {
		for _, object := range objects {
			if err := events.Append(ctx, tx, core.Change{Kind: core.Created, Type: typ, ID: object}, *h.now.Load()); err != nil {
				return err
			}
		}
		return nil
	}))
	townhall.Must(h, h.host.Consumers.Drain(h.Context(), "plugins"))
}

func done(r *contract.DeliverRequest) *contract.DeliverResponse {
	out := &contract.DeliverResponse{}
	for range r.Events {
		out.Acks = append(out.Acks, &contract.Ack{Outcome: contract.Ack_OUTCOME_DONE})
	}
	return out
}

func (h *house) left() (waiting, dead int) {
	h.Helper()
	townhall.Must(h, h.host.DB.Pool.QueryRow(h.Context(), "SELECT count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL) FROM plugin_deliveries").Scan(&waiting, &dead))
	return waiting, dead
}

// Events come in the order of each object, those that are heard alone, to the municipality's plugin.
func TestEventsComeInOrder(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{Batch: 4})
	p := h.serving(h.other)
	a, b := core.NewID(), core.NewID()
	var got []string
	seen := map[string]bool{}
	p.deliver = func(_ context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
		if len(r.Events) > 4 {
			t.Errorf("%d events at once", len(r.Events))
		}
		for _, e := range r.Events {
			if seen[e.Id] {
				t.Errorf("%s came twice", e.Id)
			}
			seen[e.Id] = true
			got = append(got, r.Call.Municipality+" "+e.Name+" "+e.Object)
		}
		return done(r), nil
	}
	h.happen(h.town, "Council", a, b, a, b, a)
	h.happen(h.town, "Person", a)
	h.happen(h.other, "Council", a)
	townhall.Must(t, h.host.Deliver(t.Context()))
	name := func(town string, id uuid.UUID) string {
		return town + " Council.CREATED " + core.ID{Type: "Council", Key: id}.String()
	}
	want := []string{name("kansk", a), name("kansk", b), name("kansk", a), name("kansk", b), name("kansk", a)}
	var kansk []string
	for _, g := range got {
		if strings.HasPrefix(g, "kansk") {
			kansk = append(kansk, g)
		}
	}
	if !slices.Equal(kansk, want) || len(got) != 6 || !slices.Contains(got, name("achinsk", a)) {
		t.Errorf("got %v", got)
	}
	if waiting, dead := h.left(); waiting+dead != 0 {
		t.Errorf("%d and %d are left", waiting, dead)
	}
}

// What is to be tried again comes later each time, and those after it of the same object wait; others go on.
func TestRetriesGrowAndHoldTheirObjectAlone(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	a, b := core.NewID(), core.NewID()
	h.happen(h.town, "Council", a, b)
	var ids []string
	var attempts []time.Duration
	began := *h.now.Load()
	p.deliver = func(_ context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
		out := done(r)
		for n, e := range r.Events {
			if e.Object != (core.ID{Type: "Council", Key: a}).String() {
				ids = append(ids, "b")
				continue
			}
			if len(attempts) < 14 {
				out.Acks[n] = &contract.Ack{Outcome: contract.Ack_OUTCOME_RETRY, Reason: "not yet"}
			}
			attempts = append(attempts, h.now.Load().Sub(began))
		}
		return out, nil
	}
	townhall.Must(t, h.host.Deliver(t.Context()))
	h.happen(h.town, "Council", a, b) // a's second waits for its first
	townhall.Must(t, h.host.Deliver(t.Context()))
	if len(attempts) != 1 || len(ids) != 2 {
		t.Fatalf("got %v, %v", attempts, ids)
	}
	for len(attempts) < 16 && h.now.Load().Sub(began) < 24*time.Hour {
		h.later(time.Second)
		townhall.Must(t, h.host.Deliver(t.Context()))
		if waiting, _ := h.left(); waiting == 0 {
			break
		}
		var next time.Time
		townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), "SELECT max(due_at) FROM plugin_deliveries WHERE object_id = $1", a).Scan(&next))
		h.at(next.Add(-time.Second))
	}
	for n := 1; n < 14; n++ {
		want := min(time.Hour, time.Second<<(n-1))
		if got := attempts[n] - attempts[n-1]; got != want {
			t.Errorf("attempt %d came %s after the one before, want %s", n+1, got, want)
		}
	}
	if len(attempts) != 16 {
		t.Errorf("%d attempts", len(attempts))
	}
}

// What is given up is kept with its reason, holds nobody up, and comes again when somebody says so.
func TestDeadLettersAreReplayed(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	a, b := core.NewID(), core.NewID()
	outcome := map[string]*contract.Ack{core.ID{Type: "Council", Key: a}.String(): {Outcome: contract.Ack_OUTCOME_DEAD, Reason: "no such council"}, core.ID{Type: "Council", Key: b}.String(): {Outcome: contract.Ack_OUTCOME_RETRY, Reason: "later"}}
	ids := map[string]int{}
	p.deliver = func(_ context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
		out := &contract.DeliverResponse{}
		for _, e := range r.Events {
			ids[e.Id]++
			out.Acks = append(out.Acks, outcome[e.Object])
		}
		return out, nil
	}
	h.happen(h.town, "Council", a, b)
	townhall.Must(t, h.host.Deliver(t.Context()))
	h.later(73 * time.Hour)
	townhall.Must(t, h.host.Deliver(t.Context()))
	letters, err := h.host.Dead(t.Context(), h.town, "orders", 10)
	townhall.Must(t, err)
	if len(letters) != 2 || letters[0].Reason != "given up: later" || letters[1].Reason != "no such council" || letters[0].Attempts != 2 || letters[1].Object.Key != a {
		t.Fatalf("got %+v", letters)
	}
	for object := range outcome {
		outcome[object] = &contract.Ack{Outcome: contract.Ack_OUTCOME_DONE}
	}
	n, err := h.host.Replay(t.Context(), h.town, "orders", letters[1].Event)
	townhall.Must(t, err)
	more, err := h.host.Replay(t.Context(), h.town, "orders")
	townhall.Must(t, err)
	townhall.Must(t, h.host.Deliver(t.Context()))
	if waiting, dead := h.left(); n != 1 || more != 1 || waiting+dead != 0 || len(ids) != 2 {
		t.Errorf("%d and %d were replayed, %d and %d are left, ids %v", n, more, waiting, dead, ids)
	}
}

// A plugin that fails keeps its events; an event of which all fail is found out by coming alone.
func TestAFailingPluginLosesNothing(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	bad := core.NewID()
	h.happen(h.town, "Council", core.NewID(), bad, core.NewID())
	taken := map[string]bool{}
	p.deliver = func(_ context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
		for _, e := range r.Events {
			if e.Object == (core.ID{Type: "Council", Key: bad}).String() {
				return nil, errors.New("crashed")
			}
		}
		for _, e := range r.Events {
			taken[e.Id] = true
		}
		return done(r), nil
	}
	for range 10 {
		townhall.Must(t, h.host.Deliver(t.Context()))
		h.later(time.Minute)
	}
	if waiting, _ := h.left(); waiting != 1 || len(taken) != 2 {
		t.Errorf("%d are left, %d were taken", waiting, len(taken))
	}
}

// A replica that dies while a plugin works loses nothing, and holds nobody up: another brings the same.
func TestADeathInTheMiddleOfABatch(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	h.happen(h.town, "Council", core.NewID(), core.NewID())
	var first, second []string
	dying, cancel := context.WithCancel(t.Context())
	p.deliver = func(_ context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
		into := &second
		if first == nil {
			into = &first
			// The replica's connections break before it can note what came of it.
			_, err := h.host.DB.Pool.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_try_advisory_lock%'")
			townhall.Must(t, err)
			cancel()
		}
		for _, e := range r.Events {
			*into = append(*into, e.Id)
		}
		return done(r), nil
	}
	_ = h.host.Deliver(dying)
	if waiting, _ := h.left(); waiting != 2 {
		t.Fatalf("%d wait", waiting)
	}
	townhall.Must(t, h.host.Deliver(t.Context()))
	if waiting, _ := h.left(); waiting != 0 || len(first) != 2 || !slices.Equal(first, second) {
		t.Errorf("%d are left; %v, then %v", waiting, first, second)
	}
}

// Two replicas do not bring to one plugin in one municipality at a time.
func TestOneReplicaAtATime(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	h.happen(h.town, "Council", core.NewID())
	conn, err := h.host.DB.Pool.Acquire(t.Context())
	townhall.Must(t, err)
	defer conn.Release()
	key := fmt.Sprintf("veche deliver %s orders", h.town.ID)
	var locked bool
	townhall.Must(t, conn.QueryRow(t.Context(), "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key).Scan(&locked))
	came := 0
	p.deliver = func(_ context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
		came++
		return done(r), nil
	}
	townhall.Must(t, h.host.Deliver(t.Context()))
	if came != 0 || !locked {
		t.Errorf("came %d times beside the other", came)
	}
	townhall.Must(t, conn.QueryRow(t.Context(), "SELECT pg_advisory_unlock(hashtextextended($1, 0))", key).Scan(&locked))
	townhall.Must(t, h.host.Deliver(t.Context()))
	if came != 1 {
		t.Errorf("came %d times", came)
	}
}
