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

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// condition compares an expression with a value: op is the statement's form, ?0 the expression
// and ?1 the value.
type condition struct {
	op, expr string
	value    any
}

// operators are what a filter's input can say.
var operators = map[string]string{
	"eq": "?0 = ?1", "in": "?0 IN (?1)", "notIn": "?0 NOT IN (?1)", "gte": "?0 >= ?1", "lte": "?0 <= ?1",
	"startsWith": "starts_with(?0, ?1)",
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
		c, err := f.condition(op, operations[op])
		if err != nil {
			return at(err, op)
		}
		pg.filters = append(pg.filters, c)
	}
	return nil
}

func (f comparison) condition(op string, v any) (condition, error) {
	if op == "isNull" {
		if v == true {
			return condition{op: "?0 IS NULL", expr: f.SQL}, nil
		}
		return condition{op: "?0 IS NOT NULL", expr: f.SQL}, nil
	}
	form, ok := operators[op]
	if !ok {
		return condition{}, fmt.Errorf("read: a filter cannot say %s", op)
	}
	list, isList := v.([]any)
	if isList && len(list) == 0 {
		return condition{op: map[string]string{"in": "FALSE", "notIn": "TRUE"}[op], expr: f.SQL}, nil
	}
	if isList {
		values, err := f.values(list)
		return condition{form, f.SQL, bun.List(values)}, err
	}
	value, err := f.value(v)
	return condition{form, f.SQL, value}, err
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
		return bun.SafeQuery("(?, ?::uuid)", id.Type, id.Key), nil
	}
	return id.Of(f.ID)
}

// alike is when a word is found: it is like a part of the column (see postgres.Open for how like),
// and the column has a word that begins with the same letter, or the likeness is so strong that
// the first letter must be the typo. Otherwise endings that many names share would be enough.
const alike = `(fold_name(?1) <% ?0 AND (strpos(' ' || ?0, ' ' || left(fold_name(?1), 1)) > 0 OR word_similarity(fold_name(?1), ?0) >= 0.6))`

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
		pg.filters = append(pg.filters, condition{alike, f.SQL, word})
	}
	pg.search = &condition{"(1 - word_similarity(fold_name(?1), ?0))", f.SQL, strings.Join(words, " ")}
	return nil
}
