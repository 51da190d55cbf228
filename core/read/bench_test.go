package read_test

import (
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core/read"
)

// rootOf is the context in which gqlgen calls the resolver of the operation's first field.
func rootOf(ctx context.Context, op *graphql.OperationContext) context.Context {
	fresh := &graphql.OperationContext{Variables: op.Variables, Doc: op.Doc, Operation: op.Operation}
	ctx = graphql.WithOperationContext(ctx, fresh)
	fields := graphql.CollectFields(fresh, op.Operation.SelectionSet, []string{"Query"})
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: fields[0]})
}

func benchmark[T any](b *testing.B, w *world, query string, run func(ctx context.Context, r *read.Reader) (T, error)) {
	b.Helper()
	op, err := operation(query)
	w.must(err)
	ctx := w.system()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := run(rootOf(ctx, op), w.reads); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReads parts reading from gqlgen's writing: the plan with the first statement's text; and
// all of it, to be set against one statement of like rows by hand.
func BenchmarkReads(b *testing.B) {
	w := newWorld(b)
	w.reads = read.New(w.db, w.guard, clock, maxPage) // without the statements' hook
	declare(w.reads, w.log)
	w.must(w.reads.Ready())
	w.must(w.town.SetTimeZone(w.town.TimeZone)) // as the registry of municipalities makes it
	w.peopled(20)
	queries := map[string]string{
		"one column": `{streets {nodes {name}}}`, "cursors": `{streets {edges {cursor node {name rank note}}}}`, "everything": everything,
	}
	for _, name := range []string{"one column", "cursors", "everything"} {
		b.Run("plan/"+name, func(b *testing.B) { benchmark(b, w, queries[name], read.Plan[Street]) })
		b.Run("read/"+name, func(b *testing.B) { benchmark(b, w, queries[name], read.All[Street]) })
	}
	b.Run("by hand/one column", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var names []string
			w.must(w.db.NewRaw(`SELECT name FROM streets WHERE municipality_id = ? ORDER BY rank, seen_at, id LIMIT 21`, w.town.ID).Scan(b.Context(), &names))
		}
	})
}
