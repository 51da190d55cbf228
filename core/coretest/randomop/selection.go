package randomop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

const typename = "__typename"

// set selects from a type whose objects are at most rows; it nests no more than levels deep.
func (b *builder) set(on *ast.Definition, s scope, levels, rows int) ast.SelectionSet {
	var set ast.SelectionSet
	if on.IsAbstractType() && b.chance(80) {
		set = append(set, b.typename(on, s))
	}
	for range 1 + b.rand.IntN(4) {
		if selection := b.selection(on, s, levels, rows); selection != nil {
			set = append(set, selection)
		}
	}
	if len(set) == 0 {
		set = append(set, b.typename(on, s))
	}
	return set
}

func (b *builder) selection(on *ast.Definition, s scope, levels, rows int) ast.Selection {
	switch roll := b.rand.IntN(100); {
	case levels > 0 && (roll < 9 || on.IsAbstractType() && roll < 80):
		return b.fragment(on, s, levels, rows)
	case levels > 0 && roll < 20:
		if f := b.again(on, s, levels, rows); f != nil {
			return f
		}
	case roll < 22:
		return b.typename(on, s)
	}
	def := b.pick(on, levels, rows)
	if def == nil {
		return nil
	}
	if f := b.asked(on, def, s, levels, rows); f != nil {
		return f
	}
	return nil
}

// pick is a field that may be asked here, rather one that was asked seldom.
func (b *builder) pick(on *ast.Definition, levels, rows int) *ast.FieldDefinition {
	deep := levels > 1 && !b.exhausted(rows)
	var leaves, objects []*ast.FieldDefinition
	for _, f := range on.Fields {
		switch {
		case strings.HasPrefix(f.Name, "__") || b.avoided(on.Name+"."+f.Name) || b.avoided(f.Type.Name()):
		case isLeaf(b.schema, f):
			leaves = append(leaves, f)
		case deep:
			objects = append(objects, f)
		}
	}
	coordinate := func(f *ast.FieldDefinition) string { return on.Name + "." + f.Name }
	hungry := slices.DeleteFunc(slices.Clone(objects), func(f *ast.FieldDefinition) bool { return !b.hungry(coordinate(f)) })
	switch {
	case len(hungry) > 0 && b.chance(25):
		return one(b, hungry)
	case len(leaves)+len(objects) == 0:
		return nil
	case len(objects) > 0 && (len(leaves) == 0 || b.chance(50)):
		return least(b, objects, coordinate)
	case len(leaves) > 0:
		return least(b, leaves, coordinate)
	}
	return nil
}

func (b *builder) avoided(coordinate string) bool { return b.avoid != nil && b.avoid(coordinate) }

// asked is a field with its arguments and all below it; nil when it finds no name.
func (b *builder) asked(on *ast.Definition, def *ast.FieldDefinition, s scope, levels, rows int) *ast.Field {
	f := &ast.Field{Name: def.Name, Alias: def.Name, Definition: def, ObjectDefinition: on}
	args := b.arguments(on, def, rows)
	f.Arguments, b.each[f] = args.all, args.rows
	if !b.name(f, s) {
		return nil
	}
	b.use(on.Name + "." + def.Name)
	for _, a := range f.Arguments {
		b.use(on.Name + "." + def.Name + "(" + a.Name + ":)")
	}
	return b.below(f, s.place(f), levels, rows)
}

// below gives a field its directives and what it selects.
func (b *builder) below(f *ast.Field, e *entry, levels, rows int) *ast.Field {
	f.Directives = b.directives()
	b.spent.price += rows
	b.spent.fields++
	if !isLeaf(b.schema, f.Definition) {
		f.SelectionSet = b.set(b.schema.Types[f.Definition.Type.Name()], e.below, levels-1, rows*max(1, b.each[f]))
	}
	return f
}

// again asks for what is asked already, with the same arguments, and selects anew below it: the
// two are to be merged.
func (b *builder) again(on *ast.Definition, s scope, levels, rows int) *ast.Field {
	var found []*ast.Field
	for _, alias := range sorted(s.names) {
		for _, f := range s.names[alias].fields {
			if f.ObjectDefinition == on && !isLeaf(b.schema, f.Definition) {
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 || b.exhausted(rows) {
		return nil
	}
	like := one(b, found)
	f := &ast.Field{Name: like.Name, Alias: like.Alias, Definition: like.Definition, ObjectDefinition: on, Arguments: like.Arguments}
	if f.Alias != f.Name {
		if b.spent.aliases >= most.aliases {
			return nil
		}
		b.spent.aliases++
	}
	b.each[f] = b.each[like]
	return b.below(f, s.place(f), levels, rows)
}

func (b *builder) typename(on *ast.Definition, s scope) ast.Selection {
	f := &ast.Field{Name: typename, Alias: typename, ObjectDefinition: on, Definition: &ast.FieldDefinition{Name: typename, Type: ast.NonNullNamedType("String", nil)}}
	if b.chance(15) && !b.name(f, s) {
		f.Alias = typename
	}
	b.spent.fields++
	s.place(f)
	return f
}

// shared are aliases that stand for many things: a name of a field that it is not, above all id.
var shared = []string{"id", "id", "nodes", "name", "node", "edges", "totalCount", "cursor", "key", "data", "errors", "object"}

// name finds a response name for the field: mostly its own, at times another's, and one of no other
// where those are taken.
func (b *builder) name(f *ast.Field, s scope) bool {
	mayAlias := b.spent.aliases < most.aliases
	if mayAlias && b.chance(25) {
		f.Alias = one(b, shared)
		if fields := f.ObjectDefinition.Fields; len(fields) > 0 && b.chance(30) { // a union has none
			f.Alias = one(b, fields).Name
		}
		if strings.HasPrefix(f.Alias, "__") {
			f.Alias = f.Name
		}
	}
	if !s.fits(f) {
		if !mayAlias {
			return false
		}
		f.Alias = fmt.Sprintf("%s%d", strings.TrimLeft(f.Name, "_"), b.spent.aliases)
		if !s.fits(f) {
			return false
		}
	}
	if f.Alias != f.Name {
		b.spent.aliases++
	}
	return true
}

// directives are none mostly, or skip or include or both.
func (b *builder) directives() (all ast.DirectiveList) {
	for _, name := range []string{"skip", "include"} {
		if b.spent.directives >= most.directives || !b.chance(5) {
			continue
		}
		b.spent.directives++
		of := b.schema.Directives[name]
		value := &ast.Value{Kind: ast.BooleanValue, Raw: fmt.Sprint((name == "include") == b.chance(70))}
		if b.chance(60) {
			value = b.variable(of.Arguments[0].Type, "@"+name, value)
		}
		all = append(all, &ast.Directive{Name: name, Definition: of, Arguments: ast.ArgumentList{{Name: "if", Value: value}}})
	}
	return all
}

// fragment selects through a fragment, inline or named.
func (b *builder) fragment(on *ast.Definition, s scope, levels, rows int) ast.Selection {
	if b.chance(45) {
		if spread := b.spread(on, s, levels, rows); spread != nil {
			return spread
		}
	}
	to := b.condition(on)
	if to.IsAbstractType() {
		levels-- // so that interfaces in interfaces come to an end
	}
	if b.chance(40) {
		set := b.set(to, s, levels, rows)
		f := &ast.FragmentDefinition{Name: fmt.Sprintf("f%d", len(b.fragments)+1), TypeCondition: to.Name, SelectionSet: set, Definition: to}
		b.fragments = append(b.fragments, f)
		return &ast.FragmentSpread{Name: f.Name, Definition: f, ObjectDefinition: on, Directives: b.directives()}
	}
	inline := &ast.InlineFragment{TypeCondition: to.Name, ObjectDefinition: on, Directives: b.directives()}
	if to == on && b.chance(50) {
		inline.TypeCondition = ""
	}
	inline.SelectionSet = b.set(to, s, levels, rows)
	return inline
}

// condition is a type that some of the parent's objects are of.
func (b *builder) condition(on *ast.Definition) *ast.Definition {
	if !on.IsAbstractType() {
		if b.chance(50) && len(on.Interfaces) > 0 {
			return b.schema.Types[one(b, on.Interfaces)]
		}
		return on
	}
	possible := slices.DeleteFunc(slices.Clone(b.schema.PossibleTypes[on.Name]), func(d *ast.Definition) bool { return b.avoided(d.Name) })
	if len(possible) == 0 || b.chance(8) {
		return on
	}
	slices.SortFunc(possible, func(x, y *ast.Definition) int { return strings.Compare(x.Name, y.Name) })
	to := least(b, possible, func(d *ast.Definition) string { return "on " + d.Name })
	b.Coverage.asked["on "+to.Name]++
	return to
}

// spread uses a named fragment once more, where one fits.
func (b *builder) spread(on *ast.Definition, s scope, levels, rows int) ast.Selection {
	var fitting []*ast.FragmentDefinition
	for _, f := range b.fragments {
		part := b.measure(f.SelectionSet, rows)
		if overlap(b.schema, on, f.Definition) && part.levels <= levels && b.spent.within(part) && s.allFit(f.SelectionSet) {
			fitting = append(fitting, f)
		}
	}
	if len(fitting) == 0 {
		return nil
	}
	f := one(b, fitting)
	s.placeAll(f.SelectionSet)
	b.spent.add(b.measure(f.SelectionSet, rows), 0)
	return &ast.FragmentSpread{Name: f.Name, Definition: f, ObjectDefinition: on, Directives: b.directives()}
}
