package main

import (
	"fmt"
	"go/types"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/tools/go/packages"
)

// binder gives each GraphQL type its Go type, and marks the fields that are resolved: those whose
// Go struct has no such field; relations, whose field is there for its bun tag only; references,
// whose field holds a key only; and columns with a permission of their own.
type binder struct {
	words   *words
	modules *modules
}

func (*binder) Name() string { return "bind" }

func (b *binder) MutateConfig(cfg *config.Config) error {
	for name, def := range cfg.Schema.Types {
		if def.BuiltIn || isRoot(name) || len(cfg.Models[name].Model) > 0 {
			continue
		}
		entry := cfg.Models[name]
		entry.Model = config.StringList{b.goType(name, def)}
		cfg.Models[name] = entry
		if def.Kind == ast.Object {
			b.markResolved(cfg, def)
		}
	}
	return nil
}

func (b *binder) goType(name string, def *ast.Definition) string {
	folder := filepath.Dir(def.Position.Src.Name)
	isInjected := def.Position.Src.Name == injected
	switch {
	case def.Kind == ast.InputObject && (strings.HasSuffix(name, "Filter") || strings.HasSuffix(name, "Order")):
		return "map[string]any" // read as it came: core/read checks it against the declaration
	case def.Kind == ast.Enum && strings.HasSuffix(name, "OrderField"):
		return "github.com/99designs/gqlgen/graphql.String" // a word of the declaration
	case isInjected && strings.HasSuffix(name, "Payload"):
		return module + "/core.Payload"
	case isInjected:
		return module + "/graph/page." + name
	default:
		return goPackage(folder) + "." + name
	}
}

func (b *binder) markResolved(cfg *config.Config, def *ast.Definition) {
	model := cfg.Models[def.Name]
	pkg, name, _ := cutLast(model.Model[0], ".")
	target := b.modules.lookup(pkg, name)
	if target == nil {
		return // gqlgen says which type is missing
	}
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") || hasPlainField(target, f.Name) && !isProtected(target, f) {
			continue
		}
		if model.Fields == nil {
			model.Fields = map[string]config.TypeMapField{}
		}
		model.Fields[f.Name] = config.TypeMapField{Resolver: true}
	}
	cfg.Models[def.Name] = model
}

// hasPlainField says whether the Go type holds the value itself: a field that is neither a relation
// nor a reference, or a method.
func hasPlainField(t types.Type, name string) bool {
	t = types.Unalias(t)
	methods := types.NewMethodSet(types.NewPointer(t))
	for i := range methods.Len() {
		if m := methods.At(i).Obj(); m.Exported() && strings.EqualFold(m.Name(), name) {
			return true
		}
	}
	f, tag := fieldOf(t, name)
	return f != nil && !strings.Contains(tag.Get("bun"), "rel:") && referred(f.Type()) == ""
}

// fieldOf is the field of a struct, or of one that it embeds, that shows the GraphQL field.
func fieldOf(t types.Type, name string) (*types.Var, reflect.StructTag) {
	s, ok := types.Unalias(t).Underlying().(*types.Struct)
	if !ok {
		return nil, ""
	}
	for i := range s.NumFields() {
		f := s.Field(i)
		if f.Exported() && strings.EqualFold(f.Name(), name) && !f.Embedded() {
			return f, reflect.StructTag(s.Tag(i))
		}
		if !f.Embedded() {
			continue
		}
		if inner, tag := fieldOf(f.Type(), name); inner != nil {
			return inner, tag
		}
	}
	return nil, ""
}

// isProtected says whether the field is a column of a declared type that has a permission of its own.
func isProtected(model types.Type, f *ast.FieldDefinition) bool {
	_, tag := fieldOf(model, f.Name)
	column := tag.Get("bun")
	return embeds(model, module+"/core/read", "Row") && f.Directives.ForName("can") != nil && column != "" && !strings.Contains(column, "rel:")
}

// referred says which of core/read's references a Go type is: Ref, Refs, AnyRef or none.
func referred(t types.Type) string {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != module+"/core/read" {
		return ""
	}
	if name := named.Obj().Name(); name == "Ref" || name == "Refs" || name == "AnyRef" {
		return name
	}
	return ""
}

// embeds says whether t is the named type or a struct that embeds it.
func embeds(t types.Type, pkg, name string) bool {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	t = types.Unalias(t)
	if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == pkg && named.Obj().Name() == name {
		return true
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for i := range s.NumFields() {
		if f := s.Field(i); f.Embedded() && embeds(f.Type(), pkg, name) {
			return true
		}
	}
	return false
}

// modules are the type-checked packages that types are bound to.
type modules struct {
	packages map[string]*types.Package
	folders  []string // the modules' folders, in order
}

func loadModules() (*modules, error) {
	folders, err := filepath.Glob("modules/*/*.graphqls")
	if err != nil {
		return nil, err
	}
	m := &modules{packages: map[string]*types.Package{}}
	paths := []string{module + "/core", module + "/core/read", module + "/graph/page"}
	for _, file := range folders {
		folder := filepath.Dir(file)
		if slices.Contains(m.folders, folder) { // of which this is a further file
			continue
		}
		m.folders = append(m.folders, folder)
		paths = append(paths, module+"/"+folder)
	}
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile}, paths...)
	if err != nil {
		return nil, err
	}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s does not compile: %w", p.PkgPath, p.Errors[0])
		}
		m.packages[p.PkgPath] = p.Types
	}
	return m, nil
}

func (m *modules) lookup(pkg, name string) types.Type {
	p := m.packages[pkg]
	if p == nil || p.Scope().Lookup(name) == nil {
		return nil
	}
	return p.Scope().Lookup(name).Type()
}

// resolves says whether the module wrote that field's resolver by hand.
func (m *modules) resolves(folder, object, method string) bool {
	t := m.lookup(module+"/"+folder, object+"Resolver")
	if t == nil {
		return false
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, m.packages[module+"/"+folder], method)
	_, isFunc := obj.(*types.Func)
	return isFunc
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
