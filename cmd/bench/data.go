package main

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The municipalities: the reference city as `veche demo` loads it, and one beside it, which must
// never show in its answers.
const (
	firstTown  = "kansk"
	secondTown = "neighbour"
)

// A body's members, and its members with those who left, as bulk has them.
const (
	membersPerCouncil = 22
	seatsPerCouncil   = 28
)

//go:embed bulk.sql
var bulk string

// fill adds bulk to both municipalities, to the second half as much, and lets Postgres look at it,
// so that it plans well and has nothing to tidy up while it is measured.
func fill(ctx context.Context, db *pgx.Conn, persons, councils int) error {
	for town, share := range map[string]int{firstTown: 1, secondTown: 2} {
		var id string
		if err := db.QueryRow(ctx, "SELECT id::text FROM municipalities WHERE key = $1", town).Scan(&id); err != nil {
			return fmt.Errorf("municipality %s: %w", town, err)
		}
		filled := strings.NewReplacer("{town}", id, "{persons}", strconv.Itoa(persons/share), "{councils}", strconv.Itoa(councils/share),
			"{members}", strconv.Itoa(membersPerCouncil), "{seats}", strconv.Itoa(seatsPerCouncil)).Replace(bulk)
		if _, err := db.Exec(ctx, filled, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("data of %s: %w", town, err)
		}
	}
	_, err := db.Exec(ctx, "VACUUM (ANALYZE)")
	return err
}
