package house

import (
	"context"
	"strings"

	"github.com/veche-city/veche/core"
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
