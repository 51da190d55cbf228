package people

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

func (h *house) erase(person uuid.UUID) (*core.Payload, error) {
	return h.Service.ErasePerson(h.as("administrator", uuid.Nil), ErasePersonInput{ID: id(typePerson, person), Reason: "asked to"})
}

// full is a person of whom everything is kept, under words that are found nowhere else.
func (h *house) full() uuid.UUID {
	h.t.Helper()
	person := h.done(h.Service.CreatePerson(h.system(), CreatePersonInput{
		FamilyName: "Тайнов", GivenName: "Тайн", Patronymic: "Тайнович", ExternalKey: ptr("тайна:1"),
		Personal: &PersonalDataInput{BirthDate: ptr(day(1911, time.May, 9)), Phones: []string{"+79139119111"}, Emails: []string{"tayna@example.org"}, PostalAddress: ptr("ул. Тайная, 1")},
	}))
	who := id(typePerson, person)
	h.done(h.Service.GiveConsent(h.system(), GiveConsentInput{PersonID: who, Purpose: "Рассылка", Basis: "Заявление Тайнова", GivenOn: day(2012, time.May, 1)}))
	h.done(h.Service.AwardHonour(h.system(), AwardHonourInput{PersonID: who, Kind: HonoraryCitizen, Title: "Почётный гражданин Тайнов", AwardedOn: day(2012, time.May, 1)}))
	h.done(h.Service.CreateHousehold(h.system(), CreateHouseholdInput{MemberIDs: []core.ID{who}, StartsOn: day(2012, time.May, 1)}))
	organisation := h.organisation("Отдел")
	h.done(h.Service.AssignPost(h.system(), AssignPostInput{
		PersonID: who, OrganisationID: id(typeOrganisation, organisation), Title: "Начальник", StartsOn: day(2010, time.May, 1), EndsOn: ptr(day(2010, time.May, 31)), AppointingAct: ptr("О назначении Тайнова"),
	}))
	h.done(h.Service.GrantMandate(h.system(), GrantMandateInput{
		PersonID: who, OrganisationID: id(typeOrganisation, organisation), Scope: "Всё для Тайнова", Document: ptr("Доверенность Тайнова"), StartsOn: day(2010, time.May, 1), EndsOn: ptr(day(2010, time.May, 31)),
	}))
	return person
}

func TestEraseRefuses(t *testing.T) {
	h := newHouse(t)
	person, organisation := h.full(), h.organisation("Администрация")
	in := ErasePersonInput{ID: id(typePerson, person), Reason: "asked to"}
	h.fails(core.CodeForbidden)(h.Service.ErasePerson(h.as("clerk", uuid.Nil), in))
	h.fails(core.CodeForbidden)(h.Service.ErasePerson(h.as("resident", person), in))
	in.Reason = " "
	h.refused(core.CodeBadUserInput, "reason")(h.Service.ErasePerson(h.as("administrator", uuid.Nil), in))

	h.post(person, organisation, "Глава города", day(2013, time.January, 1), nil) // still to come
	h.done(h.Service.GrantMandate(h.system(), GrantMandateInput{PersonID: id(typePerson, person), OrganisationID: id(typeOrganisation, organisation), Scope: "Всё", StartsOn: day(2012, time.January, 1)}))
	if _, err := h.db.ExecContext(t.Context(), "INSERT INTO accounts (municipality_id, id, login, display_name, person_id, created_at) VALUES (?, ?, 'tayna', 'T', ?, now())", h.town.ID, core.NewID(), person); err != nil {
		t.Fatal(err)
	}
	before := h.state()
	p, err := h.erase(person)
	if err != nil || len(p.UserErrors) != 3 {
		t.Fatalf("post, mandate and account stand against it: %+v, %v", p, err)
	}
	if fmt.Sprint(before) != fmt.Sprint(h.state()) {
		t.Fatal("a refused erasure changed something")
	}
}

func TestErase(t *testing.T) {
	h := newHouse(t)
	duplicate, person := h.full(), h.person("Тайнов", "Тайн")
	h.done(h.mergePersons(duplicate, person))
	h.refused(core.CodeConflict, "id")(h.erase(duplicate))
	h.done(h.erase(person))
	h.refused(core.CodeConflict, "id")(h.erase(person))
	h.refused(core.CodeConflict, "")(h.undoPersons(duplicate))
	text := strings.ToLower(fmt.Sprint(h.state()))
	for _, word := range []string{"тайн", "tayna", "9139119111", "1911-05-09"} {
		if strings.Contains(text, word) {
			t.Errorf("%q is still kept", word)
		}
	}
	if n := h.count("SELECT count(*) FROM audit WHERE coalesce(before::text, '') || coalesce(after::text, '') ~* 'тайн|tayna|9139119111|1911'"); n != 0 {
		t.Error("the audit holds personal data")
	}
	if n := h.count("SELECT count(*) FROM persons WHERE erased_at IS NOT NULL AND family_name = ?", erasedName); n != 2 {
		t.Errorf("%d rows stay for statistics, not 2", n)
	}
	if n := h.count("SELECT count(*) FROM posts WHERE title = 'Начальник'"); n != 1 {
		t.Error("the past post stays for statistics")
	}
	h.refused(core.CodeConflict, "id")(h.Service.UpdatePerson(h.system(), UpdatePersonInput{ID: id(typePerson, person), ExpectedVersion: 2, FamilyName: ptr("Тайнов")}))
}

func TestExport(t *testing.T) {
	h := newHouse(t)
	person, other := h.full(), h.person("Другой", "Иван")
	for role, want := range map[string]core.Code{"anonymous": core.CodeNotFound, "resident": core.CodeNotFound, "clerk": core.CodeForbidden, "inspector": core.CodeForbidden} {
		// The person holds a post, so the anonymous may see them.
		target := other
		if _, err := h.Service.PersonalDataExport(h.as(role, person), id(typePerson, target)); core.CodeOf(err) != want {
			t.Errorf("%s: %v", role, err)
		}
	}
	if _, err := h.Service.PersonalDataExport(h.as("administrator", uuid.Nil), id("Post", person)); core.CodeOf(err) != core.CodeBadUserInput {
		t.Errorf("a wrong id: %v", err)
	}
	if n := h.count("SELECT count(*) FROM personal_data_accesses"); n != 0 {
		t.Fatalf("%d refused exports were logged as made", n)
	}
	text, err := h.Service.PersonalDataExport(h.as("resident", person), id(typePerson, person))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	for part, word := range map[string]string{
		"person": "Тайнович", "personalData": "+79139119111", "consents": "Заявление Тайнова", "honours": "HONORARY_CITIZEN",
		"posts": "О назначении", "mandates": "Доверенность", "households": "2012-05-01", "personalDataAccesses": "EXPORT",
	} {
		if !strings.Contains(string(all[part]), word) {
			t.Errorf("%s does not say %q: %s", part, word, all[part])
		}
	}
	if n := h.count("SELECT count(*) FROM personal_data_accesses WHERE person_id = ? AND action = 'EXPORT'", person); n != 1 {
		t.Errorf("%d exports are logged, not 1", n)
	}
}

// A second town sees and changes nothing of the first.
func TestOtherTown(t *testing.T) {
	h := newHouse(t)
	person := h.full()
	ctx := core.WithMunicipality(h.system(), &core.Municipality{ID: core.NewID(), TimeZone: "UTC"})
	h.fails(core.CodeNotFound)(h.Service.UpdatePerson(ctx, UpdatePersonInput{ID: id(typePerson, person), ExpectedVersion: 1, FamilyName: ptr("Чужой")}))
	h.fails(core.CodeNotFound)(h.Service.ErasePerson(ctx, ErasePersonInput{ID: id(typePerson, person), Reason: "r"}))
	if _, err := h.Service.PersonalDataExport(ctx, id(typePerson, person)); core.CodeOf(err) != core.CodeNotFound {
		t.Fatal(err)
	}
	if _, ok, err := h.Service.PersonByExternalKey(ctx, "тайна:1"); ok || err != nil {
		t.Fatalf("found in another town: %v", err)
	}
	if got := h.persons(ctx, "{persons {nodes {name} totalCount}}"); got.TotalCount != 0 || len(got.Nodes) != 0 {
		t.Fatalf("another town lists %v", h.names(got))
	}
}
