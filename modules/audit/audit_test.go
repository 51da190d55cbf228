package audit

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is this module alone, in Kansk on 1 October 2012.
type house struct {
	*testing.T
	*host.Host
	schema *ast.Schema
	town   context.Context
}

func open(t *testing.T) *house {
	t.Helper()
	db, clock := coretest.Database(t), coretest.Noon(2012, time.October, 1)
	guard, err := access.New(db, access.Settings{Clock: clock, Log: coretest.Quiet()})
	must(t, err)
	t.Cleanup(func() { _ = guard.Close() })
	h := &host.Host{DB: db, Guard: guard, Reads: read.New(db, guard, clock, 100),
		Writer: &mutation.Writer{DB: db, Clock: clock}, Clock: clock, Log: coretest.Quiet()}
	m := New(h)
	must(t, h.Reads.Ready())
	must(t, guard.Know([]core.Info{m.Info()}))
	town := coretest.Town(t, db, "kansk")
	must(t, guard.EnsureDefaults(t.Context(), town))
	return &house{T: t, Host: h, schema: schema(t), town: core.WithMunicipality(t.Context(), town)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// schema is the module's with what follows from its names.
func schema(t *testing.T) *ast.Schema {
	t.Helper()
	var sources []*ast.Source
	for _, name := range []string{"../../graph/base.graphqls", "audit.graphqls"} {
		text, err := os.ReadFile(name)
		must(t, err)
		sources = append(sources, &ast.Source{Name: name, Input: string(text)})
	}
	sources = append(sources, &ast.Source{Name: "injected", Input: `
		type AuditEntryConnection { edges: [AuditEntryEdge!]! nodes: [AuditEntry!]! pageInfo: PageInfo! totalCount: Int! }
		type AuditEntryEdge { cursor: String! node: AuditEntry! }
		input AuditEntryOrder { field: AuditEntryOrderField! direction: OrderDirection! = ASC }
		input ActorKindFilter { eq: ActorKind in: [ActorKind!] notIn: [ActorKind!] }
		extend type Mutation { nothing: Int } extend type Subscription { nothing: Int }`})
	s, err := gqlparser.LoadSchema(sources...)
	must(t, err)
	return s
}

// entries asks auditEntries with these arguments for all fields.
func (h *house) entries(ctx context.Context, arguments string) (*read.Connection[AuditEntry], error) {
	h.Helper()
	ctx, _ = h.operation(ctx, arguments)
	return read.All[AuditEntry](ctx, h.Reads)
}

// value is a field of an entry that SQL works out.
func value[V any](ctx context.Context, h *house, e *AuditEntry, name string) V {
	h.Helper()
	v, err := read.Value[V](h.field(ctx, name), h.Reads, e)
	must(h.T, err)
	return v
}

// field is the context of one field of the entries.
func (h *house) field(ctx context.Context, name string) context.Context {
	h.Helper()
	ctx, root := h.operation(ctx, "")
	op := graphql.GetOperationContext(ctx)
	for _, nodes := range graphql.CollectFields(op, root.Selections, []string{"AuditEntryConnection"}) {
		for _, f := range graphql.CollectFields(op, nodes.Selections, []string{"AuditEntry"}) {
			if f.Name == name {
				return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "AuditEntry", Field: f})
			}
		}
	}
	h.Fatalf("entries have no %s", name)
	return nil
}

// operation is the question for entries under way.
func (h *house) operation(ctx context.Context, arguments string) (context.Context, graphql.CollectedField) {
	h.Helper()
	doc, errs := gqlparser.LoadQuery(h.schema, `{ auditEntries`+arguments+` { totalCount
		nodes { id at actorKind actorId actingForId action objectType objectId object { id } before after reason requestId } pageInfo { endCursor } } }`)
	if errs != nil {
		h.Fatal(errs)
	}
	op := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}
	ctx = graphql.WithOperationContext(ctx, op)
	field := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query"})[0]
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: field}), field
}

func (h *house) actions(ctx context.Context, arguments string) string {
	h.Helper()
	page, err := h.entries(ctx, arguments)
	must(h.T, err)
	var actions []string
	for _, e := range page.Nodes {
		actions = append(actions, e.Action)
	}
	return strings.Join(actions, " ")
}

// does records a change, as every service does.
func (h *house) does(ctx context.Context, action string, c core.Change) {
	h.Helper()
	_, err := h.Writer.Do(ctx, action, nil, func(_ context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		tx.Changed(c)
		return c.ID, nil
	})
	must(h.T, err)
}

func (h *house) holder(role string, scope core.Scope) context.Context {
	return core.WithActor(h.town, core.Actor{Kind: core.Account, Account: core.NewID(), Assignments: []core.Assignment{{Role: role, Scope: scope}}})
}

func TestOnlyAuditorsSeeTheTrailAndOnlyTheirTowns(t *testing.T) {
	h := open(t)
	system := core.WithActor(h.town, core.Actor{Kind: core.System})
	h.does(system, "createRole", core.Change{Kind: core.Created, Type: "Role", ID: core.NewID()})
	other := core.WithMunicipality(h.town, coretest.Town(t, h.DB, "other"))
	must(t, h.Guard.EnsureDefaults(t.Context(), core.MunicipalityOf(other)))
	for name, c := range map[string]struct {
		ctx  context.Context
		want int
	}{
		"anonymous":               {core.WithActor(h.town, core.Actor{}), 0},
		"a clerk":                 {h.holder("clerk", core.Everywhere), 0},
		"an auditor of a council": {h.holder("auditor", core.Scope{Kind: "council", ID: core.NewID()}), 0},
		"another town's":          {core.WithMunicipality(h.holder("auditor", core.Everywhere), core.MunicipalityOf(other)), 0},
		"an auditor":              {h.holder("auditor", core.Everywhere), 1},
		"an administrator":        {h.holder("administrator", core.Everywhere), 1},
	} {
		page, err := h.entries(c.ctx, "")
		must(t, err)
		if page.TotalCount != c.want || len(page.Nodes) != c.want {
			t.Errorf("%s sees %d of %d entries, want %d", name, len(page.Nodes), page.TotalCount, c.want)
		}
	}
}

func TestAnEntrySaysWhoDidWhat(t *testing.T) {
	h := open(t)
	actor := core.Actor{Kind: core.Account, Account: core.NewID(), ActingFor: core.NewID()}
	council := core.NewID()
	h.does(core.WithRequestID(core.WithActor(h.town, actor), "r-1"), "updateCouncil",
		core.Change{Kind: core.Updated, Type: "Council", ID: council, Before: map[string]int{"a": 1}, After: map[string]int{"a": 2}, Reason: "Order 7"})
	h.does(core.WithActor(h.town, core.Actor{Kind: core.System}), "createRole", core.Change{Kind: core.Created, Type: "Role", ID: core.NewID()})
	auditor := h.holder("auditor", core.Everywhere)
	page, err := h.entries(auditor, "")
	must(t, err)
	e := page.Nodes[1]
	if *value[*core.ID](auditor, h, e, "actorId") != (core.ID{Type: "Account", Key: actor.Account}) ||
		*value[*core.ID](auditor, h, e, "actingForId") != (core.ID{Type: "Organisation", Key: actor.ActingFor}) ||
		value[ActorKind](auditor, h, e, "actorKind") != "ACCOUNT" || value[core.ID](auditor, h, e, "objectId") != (core.ID{Type: "Council", Key: council}) ||
		*e.Reason != "Order 7" || e.RequestID != "r-1" {
		t.Errorf("got %+v", e)
	}
	var out strings.Builder
	e.Before.MarshalGQL(&out)
	e.After.MarshalGQL(&out)
	if got := out.String(); got != `{"a": 1}{"a": 2}` {
		t.Errorf("before and after are %s", got)
	}
	if object, err := read.Refer(h.field(auditor, "object"), h.Reads, e); object != nil || err != nil {
		t.Errorf("a council that nobody declared is shown: %v, %v", object, err)
	}
	if e := page.Nodes[0]; value[*core.ID](auditor, h, e, "actorId") != nil || value[*core.ID](auditor, h, e, "actingForId") != nil ||
		value[ActorKind](auditor, h, e, "actorKind") != "SYSTEM" || e.Before != nil || e.Reason != nil {
		t.Errorf("got %+v", e)
	}
}

func TestTheTrailIsNewestFirstAndNarrowed(t *testing.T) {
	h := open(t)
	account, service := core.Actor{Kind: core.Account, Account: core.NewID()}, core.Actor{Kind: core.Service, Account: core.NewID()}
	role, council := core.ID{Type: "Role", Key: core.NewID()}, core.ID{Type: "Council", Key: core.NewID()}
	for _, done := range []struct {
		actor  core.Actor
		action string
		object core.ID
	}{
		{account, "one", role}, {service, "two", council}, {core.Actor{Kind: core.System}, "three", role}, {account, "four", council},
		// The same key under another type is another object.
		{account, "five", core.ID{Type: "Membership", Key: role.Key}},
	} {
		h.does(core.WithActor(h.town, done.actor), done.action, core.Change{Kind: core.Updated, Type: done.object.Type, ID: done.object.Key})
	}
	ctx := h.holder("auditor", core.Everywhere)
	names := strings.NewReplacer("$account", strconv.Quote(core.ID{Type: "Account", Key: account.Account}.String()),
		"$service", strconv.Quote(core.ID{Type: "ServiceToken", Key: service.Account}.String()), "$role", strconv.Quote(role.String()))
	for arguments, want := range map[string]string{
		``:                                       `five four three two one`,
		`(first: 2)`:                             `five four`,
		`(last: 2)`:                              `two one`,
		`(orderBy: {field: RECORDED})`:           `one two three four five`,
		`(filter: {objectType: {in: ["Role"]}})`: `three one`,
		`(filter: {object: {eq: $role}})`:        `three one`,
		`(filter: {action: {eq: "two"}})`:        `two`,
		`(filter: {actorKind: {notIn: [ACCOUNT, SERVICE]}})`:             `three`,
		`(filter: {actor: {isNull: true}})`:                              `three`,
		`(filter: {actor: {in: [$account, $service]}})`:                  `five four two one`,
		`(filter: {actor: {eq: $account}, objectType: {eq: "Council"}})`: `four`,
		`(filter: {at: {gte: "2012-10-01T05:00:00Z"}})`:                  `five four three two one`,
		`(filter: {at: {gte: "2012-10-01T12:00:00.001+07:00"}})`:         ``,
		`(filter: {at: {lte: "2012-10-01T12:59:59+08:00"}})`:             ``,
		`(filter: {at: {lte: "2012-10-01T13:00:00+08:00"}} last: 1)`:     `one`,
	} {
		if got := h.actions(ctx, names.Replace(arguments)); got != want {
			t.Errorf("%s: got %q, want %q", arguments, got, want)
		}
	}
	page, err := h.entries(ctx, `(first: 2)`)
	must(t, err)
	if got := h.actions(ctx, `(first: 2, after: "`+*page.PageInfo.EndCursor+`")`); got != "three two" || page.TotalCount != 5 {
		t.Errorf("the second page is %q of %d", got, page.TotalCount)
	}
}

func TestFiltersAreRefusedAtTheirField(t *testing.T) {
	h := open(t)
	ctx := h.holder("auditor", core.Everywhere)
	for arguments, path := range map[string][]string{
		`(filter: {at: {gte: "yesterday"}})`:      {"filter", "at", "gte"},
		`(filter: {object: {eq: "nonsense"}})`:    {"filter", "object", "eq"},
		`(filter: {actor: {in: ["a"]}})`:          {"filter", "actor", "in"},
		`(first: 2, after: "bm90IGEgY3Vyc29y")`:   {"after"},
		`(first: -1)`:                             {"first"},
		`(first: 2, last: 2)`:                     {"last"},
		`(filter: {at: {lte: "2012-10-01 05Z"}})`: {"filter", "at", "lte"},
	} {
		_, err := h.entries(ctx, arguments)
		var e *core.Error
		if !errors.As(err, &e) || e.Code != core.CodeBadUserInput || !slices.Equal(e.Path, path) {
			t.Errorf("%s: got %v", arguments, err)
		}
	}
}
