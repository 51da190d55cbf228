package sdk

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// shapes compares Go types with the SDL's.
type shapes struct {
	p     *Plugin
	types map[string]*ast.Definition
	seen  map[shape]bool
}

type shape struct {
	graphql string
	golang  reflect.Type
}

var (
	textType = reflect.TypeFor[encoding.TextMarshaler]()
	jsonType = reflect.TypeFor[json.Marshaler]()
	timeType = reflect.TypeFor[time.Time]()
	opted    = reflect.TypeFor[interface{ optional() }]()
)

// free says that a Go type can be anything, so that only Veche sees whether it is right.
func free(g reflect.Type) bool {
	return g.Kind() == reflect.Interface || g.Kind() == reflect.Map || g == reflect.TypeFor[json.RawMessage]()
}

// output checks the type of a value against the field's.
func (s *shapes) output(at string, t *ast.Type, g reflect.Type) {
	if free(g) {
		return
	}
	if g.Kind() == reflect.Pointer {
		if t.NonNull {
			s.p.problem("%s is %s, and %s may be nil: take the pointer away, or the ! in the SDL", at, t, g)
			return
		}
		g = g.Elem()
	}
	isList := (g.Kind() == reflect.Slice || g.Kind() == reflect.Array) && !g.Implements(textType) && !g.Implements(jsonType)
	switch {
	case t.Elem != nil && !isList:
		s.p.problem("%s is a list, %s; %s is none", at, t, g)
	case t.Elem != nil:
		s.output(at, t.Elem, g.Elem())
	case isList:
		s.p.problem("%s is no list, but %s; %s is one", at, t, g)
	default:
		s.named(at, t.NamedType, g)
	}
}

func (s *shapes) named(at, name string, g reflect.Type) {
	def := s.types[name]
	switch {
	case def != nil && def.Kind == ast.Object:
		s.object(at, def, g)
	case def != nil && def.Kind == ast.Enum:
		s.wants(at, name, g, g.Kind() == reflect.String || g.Implements(textType))
	case def == nil:
		s.scalar(at, name, g)
	}
}

func (s *shapes) scalar(at, name string, g reflect.Type) {
	isText := g.Implements(textType) || g.Implements(jsonType)
	kind := g.Kind()
	switch name {
	case "String", "ID", "Date":
		s.wants(at, name, g, kind == reflect.String || g.Implements(textType))
	case "Int":
		s.wants(at, name, g, reflect.Int <= kind && kind <= reflect.Uint64 || isText)
	case "Float":
		s.wants(at, name, g, reflect.Int <= kind && kind <= reflect.Float64 || isText)
	case "Boolean":
		s.wants(at, name, g, kind == reflect.Bool || isText)
	case "DateTime":
		s.wants(at, name, g, g == timeType || kind == reflect.String || isText)
	}
}

func (s *shapes) wants(at, name string, g reflect.Type, ok bool) {
	if !ok {
		s.p.problem("%s is %s, which %s is not", at, name, g)
	}
}

// object checks that each field of an own type has a function, or a member of the struct.
func (s *shapes) object(at string, def *ast.Definition, g reflect.Type) {
	if g.Kind() != reflect.Struct {
		s.p.problem("%s is %s, an object; %s is no struct", at, def.Name, g)
		return
	}
	if s.seen[shape{def.Name, g}] {
		return
	}
	s.seen[shape{def.Name, g}] = true
	all := members(g)
	for _, field := range def.Fields {
		coordinate := def.Name + "." + field.Name
		if s.p.functions[coordinate] != nil {
			continue
		}
		i := slices.IndexFunc(all, func(m member) bool { return m.name == field.Name })
		switch {
		case len(field.Arguments) > 0:
			s.p.problem("%s has arguments: register its function with sdk.Own", coordinate)
		case i < 0:
			s.p.problem("%s: %s has no member of the json name %s; give it one, or register a function with sdk.Own", coordinate, g, field.Name)
		default:
			s.output(coordinate, field.Type, all[i].field.Type)
			if field.Type.NonNull && all[i].field.Type.Kind() == reflect.Slice && !free(all[i].field.Type) {
				s.p.lists[g] = append(s.p.lists[g], all[i].field.Index)
			}
		}
	}
}

// input checks a struct against arguments, or an input's fields.
func (s *shapes) input(at string, wanted []inputField, g reflect.Type) {
	if free(g) {
		return
	}
	if g.Kind() != reflect.Struct {
		s.p.problem("%s: the arguments are read into a struct, not %s", at, g)
		return
	}
	all := members(g)
	for _, one := range wanted {
		i := slices.IndexFunc(all, func(m member) bool { return strings.EqualFold(m.name, one.name) })
		if i < 0 {
			s.p.problem("%s(%s): %s has no member of that json name", at, one.name, g)
			continue
		}
		s.given(at+"("+one.name+")", one.typ, all[i].field.Type)
	}
	for _, m := range all {
		if !slices.ContainsFunc(wanted, func(f inputField) bool { return strings.EqualFold(f.name, m.name) }) {
			s.p.problem("%s: the member %s of %s is no argument of it in the SDL", at, m.name, g)
		}
	}
}

type inputField struct {
	name string
	typ  *ast.Type
}

func (s *shapes) given(at string, t *ast.Type, g reflect.Type) {
	if free(g) {
		return
	}
	nullable := true
	switch {
	case g.Implements(opted):
		v, _ := g.FieldByName("Value")
		g = v.Type.Elem()
	case g.Kind() == reflect.Pointer:
		g = g.Elem()
	default:
		nullable = g.Kind() == reflect.Slice
	}
	isList := g.Kind() == reflect.Slice && !reflect.PointerTo(g).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	switch {
	case !t.NonNull && !nullable:
		s.p.problem("%s may be null (%s): take *%s or sdk.Opt[%[3]s]", at, t, g)
	case (t.Elem != nil) != isList:
		s.p.problem("%s is %s, which %s is not", at, t, g)
	case t.Elem != nil:
		s.given(at, t.Elem, g.Elem())
	case s.types[t.NamedType] == nil:
		s.scalar(at, t.NamedType, g)
	case s.types[t.NamedType].Kind == ast.InputObject:
		s.inputObject(at, s.types[t.NamedType], g)
	}
}

func (s *shapes) inputObject(at string, def *ast.Definition, g reflect.Type) {
	if s.seen[shape{def.Name, g}] {
		return
	}
	s.seen[shape{def.Name, g}] = true
	var wanted []inputField
	for _, f := range def.Fields {
		wanted = append(wanted, inputField{f.Name, f.Type})
	}
	s.input(at, wanted, g)
}
