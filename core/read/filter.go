package read

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
)

// condition compares an expression with values: op is the statement's form, ?0 the expression,
// ?1 and ?2 the page's values that from and the next are.
type condition struct {
	op, expr string
	from     int
}

// operators are what a filter's input can say.
var operators = map[string]string{
	"eq": "?0 = ?1", "in": "?0 = ANY (?1)", "notIn": "?0 <> ALL (?1)", "gte": "?0 >= ?1", "lte": "?0 <= ?1",
	"startsWith": "starts_with(?0, ?1)",
}

// operatorsOfPairs are the same where a type's name and a key are compared.
var operatorsOfPairs = map[string]string{
	"eq": "?0 = (?1, ?2)", "in": "?0 IN (SELECT * FROM unnest(?1, ?2))", "notIn": "?0 NOT IN (SELECT * FROM unnest(?1, ?2))",
}

// operatorsOfSets are the same where ?0 is a SELECT of all values that a row has.
var operatorsOfSets = map[string]string{
	"eq": "?1 IN (?0)", "in": "EXISTS (SELECT FROM (?0) AS each (value) WHERE each.value = ANY (?1))",
	"notIn": "NOT EXISTS (SELECT FROM (?0) AS each (value) WHERE each.value = ANY (?1))",
}

// filter reads the argument filter: each field that is given must hold.
func (pg *page) filter(t *typ, given map[string]any) error {
	pg.given = given
	for _, name := range slices.Sorted(maps.Keys(given)) {
		declared, ok := t.Filters[name]
		if !ok {
			return fmt.Errorf("read: the filter %s of %s is not declared", name, t.Name)
		}
		if given[name] == nil {
			continue
		}
		if err := pg.compare(comparison{declared, t.typeOfColumn(declared.SQL)}, given[name]); err != nil {
			return at(at(err, name), "filter")
		}
	}
	return nil
}

// comparison is a filter that knows the Go type of the column that it compares; nil when it compares
// an expression.
type comparison struct {
	Filter
	column reflect.Type
}

// typeOfColumn is the type of the column that the expression is, when it is one.
func (t *typ) typeOfColumn(sql string) reflect.Type {
	name, bare := strings.CutPrefix(sql, "?TableAlias.")
	if f := t.table.FieldMap[name]; bare && f != nil {
		return f.IndirectType
	}
	return nil
}

func (pg *page) compare(f comparison, given any) error {
	if f.Search {
		return pg.like(f.Filter, given)
	}
	operations, ok := given.(map[string]any)
	if !ok {
		return core.Invalid(core.T("Write the condition as {eq: …}, {in: […]} and so on.", "Запишите условие как {eq: …}, {in: […]} и т. п."))
	}
	for _, op := range slices.Sorted(maps.Keys(operations)) {
		if operations[op] == nil {
			continue
		}
		if err := pg.operation(f, op, operations[op]); err != nil {
			return at(err, op)
		}
	}
	return nil
}

func (pg *page) operation(f comparison, op string, v any) error {
	if op == "isNull" {
		is := map[bool]string{true: "?0 IS NULL", false: "?0 IS NOT NULL"}
		if access.IsSelect(f.SQL) {
			is = map[bool]string{true: "NOT EXISTS (?0)", false: "EXISTS (?0)"}
		}
		pg.filters = append(pg.filters, condition{op: is[v == true], expr: f.SQL})
		return nil
	}
	if f.Condition && op == "eq" {
		holds := map[bool]string{true: "?0", false: "(?0) IS NOT TRUE"}
		pg.filters = append(pg.filters, condition{op: holds[v == true], expr: f.SQL})
		return nil
	}
	form, ok := operators[op]
	switch {
	case f.ID == AnyType:
		form, ok = operatorsOfPairs[op]
	case access.IsSelect(f.SQL):
		form, ok = operatorsOfSets[op]
	}
	if !ok {
		return fmt.Errorf("read: a filter cannot say %s", op)
	}
	isList := op == "in" || op == "notIn"
	list := []any{v}
	if isList {
		list = graphql.CoerceList(v) // a single value stands for a list of it (GraphQL, section 3.11)
	}
	if len(list) == 0 {
		pg.filters = append(pg.filters, condition{op: map[string]string{"in": "FALSE", "notIn": "TRUE"}[op], expr: f.SQL})
		return nil
	}
	values, err := f.values(list)
	if err != nil {
		return err
	}
	pg.filters = append(pg.filters, condition{form, f.SQL, len(pg.values)})
	for _, column := range columnsOf(values) {
		if isList {
			pg.values = append(pg.values, column)
		} else {
			pg.values = append(pg.values, reflect.ValueOf(column).Index(0).Interface())
		}
	}
	return nil
}

func (f comparison) values(list []any) ([]any, error) {
	values := make([]any, len(list))
	for i, v := range list {
		var err error
		if values[i], err = f.value(v); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// columnsOf makes lists of one Go type: one of the values, or two of ids of any type.
func columnsOf(values []any) []any {
	switch values[0].(type) {
	case core.ID:
		types, keys := make([]string, len(values)), make([]uuid.UUID, len(values))
		for i, v := range values {
			types[i], keys[i] = v.(core.ID).Type, v.(core.ID).Key
		}
		return []any{types, keys}
	case uuid.UUID:
		return []any{typed[uuid.UUID](values)}
	case core.Date:
		return []any{typed[core.Date](values)}
	case time.Time:
		return []any{typed[time.Time](values)}
	case bool:
		return []any{typed[bool](values)}
	case string:
		return []any{typed[string](values)}
	}
	if slices.ContainsFunc(values, func(v any) bool { _, whole := v.(int64); return !whole }) {
		floats := make([]float64, len(values))
		for i, v := range values {
			if n, whole := v.(int64); whole {
				v = float64(n)
			}
			floats[i], _ = v.(float64)
		}
		return []any{floats}
	}
	return []any{typed[int64](values)}
}

func typed[V any](values []any) []V {
	all := make([]V, len(values))
	for i, v := range values {
		all[i], _ = v.(V)
	}
	return all
}

// AnyType is the ID of a filter whose ids may be of any type.
const AnyType = "*"

// value checks what Postgres would refuse with words of its own.
func (f comparison) value(v any) (any, error) {
	switch {
	case f.column == reflect.TypeFor[core.Date]():
		var d core.Date
		err := d.UnmarshalGQL(v)
		return d, err
	case f.column == reflect.TypeFor[time.Time]():
		return core.UnmarshalDateTime(v)
	case f.ID != "":
		return f.key(v)
	}
	switch v := v.(type) {
	case string:
		return v, textual(v)
	case int:
		return int64(v), nil
	case json.Number: // of a variable; as a text it would be read as the column's type, and fail beyond it
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		n, err := v.Float64()
		if err != nil {
			return nil, core.Invalid(core.T("This number is too large.", "Слишком большое число."))
		}
		return n, nil
	}
	return v, nil
}

// textual refuses what cannot stand in the database, and so is equal to nothing in it.
func textual(s string) error {
	if storable(s) {
		return nil
	}
	return core.Invalid(core.T("A text cannot hold the character NUL.", "Текст не может содержать символ NUL."))
}

func (f comparison) key(v any) (any, error) {
	var id core.ID
	if err := id.UnmarshalGQL(v); err != nil {
		return nil, err
	}
	if f.ID == AnyType {
		return id, nil
	}
	return id.Of(f.ID)
}

// alike is when a word is found: it is like a part of the column (see postgres.Open for how like),
// and the column has a word that begins with the same letter, or the likeness is so strong that
// the first letter must be the typo. Otherwise endings that many names share would be enough. The
// word is folded in a SELECT of its own, which is run once and not for each row.
const alike = `((SELECT fold_name(?1)) <% ?0 AND (strpos(' ' || ?0, ' ' || left((SELECT fold_name(?1)), 1)) > 0 OR word_similarity((SELECT fold_name(?1)), ?0) >= 0.6))`

// like is the search that forgives ё for е, case and a typo: every word must be like a part of
// the column. Both sides are folded by the database's fold_name; a trigram index serves it.
func (pg *page) like(f Filter, given any) error {
	text, _ := given.(string)
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil
	}
	if len(words) > 8 || utf8.RuneCountInString(text) > 200 {
		return core.Invalid(core.T("Search by at most 8 words and 200 characters.", "Ищите не более чем по 8 словам и 200 знакам."))
	}
	if err := textual(text); err != nil {
		return err
	}
	for _, word := range words {
		pg.filters = append(pg.filters, condition{alike, f.SQL, len(pg.values)})
		pg.values = append(pg.values, word)
	}
	pg.search = &condition{"(1 - word_similarity((SELECT fold_name(?1)), ?0))", f.SQL, len(pg.values)}
	pg.values = append(pg.values, strings.Join(words, " "))
	return nil
}
