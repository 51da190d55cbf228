package sdk

import (
	"encoding"
	"encoding/hex"
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

// JSON makes a value a parameter of the type json or jsonb, a slice too.
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

// argument is a parameter as a JSON scalar that Postgres reads as the parameter's type.
func argument(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case asJSON:
		text, err := json.Marshal(v.value)
		return string(text), err
	case ID:
		return keyOf(v), nil
	case Ref:
		return keyOf(v.ID), nil
	case uuid.UUID:
		return v.String(), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case json.RawMessage:
		return string(v), nil
	case []byte:
		return `\x` + hex.EncodeToString(v), nil
	}
	r := reflect.ValueOf(value)
	if r.Kind() == reflect.Pointer {
		if r.IsNil() {
			return nil, nil
		}
		return argument(r.Elem().Interface())
	}
	if text, ok := value.(encoding.TextMarshaler); ok {
		out, err := text.MarshalText()
		return string(out), err
	}
	switch r.Kind() {
	case reflect.String:
		return r.String(), nil
	case reflect.Slice, reflect.Array:
		return array(r)
	case reflect.Struct, reflect.Map:
		return argument(JSON(value))
	}
	return value, nil
}

func keyOf(id ID) any {
	if id.IsZero() {
		return nil
	}
	return id.Key.String()
}

// array is a slice as Postgres writes one: {"a","b",NULL}.
func array(r reflect.Value) (any, error) {
	if r.Kind() == reflect.Slice && r.IsNil() {
		return nil, nil
	}
	parts := make([]string, r.Len())
	for i := range r.Len() {
		value, err := argument(r.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		if value == nil {
			parts[i] = "NULL"
			continue
		}
		escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(fmt.Sprint(value))
		parts[i] = `"` + escaped + `"`
	}
	return "{" + strings.Join(parts, ",") + "}", nil
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
