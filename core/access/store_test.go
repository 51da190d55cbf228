package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

var someText = core.T("Some", "Некто")

func (h house) create(ctx context.Context, key string, parents ...string) error {
	return h.do(ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().CreateRole(ctx, tx, RoleInput{Key: key, Name: someText, Description: someText, Parents: parents})
		return err
	})
}

func (h house) inherit(ctx context.Context, key string, parents ...string) error {
	return h.do(ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().UpdateRole(ctx, tx, key, RoleChange{Parents: &parents})
		return err
	})
}

func (h house) rule(ctx context.Context, role, permission string, deny bool) error {
	return h.do(ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().AddRule(ctx, tx, role, RuleInput{Permission: permission, Relation: anyRelation, Deny: deny})
		return err
	})
}

func (h house) assign(ctx context.Context, in AssignmentInput) error {
	return h.do(ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().AssignRole(ctx, tx, in)
		return err
	})
}

func (h house) end(ctx context.Context, id uuid.UUID, lastDay core.Date) error {
	return h.do(ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().EndAssignment(ctx, tx, id, Ending{LastDay: lastDay})
		return err
	})
}

func TestRolesAreRefused(t *testing.T) {
	h := newHouse(t)
	for _, key := range []string{"", "a", "Clerk", "клерк", "a b", "a-b", "*", "0a", string(make([]byte, 41))} {
		wants(t, h.create(h.ctx, key), core.CodeBadUserInput)
	}
	wants(t, h.create(h.ctx, "clerk"), core.CodeConflict)
	wants(t, h.create(h.ctx, "king", "nobody"), core.CodeConflict)
	wants(t, h.create(h.ctx, "king", "king"), core.CodeBadUserInput)
	wants(t, h.inherit(h.ctx, "king"), core.CodeNotFound)
	wants(t, h.inherit(h.ctx, RoleAdministrator, "clerk"), core.CodeBadUserInput)
	remove := func(key string) error {
		return h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error { return h.Store().DeleteRole(ctx, tx, key) })
	}
	wants(t, remove("king"), core.CodeNotFound)
	wants(t, remove("clerk"), core.CodeConflict)
	must(t, h.create(h.ctx, "king"))
	must(t, h.create(h.ctx, "prince", "king"))
	wants(t, remove("king"), core.CodeConflict)
	h.give(t, "prince")
	wants(t, remove("prince"), core.CodeConflict)
	must(t, h.inherit(h.ctx, "prince"))
	must(t, remove("king"))
	stale := int64(1)
	wants(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().UpdateRole(ctx, tx, "prince", RoleChange{Name: &someText, ExpectedVersion: &stale})
		return err
	}), core.CodeConflict)
	wants(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().UpdateRole(ctx, tx, "prince", RoleChange{Name: &core.Text{En: "Only"}})
		return err
	}), core.CodeBadUserInput)
}

func TestInheritanceHasNoCycleAndAnEnd(t *testing.T) {
	h := newHouse(t)
	must(t, h.create(h.ctx, "step_0"))
	for i := range maxDepth {
		must(t, h.create(h.ctx, fmt.Sprintf("step_%d", i+1), fmt.Sprintf("step_%d", i)))
	}
	wants(t, h.create(h.ctx, "step_9", fmt.Sprintf("step_%d", maxDepth)), core.CodeBadUserInput)
	wants(t, h.inherit(h.ctx, "step_0", "step_3"), core.CodeBadUserInput)
	wants(t, h.inherit(h.ctx, "step_0", "resident"), core.CodeBadUserInput) // two steps more below step_8
	must(t, h.rule(h.ctx, "step_0", "beta:read", false))
	top, _ := h.give(t, fmt.Sprintf("step_%d", maxDepth))
	must(t, h.Check(h.as(t, top), "beta:read", Resource{}))
}

// Two who each make half of a cycle wait for one another, and the second is refused.
func TestCycleRace(t *testing.T) {
	h := newHouse(t)
	must(t, h.create(h.ctx, "left"))
	must(t, h.create(h.ctx, "right"))
	errs := race(func() error { return h.inherit(h.ctx, "left", "right") }, func() error { return h.inherit(h.ctx, "right", "left") })
	if len(errs) != 1 {
		t.Fatalf("%d of 2 were refused: %v", len(errs), errs)
	}
	wants(t, errs[0], core.CodeBadUserInput)
}

// race runs all at once and returns the errors.
func race(runs ...func() error) (errs []error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	begin := make(chan struct{})
	for _, run := range runs {
		wg.Go(func() {
			<-begin
			if err := run(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	close(begin)
	wg.Wait()
	return errs
}

func TestRulesAreRefused(t *testing.T) {
	h := newHouse(t)
	for name, rule := range map[string]RuleInput{
		"unknown permission": {Permission: "alpha:raed", Relation: "any"},
		"unknown module":     {Permission: "omega:*", Relation: "any"},
		"no permission":      {Relation: "any"},
		"half a pattern":     {Permission: "alpha:r*", Relation: "any"},
		"no relation":        {Permission: "alpha:read"},
		"relation":           {Permission: "alpha:read", Relation: "own assigned"},
		"scope without id":   {Permission: "alpha:read", Relation: "any", Scope: core.Scope{Kind: "district"}},
		"scope without kind": {Permission: "alpha:read", Relation: "any", Scope: core.Scope{ID: core.NewID()}},
		"locks out":          {Permission: "*", Relation: "any", Deny: true},
		"locks out too":      {Permission: "permissions:*", Relation: "own", Deny: true},
		"and this":           {Permission: permissionEdit, Relation: "any", Deny: true},
	} {
		t.Run(name, func(t *testing.T) {
			err := h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
				_, err := h.Store().AddRule(ctx, tx, "clerk", rule)
				return err
			})
			wants(t, err, core.CodeBadUserInput)
			err = h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
				_, err := h.Store().SetRules(ctx, tx, RuleSet{Role: "clerk", Rules: []RuleInput{rule}})
				return err
			})
			wants(t, err, core.CodeBadUserInput)
		})
	}
	wants(t, h.rule(h.ctx, "king", "alpha:read", false), core.CodeNotFound)
	wants(t, h.rule(h.ctx, RoleAdministrator, "alpha:read", true), core.CodeBadUserInput)
	wants(t, h.rule(h.ctx, "anonymous", "alpha:read", false), core.CodeConflict) // has it
	wants(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().RemoveRule(ctx, tx, core.NewID())
		return err
	}), core.CodeNotFound)
	must(t, h.rule(h.ctx, "anonymous", "alpha:read", true))
	wants(t, h.Check(h.nobody(), "alpha:read", Resource{}), core.CodeUnauthenticated)
}

func TestSetRulesKeepsWhatStays(t *testing.T) {
	h := newHouse(t)
	var before, after Rule
	must(t, h.db.NewSelect().Model(&before).Where("role = 'clerk'").Scan(h.ctx))
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().SetRules(ctx, tx, RuleSet{Role: "clerk", Rules: []RuleInput{
			{Permission: "alpha:edit", Relation: "own"}, {Permission: "beta:*", Relation: "any"}}})
		return err
	}))
	must(t, h.db.NewSelect().Model(&after).Where("role = 'clerk' AND permission = 'alpha:edit'").Scan(h.ctx))
	if before.ID != after.ID {
		t.Error("a rule that stayed got another id")
	}
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().RemoveRule(ctx, tx, after.ID)
		return err
	}))
	clerk, _ := h.give(t, "clerk")
	wants(t, h.Check(h.as(t, clerk), "alpha:edit", Resource{Relations: []string{"own"}}), core.CodeForbidden)
	must(t, h.Check(h.as(t, clerk), "beta:read", Resource{}))
}

// An administrator of permissions rules over the town's work, not over who rules.
func TestPowerOverPermissionsIsTheAdministratorsToGive(t *testing.T) {
	h := newHouse(t)
	account, own := h.give(t, "permission_administrator")
	administrator, theirs := h.give(t, RoleAdministrator)
	h.give(t, RoleAdministrator)
	giver := h.as(t, account)
	give := func(ctx context.Context, role string) error {
		return h.assign(ctx, AssignmentInput{Account: core.NewID(), Role: role, StartsOn: h.today()})
	}
	must(t, h.create(h.ctx, "ruler"))
	must(t, h.rule(h.ctx, "ruler", "permissions:assign", false))
	for name, err := range map[string]error{
		"make an administrator":          give(giver, RoleAdministrator),
		"make their like":                give(giver, "permission_administrator"),
		"a role of the town's own":       give(giver, "ruler"),
		"end an administrator":           h.end(giver, theirs.ID, h.today()),
		"end their own":                  h.end(giver, own.ID, h.today()),
		"inherit the administrator":      h.inherit(giver, "clerk", RoleAdministrator),
		"inherit it at birth":            h.create(giver, "vizier", "ruler"),
		"write it into a harmless role":  h.rule(giver, "clerk", "permissions:edit", false),
		"by a pattern":                   h.rule(giver, "resident", "*", false),
		"into their own role":            h.rule(giver, "permission_administrator", "permissions:*", false),
		"give their own role other work": h.rule(giver, "permission_administrator", "alpha:edit", false),
		"take the town's own role":       h.do(giver, func(ctx context.Context, tx postgres.Tx) error { return h.Store().DeleteRole(ctx, tx, "ruler") }),
	} {
		if err == nil || core.CodeOf(err) != core.CodeForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, give(giver, "clerk"))
	must(t, give(giver, "auditor"))
	must(t, h.rule(giver, "clerk", "beta:read", false))
	token := core.WithActor(h.ctx, core.Actor{Kind: core.Service, Account: core.NewID(), Permissions: []string{"permissions:assign"}})
	wants(t, give(token, RoleAdministrator), core.CodeForbidden)
	must(t, give(h.as(t, administrator), "permission_administrator"))
}

func TestAssignmentsAreRefused(t *testing.T) {
	h := newHouse(t)
	account, today := core.NewID(), h.today()
	before := today.AddDays(-1)
	good := AssignmentInput{Account: account, Role: "clerk", StartsOn: today}
	for name, c := range map[string]struct {
		change func(in *AssignmentInput)
		code   core.Code
	}{
		"no account":   {func(in *AssignmentInput) { in.Account = uuid.Nil }, core.CodeBadUserInput},
		"no such role": {func(in *AssignmentInput) { in.Role = "king" }, core.CodeNotFound},
		"everybody's":  {func(in *AssignmentInput) { in.Role = "resident" }, core.CodeBadUserInput},
		"no first day": {func(in *AssignmentInput) { in.StartsOn = core.Date{} }, core.CodeBadUserInput},
		"ends before":  {func(in *AssignmentInput) { in.EndsOn = &before }, core.CodeBadUserInput},
		"half a scope": {func(in *AssignmentInput) { in.Scope.Kind = "body" }, core.CodeBadUserInput},
		"administrator of one": {func(in *AssignmentInput) {
			in.Role, in.Scope = RoleAdministrator, core.Scope{Kind: "body", ID: account}
		}, core.CodeBadUserInput},
		"a long note": {func(in *AssignmentInput) { in.Note = string(make([]byte, 3000)) }, core.CodeBadUserInput},
	} {
		t.Run(name, func(t *testing.T) {
			in := good
			c.change(&in)
			wants(t, h.assign(h.ctx, in), c.code)
		})
	}
	must(t, h.assign(h.ctx, good))
	wants(t, h.assign(h.ctx, good), core.CodeConflict)
	later := good
	later.StartsOn = today.AddDays(100)
	wants(t, h.assign(h.ctx, later), core.CodeConflict)
	elsewhere := good
	elsewhere.Scope = core.Scope{Kind: "body", ID: core.NewID()}
	must(t, h.assign(h.ctx, elsewhere))
	errs := race(func() error {
		return h.assign(h.ctx, AssignmentInput{Account: account, Role: "editor", StartsOn: today})
	},
		func() error {
			return h.assign(h.ctx, AssignmentInput{Account: account, Role: "editor", StartsOn: today.AddDays(3)})
		})
	if len(errs) != 1 || core.CodeOf(errs[0]) != core.CodeConflict {
		t.Errorf("one of two overlapping assignments: %v", errs)
	}
}

func TestEndings(t *testing.T) {
	h := newHouse(t)
	account, a := h.give(t, "clerk")
	today := h.today()
	wants(t, h.end(h.ctx, core.NewID(), today), core.CodeNotFound)
	wants(t, h.end(h.ctx, a.ID, today.AddDays(-2)), core.CodeBadUserInput)
	must(t, h.end(h.ctx, a.ID, today.AddDays(5)))
	wants(t, h.end(h.ctx, a.ID, today.AddDays(6)), core.CodeBadUserInput)
	stale := int64(1)
	wants(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.Store().EndAssignment(ctx, tx, a.ID, Ending{LastDay: today, ExpectedVersion: &stale})
		return err
	}), core.CodeConflict)
	h.clock.move(48 * time.Hour)
	must(t, h.end(h.ctx, a.ID, h.today().AddDays(-1)))
	if roles := core.ActorOf(h.as(t, account)).Assignments; len(roles) != 0 {
		t.Errorf("held after the last day: %v", roles)
	}
	if n := h.count(t, (*RoleAssignment)(nil)); n != 1 {
		t.Errorf("%d assignments, want the ended one kept", n)
	}
	_, never := h.give(t, "clerk")
	must(t, h.end(h.ctx, never.ID, h.today().AddDays(-1)))
	if n := h.count(t, (*RoleAssignment)(nil)); n != 1 {
		t.Errorf("%d assignments, want the one that never began removed", n)
	}
}

func TestLastAdministratorStays(t *testing.T) {
	h := newHouse(t)
	elsewhere := h
	elsewhere.town = newTown(t, h.db)
	elsewhere.ctx = core.WithMunicipality(h.ctx, elsewhere.town)
	must(t, h.EnsureDefaults(t.Context(), elsewhere.town))
	elsewhere.give(t, RoleAdministrator) // another town's administrator is no help
	last, a := h.give(t, RoleAdministrator)
	soon := h.today().AddDays(1)
	must(t, h.assign(h.ctx, AssignmentInput{Account: core.NewID(), Role: RoleAdministrator, StartsOn: h.today(), EndsOn: &soon}))
	must(t, h.assign(h.ctx, AssignmentInput{Account: core.NewID(), Role: RoleAdministrator, StartsOn: soon}))
	wants(t, h.end(h.as(t, last), a.ID, h.today()), core.CodeConflict)
	wants(t, h.end(h.ctx, a.ID, h.today().AddDays(-1)), core.CodeConflict)
	h.clock.move(24 * time.Hour)
	must(t, h.end(h.ctx, a.ID, h.today()))
}

// Of many administrators who end one another at once, one stays.
func TestLastAdministratorRace(t *testing.T) {
	h := newHouse(t)
	const many = 8
	var runs []func() error
	for range many {
		account, a := h.give(t, RoleAdministrator)
		ctx, yesterday := h.as(t, account), h.today().AddDays(-1)
		runs = append(runs, func() error { return h.end(ctx, a.ID, yesterday) })
	}
	errs := race(runs...)
	if len(errs) != 1 || !errors.Is(errs[0], core.ErrConflict) {
		t.Errorf("%v", errs)
	}
	if n := h.count(t, (*RoleAssignment)(nil)); n != 1 {
		t.Errorf("%d administrators are left", n)
	}
}
