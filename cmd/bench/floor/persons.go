package floor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// page is how many persons are answered; one more tells whether there is a next page.
const page = 100

const personsStatement = `
SELECT p.id, p.family_name, p.given_name, p.patronymic, p.erased_at, p.version, p.search_name
FROM persons AS p
WHERE p.municipality_id = $1 AND (p.search_name, p.id) > ($2, $3) AND ` + visible + `
ORDER BY p.search_name, p.id LIMIT 101`

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
		return c, id, errors.New("a cursor of persons has two keys")
	}
	id, err = uuid.Parse(c.Keys[1])
	return c, id, err
}

// persons answers a page of those whom the anonymous may see, by name.
func persons(ctx context.Context, s *server, q *asked, out []byte) ([]byte, error) {
	at, id, err := parseCursor(q.Variables.After)
	if err != nil {
		return nil, err
	}
	out = append(out, `{"persons":{"nodes":[`...)
	var last []byte // the search name of the last row; id is its key
	rows := 0
	err = s.each(ctx, personsStatement, []any{q.town.id, at.Keys[0], id}, func(v [][]byte) {
		if rows++; rows > page {
			return
		}
		if rows > 1 {
			out = append(out, ',')
		}
		out = appendPersonFields(out, v)
		copy(id[:], v[0])
		last = append(last[:0], v[6]...)
	})
	if err != nil {
		return nil, err
	}
	out = append(out, `],"pageInfo":{"hasNextPage":`...)
	out = strconv.AppendBool(out, rows > page)
	out = append(out, `,"endCursor":`...)
	if rows == 0 {
		return append(out, `null}}}`...), nil
	}
	at.Keys = []string{string(last), id.String()}
	plain, err := json.Marshal(at)
	if err != nil {
		return nil, err
	}
	out = base64.RawURLEncoding.AppendEncode(append(out, '"'), plain)
	return append(out, `"}}}`...), nil
}

func appendPersonFields(out []byte, v [][]byte) []byte {
	out = appendID(append(out, `{"id":`...), "Person", v[0])
	out = appendName(append(out, `,"name":`...), v[1], v[2], v[3])
	out = appendText(append(out, `,"familyName":`...), v[1])
	out = appendText(append(out, `,"givenName":`...), v[2])
	out = appendText(append(out, `,"patronymic":`...), v[3])
	out = appendTime(append(out, `,"erasedAt":`...), v[4])
	out = appendInt(append(out, `,"version":`...), v[5])
	return append(out, '}')
}
