package accounts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
)

// everything is the whole database as text, one table's row a line.
func (h *house) everything() map[string]string {
	h.t.Helper()
	var tables []string
	must(h.t, h.DB.NewRaw("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").Scan(h.t.Context(), &tables))
	rows := map[string]string{}
	for _, table := range tables {
		var text string
		must(h.t, h.DB.NewRaw(fmt.Sprintf(`SELECT coalesce(string_agg(t::text, E'\n'), '') FROM %q AS t`, table)).Scan(h.t.Context(), &text))
		rows[table] = text
	}
	return rows
}

// TestNothingSecretIsKept takes every secret through the house with an Idempotency-Key, and then
// looks for it, and for what could be made of it without a salt, in every column there is.
func TestNothingSecretIsKept(t *testing.T) {
	h := newHouse(t)
	setup, err := h.Identity.EnsureSetupCode(h.ctx)
	must(t, err)
	keyed := mutation.WithKey(h.ctx, "key")
	boss, err := h.SetUp(keyed, SetUpInput{Code: setup, Login: "boss", Password: "first secret words", DisplayName: "Boss", Kind: Bearer})
	must(t, err)
	admin := mutation.WithKey(boss.Viewer.as(h.ctx), "key")
	made, err := h.CreateAccount(admin, CreateAccountInput{Login: "boris", DisplayName: "Boris"})
	must(t, err)
	in, err := h.AcceptInvitation(keyed, AcceptInvitationInput{Code: *made.Invitation, Password: "second secret words", Kind: Bearer})
	must(t, err)
	up, err := h.SignUp(keyed, SignUpInput{Login: "vera", Password: "third secret words", DisplayName: "Vera", Kind: Bearer})
	must(t, err)
	_, err = h.ChangePassword(mutation.WithKey(up.Viewer.as(h.ctx), "key"), ChangePasswordInput{CurrentPassword: "third secret words", NewPassword: "fourth secret words"})
	must(t, err)
	signed, err := h.SignIn(keyed, SignInInput{Login: "vera", Password: "fourth secret words", Kind: Bearer})
	must(t, err)
	reset, err := h.ResetPassword(mutation.WithKey(admin, "reset"), ResetPasswordInput{ID: core.ID{Type: typeAccount, Key: made.Key}, ExpectedVersion: h.version(made.Key)})
	must(t, err)
	issued, err := h.CreateServiceToken(mutation.WithKey(admin, "issue"), h.tokenInput("*"))
	must(t, err)
	secrets := []string{setup, *made.Invitation, *reset.Invitation, *boss.Token, *in.Token, *up.Token, *signed.Token, *issued.Token,
		"first secret words", "second secret words", "third secret words", "fourth secret words"}
	rows := h.everything()
	for _, table := range []string{"audit", "outbox", "idempotency_keys"} {
		if rows[table] == "" {
			t.Fatalf("%s is empty: nothing was looked at", table)
		}
	}
	for table, text := range rows {
		for _, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(text, strings.ReplaceAll(secret, "-", "")) {
				t.Errorf("%s holds %q", table, secret)
			}
			sum := sha256.Sum256([]byte(secret))
			hashed := strings.Contains(text, hex.EncodeToString(sum[:]))
			if hashed && strings.Contains(secret, " ") {
				t.Errorf("%s holds the plain hash of the password %q", table, secret)
			}
		}
	}
	h.nothingSecretIn(t, secrets, boss, made, reset, issued)
}

// nothingSecretIn asks of the answers that their kept part, core.Payload, holds no secret.
func (h *house) nothingSecretIn(t *testing.T, secrets []string, boss *SignInPayload, made, reset *InvitationPayload, issued *IssuedServiceTokenPayload) {
	t.Helper()
	for _, p := range []core.Payload{boss.Payload, made.Payload, reset.Payload, issued.Payload} {
		raw, err := json.Marshal(p)
		must(t, err)
		for _, secret := range secrets {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("the answer that is kept holds %q", secret)
			}
		}
	}
}

// TestWhatTakesASecretIsNotKeptUnderAKey: were it, another's request with the same key would be
// compared with, or answered by, what this one left.
func TestWhatTakesASecretIsNotKeptUnderAKey(t *testing.T) {
	h := newHouse(t)
	keyed := mutation.WithKey(h.ctx, "key")
	_, err := h.SignUp(keyed, SignUpInput{Login: "anna", Password: goodPassword, DisplayName: "Anna", Kind: Bearer})
	must(t, err)
	again, err := h.SignUp(keyed, SignUpInput{Login: "anna", Password: goodPassword, DisplayName: "Anna", Kind: Bearer})
	wantAt(t, "login", &again.Payload, err)
	if again.Token != nil || again.Viewer != nil {
		t.Fatalf("a repeated request signed in: %+v", again)
	}
	other, err := h.SignUp(keyed, SignUpInput{Login: "boris", Password: goodPassword, DisplayName: "Boris", Kind: Bearer})
	must(t, err)
	if other.Viewer == nil || h.count("SELECT count(*) FROM idempotency_keys") != 0 {
		t.Fatalf("%+v", other)
	}
}

// TestTheAuditHoldsNothingPersonal looks for logins and names.
func TestTheAuditHoldsNothingPersonal(t *testing.T) {
	h := newHouse(t)
	admin := h.person("boss", access.RoleAdministrator)
	made, err := h.CreateAccount(admin, CreateAccountInput{Login: "boris@example.org", DisplayName: "Boris Borisov"})
	must(t, err)
	p, err := h.DisableAccount(admin, DisableAccountInput{ID: core.ID{Type: typeAccount, Key: made.Key}, ExpectedVersion: 1})
	want(t, "", p, err)
	rows := h.everything()
	for _, table := range []string{"audit", "outbox", "idempotency_keys"} {
		for _, personal := range []string{"boris", "Boris", "boss"} {
			if strings.Contains(rows[table], personal) {
				t.Errorf("%s holds %s", table, personal)
			}
		}
	}
	if n := h.count("SELECT count(*) FROM audit WHERE object_id = ?", made.Key); n != 2 {
		t.Fatalf("%d records of two changes", n)
	}
}
