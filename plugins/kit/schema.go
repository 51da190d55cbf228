package kit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// schema is a plugin's SDL, by type: what it defines, and what it adds to the core's types.
type schema struct {
	types map[string]*ast.Definition
	core  map[string]bool // that it extends
	added []string        // fields of the core's types, Type.field
}

func newSchema(d *ast.SchemaDocument) *schema {
	s := &schema{types: map[string]*ast.Definition{}, core: map[string]bool{}}
	for _, one := range d.Definitions {
		s.types[one.Name] = one
	}
	for _, one := range d.Extensions {
		if own, ok := s.types[one.Name]; ok {
			own.Fields = append(own.Fields, one.Fields...)
			if !s.core[one.Name] {
				continue
			}
		} else {
			s.types[one.Name], s.core[one.Name] = one, true
		}
		for _, f := range one.Fields {
			s.added = append(s.added, one.Name+"."+f.Name)
		}
	}
	slices.Sort(s.added)
	return s
}

func (s *schema) field(coordinate string) *ast.FieldDefinition {
	typ, name, _ := strings.Cut(coordinate, ".")
	if d := s.types[typ]; d != nil {
		return d.Fields.ForName(name)
	}
	return nil
}

func isRoot(typ string) bool { return typ == "Query" || typ == "Mutation" || typ == "Subscription" }

// call is a sample call of a function, with so many parents (none at a root). mark stands in texts and
// ids, where there are any.
func (s *schema) call(coordinate string, parents int, functions []string, mark string) *contract.FieldCall {
	typ, name, _ := strings.Cut(coordinate, ".")
	field := s.field(coordinate)
	arguments := map[string]any{}
	for _, a := range field.Arguments {
		about := strings.TrimSuffix(strings.TrimSuffix(field.Type.Name(), "Payload"), "Page") // whose id is likely meant
		if value, given := s.argument(a.Type, a.DefaultValue, about, mark); given {
			arguments[a.Name] = value
		}
	}
	call := &contract.FieldCall{Type: typ, Field: name, Arguments: text(arguments), Selects: s.properties(field.Type.Name(), functions)}
	for i := range parents {
		if !isRoot(typ) {
			call.Parents = append(call.Parents, text(s.object(typ, functions, fmt.Sprint(mark, i), 0)))
		}
	}
	return call
}

func text(value any) []byte {
	all, _ := json.Marshal(value) // of our own samples
	return all
}

// argument is a value of an argument or an input's field: the default, a sample where it is required.
func (s *schema) argument(typ *ast.Type, standard *ast.Value, about, mark string) (any, bool) {
	if standard != nil {
		value, err := standard.Value(nil)
		return value, err == nil
	}
	if !typ.NonNull {
		return nil, false
	}
	if typ.Elem != nil {
		one, _ := s.argument(&ast.Type{NamedType: typ.Name(), NonNull: true}, nil, about, mark)
		return []any{one}, true
	}
	d := s.types[typ.NamedType]
	if d == nil || d.Kind != ast.InputObject {
		return s.scalar(typ.NamedType, about, mark), true
	}
	value := map[string]any{}
	for _, f := range d.Fields {
		if one, given := s.argument(f.Type, f.DefaultValue, about, mark); given {
			value[f.Name] = one
		}
	}
	return value, true
}

func (s *schema) scalar(name, about, mark string) any {
	switch name {
	case "ID":
		return id(about, mark)
	case "Int":
		return 1
	case "Float":
		return 1.5
	case "Boolean":
		return true
	case "DateTime":
		return "2026-01-02T03:04:05Z"
	case "Date":
		return "2026-01-02"
	}
	if d := s.types[name]; d != nil && d.Kind == ast.Enum {
		return d.EnumValues[0].Name
	}
	return "Sample " + mark
}

// id is the same for the same type and mark.
func id(typ, mark string) string {
	return core.ID{Type: typ, Key: uuid.NewSHA1(uuid.NameSpaceURL, []byte(typ+"/"+mark))}.String()
}

// object is a sample value of a type: the core's by its id alone.
func (s *schema) object(typ string, functions []string, mark string, depth int) any {
	value := map[string]any{"id": id(typ, mark)}
	if s.types[typ] == nil || s.core[typ] {
		return value
	}
	for _, name := range s.properties(typ, functions) {
		f := s.types[typ].Fields.ForName(name)
		d := s.types[f.Type.Name()]
		switch {
		case f.Type.Elem != nil:
			value[name] = []any{}
		case d != nil && (d.Kind == ast.Object || d.Kind == ast.Interface || d.Kind == ast.Union):
			if depth < 2 {
				value[name] = s.object(f.Type.Name(), functions, mark, depth+1)
			}
		default:
			value[name] = s.scalar(f.Type.Name(), typ, mark)
		}
	}
	return value
}

// properties are the fields of a type of its own that its values bear, rather than a function.
func (s *schema) properties(typ string, functions []string) (all []string) {
	d := s.types[typ]
	if d == nil || s.core[typ] {
		return nil
	}
	for _, f := range d.Fields {
		if !slices.Contains(functions, typ+"."+f.Name) {
			all = append(all, f.Name)
		}
	}
	return all
}

// fits says what is wrong with a value, nil when the schema allows it.
func (s *schema) fits(typ *ast.Type, value any, functions []string, path string) error {
	if value == nil {
		if typ.NonNull {
			return fmt.Errorf("%s is null, and may not be (%s)", path, typ)
		}
		return nil
	}
	if typ.Elem != nil {
		list, ok := value.([]any)
		if !ok {
			return fmt.Errorf("%s is no list (%s)", path, typ)
		}
		for i, one := range list {
			if err := s.fits(typ.Elem, one, functions, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return nil
	}
	object, isObject := value.(map[string]any)
	d := s.types[typ.NamedType]
	if d != nil && d.Kind == ast.Object && !s.core[d.Name] {
		if !isObject {
			return fmt.Errorf("%s is no object (%s)", path, typ)
		}
		for _, name := range s.properties(d.Name, functions) {
			if err := s.fits(d.Fields.ForName(name).Type, object[name], functions, path+"."+name); err != nil {
				return err
			}
		}
		return nil
	}
	if !s.leaf(typ.NamedType, d, value) {
		return fmt.Errorf("%s is %s, and no %s", path, short(text(value)), typ)
	}
	return nil
}

// leaf checks what has no properties of its own here: scalars and enums.
func (s *schema) leaf(name string, d *ast.Definition, value any) bool {
	_, isText := value.(string)
	number, isNumber := value.(float64)
	switch name {
	case "ID", "String", "DateTime", "Date":
		return isText
	case "Int":
		return isNumber && number == float64(int32(number))
	case "Float":
		return isNumber
	case "Boolean":
		_, ok := value.(bool)
		return ok
	}
	if d != nil && d.Kind == ast.Enum && !s.core[name] {
		return isText && d.EnumValues.ForName(value.(string)) != nil //nolint:forcetypeassert // isText
	}
	return true // the core's own types are not known here
}

func short(text []byte) string {
	if len(text) > 80 {
		return string(text[:80]) + "…"
	}
	return string(text)
}
