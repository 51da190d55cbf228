package transport

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// exchange is one request and its answer. begun says that the answer's head is out, so that nothing else may be written.
type exchange struct {
	door   *door
	w      http.ResponseWriter
	r      *http.Request
	media  media
	wire   wire
	engine *engine
	socket *socket
	begun  bool

	operation ast.Operation
	key       string     // of an answer for everybody, under which it is kept
	files     []*os.File // that came within the request
	late      bool       // the body has not arrived in time
}

// serveOperation is POST and GET, answered by JSON or by events. Refusals come before anything of the body is read where possible.
func (x *exchange) serveOperation() *refusal {
	var refused *refusal
	if x.media, refused = negotiate(x.r); refused != nil {
		return refused
	}
	if x.wire, refused = negotiateCoding(x.r); refused != nil {
		return refused
	}
	if x.r.Method == http.MethodPost {
		if refused = x.door.checkContentType(x.r); refused != nil {
			return refused
		}
	}
	if refused = x.chooseEngine(); refused != nil {
		return refused
	}
	params, refused := x.readParameters()
	if refused != nil {
		return refused
	}
	if key, ok := x.cacheKey(params); ok {
		if x.key = key; x.serveKept() {
			return nil
		}
	}
	params.Headers = x.r.Header
	operation, errs := x.engine.CreateOperationContext(x.r.Context(), params)
	if len(errs) != 0 {
		x.respondErrors(graphql.WithOperationContext(x.r.Context(), operation), errs)
		return nil
	}
	x.operation = operation.Operation.Operation
	if refused = x.checkMethod(x.operation); refused != nil {
		return refused
	}
	if x.media == mediaEvents {
		x.stream(x.engine.DispatchOperation(x.r.Context(), operation))
		return nil
	}
	return x.respond(x.engine.DispatchOperation(x.r.Context(), operation))
}

func (x *exchange) chooseEngine() *refusal {
	schema := x.door.options.Schema(x.r)
	if schema == nil {
		return refuse(http.StatusNotFound, codeNotFound, "no_schema")
	}
	x.engine = x.door.engines.of(schema)
	return nil
}

func (x *exchange) readParameters() (*graphql.RawParams, *refusal) {
	if x.r.Method == http.MethodGet {
		return x.door.parseURL(x.r.URL)
	}
	if isMultipart(x.r) {
		return x.readMultipart()
	}
	body, refused := x.readBody()
	if refused != nil {
		return nil, refused
	}
	return x.door.parseBody(body)
}

// checkMethod keeps changes off GET, and streams off an answer that can hold one result.
func (x *exchange) checkMethod(operation ast.Operation) *refusal {
	if operation == ast.Mutation && x.r.Method == http.MethodGet {
		x.w.Header().Set("Allow", http.MethodPost)
		return refuse(http.StatusMethodNotAllowed, codeMethod, "mutation_by_get")
	}
	if operation == ast.Subscription && x.media != mediaEvents {
		return refuse(http.StatusNotAcceptable, codeAccept, "subscription_needs_stream")
	}
	return nil
}

// respond runs a query or a mutation and sends its one result. No result means that its context ended first: by our deadline, or
// because the client went away, and then there is nobody to write to.
func (x *exchange) respond(handler graphql.ResponseHandler, ctx context.Context) *refusal {
	response := handler(ctx)
	if response == nil {
		if x.r.Context().Err() != nil {
			return nil
		}
		return x.door.timeout()
	}
	if response.Data == nil && len(response.Errors) == 1 && codeOf(response.Errors[0]) == codeTimeout {
		x.write(statusTimeout, response, false)
		return nil
	}
	x.write(http.StatusOK, response, true)
	return nil
}

// respondErrors answers an operation that was never run: by 200 under application/json, which its clients read as "GraphQL was
// reached", by 400 under the newer media type, and without a data key in both.
func (x *exchange) respondErrors(ctx context.Context, errs gqlerror.List) {
	status := http.StatusOK
	switch {
	case codeOf(errs[0]) == codeInternal:
		status = statusInternal
	case x.media == mediaGraphQL:
		status = http.StatusBadRequest
	}
	response := x.engine.DispatchError(ctx, errs)
	if x.media == mediaEvents {
		x.stream(graphql.OneShot(response), ctx)
		return
	}
	x.write(status, response, false)
}

// refuse answers a request that never became an operation.
func (x *exchange) refuse(refused *refusal) {
	ctx := x.r.Context()
	shown := x.door.present(ctx, x.door.errorOf(ctx, refused))
	x.write(refused.status, &graphql.Response{Errors: gqlerror.List{shown}}, false)
}

// recoverPanic is the last net: gqlgen has caught what resolvers do. A connection that was begun is cut, as net/http does it.
func (x *exchange) recoverPanic() {
	panicked := recover()
	if panicked == nil {
		return
	}
	if aborted, ok := panicked.(error); ok && errors.Is(aborted, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	response := x.internal(panicked)
	if x.socket != nil {
		_ = x.socket.Close() // hijacked: net/http does not close it
		return
	}
	if x.begun {
		panic(http.ErrAbortHandler)
	}
	x.write(statusInternal, response, false)
}

// internal tells of what went wrong on our side.
func (x *exchange) internal(cause any) *graphql.Response {
	ctx := x.r.Context()
	return &graphql.Response{Errors: gqlerror.List{x.door.present(ctx, x.door.recovered(ctx, cause))}}
}
