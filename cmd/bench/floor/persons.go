package floor

import "context"

// page is how many persons are answered; one more tells whether there is a next page.
const page = 1000

const personsStatement = `
SELECT p.id, p.family_name, p.given_name, p.patronymic, p.erased_at, p.version, p.search_name
FROM persons AS p
WHERE p.municipality_id = $1 AND (p.search_name, p.id) > ($2, $3) AND ` + visible + `
ORDER BY p.search_name, p.id LIMIT 1001`

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
	at.Keys = []string{string(last), id.String()}
	out, err = appendPageInfo(append(out, ']'), at, rows, page)
	return append(out, `}}`...), err
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
