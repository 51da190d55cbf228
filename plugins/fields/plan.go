package fields

import (
	"context"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core/extension"
)

// Compiler makes parts of the fields that the plugins of one schema own. Safe for use by many
// goroutines.
type Compiler struct {
	Schema *Schema
	// Refer is the part of the core that answers the selection of a field for objects of a type, whose
	// ids it is given as parents.
	Refer func(op *graphql.OperationContext, f graphql.CollectedField, typ string) extension.Part
	// May is nil when the caller holds the permission anywhere, and otherwise the refusal.
	May func(ctx context.Context, permission string) error
	// Fresh is the context with the caller's rights as they are now, for subscriptions; nil: as they were.
	Fresh func(ctx context.Context) (context.Context, error)
	// Check refuses a text of one of the core's scalars that is none; a scalar without is any JSON.
	Check map[string]func(v any) error
}

// part is a field that a function of a plugin answers.
type part struct {
	*Compiler
	source  *Source
	object  string
	field   graphql.CollectedField
	can     string // the permission; empty: none is asked
	value   *value
	selects []string
}

// Source is what is asked once a round.
func (p *part) Source() any { return p.source }

// value is how a field's value is completed.
type value struct {
	leaf   *ast.Definition           // of scalars and enums
	shapes map[string]*shape         // by the type of the value
	refs   map[string]extension.Part // of core objects with an id, by type
	single string                    // the only type that there is; empty: the value says which
}

// shape is what is selected of a value of one type.
type shape struct {
	name    string
	members []*member
}

// member is one field of a value.
type member struct {
	field *ast.Field
	step  ast.PathElement
	text  string // its name as JSON
	name  string // of the property
	typ   *ast.Type
	can   string
	value *value
	part  *part // answers it where the value has no such property; nil: nobody does
	asked bool  // it has arguments, so that no property can answer it
}

// Part is the field as a part of an operation; nil when it is the core's.
func (c *Compiler) Part(op *graphql.OperationContext, object string, f graphql.CollectedField) extension.Part {
	if source := c.Schema.Owner(object, f.Name); source != nil && f.Name != "__typename" {
		return c.part(op, source, object, f)
	}
	return nil
}

func (c *Compiler) part(op *graphql.OperationContext, source *Source, object string, f graphql.CollectedField) *part {
	p := &part{Compiler: c, source: source, object: object, field: f, can: PermissionOf(f.Definition), value: c.value(op, f)}
	for _, of := range p.value.shapes {
		for _, m := range of.members {
			if m.name != "__typename" && !slices.Contains(p.selects, m.name) {
				p.selects = append(p.selects, m.name)
			}
		}
	}
	slices.Sort(p.selects)
	return p
}

// PermissionOf is what @can asks for a field; empty where it asks for none.
func PermissionOf(def *ast.FieldDefinition) string {
	if can := def.Directives.ForName("can"); can != nil {
		return can.Arguments.ForName("permission").Value.Raw
	}
	return ""
}

// value plans the completion of a field's value: leaves are checked, objects of the core with an id are
// the core's to read, anything else is taken from the value itself.
func (c *Compiler) value(op *graphql.OperationContext, f graphql.CollectedField) *value {
	def := c.Schema.Schema.Types[f.Definition.Type.Name()]
	if def.IsLeafType() {
		return &value{leaf: def}
	}
	v := &value{shapes: map[string]*shape{}, refs: map[string]extension.Part{}}
	types := []*ast.Definition{def}
	if def.IsAbstractType() {
		types = c.Schema.Schema.GetPossibleTypes(def)
	} else {
		v.single = def.Name
	}
	for _, t := range types {
		if c.isRef(t) {
			v.refs[t.Name] = c.Refer(op, f, t.Name)
		} else {
			v.shapes[t.Name] = c.shape(op, t, f.Selections)
		}
	}
	return v
}

// isRef says whether objects of the type are the core's, known by their id.
func (c *Compiler) isRef(t *ast.Definition) bool {
	return c.Schema.Types[t.Name] == nil && slices.Contains(t.Interfaces, "Node")
}

func (c *Compiler) shape(op *graphql.OperationContext, t *ast.Definition, set ast.SelectionSet) *shape {
	s := &shape{name: t.Name}
	for _, f := range c.Schema.Collect(op, t, set) {
		m := &member{field: f.Field, step: ast.PathName(f.Alias), text: strconv.Quote(f.Alias) + ":", name: f.Name}
		s.members = append(s.members, m)
		if f.Name == "__typename" {
			continue
		}
		// On an interface the definition is the interface's: the type's own may be stricter.
		m.typ, m.can = t.Fields.ForName(f.Name).Type, PermissionOf(t.Fields.ForName(f.Name))
		if own := c.Schema.Types[t.Name]; own != nil && own.Functions[t.Name+"."+f.Name] {
			m.part = c.part(op, own, t.Name, f)
			m.value, m.asked = m.part.value, len(f.Definition.Arguments) > 0
			continue
		}
		m.value = c.value(op, f)
	}
	return s
}

// Collect is what a selection wants of an object, whichever of its interfaces and unions it is selected of.
// gqlgen, which knows no type that is in several, would give a name of two of them twice.
func (s *Schema) Collect(op *graphql.OperationContext, def *ast.Definition, set ast.SelectionSet) []graphql.CollectedField {
	satisfies := append([]string{def.Name}, def.Interfaces...)
	for _, of := range s.Schema.GetImplements(def) {
		satisfies = append(satisfies, of.Name)
	}
	var all []graphql.CollectedField
	for _, f := range graphql.CollectFields(op, set, satisfies) {
		i := slices.IndexFunc(all, func(had graphql.CollectedField) bool { return had.Alias == f.Alias })
		if i < 0 {
			all = append(all, f)
			continue
		}
		all[i].Selections = slices.Concat(all[i].Selections, f.Selections)
	}
	return all
}
