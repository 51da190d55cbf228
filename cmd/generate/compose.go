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
		Funcs:    map[string]any{"answer": answer, "base": func(n string) string { return "base" + n }},
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

// Checked are the fields that the start must find declared; a payload's object is found by its key.
func (j *joined) Checked() []*codegen.Field {
	if j.Root || strings.HasSuffix(j.Name, "Payload") {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(j.Declared), func(f *codegen.Field) bool { return f.Name == "_extension" })
}

// answer is the body of a resolver that reads what is declared.
func answer(f *codegen.Field) string {
	read := templates.CurrentImports.Lookup(module + "/core/read")
	named := func(t types.Type) string { return templates.CurrentImports.LookupType(t) }
	target := f.TypeReference.Target
	if f.Name == "_extension" {
		key := "obj.ID"
		if f.Object.Root {
			key = templates.CurrentImports.Lookup("github.com/google/uuid") + ".Nil"
		}
		return fmt.Sprintf("%s.At(ctx, %q, %s, slot)", templates.CurrentImports.Lookup(module+"/core/extension"), f.Object.Name, key)
	}
	isObject := f.TypeReference.Definition.Kind == ast.Object
	page, isPage := types.Unalias(target).(*types.Named)
	isPage = isPage && strings.HasSuffix(f.Type.Name(), "Connection") && page.TypeArgs().Len() == 1
	switch {
	case isPage && f.Object.Root:
		return fmt.Sprintf("%s.All[%s](ctx, d.reads)", read, named(page.TypeArgs().At(0)))
	case isPage:
		return fmt.Sprintf("%s.Page[%s](ctx, d.reads, obj)", read, named(page.TypeArgs().At(0)))
	case isObject && f.Object.Root:
		return fmt.Sprintf("%s.Get[%s](ctx, d.reads, id)", read, named(target))
	case isObject && strings.HasSuffix(f.Object.Name, "Payload"):
		return fmt.Sprintf("%s.Changed[%s](ctx, d.reads, obj.Key)", read, named(target))
	case isObject:
		return fmt.Sprintf("%s.One[%s](ctx, d.reads, obj)", read, named(target))
	default:
		return fmt.Sprintf("%s.Value[%s](ctx, d.reads, obj)", read, named(f.TypeReference.GO))
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
