package read

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// listing is how a list is written: its rows lie in an array in the record, or were read for it.
type listing struct {
	typ     string
	page    *page
	at      int   // of the array of rows in the record; -1: none is asked for
	totalAt int   // of the count; -1: none
	cursor  []int // of the row's keys in each row
	members []member
	rows    bool
	total   bool
	hidden  bool
}

// shown is a list while it is written.
type shown struct {
	*listing
	rows  [][]byte
	more  bool
	total cell
}

func (c *listing) write(w *writing) bool {
	from := len(w.rows)
	var total cell
	if c.totalAt >= 0 {
		total = w.cell(c.totalAt)
	}
	if c.at >= 0 {
		w.rows = elementsOf(w.rows, w.cell(c.at).data)
	}
	isNull := c.list(w, w.rows[from:], total)
	w.rows = w.rows[:from]
	return isNull
}

// list writes the page of the rows that were found: one more than asked for tells that there are more.
func (c *listing) list(w *writing, rows [][]byte, total cell) bool {
	s := shown{listing: c, rows: rows, total: total}
	if s.more = len(rows) > c.page.size; s.more {
		s.rows = rows[:c.page.size]
	}
	if c.page.back {
		slices.Reverse(s.rows)
	}
	outer := w.list
	w.list = &s
	o := object{members: c.members, keyAt: -1}
	isNull := o.write(w)
	w.list = outer
	return isNull
}

// elements are the rows, or the edges around them.
type elements struct{ of *object }

func (e elements) write(w *writing) bool {
	s, begin := w.list, len(w.out)
	w.out = append(w.out, '[')
	spoiled := false
	w.path = append(w.path, nil)
	for i, row := range s.rows {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.path[len(w.path)-1] = ast.PathIndex(i)
		spoiled = w.within(row, e.of) || spoiled
		w.list = s
	}
	w.path = w.path[:len(w.path)-1]
	if spoiled {
		w.out = w.out[:begin]
		return w.null()
	}
	w.out = append(w.out, ']')
	return false
}

// totalCount is how many rows the whole list has.
type totalCount struct{}

func (totalCount) write(w *writing) bool {
	if w.list.total.data == nil {
		w.out = append(w.out, '0')
		return false
	}
	w.out, _ = encoding{}.append(w.out, w.list.total)
	return false
}

// cursor is where the current row stands in its list.
type cursor struct{ of *listing }

func (c cursor) write(w *writing) bool {
	w.cursor(c.of)
	return false
}

func (w *writing) cursor(of *listing) {
	keys := make([]string, len(of.cursor))
	for i, at := range of.cursor {
		keys[i] = w.cell(at).text()
	}
	w.out = append(append(append(w.out, '"'), of.page.cursor(keys)...), '"')
}

// pageFact is a field of PageInfo.
type pageFact string

func (f pageFact) write(w *writing) bool {
	s := w.list
	next, previous := s.more, s.page.after != nil
	if s.page.back {
		next, previous = previous, next
	}
	switch f {
	case "hasNextPage":
		w.out = appendBool(w.out, next)
	case "hasPreviousPage":
		w.out = appendBool(w.out, previous)
	case "startCursor":
		return s.ends(w, 0)
	case "endCursor":
		return s.ends(w, len(s.rows)-1)
	default:
		w.out = append(w.out, `"PageInfo"`...)
	}
	return false
}

// ends writes the cursor of a row at the page's end.
func (s *shown) ends(w *writing, i int) bool {
	if len(s.rows) == 0 {
		return w.null()
	}
	return w.within(s.rows[i], cursor{s.listing})
}

func appendBool(out []byte, v bool) []byte {
	if v {
		return append(out, "true"...)
	}
	return append(out, "false"...)
}
