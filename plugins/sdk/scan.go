package sdk

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// At is a moment for Task.At.
func At(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

// JSON makes a value a parameter of the type json or jsonb; a slice, which would be an array, too.
func JSON(value any) any { return asJSON{value} }

type asJSON struct{ value any }

func arguments(args []any) ([]byte, error) {
	all := make([]any, len(args))
	for i, one := range args {
		value, err := argument(one)
		if err != nil {
			return nil, fmt.Errorf("parameter $%d: %w", i+1, err)
		}
		all[i] = value
	}
	return json.Marshal(all)
}

// argument is a parameter as the contract has it: ids as their keys, what encoding/json makes of the
// rest, lists as arrays.
func argument(value any) (any, error) {
	if r := reflect.ValueOf(value); r.Kind() == reflect.Pointer && r.IsNil() {
		return nil, nil
	}
	switch v := value.(type) {
	case nil:
		return nil, nil
	case asJSON:
		return v.value, nil
	case ID:
		return keyOf(v), nil
	case Ref:
		return keyOf(v.ID), nil
	case *ID:
		return keyOf(*v), nil
	case []byte, encoding.TextMarshaler, json.Marshaler:
		return v, nil
	}
	r := reflect.ValueOf(value)
	switch {
	case r.Kind() == reflect.Pointer:
		return argument(r.Elem().Interface())
	case r.Kind() == reflect.Slice && !r.IsNil(), r.Kind() == reflect.Array:
		return list(r)
	}
	return value, nil
}

func keyOf(id ID) any {
	if id.IsZero() {
		return nil
	}
	return id.Key.String()
}

func list(r reflect.Value) (all []any, err error) {
	all = make([]any, r.Len())
	for i := range all {
		if all[i], err = argument(r.Index(i).Interface()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// scan reads a row, a JSON object by column, into a struct's members or a simple value. A column that
// no member has is passed over, a member that no column has stays as it is.
func scan(row []byte, into any) error {
	var columns map[string]json.RawMessage
	if err := json.Unmarshal(row, &columns); err != nil {
		return err
	}
	to := reflect.ValueOf(into).Elem()
	if to.Kind() != reflect.Struct || to.Type() == timeType || reflect.PointerTo(to.Type()).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		for _, value := range columns {
			if len(columns) == 1 {
				return json.Unmarshal(value, into)
			}
		}
		return fmt.Errorf("%d columns do not fit %s", len(columns), to.Type())
	}
	for _, f := range reflect.VisibleFields(to.Type()) {
		if !f.IsExported() || f.Anonymous {
			continue
		}
		column, typ := columnOf(f)
		value, ok := columns[column]
		if !ok || string(value) == "null" {
			continue
		}
		if err := scanValue(value, to.FieldByIndex(f.Index), typ); err != nil {
			return fmt.Errorf("column %s into %s.%s: %w", column, to.Type(), f.Name, err)
		}
	}
	return nil
}

// columnOf is a member's column, and the type that its key is of where it is an id:
// `sql:"district_id,type=District"`.
func columnOf(f reflect.StructField) (column, typ string) {
	column, typ, _ = strings.Cut(f.Tag.Get("sql"), ",")
	typ = strings.TrimPrefix(typ, "type=")
	if column == "" {
		column, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		if column == "" || column == "-" {
			column = f.Name
		}
		column = snake(column)
	}
	return column, typ
}

func snake(name string) string {
	var out strings.Builder
	before := '_'
	for _, r := range name {
		if unicode.IsUpper(r) && before != '_' && !unicode.IsUpper(before) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
		before = r
	}
	return out.String()
}

// scanValue reads a column; a uuid into an ID or Ref becomes an id of typ.
func scanValue(value json.RawMessage, to reflect.Value, typ string) error {
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		return scanValue(value, to.Elem(), typ)
	}
	var id *ID
	switch v := to.Addr().Interface().(type) {
	case *ID:
		id = v
	case *Ref:
		id = &v.ID
	default:
		return json.Unmarshal(value, v)
	}
	var key uuid.UUID
	if json.Unmarshal(value, &key) != nil {
		return json.Unmarshal(value, id)
	}
	if typ == "" {
		return fmt.Errorf("say of what type the key is: `sql:\",type=District\"`")
	}
	*id = ID{Type: typ, Key: key}
	return nil
}
