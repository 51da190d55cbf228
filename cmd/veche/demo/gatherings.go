package demo

import (
	"context"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/gatherings"
	"github.com/veche-city/veche/modules/people"
)

// days are the production calendars by which terms are counted.
func (l *loader) days(ctx context.Context) error { return l.calendar.ImportRussian(ctx) }

// meetResidents brings in the gatherings that the city's police called in the second and third quarter of
// 2012, with deputies of the head and heads of departments present. The source says no more of them: how
// many there were, who came and what was raised is made up.
func (l *loader) meetResidents(ctx context.Context) error {
	police, err := l.organisation(ctx, "demo/organisation/police", people.Police, "Отдел полиции по городу Канску (пример)")
	if err != nil {
		return err
	}
	town, err := l.organisation(ctx, administration, people.MunicipalDepartment, "Администрация города Канска")
	if err != nil {
		return err
	}
	for n, day := range []core.Date{on(2012, 4, 19), on(2012, 6, 21), on(2012, 8, 16), on(2012, 9, 20)} {
		if err := l.gathering(ctx, n, day, police, town); err != nil {
			return err
		}
	}
	return nil
}

// raised is what residents speak of, with what was promised: in how many days, or not.
var raised = []struct {
	kind     gatherings.GatheringTopicKind
	text     string
	promised int
}{
	{gatherings.Problem, "Не горят фонари у школы", 14}, {gatherings.Problem, "Разбит проезд к детскому саду", 0}, {gatherings.Problem, "Под окнами стоят брошенные автомобили", 30},
	{gatherings.Idea, "Поставить лавочки у остановки", 0}, {gatherings.Problem, "Шум у ночного магазина", 7}, {gatherings.Question, "Когда откроют опорный пункт полиции", 0},
}

// gathering is recorded, then what was raised, then published, from where the last loading broke off.
func (l *loader) gathering(ctx context.Context, n int, day core.Date, police, town core.ID) error {
	external, official := fmt.Sprintf("demo/gathering/%d", n), l.posts[1+n%4] // a deputy of the head
	key, version, err := l.gatherings.ByExternalKey(ctx, external)
	if err != nil {
		return err
	}
	district, _, err := l.places.Known(ctx, "District", districtKey(n+1))
	if err != nil {
		return err
	}
	id := core.ID{Type: "Gathering", Key: key}
	if version < 1 {
		p, err := l.gatherings.RecordGathering(ctx, gatherings.RecordGatheringInput{
			ExternalKey: &external, Title: fmt.Sprintf("Сход граждан микрорайона № %d", n+1), Purpose: "Порядок и благоустройство", OrganiserID: &police,
			DistrictIDs: []core.ID{district}, HeldOn: day, HeadCount: 40 + 15*n, Estimated: true, CountedByID: &police,
			Officials: []gatherings.GatheringOfficialInput{{PersonID: official.person, PostID: &official.post}},
		})
		if id, err = savedAs("Gathering", p, err); err != nil {
			return err
		}
	}
	if version < 2 {
		registered := day.AddDays(1)
		in := gatherings.RecordTopicsInput{GatheringID: id, Topics: topics(n, day, official.person, district, town), RegisteredOn: &registered}
		if _, err := saved(l.gatherings.RecordTopics(ctx, in)); err != nil {
			return err
		}
	}
	if version < 3 {
		_, err = saved(l.gatherings.PublishGathering(ctx, gatherings.PublishGatheringInput{ID: id, ExpectedVersion: 2,
			Summary: "Жители назвали проблемы; ответственные названы.", WithoutPersonalData: true}))
	}
	return err
}

// topics are three of those, for the n-th gathering.
func topics(n int, day core.Date, official, district, town core.ID) []gatherings.GatheringTopicInput {
	all := make([]gatherings.GatheringTopicInput, 3)
	for i := range all {
		topic := raised[(n+2*i)%len(raised)]
		all[i] = gatherings.GatheringTopicInput{Kind: topic.kind, Text: topic.text, DistrictID: &district, OwnerOrganisationID: &town}
		if topic.promised > 0 {
			until := day.AddDays(topic.promised)
			all[i].PromisedByID, all[i].PromisedUntil = &official, &until
		}
	}
	return all
}
