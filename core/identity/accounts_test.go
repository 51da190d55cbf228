package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func TestAccountRefused(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	_, err := h.CreateAccount(h.ctx, h.write, NewAccount{Login: "x", DisplayName: "two\nlines", Password: "short"})
	wantCode(t, err, core.CodeBadUserInput)
	var problems core.Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Fatalf("all three are told at once: %v", err)
	}
	_, err = h.CreateAccount(h.ctx, h.write, NewAccount{Login: "ANN ", DisplayName: "Ann", Password: goodPassword})
	wantCode(t, err, core.CodeConflict)
	_, err = h.CreateAccount(h.ctx, h.write, NewAccount{Login: "bob", DisplayName: strings.Repeat("b", 201)})
	wantCode(t, err, core.CodeBadUserInput)
	_, err = h.AccountByID(h.ctx, core.NewID())
	wantCode(t, err, core.CodeNotFound)
}

func TestAccountsOfAnotherMunicipalityAreNotThere(t *testing.T) {
	h := newHouse(t)
	ann := h.account(h.ctx, "ann")
	other := from(h.town("second"), "192.0.2.1")
	_, err := h.AccountByID(other, ann.ID)
	wantCode(t, err, core.CodeNotFound)
	for name, write := range map[string]func(ctx context.Context, tx postgres.Tx) (core.Change, error){
		"disable": func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
			_, c, err := h.DisableAccount(ctx, tx, ann.ID, nil)
			return c, err
		},
		"enable": func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
			_, c, err := h.EnableAccount(ctx, tx, ann.ID, nil)
			return c, err
		},
		"reset": func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
			_, c, err := h.ResetPassword(ctx, tx, ann.ID, nil)
			return c, err
		},
		"link": func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
			_, c, err := h.LinkPerson(ctx, tx, ann.ID, nil, nil)
			return c, err
		},
	} {
		if err := h.write(other, write); core.CodeOf(err) != core.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.account(other, "ann") // the same login is free there
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
}

func TestStaleVersionIsAConflict(t *testing.T) {
	h := newHouse(t)
	ann := h.account(h.ctx, "ann")
	link := func(expected int) error {
		person := h.person(h.ctx)
		return h.write(h.ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
			_, c, err := h.LinkPerson(ctx, tx, ann.ID, &person, &expected)
			return c, err
		})
	}
	wantCode(t, link(0), core.CodeConflict)
	wantCode(t, link(2), core.CodeConflict)
	got := tally(inParallel(20, func(int) error { return link(1) }))
	if got["OK"] != 1 || got[core.CodeConflict] != 19 {
		t.Fatalf("one of 20 wins: %v", got)
	}
	after, err := h.AccountByID(h.ctx, ann.ID)
	must(t, err)
	if after.Version != 2 || after.PersonID == nil {
		t.Fatalf("%+v", after)
	}
	actor := core.ActorOf(h.as(h.ctx, "ann"))
	if actor.Person != *after.PersonID {
		t.Fatal("the actor is not the account's person")
	}
}

func TestDisabling(t *testing.T) {
	h := newHouse(t)
	h.held = []string{"councils:read"}
	ann := h.account(h.ctx, "ann")
	ctx := h.as(h.ctx, "ann")
	disable := func(ctx context.Context) error {
		return h.write(ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
			_, c, err := h.DisableAccount(ctx, tx, ann.ID, nil)
			return c, err
		})
	}
	wantCode(t, disable(ctx), core.CodeBadUserInput) // nobody their own
	token := h.issue(ctx, "councils:read").Token
	must(t, disable(h.ctx))
	if n := h.count("SELECT count(*) FROM sessions"); n != 0 {
		t.Fatal("a session is left")
	}
	enable := func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		a, c, err := h.EnableAccount(ctx, tx, ann.ID, nil)
		if a.Disabled() {
			t.Error("still disabled")
		}
		return c, err
	}
	must(t, h.write(h.ctx, enable))
	_, err := h.Authenticate(h.ctx, token)
	wantCode(t, err, core.CodeUnauthenticated) // revoked for good
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
}

func TestChangePassword(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	other, ctx := h.as(h.ctx, "ann"), h.as(h.ctx, "ann")
	const next = "some other words entirely"
	wantCode(t, h.ChangePassword(h.ctx, h.write, goodPassword, next), core.CodeUnauthenticated)
	wantCode(t, h.ChangePassword(ctx, h.write, goodPassword, "short"), core.CodeBadUserInput)
	wantCode(t, h.ChangePassword(ctx, h.write, goodPassword, goodPassword), core.CodeBadUserInput)
	for range 4 {
		wantCode(t, h.ChangePassword(ctx, h.write, "a wrong password", next), core.CodeBadUserInput)
	}
	wantCode(t, h.ChangePassword(ctx, h.write, "a wrong password", next), core.CodeRateLimited)
	h.pass(time.Hour)
	must(t, h.ChangePassword(ctx, h.write, goodPassword, next))
	if list, err := h.Sessions(ctx); err != nil || len(list) != 1 || list[0].ID != core.ActorOf(ctx).Session {
		t.Fatalf("only the session that changed it lives: %v, %v", list, err)
	}
	wantCode(t, h.RevokeSession(ctx, core.ActorOf(other).Session), core.CodeNotFound)
	_, err := h.signIn(h.ctx, "ann", goodPassword)
	wantCode(t, err, core.CodeBadUserInput)
	_, err = h.signIn(h.ctx, "ann", next)
	must(t, err)
}

func TestInvitation(t *testing.T) {
	h := newHouse(t)
	made, err := h.CreateAccount(h.ctx, h.write, NewAccount{Login: "ann", DisplayName: "Ann"})
	must(t, err)
	accept := func(ctx context.Context, code string) error {
		_, err := h.AcceptInvitation(ctx, h.write, code, goodPassword, Bearer)
		return err
	}
	wantCode(t, accept(h.ctx, ""), core.CodeBadUserInput)
	wantCode(t, accept(h.ctx, newCode()), core.CodeBadUserInput)
	wantCode(t, accept(from(h.town("second"), "192.0.2.1"), made.Invitation), core.CodeBadUserInput)
	_, err = h.AcceptInvitation(h.ctx, h.write, made.Invitation, "ann", Bearer)
	wantCode(t, err, core.CodeBadUserInput)

	second := h.reset(made.Account.ID) // replaces the first code
	wantCode(t, accept(from(h.ctx, "192.0.2.2"), made.Invitation), core.CodeBadUserInput)
	h.pass(7 * day)
	wantCode(t, accept(from(h.ctx, "192.0.2.2"), second), core.CodeBadUserInput)

	third := h.reset(made.Account.ID)
	got := tally(inParallel(40, func(i int) error { return accept(from(h.ctx, fmt.Sprintf("198.51.100.%d", i)), third) }))
	if got["OK"] != 1 || got["OK"]+got[core.CodeBadUserInput]+got[core.CodeConflict] != 40 {
		t.Fatalf("one of 40 wins: %v", got)
	}
	if n := h.count("SELECT count(*) FROM sessions"); n != 1 {
		t.Fatalf("%d sessions", n)
	}
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
}

func (h *house) reset(id uuid.UUID) (code string) {
	h.t.Helper()
	must(h.t, h.write(h.ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		out, c, err := h.ResetPassword(ctx, tx, id, nil)
		code = out.Invitation
		return c, err
	}))
	return code
}

func TestGuessingCodesIsLimited(t *testing.T) {
	h := newHouse(t)
	code, err := h.EnsureSetupCode(h.ctx)
	must(t, err)
	got := tally(inParallel(50, func(i int) error {
		if i%2 == 0 {
			_, err := h.SetUp(h.ctx, h.write, newCode(), NewOwner{"ann", goodPassword, "Ann", Bearer})
			return err
		}
		_, err := h.AcceptInvitation(h.ctx, h.write, newCode(), goodPassword, Bearer)
		return err
	}))
	if got[core.CodeBadUserInput] != 5 || got[core.CodeRateLimited] != 45 {
		t.Fatalf("five of 50 guesses are looked at: %v", got)
	}
	_, err = h.SetUp(from(h.ctx, "192.0.2.2"), h.write, code, NewOwner{"ann", goodPassword, "Ann", Bearer})
	must(t, err)
}

func TestSignUp(t *testing.T) {
	closed := newHouse(t, func(s *Settings) { s.OpenSignUp = false })
	_, err := closed.SignUp(closed.ctx, closed.write, NewOwner{"ann", goodPassword, "Ann", Bearer})
	wantCode(t, err, core.CodeForbidden)

	h := newHouse(t)
	_, err = h.SignUp(h.ctx, h.write, NewOwner{"ann", "short", "Ann", Bearer})
	wantCode(t, err, core.CodeBadUserInput)
	in, err := h.SignUp(h.ctx, h.write, NewOwner{"ann", goodPassword, "Ann", Bearer})
	must(t, err)
	actor, err := h.Authenticate(h.ctx, in.Token)
	must(t, err)
	if actor.Account != in.Account.ID || len(actor.Assignments) != 0 {
		t.Fatalf("%+v", actor)
	}
	_, err = h.SignUp(h.ctx, h.write, NewOwner{"Ann", goodPassword, "Ann", Bearer})
	wantCode(t, err, core.CodeConflict)
	got := tally(inParallel(40, func(i int) error {
		_, err := h.SignUp(h.ctx, h.write, NewOwner{fmt.Sprintf("robot%d", i), goodPassword, "Robot", Bearer})
		return err
	}))
	if got["OK"] != 18 || got[core.CodeRateLimited] != 22 {
		t.Fatalf("one address makes 20 accounts and then waits: %v", got)
	}
}
