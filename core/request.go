package core

import "context"

type requestKey struct{}

// WithRequestID puts the request's id, as logs and answers name it, into the context.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestIDOf is the id of the request under way; empty outside of one.
func RequestIDOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
