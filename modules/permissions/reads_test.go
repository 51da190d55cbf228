package permissions

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// injected is what follows from the names of this module's schema, and what others bring.
const injected = `
	type RoleConnection { nodes: [Role!]! totalCount: Int! }
	type RoleAssignmentConnection { nodes: [RoleAssignment!]! totalCount: Int! }
	input RoleAssignmentOrder { field: RoleAssignmentOrderField! direction: OrderDirection! = ASC }
	extend type Subscription { nothing: Int }`

// operation is a query under way at its one root field.
func (h *house) operation(ctx context.Context, query string) (context.Context, graphql.CollectedField) {
	h.Helper()
	sources := []*ast.Source{{Name: "injected", Input: injected}}
	for _, name := range []string{"../../graph/base.graphqls", "permissions.graphqls"} {
		text, err := os.ReadFile(name)
		must(h, err)
		sources = append(sources, &ast.Source{Name: name, Input: string(text)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	must(h, err)
	doc, errs := gqlparser.LoadQuery(schema, query)
	if errs != nil {
		h.Fatal(errs)
	}
	op := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}
	ctx = graphql.WithOperationContext(ctx, op)
	field := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query"})[0]
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: field}), field
}

// at is the context of a field of the list's nodes.
func at(ctx context.Context, root graphql.CollectedField, typ, name string) context.Context {
	op := graphql.GetOperationContext(ctx)
	nodes := graphql.CollectFields(op, root.Selections, []string{typ + "Connection"})[0]
	fields := graphql.CollectFields(op, nodes.Selections, []string{typ})
	i := slices.IndexFunc(fields, func(f graphql.CollectedField) bool { return f.Name == name })
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: typ, Field: fields[i]})
}

func (h *house) rolesOf(ctx context.Context, arguments string) []*Role {
	h.Helper()
	ctx, _ = h.operation(ctx, `{ roles`+arguments+` { nodes { key } } }`)
	page, err := read.All[Role](ctx, h.host.Reads)
	must(h, err)
	return page.Nodes
}

// field is the context of one field of the row.
func (h *house) field(ctx context.Context, row read.Object, name, selection string) context.Context {
	h.Helper()
	typ, list := "Role", "roles"
	if _, ok := row.(*RoleAssignment); ok {
		typ, list = "RoleAssignment", "roleAssignments"
	}
	ctx, root := h.operation(ctx, `{ `+list+` { nodes { `+name+selection+` } } }`)
	return at(ctx, root, typ, name)
}

// value is a field that SQL works out.
func value[V any](ctx context.Context, h *house, row read.Object, name string) V {
	h.Helper()
	v, err := read.Value[V](h.field(ctx, row, name, ""), h.host.Reads, row)
	must(h, err)
	return v
}

// group is a field that shows several expressions.
func group[V any](ctx context.Context, h *house, row read.Object, name, selection string) *V {
	h.Helper()
	v, err := read.Grouped[V](h.field(ctx, row, name, selection), h.host.Reads, row)
	must(h, err)
	return v
}

func TestWhoSeesRoles(t *testing.T) {
	h := open(t)
	if seen := h.rolesOf(h.nobody(), ""); len(seen) != 0 {
		t.Errorf("anonymous sees %d roles", len(seen))
	}
	if seen := h.rolesOf(h.holder("clerk", nil), ""); len(seen) != 0 {
		t.Errorf("a clerk sees %d roles", len(seen))
	}
	seen := h.rolesOf(h.holder("auditor", nil), `(filter: {key: {in: ["clerk", "resident"]}, builtin: {eq: true}})`)
	if len(seen) != 2 || seen[0].Key != "clerk" || seen[1].Key != "resident" {
		t.Errorf("an auditor sees %+v", seen)
	}
}

// A text is shown in the reader's language, or in the one in which it is written, as core.Text.In has it.
func TestRolesAreNamedInTheReadersLanguage(t *testing.T) {
	h := open(t)
	role := h.rolesOf(h.system, `(filter: {key: {eq: "clerk"}})`)[0]
	for stored, text := range map[string]core.Text{
		`{"en": "Clerk", "ru": "Специалист"}`: core.T("Clerk", "Специалист"),
		`{"en": "", "ru": "Специалист"}`:      core.T("", "Специалист"),
		`{"ru": "Специалист"}`:                core.T("", "Специалист"),
		`{"en": "Clerk", "ru": ""}`:           core.T("Clerk", ""),
		`{"en": "Clerk"}`:                     core.T("Clerk", ""),
		`{}`:                                  {},
	} {
		_, err := h.db.Exec(`UPDATE roles SET name = ?0, description = ?0 WHERE key = 'clerk'`, stored)
		must(t, err)
		for _, lang := range []core.Language{core.English, core.Russian} {
			ctx := core.WithLanguage(h.system, lang)
			if name, description := value[string](ctx, h, role, "name"), value[string](ctx, h, role, "description"); name != text.In(lang) || description != name {
				t.Errorf("%s in %s: %q and %q", stored, lang, name, description)
			}
		}
		if names, descriptions := group[core.Text](h.system, h, role, "names", "{ ru en }"), group[core.Text](h.system, h, role, "descriptions", "{ ru en }"); *names != text || *descriptions != text {
			t.Errorf("%s: %v and %v", stored, names, descriptions)
		}
	}
}

func TestARoleShowsItsParentsAndRules(t *testing.T) {
	h := open(t)
	s, council := h.Service, h.council(h.district(1))
	h.done(s.CreateRole(h.system, newRole("curator", "resident", "clerk")))
	h.done(s.SetRoleRules(h.system, SetRoleRulesInput{Role: "curator", ExpectedVersion: 1, Rules: []*RoleRuleInput{
		{Permission: "people:*", Relation: "own", Effect: Deny}, {Permission: "councils:seat", Relation: "any", Effect: Allow, ScopeID: &council}}}))
	ctx, root := h.operation(h.system, `{ roles(filter: {key: {eq: "curator"}}) { nodes { parents rules { id permission relation effect scope { kind id } } } } }`)
	page, err := read.All[Role](ctx, h.host.Reads)
	must(t, err)
	parents := value[[]string](h.system, h, page.Nodes[0], "parents")
	if none := value[[]string](h.system, h, h.rolesOf(h.system, `(filter: {key: {eq: "anonymous"}})`)[0], "parents"); none == nil || len(none) != 0 {
		t.Errorf("a role without parents shows %#v", none)
	}
	rules, err := RoleResolver{h.Module}.Rules(at(ctx, root, "Role", "rules"), page.Nodes[0])
	must(t, err)
	if !slices.Equal(parents, []string{"clerk", "resident"}) || len(rules) != 2 {
		t.Fatalf("got %v and %v", parents, rules)
	}
	if r := rules[0]; r.Permission != "councils:seat" || r.Effect != Allow || r.Scope().Kind != "council" || *r.Scope().ID != council {
		t.Errorf("got %+v", r)
	}
	if r := rules[1]; r.Relation != "own" || r.Effect != Deny || r.Scope() != nil {
		t.Errorf("got %+v", r)
	}
	h.done(s.RemoveRoleRule(h.system, RemoveRoleRuleInput{ID: core.ID{Type: "RoleRule", Key: rules[1].ID}}))
	if n := h.count(`SELECT count(*) FROM policy_rules WHERE role = 'curator'`); n != 1 {
		t.Errorf("%d rules are left", n)
	}
}

// Assignments are seen where the right to see them is held: in a district, also its councils'.
func TestWhoSeesAssignments(t *testing.T) {
	h := open(t)
	s, mine, other := h.Service, h.district(1), h.district(2)
	within := h.council(mine)
	account := h.account(h.system)
	for _, scope := range []*core.ID{nil, &mine, &other, &within} {
		h.done(s.AssignRole(h.holder("administrator", nil), AssignRoleInput{Role: "clerk", AccountID: account, ScopeID: scope}))
	}
	ended := core.NewDate(2012, 9, 30)
	h.done(s.AssignRole(h.system, AssignRoleInput{Role: "clerk", AccountID: h.account(h.system), StartsOn: &ended, EndsOn: &ended, ScopeID: &mine}))
	query := func(ctx context.Context, arguments string) []*RoleAssignment {
		ctx, _ = h.operation(ctx, `{ roleAssignments(filter: {role: {eq: "clerk"}}`+arguments+`) { nodes { accountId scope { id } } } }`)
		page, err := read.All[RoleAssignment](ctx, h.host.Reads)
		must(t, err)
		return page.Nodes
	}
	for _, c := range []struct {
		ctx       context.Context
		arguments string
		want      int
	}{
		{h.nobody(), "", 0}, {h.as(account), "", 0},
		{h.holder("auditor", &other), "", 1}, {h.holder("auditor", &within), "", 1}, {h.holder("auditor", &mine), "", 3},
		{h.holder("auditor", &mine), `, asOf: "2012-10-01"`, 2}, {h.holder("auditor", nil), "", 5},
	} {
		if got := query(c.ctx, c.arguments); len(got) != c.want {
			t.Errorf("%v%s sees %d, want %d", core.ActorOf(c.ctx).Assignments, c.arguments, len(got), c.want)
		}
	}
	ctx := h.holder("auditor", &other)
	got := query(ctx, "")[0]
	if scope := group[Scope](ctx, h, got, "scope", "{ kind id }"); value[core.ID](ctx, h, got, "accountId") != account || scope.Kind != "district" || *scope.ID != other {
		t.Errorf("got %v", scope)
	}
	everywhere := 0
	for _, a := range query(h.system, "") {
		if group[Scope](h.system, h, a, "scope", "{ kind id }") == nil {
			everywhere++
		}
	}
	if everywhere != 1 {
		t.Errorf("%d are held in the whole town, want 1", everywhere)
	}
}

func TestWhoAssigned(t *testing.T) {
	h := open(t)
	admin := h.holder("administrator", nil)
	program := core.WithActor(h.system, core.Actor{Kind: core.Service, Account: core.NewID(), Permissions: []string{"permissions:*"}})
	_, err := h.db.Exec(`INSERT INTO service_tokens (municipality_id, id, name, token_hash, permissions, created_by, created_at, expires_at)
		VALUES (?, ?, 'x', sha256('x'), '{*}', ?, now(), now())`, core.MunicipalityOf(h.system).ID, core.ActorOf(program).Account, core.ActorOf(admin).Account)
	must(t, err)
	for _, c := range []struct {
		ctx  context.Context
		want *core.ID
	}{
		{h.system, nil},
		{admin, &core.ID{Type: "Account", Key: core.ActorOf(admin).Account}},
		{program, &core.ID{Type: "ServiceToken", Key: core.ActorOf(program).Account}},
	} {
		account := h.account(h.system)
		h.done(h.Service.AssignRole(c.ctx, AssignRoleInput{Role: "editor", AccountID: account}))
		ctx, _ := h.operation(h.system, `{ roleAssignments(filter: {account: {eq: "`+account.String()+`"}}) { nodes { id } } }`)
		page, err := read.All[RoleAssignment](ctx, h.host.Reads)
		must(t, err)
		got := value[*core.ID](h.system, h, page.Nodes[0], "assignedById")
		if asJSON(got) != asJSON(c.want) {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
}

func TestPermissionsAndTheViewersOwn(t *testing.T) {
	h := open(t)
	all, err := QueryResolver{h.Module}.Permissions(core.WithLanguage(h.nobody(), core.Russian))
	must(t, err)
	i := slices.IndexFunc(all, func(p *Permission) bool { return p.Name == "permissions:assign" })
	if i < 0 || *all[i] != (Permission{Name: "permissions:assign", Title: "Назначать роли учётным записям и снимать их", Module: "permissions", ModuleTitle: "Права"}) {
		t.Fatalf("got %v", all)
	}
	own, err := QueryResolver{h.Module}.ViewerPermissions(h.holder("permission_administrator", nil))
	must(t, err)
	if !slices.Contains(own, "permissions:edit") || slices.Contains(own, "councils:write") {
		t.Fatalf("got %v", own)
	}
}
