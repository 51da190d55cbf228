package read

import (
	"fmt"
	"strings"
)

// What the resolvers' way selects: models are filled from it, so that names stand for columns.

// from is the table and the filter of one place.
func (x *run) from(n *node, where ...string) (string, error) {
	visible, err := x.visible(n.typ, n.typ.table.Alias)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(" FROM %s AS %s WHERE %s", n.typ.table.SQLName, n.typ.table.SQLAlias, strings.Join(append([]string{visible}, where...), " AND ")), nil
}

// columns are the expressions of one place, after those that the caller needs for itself.
func (x *run) columns(n *node, lead ...string) (string, error) {
	alias := n.typ.table.Alias
	list := append(lead, columnOf(alias, n.typ.key))
	for _, c := range n.columns {
		allowed, err := x.shown(n.typ, c, alias)
		if err != nil {
			return "", err
		}
		list = append(list, unless(allowed, columnOf(alias, c)))
	}
	for _, v := range n.computed {
		sql, err := x.computed(v.as, alias, v.asOf)
		if err != nil {
			return "", err
		}
		list = append(list, sql)
	}
	return strings.Join(list, ", "), nil
}

// unless is a column where the viewer may see it, and null elsewhere; where they may nowhere it is
// not even named.
func unless(allowed, column string) string {
	switch allowed {
	case "":
		return column
	case never:
		return "NULL"
	}
	return "CASE WHEN " + allowed + " THEN " + column + " END"
}
