package floor

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
)

// The types that nodes finds, as the statement numbers them.
var nodeTypes = [...]string{"Council", "Person", "Membership", "District"}

const nodesStatement = `
SELECT 0, c.id, c.name, c.kind, NULL::text, c.founded_on, NULL::int FROM councils AS c
	WHERE c.municipality_id = $1 AND c.id = ANY ($2)
UNION ALL SELECT 1, p.id, p.family_name, p.given_name, p.patronymic, NULL, NULL FROM persons AS p
	WHERE p.municipality_id = $1 AND p.id = ANY ($3) AND ` + visible + `
UNION ALL SELECT 2, m.id, m.post, NULL, NULL, m.starts_on, NULL FROM memberships AS m
	WHERE m.municipality_id = $1 AND m.id = ANY ($4)
UNION ALL SELECT 3, d.id, d.name, NULL, NULL, NULL, d.number FROM districts AS d
	WHERE d.municipality_id = $1 AND d.id = ANY ($5)`

// nodes answers objects of several types in the order of their ids, null for what is not there.
func nodes(ctx context.Context, s *server, q *asked, out []byte) ([]byte, error) {
	keys, byType, err := sorted(q.Variables.IDs)
	if err != nil {
		return nil, err
	}
	// Rows come by type; each is written where it comes, and taken from there in order.
	written, places := make([]byte, 0, 16<<10), make(map[[16]byte][2]int, len(keys))
	err = s.each(ctx, nodesStatement, []any{q.town.id, byType[0], byType[1], byType[2], byType[3]}, func(v [][]byte) {
		from := len(written)
		written = appendNode(written, int(v[0][3]), v[1:])
		places[[16]byte(v[1])] = [2]int{from, len(written)}
	})
	if err != nil {
		return nil, err
	}
	out = append(out, `{"nodes":[`...)
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		if place, found := places[key]; found {
			out = append(out, written[place[0]:place[1]]...)
		} else {
			out = append(out, null...)
		}
	}
	return append(out, `]}`...), nil
}

// sorted are the keys of all ids in their order, and by type.
func sorted(ids []string) (keys [][16]byte, byType [len(nodeTypes)][][16]byte, err error) {
	keys = make([][16]byte, len(ids))
	for i, id := range ids {
		at, key, err := parseNodeID(id)
		if err != nil {
			return nil, byType, err
		}
		keys[i], byType[at] = key, append(byType[at], key)
	}
	return keys, byType, nil
}

// parseNodeID answers the number of the type and the key.
func parseNodeID(id string) (kind int, key [16]byte, err error) {
	plain, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return 0, key, err
	}
	name, rest, _ := strings.Cut(string(plain), ":")
	for i, known := range nodeTypes {
		if known == name && len(rest) == len(key) {
			return i, [16]byte([]byte(rest)), nil
		}
	}
	return 0, key, fmt.Errorf("%q is not the id of a type that the floor knows", id)
}

func appendNode(out []byte, kind int, v [][]byte) []byte {
	out = appendID(append(out, `{"id":`...), nodeTypes[kind], v[0])
	switch nodeTypes[kind] {
	case "Council":
		out = appendText(append(out, `,"name":`...), v[1])
		out = appendText(append(out, `,"kind":`...), v[2])
		out = appendDate(append(out, `,"foundedOn":`...), v[4])
	case "Person":
		out = appendName(append(out, `,"name":`...), v[1], v[2], v[3])
	case "Membership":
		out = appendText(append(out, `,"post":`...), v[1])
		out = appendDate(append(out, `,"startsOn":`...), v[4])
	case "District":
		out = appendInt(append(out, `,"number":`...), v[5])
		out = appendText(append(out, `,"name":`...), v[1])
	}
	return append(out, '}')
}
