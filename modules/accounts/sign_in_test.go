package accounts

import (
	"testing"

	"github.com/veche-city/veche/core"
)

func TestSetUpRefusesAWrongCodeAndAWeakPassword(t *testing.T) {
	h := newHouse(t)
	code, err := h.Identity.EnsureSetupCode(h.ctx)
	must(t, err)
	in := SetUpInput{Code: "000000-000000-000000-000000", Login: "anna", Password: goodPassword, DisplayName: "Anna", Kind: Bearer}
	p, err := h.SetUp(h.ctx, in)
	wantAt(t, "code", &p.Payload, err)
	in.Code, in.Password, in.Login = code, "short", "?"
	p, err = h.SetUp(h.ctx, in)
	wantAt(t, "password", &p.Payload, err)
	wantAt(t, "login", &p.Payload, err)
	if p.Viewer != nil || p.Token != nil || h.count("SELECT count(*) FROM accounts") != 0 {
		t.Fatalf("somebody came in: %+v", p)
	}
}

func TestSetUpMakesAnAdministratorOnce(t *testing.T) {
	h := newHouse(t)
	code, err := h.Identity.EnsureSetupCode(h.ctx)
	must(t, err)
	client := "1"
	in := SetUpInput{Code: code, Login: "Anna", Password: goodPassword, DisplayName: "Anna", Kind: Bearer, ClientMutationID: &client}
	p, err := h.SetUp(h.ctx, in)
	must(t, err)
	if p.Viewer.Kind() != "ACCOUNT" || p.Token == nil || p.ClientMutationID != &client {
		t.Fatalf("%+v", p)
	}
	held, err := h.Permissions(h.ctx, p.Viewer)
	must(t, err)
	if len(held) < len(permissions()) {
		t.Fatalf("an administrator may %v", held)
	}
	in.Login = "boris"
	p, err = h.SetUp(h.ctx, in)
	wantAt(t, "code", &p.Payload, err)
}

func TestSignInTellsAFormWhatIsWrong(t *testing.T) {
	h := newHouse(t)
	h.person("anna")
	for _, in := range []SignInInput{
		{Login: "anna", Password: "three other words", Kind: Bearer},
		{Login: "nobody", Password: goodPassword, Kind: Bearer},
	} {
		p, err := h.SignIn(h.ctx, in)
		wantAt(t, "password", &p.Payload, err)
	}
	p, err := h.SignIn(h.ctx, SignInInput{Login: "anna", Password: goodPassword, Kind: Cookie})
	wantAt(t, "kind", &p.Payload, err) // there is no answer here to set a cookie in
	p, err = h.SignIn(h.ctx, SignInInput{Login: "anna", Password: goodPassword, Kind: "SMOKE"})
	wantAt(t, "kind", &p.Payload, err)
}

func TestTooManyFailuresAreAnErrorAndNotAnswered(t *testing.T) {
	h := newHouse(t)
	h.person("anna")
	for range 6 {
		_, _ = h.SignIn(h.ctx, SignInInput{Login: "anna", Password: "three other words", Kind: Bearer})
	}
	p, err := h.SignIn(h.ctx, SignInInput{Login: "anna", Password: goodPassword, Kind: Bearer})
	if p != nil || core.CodeOf(err) != core.CodeRateLimited {
		t.Fatalf("%+v %v", p, err)
	}
}

func TestAViewerIsWhoWasSignedIn(t *testing.T) {
	h := newHouse(t)
	h.person("anna", helper)
	p, err := h.SignIn(h.ctx, SignInInput{Login: "ANNA", Password: goodPassword, Kind: Bearer})
	must(t, err)
	held, err := h.Permissions(h.ctx, p.Viewer) // the context is nobody's
	must(t, err)
	if len(held) != 4 {
		t.Fatalf("may %v", held)
	}
	sessions, err := h.Sessions(h.ctx, p.Viewer)
	must(t, err)
	var current int
	for _, s := range sessions {
		if s.Kind != Bearer || s.UserAgent != "test" || s.Address != "192.0.2.1" {
			t.Errorf("%+v", s)
		}
		if s.Current {
			current++
		}
	}
	if len(sessions) != 2 || current != 1 {
		t.Fatalf("%d sessions, %d current", len(sessions), current)
	}
	actor, err := h.Identity.Authenticate(h.ctx, *p.Token)
	must(t, err)
	if actor.Account != p.Viewer.account() {
		t.Fatalf("the token is %+v's", actor)
	}
}

func TestNobodyHasNeitherSessionsNorAnAccount(t *testing.T) {
	h := newHouse(t)
	v := viewerOf(h.ctx)
	sessions, err := h.Sessions(h.ctx, v)
	must(t, err)
	held, err := h.Permissions(h.ctx, v)
	must(t, err)
	if v.Kind() != "ANONYMOUS" || v.PersonID() != nil || v.ActingForID() != nil || len(sessions) != 0 || held == nil || len(held) != 0 {
		t.Fatalf("%+v %v %v", v, sessions, held)
	}
	program := &Viewer{core.Actor{Kind: core.Service, Account: core.NewID()}}
	if sessions, err = h.Sessions(h.ctx, program); err != nil || len(sessions) != 0 || program.account() != [16]byte{} {
		t.Fatalf("%v %v", sessions, err)
	}
}

func TestOwnThingsAreRefusedToNobody(t *testing.T) {
	h := newHouse(t)
	anna := h.person("anna")
	for name, ask := range map[string]func() (*ViewerPayload, error){
		"sign out": func() (*ViewerPayload, error) { return h.SignOut(h.ctx, SignOutInput{}) },
		"change": func() (*ViewerPayload, error) {
			return h.ChangePassword(h.ctx, ChangePasswordInput{CurrentPassword: goodPassword, NewPassword: "four quite unrelated words"})
		},
		"revoke": func() (*ViewerPayload, error) {
			return h.RevokeSession(h.ctx, RevokeSessionInput{ID: core.ID{Type: typeSession, Key: core.ActorOf(anna).Session}})
		},
		"revoke others": func() (*ViewerPayload, error) { return h.RevokeOtherSessions(h.ctx, RevokeOtherSessionsInput{}) },
	} {
		if p, err := ask(); p != nil || core.CodeOf(err) != core.CodeUnauthenticated {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
	h.again(anna)
}

func TestAnothersSessionIsNotThere(t *testing.T) {
	h := newHouse(t)
	anna, boris := h.person("anna"), h.person("boris")
	id := core.ID{Type: typeSession, Key: core.ActorOf(anna).Session}
	_, err := h.RevokeSession(boris, RevokeSessionInput{ID: id})
	want(t, core.CodeNotFound, nil, err)
	p, err := h.RevokeSession(anna, RevokeSessionInput{ID: idOf(anna)})
	wantAt(t, "id", &p.Payload, err)
	p, err = h.RevokeSession(anna, RevokeSessionInput{ID: id}) // her own, of this request
	must(t, err)
	if p.Viewer.Kind() != "ANONYMOUS" {
		t.Fatalf("still %s", p.Viewer.Kind())
	}
	_, err = h.Identity.Refresh(anna, core.ActorOf(anna))
	want(t, core.CodeUnauthenticated, nil, err)
}

func TestChangePasswordEndsOtherSessions(t *testing.T) {
	h := newHouse(t)
	anna := h.person("anna")
	p, err := h.ChangePassword(anna, ChangePasswordInput{CurrentPassword: "three other words", NewPassword: "four quite unrelated words"})
	wantAt(t, "currentPassword", &p.Payload, err)
	p, err = h.ChangePassword(anna, ChangePasswordInput{CurrentPassword: goodPassword, NewPassword: "short"})
	wantAt(t, "newPassword", &p.Payload, err)
	other, err := h.SignIn(h.ctx, SignInInput{Login: "anna", Password: goodPassword, Kind: Bearer})
	must(t, err)
	p, err = h.ChangePassword(anna, ChangePasswordInput{CurrentPassword: goodPassword, NewPassword: "four quite unrelated words"})
	must(t, err)
	if p.Viewer == nil {
		t.Fatalf("%+v", p.UserErrors)
	}
	h.again(anna)
	_, err = h.Identity.Authenticate(h.ctx, *other.Token)
	want(t, core.CodeUnauthenticated, nil, err)
}
