package catalog

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// SchemaChanges are what another SDL adds and takes away, as coordinates: Type.field(argument:).
type SchemaChanges struct {
	Added, Removed []string
	// Breaking are those that operations which were right may break by, with the words why.
	Breaking []string
}

// element is one thing of an SDL that operations can name.
type element struct {
	typ      *ast.Type
	in       bool // given by clients: an argument, or a field of an input
	required bool // and must be given
}

// compare holds two SDLs of a plugin together. Both may extend types that they do not define.
func compare(before, after string) (SchemaChanges, error) {
	changes := SchemaChanges{Added: []string{}, Removed: []string{}, Breaking: []string{}}
	was, err := elements(before)
	if err != nil {
		return changes, err
	}
	is, err := elements(after)
	if err != nil {
		return changes, err
	}
	for name, element := range is {
		if _, there := was[name]; !there {
			changes.Added = append(changes.Added, name)
			if element.required && parentThere(was, name) {
				changes.Breaking = append(changes.Breaking, name+": must be given now")
			}
		}
	}
	for name, old := range was {
		switch now, there := is[name]; {
		case !there:
			changes.Removed = append(changes.Removed, name)
			changes.Breaking = append(changes.Breaking, name+": is gone")
		case !fits(old, now):
			changes.Breaking = append(changes.Breaking, name+": was "+old.typ.String()+", is "+now.typ.String())
		}
	}
	slices.Sort(changes.Added)
	slices.Sort(changes.Removed)
	slices.Sort(changes.Breaking)
	return changes, nil
}

// parentThere says whether what the new argument or input field belongs to was there before.
func parentThere(was map[string]element, name string) bool {
	parent := name[:strings.LastIndexAny(name, ".(")]
	_, there := was[parent]
	return there
}

// fits says whether what was right with the old type is right with the new one: clients may be given
// less than null, and may give more.
func fits(old, now element) bool {
	if old.typ == nil || now.typ == nil {
		return (old.typ == nil) == (now.typ == nil)
	}
	if old.in {
		return narrower(old.typ, now.typ)
	}
	return narrower(now.typ, old.typ)
}

// narrower says whether a value of the type a is one of b.
func narrower(a, b *ast.Type) bool {
	switch {
	case b.NonNull && !a.NonNull:
		return false
	case (a.Elem == nil) != (b.Elem == nil):
		return false
	case a.Elem != nil:
		return narrower(a.Elem, b.Elem)
	default:
		return a.NamedType == b.NamedType
	}
}

func elements(sdl string) (map[string]element, error) {
	doc, err := parser.ParseSchema(&ast.Source{Name: "schema", Input: sdl})
	if err != nil {
		return nil, err
	}
	all := map[string]element{}
	for _, def := range doc.Definitions {
		all[def.Name] = element{}
		within(all, def)
	}
	for _, def := range doc.Extensions {
		within(all, def)
	}
	return all, nil
}

func within(all map[string]element, def *ast.Definition) {
	for _, f := range def.Fields {
		input := def.Kind == ast.InputObject
		all[def.Name+"."+f.Name] = element{typ: f.Type, in: input, required: input && f.Type.NonNull && f.DefaultValue == nil}
		for _, a := range f.Arguments {
			all[def.Name+"."+f.Name+"("+a.Name+":)"] = element{typ: a.Type, in: true, required: a.Type.NonNull && a.DefaultValue == nil}
		}
	}
	for _, v := range def.EnumValues {
		all[def.Name+"."+v.Name] = element{}
	}
	for _, name := range def.Types {
		all[def.Name+" | "+name] = element{}
	}
	for _, name := range def.Interfaces {
		all[def.Name+" & "+name] = element{}
	}
}
