package people

import (
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// house is the module in a host on a real database; today is 28 September 2012.
type house struct {
	*Module
	t    testing.TB
	db   *postgres.DB
	host *host.Host
	town *core.Municipality
}

func newHouse(t *testing.T) *house {
	t.Helper()
	db := coretest.Database(t)
	clock := coretest.Noon(2012, time.September, 28)
	guard, err := access.New(db, access.Settings{Clock: clock, Log: coretest.Quiet(), Modules: []core.Info{Info()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = guard.Close() })
	writer := &mutation.Writer{DB: db, Clock: clock}
	h := &host.Host{DB: db, Guard: guard, Reads: read.New(db, guard, clock, 100), Writer: writer, Clock: clock, Log: coretest.Quiet()}
	m := New(h)
	if err := h.Reads.Ready(); err != nil {
		t.Fatal(err)
	}
	town := coretest.Town(t, db, "kansk")
	if err := guard.EnsureDefaults(t.Context(), town); err != nil {
		t.Fatal(err)
	}
	return &house{Module: m, t: t, db: db, host: h, town: town}
}

// as is a context of an account with that role everywhere, which belongs to the person (or none).
func (h *house) as(role string, person uuid.UUID) context.Context {
	actor := core.Actor{Kind: core.Account, Account: core.NewID(), Person: person}
	switch role {
	case "anonymous":
		actor = core.Actor{Kind: core.Anonymous}
	case "system":
		actor = core.Actor{Kind: core.System}
	case "resident":
	default:
		actor.Assignments = []core.Assignment{{Role: role}}
	}
	ctx := core.WithMunicipality(h.t.Context(), h.town)
	return core.WithRequestID(core.WithActor(ctx, actor), "request-1")
}

func (h *house) system() context.Context { return h.as("system", uuid.Nil) }

// done wants a mutation to have been done, and answers the object's key.
func (h *house) done(p *core.Payload, err error) uuid.UUID {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	if len(p.UserErrors) > 0 {
		h.t.Fatalf("refused: %+v", p.UserErrors)
	}
	return p.Key
}

// refused wants a mutation to have been refused for a form, with that code at that field.
func (h *house) refused(code core.Code, field string) func(*core.Payload, error) {
	h.t.Helper()
	return func(p *core.Payload, err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
		for _, e := range p.UserErrors {
			if e.Code == code && (field == "" || e.Path[len(e.Path)-1] == field) {
				return
			}
		}
		h.t.Fatalf("wanted %s at %s, got %+v", code, field, p.UserErrors)
	}
}

// fails wants a mutation to have failed with that code, outside of the payload.
func (h *house) fails(code core.Code) func(*core.Payload, error) {
	h.t.Helper()
	return func(p *core.Payload, err error) {
		h.t.Helper()
		if core.CodeOf(err) != code || err == nil {
			h.t.Fatalf("wanted %s, got %v %+v", code, err, p)
		}
	}
}

func (h *house) person(family, given string) uuid.UUID {
	h.t.Helper()
	return h.done(h.Service.CreatePerson(h.system(), CreatePersonInput{FamilyName: family, GivenName: given}))
}

func (h *house) organisation(name string) uuid.UUID {
	h.t.Helper()
	return h.done(h.Service.CreateOrganisation(h.system(), CreateOrganisationInput{Kind: NGO, Name: name}))
}

func (h *house) post(person, organisation uuid.UUID, title string, startsOn core.Date, endsOn *core.Date) uuid.UUID {
	h.t.Helper()
	return h.done(h.Service.AssignPost(h.system(), AssignPostInput{
		PersonID: id(typePerson, person), OrganisationID: id(typeOrganisation, organisation), Title: title, SoleHolder: true, StartsOn: startsOn, EndsOn: endsOn,
	}))
}

// count is the number that a statement answers for the town.
func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	if err := h.db.QueryRowContext(h.t.Context(), query, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func day(year int, month time.Month, d int) core.Date { return core.NewDate(year, month, d) }

func ptr[T any](v T) *T { return &v }

// sdl is as much of the schema as these tests ask; the whole is tested over HTTP elsewhere.
const sdl = `
scalar Date
input BooleanFilter { eq: Boolean! }
input PersonFilter { search: String, merged: BooleanFilter }
input OrganisationFilter { search: String }
type Query { persons(first: Int, filter: PersonFilter): PersonConnection! organisations(filter: OrganisationFilter, asOf: Date): OrganisationConnection! }
type PersonConnection { nodes: [Person!]! totalCount: Int! }
type OrganisationConnection { nodes: [Organisation!]! totalCount: Int! }
type Organisation { id: ID! name: String! status(asOf: Date): String! }
type Person { id: ID! name: String! personal: PersonalData }
type PersonalData { birthDate: Date phones: [String!]! emails: [String!]! postalAddress: String version: Int! }
`

// ask makes the contexts of the fields that a query asks for, by their path: as gqlgen would hand
// them to the resolvers.
func (h *house) ask(ctx context.Context, query string, paths ...string) []context.Context {
	h.t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "test", Input: sdl})
	if err != nil {
		h.t.Fatal(err)
	}
	doc, list := gqlparser.LoadQueryWithRules(schema, query, rules.NewDefaultRules())
	if len(list) > 0 {
		h.t.Fatal(list)
	}
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: map[string]any{}})
	set := doc.Operations[0].SelectionSet
	var all []context.Context
	for _, path := range paths {
		for _, s := range set {
			if f := s.(*ast.Field); f.Name == path {
				set = f.SelectionSet
				all = append(all, graphql.WithFieldContext(ctx, &graphql.FieldContext{
					Object: f.ObjectDefinition.Name, Field: graphql.CollectedField{Field: f, Selections: set},
				}))
				if path == "persons" || path == "organisations" {
					set = set[0].(*ast.Field).SelectionSet // nodes
				}
				break
			}
		}
	}
	return all
}

func (h *house) persons(ctx context.Context, query string) *read.Connection[Person] {
	h.t.Helper()
	found, err := read.All[Person](h.ask(ctx, query, "persons")[0], h.host.Reads)
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func (h *house) names(found *read.Connection[Person]) []string {
	h.t.Helper()
	ctx := h.ask(h.system(), "{persons {nodes {name}}}", "persons", "name")[1]
	all := []string{}
	for _, p := range found.Nodes {
		name, err := read.Value[string](ctx, h.host.Reads, p)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, name)
	}
	return all
}
