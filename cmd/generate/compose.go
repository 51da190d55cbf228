package main

import (
	_ "embed"
	"fmt"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed compose.gotpl
var composeTemplate string

// composer writes graph/compose.generated.go: one resolver a type, joined from what its modules
// wrote by hand and what is read from declarations.
type composer struct{ modules *modules }

func (*composer) Name() string { return "compose" }

// joined is one object's resolver.
type joined struct {
	*codegen.Object
	Parts    []part           // modules that wrote resolvers for it
	Base     bool             // graph itself did
	ByHand   []*codegen.Field // what they wrote
	Declared []*codegen.Field // the rest is read from declarations
}

type part struct {
	Module string // its package's name
	Alias  string
}

func (c *composer) GenerateCode(data *codegen.Data) error {
	var objects []*joined
	for _, o := range data.Objects {
		if !strings.HasPrefix(o.Name, "__") && o.HasResolvers() {
			objects = append(objects, c.join(o))
		}
	}
	names := make([]string, len(c.modules.folders))
	for i, folder := range c.modules.folders {
		names[i] = filepath.Base(folder)
	}
	return templates.Render(templates.Options{
		PackageName: "graph", Filename: "graph/compose.generated.go", Template: composeTemplate, GeneratedHeader: true,
		Data: struct {
			Modules []string
			Objects []*joined
			Priced  []*codegen.Field
		}{names, objects, priced(data)},
		Funcs:    map[string]any{"answer": answer, "idIn": idIn, "base": func(n string) string { return "base" + n }},
		Packages: data.Config.Packages,
	})
}

func (c *composer) join(o *codegen.Object) *joined {
	j := &joined{Object: o}
	seen := map[string]bool{}
	for _, f := range o.Fields {
		if !f.IsResolver {
			continue
		}
		folder := filepath.Dir(f.Position.Src.Name)
		switch {
		case f.Name != "_extension" && folder == "graph":
			j.Base = true
		case c.modules.resolves(folder, o.Name, f.GoFieldName):
			if !o.Root {
				j.ByHand = append(j.ByHand, f)
			}
			if name := filepath.Base(folder); !seen[name] {
				seen[name] = true
				j.Parts = append(j.Parts, part{Module: name, Alias: name + o.Name})
			}
		default:
			j.Declared = append(j.Declared, f)
		}
	}
	return j
}

// Checked are the fields that the start must find declared, groups with theirs; objects that are
// known by a key are not.
func (j *joined) Checked() []string {
	if j.Root {
		return nil
	}
	var names []string
	for _, f := range j.Declared {
		if f.Name == "_extension" || holds(f) != "" {
			continue
		}
		names = append(names, f.Name)
		if isGroup(f) {
			for _, part := range f.TypeReference.Definition.Fields {
				names = append(names, f.Name+"."+part.Name)
			}
		}
	}
	return names
}

// Protected are the columns with a permission of their own.
func (j *joined) Protected() []*codegen.Field {
	if j.Root {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(j.Declared), func(f *codegen.Field) bool { return !isProtected(j.Type, f.FieldDefinition) })
}

// Roots are the declared fields of Query.
func (j *joined) Roots() []*codegen.Field {
	return slices.DeleteFunc(slices.Clone(j.Declared), func(f *codegen.Field) bool { return f.Name == "_extension" })
}

// References are the fields whose one object is known by the key that their own object holds.
func (j *joined) References() []*codegen.Field {
	return slices.DeleteFunc(slices.Clone(j.Declared), func(f *codegen.Field) bool {
		kind := holds(f)
		return kind == "" || kind == "Refs" || f.FieldDefinition.Type.NonNull
	})
}

// holds says what of the field's object its own object holds: a payload's Key; a Ref, Refs or AnyRef;
// nothing.
func holds(f *codegen.Field) string {
	if f.Object.Root {
		return ""
	}
	if held, _ := fieldOf(f.Object.Type, f.Name); held != nil {
		return referred(held.Type())
	}
	if embeds(f.Object.Type, module+"/core", "Payload") && isRow(f) {
		return "Key"
	}
	return ""
}

// isRow says whether the field shows one object of a declared type.
func isRow(f *codegen.Field) bool {
	return f.TypeReference.Definition.Kind == ast.Object && embeds(f.TypeReference.Target, module+"/core/read", "Row")
}

// isGroup says whether the field shows several expressions of a row as one object.
func isGroup(f *codegen.Field) bool {
	return f.TypeReference.Definition.Kind == ast.Object && !isRow(f) && !strings.HasSuffix(f.Type.Name(), "Connection")
}

// keyIn is the key that an object holds of another, of any type its id.
func keyIn(f *codegen.Field, object string) string {
	lookup := templates.CurrentImports.Lookup
	if holds(f) == "Key" {
		return object + ".Key"
	}
	held, _ := fieldOf(f.Object.Type, f.Name)
	value := object + "." + held.Name()
	switch holds(f) {
	case "Ref":
		return lookup("github.com/google/uuid") + ".UUID(" + value + ")"
	case "AnyRef":
		return lookup(module+"/core") + ".ID(" + value + ")"
	}
	return value
}

// idIn is the id that an object holds of another.
func idIn(f *codegen.Field, object string) string {
	key := keyIn(f, fmt.Sprintf("%s.(%s)", object, templates.CurrentImports.LookupType(f.Object.Reference())))
	if holds(f) == "AnyRef" {
		return key
	}
	return fmt.Sprintf("idOf(%q, %s)", f.Type.Name(), key)
}

// answer is the body of a resolver that reads what is declared.
func answer(f *codegen.Field) string {
	read := templates.CurrentImports.Lookup(module + "/core/read")
	named := func(t types.Type) string { return templates.CurrentImports.LookupType(t) }
	target := f.TypeReference.Target
	if f.Name == "_extension" {
		parent := "obj"
		switch {
		case f.Object.Root:
			parent = "nil"
		case slices.Contains(f.Object.Definition.Interfaces, "Node"):
			parent = fmt.Sprintf("%s.ID{Type: %q, Key: obj.ID}", templates.CurrentImports.Lookup(module+"/core"), f.Object.Name)
		}
		return fmt.Sprintf("%s.At(ctx, %s, slot)", templates.CurrentImports.Lookup(module+"/core/extension"), parent)
	}
	page, isPage := types.Unalias(target).(*types.Named)
	isPage = isPage && strings.HasSuffix(f.Type.Name(), "Connection") && page.TypeArgs().Len() == 1
	switch {
	case isPage && f.Object.Root:
		return fmt.Sprintf("%s.All[%s](ctx, d.reads)", read, named(page.TypeArgs().At(0)))
	case isPage:
		return fmt.Sprintf("%s.Page[%s](ctx, d.reads, obj)", read, named(page.TypeArgs().At(0)))
	case isRow(f) && f.Object.Root:
		return fmt.Sprintf("%s.Get[%s](ctx, d.reads, id)", read, named(target))
	}
	switch holds(f) {
	case "Key", "Ref":
		return fmt.Sprintf("%s.Changed[%s](ctx, d.reads, %s)", read, named(target), keyIn(f, "obj"))
	case "Refs":
		return fmt.Sprintf("%s.Many[%s](ctx, d.reads, %s)", read, named(target), keyIn(f, "obj"))
	case "AnyRef":
		return fmt.Sprintf("d.reads.Object(ctx, %s)", keyIn(f, "obj"))
	}
	return read + "." + answerOfRow(f, named)
}

// answerOfRow is how a field of a declared type is answered.
func answerOfRow(f *codegen.Field, named func(types.Type) string) string {
	switch {
	case f.TypeReference.Definition.Kind == ast.Interface:
		return "Refer(ctx, d.reads, obj)"
	case isRow(f):
		return fmt.Sprintf("One[%s](ctx, d.reads, obj)", named(f.TypeReference.Target))
	case isGroup(f):
		return fmt.Sprintf("Grouped[%s](ctx, d.reads, obj)", named(f.TypeReference.Target))
	case isProtected(f.Object.Type, f.FieldDefinition):
		return fmt.Sprintf("Column[%s](ctx, d.reads, obj)", named(f.TypeReference.GO))
	default:
		return fmt.Sprintf("Value[%s](ctx, d.reads, obj)", named(f.TypeReference.GO))
	}
}

// priced are the fields that give a page: their cost is the page's size times a row's.
func priced(data *codegen.Data) []*codegen.Field {
	var all []*codegen.Field
	for _, o := range data.Objects {
		for _, f := range o.Fields {
			if slices.ContainsFunc(f.Args, func(a *codegen.FieldArgument) bool { return a.Name == "first" }) {
				all = append(all, f)
			}
		}
	}
	return all
}
