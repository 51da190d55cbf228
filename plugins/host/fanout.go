package host

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/contract"
)

// deliveries is where the fan-out wakes who brings events.
const deliveries = "veche_plugin_deliveries"

// nameOf is an event's name as manifests have it: Meeting.CREATED, territorialorder.accepted.
func nameOf(e *core.Event) string {
	if e.Name != "" {
		return e.Name
	}
	return e.Type + "." + string(e.Kind)
}

// waiting is an event that waits for a plugin, as SQL takes it.
type waiting struct {
	Municipality uuid.UUID       `json:"municipality"`
	Plugin       string          `json:"plugin"`
	Event        uuid.UUID       `json:"event"`
	Name         string          `json:"name"`
	Type         string          `json:"type"`
	Object       uuid.UUID       `json:"object"`
	Touched      []string        `json:"touched"`
	At           time.Time       `json:"at"`
	Payload      json.RawMessage `json:"payload"`
}

// fanOut puts events into the queue of every plugin that hears them where it is enabled, in the
// transaction in which they count as handled. What is enabled is asked anew, not what runs here.
func (h *Host) fanOut(ctx context.Context, tx postgres.Tx, batch []core.Event) error {
	enabled, err := h.catalog.Enabled(ctx)
	if err != nil {
		return err
	}
	type ear struct {
		town uuid.UUID
		name string
	}
	hears := map[ear][]string{}
	for _, e := range enabled {
		for _, name := range e.Manifest.Hears {
			hears[ear{e.Municipality, name}] = append(hears[ear{e.Municipality, name}], e.Name)
		}
	}
	var all []waiting
	for _, e := range batch {
		for _, plugin := range hears[ear{e.Municipality, nameOf(&e)}] {
			w := waiting{Municipality: e.Municipality, Plugin: plugin, Event: e.ID, Name: nameOf(&e), Type: e.Type, Object: e.Object, Touched: []string{}, At: e.At, Payload: e.Payload}
			for _, id := range e.Touched {
				w.Touched = append(w.Touched, id.String())
			}
			all = append(all, w)
		}
	}
	if len(all) == 0 {
		return nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	_, err = tx.Pgx.Exec(ctx, `WITH written AS (
		INSERT INTO plugin_deliveries (municipality_id, plugin, event_id, name, object_type, object_id, touched, at, payload, due_at)
		SELECT municipality, plugin, event, name, type, object, touched, at, nullif(payload, 'null'), $2
		FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (municipality uuid, plugin text, event uuid, name text, type text, object uuid, touched jsonb, at timestamptz, payload jsonb)) WITH ORDINALITY AS w
		ORDER BY w.ordinality
		ON CONFLICT ON CONSTRAINT plugin_deliveries_once DO NOTHING)
		SELECT pg_notify($3, '')`, string(text), h.Clock(), deliveries)
	if err != nil {
		return fmt.Errorf("plugins/host: fan out: %w", err)
	}
	return nil
}

// eventOf is an event as plugins are told it.
func eventOf(e *core.Event) *contract.Event {
	out := &contract.Event{Id: e.ID.String(), Name: nameOf(e), Object: core.ID{Type: e.Type, Key: e.Object}.String(), At: timestamppb.New(e.At)}
	for _, id := range e.Touched {
		out.Touched = append(out.Touched, id.String())
	}
	if e.Name != "" {
		out.Payload = e.Payload
	}
	return out
}
