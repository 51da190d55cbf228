package core

import (
	"fmt"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalDateTime writes a moment for the graph, with its zone (RFC 3339).
func MarshalDateTime(t time.Time) graphql.Marshaler { return graphql.MarshalTime(t) }

// UnmarshalDateTime reads a moment with its zone, in the years 1 to 9999 of both its own zone and
// UTC: Postgres and RFC 3339 know no others in common.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if utc := t.UTC(); err != nil || t.Year() < 1 || utc.Year() < 1 || utc.Year() > 9999 {
		return time.Time{}, Invalid(Textf("%q is not a moment. Write it with its zone: 2012-09-28T10:00:00+08:00.",
			"%q — не момент времени. Пишите с часовым поясом: 2012-09-28T10:00:00+08:00.", clip(fmt.Sprint(v))))
	}
	return t, nil
}
