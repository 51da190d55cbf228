package motions

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// dumped is one row of any table as somebody sees it who reads the whole database, system columns too.
type dumped struct{ table, ctid, xmin, xmax, cmin, row string }

// dump reads every row of every table, in the order in which they lie on the disk.
func (h *house) dump() (all []dumped) {
	h.t.Helper()
	var tables []string
	must(h.t, h.db.NewRaw(`SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`).Scan(h.t.Context(), &tables))
	for _, table := range tables {
		rows, err := h.db.QueryContext(h.t.Context(), `SELECT ctid::text, xmin::text, xmax::text, cmin::text, t::text FROM `+table+` AS t ORDER BY ctid`)
		must(h.t, err)
		for rows.Next() {
			d := dumped{table: table}
			must(h.t, rows.Scan(&d.ctid, &d.xmin, &d.xmax, &d.cmin, &d.row))
			all = append(all, d)
		}
		must(h.t, rows.Err())
		must(h.t, rows.Close())
	}
	return all
}

func (d dumped) text() string {
	return strings.Join([]string{d.table, d.ctid, d.xmin, d.xmax, d.cmin, d.row}, " | ")
}

// in are the rows of one table.
func in(all []dumped, table string) []dumped {
	return slices.DeleteFunc(slices.Clone(all), func(d dumped) bool { return d.table != "public."+table })
}

// since are the rows that were written after an earlier dump.
func since(before, after []dumped) []dumped {
	had := map[string]bool{}
	for _, d := range before {
		had[d.text()] = true
	}
	return slices.DeleteFunc(slices.Clone(after), func(d dumped) bool { return had[d.text()] })
}

var (
	uuids   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	moments = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+Z]\S{0,5})?`)
	logged  = regexp.MustCompile(`^\((\d+),(\d+),`)
	bytes_  = regexp.MustCompile(`\\+x[0-9a-f]+`)
)

// shape is a dump without what chance decides: keys, moments and transactions are numbered in the order
// in which they first appear, and bytes are told by their number.
func shape(all []dumped) string {
	number := func(of string) func(string) string {
		seen := map[string]string{}
		return func(s string) string {
			if seen[s] == "" {
				seen[s] = fmt.Sprintf("%s%d", of, len(seen)+1)
			}
			return seen[s]
		}
	}
	key, moment, transaction := number("key"), number("moment"), number("transaction")
	var out strings.Builder
	for _, d := range all {
		row := bytes_.ReplaceAllStringFunc(d.row, func(s string) string { return fmt.Sprintf("bytes(%d)", len(s)) })
		row = moments.ReplaceAllStringFunc(uuids.ReplaceAllStringFunc(row, key), moment)
		row = logged.ReplaceAllStringFunc(row, func(s string) string { // which the outbox keeps in a column of its own
			return logged.ReplaceAllString(s, "($1,") + transaction(logged.FindStringSubmatch(s)[2]) + ","
		})
		xmax := d.xmax
		if xmax != "0" {
			xmax = transaction(xmax)
		}
		fmt.Fprintln(&out, d.table, d.ctid, transaction(d.xmin), xmax, d.cmin, row)
	}
	return out.String()
}
