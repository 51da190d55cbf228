package people

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

func TestHousehold(t *testing.T) {
	h := newHouse(t)
	a, b := h.person("Семейный", "Олег"), h.person("Семейная", "Анна")
	in := CreateHouseholdInput{MemberIDs: []core.ID{id(typePerson, a)}, StartsOn: day(2012, time.January, 1)}
	h.fails(core.CodeForbidden)(h.Service.CreateHousehold(h.as("official", uuid.Nil), in))
	empty := in
	empty.MemberIDs = nil
	h.refused(core.CodeBadUserInput, "memberIds")(h.Service.CreateHousehold(h.as("clerk", uuid.Nil), empty))
	household := h.done(h.Service.CreateHousehold(h.as("clerk", uuid.Nil), in))
	h.refused(core.CodeConflict, "memberIds")(h.Service.CreateHousehold(h.as("clerk", uuid.Nil), in)) // never in two at once
	if n := h.count("SELECT count(*) FROM households"); n != 1 {
		t.Fatalf("a refused household was left: %d", n)
	}

	add := AddHouseholdMemberInput{HouseholdID: id("Household", household), PersonID: id(typePerson, b), StartsOn: day(2012, time.March, 1)}
	h.fails(core.CodeNotFound)(h.Service.AddHouseholdMember(h.as("resident", a), add)) // not even one's own
	h.fails(core.CodeForbidden)(h.Service.AddHouseholdMember(h.as("official", uuid.Nil), add))
	h.done(h.Service.AddHouseholdMember(h.as("clerk", uuid.Nil), add))
	h.refused(core.CodeConflict, "personId")(h.Service.AddHouseholdMember(h.as("clerk", uuid.Nil), add))

	var member uuid.UUID
	if err := h.db.QueryRowContext(t.Context(), "SELECT id FROM household_members WHERE person_id = ?", b).Scan(&member); err != nil {
		t.Fatal(err)
	}
	end := EndHouseholdMemberInput{ID: id("HouseholdMember", member), EndsOn: day(2012, time.February, 28)}
	h.refused(core.CodeBadUserInput, "endsOn")(h.Service.EndHouseholdMember(h.as("clerk", uuid.Nil), end))
	end.EndsOn = day(2012, time.June, 30)
	if got := h.done(h.Service.EndHouseholdMember(h.as("clerk", uuid.Nil), end)); got != household {
		t.Fatal("the payload shows the household")
	}
	add.StartsOn = day(2012, time.July, 1)
	h.done(h.Service.AddHouseholdMember(h.as("clerk", uuid.Nil), add))
}

func TestConsent(t *testing.T) {
	h := newHouse(t)
	mine, other := h.person("Жителев", "Олег"), h.person("Другой", "Иван")
	in := GiveConsentInput{PersonID: id(typePerson, other), Purpose: "Рассылка", Basis: "форма на сайте", GivenOn: day(2012, time.September, 28)}
	h.fails(core.CodeNotFound)(h.Service.GiveConsent(h.as("resident", mine), in))
	h.fails(core.CodeForbidden)(h.Service.GiveConsent(h.as("inspector", uuid.Nil), in))
	in.PersonID, in.GivenOn = id(typePerson, mine), day(2012, time.September, 29)
	h.refused(core.CodeBadUserInput, "givenOn")(h.Service.GiveConsent(h.as("resident", mine), in))
	in.GivenOn = day(2012, time.September, 1)
	consent := h.done(h.Service.GiveConsent(h.as("resident", mine), in))

	withdraw := WithdrawConsentInput{ID: id("Consent", consent), WithdrawnOn: day(2012, time.August, 31)}
	h.fails(core.CodeNotFound)(h.Service.WithdrawConsent(h.as("resident", other), withdraw))
	h.refused(core.CodeBadUserInput, "withdrawnOn")(h.Service.WithdrawConsent(h.as("resident", mine), withdraw))
	withdraw.WithdrawnOn = day(2012, time.September, 28)
	h.done(h.Service.WithdrawConsent(h.as("resident", mine), withdraw))
	h.refused(core.CodeConflict, "id")(h.Service.WithdrawConsent(h.as("resident", mine), withdraw))
}

// The figures' statements run, and count what they say.
func TestIndicators(t *testing.T) {
	h := newHouse(t)
	organisation, duplicate := h.organisation("Союз"), h.organisation("Союз 2")
	h.post(h.person("Главин", "Юрий"), organisation, "Председатель", day(2012, time.January, 1), nil)
	h.post(h.person("Бывший", "Иван"), organisation, "Секретарь", day(2012, time.January, 1), ptr(day(2012, time.December, 30)))
	h.done(h.Service.MergeOrganisations(h.system(), MergeOrganisationsInput{DuplicateID: id(typeOrganisation, duplicate), SurvivorID: id(typeOrganisation, organisation), Reason: "same"}))
	for _, i := range Info().Indicators {
		var key uuid.UUID
		var part string
		var on core.Date
		sql := strings.NewReplacer("?municipality", "?0::uuid", "?from", "?1::date", "?to", "?2::date").Replace(i.Rows)
		if n := h.count("SELECT count(*) FROM ("+sql+") AS x", h.town.ID, day(2012, time.January, 1), day(2012, time.December, 31)); n != 1 {
			t.Errorf("%s is %d, not 1", i.Key, n)
		}
		if n := h.count("SELECT count(*) FROM ("+sql+") AS x", h.town.ID, day(2011, time.January, 1), day(2011, time.December, 31)); n != 0 {
			t.Errorf("%s of the year before is %d, not 0", i.Key, n)
		}
		row := h.db.QueryRowContext(t.Context(), "SELECT id, breakdown, day FROM ("+sql+") AS x", h.town.ID, day(2012, time.January, 1), day(2012, time.December, 31))
		if err := row.Scan(&key, &part, &on); err != nil || part != string(NGO) || on.Before(day(2012, time.January, 1)) {
			t.Errorf("%s: %s %s %v", i.Key, part, on, err)
		}
	}
}
