// Package mutation is the one way in which the house changes: a transaction in which the change,
// its audit row, its event and its idempotency key are committed together, or not at all.
//
// A service calls Writer.Do with what the action is called, its input and a function that makes
// the change and says so (Tx.Changed). Failures that a form can show come back in the payload;
// all others are returned. A write that says nothing of what it changed is refused: it would
// leave no trace.
//
// Idempotency: a request with the header Idempotency-Key is done once. The key's row is inserted
// first; a second request with the same key waits for the first to end, and then gets its answer.
// A process killed in between leaves nothing behind, so the second does the work. The answer kept
// is the object's key: the retry reads the object as it is then.
package mutation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/postgres"
)

// Writer makes transactions. One serves the whole house.
type Writer struct {
	DB    *postgres.DB
	Clock core.Clock
	Jobs  *jobs.Jobs
}

// Tx is the transaction of one mutation.
type Tx struct {
	postgres.Tx
	writer  *Writer
	now     time.Time
	today   core.Date
	changes []core.Change
}

// Now is the moment of the mutation, the same for all that it writes.
func (tx *Tx) Now() time.Time { return tx.now }

// Today is the day in the town at that moment.
func (tx *Tx) Today() core.Date { return tx.today }

// Changed records a change: an audit row and an event, written at the end of the transaction.
func (tx *Tx) Changed(c core.Change) { tx.changes = append(tx.changes, c) }

// Enqueue puts a job into the queue; it runs after commit, and only then.
func (tx *Tx) Enqueue(ctx context.Context, job river.JobArgs) error {
	_, err := tx.writer.Jobs.Insert(ctx, tx.Tx, job, nil)
	return err
}

// Do runs one mutation. The function returns the key of the object that the payload shows.
// action is the mutation's name; input is what idempotency compares by its
// hash; it must not change, and must hold no secret.
func (w *Writer) Do(ctx context.Context, action string, input any, fn func(ctx context.Context, tx *Tx) (uuid.UUID, error)) (*core.Payload, error) {
	payload := &core.Payload{ClientMutationID: clientMutationID(input)}
	err := w.Run(ctx, action, input, payload, func(ctx context.Context, tx *Tx) error {
		var err error
		payload.Key, err = fn(ctx, tx)
		return err
	})
	if errs, ok := UserErrors(ctx, err); ok {
		return &core.Payload{UserErrors: errs, ClientMutationID: payload.ClientMutationID}, nil
	}
	if err != nil {
		return nil, err
	}
	return payload, nil
}

// Run is Do for answers of another form: answer is filled by fn, kept as JSON under the
// idempotency key, and read back from it by a retry. It must hold no secret. When two transactions
// got in each other's way (a deadlock, a serialization failure), the one undone is a CONFLICT.
func (w *Writer) Run(ctx context.Context, action string, input, answer any, fn func(ctx context.Context, tx *Tx) error) error {
	err := postgres.InTx(ctx, w.DB, func(ctx context.Context, db postgres.Tx) error {
		now := w.Clock()
		tx := &Tx{Tx: db, writer: w, now: now, today: core.MunicipalityOf(ctx).Today(w.Clock)}
		once, err := claim(ctx, tx, action, input)
		if err != nil {
			return err
		}
		if once.answered() {
			return json.Unmarshal(once.answer, answer)
		}
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if len(tx.changes) == 0 {
			return fmt.Errorf("mutation %s: nothing was recorded", action)
		}
		if err := tx.record(ctx, action); err != nil {
			return err
		}
		return once.keep(ctx, tx, answer)
	})
	return postgres.Conflicts(err, nil)
}
