package floor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// seatsPage is how many seats are answered; one more tells whether there is a next page.
const seatsPage = 50

const seatsStatement = `
SELECT m.id, m.post, m.basis, m.starts_on, m.ends_on, c.id, c.name,
	p.id, p.family_name, p.given_name, p.patronymic, o.id, o.name
FROM (
	SELECT id, post, basis, starts_on, ends_on, council_id, person_id, organisation_id FROM memberships
	WHERE municipality_id = $1 AND post = 'MEMBER' AND basis = $2 AND (starts_on, id) < ($3, $4)
	ORDER BY starts_on DESC, id DESC LIMIT 51) AS m
LEFT JOIN councils AS c ON c.municipality_id = $1 AND c.id = m.council_id
LEFT JOIN persons AS p ON p.municipality_id = $1 AND p.id = m.person_id AND ` + visible + `
LEFT JOIN organisations AS o ON o.municipality_id = $1 AND o.id = m.organisation_id
ORDER BY m.starts_on DESC, m.id DESC`

// seats answers a page of the members on one ground, latest first.
func seats(ctx context.Context, s *server, q *asked, out []byte) ([]byte, error) {
	at, id, err := parseCursor(q.Variables.After)
	if err != nil {
		return nil, err
	}
	day, err := time.Parse(time.DateOnly, at.Keys[0])
	if err != nil {
		return nil, fmt.Errorf("cursor: %w", err)
	}
	out = append(out, `{"memberships":{"nodes":[`...)
	var last [4]byte // the first day of the last row; id is its key
	rows := 0
	err = s.each(ctx, seatsStatement, []any{q.town.id, q.Variables.Basis, day, id}, func(v [][]byte) {
		if rows++; rows > seatsPage {
			return
		}
		if rows > 1 {
			out = append(out, ',')
		}
		out = appendSeat(out, v)
		copy(id[:], v[0])
		copy(last[:], v[3])
	})
	if err != nil {
		return nil, err
	}
	at.Keys = []string{string(dateOf(last[:]).AppendFormat(nil, time.DateOnly)), id.String()}
	out, err = appendPageInfo(append(out, ']'), at, rows, seatsPage)
	return append(out, `}}`...), err
}

func appendSeat(out []byte, v [][]byte) []byte {
	out = appendID(append(out, `{"id":`...), "Membership", v[0])
	out = appendText(append(out, `,"post":`...), v[1])
	out = appendText(append(out, `,"basis":`...), v[2])
	out = appendDate(append(out, `,"startsOn":`...), v[3])
	out = appendDate(append(out, `,"endsOn":`...), v[4])
	out = appendNamed(append(out, `,"council":`...), "Council", v[5:])
	out = appendPerson(out, v[7:])
	out = appendNamed(append(out, `,"organisation":`...), "Organisation", v[11:])
	return append(out, '}')
}

// appendNamed writes an object's id and name; null where there is none.
func appendNamed(out []byte, kind string, v [][]byte) []byte {
	if v[0] == nil {
		return append(out, null...)
	}
	out = appendID(append(out, `{"id":`...), kind, v[0])
	return append(appendText(append(out, `,"name":`...), v[1]), '}')
}

// cursor is Veche's: the version of its form, the order that it belongs to, and the row's keys.
// The floor takes the first two from the cursor that it is given; it does not serve a first page.
type cursor struct {
	Version int      `json:"v"`
	Order   uint64   `json:"o"`
	Keys    []string `json:"k"`
}

func parseCursor(text string) (c cursor, id uuid.UUID, err error) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return c, id, err
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return c, id, fmt.Errorf("cursor: %w", err)
	}
	if len(c.Keys) != 2 {
		return c, id, errors.New("a cursor of these lists has two keys")
	}
	id, err = uuid.Parse(c.Keys[1])
	return c, id, err
}

// appendPageInfo writes where a page of so many rows ends, one of which may be the next page's.
func appendPageInfo(out []byte, end cursor, rows, size int) ([]byte, error) {
	out = append(out, `,"pageInfo":{"hasNextPage":`...)
	out = strconv.AppendBool(out, rows > size)
	out = append(out, `,"endCursor":`...)
	if rows == 0 {
		return append(out, `null}`...), nil
	}
	plain, err := json.Marshal(end)
	if err != nil {
		return nil, err
	}
	out = base64.RawURLEncoding.AppendEncode(append(out, '"'), plain)
	return append(out, `"}`...), nil
}
