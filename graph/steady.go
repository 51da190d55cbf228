package graph

import (
	"cmp"
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// SteadyErrors orders an answer's errors by their paths. gqlgen resolves rows side by side, and
// would give them in whatever order they came; the same question gets the same answer.
type SteadyErrors struct{}

func (SteadyErrors) ExtensionName() string                   { return "SteadyErrors" }
func (SteadyErrors) Validate(graphql.ExecutableSchema) error { return nil }

func (SteadyErrors) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	if answer != nil {
		slices.SortStableFunc(answer.Errors, func(a, b *gqlerror.Error) int { return slices.CompareFunc(a.Path, b.Path, compareSteps) })
	}
	return answer
}

// compareSteps orders list indices by number and before names.
func compareSteps(a, b ast.PathElement) int {
	ai, aIndex := a.(ast.PathIndex)
	bi, bIndex := b.(ast.PathIndex)
	switch {
	case aIndex && bIndex:
		return cmp.Compare(ai, bi)
	case aIndex != bIndex:
		if aIndex {
			return -1
		}
		return 1
	}
	an, _ := a.(ast.PathName)
	bn, _ := b.(ast.PathName)
	return cmp.Compare(an, bn)
}
