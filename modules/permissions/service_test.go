package permissions

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
)

func asError(err error, to **core.Error) bool { return errors.As(err, to) }

var words = core.Text{Ru: "Куратор", En: "Curator"}

func newRole(key string, parents ...string) CreateRoleInput {
	return CreateRoleInput{Key: key, Name: words, Description: words, Parents: parents}
}

func rule(permission string) *RoleRuleInput {
	return &RoleRuleInput{Permission: permission, Relation: "any", Effect: Allow}
}

func TestNobodyElseChangesThePolicy(t *testing.T) {
	h := open(t)
	account := h.account(h.system)
	given := h.done(h.Service.AssignRole(h.system, AssignRoleInput{Role: "clerk", AccountID: account}))
	h.done(h.Service.CreateRole(h.system, newRole("curator")))
	h.done(h.Service.AddRoleRule(h.system, AddRoleRuleInput{Role: "curator", Permission: "councils:seat", Relation: "any", Effect: Allow}))
	ruleID := core.ID{Type: "RoleRule"}
	must(t, h.db.NewRaw(`SELECT id FROM policy_rules WHERE role = 'curator'`).Scan(t.Context(), &ruleID.Key))
	changes := map[string]func(ctx context.Context) (*Answer, error){
		"create": func(ctx context.Context) (*Answer, error) { return h.Service.CreateRole(ctx, newRole("king")) },
		"update": func(ctx context.Context) (*Answer, error) {
			return h.Service.UpdateRole(ctx, UpdateRoleInput{Role: "curator", ExpectedVersion: 2, Name: &words})
		},
		"delete": func(ctx context.Context) (*Answer, error) {
			return h.Service.DeleteRole(ctx, DeleteRoleInput{Role: "curator"})
		},
		"set": func(ctx context.Context) (*Answer, error) {
			return h.Service.SetRoleRules(ctx, SetRoleRulesInput{Role: "curator", ExpectedVersion: 2})
		},
		"add": func(ctx context.Context) (*Answer, error) {
			return h.Service.AddRoleRule(ctx, AddRoleRuleInput{Role: "curator", Permission: "*", Relation: "any", Effect: Allow})
		},
		"remove": func(ctx context.Context) (*Answer, error) {
			return h.Service.RemoveRoleRule(ctx, RemoveRoleRuleInput{ID: ruleID})
		},
		"assign": func(ctx context.Context) (*Answer, error) {
			return h.Service.AssignRole(ctx, AssignRoleInput{Role: "editor", AccountID: account})
		},
	}
	end := func(ctx context.Context) (*Answer, error) {
		return h.Service.EndRoleAssignment(ctx, EndRoleAssignmentInput{ID: core.ID{Type: "RoleAssignment", Key: given.Key}, ExpectedVersion: 1, EndsOn: core.NewDate(2012, 10, 1)})
	}
	auditor, before := h.holder("auditor", nil), h.count(`SELECT count(*) FROM audit`)+1
	clerk := h.holder("clerk", nil)
	for name, change := range changes {
		t.Log(name)
		h.refused(core.CodeUnauthenticated)(change(h.nobody()))
		h.refused(core.CodeForbidden)(change(clerk))
		h.refused(core.CodeForbidden)(change(auditor))
	}
	// Who does not see assignments does not learn which there are.
	h.refused(core.CodeNotFound, "input", "id")(end(clerk))
	h.refused(core.CodeForbidden)(end(auditor))
	if after := h.count(`SELECT count(*) FROM audit`); after != before {
		t.Fatalf("%d audit rows, want %d: refusals leave none", after, before)
	}
}

func TestRolesAreRefusedAtTheirField(t *testing.T) {
	h := open(t)
	s, ctx := h.Service, h.holder("permission_administrator", nil)
	h.refused(core.CodeBadUserInput, "input", "key")(s.CreateRole(ctx, newRole("Ключ")))
	h.refused(core.CodeConflict, "input", "key")(s.CreateRole(ctx, newRole("clerk")))
	h.refused(core.CodeConflict, "input", "parents")(s.CreateRole(ctx, newRole("curator", "nobody")))
	h.refused(core.CodeBadUserInput, "input", "name")(s.CreateRole(ctx, CreateRoleInput{Key: "curator", Description: words}))
	h.refused(core.CodeNotFound, "input", "role")(s.UpdateRole(ctx, UpdateRoleInput{Role: "king", ExpectedVersion: 1}))
	h.refused(core.CodeConflict, "input", "role")(s.DeleteRole(ctx, DeleteRoleInput{Role: "clerk"}))
	h.refused(core.CodeBadUserInput, "input", "role")(s.SetRoleRules(ctx, SetRoleRulesInput{Role: "administrator", ExpectedVersion: 1}))
	// Who may edit permissions does not make a role that may.
	h.done(s.CreateRole(ctx, newRole("curator")))
	h.refused(core.CodeForbidden)(s.SetRoleRules(ctx, SetRoleRulesInput{Role: "curator", ExpectedVersion: 1, Rules: []*RoleRuleInput{rule("permissions:*")}}))
	h.refused(core.CodeForbidden)(s.UpdateRole(ctx, UpdateRoleInput{Role: "curator", ExpectedVersion: 1, Parents: []string{"administrator"}}))
	h.refused(core.CodeConflict, "input", "expectedVersion")(s.UpdateRole(ctx, UpdateRoleInput{Role: "curator", ExpectedVersion: 7, Name: &words}))
	if n := h.count(`SELECT count(*) FROM roles WHERE key = 'curator' AND version = 1`); n != 1 {
		t.Fatal("a refused change was kept")
	}
}

func TestRulesAreRefusedAtTheirField(t *testing.T) {
	h := open(t)
	s, ctx, elsewhere := h.Service, h.holder("administrator", nil), core.ID{Type: "District", Key: core.NewID()}
	address := core.ID{Type: "Address", Key: core.NewID()}
	h.done(s.CreateRole(ctx, newRole("curator")))
	set := func(rules ...*RoleRuleInput) (*Answer, error) {
		return s.SetRoleRules(ctx, SetRoleRulesInput{Role: "curator", ExpectedVersion: 1, Rules: rules})
	}
	h.refused(core.CodeBadUserInput, "input", "rules")(set(rule("councils:read"), rule("councils:dance")))
	h.refused(core.CodeBadUserInput, "input", "rules")(set(&RoleRuleInput{Permission: "councils:read", Relation: "Any", Effect: Allow}))
	h.refused(core.CodeBadUserInput, "input", "rules")(set(&RoleRuleInput{Permission: "permissions:edit", Relation: "any", Effect: Deny}))
	h.refused(core.CodeBadUserInput, "input", "rules")(set(make([]*RoleRuleInput, mostRules+1)...))
	h.refused(core.CodeNotFound, "input", "rules", "1", "scopeId")(set(rule("councils:read"), &RoleRuleInput{Permission: "councils:seat", Relation: "any", ScopeID: &elsewhere}))
	h.refused(core.CodeBadUserInput, "input", "rules", "0", "scopeId")(set(&RoleRuleInput{Permission: "councils:seat", Relation: "any", ScopeID: &address}))
	add := AddRoleRuleInput{Role: "curator", Permission: "councils:dance", Relation: "any", Effect: Allow}
	h.refused(core.CodeBadUserInput, "input", "permission")(s.AddRoleRule(ctx, add))
	add.Permission = "councils:seat"
	h.done(s.AddRoleRule(ctx, add))
	h.refused(core.CodeConflict, "input")(s.AddRoleRule(ctx, add))
	h.refused(core.CodeNotFound, "input", "id")(s.RemoveRoleRule(ctx, RemoveRoleRuleInput{ID: core.ID{Type: "RoleRule", Key: core.NewID()}}))
	h.refused(core.CodeBadUserInput, "input", "id")(s.RemoveRoleRule(ctx, RemoveRoleRuleInput{ID: elsewhere}))
}

func TestAssignmentsAreRefusedAtTheirField(t *testing.T) {
	h := open(t)
	s, account := h.Service, h.account(h.system)
	admin := h.holder("permission_administrator", nil)
	assign := func(in AssignRoleInput) (*Answer, error) { return s.AssignRole(admin, in) }
	elsewhere := core.WithMunicipality(h.system, otherTown(h))
	h.refused(core.CodeNotFound, "input", "accountId")(assign(AssignRoleInput{Role: "clerk", AccountID: h.account(elsewhere)}))
	h.refused(core.CodeBadUserInput, "input", "accountId")(assign(AssignRoleInput{Role: "clerk", AccountID: core.ID{Type: "Person", Key: account.Key}}))
	h.refused(core.CodeNotFound, "input", "role")(assign(AssignRoleInput{Role: "king", AccountID: account}))
	h.refused(core.CodeBadUserInput, "input", "role")(assign(AssignRoleInput{Role: "resident", AccountID: account}))
	h.refused(core.CodeBadUserInput, "input", "scopeId")(assign(AssignRoleInput{Role: "clerk", AccountID: account, ScopeID: &account}))
	h.refused(core.CodeNotFound, "input", "scopeId")(assign(AssignRoleInput{Role: "clerk", AccountID: account, ScopeID: &core.ID{Type: "Council", Key: core.NewID()}}))
	yesterday := core.NewDate(2012, 9, 30)
	h.refused(core.CodeBadUserInput, "input", "endsOn")(assign(AssignRoleInput{Role: "clerk", AccountID: account, EndsOn: &yesterday}))
	h.refused(core.CodeBadUserInput, "input", "note")(assign(AssignRoleInput{Role: "clerk", AccountID: account, Note: strings.Repeat("я", 2001)}))
	// Who gives roles does not become an administrator by it.
	h.refused(core.CodeForbidden)(assign(AssignRoleInput{Role: "administrator", AccountID: account}))
	h.done(assign(AssignRoleInput{Role: "clerk", AccountID: account}))
	h.refused(core.CodeConflict, "input", "startsOn")(assign(AssignRoleInput{Role: "clerk", AccountID: account}))
	district := h.district(1)
	h.refused(core.CodeBadUserInput, "input", "scopeId")(s.AssignRole(h.system, AssignRoleInput{Role: "administrator", AccountID: account, ScopeID: &district}))
}

func otherTown(h *house) *core.Municipality {
	m := &core.Municipality{ID: core.NewID(), Key: "other", TimeZone: "UTC"}
	_, err := h.db.Exec(`INSERT INTO municipalities (id, key, name, region, time_zone) VALUES (?, 'other', '{}', '{}', 'UTC')`, m.ID)
	must(h, err)
	return m
}

// A right to assign in a district reaches its councils, and nothing outside.
func TestAssigningInAScope(t *testing.T) {
	h := open(t)
	s, mine, other := h.Service, h.district(1), h.district(2)
	within, without := h.council(mine), h.council(other)
	h.done(s.CreateRole(h.system, newRole("curator")))
	h.done(s.SetRoleRules(h.system, SetRoleRulesInput{Role: "curator", ExpectedVersion: 1, Rules: []*RoleRuleInput{rule("permissions:assign"), rule("permissions:read")}}))
	curator, account := h.holder("curator", &mine), h.account(h.system)
	give := func(scope *core.ID) (*Answer, error) {
		return s.AssignRole(curator, AssignRoleInput{Role: "clerk", AccountID: account, ScopeID: scope})
	}
	h.refused(core.CodeForbidden)(give(nil))
	h.refused(core.CodeForbidden)(give(&other))
	h.refused(core.CodeForbidden)(give(&without))
	h.done(give(&mine))
	given := h.done(give(&within))
	far := h.done(s.AssignRole(h.system, AssignRoleInput{Role: "clerk", AccountID: account, ScopeID: &without}))
	end := func(a *Answer) (*Answer, error) {
		return s.EndRoleAssignment(curator, EndRoleAssignmentInput{ID: core.ID{Type: "RoleAssignment", Key: a.Key}, ExpectedVersion: 1, EndsOn: core.NewDate(2012, 10, 31)})
	}
	h.refused(core.CodeNotFound, "input", "id")(end(far))
	h.done(end(given))
	clerk := h.as(account)
	must(t, h.host.Guard.Check(clerk, "councils:seat", access.Resource{Scopes: []core.Scope{{Kind: "council", ID: within.Key}}}))
}

func TestEndingAnAssignment(t *testing.T) {
	h := open(t)
	s, today := h.Service, core.NewDate(2012, 10, 1)
	account := h.account(h.system)
	first := h.done(s.AssignRole(h.system, AssignRoleInput{Role: "administrator", AccountID: account}))
	end := func(a *Answer, version int, day core.Date) (*Answer, error) {
		reason := "Order 7"
		return s.EndRoleAssignment(h.as(account), EndRoleAssignmentInput{ID: core.ID{Type: "RoleAssignment", Key: a.Key}, ExpectedVersion: version, EndsOn: day, Reason: &reason})
	}
	h.refused(core.CodeConflict, "input")(end(first, 1, today)) // the last administrator
	second := h.done(s.AssignRole(h.as(account), AssignRoleInput{Role: "administrator", AccountID: h.account(h.system)}))
	h.refused(core.CodeConflict, "input", "expectedVersion")(end(second, 2, today))
	h.refused(core.CodeBadUserInput, "input", "endsOn")(end(second, 1, today.AddDays(-2)))
	ended := h.done(end(second, 1, today))
	h.refused(core.CodeBadUserInput, "input", "endsOn")(end(second, 2, today.AddDays(1)))
	later := today.AddDays(10)
	planned := h.done(s.AssignRole(h.system, AssignRoleInput{Role: "clerk", AccountID: account, StartsOn: &later}))
	h.done(end(planned, 1, today))
	if ended.Key != second.Key || h.count(`SELECT count(*) FROM role_assignments WHERE id = ?`, planned.Key) != 0 {
		t.Fatal("what never began was kept")
	}
	trail := h.trail("endRoleAssignment")
	if len(trail) != 2 || !strings.Contains(trail[0].After, `"endsOn": "2012-10-01"`) || trail[0].Reason != "Order 7" || trail[1].After != "" || trail[1].Before == "" {
		t.Fatalf("the audit says %+v", trail)
	}
}

// Two administrators who end each other's role at once: one is refused.
func TestTheLastTwoAdministrators(t *testing.T) {
	h := open(t)
	var holders [2]core.ID
	var given [2]*Answer
	for i := range holders {
		holders[i] = h.account(h.system)
		given[i] = h.done(h.Service.AssignRole(h.system, AssignRoleInput{Role: "administrator", AccountID: holders[i]}))
	}
	var done sync.WaitGroup
	answers := [2]*Answer{}
	for i := range holders {
		ctx := h.as(holders[1-i])
		done.Go(func() {
			answers[i], _ = h.Service.EndRoleAssignment(ctx, EndRoleAssignmentInput{
				ID: core.ID{Type: "RoleAssignment", Key: given[i].Key}, ExpectedVersion: 1, EndsOn: core.NewDate(2012, 9, 30)})
		})
	}
	done.Wait()
	left := h.count(`SELECT count(*) FROM role_assignments WHERE role = 'administrator' AND ends_on IS NULL`)
	if left != 1 {
		t.Fatalf("%d administrators are left (%+v, %+v), want 1", left, answers[0], answers[1])
	}
}

func TestARoleFromItsMakingToItsEnd(t *testing.T) {
	h := open(t)
	s, ctx := h.Service, h.holder("permission_administrator", nil)
	district := h.district(1)
	made := h.done(s.CreateRole(ctx, newRole("curator", "clerk", "clerk")))
	h.done(s.UpdateRole(ctx, UpdateRoleInput{Role: "curator", ExpectedVersion: 1, Description: &core.Text{Ru: "Ведёт", En: "Keeps"}, Parents: []string{}}))
	set := h.done(s.SetRoleRules(ctx, SetRoleRulesInput{Role: "curator", ExpectedVersion: 2, Rules: []*RoleRuleInput{
		{Permission: "councils:seat", Relation: "any", Effect: Allow, ScopeID: &district}, {Permission: "people:*", Relation: "own", Effect: Deny}}}))
	if made.Key != set.Key || later(t, set) <= later(t, made) {
		t.Fatalf("made %+v, then %+v", made, set)
	}
	must(t, h.host.Guard.Check(h.holder("curator", nil), "councils:seat", access.Resource{Scopes: []core.Scope{{Kind: "district", ID: district.Key}}}))
	trail := h.trail("setRoleRules")
	if len(trail) != 1 || trail[0].ObjectType != "Role" || !strings.Contains(trail[0].Before, `"rules": []`) ||
		!strings.Contains(trail[0].After, `"scope": "district:`+district.Key.String()) {
		t.Fatalf("the audit says %+v", trail)
	}
	h.refused(core.CodeConflict, "input")(s.DeleteRole(ctx, DeleteRoleInput{Role: "curator"})) // it was held
	h.done(s.CreateRole(ctx, newRole("spare")))
	h.done(s.DeleteRole(ctx, DeleteRoleInput{Role: "spare"}))
	if gone := h.trail("deleteRole"); len(gone) != 1 || gone[0].After != "" || !strings.Contains(gone[0].Before, `"spare"`) {
		t.Fatalf("the audit says %+v", gone)
	}
}

func later(t *testing.T, a *Answer) int {
	t.Helper()
	n, err := strconv.Atoi(*a.PolicyVersion)
	must(t, err)
	return n
}

// A retry under the same key answers the same and does nothing more.
func TestARetryIsDoneOnce(t *testing.T) {
	h := open(t)
	ctx := mutation.WithKey(h.holder("permission_administrator", nil), "one")
	id := "mine"
	in := newRole("curator")
	in.ClientMutationID = &id
	first, second := h.done(h.Service.CreateRole(ctx, in)), h.done(h.Service.CreateRole(ctx, in))
	if asJSON(first) != asJSON(second) || first.PolicyVersion == nil || len(h.trail("createRole")) != 1 {
		t.Fatalf("first %s, then %s", asJSON(first), asJSON(second))
	}
}
