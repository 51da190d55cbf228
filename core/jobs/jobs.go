// Package jobs does later what a mutation decides now: River's jobs, inserted in the transaction of
// the data (Insert), so that a job exists exactly when its data does, and worked by any replica.
//
// It is made once by the application (New), told of the modules' workers and periodic jobs
// (Register), then started (Start) and stopped (Stop). Services insert; nobody else touches River.
//
// A job belongs to the municipality in whose context it was inserted and is worked there, as
// core.System; a job inserted outside of any (a periodic one) is worked in none and finds nothing
// until it names one. Uniqueness is counted within the municipality.
//
// Failure: a job runs at least once, so a worker must bear being run again. It has a minute unless
// its worker's Timeout says otherwise. One that returns an error is tried again later, 25 times
// over about three weeks; one cut off by the death of its process is taken up after an hour. Arguments are kept in clear and errors are
// kept and logged, so neither may hold personal data: pass ids.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

const (
	parallel  = 10              // jobs that one replica works on at a time
	stopGrace = 5 * time.Second // for jobs to notice that they were cancelled
)

// Resolver finds a municipality by its key; core.ErrNotFound when there is none, which cancels the
// job, while any other error has it tried again.
type Resolver func(ctx context.Context, id uuid.UUID) (*core.Municipality, error)

// Jobs is the queue and its workers. Safe for use by many goroutines.
type Jobs struct {
	client  *river.Client[pgx.Tx]
	workers *river.Workers

	mu      sync.Mutex
	started bool
}

// New makes the queue with the kernel's own jobs and the given ones registered.
func New(db *postgres.DB, log *slog.Logger, resolve Resolver, registrations ...Registration) (*Jobs, error) {
	workers := river.NewWorkers()
	client, err := river.NewClient(riverpgxv5.New(db.Pool), &river.Config{
		Logger:     log,
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: parallel}},
		Workers:    workers,
		Hooks:      []rivertype.Hook{&tag{}},
		Middleware: []rivertype.Middleware{&enter{resolve: resolve}},
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	j := &Jobs{client: client, workers: workers}
	if err := j.Register(housekeeping(db, log)...); err != nil {
		return nil, err
	}
	return j, j.Register(registrations...)
}

// Insert adds a job that exists once tx commits, for the context's municipality. The result says
// whether a unique job was there already. opts may be nil. After an error tx must be rolled back.
func (j *Jobs) Insert(ctx context.Context, tx postgres.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	result, err := j.client.InsertTx(ctx, tx.Pgx, args, opts)
	if err != nil {
		return nil, fmt.Errorf("jobs: insert %s: %w", args.Kind(), err)
	}
	return result, nil
}

// Start begins to work. The end of ctx does not stop it; Stop does, when the application's order of
// stopping comes to it.
func (j *Jobs) Start(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.started = true
	if err := j.client.Start(postgres.Waiting(context.WithoutCancel(ctx))); err != nil {
		return fmt.Errorf("jobs: start: %w", err)
	}
	return nil
}

// Stop takes no new jobs and waits for the running ones until ctx ends. Then it cancels them, so
// that they are tried again later or elsewhere, and gives them 5 seconds to return. It leaves a job
// that ignores its context running and says so by an error.
func (j *Jobs) Stop(ctx context.Context) error {
	if err := j.client.Stop(ctx); err == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	if err := j.client.StopAndCancel(hard); err != nil {
		return fmt.Errorf("jobs: stop: a job does not end when cancelled: %w", err)
	}
	return nil
}

var errStarted = errors.New("jobs: workers are registered before Start")
