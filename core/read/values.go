package read

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/schema"

	"github.com/veche-city/veche/core"
)

// values puts a value into a statement, read as of the type cast: as text, or as a parameter.
type values interface {
	write(from origin, v any, cast string) string
}

// origin is where a value comes from, so that a later request by the same plan can give its own.
type origin struct {
	source source
	place  int // of an argument: the field that has it, as the plan counts them
	index  int // and which of its values
}

type source int

const (
	fixed source = iota // the same for all requests by the plan
	today
	language
	ofAccount
	ofPerson
	ofKeys
	ofArgument
)

// literals writes values as text.
type literals struct{ gen schema.QueryGen }

func (l literals) write(_ origin, v any, cast string) string {
	if strings.HasSuffix(cast, "[]") {
		v = pgdialect.Array(v)
	}
	return l.gen.FormatQuery("?", v) + "::" + cast
}

// castOf is the Postgres type of a value.
func castOf(v any) string {
	switch v.(type) {
	case uuid.UUID:
		return "uuid"
	case core.Date:
		return "date"
	case time.Time:
		return "timestamptz"
	case int64:
		return "bigint"
	case float64:
		return "double precision"
	case bool:
		return "boolean"
	case string:
		return "text"
	case []string:
		return "text[]"
	case []int64:
		return "bigint[]"
	case []float64:
		return "double precision[]"
	case []bool:
		return "boolean[]"
	case []uuid.UUID:
		return "uuid[]"
	case []core.Date:
		return "date[]"
	case []time.Time:
		return "timestamptz[]"
	}
	panic(fmt.Sprintf("read: a statement cannot hold a %T", v))
}
