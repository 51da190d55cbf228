package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
)

// What changes the data cannot be compared byte by byte, since nothing can be done twice: the shape
// of the answers is compared, and at the end what stands in the database is counted.

// told are the texts of an answer, with their fields' names.
var told = regexp.MustCompile(`"(\w+)":"[^"]+"`)

// shape is an answer without what the texts say.
func shape(answer []byte) []byte { return told.ReplaceAll(answer, []byte(`"$1":"…"`)) }

// compareShapes has both servers do the same several times, and answers the size of their answers.
func compareShapes(ctx context.Context, veche, floor *client, o operation, free *seats) (int, error) {
	size := 0
	for range compared {
		var answers [2][]byte
		for i, server := range []*client{veche, floor} {
			v, err := free.next()
			if err != nil {
				return 0, err
			}
			body, err := o.body(v)
			if err != nil {
				return 0, err
			}
			if answers[i], err = server.ask(ctx, firstTown, body); err != nil {
				return 0, fmt.Errorf("%s: %w", o.Key, err)
			}
		}
		if a, b := shape(answers[0]), shape(answers[1]); !bytes.Equal(a, b) {
			return 0, fmt.Errorf("%s: the answers are not of one shape:\nveche %s\nfloor %s", o.Key, a, b)
		}
		size = len(answers[0])
	}
	return size, nil
}

// countSeats holds that every request that was answered has left a seat, its audit row and its event,
// whichever server it went to: one that did half the work would look fast.
func countSeats(ctx context.Context, db *pgx.Conn, town string, done int) error {
	var seats, audited, events int
	err := db.QueryRow(ctx, `SELECT count(*), count(a.id), count(e.id) FROM municipalities AS t
		JOIN councils AS c ON c.municipality_id = t.id AND c.kind = 'COORDINATION_COUNCIL' AND c.founded_on = $2
		JOIN memberships AS m ON m.municipality_id = t.id AND m.council_id = c.id
		LEFT JOIN audit AS a ON a.municipality_id = t.id AND a.object_type = 'Membership' AND a.object_id = m.id AND a.action = 'addMember'
			AND a.actor_id IS NOT NULL AND a.after IS NOT NULL
		LEFT JOIN outbox AS e ON e.municipality_id = t.id AND e.object_type = 'Membership' AND e.object_id = m.id AND e.kind = 'CREATED'
			AND jsonb_array_length(e.touched) = 2
		WHERE t.key = $1`, town, intakeFounded).Scan(&seats, &audited, &events)
	if err != nil {
		return fmt.Errorf("counting seats: %w", err)
	}
	if seats != done || audited != done || events != done {
		return fmt.Errorf("%d seats were asked for, and there are %d, with %d audit rows and %d events", done, seats, audited, events)
	}
	return nil
}
