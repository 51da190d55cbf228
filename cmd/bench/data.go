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

// What the measured mutation goes by: so many bodies, known by their day, and a clerk's token.
const (
	intakeCouncils = 200
	intakeFounded  = "2014-01-02"
	clerkToken     = "bench-bench-bench-bench-bench-bench-bench-0"
)

//go:embed bulk.sql
var bulk string

//go:embed roll.sql
var roll string

//go:embed intake.sql
var intake string

// The second municipality has a tenth of the long list; leastRows fill a page of each ground there too.
const (
	secondPart = 10
	leastRows  = 10_000
)

// amount is how much is added to the first municipality.
type amount struct{ persons, councils, rows int }

// fill adds bulk to both municipalities, to the second less, and lets Postgres look at it, so that
// it plans well and has nothing to tidy up while it is measured.
func fill(ctx context.Context, db *pgx.Conn, a amount) error {
	for town, part := range map[string]amount{firstTown: a, secondTown: {a.persons / 2, a.councils / 2, a.rows / secondPart}} {
		if err := part.run(ctx, db, town, bulk, nil); err != nil {
			return err
		}
		if err := part.extend(ctx, db, town, 0); err != nil {
			return err
		}
		words := []string{"{intake}", strconv.Itoa(intakeCouncils), "{founded}", intakeFounded, "{token}", clerkToken}
		if err := part.run(ctx, db, town, intake, words); err != nil {
			return err
		}
	}
	_, err := db.Exec(ctx, "VACUUM (ANALYZE)")
	return err
}

// extend adds the seats of the long list from that number on.
func (a amount) extend(ctx context.Context, db *pgx.Conn, town string, from int) error {
	if a.rows <= from {
		return nil
	}
	const mostPerBody = 2500
	per := min(mostPerBody, a.persons*3/4)
	return a.run(ctx, db, town, roll, []string{"{from}", strconv.Itoa(from), "{to}", strconv.Itoa(a.rows - 1), "{per}", strconv.Itoa(per)})
}

// run fills in the words in braces and executes the text.
func (a amount) run(ctx context.Context, db *pgx.Conn, town, text string, words []string) error {
	var id string
	if err := db.QueryRow(ctx, "SELECT id::text FROM municipalities WHERE key = $1", town).Scan(&id); err != nil {
		return fmt.Errorf("municipality %s: %w", town, err)
	}
	words = append(words, "{town}", id, "{persons}", strconv.Itoa(a.persons), "{councils}", strconv.Itoa(a.councils),
		"{members}", strconv.Itoa(membersPerCouncil), "{seats}", strconv.Itoa(seatsPerCouncil))
	if _, err := db.Exec(ctx, strings.NewReplacer(words...).Replace(text), pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("data of %s: %w", town, err)
	}
	return nil
}
