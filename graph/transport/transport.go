// Package transport is the door: it serves any graphql.ExecutableSchema over HTTP at one path, by POST, GET, WebSocket
// (graphql-transport-ws) and server-sent events.
//
// It owns what happens before and after gqlgen's executor: who may ask from where (origins), what may be asked (limits), how an
// answer looks on the wire (media types, status codes, the list of errors) and how long it may take. It knows nothing of
// municipalities, accounts or modules: the caller hands those in through Options, and puts its own middleware (identity,
// municipality, request ids) around the handler.
//
// Files come within a request as the GraphQL multipart request specification has it (uploads.go): they are written to the disk while
// they arrive, so that the memory taken does not grow with them.
//
// The order for one request: origin, method, Accept, content type, schema, leave to send files, body, trusted document, answer kept from before, persisted
// query, tokens, shape of the query, validation, variables, complexity, execution under a deadline, size, one write. Each step refuses with a status and an
// extensions.code and nothing after it runs; a panic anywhere is one INTERNAL answer. The door keeps no state of a caller, and
// everything that it remembers (executors, parsed queries, persisted texts, answers for everybody) is bounded.
package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

// Options is what the caller decides. Only Schema must be given.
type Options struct {
	// Schema names the schema that serves a request. It must return the same pointer as long as the schema is the same: executors
	// and parsed queries are kept by it. Nil means that there is nothing to serve here, and is answered by 404.
	Schema func(r *http.Request) graphql.ExecutableSchema
	// Presenter turns every error into what the caller reads. An error that already bears extensions.code is the door's own and
	// should be passed on. It runs outside an operation as well. Without it an unknown error is INTERNAL and shows no text.
	Presenter graphql.ErrorPresenterFunc
	// Recover turns a panic into an error, and is the place to log it. Without it a panic is INTERNAL.
	Recover graphql.RecoverFunc
	// Init checks the payload of connection_init and returns the context of the connection's operations. An error closes it (4403).
	Init func(ctx context.Context, payload map[string]any) (context.Context, error)
	// Trusted says whether the caller may see suggestions ("Did you mean"), which tell names. Without it nobody does.
	Trusted func(ctx context.Context) bool
	// Introspection says whether the caller may ask for __schema and __type. Without it everybody may.
	Introspection func(ctx context.Context) bool
	// Text words a message of the door, whose keys are in Keys. Without it messages are English.
	Text func(ctx context.Context, key string, args ...any) string
	// Extensions are gqlgen's hooks, run inside the door's own. One value serves all schemas at once.
	Extensions []graphql.HandlerExtension
	// Documents are the trusted ones, which a request may name. Without them there are none.
	Documents *Documents
	// DocumentsOnly refuses every query that is not one of Documents.
	DocumentsOnly bool
	// Cacheable names what the answer to a trusted document depends on beside the document, its operation, its variables and the
	// schema. It is asked before anything is read, so that an answer is never kept under a state newer than what it shows. What is
	// not for everybody, or not worth keeping, is not ok. Without it nothing is kept.
	Cacheable func(r *http.Request) (key string, ok bool)
	// AllowedOrigins are foreign origins ("https://portal.example") whose pages may ask with the visitor's cookie.
	AllowedOrigins []string
	// Uploads says how large a file the caller may send within a request (multipart/form-data), in bytes; 0: none. It is asked before
	// the body is read. Without it there are no such requests.
	Uploads func(ctx context.Context) int64
	// UploadFolder is where such files lie until the request is answered; empty: the system's folder for temporary files.
	UploadFolder string
	// PricedBySize says that the schema's complexity functions go by numbers and by the lengths of lists alone, and not by what stands
	// within an input object: prices are then kept.
	PricedBySize bool
	// Limits bounds a request. A field that is not set takes its value from DefaultLimits, so none is unbounded by oversight.
	Limits Limits
}

type door struct {
	options Options
	limits  Limits
	origins *origins
	engines *engines
	answers *bounded[string, kept]
}

// New builds the handler. It fails on options that cannot work: no schema, an origin that no browser would send, trusted
// documents alone and none given.
func New(options Options) (http.Handler, error) {
	if options.Schema == nil {
		return nil, errors.New("transport: Options.Schema is not set")
	}
	allowed, err := newOrigins(options.AllowedOrigins)
	if err != nil {
		return nil, fmt.Errorf("transport: allowed origins: %w", err)
	}
	d := &door{options: options, limits: options.Limits.orDefault(), origins: allowed}
	if options.DocumentsOnly && options.Documents == nil {
		return nil, errors.New("transport: Options.DocumentsOnly is set without Options.Documents")
	}
	if d.engines, err = newEngines(d); err != nil {
		return nil, fmt.Errorf("transport: caches: %w", err)
	}
	if d.answers, err = newBounded[string, kept](d.limits.AnswersBytes); err != nil {
		return nil, fmt.Errorf("transport: caches: %w", err)
	}
	return d, nil
}

// ServeHTTP answers one request, whatever happens.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(graphql.StartOperationTrace(r.Context()))
	x := &exchange{door: d, w: w, r: r, media: mediaJSON}
	defer x.recoverPanic()
	defer x.closeFiles()
	x.prepareHeaders()
	if refused := x.serve(); refused != nil {
		x.refuse(refused)
	}
}

// serve sends the request to its transport. What it returns has not been answered yet.
func (x *exchange) serve() *refusal {
	if x.r.Method == http.MethodOptions {
		return x.servePreflight()
	}
	if refused := x.door.origins.check(x.r); refused != nil {
		return refused
	}
	if strings.EqualFold(x.r.Header.Get("Upgrade"), "websocket") { // others, h2c of curl, may be ignored
		return x.serveSocket()
	}
	switch x.r.Method {
	case http.MethodGet, http.MethodPost:
		return x.serveOperation()
	default:
		x.w.Header().Set("Allow", allowedMethods)
		return refuse(http.StatusMethodNotAllowed, codeMethod, "method", x.r.Method)
	}
}

func (d *door) text(ctx context.Context, key string, args ...any) string {
	if d.options.Text != nil {
		return d.options.Text(ctx, key, args...)
	}
	return Text(English, key, args...)
}
