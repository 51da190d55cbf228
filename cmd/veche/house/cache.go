package house

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/graph/transport"
)

// Answers to trusted documents that the anonymous ask for by GET are kept, each under all that it
// depends on. What may show something that is gone:
//   - nothing on the replica that changed it, from the end of the mutation on;
//   - on other replicas what is under way to them: an answer may be as old as the event's delivery
//     takes, some milliseconds in good order;
//   - nothing for longer than cacheFor, whatever breaks: the listening connection, the broker, or
//     somebody's change by hand in the database.

// cacheFor is how long an answer is used at most. It bounds what no event tells.
const cacheFor = 5 * time.Second

// documents reads the trusted documents, which must be valid for the whole schema.
func (h *House) documents() (*transport.Documents, error) {
	file := h.settings.TrustedDocuments
	if file == "" {
		return nil, nil
	}
	manifest, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("trusted documents: %w", err)
	}
	whole := h.Graph.For(&core.Municipality{}).Schema()
	documents, err := transport.ReadDocuments(manifest, whole, transport.Limits{})
	if err != nil {
		return nil, fmt.Errorf("trusted documents: %s: %w", file, err)
	}
	return documents, nil
}

// cacheable names what an answer to the anonymous depends on beside the question: the town as it is
// known here, the reader's language, the town's day, its policy, how far its changes have been seen,
// and the time by the step of cacheFor.
func (h *House) cacheable(r *http.Request) (string, bool) {
	ctx := r.Context()
	if signedIn(ctx) || bearsCredentials(r) {
		return "", false
	}
	town := core.MunicipalityOf(ctx)
	changes, ok := h.seen(ctx)
	if !ok {
		return "", false
	}
	policy, err := h.Guard.Version(ctx)
	if err != nil {
		return "", false // the question itself will tell
	}
	known := fmt.Sprintf("%s %q %q %q %q %q", town.ID, town.Name, town.Region, town.TimeZone, town.Hosts, town.DisabledModules)
	step := h.Clock().UnixNano() / int64(cacheFor)
	return fmt.Sprint(known, " ", core.LanguageOf(ctx), " ", town.Today(h.Clock), " ", policy, " ", changes, " ", step), true
}

// bearsCredentials says whether the request shows anything to sign in by, even if it is worth
// nothing any more: the answer then takes a cookie back, and that is not for everybody.
func bearsCredentials(r *http.Request) bool {
	for _, c := range r.Cookies() {
		if strings.HasSuffix(c.Name, "veche") {
			return true
		}
	}
	return r.Header.Get("Authorization") != "" || r.Header.Get("X-Acting-For") != ""
}

// changes counts, for each municipality, the changes that this replica has seen.
type changes struct {
	mu    sync.Mutex
	towns map[uuid.UUID]*changed
}

type changed struct {
	count atomic.Int64
	ended atomic.Bool // its subscription: from then on nothing is known
}

// seen is the count of the context's municipality; false when changes are not heard of any more.
func (h *House) seen(ctx context.Context) (int64, bool) {
	of := h.changed(core.MunicipalityOf(ctx))
	count := of.count.Load()
	return count, !of.ended.Load() // asked last: a count from after the end is worth nothing
}

// changed finds the town's count. The first to ask subscribes to its events, until the streams end.
func (h *House) changed(town *core.Municipality) *changed {
	c := &h.changes
	c.mu.Lock()
	defer c.mu.Unlock()
	if of := c.towns[town.ID]; of != nil {
		return of
	}
	if c.towns == nil {
		c.towns = map[uuid.UUID]*changed{}
	}
	of := &changed{}
	c.towns[town.ID] = of
	ctx := core.WithMunicipality(h.streams, town)
	go of.follow(ctx, h.Events, h.Events.Subscribe(ctx, events.Filter{}))
	return of
}

// follow counts until there is nothing more to come. Changes that came faster than they were counted
// are one more, after the new subscription has begun.
func (of *changed) follow(ctx context.Context, broker *events.Broker, sub *events.Subscription) {
	defer of.ended.Store(true)
	for {
		for range sub.Events() {
			of.count.Add(1)
		}
		if sub.Err() != events.ErrOverflow { //nolint:errorlint // both ends are one code to errors.Is
			return
		}
		sub = broker.Subscribe(ctx, events.Filter{})
		of.count.Add(1)
	}
}

// bump counts a change of this replica's own before its event comes.
func (c *changes) bump(town uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of := c.towns[town]; of != nil {
		of.count.Add(1)
	}
}

// ownChanges counts each mutation when it has ended and before it is answered, so that whoever is
// answered finds it in all that is asked after.
type ownChanges struct{ house *House }

func (ownChanges) ExtensionName() string                   { return "OwnChanges" }
func (ownChanges) Validate(graphql.ExecutableSchema) error { return nil }

func (o ownChanges) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if op := graphql.GetOperationContext(ctx).Operation; op != nil && op.Operation == ast.Mutation {
		defer o.house.changes.bump(core.MunicipalityOf(ctx).ID)
	}
	return next(ctx)
}
