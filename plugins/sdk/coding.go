package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// decode reads arguments into a struct by json names. A value that its type refuses (an ID, a Date) is
// an Error at its place.
func decode(text []byte, into any) error {
	if len(text) == 0 {
		text = []byte("{}")
	}
	err := json.Unmarshal(text, into)
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("the arguments do not fit %T: %w", into, err)
	}
	return Invalid(e.Text, place(text, reflect.TypeOf(into))...)
}

// place finds where in text a type refuses its value: the path of the first.
func place(text []byte, t reflect.Type) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var object map[string]json.RawMessage
	if t.Kind() != reflect.Struct || json.Unmarshal(text, &object) != nil {
		return nil
	}
	for _, m := range members(t) {
		for name, value := range object {
			if strings.EqualFold(name, m.name) && json.Unmarshal(value, reflect.New(m.field.Type).Interface()) != nil {
				return append([]string{name}, place(value, m.field.Type)...)
			}
		}
	}
	return nil
}

// member is a struct's field as JSON has it.
type member struct {
	name  string
	field reflect.StructField
}

// members are a struct's fields that JSON has, those of embedded structs too.
func members(t reflect.Type) []member {
	var all []member
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported(), name == "-", f.Anonymous && name == "":
			continue
		case name == "":
			name = f.Name
		}
		all = append(all, member{name, f})
	}
	return all
}

// encode is a value as JSON. A nil slice that stands where the schema has a list that is never null
// becomes an empty list; the value itself is not touched.
func (p *Plugin) encode(value any) ([]byte, error) {
	v := reflect.ValueOf(value)
	if v.IsValid() && p.fills(v.Type(), nil) {
		value = p.filled(v).Interface()
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// fills says whether anything within a type might have to be filled.
func (p *Plugin) fills(t reflect.Type, above []reflect.Type) bool {
	for _, one := range above {
		if one == t {
			return false
		}
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return p.fills(t.Elem(), above)
	case reflect.Struct:
		if len(p.lists[t]) > 0 {
			return true
		}
		for i := range t.NumField() {
			if t.Field(i).IsExported() && p.fills(t.Field(i).Type, above) {
				return true
			}
		}
	}
	return false
}

func (p *Plugin) filled(v reflect.Value) reflect.Value {
	t := v.Type()
	switch {
	case !p.fills(t, nil), (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) && v.IsNil():
		return v
	case t.Kind() == reflect.Pointer:
		to := reflect.New(t.Elem())
		to.Elem().Set(p.filled(v.Elem()))
		return to
	case t.Kind() == reflect.Slice:
		to := reflect.MakeSlice(t, v.Len(), v.Len())
		for i := range v.Len() {
			to.Index(i).Set(p.filled(v.Index(i)))
		}
		return to
	}
	to := reflect.New(t).Elem()
	to.Set(v)
	for i := range t.NumField() {
		if t.Field(i).IsExported() {
			to.Field(i).Set(p.filled(v.Field(i)))
		}
	}
	for _, index := range p.lists[t] {
		if f := to.FieldByIndex(index); f.IsNil() {
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
	return to
}
