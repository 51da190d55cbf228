package house

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/veche-city/veche/core"
)

// WithIDs makes a log handler that adds to every line the request's and the trace's id, and the
// municipality's key, where the line's context has them.
func WithIDs(next slog.Handler) slog.Handler { return &ids{next} }

type ids struct{ slog.Handler }

func (h *ids) Handle(ctx context.Context, record slog.Record) error {
	if id := core.RequestIDOf(ctx); id != "" {
		record.AddAttrs(slog.String("request", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		record.AddAttrs(slog.String("trace", span.TraceID().String()))
	}
	if town := core.MunicipalityOf(ctx); town.Key != "" {
		record.AddAttrs(slog.String("municipality", town.Key))
	}
	return h.Handler.Handle(ctx, record)
}

func (h *ids) WithAttrs(attrs []slog.Attr) slog.Handler { return &ids{h.Handler.WithAttrs(attrs)} }
func (h *ids) WithGroup(name string) slog.Handler       { return &ids{h.Handler.WithGroup(name)} }
