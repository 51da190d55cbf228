package transport

import (
	"net/http"
	"testing"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
)

// BenchmarkKnownDocument is what a query costs before its execution when its text was parsed before: the price's share beside it.
func BenchmarkKnownDocument(b *testing.B) {
	schema := newTown()
	handler, err := New(Options{Schema: func(*http.Request) graphql.ExecutableSchema { return schema }})
	if err != nil {
		b.Fatal(err)
	}
	served, _ := handler.(*door)
	engine := served.engines.of(schema)
	ctx := graphql.StartOperationTrace(b.Context())
	for name, params := range map[string]graphql.RawParams{
		"short": {Query: `{hello}`},
		"list": {Query: `query($n: Int, $name: String) { hello(name: $name) people(first: $n) { id name friends(first: 3) { ...F } } }
			fragment F on Person { id name friends(first: 2) { id name } }`, Variables: map[string]any{"n": 10, "name": "Kansk"}},
	} {
		operation, errs := engine.CreateOperationContext(ctx, &params)
		if len(errs) > 0 {
			b.Fatal(errs)
		}
		b.Run(name+"/whole", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				asked := params
				if _, errs := engine.CreateOperationContext(ctx, &asked); len(errs) > 0 {
					b.Fatal(errs)
				}
			}
		})
		b.Run(name+"/price", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if complexity.Calculate(ctx, schema, operation.Operation, operation.Variables) == 0 {
					b.Fatal("free")
				}
			}
		})
	}
}
