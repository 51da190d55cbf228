package house

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/graph"
	"github.com/veche-city/veche/graph/transport"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/plugins/host"
)

// innerDocuments is how many parsed operations of plugins are kept for each municipality.
const innerDocuments = 200

// inner answers operations that come from within: from plugins, on behalf of a call.
type inner struct {
	mu   sync.Mutex
	last map[string]*engine // by municipality
}

// innerKey marks the context of an operation that comes from within.
type innerKey struct{}

// engine is an executor with the schema that it is of.
type engine struct {
	schema graphql.ExecutableSchema
	*executor.Executor
}

func (h *House) engine(town *core.Municipality) *engine {
	schema := h.Graph.For(town)
	h.inner.mu.Lock()
	defer h.inner.mu.Unlock()
	if known := h.inner.last[town.Key]; known != nil && known.schema == schema {
		return known
	}
	made, limits := executor.New(schema), transport.DefaultLimits() // a plugin's operation may cost what a client's may
	made.SetErrorPresenter(graph.Present(h.Log))
	made.SetRecoverFunc(graph.Recover(h.Log))
	made.SetParserTokenLimit(limits.Tokens)
	made.SetQueryCache(lru.New[*ast.QueryDocument](innerDocuments))
	made.Use(extension.FixedComplexityLimit(limits.Complexity))
	made.Use(graph.Parts{})
	made.Use(graph.SteadyErrors{})
	if h.inner.last == nil {
		h.inner.last = map[string]*engine{}
	}
	h.inner.last[town.Key] = &engine{schema, made}
	return h.inner.last[town.Key]
}

// query runs an operation for the context's actor in the context's municipality; answers have the form of
// GraphQL's section 7.1.
func (h *House) query(ctx context.Context, q host.Query) (json.RawMessage, error) {
	e := h.engine(core.MunicipalityOf(ctx))
	ctx = graphql.StartOperationTrace(context.WithValue(ctx, innerKey{}, true))
	op, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: q.Query, Variables: q.Variables, OperationName: q.Operation,
		ReadTime: graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}})
	if errs != nil {
		return json.Marshal(e.DispatchError(graphql.WithOperationContext(ctx, op), errs))
	}
	respond, ctx := e.DispatchOperation(ctx, op)
	return json.Marshal(respond(ctx))
}

// schema is that of the context's municipality.
func (h *House) schema(ctx context.Context) *ast.Schema {
	return h.Graph.For(core.MunicipalityOf(ctx)).Schema()
}

// openCase opens a case that follows from what a plugin does. That plugins may open cases at all is the
// administrator's grant.
func (h *House) openCase(ctx context.Context, tx *mutation.Tx, c host.Case) (uuid.UUID, error) {
	o := cases.Opening{Origin: cases.OriginProposal, Kind: c.Kind, Title: c.Title, Text: c.Text, Source: c.About, Channel: cases.ChannelOnline}
	if c.Person != nil {
		key, err := c.Person.Of("Person", "person")
		if err != nil {
			return uuid.Nil, err
		}
		o.ApplicantID = &key
	}
	for _, m := range h.Modules {
		if m, ok := m.(*cases.Module); ok {
			return m.Service.Open(ctx, tx, o)
		}
	}
	return uuid.Nil, core.ErrNotFound
}
