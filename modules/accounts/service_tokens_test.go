package accounts

import (
	"context"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
)

func (h *house) tokenInput(permissions ...string) CreateServiceTokenInput {
	return CreateServiceTokenInput{Name: "robot", Permissions: permissions, ExpiresAt: h.Clock().Add(24 * time.Hour)}
}

func TestATokenIsRefused(t *testing.T) {
	h := newHouse(t)
	resident, assistant := h.person("resident"), h.person("assistant", helper)
	for name, ctx := range map[string]context.Context{"nobody": h.ctx, "a resident": resident} {
		if p, err := h.CreateServiceToken(ctx, h.tokenInput("accounts:read")); p != nil || core.CodeOf(err) != core.CodeOf(core.Forbidden(ctx)) {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
	for _, beyond := range []string{"*", "permissions:read", "people:read"} {
		_, err := h.CreateServiceToken(assistant, h.tokenInput("accounts:read", beyond))
		want(t, core.CodeForbidden, nil, err)
	}
	p, err := h.CreateServiceToken(assistant, h.tokenInput())
	wantAt(t, "permissions", &p.Payload, err)
	late := h.tokenInput("accounts:read")
	late.ExpiresAt = h.Clock()
	p, err = h.CreateServiceToken(assistant, late)
	wantAt(t, "expiresAt", &p.Payload, err)
	if h.count("SELECT count(*) FROM service_tokens") != 0 {
		t.Fatal("a token was issued")
	}
}

func TestATokenIsShownOnceAndBoundByItsPermissions(t *testing.T) {
	h := newHouse(t)
	assistant := h.person("assistant", helper)
	keyed := mutation.WithKey(assistant, "issue")
	p, err := h.CreateServiceToken(keyed, h.tokenInput("accounts:read"))
	must(t, err)
	again, err := h.CreateServiceToken(keyed, h.tokenInput("accounts:read"))
	must(t, err)
	if p.Token == nil || again.Token != nil || again.Key != p.Key {
		t.Fatalf("%+v, then %+v", p, again)
	}
	robot, err := h.Identity.Authenticate(h.ctx, *p.Token)
	must(t, err)
	program := core.WithActor(h.ctx, robot)
	refused, err := h.DisableAccount(program, DisableAccountInput{ID: idOf(assistant), ExpectedVersion: 1})
	want(t, core.CodeForbidden, refused, err)
	_, err = h.CreateServiceToken(program, h.tokenInput("accounts:read"))
	want(t, core.CodeForbidden, nil, err)
}

func TestAnAdministratorsTokenIsRevokedByAdministratorsOnly(t *testing.T) {
	h := newHouse(t)
	administrator, assistant, resident := h.person("administrator", access.RoleAdministrator), h.person("assistant", helper), h.person("resident")
	p, err := h.CreateServiceToken(administrator, h.tokenInput("*"))
	must(t, err)
	in := RevokeServiceTokenInput{ID: core.ID{Type: typeServiceToken, Key: p.Key}}
	for name, refused := range map[string]struct {
		ctx  context.Context
		code core.Code
	}{"nobody": {h.ctx, core.CodeNotFound}, "a resident": {resident, core.CodeNotFound}, "an assistant": {assistant, core.CodeForbidden}} {
		if got, err := h.RevokeServiceToken(refused.ctx, in); refusal(got, err) != refused.code {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	_, err = h.Identity.Authenticate(h.ctx, *p.Token)
	must(t, err)
	got, err := h.RevokeServiceToken(h.person("second", access.RoleAdministrator), in)
	want(t, "", got, err)
	_, err = h.Identity.Authenticate(h.ctx, *p.Token)
	want(t, core.CodeUnauthenticated, nil, err)
}

func TestOnesOwnTokenIsRevoked(t *testing.T) {
	h := newHouse(t)
	assistant := h.person("assistant", helper)
	p, err := h.CreateServiceToken(assistant, h.tokenInput("accounts:read"))
	must(t, err)
	got, err := h.RevokeServiceToken(assistant, RevokeServiceTokenInput{ID: core.ID{Type: typeServiceToken, Key: p.Key}})
	want(t, "", got, err)
	_, err = h.Identity.Authenticate(h.ctx, *p.Token)
	want(t, core.CodeUnauthenticated, nil, err)
}
