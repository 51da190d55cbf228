package people

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

// tables are this module's, and accounts, which name persons.
var tables = []string{"persons", "personal_data", "personal_data_accesses", "consents", "honours", "organisations", "posts", "mandates", "households", "household_members", "accounts"}

// state is every row of the module's tables as text, in order. Versions of persons and
// organisations are left out: they only ever rise.
func (h *house) state() map[string][]string {
	h.t.Helper()
	all := map[string][]string{}
	for _, table := range tables {
		without := ""
		if table == "persons" || table == "organisations" {
			without = " - 'version'"
		}
		rows, err := h.db.QueryContext(h.t.Context(), fmt.Sprintf("SELECT (to_jsonb(x)%s)::text FROM %s AS x ORDER BY 1", without, table))
		if err != nil {
			h.t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				h.t.Fatal(err)
			}
			all[table] = append(all[table], text)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			h.t.Fatal(err)
		}
	}
	return all
}

func (h *house) mergePersons(duplicate, survivor uuid.UUID) (*core.Payload, error) {
	return h.Service.MergePersons(h.as("clerk", uuid.Nil), MergePersonsInput{DuplicateID: id(typePerson, duplicate), SurvivorID: id(typePerson, survivor), Reason: "the same"})
}

func (h *house) undoPersons(duplicate uuid.UUID) (*core.Payload, error) {
	return h.Service.UndoPersonMerge(h.as("clerk", uuid.Nil), UndoPersonMergeInput{ID: id(typePerson, duplicate), Reason: "not the same"})
}

func TestMergeRefuses(t *testing.T) {
	h := newHouse(t)
	a, b := h.person("Иванов", "Иван"), h.person("Иванов", "Иван")
	in := MergePersonsInput{DuplicateID: id(typePerson, a), SurvivorID: id(typePerson, b), Reason: "the same"}
	h.fails(core.CodeForbidden)(h.Service.MergePersons(h.as("editor", uuid.Nil), in))
	h.fails(core.CodeNotFound)(h.Service.MergePersons(h.as("resident", uuid.Nil), in))
	h.refused(core.CodeBadUserInput, "survivorId")(h.mergePersons(a, a))
	h.refused(core.CodeConflict, "id")(h.undoPersons(a))
	h.done(h.mergePersons(a, b))
	h.refused(core.CodeConflict, "")(h.mergePersons(a, b))
	h.refused(core.CodeConflict, "")(h.mergePersons(b, a))
	// Nothing new hangs on a duplicate.
	h.refused(core.CodeConflict, "personId")(h.Service.AwardHonour(h.system(), AwardHonourInput{PersonID: id(typePerson, a), Kind: HonoraryCitizen, Title: "Почётный гражданин", AwardedOn: day(2010, time.May, 1)}))
	// A chain is undone from its end.
	c := h.person("Иванов", "Иван")
	h.done(h.mergePersons(b, c))
	h.refused(core.CodeConflict, "id")(h.undoPersons(a))
	h.done(h.undoPersons(b))
	h.done(h.undoPersons(a))
	h.done(h.mergePersons(a, c))
}

// Whatever hangs on two persons: a merge that is refused changes nothing, and one that was done and
// undone leaves what there was.
func TestMergeRoundTrip(t *testing.T) {
	h := newHouse(t)
	organisations := []uuid.UUID{h.organisation("Отдел"), h.organisation("Союз")}
	titles := []string{"Начальник", "Секретарь"}
	rapid.Check(t, func(rt *rapid.T) {
		a, b := h.person("Иванов", "Иван"), h.person("Иванофф", "Иван")
		for range rapid.IntRange(0, 12).Draw(rt, "things") {
			person := rapid.SampledFrom([]uuid.UUID{a, b}).Draw(rt, "person")
			start := day(2010, time.Month(rapid.IntRange(1, 12).Draw(rt, "month")), 1)
			end := ptr(start.AddDays(rapid.IntRange(0, 60).Draw(rt, "days")))
			organisation := rapid.SampledFrom(organisations).Draw(rt, "organisation")
			h.hang(rt, person, organisation, rapid.SampledFrom(titles).Draw(rt, "title"), start, end)
		}
		before := h.state()
		p, err := h.mergePersons(a, b)
		if err != nil {
			rt.Fatal(err)
		}
		if len(p.UserErrors) > 0 {
			if p.UserErrors[0].Code != core.CodeConflict {
				rt.Fatalf("%+v", p.UserErrors)
			}
			if diff := cmp.Diff(before, h.state()); diff != "" {
				rt.Fatalf("a refused merge left something: %s", diff)
			}
			return
		}
		for _, table := range []string{"posts", "mandates", "honours", "consents", "household_members", "personal_data_accesses"} {
			if n := h.count("SELECT count(*) FROM "+table+" WHERE person_id = ?", a); n != 0 {
				rt.Fatalf("%d rows of %s still name the duplicate", n, table)
			}
		}
		h.done(h.undoPersons(a))
		if diff := cmp.Diff(before, h.state()); diff != "" {
			rt.Fatalf("not as it was: %s", diff)
		}
	})
}

// hang puts one thing on a person; one that the rules refuse is left out.
func (h *house) hang(rt *rapid.T, person, organisation uuid.UUID, title string, start core.Date, end *core.Date) {
	who, where := id(typePerson, person), id(typeOrganisation, organisation)
	var err error
	switch rapid.IntRange(0, 6).Draw(rt, "kind") {
	case 0, 1:
		_, err = h.Service.AssignPost(h.system(), AssignPostInput{PersonID: who, OrganisationID: where, Title: title, SoleHolder: false, StartsOn: start, EndsOn: end})
	case 2:
		_, err = h.Service.GrantMandate(h.system(), GrantMandateInput{PersonID: who, OrganisationID: where, Scope: title, StartsOn: start, EndsOn: end})
	case 3:
		_, err = h.Service.AwardHonour(h.system(), AwardHonourInput{PersonID: who, Kind: RecognisedMerit, Title: title, AwardedOn: start})
	case 4:
		_, err = h.Service.GiveConsent(h.system(), GiveConsentInput{PersonID: who, Purpose: title, Basis: "paper", GivenOn: start})
	case 5:
		_, err = h.Service.CreateHousehold(h.system(), CreateHouseholdInput{MemberIDs: []core.ID{who}, StartsOn: start})
	case 6:
		_, err = h.Service.PersonalDataExport(h.system(), who)
	}
	if err != nil {
		rt.Fatal(err)
	}
}

// What came to the survivor after the merge stays there; what was given away since stands against undoing.
func TestUndoLater(t *testing.T) {
	h := newHouse(t)
	a, b, organisation := h.person("Иванов", "Иван"), h.person("Иванов", "Иван"), h.organisation("Отдел")
	moved := h.post(a, organisation, "Начальник", day(2010, time.January, 1), ptr(day(2010, time.December, 31)))
	h.done(h.mergePersons(a, b))
	later := h.post(b, organisation, "Начальник", day(2011, time.January, 1), nil)
	h.done(h.undoPersons(a))
	if n := h.count("SELECT count(*) FROM posts WHERE id = ? AND person_id = ? OR id = ? AND person_id = ?", moved, a, later, b); n != 2 {
		t.Fatal("each post belongs to whom it was given")
	}
	h.done(h.mergePersons(a, b))
	if _, err := h.db.ExecContext(t.Context(), "UPDATE posts SET person_id = ? WHERE id = ?", h.person("Третий", "Пётр"), moved); err != nil {
		t.Fatal(err)
	}
	before := h.state()
	h.refused(core.CodeConflict, "id")(h.undoPersons(a))
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Fatalf("a refused undoing left something: %s", diff)
	}
}

// A merge and new posts at once: no post ends on the duplicate.
func TestMergeRace(t *testing.T) {
	h := newHouse(t)
	organisation := h.organisation("Отдел")
	for round := range 10 {
		a, b := h.person("Иванов", "Иван"), h.person("Иванов", "Иван")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if _, err := h.Service.AssignPost(h.system(), AssignPostInput{
					PersonID: id(typePerson, a), OrganisationID: id(typeOrganisation, organisation), Title: fmt.Sprintf("Должность %d-%d", round, i), StartsOn: day(2012, time.January, 1),
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			if _, err := h.mergePersons(a, b); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if n := h.count("SELECT count(*) FROM posts JOIN persons ON persons.id = person_id WHERE merged_into_id IS NOT NULL"); n != 0 {
			t.Fatalf("%d posts are held by a duplicate", n)
		}
	}
}

func TestMergeOrganisations(t *testing.T) {
	h := newHouse(t)
	a := h.done(h.Service.CreateOrganisation(h.system(), CreateOrganisationInput{Kind: NGO, Name: "Союз жителей", INN: ptr("7707083893")}))
	b, person, other := h.organisation("Союз жителей г. Канска"), h.person("Иванов", "Иван"), h.person("Петров", "Пётр")
	child := h.done(h.Service.CreateOrganisation(h.system(), CreateOrganisationInput{Kind: NGO, Name: "Отделение", ParentID: ptr(id(typeOrganisation, a))}))
	grandchild := h.done(h.Service.CreateOrganisation(h.system(), CreateOrganisationInput{Kind: NGO, Name: "Ячейка", ParentID: ptr(id(typeOrganisation, child))}))
	h.post(person, a, "Председатель", day(2012, time.January, 1), nil)
	post := h.post(other, b, "Председатель", day(2012, time.January, 1), nil)
	merge := func(duplicate, survivor uuid.UUID) (*core.Payload, error) {
		return h.Service.MergeOrganisations(h.as("editor", uuid.Nil), MergeOrganisationsInput{DuplicateID: id(typeOrganisation, duplicate), SurvivorID: id(typeOrganisation, survivor), Reason: "the same"})
	}
	h.refused(core.CodeConflict, "")(merge(a, b)) // both have a chairman
	h.refused(core.CodeConflict, "")(merge(a, child))
	h.refused(core.CodeConflict, "")(merge(a, grandchild)) // it would stand above its own parent
	h.done(h.Service.EndPost(h.system(), EndPostInput{ID: id("Post", post), ExpectedVersion: 1, EndsOn: day(2012, time.January, 1), Reason: PostResigned}))
	h.refused(core.CodeConflict, "")(merge(a, b)) // on that day, too
	if _, err := h.db.ExecContext(t.Context(), "DELETE FROM posts WHERE id = ?", post); err != nil {
		t.Fatal(err)
	}
	before := h.state()
	h.done(merge(a, b))
	if n := h.count("SELECT count(*) FROM organisations WHERE id = ? AND parent_id = ?", child, b); n != 1 {
		t.Fatal("the child belongs to the survivor")
	}
	undo := UndoOrganisationMergeInput{ID: id(typeOrganisation, a), Reason: "not the same"}
	// The duplicate's number no longer stands in the way, and then keeps it from coming back.
	c := h.done(h.Service.CreateOrganisation(h.system(), CreateOrganisationInput{Kind: NGO, Name: "Третья", INN: ptr("7707083893")}))
	h.refused(core.CodeConflict, "inn")(h.Service.UndoOrganisationMerge(h.as("editor", uuid.Nil), undo))
	if _, err := h.db.ExecContext(t.Context(), "DELETE FROM organisations WHERE id = ?", c); err != nil {
		t.Fatal(err)
	}
	h.done(h.Service.UndoOrganisationMerge(h.as("editor", uuid.Nil), undo))
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Fatalf("not as it was: %s", diff)
	}
}

// A column that is not registered stays behind unseen, so every column of this module's tables that
// names a person or an organisation is registered, save those that belong to the row itself.
func TestEveryReferenceIsRegistered(t *testing.T) {
	h := newHouse(t)
	rows, err := h.db.QueryContext(t.Context(), `SELECT c.confrelid::regclass::text, c.conrelid::regclass::text, a.attname
		FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
		WHERE c.contype = 'f' AND c.confrelid IN ('persons'::regclass, 'organisations'::regclass) AND a.attname <> 'municipality_id'`)
	if err != nil {
		t.Fatal(err)
	}
	itself := []string{"persons.merged_into_id", "organisations.merged_into_id", "personal_data.person_id"}
	for rows.Next() {
		var to, table, column string
		if err := rows.Scan(&to, &table, &column); err != nil {
			t.Fatal(err)
		}
		typ := map[string]string{"persons": typePerson, "organisations": typeOrganisation}[to]
		registered := slices.ContainsFunc(h.Service.references, func(r Reference) bool { return r.To == typ && r.Table == table && r.Column == column })
		if slices.Contains(tables, table) && !registered && !slices.Contains(itself, table+"."+column) {
			t.Errorf("%s.%s names a %s and is not registered", table, column, typ)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
