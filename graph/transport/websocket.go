package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	gqltransport "github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const subprotocol = "graphql-transport-ws"

// serveSocket runs a connection until it ends. The origin has been checked: a WebSocket has no preflight and brings the cookie.
func (x *exchange) serveSocket() *refusal {
	if x.r.Method != http.MethodGet || !asksForSubprotocol(x.r) {
		return badRequest(codeInput, "subprotocol")
	}
	if refused := x.chooseEngine(); refused != nil {
		return refused
	}
	limits := x.door.limits
	gqltransport.Websocket{
		Implementation:   upgrade{x},
		InitFunc:         x.initialise,
		InitTimeout:      limits.Init,
		PingPongInterval: limits.Ping,
		PayloadReadLimit: &limits.Body,
	}.Do(x.w, x.r, streamExecutor{x.engine})
	return nil
}

func asksForSubprotocol(r *http.Request) bool {
	for _, header := range r.Header.Values("Sec-WebSocket-Protocol") {
		offered := strings.Split(header, ",")
		if slices.ContainsFunc(offered, func(name string) bool { return strings.TrimSpace(name) == subprotocol }) {
			return true
		}
	}
	return false
}

// initialise hands connection_init to the caller. The reason of a refusal is the caller's to log: the client gets the code.
func (x *exchange) initialise(ctx context.Context, payload gqltransport.InitPayload) (context.Context, *gqltransport.InitPayload, error) {
	if x.door.options.Init == nil {
		return ctx, nil, nil
	}
	accepted, err := x.door.options.Init(ctx, payload)
	if err != nil {
		ctx = gqltransport.AppendCloseReason(ctx, "Forbidden")
		return gqltransport.WithWebsocketCloseCode(ctx, closeForbidden), nil, fmt.Errorf("connection_init: %w", err)
	}
	return accepted, nil, nil
}

// upgrade is how gqlgen's transport gets its connection. gqlgen would offer the older graphql-ws as well; we do not.
type upgrade struct{ x *exchange }

func (u upgrade) Accept(w http.ResponseWriter, r *http.Request, _ gqltransport.WebsocketAcceptOptions) (gqltransport.WebsocketConn, error) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // origins.check has decided, with the allowed list that this library does not know
	})
	if err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	u.x.begun = true
	u.x.socket = &socket{conn: conn, door: u.x.door, ctx: r.Context(), active: map[string]bool{}}
	return u.x.socket, nil
}

// streamExecutor makes gqlgen's transport send every refused operation as an error message, as the protocol has it: gqlgen sends
// those whose code it does not know as results. The list travels inside one error whose code it does know.
type streamExecutor struct{ *engine }

func (e streamExecutor) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	operation, errs := e.engine.CreateOperationContext(ctx, params)
	if len(errs) == 0 {
		return operation, nil
	}
	carrier := &gqlerror.Error{Err: errs}
	setCode(carrier, codeValidation)
	return operation, gqlerror.List{carrier}
}

func (e streamExecutor) DispatchError(ctx context.Context, errs gqlerror.List) *graphql.Response {
	var carried gqlerror.List
	if len(errs) == 1 && errors.As(errs[0].Err, &carried) {
		errs = carried
	}
	return e.engine.DispatchError(ctx, errs)
}
