package accounts

import (
	"context"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/read"
)

func TestAnAccountIsSeenByItsOwnerAndByWhoeverKeepsAccounts(t *testing.T) {
	h := newHouse(t)
	anna, boris := h.person("anna"), h.person("boris", "clerk")
	seer, assistant := h.person("seer", "permission_administrator"), h.person("assistant", helper)
	issued, err := h.CreateServiceToken(assistant, h.tokenInput("accounts:read"))
	must(t, err)
	for name, asked := range map[string]struct {
		ctx            context.Context
		account, token bool
	}{
		"nobody": {h.ctx, false, false}, "anna": {anna, true, false}, "a clerk": {boris, false, false},
		"who gives roles": {seer, true, false}, "an assistant": {assistant, true, true},
	} {
		account, err := read.Sees[Account](asked.ctx, h.Reads, accountOf(anna))
		must(t, err)
		token, err := read.Sees[ServiceToken](asked.ctx, h.Reads, issued.Key)
		must(t, err)
		if account != asked.account || token != asked.token {
			t.Errorf("%s sees the account: %v, the token: %v", name, account, token)
		}
	}
}

func TestPurgeLeavesWhatIsAlive(t *testing.T) {
	h := newHouse(t)
	work := (&purger{identity: h.Identity, db: h.DB}).Work
	h.person("anna")
	must(t, work(core.WithActor(t.Context(), core.Actor{Kind: core.System}), &river.Job[purgeArgs]{}))
	if n := h.count("SELECT count(*) FROM sessions"); n != 1 {
		t.Fatalf("%d sessions are left", n)
	}
	_, err := h.DB.ExecContext(t.Context(), "UPDATE sessions SET expires_at = ?", h.Clock().Add(-time.Second))
	must(t, err)
	must(t, work(core.WithActor(t.Context(), core.Actor{Kind: core.System}), &river.Job[purgeArgs]{}))
	if n := h.count("SELECT count(*) FROM sessions"); n != 0 {
		t.Fatalf("%d sessions are left", n)
	}
}

func TestTheJobIsRegisteredOnce(t *testing.T) {
	h := newHouse(t)
	if err := h.Jobs.Register(purging(h.Host)...); err == nil {
		t.Fatal("it was not registered before")
	}
}

func TestKindsAreThoseOfIdentity(t *testing.T) {
	for graph, kept := range map[SessionKind]identity.SessionKind{Cookie: identity.Cookie, Bearer: identity.Bearer} {
		if graph.kept() != kept || kindOf(kept) != graph {
			t.Errorf("%s is %s", graph, kept)
		}
	}
}
