package people

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

func TestAssignPostRefuses(t *testing.T) {
	h := newHouse(t)
	person, organisation := h.person("Главин", "Юрий"), h.organisation("Администрация")
	in := AssignPostInput{PersonID: id(typePerson, person), OrganisationID: id(typeOrganisation, organisation), Title: "Глава города", SoleHolder: true, StartsOn: day(2012, time.January, 1)}
	h.fails(core.CodeForbidden)(h.Service.AssignPost(h.as("clerk", uuid.Nil), in))
	h.fails(core.CodeUnauthenticated)(h.Service.AssignPost(h.as("anonymous", uuid.Nil), in))
	bad := in
	bad.EndsOn = ptr(day(2011, time.December, 31))
	h.refused(core.CodeBadUserInput, "endsOn")(h.Service.AssignPost(h.as("editor", uuid.Nil), bad))
	bad = in
	bad.PersonID = id(typePerson, core.NewID())
	h.fails(core.CodeNotFound)(h.Service.AssignPost(h.as("editor", uuid.Nil), bad))

	post := h.done(h.Service.AssignPost(h.as("editor", uuid.Nil), in))
	other := in
	other.PersonID, other.Title = id(typePerson, h.person("Второй", "Иван")), "глава  города"
	other.Title = "ГЛАВА города"
	h.refused(core.CodeConflict, "title")(h.Service.AssignPost(h.as("editor", uuid.Nil), other))
	other.Acting = true
	h.done(h.Service.AssignPost(h.as("editor", uuid.Nil), other))

	end := EndPostInput{ID: id("Post", post), ExpectedVersion: 1, EndsOn: day(2011, time.December, 31), Reason: PostResigned}
	h.refused(core.CodeBadUserInput, "endsOn")(h.Service.EndPost(h.as("editor", uuid.Nil), end))
	end.EndsOn = day(2012, time.June, 30)
	h.done(h.Service.EndPost(h.as("editor", uuid.Nil), end))
	end.EndsOn, end.ExpectedVersion = day(2012, time.July, 1), 2
	h.refused(core.CodeConflict, "endsOn")(h.Service.EndPost(h.as("editor", uuid.Nil), end))

	if found, ok, err := h.Service.FindPost(h.system(), person, organisation, " глава города", in.StartsOn); err != nil || !ok || found != post {
		t.Fatalf("found %s, %t, %v", found, ok, err)
	}
}

// 200 attempts to fill one post at once: one wins, the others are told of the conflict.
func TestPostRace(t *testing.T) {
	h := newHouse(t)
	organisation := h.organisation("Администрация")
	const attempts = 200
	persons := make([]uuid.UUID, attempts)
	for i := range persons {
		persons[i] = h.person("Главин", "Юрий")
	}
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	for _, person := range persons {
		wg.Go(func() {
			p, err := h.Service.AssignPost(h.system(), AssignPostInput{
				PersonID: id(typePerson, person), OrganisationID: id(typeOrganisation, organisation), Title: "Глава города", SoleHolder: true, StartsOn: day(2012, time.January, 1),
			})
			switch {
			case err != nil:
				t.Error(err)
			case len(p.UserErrors) == 0:
				won.Add(1)
			case p.UserErrors[0].Code == core.CodeConflict:
				lost.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != attempts-1 || h.count("SELECT count(*) FROM posts") != 1 {
		t.Fatalf("%d won, %d lost", won.Load(), lost.Load())
	}
}

func TestMandate(t *testing.T) {
	h := newHouse(t)
	person, organisation := h.person("Поверенный", "Олег"), h.organisation("Союз жителей")
	may := func(want bool) {
		t.Helper()
		if got, err := h.MayActFor(h.as("anonymous", uuid.Nil), person, organisation); err != nil || got != want {
			t.Fatalf("may act: %t, %v", got, err)
		}
	}
	in := GrantMandateInput{PersonID: id(typePerson, person), OrganisationID: id(typeOrganisation, organisation), Scope: "Заявки на гранты", StartsOn: day(2012, time.September, 29)}
	h.fails(core.CodeForbidden)(h.Service.GrantMandate(h.as("resident", person), in))
	may(false)
	h.done(h.Service.GrantMandate(h.as("clerk", uuid.Nil), in)) // begins tomorrow
	in.StartsOn, in.EndsOn = day(2012, time.September, 1), ptr(day(2012, time.September, 27))
	h.done(h.Service.GrantMandate(h.as("clerk", uuid.Nil), in)) // ended yesterday
	may(false)
	in.EndsOn = ptr(day(2012, time.September, 28)) // ends today, which is included
	mandate := h.done(h.Service.GrantMandate(h.as("clerk", uuid.Nil), in))
	may(true)
	revoke := RevokeMandateInput{ID: id("Mandate", mandate), Reason: "withdrawn"}
	h.fails(core.CodeForbidden)(h.Service.RevokeMandate(h.as("resident", person), revoke))
	h.done(h.Service.RevokeMandate(h.as("clerk", uuid.Nil), revoke))
	may(false)
	h.refused(core.CodeConflict, "id")(h.Service.RevokeMandate(h.as("clerk", uuid.Nil), revoke))
}

func TestOrganisationNumbers(t *testing.T) {
	h := newHouse(t)
	in := CreateOrganisationInput{Kind: Hospital, Name: "Больница", OGRN: ptr("1027700132190"), INN: ptr("7707083890")}
	h.refused(core.CodeBadUserInput, "ogrn")(h.Service.CreateOrganisation(h.system(), in))
	h.refused(core.CodeBadUserInput, "inn")(h.Service.CreateOrganisation(h.system(), in))
	in.OGRN, in.INN = ptr("1027700132195"), ptr("500100732259")
	h.refused(core.CodeBadUserInput, "inn")(h.Service.CreateOrganisation(h.system(), in))
	in.INN = ptr("77 07 083893")
	key := h.done(h.Service.CreateOrganisation(h.system(), in))
	h.refused(core.CodeConflict, "ogrn")(h.Service.CreateOrganisation(h.system(), in))
	in.OGRN = nil
	h.refused(core.CodeConflict, "inn")(h.Service.CreateOrganisation(h.system(), in))
	update := UpdateOrganisationInput{ID: id(typeOrganisation, key), ExpectedVersion: 1, INN: graphql.OmittableOf(ptr("500100732259"))}
	h.refused(core.CodeBadUserInput, "inn")(h.Service.UpdateOrganisation(h.system(), update)) // not with an OGRN of 13 digits
	update.OGRN = graphql.OmittableOf[*string](nil)
	h.done(h.Service.UpdateOrganisation(h.system(), update))
	if n := h.count("SELECT count(*) FROM organisations WHERE ogrn IS NULL AND inn = '500100732259' AND name = 'Больница' AND version = 2"); n != 1 {
		t.Fatal("not as it was changed")
	}
}

// Of two pairs, each one below the other, the upper of each is put below the lower of the other at
// once: never both, though the two changes have no row in common.
func TestOrganisationCircle(t *testing.T) {
	h := newHouse(t)
	below := func(lower, upper uuid.UUID, version int) (*core.Payload, error) {
		return h.Service.UpdateOrganisation(h.system(), UpdateOrganisationInput{
			ID: id(typeOrganisation, lower), ExpectedVersion: version, ParentID: graphql.OmittableOf(ptr(id(typeOrganisation, upper))),
		})
	}
	for range 20 {
		a, b, c, d := h.organisation("А"), h.organisation("Б"), h.organisation("В"), h.organisation("Г")
		h.done(below(a, b, 1))
		h.done(below(c, d, 1))
		h.refused(core.CodeConflict, "parentId")(below(b, a, 1))
		h.refused(core.CodeConflict, "parentId")(below(b, b, 1))
		var wg sync.WaitGroup
		var done atomic.Int32
		for _, pair := range [][2]uuid.UUID{{b, c}, {d, a}} {
			wg.Go(func() {
				if p, err := below(pair[0], pair[1], 1); err != nil {
					t.Error(err)
				} else if len(p.UserErrors) == 0 {
					done.Add(1)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 {
			t.Fatalf("%d of the two were done", done.Load())
		}
	}
}

func TestDissolve(t *testing.T) {
	h := newHouse(t)
	person, organisation := h.person("Главин", "Юрий"), h.organisation("Отдел")
	past := h.post(person, organisation, "Начальник", day(2010, time.January, 1), ptr(day(2010, time.December, 31)))
	open := h.post(person, organisation, "Начальник", day(2011, time.January, 1), nil)
	h.done(h.Service.GrantMandate(h.system(), GrantMandateInput{PersonID: id(typePerson, person), OrganisationID: id(typeOrganisation, organisation), Scope: "Всё", StartsOn: day(2011, time.January, 1)}))
	in := DissolveOrganisationInput{ID: id(typeOrganisation, organisation), ExpectedVersion: 1, DissolvedOn: day(2010, time.June, 1), Reason: "reform"}
	h.fails(core.CodeForbidden)(h.Service.DissolveOrganisation(h.as("clerk", uuid.Nil), in))
	h.refused(core.CodeConflict, "dissolvedOn")(h.Service.DissolveOrganisation(h.as("editor", uuid.Nil), in))
	in.DissolvedOn = day(2012, time.June, 30)
	h.done(h.Service.DissolveOrganisation(h.as("editor", uuid.Nil), in))
	if n := h.count("SELECT count(*) FROM posts WHERE id = ? AND ends_on = '2012-06-30' AND end_reason = 'ORGANISATION_DISSOLVED' AND version = 2", open); n != 1 {
		t.Fatal("the open post must end with the organisation")
	}
	if n := h.count("SELECT count(*) FROM posts WHERE id = ? AND ends_on = '2010-12-31' AND version = 1", past); n != 1 {
		t.Fatal("the past post must stay as it was")
	}
	if got, err := h.MayActFor(h.system(), person, organisation); err != nil || got {
		t.Fatalf("nobody acts for it any more: %t, %v", got, err)
	}
	for asOf, want := range map[string]int{"2012-06-30": 1, "2012-07-01": 0} {
		ctx := h.ask(h.as("anonymous", uuid.Nil), `{organisations(asOf: "`+asOf+`") {nodes {name status(asOf: "`+asOf+`")} totalCount}}`, "organisations")[0]
		if got, err := read.All[Organisation](ctx, h.host.Reads); err != nil || got.TotalCount != want {
			t.Fatalf("on %s: %v, %v", asOf, got, err)
		}
	}
	h.refused(core.CodeBadUserInput, "organisationId")(h.Service.AssignPost(h.system(), AssignPostInput{
		PersonID: id(typePerson, person), OrganisationID: id(typeOrganisation, organisation), Title: "Начальник", StartsOn: day(2012, time.July, 1),
	}))
}
