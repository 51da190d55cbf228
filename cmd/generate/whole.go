package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// The tests hold Veche with its plugins against one plain gqlgen server with the whole schema: the core's
// and that of these plugins, as far as Query leads. It is written into its own folder, and is of no use but
// for those tests.
var wholePlugins = []string{"plugins/territorialorder/territorialorder.graphqls", "plugins/examples/snowclearing/snowclearing.graphqls"}

const wholeFolder = "cmd/veche/house/whole"

// generateWhole writes that server.
func generateWhole(words *words, modules *modules) error {
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		return err
	}
	cfg.Sources = append(cfg.Sources, words.source)
	for _, name := range wholePlugins {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		cfg.Sources = append(cfg.Sources, &ast.Source{Name: name, Input: string(text)})
	}
	full, err := gqlparser.LoadSchema(cfg.Sources...)
	if err != nil {
		return err
	}
	cfg.Sources = leadingFromQuery(full)
	cfg.Exec = config.ExecConfig{Package: "whole", Layout: config.ExecLayoutFollowSchema, DirName: wholeFolder, FilenameTemplate: "{name}.generated.go"}
	cfg.OmitComplexity = true
	cfg.Models.Add("ID", "github.com/99designs/gqlgen/graphql.ID")
	if err := clean(wholeFolder); err != nil {
		return err
	}
	if err := api.Generate(cfg, api.PrependPlugin(&wholeBinder{words, modules}), api.AddPlugin(wholeResolvers{})); err != nil {
		return err
	}
	return tagWhole()
}

// tagWhole keeps the server out of every build but that of its test: it takes longer to compile and to lint
// than all that is written by hand.
func tagWhole() error {
	all, err := filepath.Glob(wholeFolder + "/*.generated.go")
	if err != nil {
		return err
	}
	for _, name := range all {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, append([]byte("//go:build whole\n\n"), text...), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// leadingFromQuery are the sources with what can be come to from Query. What plugins add to the core's types
// stays in their sources.
func leadingFromQuery(full *ast.Schema) []*ast.Source {
	by := map[string]*ast.SchemaDocument{}
	doc := func(p *ast.Position) *ast.SchemaDocument {
		if by[p.Src.Name] == nil {
			by[p.Src.Name] = &ast.SchemaDocument{}
		}
		return by[p.Src.Name]
	}
	for _, def := range comeTo(full) {
		d, own := doc(def.Position), *def
		own.Fields = nil
		for _, f := range def.Fields {
			if !ofPlugin(f.Position) || ofPlugin(def.Position) {
				own.Fields = append(own.Fields, f)
				continue
			}
			theirs := doc(f.Position)
			theirs.Extensions = append(theirs.Extensions, &ast.Definition{Kind: def.Kind, Name: def.Name, Fields: ast.FieldList{f}})
		}
		d.Definitions = append(d.Definitions, &own)
	}
	for _, name := range slices.Sorted(maps.Keys(full.Directives)) {
		if directive := full.Directives[name]; directive.Position != nil && !directive.Position.Src.BuiltIn {
			d := doc(directive.Position)
			d.Directives = append(d.Directives, directive)
		}
	}
	var sources []*ast.Source
	for _, name := range slices.Sorted(maps.Keys(by)) {
		var out bytes.Buffer
		formatter.NewFormatter(&out, formatter.WithIndent(" "), formatter.WithoutDescription()).FormatSchemaDocument(by[name])
		sources = append(sources, &ast.Source{Name: name, Input: out.String()})
	}
	return sources
}

// comeTo are the types to which Query leads, by name, without the hidden fields.
func comeTo(full *ast.Schema) []*ast.Definition {
	keep := map[string]*ast.Definition{}
	var visit func(name string)
	visit = func(name string) {
		def := full.Types[name]
		if keep[name] != nil || def.BuiltIn {
			return
		}
		keep[name] = def
		def.Fields = slices.DeleteFunc(def.Fields, func(f *ast.FieldDefinition) bool {
			return f.Name == "_extension" || strings.HasPrefix(f.Name, "__")
		})
		for _, f := range def.Fields {
			visit(f.Type.Name())
			for _, a := range f.Arguments {
				visit(a.Type.Name())
			}
		}
		for _, of := range slices.Concat(full.PossibleTypes[name], full.Implements[name]) {
			visit(of.Name)
		}
	}
	visit("Query")
	all := make([]*ast.Definition, 0, len(keep))
	for _, name := range slices.Sorted(maps.Keys(keep)) {
		all = append(all, keep[name])
	}
	return all
}

// ofPlugin says whether something was written in a plugin's schema.
func ofPlugin(p *ast.Position) bool { return p != nil && strings.HasPrefix(p.Src.Name, "plugins/") }

// wholeBinder gives the core's types the Go types that they have in graph, and the plugins' what JSON gives:
// maps for objects and texts for enums. What plugins add to the core, and all fields of theirs, are resolved.
type wholeBinder struct {
	words   *words
	modules *modules
}

func (*wholeBinder) Name() string { return "bind" }

func (w *wholeBinder) MutateConfig(cfg *config.Config) error {
	b := binder{w.words, w.modules}
	for name, def := range cfg.Schema.Types {
		if def.BuiltIn || isRoot(name) || len(cfg.Models[name].Model) > 0 {
			continue
		}
		if !ofPlugin(def.Position) {
			cfg.Models[name] = config.TypeMapEntry{Model: config.StringList{b.goType(name, def)}, Fields: cfg.Models[name].Fields}
			if def.Kind == ast.Object {
				b.markResolved(cfg, def)
			}
			continue
		}
		entry := config.TypeMapEntry{Model: config.StringList{"map[string]any"}, Fields: map[string]config.TypeMapField{}}
		if def.Kind == ast.Enum {
			entry.Model = config.StringList{"github.com/99designs/gqlgen/graphql.String"}
		}
		for _, f := range def.Fields {
			entry.Fields[f.Name] = config.TypeMapField{Resolver: true}
		}
		cfg.Models[name] = entry
	}
	return nil
}

//go:embed whole.gotpl
var wholeTemplate string

// wholeResolvers writes the server's resolvers: the core's are graph's own, a plugin's ask the plugin.
type wholeResolvers struct{}

func (wholeResolvers) Name() string { return "resolvers" }

// wholeObject is an object with its resolvers.
type wholeObject struct {
	*codegen.Object
	Core   bool             // graph resolves some of it
	Theirs []*codegen.Field // what plugins answer
}

func (wholeResolvers) GenerateCode(data *codegen.Data) error {
	if err := ownIDs(data); err != nil {
		return err
	}
	var objects []wholeObject
	for _, o := range data.Objects {
		if strings.HasPrefix(o.Name, "__") || !o.HasResolvers() {
			continue
		}
		one := wholeObject{Object: o, Core: !strings.HasPrefix(o.Position.Src.Name, "plugins/")}
		for _, f := range o.Fields {
			if f.IsResolver && ofPlugin(f.Position) {
				one.Theirs = append(one.Theirs, f)
			}
		}
		objects = append(objects, one)
	}
	return templates.Render(templates.Options{
		PackageName: "whole", Filename: filepath.Join(wholeFolder, "resolvers.generated.go"), Template: wholeTemplate, GeneratedHeader: true,
		Data: objects, Funcs: map[string]any{"parent": parentOf}, Packages: data.Config.Packages,
	})
}

// ownIDs has the ids that plugins' fields are given be texts: what is right in them is the plugin's to say.
func ownIDs(data *codegen.Data) error {
	binder := data.Config.NewBinder()
	for _, o := range data.Objects {
		for _, f := range o.Fields {
			for _, arg := range f.Args {
				if !ofPlugin(f.Position) || arg.Type.Name() != "ID" || arg.Type.Elem != nil {
					continue
				}
				to := types.Type(types.Typ[types.String])
				if !arg.Type.NonNull {
					to = types.NewPointer(to)
				}
				var err error
				if arg.TypeReference, err = binder.TypeReference(arg.Type, to); err != nil {
					return err
				}
				data.ReferencedTypes[arg.TypeReference.UniquenessKey()] = arg.TypeReference
			}
		}
	}
	return nil
}

// parentOf is the object whose field a plugin is asked for, as it is handed to the plugin: what it said
// itself, or a core object's id.
func parentOf(f *codegen.Field) string {
	switch {
	case f.Object.Root:
		return "nil"
	case ofPlugin(f.Object.Position):
		return "obj"
	}
	return fmt.Sprintf("named(core.ID{Type: %q, Key: obj.ID})", f.Object.Name)
}
