package floor

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
)

// What the mutation's text says of the seat.
const (
	seatBasis  = "ACTIVE_CITIZEN"
	seatStarts = "2016-01-01"
)

// addMemberStatement does all in one: it finds whose token it is and whether they hold the right in
// the whole town and no rule denies it, locks the body and the person as Veche does, writes the
// seat, its audit row and its event, wakes listeners at commit, and answers what was asked for.
// Without any of these it does nothing, and answers no row.
//
// Of Veche's rules it holds those that a constraint does not: the body stands, the person has been
// neither merged nor erased. Bodies with a limit of seats are refused: counting them under a lock
// takes a second statement. The channel is its own, so that Veche does not work while it is measured.
const addMemberStatement = `
WITH actor AS (
	SELECT s.account_id FROM sessions AS s
	JOIN accounts AS a ON a.municipality_id = $1 AND a.id = s.account_id
	WHERE s.municipality_id = $1 AND s.token_hash = $2 AND s.kind = 'bearer' AND s.expires_at > $3 AND a.disabled_at IS NULL
		AND (SELECT bool_and(rule.effect = 'allow') FROM role_assignments AS held
			JOIN policy_rules AS rule ON rule.municipality_id = $1 AND rule.role = held.role
			WHERE held.municipality_id = $1 AND held.account_id = s.account_id AND held.scope_kind = ''
				AND held.starts_on <= $4 AND (held.ends_on IS NULL OR held.ends_on >= $4)
				AND rule.permission = 'councils:seat' AND rule.scope_kind = '' AND rule.relation = 'any')
), body AS (
	SELECT c.id, c.name FROM councils AS c
	WHERE c.municipality_id = $1 AND c.id = $5 AND c.founded_on <= $7 AND c.dissolved_on IS NULL AND c.seat_limit IS NULL
		AND EXISTS (SELECT FROM actor)
	FOR NO KEY UPDATE
), person AS (
	SELECT p.id, p.family_name, p.given_name, p.patronymic FROM persons AS p
	WHERE p.municipality_id = $1 AND p.id = $6 AND p.merged_into_id IS NULL AND p.erased_at IS NULL
		AND EXISTS (SELECT FROM body)
	FOR KEY SHARE
), seat AS (
	INSERT INTO memberships (municipality_id, id, council_id, person_id, post, basis, starts_on)
	SELECT $1, $8, body.id, person.id, 'MEMBER', $9, $7 FROM body, person
	RETURNING id, starts_on
), audited AS (
	INSERT INTO audit (municipality_id, id, at, actor_kind, actor_id, action, object_type, object_id, after, request_id)
	SELECT $1, $10, $3, 'account', actor.account_id, 'addMember', 'Membership', seat.id, $11, $12 FROM actor, seat
), event AS (
	INSERT INTO outbox (id, municipality_id, kind, object_type, object_id, touched, at)
	SELECT $13, $1, 'CREATED', 'Membership', seat.id, $14, $3 FROM seat
)
SELECT seat.id, seat.starts_on, body.id, body.name, person.id, person.family_name, person.given_name, person.patronymic,
	pg_notify('veche_bench_floor', '')
FROM seat, body, person`

var errNotSeated = errors.New("the floor did not seat anybody: no right, no such body or person, or the body has a limit")

// addMember seats a person and answers the seat.
func addMember(ctx context.Context, s *server, q *asked, out []byte) ([]byte, error) {
	arguments, err := q.seat()
	if err != nil {
		return nil, err
	}
	rows := 0
	err = s.each(ctx, addMemberStatement, arguments, func(v [][]byte) {
		rows++
		out = appendID(append(out, `{"addMember":{"membership":{"id":`...), "Membership", v[0])
		out = appendDate(append(out, `,"startsOn":`...), v[1])
		out = appendNamed(append(out, `,"council":`...), "Council", v[2:])
		out = append(appendPerson(out, v[4:]), `},"userErrors":[]}}`...)
	})
	if err == nil && rows == 0 {
		err = errNotSeated
	}
	return out, err
}

// seat are the statement's arguments.
func (q *asked) seat() ([]any, error) {
	council, err := parseID(q.Variables.Council, "Council")
	if err != nil {
		return nil, err
	}
	person, err := parseID(q.Variables.Person, "Person")
	if err != nil {
		return nil, err
	}
	starts, err := time.Parse(time.DateOnly, seatStarts)
	if err != nil {
		return nil, err
	}
	body, who := uuid.UUID(council), uuid.UUID(person)
	after, err := json.Marshal(map[string]any{
		"council": body, "person": who, "post": "MEMBER", "basis": seatBasis, "organisation": nil,
		"startsOn": seatStarts, "endsOn": nil, "leavingReason": nil,
	})
	if err != nil {
		return nil, err
	}
	touched, err := json.Marshal([]map[string]any{{"type": "Council", "id": body}, {"type": "Person", "id": who}})
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(q.token))
	key, audit, event, request := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.New()
	return []any{
		q.town.id, hash[:], time.Now(), q.town.today(), council, person, starts, key, seatBasis, audit,
		string(after), base64.RawURLEncoding.EncodeToString(request[:]), event, string(touched),
	}, nil
}
