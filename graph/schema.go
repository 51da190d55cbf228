package graph

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/veche-city/veche/core"
)

// hidden is the field through which plugins join at run time; no schema that is served names it.
const hidden = "_extension"

// For is the schema of a municipality: what its modules bring, less those that are switched off.
// The same modules give the same pointer, by which the transport keeps its caches.
func (g *Graph) For(m *core.Municipality) graphql.ExecutableSchema {
	off := slices.Clone(m.DisabledModules)
	slices.Sort(off)
	key := strings.Join(slices.Compact(off), " ")
	g.mu.Lock()
	defer g.mu.Unlock()
	if s, ok := g.schemas[key]; ok {
		return s
	}
	config := g.config
	config.Schema = without(parsedSchema, off)
	s := compile(NewExecutableSchema(config), g.reads)
	g.schemas[key] = s
	return s
}

// SDL is the whole public schema as text, for code generators.
func SDL() string {
	var out bytes.Buffer
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatSchema(without(parsedSchema, nil))
	return out.String()
}

// without is a copy of the schema without the hidden field and what the modules brought: their
// fields and types, fields of those types elsewhere, and whatever nothing leads to any more.
func without(full *ast.Schema, off []string) *ast.Schema {
	s := *full
	s.Types = maps.Clone(full.Types)
	maps.DeleteFunc(s.Types, func(_ string, def *ast.Definition) bool { return gone(def.Position, off) })
	for name, def := range s.Types {
		s.Types[name] = prune(def, func(f *ast.FieldDefinition) bool {
			return f.Name == hidden || gone(f.Position, off) || s.Types[f.Type.Name()] == nil
		})
	}
	keep := reachable(&s)
	maps.DeleteFunc(s.Types, func(name string, def *ast.Definition) bool { return !keep[name] && !def.BuiltIn })
	s.Query, s.Mutation, s.Subscription = s.Types["Query"], s.Types["Mutation"], s.Types["Subscription"]
	s.PossibleTypes, s.Implements = map[string][]*ast.Definition{}, map[string][]*ast.Definition{}
	for name, defs := range full.PossibleTypes {
		s.PossibleTypes[name] = present(&s, defs)
	}
	for name, defs := range full.Implements {
		s.Implements[name] = present(&s, defs)
	}
	return &s
}

// gone says whether something was written in the folder of a module that is switched off.
func gone(p *ast.Position, off []string) bool {
	if p == nil || p.Src == nil {
		return false
	}
	folder := filepath.Dir(p.Src.Name)
	return filepath.Base(filepath.Dir(folder)) == "modules" && slices.Contains(off, filepath.Base(folder))
}

func prune(def *ast.Definition, drop func(*ast.FieldDefinition) bool) *ast.Definition {
	c := *def
	c.Fields = slices.DeleteFunc(slices.Clone(def.Fields), drop)
	return &c
}

// reachable are the types that a client can come to from the roots and the directives. A root
// without fields is not there.
func reachable(s *ast.Schema) map[string]bool {
	keep := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		def := s.Types[name]
		if def == nil || keep[name] || len(def.Fields) == 0 && (def.Kind == ast.Object || def.Kind == ast.InputObject) {
			return
		}
		keep[name] = true
		for _, f := range def.Fields {
			visit(f.Type.Name())
			for _, a := range f.Arguments {
				visit(a.Type.Name())
			}
		}
		for _, implementor := range s.PossibleTypes[name] {
			visit(implementor.Name)
		}
		for _, i := range def.Interfaces {
			visit(i)
		}
	}
	for _, root := range []string{"Query", "Mutation", "Subscription"} {
		visit(root)
	}
	for _, d := range s.Directives {
		for _, a := range d.Arguments {
			visit(a.Type.Name())
		}
	}
	return keep
}

// present replaces definitions by their pruned copies, and drops those that are gone.
func present(s *ast.Schema, defs []*ast.Definition) []*ast.Definition {
	var all []*ast.Definition
	for _, def := range defs {
		if d := s.Types[def.Name]; d != nil {
			all = append(all, d)
		}
	}
	return all
}
