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
	"github.com/veche-city/veche/plugins/compose"
	"github.com/veche-city/veche/plugins/fields"
)

// hidden is the field through which plugins join at run time; no schema that is served names it.
const hidden = "_extension"

// For is the schema of a municipality: what its modules bring, less those that are switched off, and
// what its plugins add. The same modules and plugins give the same pointer, by which the transport keeps
// its caches. Plugins that do not compose with the modules of the moment are left out, and the log says
// why: they were checked when they were enabled, so a module was switched off since.
func (g *Graph) For(m *core.Municipality) graphql.ExecutableSchema {
	set := g.set(m)
	g.mu.Lock()
	defer g.mu.Unlock()
	off := switchedOff(m)
	key := off + "\n" + set.Key
	if s, ok := g.schemas.Get(key); ok {
		return s
	}
	joined, err := g.compose(m, set)
	if err != nil {
		g.log.Error("plugins are left out of the schema", "municipality", m.Key, "error", err)
		joined = &fields.Schema{Schema: g.core(m), Set: &fields.Set{}}
	}
	config := g.config
	config.Schema = joined.Schema
	s := &compiled{ExecutableSchema: NewExecutableSchema(config), reads: g.reads, seen: g.Seen}
	if len(joined.Set.Sources) > 0 {
		s.plugins = g.join(joined, s)
	}
	g.schemas.Add(key, s)
	return s
}

var noPlugins = &fields.Set{}

func (g *Graph) set(m *core.Municipality) *fields.Set {
	if g.sets != nil {
		if set := g.sets(m); set != nil {
			return set
		}
	}
	return noPlugins
}

func switchedOff(m *core.Municipality) string {
	off := slices.Clone(m.DisabledModules)
	slices.Sort(off)
	return strings.Join(slices.Compact(off), " ")
}

// core is the schema of the municipality's modules; the caller holds the lock.
func (g *Graph) core(m *core.Municipality) *ast.Schema {
	key := switchedOff(m)
	if g.cores[key] == nil {
		g.cores[key] = without(parsedSchema, strings.Fields(key))
	}
	return g.cores[key]
}

func (g *Graph) compose(m *core.Municipality, set *fields.Set) (*fields.Schema, error) {
	if len(set.Sources) == 0 {
		return &fields.Schema{Schema: g.core(m), Set: set}, nil
	}
	return compose.Compose(g.core(m), set)
}

// Compose is the schema that the municipality would have with these plugins. An error says what
// stands against them, with plugin, file and line.
func (g *Graph) Compose(m *core.Municipality, set *fields.Set) (*fields.Schema, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.compose(m, set)
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
