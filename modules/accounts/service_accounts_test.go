package accounts

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
)

// touches are all that can be done to another's account.
func touches(h *house) map[string]func(ctx context.Context, id core.ID) (*core.Payload, error) {
	return map[string]func(ctx context.Context, id core.ID) (*core.Payload, error){
		"link": func(ctx context.Context, id core.ID) (*core.Payload, error) {
			return h.LinkPerson(ctx, LinkPersonInput{ID: id, ExpectedVersion: h.versionOr(id.Key, 1)})
		},
		"disable": func(ctx context.Context, id core.ID) (*core.Payload, error) {
			return h.DisableAccount(ctx, DisableAccountInput{ID: id, ExpectedVersion: h.versionOr(id.Key, 1)})
		},
		"enable": func(ctx context.Context, id core.ID) (*core.Payload, error) {
			return h.EnableAccount(ctx, EnableAccountInput{ID: id, ExpectedVersion: h.versionOr(id.Key, 1)})
		},
		"reset": func(ctx context.Context, id core.ID) (*core.Payload, error) {
			p, err := h.ResetPassword(ctx, ResetPasswordInput{ID: id, ExpectedVersion: h.versionOr(id.Key, 1)})
			if err != nil {
				return nil, err
			}
			return &p.Payload, nil
		},
	}
}

// versionOr is the account's version; none for an account that is not there.
func (h *house) versionOr(account uuid.UUID, none int) int {
	if a, err := h.Identity.AccountByID(h.ctx, account); err == nil {
		return a.Version
	}
	return none
}

func TestOthersAccountsAreRefused(t *testing.T) {
	h := newHouse(t)
	target := idOf(h.person("target"))
	resident, clerk, seer := h.person("resident"), h.person("clerk", "clerk"), h.person("seer", "permission_administrator")
	assistant := h.person("assistant", helper)
	for name, touch := range touches(h) {
		for who, refused := range map[string]struct {
			ctx  context.Context
			id   core.ID
			code core.Code
		}{
			"nobody":                 {h.ctx, target, core.CodeNotFound},
			"a resident":             {resident, target, core.CodeNotFound},
			"a clerk":                {clerk, target, core.CodeNotFound},
			"who sees accounts only": {seer, target, core.CodeForbidden},
			"a resident, themself":   {resident, idOf(resident), core.CodeForbidden},
			"of nothing":             {assistant, core.ID{Type: typeAccount, Key: core.NewID()}, core.CodeNotFound},
			"another type":           {assistant, core.ID{Type: typePerson, Key: target.Key}, core.CodeBadUserInput},
		} {
			if p, err := touch(refused.ctx, refused.id); refusal(p, err) != refused.code {
				t.Errorf("%s by %s: %+v %v", name, who, p, err)
			}
		}
	}
	_, err := h.CreateAccount(seer, CreateAccountInput{Login: "more", DisplayName: "More"})
	want(t, core.CodeForbidden, nil, err)
	if h.version(target.Key) != 1 {
		t.Fatal("the target was changed")
	}
}

func TestNobodyTouchesAnAccountWhoseRolesTheyCouldNotGive(t *testing.T) {
	h := newHouse(t)
	assistant := h.person("assistant", helper)
	governor := h.person("governor", helper, "permission_administrator")
	administrator := h.person("administrator", access.RoleAdministrator)
	resident, clerk, peer := h.person("resident"), h.person("clerk", "clerk"), h.person("peer", "permission_administrator")
	for name, touch := range touches(h) {
		next := h.person("next-" + name) // disabling takes the role away
		h.give(accountOf(next), access.RoleAdministrator, h.today().AddDays(1))
		for who, refused := range map[string]struct{ ctx, target context.Context }{
			"an assistant, a clerk":          {assistant, clerk},
			"an assistant, a peer":           {assistant, peer},
			"an assistant, an administrator": {assistant, administrator},
			"an assistant, one of tomorrow":  {assistant, next},
			"a governor, another governor":   {governor, peer},
			"a governor, an administrator":   {governor, administrator},
			"a governor, one of tomorrow":    {governor, next},
		} {
			if p, err := touch(refused.ctx, idOf(refused.target)); refusal(p, err) != core.CodeForbidden {
				t.Errorf("%s by %s: %+v %v", name, who, p, err)
			}
		}
		for who, allowed := range map[string]struct{ ctx, target context.Context }{
			"an assistant, a resident":          {assistant, resident},
			"a governor, a clerk":               {governor, clerk},
			"an administrator, a peer":          {administrator, peer},
			"an administrator, one of tomorrow": {administrator, next},
		} {
			if p, err := touch(allowed.ctx, idOf(allowed.target)); refusal(p, err) != "" {
				t.Errorf("%s by %s: %+v %v", name, who, p, err)
			}
		}
	}
}

func TestAPersonsRolesComeWithThePerson(t *testing.T) {
	h := newHouse(t)
	card := h.card
	card.Grants = []core.Grant{{Name: "test.mayor", Query: `SELECT p.id AS person_id, 'permission_administrator' AS role, '' AS scope_kind, NULL::uuid AS scope_id
		FROM persons AS p WHERE p.municipality_id = ?municipality AND p.id = ?person AND p.family_name = 'Mayor' AND p.created_at::date <= ?today`}}
	must(t, h.Guard.Know([]core.Info{card}))
	mayor, other := h.addPerson("Mayor"), h.addPerson("Other")
	assistant, administrator := h.person("assistant", helper), h.person("administrator", access.RoleAdministrator)
	target := idOf(h.person("target"))
	link := func(ctx context.Context, person *core.ID) (*core.Payload, error) {
		return h.LinkPerson(ctx, LinkPersonInput{ID: target, ExpectedVersion: h.version(target.Key), PersonID: person})
	}
	p, err := link(assistant, &mayor)
	want(t, core.CodeForbidden, p, err)
	_, err = h.CreateAccount(assistant, CreateAccountInput{Login: "mayor", DisplayName: "Mayor", PersonID: &mayor})
	want(t, core.CodeForbidden, nil, err)
	p, err = link(assistant, &core.ID{Type: typePerson, Key: core.NewID()})
	wantAt(t, "personId", p, err)
	p, err = link(assistant, &other)
	want(t, "", p, err)
	p, err = link(administrator, &mayor)
	want(t, "", p, err)
	p, err = link(assistant, nil) // the mayor's account by now
	want(t, core.CodeForbidden, p, err)
	p, err = link(administrator, nil)
	want(t, "", p, err)
}

func (h *house) addPerson(name string) core.ID {
	h.t.Helper()
	id := core.NewID()
	_, err := h.DB.ExecContext(h.t.Context(), "INSERT INTO persons (municipality_id, id, family_name, given_name, created_at) VALUES (?, ?, ?, 'Given', ?)",
		h.town.ID, id, name, h.Clock())
	must(h.t, err)
	return core.ID{Type: typePerson, Key: id}
}

func TestTheLastAdministratorStays(t *testing.T) {
	h := newHouse(t)
	const n = 6
	all := make([]context.Context, n)
	for i := range all {
		all[i] = h.person(string(rune('a'+i))+"-admin", access.RoleAdministrator)
	}
	p, err := h.DisableAccount(all[0], DisableAccountInput{ID: idOf(all[0]), ExpectedVersion: 1})
	wantAt(t, "id", p, err) // oneself
	// Each disables the next one, all at once.
	got := inParallel(n, func(i int) (*core.Payload, error) {
		return h.DisableAccount(all[i], DisableAccountInput{ID: idOf(all[(i+1)%n]), ExpectedVersion: 1})
	})
	enabled := h.count(`SELECT count(*) FROM role_assignments r JOIN accounts a ON a.municipality_id = r.municipality_id AND a.id = r.account_id
		WHERE r.role = ? AND r.ends_on IS NULL AND a.disabled_at IS NULL`, access.RoleAdministrator)
	holders := h.count(`SELECT count(*) FROM role_assignments WHERE role = ? AND ends_on IS NULL`, access.RoleAdministrator)
	if enabled == 0 || enabled != holders || got[""] != n-enabled || got[""]+got[core.CodeConflict]+got[core.CodeForbidden] != n {
		t.Fatalf("%d enabled of %d holders after %v", enabled, holders, got)
	}
}

func TestADisabledAdministratorIsNoneWhenEnabled(t *testing.T) {
	h := newHouse(t)
	anna, boris := h.person("anna", access.RoleAdministrator), h.person("boris", access.RoleAdministrator)
	p, err := h.DisableAccount(anna, DisableAccountInput{ID: idOf(boris), ExpectedVersion: 7})
	wantAt(t, "expectedVersion", p, err)
	h.again(boris)
	p, err = h.DisableAccount(anna, DisableAccountInput{ID: idOf(boris), ExpectedVersion: 1})
	want(t, "", p, err)
	_, err = h.Identity.Refresh(boris, core.ActorOf(boris))
	want(t, core.CodeUnauthenticated, nil, err)
	p, err = h.EnableAccount(anna, EnableAccountInput{ID: idOf(boris), ExpectedVersion: 2})
	want(t, "", p, err)
	in, err := h.SignIn(h.ctx, SignInInput{Login: "boris", Password: goodPassword, Kind: Bearer})
	must(t, err)
	if held := in.Viewer.actor.Assignments; len(held) != 0 {
		t.Fatalf("still holds %v", held)
	}
	if h.count("SELECT count(*) FROM audit WHERE object_type = 'RoleAssignment' AND action = 'disableAccount'") != 1 {
		t.Fatal("the end of the role is not in the audit")
	}
}

func TestAnInvitationIsShownOnceAndLetsTheOwnerIn(t *testing.T) {
	h := newHouse(t)
	anna := h.person("anna", helper)
	keyed := mutation.WithKey(anna, "create")
	in := CreateAccountInput{Login: "boris", DisplayName: "Boris"}
	first, err := h.CreateAccount(keyed, in)
	must(t, err)
	again, err := h.CreateAccount(keyed, in)
	must(t, err)
	if first.Invitation == nil || again.Invitation != nil || again.Key != first.Key {
		t.Fatalf("%+v, then %+v", first, again)
	}
	taken, err := h.CreateAccount(anna, in)
	wantAt(t, "login", &taken.Payload, err)
	wrong, err := h.AcceptInvitation(h.ctx, AcceptInvitationInput{Code: "000000-000000-000000-000000", Password: goodPassword, Kind: Bearer})
	wantAt(t, "code", &wrong.Payload, err)
	weak, err := h.AcceptInvitation(h.ctx, AcceptInvitationInput{Code: *first.Invitation, Password: "boris", Kind: Bearer})
	wantAt(t, "password", &weak.Payload, err)
	in2, err := h.AcceptInvitation(h.ctx, AcceptInvitationInput{Code: *first.Invitation, Password: goodPassword, Kind: Bearer})
	must(t, err)
	if in2.Viewer == nil || in2.Viewer.account() != first.Key {
		t.Fatalf("%+v", in2)
	}
	used, err := h.AcceptInvitation(h.ctx, AcceptInvitationInput{Code: *first.Invitation, Password: goodPassword, Kind: Bearer})
	wantAt(t, "code", &used.Payload, err)
}

func TestAResetShutsTheOldPasswordOut(t *testing.T) {
	h := newHouse(t)
	anna, boris := h.person("anna", access.RoleAdministrator), h.person("boris")
	own, err := h.ResetPassword(anna, ResetPasswordInput{ID: idOf(anna), ExpectedVersion: 1})
	wantAt(t, "id", &own.Payload, err)
	p, err := h.ResetPassword(anna, ResetPasswordInput{ID: idOf(boris), ExpectedVersion: 1})
	must(t, err)
	if p.Invitation == nil {
		t.Fatalf("%+v", p)
	}
	_, err = h.Identity.Refresh(boris, core.ActorOf(boris))
	want(t, core.CodeUnauthenticated, nil, err)
	refused, err := h.SignIn(h.ctx, SignInInput{Login: "boris", Password: goodPassword, Kind: Bearer})
	wantAt(t, "password", &refused.Payload, err)
	in, err := h.AcceptInvitation(h.ctx, AcceptInvitationInput{Code: *p.Invitation, Password: "four quite unrelated words", Kind: Bearer})
	must(t, err)
	if in.Viewer == nil {
		t.Fatalf("%+v", in)
	}
}

func TestAnotherTownsAccountIsNotThere(t *testing.T) {
	h := newHouse(t)
	target := idOf(h.person("target"))
	elsewhere := *h
	elsewhere.town = &core.Municipality{ID: core.NewID(), Key: "elsewhere", TimeZone: "UTC"}
	_, err := h.DB.ExecContext(t.Context(), "INSERT INTO municipalities (id, key, name, region, time_zone) VALUES (?, 'elsewhere', '{}', '{}', 'UTC')", elsewhere.town.ID)
	must(t, err)
	must(t, h.Guard.EnsureDefaults(t.Context(), elsewhere.town))
	elsewhere.ctx = identity.WithClient(core.WithMunicipality(t.Context(), elsewhere.town), identity.ClientOf(h.ctx))
	boss := elsewhere.person("boss", access.RoleAdministrator)
	for name, touch := range touches(&elsewhere) {
		if p, err := touch(boss, target); refusal(p, err) != core.CodeNotFound {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
}
