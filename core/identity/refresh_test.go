package identity

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func TestRefreshRefusesWhoeverIsGone(t *testing.T) {
	for name, end := range map[string]func(h *house, ctx context.Context, a Account){
		"signed out": func(h *house, ctx context.Context, _ Account) {
			must(h.t, h.RevokeSession(ctx, core.ActorOf(ctx).Session))
		},
		"run out": func(h *house, _ context.Context, _ Account) { h.pass(h.settings.SessionIdle) },
		"disabled": func(h *house, _ context.Context, a Account) {
			must(h.t, h.inTx(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
				_, _, err := h.DisableAccount(ctx, tx, a.ID, nil)
				return err
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			a := h.account(h.ctx, "anna")
			ctx := h.as(h.ctx, "anna")
			_, err := h.Refresh(ctx, core.ActorOf(ctx))
			must(t, err)
			end(h, ctx, a)
			_, err = h.Refresh(ctx, core.ActorOf(ctx))
			wantCode(t, err, core.CodeUnauthenticated)
		})
	}
}

func TestRefreshRefusesWhatWasNeverASession(t *testing.T) {
	h := newHouse(t)
	a, other := h.account(h.ctx, "anna"), h.account(h.ctx, "boris")
	session := core.ActorOf(h.as(h.ctx, "boris")).Session
	for name, actor := range map[string]core.Actor{
		"no session":          {Kind: core.Account, Account: a.ID},
		"another's session":   {Kind: core.Account, Account: a.ID, Session: session},
		"an unknown token":    {Kind: core.Service, Account: core.NewID()},
		"no kind":             {},
		"a kind from nowhere": {Kind: "robot", Account: a.ID, Session: session},
	} {
		_, err := h.Refresh(h.ctx, actor)
		if core.CodeOf(err) != core.CodeUnauthenticated {
			t.Errorf("%s: got %v", name, err)
		}
	}
	elsewhere := from(h.town("elsewhere"), "192.0.2.1")
	_, err := h.Refresh(elsewhere, core.Actor{Kind: core.Account, Account: other.ID, Session: session})
	wantCode(t, err, core.CodeUnauthenticated)
}

func TestRefreshBringsTheRightsOfNow(t *testing.T) {
	h := newHouse(t)
	a := h.account(h.ctx, "anna")
	ctx := h.as(h.ctx, "anna")
	h.roles[a.ID] = []core.Assignment{{Role: "clerk"}}
	actor, err := h.Refresh(ctx, core.ActorOf(ctx))
	must(t, err)
	if !slices.Equal(actor.Assignments, h.roles[a.ID]) || actor.Session != core.ActorOf(ctx).Session {
		t.Fatalf("got %+v", actor)
	}
}

func TestRefreshAsksForTheMandateAgain(t *testing.T) {
	h := newHouse(t)
	a := h.account(h.ctx, "anna")
	person, organisation := h.person(h.ctx), core.NewID()
	h.link(a.ID, person)
	h.mandates[[2]uuid.UUID{person, organisation}] = true
	ctx := h.as(h.ctx, "anna")
	acting, err := h.ActFor(ctx, core.ActorOf(ctx), core.ID{Type: "Organisation", Key: organisation}.String())
	must(t, err)
	fresh, err := h.Refresh(ctx, acting)
	must(t, err)
	if fresh.ActingFor != organisation {
		t.Fatalf("acts for %s", fresh.ActingFor)
	}
	delete(h.mandates, [2]uuid.UUID{person, organisation})
	_, err = h.Refresh(ctx, acting)
	wantCode(t, err, core.CodeForbidden)
}

func TestRefreshBoundsATokenByItsMaker(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "anna")
	h.held = []string{"councils:read", "people:read"}
	ctx := h.as(h.ctx, "anna")
	var issued IssuedToken
	must(t, h.inTx(ctx, func(ctx context.Context, tx postgres.Tx) (err error) {
		issued, _, err = h.CreateServiceToken(ctx, tx, NewServiceToken{Name: "robot", Permissions: h.held, ExpiresAt: h.now.Add(time.Hour)})
		return err
	}))
	robot, err := h.Authenticate(h.ctx, issued.Token)
	must(t, err)
	h.held = []string{"councils:read"}
	robot, err = h.Refresh(h.ctx, robot)
	must(t, err)
	if !slices.Equal(robot.Permissions, h.held) {
		t.Fatalf("may %v", robot.Permissions)
	}
	must(t, h.inTx(ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, _, err := h.RevokeServiceToken(ctx, tx, issued.ServiceToken.ID)
		return err
	}))
	_, err = h.Refresh(h.ctx, robot)
	wantCode(t, err, core.CodeUnauthenticated)
}

func TestRefreshLeavesNobodyAndTheSystem(t *testing.T) {
	h := newHouse(t)
	for _, kind := range []core.ActorKind{core.Anonymous, core.System} {
		if got, err := h.Refresh(h.ctx, core.Actor{Kind: kind}); err != nil || got.Kind != kind {
			t.Errorf("%s became %+v, %v", kind, got, err)
		}
	}
}
