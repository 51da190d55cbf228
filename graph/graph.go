// Package graph joins the modules' schemas and resolvers into the one that clients see.
//
// Its generated files come from cmd/generate and are never edited; the few by hand name no
// module. It owns node and nodes (node.go), the permission directives (directives.go), the schema
// as each municipality sees it (schema.go), and what an error looks like (errors.go). The HTTP
// side of the door is graph/transport.
//
// Plugins join at run time (joined.go): schema.go composes what is enabled in a municipality with its
// modules, compile.go hands each field to whoever owns it, nodes.go reads for plugins what is not declared.
//
// The life of an operation: graph/transport parses it and validates it against the municipality's
// schema; @can asks whether the caller may do it anywhere at all; the resolver of a root field
// reads what is declared, or calls a module's service; the resolvers below pick up what was read.
package graph

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/plugins/fields"
)

// Resolver is the root of all resolvers; compose.generated.go gives it a method a type.
type Resolver struct {
	Modules Modules
	Reads   *read.Reader
}

// Graph is the schema with its resolvers, for every municipality.
type Graph struct {
	config Config
	reads  *read.Reader
	guard  *access.Guard
	log    *slog.Logger
	sets   func(*core.Municipality) *fields.Set
	// Seen is told each operation that plugins answer some of, before it is answered; it must not wait.
	// It is set before the first is asked; nil: nobody listens.
	Seen    func(ctx context.Context, text string)
	fresh   func(context.Context) (context.Context, error)
	mu      sync.Mutex
	schemas *lru.Cache[string, *compiled] // by the modules that are switched off, and the plugins
	cores   map[string]*ast.Schema        // without plugins, by the modules that are switched off
}

// mostSchemas is how many schemas are kept: those of municipalities with the same modules and plugins
// are one. A schema that is dropped while it is in use is made again, with other caches.
const mostSchemas = 256

// New joins the modules. It fails when one is missing, or when a field's resolver was generated
// for a declaration that is not there.
func New(all []core.Module, reads *read.Reader, guard *access.Guard, log *slog.Logger) (*Graph, error) {
	modules, err := Join(all)
	if err != nil {
		return nil, err
	}
	for object, fields := range declaredFields {
		for _, field := range fields {
			if !reads.Answers(object, field) {
				return nil, fmt.Errorf("graph: %s.%s is neither declared by its module nor resolved by hand", object, field)
			}
		}
	}
	if err := agree(reads); err != nil {
		return nil, err
	}
	reads.Join(parsedSchema, byHand)
	g := &Graph{log: log, reads: reads, guard: guard, cores: map[string]*ast.Schema{}}
	if g.schemas, err = lru.New[string, *compiled](mostSchemas); err != nil {
		return nil, err
	}
	g.config = Config{Resolvers: &Resolver{Modules: modules, Reads: reads}, Directives: directives(guard)}
	price(&g.config.Complexity)
	g.config.Complexity.Query.Nodes = priceOfNodes
	return g, nil
}

// Extend has plugins join the schema: sets is what is enabled in a municipality, fresh the context
// with the caller's rights as they are now. It is called once, before the first operation.
func (g *Graph) Extend(sets func(*core.Municipality) *fields.Set, fresh func(context.Context) (context.Context, error)) {
	g.sets, g.fresh = sets, fresh
}

// agree holds the schema and the declarations to the same protected fields: what clients read in
// @can is what the statements do.
func agree(reads *read.Reader) error {
	for _, name := range reads.Types() {
		for _, f := range parsedSchema.Types[name].Fields {
			if declared, said := reads.Protects(name, f.Name), protectedFields[name+"."+f.Name]; declared != said {
				return fmt.Errorf("graph: %s.%s is shown by %q in its module's declaration, and by @can(permission: %q) in the schema", name, f.Name, declared, said)
			}
		}
	}
	return nil
}
