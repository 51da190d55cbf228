package house

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/graph"
)

// initSocket is the sign-in of a WebSocket, for clients that cannot set headers: connection_init
// may carry Authorization and Accept-Language. What the upgrade request brought stands otherwise.
func (h *House) initSocket(ctx context.Context, payload map[string]any) (context.Context, error) {
	for name, value := range payload {
		text, _ := value.(string)
		switch strings.ToLower(name) {
		case "authorization":
			token, ok := strings.CutPrefix(text, "Bearer ")
			if !ok {
				return ctx, core.ErrUnauthenticated
			}
			actor, err := h.Identity.Authenticate(ctx, strings.TrimSpace(token))
			if err != nil {
				return ctx, err
			}
			ctx = core.WithActor(ctx, actor)
		case "accept-language":
			ctx = core.WithLanguage(ctx, core.ParseAcceptLanguage(text))
		}
	}
	return ctx, nil
}

// refresher gives every event of a subscription, and every operation of a socket, the rights that
// the caller holds at that moment: a role taken away, or a session ended, is felt at once.
type refresher struct{ house *House }

func (refresher) ExtensionName() string                   { return "Refresher" }
func (refresher) Validate(graphql.ExecutableSchema) error { return nil }

func (r refresher) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	op := graphql.GetOperationContext(ctx)
	if op.Operation == nil || op.Operation.Operation != ast.Subscription {
		return next(ctx)
	}
	fresh, err := r.house.fresh(ctx)
	if err != nil {
		return &graphql.Response{Errors: gqlerror.List{graph.Present(r.house.Log)(ctx, err)}}
	}
	return next(fresh)
}
