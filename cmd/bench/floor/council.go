package floor

import "context"

// visible is the anonymous' filter of persons: they hold or held a seat or a post. ANY keeps the
// planner to the B-trees by person: with a plain = it hashes the tables whole, or takes the GiST
// indexes of the exclusion constraints, which look cheaper to it and cost a hundred times more.
const visible = `(EXISTS (SELECT FROM memberships AS s WHERE s.municipality_id = $1 AND s.person_id = ANY (ARRAY[p.id]))
	OR EXISTS (SELECT FROM posts AS h WHERE h.municipality_id = $1 AND h.person_id = ANY (ARRAY[p.id])))`

const councilStatement = `
SELECT c.id, c.kind, c.name, c.founded_on, c.seat_limit,
	m.id, m.post, m.basis, m.starts_on, p.id, p.family_name, p.given_name, p.patronymic
FROM councils AS c
LEFT JOIN LATERAL (
	SELECT id, post, basis, starts_on, person_id, post_rank FROM memberships
	WHERE municipality_id = $1 AND council_id = $2 AND starts_on <= $3 AND (ends_on IS NULL OR ends_on >= $3)
	ORDER BY post_rank, starts_on, id LIMIT 50) AS m ON true
LEFT JOIN persons AS p ON p.municipality_id = $1 AND p.id = m.person_id AND ` + visible + `
WHERE c.municipality_id = $1 AND c.id = $2
ORDER BY m.post_rank, m.starts_on, m.id`

// council answers a council with its members of today.
func council(ctx context.Context, s *server, q *asked, out []byte) ([]byte, error) {
	id, err := parseID(q.Variables.ID, "Council")
	if err != nil {
		return nil, err
	}
	out = append(out, `{"council":`...)
	rows := 0
	err = s.each(ctx, councilStatement, []any{q.town.id, id, q.town.today()}, func(v [][]byte) {
		if rows++; rows == 1 {
			out = appendCouncil(out, v)
		}
		if v[5] == nil {
			return
		}
		if rows > 1 {
			out = append(out, ',')
		}
		out = appendMember(out, v[5:])
	})
	if rows == 0 {
		return append(out, `null}`...), err
	}
	return append(out, `]}}}`...), err
}

func appendCouncil(out []byte, v [][]byte) []byte {
	out = appendID(append(out, `{"id":`...), "Council", v[0])
	out = appendText(append(out, `,"kind":`...), v[1])
	out = appendText(append(out, `,"name":`...), v[2])
	out = appendDate(append(out, `,"foundedOn":`...), v[3])
	out = appendInt(append(out, `,"seatLimit":`...), v[4])
	return append(out, `,"members":{"nodes":[`...)
}

func appendMember(out []byte, v [][]byte) []byte {
	out = appendID(append(out, `{"id":`...), "Membership", v[0])
	out = appendText(append(out, `,"post":`...), v[1])
	out = appendText(append(out, `,"basis":`...), v[2])
	out = appendDate(append(out, `,"startsOn":`...), v[3])
	return append(appendPerson(out, v[4:]), '}')
}

// appendPerson writes a person's id and name; null where the person is hidden.
func appendPerson(out []byte, v [][]byte) []byte {
	out = append(out, `,"person":`...)
	if v[0] == nil {
		return append(out, null...)
	}
	out = appendID(append(out, `{"id":`...), "Person", v[0])
	out = appendName(append(out, `,"name":`...), v[1], v[2], v[3])
	return append(out, '}')
}
