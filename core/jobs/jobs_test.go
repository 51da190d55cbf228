package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// within ends long after a healthy test: it turns a hang into a failure.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type noteArgs struct {
	Text string `json:"text"`
}

func (noteArgs) Kind() string { return "test.note" }

// noter tells who worked where; do, if set, is its work.
type noter struct {
	river.WorkerDefaults[noteArgs]
	worked chan note
	do     func(ctx context.Context) error
}

type note struct {
	text         string
	municipality uuid.UUID
	actor        core.ActorKind
	attempt      int
}

func (n *noter) Work(ctx context.Context, job *river.Job[noteArgs]) error {
	n.worked <- note{job.Args.Text, core.MunicipalityOf(ctx).ID, core.ActorOf(ctx).Kind, job.Attempt}
	if n.do != nil {
		return n.do(ctx)
	}
	return nil
}

func known(_ context.Context, id uuid.UUID) (*core.Municipality, error) {
	return &core.Municipality{ID: id}, nil
}

type house struct {
	db    *postgres.DB
	jobs  *Jobs
	noter *noter
}

func open(t *testing.T, resolve Resolver) house {
	t.Helper()
	h := house{db: coretest.Kernel(t), noter: &noter{worked: make(chan note, 100)}}
	var err error
	h.jobs, err = New(h.db, quiet(), resolve, Worker(h.noter))
	must(t, err)
	return h
}

func (h house) start(ctx context.Context, t *testing.T) {
	t.Helper()
	must(t, h.jobs.Start(ctx))
	t.Cleanup(func() {
		if err := h.jobs.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func (h house) insert(ctx context.Context, t *testing.T, text string, opts *river.InsertOpts) (result *rivertype.JobInsertResult) {
	t.Helper()
	must(t, postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) (err error) {
		result, err = h.jobs.Insert(ctx, tx, noteArgs{text}, opts)
		return err
	}))
	return result
}

func (h house) count(ctx context.Context, t *testing.T, query string) (n int) {
	t.Helper()
	must(t, h.db.NewRaw(query).Scan(ctx, &n))
	return n
}

func (h house) notes(ctx context.Context, t *testing.T) int {
	t.Helper()
	return h.count(ctx, t, "SELECT count(*) FROM river_job WHERE kind = 'test.note'")
}

func (h house) next(ctx context.Context, t *testing.T) note {
	t.Helper()
	select {
	case n := <-h.noter.worked:
		return n
	case <-ctx.Done():
		t.Fatal("no job was worked")
		return note{}
	}
}

// finished waits for the end of a job of this kind.
func (h house) finished(t *testing.T, kinds ...river.EventKind) func(ctx context.Context, kind string) *river.Event {
	events, cancel := h.jobs.client.Subscribe(kinds...)
	t.Cleanup(cancel)
	return func(ctx context.Context, kind string) *river.Event {
		for {
			select {
			case e := <-events:
				if e.Job.Kind == kind {
					return e
				}
			case <-ctx.Done():
				t.Fatalf("no job %s came to its end", kind)
			}
		}
	}
}

func TestAJobLivesAndDiesWithItsTransaction(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	h.start(ctx, t)
	refused := errors.New("refused")
	err := postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.jobs.Insert(ctx, tx, noteArgs{"never"}, nil)
		return errors.Join(refused, err)
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	h.insert(ctx, t, "kept", nil)
	if n := h.next(ctx, t); n.text != "kept" {
		t.Fatalf("worked %q", n.text)
	}
	if n := h.notes(ctx, t); n != 1 {
		t.Fatalf("%d jobs, want 1", n)
	}
}

func TestAnUnknownKindIsRefusedAtInsert(t *testing.T) {
	h := house{db: coretest.Kernel(t)}
	var err error
	h.jobs, err = New(h.db, quiet(), known)
	must(t, err)
	err = postgres.InTx(within(t), h.db, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.jobs.Insert(ctx, tx, noteArgs{}, nil)
		return err
	})
	if unknown := (&river.UnknownJobKindError{}); !errors.As(err, &unknown) {
		t.Fatalf("got %v", err)
	}
}

func TestRegisterRefuses(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	for name, r := range map[string]Registration{
		"a kind twice":      Worker(&noter{}),
		"an id twice":       Every("kernel.purge", time.Hour, noteArgs{}),
		"too short a while": Every("test", time.Millisecond, noteArgs{}),
	} {
		if h.jobs.Register(r) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	h.start(ctx, t)
	if err := h.jobs.Register(Every("test", time.Hour, noteArgs{})); !errors.Is(err, errStarted) {
		t.Errorf("after Start: %v", err)
	}
}

func TestAUniqueJobIsUniqueInItsMunicipality(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	here := core.WithMunicipality(ctx, &core.Municipality{ID: core.NewID()})
	there := core.WithMunicipality(ctx, &core.Municipality{ID: core.NewID()})
	once := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}
	for _, test := range []struct {
		ctx       context.Context
		text      string
		duplicate bool
	}{
		{here, "a", false}, {here, "a", true}, {here, "b", false}, {there, "a", false}, {there, "a", true}, {ctx, "a", false}, {ctx, "a", true},
	} {
		if got := h.insert(test.ctx, t, test.text, once).UniqueSkippedAsDuplicate; got != test.duplicate {
			t.Errorf("%v %s: duplicate %v", core.MunicipalityOf(test.ctx).ID, test.text, got)
		}
	}
	if n := h.notes(ctx, t); n != 4 {
		t.Errorf("%d jobs, want 4", n)
	}
}

func TestAUniqueJobOfARolledBackTransactionDoesNotStandInTheWay(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	once := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}
	_ = postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) error {
		if _, err := h.jobs.Insert(ctx, tx, noteArgs{"a"}, once); err != nil {
			t.Error(err)
		}
		return errors.New("refused")
	})
	if h.insert(ctx, t, "a", once).UniqueSkippedAsDuplicate {
		t.Fatal("a job that never was is in the way")
	}
}

func TestAJobIsWorkedWhereItWasInserted(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	h.start(ctx, t)
	id := core.NewID()
	here := core.WithActor(core.WithMunicipality(ctx, &core.Municipality{ID: id}), core.Actor{Kind: core.Account})
	forged := &river.InsertOpts{Metadata: fmt.Appendf(nil, `{"municipality_id": %q, "trace": "x"}`, core.NewID())}
	h.insert(here, t, "here", forged)
	if n := h.next(ctx, t); n.municipality != id || n.actor != core.System {
		t.Fatalf("worked %+v", n)
	}
	h.insert(ctx, t, "nowhere", forged)
	if n := h.next(ctx, t); n.municipality != uuid.Nil || n.actor != core.System {
		t.Fatalf("worked %+v", n)
	}
	if n := h.count(ctx, t, "SELECT count(*) FROM river_job WHERE metadata ->> 'trace' = 'x'"); n != 2 {
		t.Fatalf("other metadata is lost: %d of 2", n)
	}
}

func TestAJobOfNoMunicipalityIsCancelledAndOneThatCannotBeFoundNowIsTriedAgain(t *testing.T) {
	gone, away := core.NewID(), core.NewID()
	h := open(t, func(_ context.Context, id uuid.UUID) (*core.Municipality, error) {
		if id == gone {
			return nil, core.ErrNotFound
		}
		return nil, errors.New("the database does not answer")
	})
	ctx := within(t)
	finished := h.finished(t, river.EventKindJobCancelled, river.EventKindJobFailed)
	h.start(ctx, t)
	for id, want := range map[uuid.UUID]rivertype.JobState{gone: rivertype.JobStateCancelled, away: rivertype.JobStateRetryable} {
		h.insert(core.WithMunicipality(ctx, &core.Municipality{ID: id}), t, "x", nil)
		e := finished(ctx, noteArgs{}.Kind())
		if want == rivertype.JobStateRetryable && e.Job.State == rivertype.JobStateAvailable {
			continue // tried again so soon that River skips the waiting state
		}
		if e.Job.State != want {
			t.Errorf("%s, want %s", e.Job.State, want)
		}
	}
	if len(h.noter.worked) > 0 {
		t.Error("worked without a municipality")
	}
}

func TestStopFinishesWhatRuns(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	release := make(chan struct{})
	h.noter.do = func(ctx context.Context) error {
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	starting, started := context.WithCancel(ctx)
	must(t, h.jobs.Start(starting))
	started() // the end of Start's context stops nothing
	h.insert(ctx, t, "x", nil)
	h.next(ctx, t)
	stopped := make(chan error)
	go func() { stopped <- h.jobs.Stop(ctx) }()
	close(release)
	must(t, <-stopped)
	if n := h.count(ctx, t, "SELECT count(*) FROM river_job WHERE kind = 'test.note' AND state = 'completed'"); n != 1 {
		t.Fatalf("%d jobs completed", n)
	}
	must(t, h.jobs.Stop(ctx)) // again: nothing to do
}

func TestStopCancelsWhatDoesNotFinishInTime(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	h.noter.do = func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	must(t, h.jobs.Start(ctx))
	h.insert(ctx, t, "x", nil)
	h.next(ctx, t)
	over, cancel := context.WithCancel(ctx)
	cancel()
	must(t, h.jobs.Stop(over))
	if n := h.count(ctx, t, "SELECT count(*) FROM river_job WHERE kind = 'test.note' AND state IN ('available', 'retryable')"); n != 1 {
		t.Fatalf("%d jobs wait to be tried again", n)
	}
}

func TestManyInsertsAtOnceGiveAsManyJobs(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	must(t, postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.jobs.client.InsertManyFastTx(ctx, tx.Pgx, []river.InsertManyParams{{Args: noteArgs{"a"}}, {Args: noteArgs{"b"}}})
		return err
	}))
	if n := h.notes(ctx, t); n != 2 {
		t.Fatalf("%d jobs", n)
	}
}

func TestPurge(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	id := core.NewID()
	seed := func(query string, args ...any) {
		t.Helper()
		_, err := h.db.NewRaw(query, args...).Exec(ctx)
		must(t, err)
	}
	seed(`INSERT INTO municipalities (id, key, name, region, time_zone) VALUES (?, 'town', '{}', '{}', 'UTC')`, id)
	seed(`INSERT INTO idempotency_keys (municipality_id, actor, key, input_hash, created_at)
		SELECT ?0, ?0, n::text, '', now() - CASE WHEN n % 2 = 0 THEN interval '47 hours' ELSE interval '49 hours' END
		FROM generate_series(1, 100) n`, id)
	seed(`INSERT INTO outbox (id, municipality_id, kind, object_type, object_id, at, written_at)
		SELECT ?0, ?0, 'updated', 'Council', ?0, timestamptz '2013-02-01', now() - CASE WHEN n % 50 = 7 OR n > 90 THEN interval '6 days' ELSE interval '8 days' END
		FROM generate_series(1, 100) n`, id)
	must(t, (&purger{db: h.db, log: quiet(), batch: 10}).Work(ctx, nil))
	if n := h.count(ctx, t, "SELECT count(*) FROM idempotency_keys WHERE key::int % 2 = 0"); n != 50 {
		t.Errorf("%d young keys left, want 50", n)
	}
	if n := h.count(ctx, t, "SELECT count(*) FROM idempotency_keys"); n != 50 {
		t.Errorf("%d keys left, want 50", n)
	}
	if n := h.count(ctx, t, "SELECT count(*) FROM outbox WHERE written_at > now() - interval '7 days'"); n != 12 {
		t.Errorf("%d young events left, want 12", n)
	}
	if n := h.count(ctx, t, "SELECT count(*) FROM outbox"); n != 12 {
		t.Errorf("%d events left, want 12", n)
	}
}

func TestTheKernelPurgesOnceInAnHourWhateverTheReplicas(t *testing.T) {
	h := open(t, known)
	ctx := within(t)
	finished := h.finished(t, river.EventKindJobCompleted)
	must(t, h.jobs.Start(ctx))
	hour := finished(ctx, purgeArgs{}.Kind()).Job.ScheduledAt.Truncate(time.Hour)
	must(t, h.jobs.Stop(ctx))

	next, err := New(h.db, quiet(), known, Worker(h.noter), Every("test.note", time.Hour, noteArgs{"periodic"}))
	must(t, err)
	must(t, next.Start(ctx))
	// Its own periodic job is inserted together with the kernel's, so both have been tried.
	if n := h.next(ctx, t); n.text != "periodic" || n.municipality != uuid.Nil || n.actor != core.System {
		t.Errorf("worked %+v", n)
	}
	must(t, next.Stop(ctx))
	if time.Now().Truncate(time.Hour).After(hour) {
		t.Skip("the hour has changed during the test")
	}
	if n := h.count(ctx, t, "SELECT count(*) FROM river_job WHERE kind = 'kernel.purge'"); n != 1 {
		t.Errorf("purged %d times", n)
	}
	opts := onceIn(time.Hour)
	opts.ScheduledAt = hour.Add(time.Hour)
	must(t, postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) error {
		again, err := h.jobs.Insert(ctx, tx, purgeArgs{}, opts)
		if err == nil && again.UniqueSkippedAsDuplicate {
			t.Error("not purged in the next hour")
		}
		return err
	}))
}
