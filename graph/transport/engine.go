package transport

import (
	"context"
	"fmt"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// engine is gqlgen's executor for one schema, twice: gqlgen fixes for an executor whether errors suggest names, and we decide it
// by caller. Both share parsed queries, since what is valid is valid for both.
type engine struct {
	door      *door
	number    int // no other engine's, before or after
	trusted   *executor.Executor
	anonymous *executor.Executor
}

var _ graphql.GraphExecutor = (*engine)(nil)

// CreateOperationContext reads, checks and prices an operation. Every error that it returns bears a code. A panic in the parser or
// the validator is an error as well, because on a WebSocket nothing else would catch it.
func (e *engine) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (operation *graphql.OperationContext, errs gqlerror.List) {
	defer func() {
		if panicked := recover(); panicked != nil {
			operation = &graphql.OperationContext{RecoverFunc: e.door.recovered}
			shown := e.door.present(ctx, e.door.recovered(ctx, panicked))
			setCode(shown, codeInternal)
			errs = gqlerror.List{shown}
		}
	}()
	operation, errs = e.choose(ctx).CreateOperationContext(ctx, params)
	for _, err := range errs {
		e.classify(ctx, err)
	}
	return operation, errs
}

func (e *engine) DispatchOperation(ctx context.Context, operation *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	return e.choose(ctx).DispatchOperation(ctx, operation)
}

func (e *engine) DispatchError(ctx context.Context, errs gqlerror.List) *graphql.Response {
	return e.choose(ctx).DispatchError(ctx, errs)
}

func (e *engine) choose(ctx context.Context) *executor.Executor {
	if e.door.options.Trusted != nil && e.door.options.Trusted(ctx) {
		return e.trusted
	}
	return e.anonymous
}

// classify gives a code to what gqlgen leaves without one, and turns a wrong variable, which gqlgen calls a validation error with
// a made-up response path, into wrong input that names the variable.
func (e *engine) classify(ctx context.Context, err *gqlerror.Error) {
	if len(err.Path) > 1 && err.Path[0] == ast.PathName("variable") {
		err.Message = e.door.text(ctx, "variable", err.Path[1:].String(), err.Message)
		err.Path = nil
		setCode(err, codeInput)
	}
	if codeOf(err) == "" {
		setCode(err, codeInput)
	}
}

// engines keeps an engine for each schema that was lately used, and what all of them share.
type engines struct {
	door      *door
	mu        sync.Mutex
	built     int
	engines   *lru.Cache[graphql.ExecutableSchema, *engine]
	documents *bounded[documentKey, *ast.QueryDocument]
	persisted *bounded[string, string]
	prices    *bounded[priced, int]
}

func newEngines(d *door) (*engines, error) {
	documents, err := newBounded[documentKey, *ast.QueryDocument](d.limits.DocumentNodes)
	if err != nil {
		return nil, err
	}
	persisted, err := newBounded[string, string](d.limits.PersistedBytes)
	if err != nil {
		return nil, err
	}
	prices, err := newBounded[priced, int](priceBytes)
	if err != nil {
		return nil, err
	}
	forget := func(schema graphql.ExecutableSchema, _ *engine) {
		documents.removeIf(func(key documentKey) bool { return key.schema == schema })
		prices.removeIf(func(key priced) bool { return key.schema == schema })
	}
	kept, err := lru.NewWithEvict(d.limits.Schemas, forget)
	if err != nil {
		return nil, fmt.Errorf("executors: %w", err)
	}
	return &engines{door: d, engines: kept, documents: documents, persisted: persisted, prices: prices}, nil
}

// of builds a schema's engine once. Two requests at the same moment wait for each other, so that they share its caches.
func (s *engines) of(schema graphql.ExecutableSchema) *engine {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.engines.Get(schema); ok {
		return known
	}
	s.built++
	built := &engine{door: s.door, number: s.built, trusted: s.build(schema), anonymous: s.build(schema)}
	built.anonymous.SetDisableSuggestion(true)
	built.anonymous.SetDefaultRulesFn(silentRules)
	s.engines.Add(schema, built)
	return built
}

func (s *engines) build(schema graphql.ExecutableSchema) *executor.Executor {
	d := s.door
	exec := executor.New(schema)
	exec.SetErrorPresenter(d.present)
	exec.SetRecoverFunc(func(ctx context.Context, panicked any) error { return d.recovered(ctx, panicked) })
	exec.SetParserTokenLimit(d.limits.Tokens)
	cache := documentCache{schema: schema, documents: s.documents}
	exec.SetQueryCache(cache)
	exec.Use(errorCap{hook: "ErrorCap", door: d})
	exec.Use(answerCap{hook: "AnswerCap", door: d})
	exec.Use(trustGuard{hook: "TrustGuard", door: d})
	exec.Use(extension.AutomaticPersistedQuery{Cache: persistedCache{limit: d.limits.PersistedText, texts: s.persisted}})
	exec.Use(shapeGuard{hook: "ShapeGuard", door: d, known: cache})
	exec.Use(introspectionGuard{hook: "IntrospectionGuard", door: d})
	exec.Use(priceGuard{hook: "PriceGuard", door: d, schema: schema, prices: s.prices})
	exec.Use(deadline{hook: "Deadline", door: d})
	for _, theirs := range d.options.Extensions {
		exec.Use(theirs)
	}
	return exec
}

// silentRules is the standard set without suggestions. gqlgen's own switch covers two of the five rules that make them.
func silentRules() *rules.Rules {
	set := rules.NewDefaultRules()
	set.RemoveRule(rules.KnownArgumentNamesRule.Name)
	set.RemoveRule(rules.KnownTypeNamesRule.Name)
	set.RemoveRule(rules.ValuesOfCorrectTypeRule.Name)
	for _, silent := range []validator.Rule{
		rules.KnownArgumentNamesRuleWithoutSuggestions, rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		set.AddRule(silent.Name, silent.RuleFunc)
	}
	return set
}
