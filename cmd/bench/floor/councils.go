package floor

import (
	"bytes"
	"context"
	"time"
)

const communityCouncilsStatement = `
SELECT c.id, c.name, c.founded_on, d.id, d.number, d.name, c.members,
	m.id, m.post, p.id, p.family_name, p.given_name, p.patronymic
FROM (
	SELECT id, name, name_order, founded_on, district_id,
		(SELECT count(*) FROM memberships AS n WHERE n.municipality_id = $1 AND n.council_id = councils.id
			AND n.starts_on <= $2 AND (n.ends_on IS NULL OR n.ends_on >= $2)) AS members
	FROM councils
	WHERE municipality_id = $1 AND kind = 'COMMUNITY_COUNCIL' AND founded_on <= $2 AND (dissolved_on IS NULL OR dissolved_on >= $2)
	ORDER BY name_order, id LIMIT 20) AS c
LEFT JOIN districts AS d ON d.municipality_id = $1 AND d.id = c.district_id
LEFT JOIN LATERAL (
	SELECT id, post, person_id, post_rank, starts_on FROM memberships
	WHERE municipality_id = $1 AND council_id = c.id AND starts_on <= $2 AND (ends_on IS NULL OR ends_on >= $2)
	ORDER BY post_rank, starts_on, id LIMIT 3) AS m ON true
LEFT JOIN persons AS p ON p.municipality_id = $1 AND p.id = m.person_id AND ` + visible + `
ORDER BY c.name_order, c.id, m.post_rank, m.starts_on, m.id`

// communityCouncils answers those of a day, with their district and first members.
func communityCouncils(ctx context.Context, s *server, q *asked, out []byte) ([]byte, error) {
	on, err := time.Parse(time.DateOnly, q.Variables.On)
	if err != nil {
		return nil, err
	}
	out = append(out, `{"councils":{"nodes":[`...)
	var current [16]byte
	rows := 0
	err = s.each(ctx, communityCouncilsStatement, []any{q.town.id, on}, func(v [][]byte) {
		next := !bytes.Equal(current[:], v[0])
		copy(current[:], v[0])
		switch rows++; {
		case next && rows > 1:
			out = append(out, `]}},`...)
			fallthrough
		case next:
			out = appendCommunityCouncil(out, v)
		default:
			out = append(out, ',')
		}
		if v[7] != nil {
			out = appendID(append(out, `{"id":`...), "Membership", v[7])
			out = appendText(append(out, `,"post":`...), v[8])
			out = append(appendPerson(out, v[9:]), '}')
		}
	})
	if rows > 0 {
		out = append(out, `]}}`...)
	}
	return append(out, `]}}`...), err
}

func appendCommunityCouncil(out []byte, v [][]byte) []byte {
	out = appendID(append(out, `{"id":`...), "Council", v[0])
	out = appendText(append(out, `,"name":`...), v[1])
	out = appendDate(append(out, `,"foundedOn":`...), v[2])
	out = append(out, `,"district":`...)
	if v[3] == nil {
		out = append(out, null...)
	} else {
		out = appendID(append(out, `{"id":`...), "District", v[3])
		out = appendInt(append(out, `,"number":`...), v[4])
		out = append(appendText(append(out, `,"name":`...), v[5]), '}')
	}
	out = appendInt(append(out, `,"memberCount":`...), v[6])
	return append(out, `,"members":{"nodes":[`...)
}
