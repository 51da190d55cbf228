package transport

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// stream answers by server-sent events in the "distinct connections" mode of the GraphQL over SSE protocol: one request, its
// results as next events, then complete. gqlgen's own transport is not used, because it logs bodies that it cannot read, and
// because its keep-alive may write after the handler has returned. Here one goroutine waits for results and this one alone writes.
func (x *exchange) stream(handler graphql.ResponseHandler, ctx context.Context) {
	header := x.w.Header()
	header.Set("Content-Type", string(mediaEvents)+"; charset=utf-8")
	header.Set("X-Accel-Buffering", "no") // else nginx holds events back
	x.begun = true
	x.w.WriteHeader(http.StatusOK)
	if !x.event(":\n\n") {
		return
	}
	results := x.pump(handler, ctx)
	ping := time.NewTicker(x.door.limits.Ping)
	defer ping.Stop()
	for {
		select {
		case <-x.r.Context().Done():
			return // the client has gone, or the server drains and the client will ask again
		case <-ping.C:
			if !x.event(":\n\n") {
				return
			}
		case result, more := <-results:
			if !more {
				x.event("event: complete\ndata:\n\n")
				return
			}
			if !x.event(result) {
				return
			}
		}
	}
}

// pump asks for results one by one until there is none. It ends with the request's context even when nobody takes its result.
func (x *exchange) pump(handler graphql.ResponseHandler, ctx context.Context) <-chan string {
	results := make(chan string)
	send := func(response *graphql.Response) bool {
		select {
		case results <- x.eventOf(response):
			return true
		case <-x.r.Context().Done():
			return false
		}
	}
	go func() {
		defer close(results)
		defer func() {
			if panicked := recover(); panicked != nil {
				shown := x.door.present(ctx, x.door.recovered(ctx, panicked))
				send(&graphql.Response{Errors: gqlerror.List{shown}})
			}
		}()
		for response := handler(ctx); response != nil && send(response); response = handler(ctx) {
		}
	}()
	return results
}

func (x *exchange) eventOf(response *graphql.Response) string {
	out := takeBuffer()
	defer giveBuffer(out)
	out.WriteString("event: next\ndata: ")
	if err := encode(out, response, response.Data != nil); err != nil {
		panic(err) // pump turns it into an error for the reader
	}
	out.WriteString("\n\n")
	return out.String()
}

func (x *exchange) event(text string) bool {
	x.extendWriting()
	if _, err := fmt.Fprint(x.w, text); err != nil {
		return false
	}
	return http.NewResponseController(x.w).Flush() == nil
}
