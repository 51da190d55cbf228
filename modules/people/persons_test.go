package people

import (
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

func TestCreatePersonRefuses(t *testing.T) {
	h := newHouse(t)
	ok := CreatePersonInput{FamilyName: "Синтетический", GivenName: "Пётр"}
	h.fails(core.CodeUnauthenticated)(h.Service.CreatePerson(h.as("anonymous", uuid.Nil), ok))
	h.fails(core.CodeForbidden)(h.Service.CreatePerson(h.as("resident", uuid.Nil), ok))

	nul := ok
	nul.GivenName = "Пё\x00тр"
	h.refused(core.CodeBadUserInput, "givenName")(h.Service.CreatePerson(h.as("clerk", uuid.Nil), nul))
	bad := CreatePersonInput{FamilyName: " ", GivenName: "А", Personal: &PersonalDataInput{
		BirthDate: ptr(day(2012, time.September, 29)), Phones: []string{"123"}, Emails: []string{"Пётр <p@example.org>"},
	}}
	for _, field := range []string{"familyName", "birthDate", "phones", "emails"} {
		h.refused(core.CodeBadUserInput, field)(h.Service.CreatePerson(h.as("clerk", uuid.Nil), bad))
	}
	// An editor registers persons, but not what is personal.
	personal := ok
	personal.Personal = &PersonalDataInput{Phones: []string{"8 (913) 123-45-67"}}
	h.fails(core.CodeForbidden)(h.Service.CreatePerson(h.as("editor", uuid.Nil), personal))
	if n := h.count("SELECT count(*) FROM persons"); n != 0 {
		t.Fatalf("%d persons were left by refusals", n)
	}
}

func TestExternalKeyOnce(t *testing.T) {
	h := newHouse(t)
	in := CreatePersonInput{FamilyName: "Синтетический", GivenName: "Пётр", ExternalKey: ptr("demo:1")}
	first := h.done(h.Service.CreatePerson(h.system(), in))
	h.refused(core.CodeConflict, "externalKey")(h.Service.CreatePerson(h.system(), in))
	if found, ok, err := h.Service.PersonByExternalKey(h.system(), "demo:1"); err != nil || !ok || found != first {
		t.Fatalf("found %s, %t, %v", found, ok, err)
	}
	if _, ok, err := h.Service.PersonByExternalKey(h.system(), "demo:2"); err != nil || ok {
		t.Fatalf("found a person that is not there: %v", err)
	}
	other := h.person("Другая", "Анна")
	h.done(h.Service.MergePersons(h.system(), MergePersonsInput{DuplicateID: id(typePerson, first), SurvivorID: id(typePerson, other), Reason: "same"}))
	if found, ok, err := h.Service.PersonByExternalKey(h.system(), "demo:1"); err != nil || !ok || found != other {
		t.Fatalf("the survivor is %s; found %s, %t, %v", other, found, ok, err)
	}
}

func TestUpdatePerson(t *testing.T) {
	h := newHouse(t)
	key := h.person("Синтетическая", "Анна")
	in := UpdatePersonInput{ID: id(typePerson, key), ExpectedVersion: 1, FamilyName: ptr("Иванова"), Patronymic: ptr("Сергеевна")}
	h.fails(core.CodeNotFound)(h.Service.UpdatePerson(h.as("resident", uuid.Nil), in)) // not to be seen
	h.fails(core.CodeForbidden)(h.Service.UpdatePerson(h.as("inspector", uuid.Nil), in))
	h.done(h.Service.UpdatePerson(h.as("clerk", uuid.Nil), in))
	h.refused(core.CodeConflict, "expectedVersion")(h.Service.UpdatePerson(h.as("clerk", uuid.Nil), in))
	if got := h.names(h.persons(h.system(), "{persons {nodes {name}}}")); !cmp.Equal(got, []string{"Иванова Анна Сергеевна"}) {
		t.Fatalf("got %v", got)
	}
	if n := h.count("SELECT count(*) FROM audit WHERE coalesce(before::text, '') || coalesce(after::text, '') LIKE '%Иванова%'"); n != 0 {
		t.Fatal("a name stands in the audit")
	}
}

// Whatever blanks are given with the parts of a name, it is shown with single ones.
func TestANameIsItsPartsWithSingleBlanks(t *testing.T) {
	h := newHouse(t)
	ctx := h.ask(h.system(), "{persons {nodes {name}}}", "persons", "name")[1]
	part := rapid.StringMatching("[\\p{Zs}\t\n]{0,2}[А-Яа-яё-]{1,6}[\\p{Zs}\t\n]{0,3}[А-Яа-яё]{0,3}[\\p{Zs}\n]{0,2}")
	rapid.Check(t, func(rt *rapid.T) {
		in := CreatePersonInput{FamilyName: part.Draw(rt, "family"), GivenName: part.Draw(rt, "given"), Patronymic: rapid.OneOf(rapid.Just(""), part).Draw(rt, "patronymic")}
		want := strings.Join(strings.Fields(norm.NFC.String(in.FamilyName+" "+in.GivenName+" "+in.Patronymic)), " ")
		key := h.done(h.Service.CreatePerson(h.system(), in))
		if got, err := read.Value[string](ctx, h.host.Reads, &Person{ID: key}); err != nil || got != want {
			rt.Fatalf("%q is shown as %q: %v", want, got, err)
		}
		update := UpdatePersonInput{ID: id(typePerson, key), ExpectedVersion: 1, FamilyName: &in.GivenName, Patronymic: ptr(" \n")}
		h.done(h.Service.UpdatePerson(h.system(), update))
		want = strings.Join(strings.Fields(norm.NFC.String(in.GivenName+" "+in.GivenName)), " ")
		if got, err := read.Value[string](ctx, h.host.Reads, &Person{ID: key}); err != nil || got != want {
			rt.Fatalf("%q is shown as %q: %v", want, got, err)
		}
	})
}

func TestSearchForgives(t *testing.T) {
	h := newHouse(t)
	h.person("Королёв", "Семён")
	h.person("Щербакова", "Мария")
	h.person("Кузнецов", "Иван")
	for query, want := range map[string][]string{
		"королев":          {"Королёв Семён"},
		"КОРОЛЁВ семен":    {"Королёв Семён"},
		"семён королёв":    {"Королёв Семён"},
		"карелёв":          {}, // two letters off in seven is another name
		"королйв":          {"Королёв Семён"},
		"шербакова":        {"Щербакова Мария"},
		"Щербакова  Мария": {"Щербакова Мария"},
		"Петров":           {},
		"Щербакова Иван":   {},
	} {
		got := h.persons(h.system(), `{persons(filter: {search: "`+query+`"}) {nodes {name} totalCount}}`)
		if diff := cmp.Diff(want, h.names(got)); diff != "" || got.TotalCount != len(want) {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

func TestWhoSeesPersons(t *testing.T) {
	h := newHouse(t)
	resident, official, organisation := h.person("Жителев", "Олег"), h.person("Главин", "Юрий"), h.organisation("Администрация")
	h.post(official, organisation, "Глава города", day(2010, time.March, 1), ptr(day(2011, time.March, 1)))
	all := []string{"Главин Юрий", "Жителев Олег"}
	for _, c := range []struct {
		role   string
		person uuid.UUID
		want   []string
	}{
		{"anonymous", uuid.Nil, all[:1]},
		{"resident", uuid.Nil, all[:1]},
		{"resident", resident, all},
		{"clerk", uuid.Nil, all},
		{"auditor", uuid.Nil, all},
	} {
		got := h.persons(h.as(c.role, c.person), "{persons {nodes {name} totalCount}}")
		if diff := cmp.Diff(c.want, h.names(got)); diff != "" || got.TotalCount != len(c.want) {
			t.Errorf("%s: %s", c.role, diff)
		}
	}
}

func TestPersonalDataIsRefusedAndLogged(t *testing.T) {
	h := newHouse(t)
	in := CreatePersonInput{FamilyName: "Жителев", GivenName: "Олег", Personal: &PersonalDataInput{
		BirthDate: ptr(day(1970, time.May, 9)), Phones: []string{"8 (913) 123-45-67", "+79131234567"}, Emails: []string{"oleg@example.org"},
	}}
	person := h.done(h.Service.CreatePerson(h.as("clerk", uuid.Nil), in))
	h.person("Другой", "Иван")
	const query = "{persons {nodes {id personal {phones version}}}}"
	accesses := func() int { return h.count("SELECT count(*) FROM personal_data_accesses") }

	ctxs := h.ask(h.as("inspector", uuid.Nil), query, "persons", "personal")
	found, err := read.All[Person](ctxs[0], h.host.Reads)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read.One[PersonalData](ctxs[1], h.host.Reads, found.Nodes[0]); core.CodeOf(err) != core.CodeForbidden {
		t.Fatalf("an inspector is refused, not %v", err)
	}
	h.persons(h.as("resident", person), query)
	h.persons(h.as("clerk", uuid.Nil), "{persons {nodes {id personal {version}}}}")
	if n := accesses(); n != 0 {
		t.Fatalf("%d readings were logged of one's own data, a version and what was refused", n)
	}

	reader := h.person("Читающий", "Пётр")
	ctxs = h.ask(h.as("clerk", reader), query, "persons", "personal")
	if found, err = read.All[Person](ctxs[0], h.host.Reads); err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Nodes {
		data, err := read.One[PersonalData](ctxs[1], h.host.Reads, p)
		if err != nil {
			t.Fatal(err)
		}
		if p.ID == person && !cmp.Equal(data.Phones, []string{"+79131234567"}) {
			t.Fatalf("got %v", data.Phones)
		}
	}
	var log PersonalDataAccess
	if err := h.db.NewSelect().Model(&log).Where("?TableAlias.person_id = ?", person).Scan(h.system()); err != nil {
		t.Fatal(err)
	}
	want := PersonalDataAccess{Action: ActionRead, Columns: []string{"phones"}, ReaderKind: "ACCOUNT", ReaderPersonID: &reader, RequestID: "request-1"}
	got := PersonalDataAccess{Action: log.Action, Columns: log.Columns, ReaderKind: log.ReaderKind, ReaderPersonID: log.ReaderPersonID, RequestID: log.RequestID}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(PersonalDataAccess{}, read.Row{})); diff != "" {
		t.Fatal(diff)
	}
	if n := accesses(); n != 2 {
		t.Fatalf("two others' data was read, %d readings are logged", n)
	}
}

func TestUpdatePersonalData(t *testing.T) {
	h := newHouse(t)
	mine, other := h.person("Жителев", "Олег"), h.person("Другой", "Иван")
	in := UpdatePersonalDataInput{PersonID: id(typePerson, other), ExpectedVersion: 1, Phones: graphql.OmittableOf([]string{"+7 391 612-34-56"})}
	h.fails(core.CodeNotFound)(h.Service.UpdatePersonalData(h.as("resident", mine), in))
	h.fails(core.CodeNotFound)(h.Service.UpdatePersonalData(h.as("official", mine), in))
	in.PersonID = id("Organisation", mine)
	h.refused(core.CodeBadUserInput, "personId")(h.Service.UpdatePersonalData(h.as("resident", mine), in))
	in.PersonID = id(typePerson, mine)
	h.done(h.Service.UpdatePersonalData(h.as("resident", mine), in))
	h.refused(core.CodeConflict, "expectedVersion")(h.Service.UpdatePersonalData(h.as("resident", mine), in))
	h.refused(core.CodeBadUserInput, "input")(h.Service.UpdatePersonalData(h.as("resident", mine), UpdatePersonalDataInput{PersonID: in.PersonID, ExpectedVersion: 2}))
	in.ExpectedVersion, in.Phones, in.BirthDate = 2, graphql.Omittable[[]string]{}, graphql.OmittableOf(ptr(day(1970, time.May, 9)))
	h.done(h.Service.UpdatePersonalData(h.as("resident", mine), in))
	if n := h.count("SELECT count(*) FROM personal_data WHERE person_id = ? AND phones = '{+73916123456}' AND birth_date = '1970-05-09'", mine); n != 1 {
		t.Fatal("what was left out must stay")
	}
}
