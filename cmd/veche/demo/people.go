package demo

import (
	"context"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/people"
)

// titles are the posts of the officials that the source names by their function.
var titles = map[string]string{
	"head_of_city":                                     "Глава города",
	"deputy_for_life_support":                          "Заместитель главы по жизнеобеспечению",
	"deputy_for_economy_and_investment":                "Заместитель главы по экономике и инвестициям",
	"deputy_for_social_policy":                         "Заместитель главы по социальной политике",
	"deputy_for_legal_and_organisational_support":      "Заместитель главы по правовому и организационному обеспечению",
	"deputy_for_municipal_property_and_urban_planning": "Заместитель главы по имуществу и градостроительству",
	"head_of_municipal_property_committee":             "Председатель комитета по управлению муниципальным имуществом",
	"head_of_education_department":                     "Руководитель управления образования",
	"head_of_social_protection_department":             "Руководитель управления социальной защиты населения",
	"director_of_customer_service":                     "Директор службы заказчика",
	"chief_physician_of_central_city_hospital":         "Главный врач центральной городской больницы",
}

const (
	administration = "demo/organisation/administration"
	hospital       = "demo/organisation/hospital"
	regionalBody   = "demo/organisation/regional-assembly"
)

// officials brings in the administration, and the officials who received citizens in October 2012.
func (l *loader) officials(ctx context.Context) error {
	town, err := l.organisation(ctx, administration, people.MunicipalDepartment, "Администрация города Канска")
	if err != nil {
		return err
	}
	clinic, err := l.organisation(ctx, hospital, people.Hospital, "Центральная городская больница (пример)")
	if err != nil {
		return err
	}
	for _, week := range l.city.Receptions.JointWeeks {
		for _, official := range week.Officials {
			at := town
			if official == "chief_physician_of_central_city_hospital" {
				at = clinic
			}
			if err := l.official(ctx, at, titles[official]); err != nil {
				return fmt.Errorf("%s: %w", official, err)
			}
		}
	}
	return nil
}

func (l *loader) official(ctx context.Context, at core.ID, title string) error {
	person, err := l.person(ctx)
	if err != nil {
		return err
	}
	from := on(2012, 1, 1)
	key, ok, err := l.people.FindPost(ctx, person.Key, at.Key, title, from)
	post := core.ID{Type: "Post", Key: key}
	if err == nil && !ok {
		p, failed := l.people.AssignPost(ctx, people.AssignPostInput{PersonID: person, OrganisationID: at, Title: title, SoleHolder: true, StartsOn: from})
		post, err = savedAs("Post", p, failed)
	}
	l.posts = append(l.posts, held{person, post})
	return err
}

// held is an official and their post.
type held struct{ person, post core.ID }

// person is the next made-up person.
func (l *loader) person(ctx context.Context) (core.ID, error) {
	n := l.names.take()
	if key, ok, err := l.people.PersonByExternalKey(ctx, n.key); ok || err != nil {
		return core.ID{Type: "Person", Key: key}, err
	}
	p, err := l.people.CreatePerson(ctx, people.CreatePersonInput{FamilyName: n.family, GivenName: n.given, Patronymic: n.patronymic, ExternalKey: &n.key})
	return savedAs("Person", p, err)
}

func (l *loader) organisation(ctx context.Context, external string, kind people.OrganisationKind, name string) (core.ID, error) {
	if key, ok, err := l.people.OrganisationByExternalKey(ctx, external); ok || err != nil {
		return core.ID{Type: "Organisation", Key: key}, err
	}
	p, err := l.people.CreateOrganisation(ctx, people.CreateOrganisationInput{Kind: kind, Name: name, ExternalKey: &external})
	return savedAs("Organisation", p, err)
}

// delegating is the organisation that sends members on that ground; none where nobody does.
func (l *loader) delegating(ctx context.Context, basis councils.MembershipBasis, n int) (*core.ID, error) {
	kinds := map[councils.MembershipBasis]struct {
		kind people.OrganisationKind
		name string
	}{
		councils.ByPublicAssociation:       {people.PublicAssociation, "Общественное объединение «Пример-%d»"},
		councils.ByProfessionalAssociation: {people.ProfessionalAssociation, "Профессиональный союз «Образец-%d»"},
		councils.ByPoliticalParty:          {people.PoliticalParty, "Отделение партии «Условная-%d»"},
		councils.ByOtherOrganisation:       {people.OtherOrganisation, "Учреждение «Макет-%d»"},
	}
	of, delegated := kinds[basis]
	if !delegated {
		return nil, nil
	}
	id, err := l.organisation(ctx, fmt.Sprintf("demo/organisation/%s-%d", basis, n), of.kind, fmt.Sprintf(of.name, n))
	return &id, err
}

// seat seats the person in the body, unless they sit there already.
func (l *loader) seat(ctx context.Context, in councils.AddMemberInput) error {
	has, err := l.councils.Seated(ctx, in.CouncilID.Key, in.PersonID.Key)
	if has || err != nil {
		return err
	}
	_, err = saved(l.councils.AddMember(ctx, in))
	return err
}

// council is the body of that external key; found it by the input where it is not there.
func (l *loader) council(ctx context.Context, external string, in councils.CreateCouncilInput) (core.ID, error) {
	key, ok, err := l.councils.ByExternalKey(ctx, external)
	if err != nil || ok {
		return core.ID{Type: "Council", Key: key}, err
	}
	in.ExternalKey = &external
	p, err := l.councils.CreateCouncil(ctx, in)
	return savedAs("Council", p, err)
}

// honour is what a member sits on the ground of.
func (l *loader) honour(ctx context.Context, person core.ID, basis councils.MembershipBasis) error {
	kind, title := people.RecognisedMerit, "За заслуги перед городом (пример)"
	if basis == councils.HonoraryCitizen {
		kind, title = people.HonoraryCitizen, "Почётный гражданин города (пример)"
	}
	if has, err := l.people.HasHonour(ctx, person.Key, kind); has || err != nil {
		return err
	}
	_, err := saved(l.people.AwardHonour(ctx, people.AwardHonourInput{PersonID: person, Kind: kind, Title: title, AwardedOn: on(2011, 9, 1)}))
	return err
}
