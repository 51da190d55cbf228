package follow

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/postgres"
)

// inbox is the type of the event that tells listeners of a batch of notices.
const inbox = "Inbox"

// told is an event that bears words, as SQL takes it.
type told struct {
	N            int             `json:"n"` // its place in the batch
	Municipality uuid.UUID       `json:"municipality"`
	Event        uuid.UUID       `json:"event"`
	Kind         core.ChangeKind `json:"kind"`
	Type         string          `json:"type"`
	Key          uuid.UUID       `json:"key"`
	At           time.Time       `json:"at"`
	Text         core.Text       `json:"text"`
	Tell         []uuid.UUID     `json:"tell"`
	Of           []subjectKey    `json:"of"` // the object, and those that the change touches
}

type subjectKey struct {
	Type string    `json:"type"`
	Key  uuid.UUID `json:"key"`
}

// tellQuery writes a notice for each account that follows what an event is about, or whose person it
// names: once an event, in the order of the events.
const tellQuery = `WITH told AS (
		SELECT * FROM jsonb_to_recordset(?::jsonb) AS t (n int, municipality uuid, event uuid, kind text, type text, key uuid, at timestamptz, text jsonb, tell jsonb, "of" jsonb)
	), whom AS (
		SELECT told.n, f.account_id FROM told
			CROSS JOIN LATERAL jsonb_to_recordset(told."of") AS o (type text, key uuid)
			JOIN follows AS f ON f.municipality_id = told.municipality AND f.subject_type = o.type AND f.subject_key = o.key AND f.ended_at IS NULL
		UNION
		SELECT told.n, a.id FROM told
			CROSS JOIN LATERAL jsonb_array_elements_text(told.tell) AS person (key)
			JOIN accounts AS a ON a.municipality_id = told.municipality AND a.person_id = person.key::uuid
	), written AS (
		INSERT INTO notices (municipality_id, account_id, event_id, kind, subject_type, subject_key, text, at)
		SELECT told.municipality, whom.account_id, told.event, told.kind, told.type, told.key, told.text, told.at
		FROM whom JOIN told USING (n) ORDER BY n, whom.account_id
		ON CONFLICT ON CONSTRAINT notices_once DO NOTHING RETURNING municipality_id
	) SELECT DISTINCT municipality_id FROM written`

// tell writes the notices of a batch of events, and wakes the listeners of their municipalities.
func tell(ctx context.Context, tx postgres.Tx, batch []core.Event) error {
	var all []told
	for n, e := range batch {
		if e.Notice == nil {
			continue
		}
		t := told{
			N: n, Municipality: e.Municipality, Event: e.ID, Kind: e.Kind, Type: e.Type, Key: e.Object, At: e.At,
			Text: e.Notice.Text, Tell: append([]uuid.UUID{}, e.Notice.Tell...), Of: []subjectKey{{e.Type, e.Object}},
		}
		for _, id := range e.Touched {
			t.Of = append(t.Of, subjectKey{id.Type, id.Key})
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("notices: %w", err)
	}
	var towns []uuid.UUID
	if err := tx.NewRaw(tellQuery, string(text)).Scan(ctx, &towns); err != nil {
		return fmt.Errorf("notices: %w", err)
	}
	for _, town := range towns {
		in := core.WithMunicipality(ctx, &core.Municipality{ID: town})
		if err := events.Append(in, tx, core.Change{Kind: core.Created, Type: inbox, ID: town}, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// latest is the place of the caller's last notice.
func latest(ctx context.Context, db bun.IDB) (seq int64, err error) {
	err = db.NewSelect().Model((*Notice)(nil)).ColumnExpr("coalesce(max(seq), 0)").Where("account_id = ?", core.ActorOf(ctx).Account).Scan(ctx, &seq)
	return seq, err
}

// since are the caller's notices that came after that place, and moves it on. The consumer writes one
// batch after another, so none becomes visible behind it.
func since(ctx context.Context, db bun.IDB, last *int64) ([]uuid.UUID, error) {
	var rows []struct {
		ID  uuid.UUID
		Seq int64
	}
	err := db.NewSelect().Model((*Notice)(nil)).Column("id", "seq").Where("account_id = ?", core.ActorOf(ctx).Account).Where("seq > ?", *last).
		OrderExpr("-seq DESC").Scan(ctx, &rows)
	keys := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		keys[i], *last = row.ID, row.Seq
	}
	return keys, err
}

// Notices are kept for a year; what they tell of stands at its object for good.
const (
	purgeEvery = 24 * time.Hour
	keepDays   = 365
)

type purgeArgs struct{}

func (purgeArgs) Kind() string { return "follow.purge" }

// purger deletes, for all municipalities, the notices that have served.
type purger struct {
	river.WorkerDefaults[purgeArgs]
	db *postgres.DB
}

func (*purger) Timeout(*river.Job[purgeArgs]) time.Duration { return 10 * time.Minute }

func (p *purger) Work(ctx context.Context, _ *river.Job[purgeArgs]) error {
	_, err := p.db.ExecContext(ctx, `DELETE FROM notices WHERE written_at < now() - make_interval(days => ?)`, keepDays)
	return err
}
