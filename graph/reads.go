package graph

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"sync"
	"weak"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core/extension"
	"github.com/veche-city/veche/core/read"
)

// compiled is a schema whose operations are compiled: what is declared is read by the reader's
// parts and written as it comes; gqlgen does the rest. It is gqlgen's own schema otherwise, whose
// resolvers stay complete: an operation under WithResolvers is answered by them alone.
//
// What was compiled of an operation is kept for as long as the door keeps the operation, whose memory
// it bounds: nothing of it leads back to the definition, which is held weakly.
type compiled struct {
	graphql.ExecutableSchema
	reads      *read.Reader
	operations sync.Map // weak.Pointer[ast.OperationDefinition] to *operations
}

func compile(s graphql.ExecutableSchema, reads *read.Reader) *compiled {
	return &compiled{ExecutableSchema: s, reads: reads}
}

// operation is what was compiled of it.
func (c *compiled) operation(op *graphql.OperationContext) *operations {
	key := weak.Make(op.Operation)
	if known, ok := c.operations.Load(key); ok {
		return known.(*operations)
	}
	known, loaded := c.operations.LoadOrStore(key, newOperations(op))
	if !loaded {
		runtime.AddCleanup(op.Operation, func(key weak.Pointer[ast.OperationDefinition]) { c.operations.Delete(key) }, key)
	}
	return known.(*operations)
}

type resolversKey struct{}

// WithResolvers has operations under the context answered by gqlgen's resolvers alone, which is the
// slower way to the same bytes.
func WithResolvers(ctx context.Context) context.Context {
	return context.WithValue(ctx, resolversKey{}, true)
}

// Exec runs an operation.
func (c *compiled) Exec(ctx context.Context) graphql.ResponseHandler {
	if ctx.Value(resolversKey{}) != nil {
		return c.ExecutableSchema.Exec(ctx)
	}
	op := graphql.GetOperationContext(ctx)
	p := c.operation(op).of(op, c.reads)
	if p.roots == nil {
		return p.resolve(ctx, c.ExecutableSchema, op)
	}
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		return p.answer(ctx)
	}
}

// answer reads all parts of a query, side by side, and writes them once.
func (p *plan) answer(ctx context.Context) *graphql.Response {
	wanted := make([]*extension.Wanted, len(p.roots))
	var wait sync.WaitGroup
	for i, r := range p.roots {
		if r.part == nil {
			continue
		}
		wanted[i] = want(ctx, r.part, r.alias)
		if len(p.roots) == 1 {
			wanted[i].Before = []byte("{" + r.name)
			extension.Fill(wanted[i : i+1])
			return p.alone(ctx, wanted[i])
		}
		wait.Go(func() { extension.Fill(wanted[i : i+1]) })
	}
	wait.Wait()
	var out []byte
	spoiled := false
	for i, r := range p.roots {
		out = append(append(out, "{,"[min(i, 1)]), r.name...)
		if wanted[i] == nil {
			out = append(out, r.text...)
			continue
		}
		extension.Report(ctx, wanted[i].All())
		out = wanted[i].Append(out)
		spoiled = spoiled || wanted[i].Null && r.nonNull
	}
	if spoiled {
		return &graphql.Response{Data: []byte("null")}
	}
	return &graphql.Response{Data: append(out, '}')}
}

// alone is the answer of one part, which began with the answer's own beginning.
func (p *plan) alone(ctx context.Context, w *extension.Wanted) *graphql.Response {
	extension.Report(ctx, w.All())
	switch {
	case w.Null && p.roots[0].nonNull:
		return &graphql.Response{Data: []byte("null")}
	case len(w.Inner) > 0:
		return &graphql.Response{Data: append(w.Append(nil), '}')}
	}
	return &graphql.Response{Data: append(w.JSON, '}')}
}

func want(ctx context.Context, part *read.Part, alias string) *extension.Wanted {
	return &extension.Wanted{Part: part, Path: ast.Path{ast.PathName(alias)}, Context: ctx}
}

type planKey struct{}

// resolve has gqlgen run what is not a part, with the plan in the operation's context.
func (p *plan) resolve(ctx context.Context, s graphql.ExecutableSchema, op *graphql.OperationContext) graphql.ResponseHandler {
	if p.operation != nil {
		op = &graphql.OperationContext{
			RawQuery: op.RawQuery, Variables: op.Variables, OperationName: op.OperationName, Doc: op.Doc, Extensions: op.Extensions, Headers: op.Headers,
			Operation: p.operation, DisableIntrospection: op.DisableIntrospection, RecoverFunc: op.RecoverFunc,
			ResolverMiddleware: op.ResolverMiddleware, RootResolverMiddleware: op.RootResolverMiddleware, Stats: op.Stats,
		}
	}
	slots := extension.NewSlots(p.slots)
	with := func(ctx context.Context) context.Context {
		ctx = context.WithValue(graphql.WithOperationContext(ctx, op), planKey{}, p)
		return extension.With(ctx, slots)
	}
	handler := s.Exec(with(ctx))
	return func(ctx context.Context) *graphql.Response { return handler(with(ctx)) }
}

// Parts is gqlgen's hook through which the parts at the top of an operation join what gqlgen
// answers. Each field of a mutation is written to its end before the next begins, so that a part
// below it is read before the next change.
type Parts struct{}

func (Parts) ExtensionName() string                   { return "Parts" }
func (Parts) Validate(graphql.ExecutableSchema) error { return nil }

func (Parts) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	p, ok := ctx.Value(planKey{}).(*plan)
	if !ok {
		return next(ctx)
	}
	f := graphql.GetRootFieldContext(ctx).Field
	if part := p.parts[f.Alias]; part != nil {
		w := want(ctx, part, f.Alias)
		extension.Fill([]*extension.Wanted{w})
		extension.Report(ctx, w.All())
		if w.Null {
			return graphql.Null
		}
		return written(w.Append(nil))
	}
	out := next(ctx)
	if out == graphql.Null || graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
		return out
	}
	var text bytes.Buffer
	out.MarshalGQL(&text)
	return written(text.Bytes())
}

// written is JSON that needs no more work.
type written []byte

func (t written) MarshalGQL(w io.Writer) { _, _ = w.Write(t) }
