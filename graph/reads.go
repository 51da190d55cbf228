package graph

import (
	"bytes"
	"context"
	"io"
	"maps"
	"runtime"
	"slices"
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
	plugins    *joined // nil: none is enabled
	seen       func(context.Context, string)
	operations sync.Map // weak.Pointer[ast.OperationDefinition] to *operations
}

// operation is what was compiled of it.
func (c *compiled) operation(op *graphql.OperationContext) *operations {
	key := weak.Make(op.Operation)
	if known, ok := c.operations.Load(key); ok {
		return known.(*operations)
	}
	known, loaded := c.operations.LoadOrStore(key, newOperations(op, c.plugins))
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
	byResolvers := ctx.Value(resolversKey{}) != nil
	if byResolvers && c.plugins == nil {
		return c.ExecutableSchema.Exec(ctx)
	}
	op := graphql.GetOperationContext(ctx)
	known := c.operation(op)
	if byResolvers && !known.mixed && op.Operation.Operation != ast.Mutation { // before which plugins may be asked
		return c.ExecutableSchema.Exec(ctx)
	}
	p := known.of(op, c, byResolvers)
	if c.seen != nil && (p.joint || p.listen != nil) {
		c.seen(ctx, op.RawQuery)
	}
	switch {
	case p.listen != nil:
		return p.listen.Run(ctx)
	case p.roots == nil:
		return p.resolve(ctx, c, op)
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
	var together []*extension.Wanted
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
		if p.joint {
			together = append(together, wanted[i])
			continue
		}
		wait.Go(func() { extension.Fill(wanted[i : i+1]) })
	}
	extension.Fill(together)
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

func want(ctx context.Context, part extension.Part, alias string) *extension.Wanted {
	return &extension.Wanted{Part: part, Path: ast.Path{ast.PathName(alias)}, Context: ctx}
}

type runKey struct{}

// run is one operation while gqlgen runs it.
type run struct {
	*plan
	schema *compiled
	op     *graphql.OperationContext // as it came
	slots  *extension.Slots
	others sync.WaitGroup // fields at the top that gqlgen resolves, where the parts wait for what is below them
	once   sync.Once
	wanted map[string]*extension.Wanted // the parts at the top, where they are asked for together
}

// together says whether all parts of the operation are asked for at once: where plugins have a share in
// a query. A mutation's fields come one after another.
func (r *run) together() bool { return r.joint && r.op.Operation.Operation == ast.Query }

// resolve has gqlgen run what is not a part, with the plan in the operation's context.
func (p *plan) resolve(ctx context.Context, s *compiled, op *graphql.OperationContext) graphql.ResponseHandler {
	slots := extension.NewSlots(p.slots)
	r := &run{plan: p, schema: s, op: op, slots: slots}
	if p.operation != nil {
		op = with(op, p.operation)
	}
	if r.together() {
		for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query"}) {
			if f.Name != "__typename" && p.parts[f.Alias] == nil {
				r.others.Add(1)
			}
		}
	}
	within := func(ctx context.Context) context.Context {
		ctx = context.WithValue(graphql.WithOperationContext(ctx, op), runKey{}, r)
		return extension.With(ctx, slots)
	}
	handler := s.ExecutableSchema.Exec(within(ctx))
	return func(ctx context.Context) *graphql.Response { return handler(within(ctx)) }
}

// with is the operation's context for another form of the operation.
func with(op *graphql.OperationContext, operation *ast.OperationDefinition) *graphql.OperationContext {
	return &graphql.OperationContext{
		RawQuery: op.RawQuery, Variables: op.Variables, OperationName: op.OperationName, Doc: op.Doc, Extensions: op.Extensions, Headers: op.Headers,
		Operation: operation, DisableIntrospection: op.DisableIntrospection, RecoverFunc: op.RecoverFunc,
		ResolverMiddleware: op.ResolverMiddleware, RootResolverMiddleware: op.RootResolverMiddleware, Stats: op.Stats,
	}
}

// Parts is gqlgen's hook through which the parts at the top of an operation join what gqlgen
// answers. Each field of a mutation is written to its end before the next begins, so that a part
// below it is read before the next change.
type Parts struct{}

func (Parts) ExtensionName() string                   { return "Parts" }
func (Parts) Validate(graphql.ExecutableSchema) error { return nil }

func (Parts) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	r, ok := ctx.Value(runKey{}).(*run)
	if !ok {
		return next(ctx)
	}
	f := graphql.GetRootFieldContext(ctx).Field
	if part := r.parts[f.Alias]; part != nil {
		w := r.fill(ctx, part, f.Alias)
		extension.Report(ctx, w.All())
		if w.Null {
			return graphql.Null
		}
		return written(w.Append(nil))
	}
	if r.together() {
		defer r.others.Done()
	}
	isMutation := graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation
	if isMutation {
		if refused := r.before(ctx, f); refused != nil {
			return refused
		}
	}
	out := next(ctx)
	if out == graphql.Null || !isMutation {
		return out
	}
	var text bytes.Buffer
	out.MarshalGQL(&text)
	return written(text.Bytes())
}

// fill answers a part at the top: those of a query that plugins have a share in all at once, and with them
// what is noted below the fields beside them, which are resolved by then.
func (r *run) fill(ctx context.Context, part extension.Part, alias string) *extension.Wanted {
	if !r.together() {
		w := want(ctx, part, alias)
		extension.Fill([]*extension.Wanted{w})
		return w
	}
	r.once.Do(func() {
		r.wanted = map[string]*extension.Wanted{}
		var all []*extension.Wanted
		for _, name := range slices.Sorted(maps.Keys(r.parts)) {
			w := want(ctx, r.parts[name], name)
			r.wanted[name], all = w, append(all, w)
		}
		r.others.Wait()
		r.slots.Fill(all...)
	})
	return r.wanted[alias]
}

// written is JSON that needs no more work.
type written []byte

func (t written) MarshalGQL(w io.Writer) { _, _ = w.Write(t) }

// Complexity is the price of a field: a plugin's list by the page that is asked for, as the core's.
func (c *compiled) Complexity(ctx context.Context, typ, field string, child int, args map[string]any) (int, bool) {
	if c.plugins == nil || field == "__typename" || c.plugins.schema.Owner(typ, field) == nil {
		return c.ExecutableSchema.Complexity(ctx, typ, field, child, args)
	}
	return 1 + child*c.plugins.rows(typ, field, args), true
}
