package randomop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// place is where a value is wanted.
type place struct {
	coordinate string   // of the field that is asked
	owner      string   // the type that the field is about
	path       []string // names of the argument and of the input fields down to the value
}

func (p place) of(name string) place {
	p.path = append(slices.Clone(p.path), name)
	return p
}

func (p place) name() string { return p.path[len(p.path)-1] }

// value is a value of the type, or a variable that stands for one.
func (b *builder) value(t *ast.Type, at place, hasDefault bool) *ast.Value {
	if b.plain > 0 || !b.chance(22) {
		return b.literal(t, at, hasDefault)
	}
	if v := b.known(t, at); v != nil && b.chance(40) {
		return v
	}
	b.plain++
	v := b.literal(t, at, hasDefault)
	b.plain--
	return b.variable(t, at.name(), v)
}

func (b *builder) literal(t *ast.Type, at place, hasDefault bool) *ast.Value {
	if !t.NonNull && !hasDefault && b.chance(4) {
		return &ast.Value{Kind: ast.NullValue, Raw: "null"}
	}
	if t.Elem != nil {
		return b.list(t, at)
	}
	def := b.schema.Types[t.Name()]
	switch def.Kind {
	case ast.Enum:
		v := least(b, def.EnumValues, func(v *ast.EnumValueDefinition) string { return def.Name + "." + v.Name })
		b.use(def.Name + "." + v.Name)
		return &ast.Value{Kind: ast.EnumValue, Raw: v.Name}
	case ast.InputObject:
		return b.object(def, at)
	default:
		return b.scalar(def.Name, at)
	}
}

// list has up to four elements; one alone stands for a list of one at times.
func (b *builder) list(t *ast.Type, at place) *ast.Value {
	if b.chance(6) {
		return b.literal(t.Elem, at, true)
	}
	v := &ast.Value{Kind: ast.ListValue}
	n := 1 + b.rand.IntN(4)
	if b.chance(7) {
		n = 0
	}
	for range n {
		v.Children = append(v.Children, &ast.ChildValue{Value: b.value(t.Elem, at, false)})
	}
	return v
}

// object gives what is needed, and some of the rest: of a filter little, so that something is found.
func (b *builder) object(def *ast.Definition, at place) *ast.Value {
	v := &ast.Value{Kind: ast.ObjectValue}
	var free []*ast.FieldDefinition
	give := func(f *ast.FieldDefinition) {
		if b.avoided(def.Name + "." + f.Name) {
			return
		}
		b.use(def.Name + "." + f.Name)
		v.Children = append(v.Children, &ast.ChildValue{Name: f.Name, Value: b.value(f.Type, at.of(f.Name), f.DefaultValue != nil)})
	}
	for _, f := range def.Fields {
		if f.Type.NonNull && (f.DefaultValue == nil || b.chance(50)) {
			give(f)
		} else {
			free = append(free, f)
		}
	}
	for more := 90; len(free) > 0 && b.chance(more); more /= 3 {
		f := least(b, b.hungriest(free), func(f *ast.FieldDefinition) string { return def.Name + "." + f.Name })
		free = slices.DeleteFunc(free, func(other *ast.FieldDefinition) bool { return other == f })
		give(f)
	}
	return v
}

// hungriest are those input fields in whose type something was never asked, and all when there are none.
func (b *builder) hungriest(free []*ast.FieldDefinition) []*ast.FieldDefinition {
	hungry := slices.DeleteFunc(slices.Clone(free), func(f *ast.FieldDefinition) bool { return !b.hungry(f.Type.Name()) })
	if len(hungry) == 0 || b.chance(30) {
		return free
	}
	return hungry
}

func (b *builder) scalar(name string, at place) *ast.Value {
	text := func(s string) *ast.Value { return &ast.Value{Kind: ast.StringValue, Raw: s} }
	if b.isWrong() {
		if s, ok := b.wrongText(name, at); ok {
			return text(s)
		}
	}
	switch name {
	case "Boolean":
		return &ast.Value{Kind: ast.BooleanValue, Raw: strconv.FormatBool(b.chance(50))}
	case "Int":
		return &ast.Value{Kind: ast.IntValue, Raw: strconv.Itoa(b.rand.IntN(1 << b.rand.IntN(5)))}
	case "Float":
		if known := b.pool.Numbers[at.name()]; len(known) > 0 {
			return &ast.Value{Kind: ast.FloatValue, Raw: strconv.FormatFloat(one(b, known), 'f', -1, 64)}
		}
		return &ast.Value{Kind: ast.IntValue, Raw: strconv.Itoa(b.rand.IntN(100))}
	case "ID":
		return text(b.id(at))
	case "String":
		return text(b.word(at))
	default:
		if known := b.pool.Texts[name]; len(known) > 0 {
			return text(one(b, known))
		}
		panic(fmt.Sprintf("randomop: the pool has no texts for the scalar %s", name))
	}
}

// id is one of the type that the place speaks of: district, districtId and districtIds of a
// District; what names no type of something like the owner, or else of anything.
func (b *builder) id(at place) string {
	types := b.idTypes(at)
	if b.chance(5) && len(b.pool.Strange) > 0 {
		if strange := b.pool.Strange[one(b, types)]; len(strange) > 0 {
			return one(b, strange)
		}
	}
	for range 3 {
		if ids := b.pool.IDs[one(b, types)]; len(ids) > 0 {
			return one(b, ids)
		}
	}
	all := sorted(b.pool.IDs)
	return one(b, b.pool.IDs[one(b, all)])
}

func (b *builder) idTypes(at place) []string {
	for _, name := range slices.Backward(at.path) {
		name = strings.TrimSuffix(strings.TrimSuffix(name, "s"), "Id")
		if name == "" {
			continue
		}
		if typ := strings.ToUpper(name[:1]) + name[1:]; len(b.pool.IDs[typ]) > 0 {
			return []string{typ}
		}
		if types := b.pool.Kinds[name]; len(types) > 0 {
			return types
		}
	}
	if len(b.pool.IDs[at.owner]) > 0 {
		return []string{at.owner}
	}
	return sorted(b.pool.IDs)
}

// word is a text that stands where the place speaks of, or a word to search by.
func (b *builder) word(at place) string {
	for _, name := range slices.Backward(at.path) {
		for _, key := range []string{at.owner + "." + name, at.owner + "." + strings.TrimSuffix(name, "s"), name} {
			known := b.pool.Texts[key]
			if len(known) == 0 {
				continue
			}
			text := one(b, known)
			if at.name() == "startsWith" && b.chance(70) {
				letters := []rune(text)
				text = string(letters[:b.rand.IntN(len(letters)+1)])
			}
			return text
		}
	}
	return one(b, b.pool.Texts["search"])
}
