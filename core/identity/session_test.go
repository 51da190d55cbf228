package identity

import (
	"context"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func TestAuthenticateRefused(t *testing.T) {
	h := newHouse(t)
	ann := h.account(h.ctx, "ann")
	in, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	for name, token := range map[string]string{
		"empty": "", "short": "abc", "unknown": newToken(""), "unknown service": newToken(servicePrefix), "prefix only": servicePrefix,
		"session as service": servicePrefix + in.Token, "with NUL": in.Token[:42] + "\x00", "longer": in.Token + "A", "its hash": string(hashOf(in.Token)),
	} {
		if _, err := h.Authenticate(h.ctx, token); core.CodeOf(err) != core.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = h.Authenticate(h.town("second"), in.Token)
	wantCode(t, err, core.CodeUnauthenticated)
	_, err = h.sessionActor(h.ctx, in.Token, Cookie)
	wantCode(t, err, core.CodeUnauthenticated)

	actor, err := h.Authenticate(h.ctx, in.Token)
	must(t, err)
	if actor.Kind != core.Account || actor.Account != ann.ID || actor.Session != in.Session.ID {
		t.Fatalf("%+v", actor)
	}
	must(t, h.write(h.ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		_, c, err := h.DisableAccount(ctx, tx, ann.ID, nil)
		return c, err
	}))
	_, err = h.Authenticate(h.ctx, in.Token)
	wantCode(t, err, core.CodeUnauthenticated)
}

func TestTokensAreNotKept(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	in, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	if n := h.count("SELECT count(*) FROM sessions s WHERE strpos(s::text, ?) > 0", in.Token); n != 0 {
		t.Fatal("the token stands in the table")
	}
	if n := h.count("SELECT count(*) FROM sessions WHERE token_hash = sha256(?::bytea)", []byte(in.Token)); n != 1 {
		t.Fatal("its SHA-256 does not")
	}
}

func TestSessionEndsWhenIdleAndWhenOld(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	alive := func(token string) bool {
		_, err := h.Authenticate(h.ctx, token)
		if err != nil {
			wantCode(t, err, core.CodeUnauthenticated)
		}
		return err == nil
	}
	idle, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	used, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	h.pass(14*day - time.Second)
	if !alive(used.Token) {
		t.Fatal("ended before its time")
	}
	h.pass(time.Second)
	if alive(idle.Token) {
		t.Fatal("an idle session lives")
	}
	for range 5 {
		h.pass(13 * day)
		if !alive(used.Token) {
			t.Fatal("a used session ended")
		}
	}
	h.pass(11*day - time.Second)
	if !alive(used.Token) {
		t.Fatal("ended before 90 days")
	}
	h.pass(time.Second)
	if alive(used.Token) {
		t.Fatal("a session lives longer than 90 days")
	}
}

func TestUseIsWrittenOnceAMinute(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	in, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	seen := func() (at time.Time) {
		_, err := h.Authenticate(h.ctx, in.Token)
		must(t, err)
		must(t, h.db.NewRaw("SELECT seen_at FROM sessions").Scan(t.Context(), &at))
		return at
	}
	start := h.clockNow()
	h.pass(59 * time.Second)
	if !seen().Equal(start) {
		t.Fatal("written within a minute")
	}
	h.pass(time.Second)
	if !seen().Equal(start.Add(time.Minute)) {
		t.Fatal("not written after a minute")
	}
}

func TestSessionsBelongToTheirOwner(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	h.account(h.ctx, "bob")
	for name, ctx := range map[string]context.Context{
		"anonymous": h.ctx, "service": core.WithActor(h.ctx, core.Actor{Kind: core.Service, Account: core.NewID()}),
	} {
		if _, err := h.Sessions(ctx); err == nil {
			t.Errorf("%s lists sessions", name)
		}
		if err := h.SignOut(ctx); err == nil {
			t.Errorf("%s signs out", name)
		}
		if err := h.RevokeOtherSessions(ctx); err == nil {
			t.Errorf("%s revokes sessions", name)
		}
	}
	ann, bob := h.as(h.ctx, "ann"), h.as(h.ctx, "bob")
	wantCode(t, h.RevokeSession(bob, core.ActorOf(ann).Session), core.CodeNotFound)
	must(t, h.RevokeOtherSessions(bob))

	list, err := h.Sessions(ann)
	must(t, err)
	if len(list) != 1 || list[0].ID != core.ActorOf(ann).Session || list[0].Address != "192.0.2.1" || list[0].UserAgent != "test" {
		t.Fatalf("%+v", list)
	}
	second, third := h.as(h.ctx, "ann"), h.as(h.ctx, "ann")
	must(t, h.RevokeSession(ann, core.ActorOf(second).Session))
	wantCode(t, h.RevokeSession(ann, core.ActorOf(second).Session), core.CodeNotFound)
	must(t, h.RevokeOtherSessions(third))
	if list, err = h.Sessions(third); err != nil || len(list) != 1 || list[0].ID != core.ActorOf(third).Session {
		t.Fatalf("%+v, %v", list, err)
	}
	must(t, h.SignOut(third))
	if n := h.count("SELECT count(*) FROM sessions"); n != 1 { // bob's
		t.Fatalf("%d sessions are left", n)
	}
}

func TestPurgeKeepsWhatStillCounts(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	_, err := h.CreateAccount(h.ctx, h.write, NewAccount{Login: "bob", DisplayName: "Bob"})
	must(t, err)
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	_, err = h.signIn(from(h.ctx, "192.0.2.9"), "ann", "a wrong password")
	wantCode(t, err, core.CodeBadUserInput)
	rows := func() [3]int {
		must(t, h.Purge(t.Context(), h.db))
		return [3]int{h.count("SELECT count(*) FROM sessions"), h.count("SELECT count(*) FROM account_invitations"), h.count("SELECT count(*) FROM attempts")}
	}
	for _, step := range []struct {
		after time.Duration
		want  [3]int
	}{{0, [3]int{1, 1, 5}}, {2 * day, [3]int{1, 1, 1}}, {5 * day, [3]int{1, 0, 1}}, {7 * day, [3]int{0, 0, 1}}, {76 * day, [3]int{0, 0, 0}}} {
		h.pass(step.after)
		if got := rows(); got != step.want {
			t.Fatalf("%s later: sessions, invitations, attempts are %v; want %v", step.after, got, step.want)
		}
	}
}
