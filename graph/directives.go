package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
)

// directives are the schema's own words about rights. @can is the coarse question: does the
// caller hold the permission anywhere at all? Which rows, the reader and the services decide.
func directives(guard *access.Guard) DirectiveRoot {
	return DirectiveRoot{
		Can: func(ctx context.Context, _ any, next graphql.Resolver, permission string) (any, error) {
			if err := may(ctx, guard, permission); err != nil {
				return nil, err
			}
			return next(ctx)
		},
		Public: func(ctx context.Context, _ any, next graphql.Resolver) (any, error) { return next(ctx) },
	}
}

// may is what @can asks: nil, or the refusal that the caller is told.
func may(ctx context.Context, guard *access.Guard, permission string) error {
	decision, err := guard.Decide(ctx, permission)
	if err == nil && decision.None() {
		err = core.Forbidden(ctx)
	}
	return err
}
