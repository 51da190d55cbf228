package read

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// pageRows is a page before its type is known: what Page makes a Connection of.
type pageRows struct {
	page  *page
	rows  []found
	more  bool
	total int
}

// root reads a list that hangs on nothing: one statement for the page, one for the total.
func (x *run) root(pg *page) (*pageRows, error) {
	got := &pageRows{page: pg}
	if hidden, err := x.hidden(pg.node.typ); hidden || err != nil {
		return got, err
	}
	if pg.total {
		from, err := x.from(pg.node, x.where(pg, pg.node.typ.table.Alias)...)
		if err != nil {
			return nil, err
		}
		if err := x.db.QueryRowContext(x.ctx, "SELECT count(*)"+from).Scan(&got.total); err != nil {
			return nil, fmt.Errorf("count %s: %w", pg.node.typ.Name, err)
		}
	}
	if !pg.rows {
		return got, nil
	}
	lead := x.cursorKeys(pg, pg.node.typ.table.Alias)
	sql, err := x.pageSQL(pg, lead)
	if err != nil {
		return nil, err
	}
	rows, err := x.scan(pg.node, sql, len(lead))
	if err != nil {
		return nil, err
	}
	got.take(rows)
	return got, x.follow(pg.node, got.rows)
}

func (x *run) pageSQL(pg *page, lead []string, where ...string) (string, error) {
	columns, err := x.selected(pg.node, lead...)
	if err != nil {
		return "", err
	}
	beyond, tail := x.window(pg, pg.node.typ.table.Alias)
	from, err := x.from(pg.node, slices.Concat(where, x.where(pg, pg.node.typ.table.Alias), beyond)...)
	if err != nil {
		return "", err
	}
	return "SELECT " + columns + from + tail, nil
}

// take keeps the page's rows: the one too many tells that there are more.
func (p *pageRows) take(rows []found) {
	if p.more = len(rows) > p.page.size; p.more {
		rows = rows[:p.page.size]
	}
	if p.page.back {
		slices.Reverse(rows)
	}
	p.rows = rows
}

// lists reads the same list of many parents: one statement for all their pages, one for all
// their totals. A lateral join over the parents gives each its own window; it can only be run as
// a loop over them, so each parent's rows come in the list's order.
func (x *run) lists(pg *page, parents []reflect.Value) error {
	keys, of := keysOf(pg.of.parent, parents)
	none := &pageRows{page: pg} // of a parent that nothing can refer to
	for _, parent := range parents {
		parent.Interface().(Object).row().put(pg.field, none)
	}
	got := make(map[uuid.UUID]*pageRows, len(keys))
	for key, rows := range of {
		got[key] = &pageRows{page: pg}
		for _, row := range rows {
			row.Interface().(Object).row().put(pg.field, got[key])
		}
	}
	if hidden, err := x.hidden(pg.node.typ); hidden || err != nil || len(keys) == 0 {
		return err
	}
	unnest := "unnest(" + string(x.gen.Append(nil, pgdialect.Array(keys))) + "::uuid[]) AS parent(key)"
	mine := columnOf(pg.node.typ.table.Alias, pg.of.child) + " = parent.key"
	if pg.total {
		if err := x.totals(pg, got, unnest, mine); err != nil {
			return err
		}
	}
	if !pg.rows {
		return nil
	}
	lead := x.cursorKeys(pg, pg.node.typ.table.Alias)
	inner, err := x.pageSQL(pg, lead, mine)
	if err != nil {
		return err
	}
	rows, err := x.scan(pg.node, "SELECT parent.key, page.* FROM "+unnest+" CROSS JOIN LATERAL ("+inner+") AS page", 1+len(lead))
	if err != nil {
		return err
	}
	if err := share(rows, got); err != nil {
		return err
	}
	var shown []found
	for _, key := range keys {
		shown = append(shown, got[key].rows...)
	}
	return x.follow(pg.node, shown)
}

func (x *run) totals(pg *page, got map[uuid.UUID]*pageRows, unnest, mine string) error {
	from, err := x.from(pg.node, append([]string{mine}, x.where(pg, pg.node.typ.table.Alias)...)...)
	if err != nil {
		return err
	}
	rows, err := x.db.QueryContext(x.ctx, "SELECT parent.key, (SELECT count(*)"+from+") FROM "+unnest)
	if err != nil {
		return fmt.Errorf("count %s: %w", pg.node.typ.Name, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key uuid.UUID
		var total int
		if err := rows.Scan(&key, &total); err != nil {
			return err
		}
		got[key].total = total
	}
	return rows.Err()
}

// share gives each parent its rows.
func share(rows []found, got map[uuid.UUID]*pageRows) error {
	by := map[uuid.UUID][]found{}
	for _, f := range rows {
		key, err := toUUID(f.lead[0])
		if err != nil {
			return err
		}
		by[key] = append(by[key], found{f.row, f.lead[1:]})
	}
	for key, mine := range by {
		got[key].take(mine)
	}
	return nil
}
