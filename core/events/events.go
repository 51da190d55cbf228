// Package events tells programs what changed: a mutation writes its changes into the outbox inside
// its own transaction (Append), and after commit every replica's Broker reads them there and hands
// them to the subscriptions of GraphQL. What must happen exactly once to each event, whoever is away
// meanwhile, is a Consumer's work (consumer.go).
//
// It owns the table outbox. Append is called by core/mutation; the Broker is made and run once a
// process by the application, and subscribed to by the graph.
//
// What holds: an event is seen by a subscriber that subscribed before the commit, whatever breaks
// in between (a lost notification, the listening connection, the database's restart), or the
// subscription ends with a reason. Delivery is at least once with the same Event.ID. Changes of one
// object come in the order in which they were made; a rolled back change never comes. A replica
// starts at its own start, so nothing older is delivered: subscribe first, then load.
//
// A notification only wakes; the table is the truth. See cursor.go for how a late commit is
// neither skipped nor waited for.
package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core"
)

// Channel is where Append notifies; the application listens on it and passes what it hears to
// Broker.Wake.
const Channel = "veche_outbox"

// touched is how a core.ID stands in the outbox: readable by SQL.
type touched struct {
	Type string    `json:"type"`
	ID   uuid.UUID `json:"id"`
}

var errNowhere = errors.New("events: a change is appended outside of any municipality")

// appendQuery writes and wakes in one round trip. Postgres folds equal notifications of one
// transaction into one and sends it at commit, or never.
const appendQuery = `WITH appended AS (
	INSERT INTO outbox (id, municipality_id, kind, object_type, object_id, touched, at, notice, tell, name, payload)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?)
) SELECT pg_notify(?, '')`

// Append writes the change into the outbox of tx, for the context's municipality. Call it after the
// object's row was written or locked in the same transaction: that lock is what puts two changes
// of one object in order.
func Append(ctx context.Context, tx bun.IDB, change core.Change, at time.Time) error {
	municipality := core.MunicipalityOf(ctx).ID
	if municipality == uuid.Nil {
		return errNowhere
	}
	watched := make([]touched, 0, len(change.Touched))
	for _, id := range change.Touched {
		watched = append(watched, touched{Type: id.Type, ID: id.Key})
	}
	list, err := json.Marshal(watched)
	if err != nil {
		return fmt.Errorf("events: %w", err)
	}
	var notice, tell, payload any
	if n := change.Notice; n != nil {
		notice, tell = n.Text, pgdialect.Array(n.Tell)
	}
	if change.Payload != nil {
		payload = string(change.Payload)
	}
	_, err = tx.NewRaw(appendQuery, core.NewID(), municipality, change.Kind, change.Type, change.ID,
		string(list), at, notice, tell, change.Name, payload, Channel).Exec(ctx)
	if err != nil {
		return fmt.Errorf("events: append: %w", err)
	}
	return nil
}
