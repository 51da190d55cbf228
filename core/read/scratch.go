package read

import (
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/vektah/gqlparser/v2/ast"
)

// scratch is memory that one answer needs until it is written: the rows as they came, and room for
// what is taken apart while they are written. It is used again for the next.
type scratch struct {
	arena []byte
	ends  []int
	oids  []uint32
	found [][]byte
	cells []cell
	rows  [][]byte
	path  ast.Path
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// largestScratch is what is kept of an answer's memory; more is left to the collector.
const largestScratch = 1 << 20

func takeScratch() *scratch {
	use, _ := scratches.Get().(*scratch)
	use.arena, use.ends, use.oids = use.arena[:0], use.ends[:0], use.oids[:0]
	return use
}

// give is called when nothing holds the rows any more.
func (use *scratch) give() {
	if cap(use.arena) <= largestScratch {
		clear(use.found)
		clear(use.cells[:cap(use.cells)])
		clear(use.rows[:cap(use.rows)])
		scratches.Put(use)
	}
}

// row keeps a row of a statement.
func (use *scratch) row(rows pgx.Rows) {
	if len(use.oids) == 0 {
		for _, d := range rows.FieldDescriptions() {
			use.oids = append(use.oids, d.DataTypeOID)
		}
	}
	use.arena = appendRecord(use.arena, use.oids, rows.RawValues())
	use.ends = append(use.ends, len(use.arena))
}

// records are the rows that were kept.
func (use *scratch) records() [][]byte {
	use.found = use.found[:0]
	from := 0
	for _, end := range use.ends {
		use.found = append(use.found, use.arena[from:end:end])
		from = end
	}
	return use.found
}
