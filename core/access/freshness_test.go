package access

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func (h house) anonymousMay(t testing.TB, g *Guard, permission string) bool {
	t.Helper()
	d, err := g.Decide(h.nobody(), permission)
	must(t, err)
	return d.All()
}

func TestWriteIsSeenAtOnceHere(t *testing.T) {
	h := newHouse(t)
	ctx, stop := context.WithCancel(h.nobody())
	others := make(chan error)
	go func() { // asks all the time, also while a change is being committed
		for ctx.Err() == nil {
			if _, err := h.Decide(ctx, "alpha:read"); err != nil && ctx.Err() == nil {
				others <- err
				return
			}
		}
		others <- nil
	}()
	defer func() {
		stop()
		must(t, <-others)
	}()
	for i := range 20 {
		if h.anonymousMay(t, h.Guard, "beta:read") {
			t.Fatal("allowed before")
		}
		must(t, h.rule(h.ctx, "anonymous", "beta:read", false))
		if !h.anonymousMay(t, h.Guard, "beta:read") {
			t.Fatalf("write %d is not seen by the next decision", i)
		}
		if v, err := h.Version(h.nobody()); err != nil || v != h.version(t) {
			t.Fatalf("version %d, %v", v, err)
		}
		must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
			_, err := h.Store().SetRules(ctx, tx, RuleSet{Role: "anonymous", Rules: []RuleInput{{Permission: "alpha:read", Relation: "any"}}})
			return err
		}))
	}
}

func TestOpenAndUndoneWritesAreNotSeen(t *testing.T) {
	h := newHouse(t)
	undone := errors.New("undone")
	err := h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		if _, err := h.Store().AddRule(ctx, tx, "anonymous", RuleInput{Permission: "beta:read", Relation: "any"}); err != nil {
			return err
		}
		if h.anonymousMay(t, h.Guard, "beta:read") || h.tenant(h.town.ID).pending.Load() == nil {
			t.Error("decided by a change that is not committed, or forgot that there is one")
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if h.anonymousMay(t, h.Guard, "beta:read") {
		t.Error("decided by a change that was undone")
	}
	if h.tenant(h.town.ID).pending.Load() != nil {
		t.Error("every decision asks the database for ever")
	}
}

func TestChangeUndoneToASavepoint(t *testing.T) {
	h := newHouse(t)
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		inner, err := tx.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := h.Bump(ctx, postgres.Tx{Tx: inner, Pgx: tx.Pgx}); err != nil {
			return err
		}
		return inner.Rollback()
	}))
	h.anonymousMay(t, h.Guard, "beta:read")
	if h.tenant(h.town.ID).pending.Load() != nil {
		t.Error("every decision asks the database for ever")
	}
}

// A second process learns of a change by the notification, and by polling when that is lost.
func TestAnotherReplicaSeesAChange(t *testing.T) {
	h := newHouse(t)
	other := guard(t, h.db, settings(h.clock))
	if h.anonymousMay(t, other, "beta:read") {
		t.Fatal("allowed before")
	}
	ctx, stop := context.WithCancel(t.Context())
	listening, notified, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		postgres.Listen(ctx, h.db, h.settings.Log, []string{Channel}, time.Hour, func(channel string) {
			if channel == "" {
				close(listening)
				return
			}
			other.Wake(ctx)
			close(notified)
		})
	}()
	<-listening
	must(t, h.rule(h.ctx, "anonymous", "beta:read", false))
	<-notified
	if !h.anonymousMay(t, other, "beta:read") {
		t.Error("the change is not seen after the notification")
	}
	stop()
	<-done
	must(t, h.rule(h.ctx, "anonymous", "beta:read", true))
	if !h.anonymousMay(t, other, "beta:read") {
		t.Error("the database is asked though the lease has not ended")
	}
	other.Wake(t.Context())
	if h.anonymousMay(t, other, "beta:read") {
		t.Error("the change is not seen after a poll")
	}
}

func TestLease(t *testing.T) {
	h := newHouse(t)
	other := guard(t, h.db, settings(h.clock))
	if h.anonymousMay(t, other, "beta:read") {
		t.Fatal("allowed before")
	}
	must(t, h.rule(h.ctx, "anonymous", "beta:read", false))
	h.clock.move(lease + time.Second)
	if !h.anonymousMay(t, other, "beta:read") {
		t.Error("a guard that nobody wakes does not look by itself")
	}
	// A policy that cannot be read: the last good one serves to the end of the lease.
	_, err := h.db.Exec("ALTER TABLE policy_rules RENAME TO lost")
	must(t, err)
	_, err = h.db.Exec("UPDATE municipalities SET policy_version = policy_version + 1")
	must(t, err)
	other.Wake(t.Context())
	if !h.anonymousMay(t, other, "beta:read") {
		t.Error("the last good policy does not serve")
	}
	h.clock.move(lease + time.Second)
	_, err = other.Decide(h.nobody(), "beta:read")
	wants(t, err, core.CodeUnavailable)
	_, err = guard(t, h.db, settings(h.clock)).Decide(h.nobody(), "beta:read")
	wants(t, err, core.CodeUnavailable)
	wants(t, other.Check(h.nobody(), "beta:read", Resource{}), core.CodeUnavailable)
	if err := other.Check(h.ctx, "beta:read", Resource{}); err != nil {
		t.Errorf("the system needs no policy: %v", err)
	}
	_, err = h.db.Exec("ALTER TABLE lost RENAME TO policy_rules")
	must(t, err)
	if !h.anonymousMay(t, other, "beta:read") {
		t.Error("the policy is back, and not used")
	}
}

// A decision inside a transaction must not wait for a connection that other such transactions hold.
func TestDecisionsInsideTransactionsThatHoldEveryConnection(t *testing.T) {
	h := newHouse(t)
	h.clock.move(lease + time.Second) // every one has to ask
	const all = 20                    // as many as the pool of the tests has
	runs := make([]func() error, all)
	inside := make(chan struct{}, all)
	everybody := make(chan struct{})
	go func() {
		for range all {
			<-inside
		}
		close(everybody)
	}()
	for i := range runs {
		runs[i] = func() error {
			return h.do(h.ctx, func(context.Context, postgres.Tx) error {
				inside <- struct{}{}
				<-everybody
				_, err := h.Decide(h.nobody(), "beta:read")
				return err
			})
		}
	}
	if errs := race(runs...); len(errs) > 0 {
		t.Error(errs)
	}
}

func TestTownThatIsNotThere(t *testing.T) {
	h := newHouse(t)
	ctx := core.WithMunicipality(h.nobody(), &core.Municipality{ID: core.NewID(), TimeZone: "UTC"})
	_, err := h.Decide(ctx, "alpha:read")
	wants(t, err, core.CodeUnavailable)
	wants(t, h.do(core.WithMunicipality(h.ctx, core.MunicipalityOf(ctx)), func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Bump(ctx, tx)
		return err
	}), core.CodeInternal)
}
