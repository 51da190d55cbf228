package house

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/tenancy"
	"github.com/veche-city/veche/graph"
	"github.com/veche-city/veche/graph/graphiql"
	"github.com/veche-city/veche/graph/transport"
)

// Endpoint is where the graph is served.
const Endpoint = "/graphql"

// Handler serves the graph, and GraphiQL at the root. A request passes, in this order: its
// language, its municipality, its id and trace (whose line of log names the municipality), who
// acts, its idempotency key, and then the transport.
func (h *House) Handler() (http.Handler, error) {
	documents, err := h.documents()
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	door, err := transport.New(transport.Options{
		Schema: func(r *http.Request) graphql.ExecutableSchema {
			town := core.MunicipalityOf(r.Context())
			if town.ID == uuid.Nil {
				return nil
			}
			return h.Graph.For(town)
		},
		Presenter:      graph.Present(h.Log),
		Recover:        graph.Recover(h.Log),
		Init:           h.initSocket,
		Trusted:        signedIn,
		Introspection:  func(ctx context.Context) bool { return h.settings.Introspection || signedIn(ctx) },
		Text:           text,
		Documents:      documents,
		DocumentsOnly:  h.settings.TrustedOnly,
		Cacheable:      h.cacheable,
		AllowedOrigins: h.settings.AllowedOrigins,
		PricedBySize:   true, // read.Cost by first and last, nodes by its ids
		Extensions:     []graphql.HandlerExtension{ownChanges{h}, streams{h}, graph.Parts{}, graph.SteadyErrors{}},
	})
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(Endpoint, h.municipality(h.observe(h.Identity.Middleware(idempotency(h.endable(h.chooseReads(door)))))))
	for _, m := range h.Modules {
		if m, ok := m.(host.Handling); ok {
			for pattern, handler := range m.Handlers() {
				mux.Handle(pattern, h.municipality(h.observe(h.Identity.Middleware(h.inTown(handler)))))
			}
		}
	}
	mux.Handle("/", graphiql.Handler(Endpoint, examples))
	return language(mux), nil
}

func signedIn(ctx context.Context) bool { return core.ActorOf(ctx).Kind != core.Anonymous }

func text(ctx context.Context, key string, args ...any) string {
	return transport.Text(string(core.LanguageOf(ctx)), key, args...)
}

func language(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Language")
		lang := core.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
		next.ServeHTTP(w, r.WithContext(core.WithLanguage(r.Context(), lang)))
	})
}

// municipality finds the tenant; without one the transport has no schema, and answers 404.
func (h *House) municipality(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", tenancy.Header)
		if town := h.Towns.Of(r); town != nil {
			r = r.WithContext(core.WithMunicipality(r.Context(), town))
		}
		next.ServeHTTP(w, r)
	})
}

// inTown answers 404 where a request names no municipality.
func (h *House) inTown(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if core.MunicipalityOf(r.Context()).ID == uuid.Nil {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// idempotency takes the header Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header).
func idempotency(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := strings.Trim(r.Header.Get("Idempotency-Key"), `"`); key != "" {
			r = r.WithContext(mutation.WithKey(r.Context(), key))
		}
		next.ServeHTTP(w, r)
	})
}

// endable gives streams (WebSocket, server-sent events) a context that EndStreams ends; it alone,
// so that a stop does not break off what is being answered.
func (h *House) endable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" || strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(h.streams, cancel)()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// observe gives a request its id and its trace, and writes one line of log when it is done. The
// line holds no personal data: no address, no query, no variables.
func (h *House) observe(next http.Handler) http.Handler {
	traces := otel.Tracer("veche/http")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		ctx := otel.GetTextMapPropagator().Extract(core.WithRequestID(r.Context(), id), propagation.HeaderCarrier(r.Header))
		ctx, span := traces.Start(ctx, r.Pattern, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		w.Header().Set("X-Request-Id", id)
		began, counted := time.Now(), &statusWriter{ResponseWriter: w}
		next.ServeHTTP(counted, r.WithContext(ctx))
		h.metrics.observe(counted.status(), time.Since(began))
		h.Log.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("method", r.Method), slog.Int("status", counted.status()), slog.Duration("took", time.Since(began)))
	})
}

// statusWriter remembers the status for the log.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

// Unwrap lets http.ResponseController reach what lies below: flushing, deadlines, hijacking.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
