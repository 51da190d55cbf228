// Package randomop writes random operations over a GraphQL schema: valid ones, for tests that hold
// two ways of answering equal. It knows no type of ours; what values there are to ask for (ids,
// cursors, words) it is given as a Pool, harvested from the answers of whoever is asked.
//
// An operation is built from the top down. Every selection set has a scope, which knows what each
// response name stands for at that place of the answer, so that fields merge or stay apart as the
// specification demands (GraphQL, section 5.3.2); and everything has its price, so that no limit
// of the door is met by chance. Choices lean towards what was asked least, so that the whole
// schema is reached soon; Coverage tells how much of it was.
//
// The same schema, pool and seed, asked in the same order, give the same operations.
package randomop

import (
	"bytes"
	"maps"
	"math/rand/v2"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// Operation is one question.
type Operation struct {
	Document  *ast.QueryDocument
	Variables map[string]any
	// Wrong says that a value in it is wrong on purpose: it may be refused as a whole.
	Wrong bool
	// Uses are the coordinates of all that it asks for: Council.members, Council.members(first:).
	Uses map[string]bool
}

// Text is the operation as it is sent.
func (o *Operation) Text() string {
	var out bytes.Buffer
	formatter.NewFormatter(&out, formatter.WithIndent(" ")).FormatQueryDocument(o.Document)
	return out.String()
}

// Varied is the same text with other values: whoever keeps what was worked out for a text must
// not keep what was of its variables. Truth is turned over and numbers are halved.
func (o *Operation) Varied() *Operation {
	c := *o
	c.Variables = maps.Clone(o.Variables)
	for name, v := range c.Variables {
		switch v := v.(type) {
		case bool:
			c.Variables[name] = !v
		case int64:
			c.Variables[name] = v / 2
		}
	}
	return &c
}

// Generator writes operations.
type Generator struct {
	schema *ast.Schema
	pool   *Pool
	seed   uint64
	number uint64
	Coverage
}

// New makes a generator over a schema as clients see it.
func New(schema *ast.Schema, pool *Pool, seed uint64) *Generator {
	return &Generator{schema: schema, pool: pool, seed: seed, Coverage: newCoverage(schema)}
}

// Reseeded goes on with the same counts by another seed.
func (g *Generator) Reseeded(seed uint64) *Generator {
	return &Generator{schema: g.schema, pool: g.pool, seed: seed, Coverage: g.Coverage}
}

// Schema is what the operations are over.
func (g *Generator) Schema() *ast.Schema { return g.schema }

// Query writes the next query. Fields and types for whose coordinate avoid says true are left out.
func (g *Generator) Query(avoid func(coordinate string) bool) *Operation {
	b := g.begin(avoid)
	set := b.set(g.schema.Query, newScope(g.schema), most.levels, 1)
	for roots(set) > mostRoots {
		if set = set[:len(set)-1]; len(set) == 0 {
			return g.Query(avoid)
		}
	}
	b.fill(ast.Query, set)
	return b.op
}

// Mutation writes a mutation of that name with a random input, and a random selection of its payload.
func (g *Generator) Mutation(name string, avoid func(coordinate string) bool) *Operation {
	b := g.begin(avoid)
	f := b.asked(g.schema.Mutation, g.schema.Mutation.Fields.ForName(name), newScope(g.schema), most.levels, 1)
	b.fill(ast.Mutation, ast.SelectionSet{f})
	return b.op
}

func (g *Generator) begin(avoid func(string) bool) *builder {
	g.number++
	b := &builder{
		Generator: g, rand: rand.New(rand.NewPCG(g.seed, g.number)), avoid: avoid, each: map[*ast.Field]int{},
		op: &Operation{Variables: map[string]any{}, Uses: map[string]bool{}},
	}
	b.wrong = b.chance(8)
	return b
}

// builder is one operation in the making.
type builder struct {
	*Generator
	rand      *rand.Rand
	avoid     func(string) bool
	op        *Operation
	wrong     bool // whether some of its values may be wrong
	plain     int  // > 0: values hold no variables
	spent     size
	each      map[*ast.Field]int // how many objects are below a field, at most
	fragments []*ast.FragmentDefinition
	variables []*variable
}

// fill makes the document of what was built.
func (b *builder) fill(kind ast.Operation, set ast.SelectionSet) {
	operation := &ast.OperationDefinition{Operation: kind, SelectionSet: set}
	if b.chance(20) {
		operation.Name = "asked"
	}
	for _, v := range b.variables {
		operation.VariableDefinitions = append(operation.VariableDefinitions, v.definition)
	}
	b.op.Document = &ast.QueryDocument{Operations: ast.OperationList{operation}, Fragments: b.fragments}
	b.op.prune()
}

func (b *builder) chance(percent int) bool { return b.rand.IntN(100) < percent }

// use counts what the operation asks for.
func (b *builder) use(coordinate string) {
	b.op.Uses[coordinate] = true
	b.Coverage.asked[coordinate]++
	b.fed(coordinate)
}

func one[T any](b *builder, all []T) T { return all[b.rand.IntN(len(all))] }

// least is one of all at random, rather one that was asked seldom.
func least[T any](b *builder, all []T, coordinate func(T) string) T {
	best := one(b, all)
	for range 4 {
		if other := one(b, all); b.Coverage.asked[coordinate(other)] < b.Coverage.asked[coordinate(best)] {
			best = other
		}
	}
	return best
}
