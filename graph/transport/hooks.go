package transport

import (
	"context"
	"errors"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// hook is the name that gqlgen wants of an extension. None of ours needs anything of the schema.
type hook string

func (h hook) ExtensionName() string { return string(h) }

func (h hook) Validate(graphql.ExecutableSchema) error { return nil }

// trustGuard lets nothing but trusted documents pass, where that is asked for. It runs before persisted queries, so that no other
// text is ever kept by its hash.
type trustGuard struct {
	hook
	door *door
}

func (g trustGuard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	if g.door.options.DocumentsOnly && g.door.options.Documents.idOf(params.Query) == "" {
		return g.door.errorOf(ctx, badRequest(codeUntrusted, "documents_only"))
	}
	return nil
}

// shapeGuard parses a query that is not known yet and measures it before validation, whose rules cost more than their input's
// length. The executor then parses it again, which is cheap against validation and leaves gqlgen as it is. It runs after
// persisted queries have put their text in.
type shapeGuard struct {
	hook
	door  *door
	known documentCache
}

func (g shapeGuard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	if _, known := g.known.Get(ctx, params.Query); known {
		return nil
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: params.Query}, g.door.limits.Tokens)
	if err != nil {
		return g.parseError(ctx, err)
	}
	if refused := g.door.limits.checkShape(document); refused != nil {
		return g.door.errorOf(ctx, refused)
	}
	return nil
}

// parseError tells the token limit, which gqlparser reports as a syntax error and only by its text, from broken syntax.
func (g shapeGuard) parseError(ctx context.Context, err error) *gqlerror.Error {
	var syntax *gqlerror.Error
	if !errors.As(err, &syntax) || strings.HasPrefix(syntax.Message, "exceeded token limit") {
		return g.door.errorOf(ctx, badRequest(codeLimit, "tokens", g.door.limits.Tokens))
	}
	setCode(syntax, codeParse)
	return syntax
}

// introspectionGuard opens the schema to those who may see it; gqlgen keeps it closed by itself.
type introspectionGuard struct {
	hook
	door *door
}

func (g introspectionGuard) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	allowed := g.door.options.Introspection
	operation.DisableIntrospection = allowed != nil && !allowed(ctx)
	return nil
}

// deadline ends a query or a mutation at Limits.Time; one that came with files at Limits.UploadTime. What was resolved until then is sent, with TIMEOUT at what was not; where
// nothing was, TIMEOUT is all. A mutation may have happened: only its transaction says so.
type deadline struct {
	hook
	door *door
}

func (d deadline) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return next(ctx)
	}
	limit := d.door.limits.Time
	if ctx.Value(uploading{}) != nil {
		limit = d.door.limits.UploadTime
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTimeLimit)
	handler := next(ctx)
	answered := false
	return func(inner context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		defer cancel()
		response := handler(inner)
		if response == nil && errors.Is(context.Cause(ctx), errTimeLimit) {
			return &graphql.Response{Errors: gqlerror.List{d.door.errorOf(ctx, d.door.timeout())}}
		}
		return response
	}
}

// errorCap shortens the list of errors of any response, and says how many there were.
type errorCap struct {
	hook
	door *door
}

func (c errorCap) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	limit := c.door.limits.Errors
	if response == nil || len(response.Errors) <= limit {
		return response
	}
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions["errors"] = map[string]int{"total": len(response.Errors), "shown": limit}
	response.Errors = response.Errors[:limit]
	return response
}

// answerCap puts an error in the place of data that is larger than the limit. It is in memory by then, and its price has bounded it;
// what the cap keeps small is what stands behind slow readers. A mutation has happened all the same.
type answerCap struct {
	hook
	door *door
}

func (c answerCap) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	limit := c.door.limits.Answer
	if response == nil || len(response.Data) <= limit {
		return response
	}
	refused := c.door.errorOf(ctx, badRequest(codeLimit, "answer", len(response.Data), limit))
	return &graphql.Response{Data: []byte("null"), Errors: gqlerror.List{c.door.present(ctx, refused)}}
}
