package identity

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func (h *house) tryIssue(ctx context.Context, in NewServiceToken) (out IssuedToken, err error) {
	err = h.write(ctx, func(ctx context.Context, tx postgres.Tx) (c core.Change, err error) {
		out, c, err = h.CreateServiceToken(ctx, tx, in)
		return c, err
	})
	return out, err
}

func (h *house) issue(ctx context.Context, permissions ...string) IssuedToken {
	h.t.Helper()
	out, err := h.tryIssue(ctx, NewServiceToken{"portal", permissions, h.clockNow().Add(30 * day)})
	must(h.t, err)
	return out
}

func TestServiceTokenRefused(t *testing.T) {
	h := newHouse(t)
	h.held = []string{"councils:read", "people:*"}
	h.account(h.ctx, "ann")
	ann := h.as(h.ctx, "ann")
	soon, service := h.clockNow().Add(day), core.Actor{Kind: core.Service, Account: core.NewID(), Permissions: []string{"councils:read"}}
	good := []string{"councils:read"}
	for name, c := range map[string]struct {
		ctx  context.Context
		in   NewServiceToken
		code core.Code
	}{
		"anonymous":        {h.ctx, NewServiceToken{"a", good, soon}, core.CodeUnauthenticated},
		"by a service":     {core.WithActor(h.ctx, service), NewServiceToken{"a", good, soon}, core.CodeForbidden},
		"no name":          {ann, NewServiceToken{" ", good, soon}, core.CodeBadUserInput},
		"no permission":    {ann, NewServiceToken{"a", nil, soon}, core.CodeBadUserInput},
		"not a permission": {ann, NewServiceToken{"a", []string{"councils read"}, soon}, core.CodeBadUserInput},
		"not held":         {ann, NewServiceToken{"a", []string{"councils:read", "councils:write"}, soon}, core.CodeForbidden},
		"everything":       {ann, NewServiceToken{"a", []string{"*"}, soon}, core.CodeForbidden},
		"past":             {ann, NewServiceToken{"a", good, h.clockNow()}, core.CodeBadUserInput},
		"too long":         {ann, NewServiceToken{"a", good, h.clockNow().Add(733 * day)}, core.CodeBadUserInput},
	} {
		if _, err := h.tryIssue(c.ctx, c.in); core.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestServiceToken(t *testing.T) {
	h := newHouse(t)
	h.held = []string{"councils:read", "people:*"}
	h.account(h.ctx, "ann")
	ann := h.as(h.ctx, "ann")
	out := h.issue(ann, "people:*", "councils:read", "people:*")
	if !strings.HasPrefix(out.Token, "veche_st_") || len(out.Token) != 52 {
		t.Fatalf("%q", out.Token)
	}
	actor, err := h.Authenticate(h.ctx, out.Token)
	must(t, err)
	want := core.Actor{Kind: core.Service, Account: out.ServiceToken.ID, Permissions: []string{"councils:read", "people:*"}}
	if diff := cmp.Diff(want, actor); diff != "" {
		t.Fatal(diff)
	}
	if n := h.count("SELECT count(*) FROM service_tokens WHERE used_at IS NOT NULL"); n != 1 {
		t.Fatal("its use is not noted")
	}
	_, err = h.Authenticate(h.town("second"), out.Token)
	wantCode(t, err, core.CodeUnauthenticated)

	h.held = []string{"councils:read"} // the maker loses a right, and so does the token
	actor, err = h.Authenticate(h.ctx, out.Token)
	must(t, err)
	if diff := cmp.Diff([]string{"councils:read"}, actor.Permissions); diff != "" {
		t.Fatal(diff)
	}
	h.pass(30 * day)
	_, err = h.Authenticate(h.ctx, out.Token)
	wantCode(t, err, core.CodeUnauthenticated)
}

func TestRevokedServiceTokenIsNone(t *testing.T) {
	h := newHouse(t)
	h.held = []string{"councils:read"}
	h.account(h.ctx, "ann")
	out := h.issue(h.as(h.ctx, "ann"), "councils:read")
	revoke := func(ctx context.Context, id uuid.UUID) (at *time.Time, err error) {
		err = h.write(ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
			token, c, err := h.RevokeServiceToken(ctx, tx, id)
			at = token.RevokedAt
			return c, err
		})
		return at, err
	}
	_, err := revoke(h.ctx, core.NewID())
	wantCode(t, err, core.CodeNotFound)
	_, err = revoke(h.town("second"), out.ServiceToken.ID)
	wantCode(t, err, core.CodeNotFound)
	first, err := revoke(h.ctx, out.ServiceToken.ID)
	must(t, err)
	h.pass(time.Hour)
	again, err := revoke(h.ctx, out.ServiceToken.ID)
	must(t, err)
	if first == nil || again == nil || !first.Equal(*again) {
		t.Fatalf("revoked at %v, then at %v", first, again)
	}
	_, err = h.Authenticate(h.ctx, out.Token)
	wantCode(t, err, core.CodeUnauthenticated)
}
