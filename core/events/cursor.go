package events

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// cursor is one replica's place in the outbox. The place is a snapshot of Postgres, that is, the
// set of transactions already delivered, and not a number: seq is taken before commit, so a row
// with a lower seq may appear after one with a higher. Each round reads what is visible in a newer
// snapshot and was not in the older, in the order of seq. Hence
//   - a row belongs to exactly one round, however late its transaction commits;
//   - nothing waits for transactions that are still open, here or in other databases;
//   - changes of one object keep their order: the second change waited for the commit of the
//     first, so it is in the same round with a higher seq, or in a later round.
//
// (Order by transaction id would break the last: the one that changed the object second may well
// have begun first.)
type cursor struct {
	db   *postgres.DB
	from string // all that is visible here was delivered
	to   string // the round under way reads up to here; equal to from between rounds
	seq  int64  // the last row of the round under way that was delivered
}

func snapshot(ctx context.Context, db *postgres.DB) (string, error) {
	var s string
	if err := db.NewRaw("SELECT pg_current_snapshot()::text").Scan(ctx, &s); err != nil {
		return "", fmt.Errorf("events: snapshot: %w", err)
	}
	return s, nil
}

// The first condition is implied by the second and lets the index outbox_order find the rows.
const roundQuery = `SELECT seq, id, municipality_id, kind, object_type, object_id, touched, at, notice, tell, coalesce(name, ''), payload
FROM outbox
WHERE xid >= pg_snapshot_xmin(?0::pg_snapshot)
  AND NOT pg_visible_in_snapshot(xid, ?0::pg_snapshot)
  AND pg_visible_in_snapshot(xid, ?1::pg_snapshot)
  AND seq > ?2
ORDER BY seq`

// round delivers one round, row by row as they come from Postgres. After an error the next call
// goes on behind the last row delivered.
func (c *cursor) round(ctx context.Context, deliver func(*core.Event)) error {
	if c.to == c.from {
		to, err := snapshot(ctx, c.db)
		if err != nil {
			return err
		}
		c.to, c.seq = to, 0
	}
	if c.to == c.from {
		return nil
	}
	if err := c.stream(ctx, deliver); err != nil {
		return fmt.Errorf("events: read outbox: %w", err)
	}
	c.from = c.to
	return nil
}

func (c *cursor) stream(ctx context.Context, deliver func(*core.Event)) error {
	rows, err := c.db.QueryContext(ctx, roundQuery, c.from, c.to, c.seq)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		e, seq, err := scan(rows)
		if err != nil {
			return err
		}
		deliver(e)
		c.seq = seq
	}
	return rows.Err()
}

func readTouched(data []byte) ([]core.ID, error) {
	var list []touched
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("touched: %w", err)
	}
	var ids []core.ID
	for _, t := range list {
		ids = append(ids, core.ID{Type: t.Type, Key: t.ID})
	}
	return ids, nil
}
