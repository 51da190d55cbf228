package main

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// mutation is the operation that changes something.
func mutation(t *testing.T) operation {
	chosen, err := choose([]string{"M1"})
	must(t, err)
	return chosen[0]
}

// floorRefuses holds that the floor seats nobody for whom Veche would not: the answer that costs
// least is one that asks for no right.
func floorRefuses(t *testing.T, veche, hand *client, db *pgx.Conn) {
	o := mutation(t)
	v, theirs := seatIn(t, o, veche, firstTown), seatIn(t, o, veche, secondTown)
	erased, err := part{field: "persons", where: "filter: {erased: {eq: true}}"}.read(t.Context(), veche, firstTown)
	must(t, err)
	limited, err := councilIDs(t.Context(), veche, firstTown)
	must(t, err)
	for name, refused := range map[string]struct {
		token           string
		council, person any
	}{
		"nobody":                {"", v["council"], v["person"]},
		"a stranger's token":    {strings.ToUpper(clerkToken), v["council"], v["person"]},
		"another town's body":   {clerkToken, theirs["council"], v["person"]},
		"another town's person": {clerkToken, v["council"], theirs["person"]},
		"an erased person":      {clerkToken, v["council"], erased[0]},
		"a body with a limit":   {clerkToken, limited[0]["id"], v["person"]},
	} {
		body, err := o.body(variables{"council": refused.council, "person": refused.person})
		must(t, err)
		asking := &client{address: hand.address, token: refused.token}
		if answer, err := asking.ask(t.Context(), firstTown, body); err == nil || !strings.Contains(err.Error(), "did not seat") {
			t.Errorf("%s: not refused: %s %v", name, answer, err)
		}
	}
	must(t, countSeats(t.Context(), db, firstTown, 0))
}

func seatIn(t *testing.T, o operation, veche *client, town string) variables {
	free, err := o.seats(t.Context(), veche, town)
	must(t, err)
	v, err := free.next()
	must(t, err)
	return v
}

// floorChanges holds that the floor does what Veche does, and that less would be found out.
func floorChanges(t *testing.T, veche, hand *client, db *pgx.Conn) {
	r, err := mutation(t).readySeats(t.Context(), &client{address: veche.address}, &client{address: hand.address})
	must(t, err)
	done := int(r.free.taken.Load())
	if done != 2*compared {
		t.Errorf("%d seats were taken for %d comparisons", done, compared)
	}
	for what, less := range map[string]string{
		"audit row": "DELETE FROM audit WHERE id = (SELECT max(id::text)::uuid FROM audit WHERE action = 'addMember')",
		"event":     "DELETE FROM outbox WHERE seq = (SELECT max(seq) FROM outbox WHERE object_type = 'Membership')",
	} {
		tx, err := db.Begin(t.Context())
		must(t, err)
		_, err = tx.Exec(t.Context(), less)
		must(t, err)
		if countSeats(t.Context(), db, firstTown, done) == nil {
			t.Errorf("a missing %s was not found", what)
		}
		must(t, tx.Rollback(t.Context()))
	}
	must(t, countSeats(t.Context(), db, firstTown, done))

	// What both leave is the same in every column that is not a key or a moment.
	var kinds int
	must(t, db.QueryRow(t.Context(), `SELECT count(DISTINCT (a.actor_kind, a.actor_id, a.acting_for, a.object_type, a.before, a.reason, a.request_id = '',
			a.after - 'council' - 'person', a.after->>'council' = m.council_id::text, a.after->>'person' = m.person_id::text,
			e.kind, e.at = a.at, e.touched #>> '{0,type}', e.touched #>> '{0,id}' = m.council_id::text,
			e.touched #>> '{1,type}', e.touched #>> '{1,id}' = m.person_id::text, m.post, m.basis, m.starts_on, m.version))
		FROM memberships AS m JOIN audit AS a ON a.object_id = m.id JOIN outbox AS e ON e.object_id = m.id
		WHERE m.starts_on = '2016-01-01'`).Scan(&kinds))
	if kinds != 1 {
		t.Errorf("the seats of both have left traces of %d kinds", kinds)
	}
}

// Every pair is handed out once, and then no more.
func TestSeatsAreHandedOutOnce(t *testing.T) {
	free := &seats{councils: []any{1, 2, 3}, persons: []any{4, 5, 6, 7, 8}}
	type pair struct{ council, person any }
	seen := map[pair]bool{}
	for range len(free.councils) * len(free.persons) {
		v, err := free.next()
		must(t, err)
		seen[pair{v["council"], v["person"]}] = true
	}
	if len(seen) != len(free.councils)*len(free.persons) {
		t.Errorf("only %d pairs are different", len(seen))
	}
	if v, err := free.next(); err == nil {
		t.Errorf("%v was handed out twice", v)
	}
	if _, err := (&seats{}).next(); err == nil {
		t.Error("a seat was found in no body")
	}
}

func TestShape(t *testing.T) {
	one := `{"a":{"id":"x","name":"y \u0041"},"userErrors":[]}`
	for other, same := range map[string]bool{
		`{"a":{"id":"z","name":"q"},"userErrors":[]}`:                    true,
		`{"a":{"id":"z","name":""},"userErrors":[]}`:                     false,
		`{"a":{"id":"z","name":null},"userErrors":[]}`:                   false,
		`{"a":{"name":"q","id":"z"},"userErrors":[]}`:                    false,
		`{"a":{"id":"z","name":"q"},"userErrors":[{"code":"CONFLICT"}]}`: false,
	} {
		if (string(shape([]byte(one))) == string(shape([]byte(other)))) != same {
			t.Errorf("%s and %s: of one shape is %v", one, other, !same)
		}
	}
}
