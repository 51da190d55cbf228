package gatherings

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

func TestGatheringsRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	police := h.organisation(people.Police)
	plan, record := h.plan(), RecordGatheringInput{Title: "Сход", DistrictIDs: h.districts, HeldOn: day(2012, 12, 20), HeadCount: 10}
	clerk, here := h.as("clerk", core.Everywhere), h.as("official", core.Scope{Kind: "district", ID: h.districts[0].Key})
	for name, got := range map[string]string{
		"planned by nobody UNAUTHENTICATED":                         h.code(h.PlanGathering(h.anonymous(), plan)),
		"planned by the reception FORBIDDEN":                        h.code(h.PlanGathering(clerk, plan)),
		"planned for the whole town by one of a district FORBIDDEN": h.code(h.PlanGathering(here, with(plan, func(in *PlanGatheringInput) { in.DistrictIDs = nil }))),
		"planned in another district FORBIDDEN":                     h.code(h.PlanGathering(here, with(plan, func(in *PlanGatheringInput) { in.DistrictIDs = h.districts[1:] }))),
		"recorded by an auditor FORBIDDEN":                          h.code(h.RecordGathering(h.as("auditor", core.Everywhere), record)),
		"without a title BAD_USER_INPUT title":                      h.code(h.PlanGathering(h.ctx(), with(plan, func(in *PlanGatheringInput) { in.Title = " " }))),
		"yesterday BAD_USER_INPUT startsAt":                         h.code(h.PlanGathering(h.ctx(), with(plan, func(in *PlanGatheringInput) { in.StartsAt = h.now.AddDate(0, 0, -1) }))),
		"in a person BAD_USER_INPUT districtIds":                    h.code(h.PlanGathering(h.ctx(), with(plan, func(in *PlanGatheringInput) { in.DistrictIDs = []core.ID{h.person("а")} }))),
		"in no district NOT_FOUND":                                  h.code(h.PlanGathering(h.ctx(), with(plan, func(in *PlanGatheringInput) { in.DistrictIDs = []core.ID{{Type: "District", Key: core.NewID()}} }))),
		"recorded for tomorrow BAD_USER_INPUT heldOn":               h.code(h.RecordGathering(h.ctx(), with(record, func(in *RecordGatheringInput) { in.HeldOn = day(2012, 12, 28) }))),
		"nobody came BAD_USER_INPUT headCount":                      h.code(h.RecordGathering(h.ctx(), with(record, func(in *RecordGatheringInput) { in.HeadCount = 0 }))),
		"counted by a person BAD_USER_INPUT countedById":            h.code(h.RecordGathering(h.ctx(), with(record, func(in *RecordGatheringInput) { in.CountedByID = ptr(h.person("б")) }))),
	} {
		if !strings.HasSuffix(name, " "+got) || got == "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	person, post := h.official(police)
	other, _ := h.official(police)
	for name, c := range map[string]struct {
		in   GatheringOfficialInput
		want string
	}{
		"nobody there is":          {GatheringOfficialInput{PersonID: core.ID{Type: "Person", Key: core.NewID()}, PostID: &post}, "NOT_FOUND"},
		"another's post":           {GatheringOfficialInput{PersonID: other, PostID: &post}, "BAD_USER_INPUT postId"},
		"post and title":           {GatheringOfficialInput{PersonID: person, PostID: &post, Title: ptr("Глава")}, "BAD_USER_INPUT postId"},
		"as nothing":               {GatheringOfficialInput{PersonID: person}, "BAD_USER_INPUT organisationId"},
		"without a title":          {GatheringOfficialInput{PersonID: person, OrganisationID: &police}, "BAD_USER_INPUT title"},
		"an organisation's nobody": {GatheringOfficialInput{PersonID: person, OrganisationID: &core.ID{Type: "Organisation", Key: core.NewID()}, Title: ptr("а")}, "NOT_FOUND"},
	} {
		if got := h.code(h.RecordGathering(h.ctx(), with(record, func(in *RecordGatheringInput) { in.Officials = []GatheringOfficialInput{c.in} }))); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := h.code(h.RecordGathering(h.ctx(), with(record, func(in *RecordGatheringInput) {
		in.Officials = []GatheringOfficialInput{{PersonID: person, PostID: &post}, {PersonID: person, PostID: &post}}
	}))); got != "BAD_USER_INPUT personId" {
		t.Errorf("one twice: %q", got)
	}
}

func with[M any](in M, change func(*M)) M {
	change(&in)
	return in
}

// From plan to publication; in each state what belongs to another is refused.
func TestAGatheringsLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	g := h.id(h.done(h.PlanGathering(h.as("official", core.Scope{Kind: "district", ID: h.districts[0].Key}), h.plan())))
	clerk, version := h.as("clerk", core.Everywhere), func() int { return h.reread(g).Version }
	topics := func() string {
		return h.code(h.RecordTopics(clerk, RecordTopicsInput{GatheringID: g, Topics: []GatheringTopicInput{{Kind: Problem, Text: "Яма"}}}))
	}
	announce := func() string {
		return h.code(h.AnnounceGathering(h.ctx(), AnnounceGatheringInput{ID: g, ExpectedVersion: version()}))
	}
	hold := func() string {
		return h.code(h.HoldGathering(clerk, HoldGatheringInput{ID: g, ExpectedVersion: version(), HeadCount: 80, Estimated: true}))
	}
	publish := func(clean bool) string {
		return h.code(h.PublishGathering(h.ctx(), PublishGatheringInput{ID: g, ExpectedVersion: version(), Summary: "Поднят один вопрос", WithoutPersonalData: clean}))
	}
	cancel := func() string {
		return h.code(h.CancelGathering(h.ctx(), CancelGatheringInput{ID: g, ExpectedVersion: version(), Reason: "Мороз"}))
	}
	want := func(step, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", step, got, want)
		}
	}
	if sees[Gathering](h.anonymous(), h, g.Key) {
		t.Error("everybody sees what was not announced")
	}
	want("topics of one that is to be", topics(), "CONFLICT")
	want("published before", publish(true), "CONFLICT")
	want("held before its day", hold(), "BAD_USER_INPUT heldOn")
	want("a stale version", h.code(h.AnnounceGathering(h.ctx(), AnnounceGatheringInput{ID: g, ExpectedVersion: 7})), "CONFLICT expectedVersion")
	want("announced", announce(), "")
	want("announced twice", announce(), "CONFLICT")
	if !sees[Gathering](h.anonymous(), h, g.Key) {
		t.Error("what was announced is not public")
	}
	_, err := h.db.NewRaw("UPDATE meetings SET starts_at = starts_at - interval '1 day', starts_on = starts_on - 1").Exec(h.ctx())
	must(t, err)
	if got := h.reread(g).HeldOn; got != day(2012, 12, 29) {
		t.Errorf("its meeting was moved, and it is on %s", got)
	}
	h.on(day(2012, 12, 29))
	want("held", hold(), "")
	want("held twice", hold(), "CONFLICT")
	want("cancelled after", cancel(), "CONFLICT")
	want("topics", topics(), "")
	if got := h.reread(g); got.State != Held || *got.HeadCount != 80 || got.HeldOn != day(2012, 12, 29) {
		t.Errorf("%+v", got)
	}
	want("changed", h.code(h.UpdateGathering(h.ctx(), UpdateGatheringInput{ID: g, ExpectedVersion: version(), Title: graphql.OmittableOf(ptr("Сход жителей")),
		DistrictIDs: graphql.OmittableOf(h.districts)})), "")
	topic := h.topics(g)[0]
	if sees[GatheringTopic](h.anonymous(), h, topic.ID) || sees[cases.Case](h.anonymous(), h, topic.CaseID) {
		t.Error("what was raised is public before the publication")
	}
	want("published unread", publish(false), "BAD_USER_INPUT withoutPersonalData")
	want("published", publish(true), "")
	want("published twice", publish(true), "CONFLICT")
	want("changed after", h.code(h.UpdateGathering(h.ctx(), UpdateGatheringInput{ID: g, ExpectedVersion: version()})), "CONFLICT")
	want("topics after", topics(), "CONFLICT")
	if !sees[GatheringTopic](h.anonymous(), h, topic.ID) || !sees[cases.Case](h.anonymous(), h, topic.CaseID) {
		t.Error("what was raised is not public")
	}
}

// A cancelled gathering cancels its meeting; one whose meeting was cancelled can only be cancelled.
func TestCancelling(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	meeting := func(g core.ID) meetings.MeetingState {
		m := new(meetings.Meeting)
		must(t, h.db.NewSelect().Model(m).Where("?TableAlias.id = ?", *h.reread(g).MeetingID).Scan(h.ctx()))
		return m.State
	}
	for _, before := range []bool{false, true} {
		g := h.id(h.done(h.PlanGathering(h.ctx(), h.plan())))
		if before {
			h.done(h.meetings.CancelMeeting(h.ctx(), meetings.CancelMeetingInput{ID: core.ID{Type: "Meeting", Key: *h.reread(g).MeetingID}, Reason: "Мороз"}))
			if got := h.code(h.HoldGathering(h.ctx(), HoldGatheringInput{ID: g, ExpectedVersion: 1, HeldOn: ptr(day(2012, 12, 27)), HeadCount: 1})); got != "CONFLICT" {
				t.Errorf("held without its meeting: %q", got)
			}
		}
		if got := h.code(h.CancelGathering(h.ctx(), CancelGatheringInput{ID: g, ExpectedVersion: 1, Reason: " "})); got != "BAD_USER_INPUT reason" {
			t.Errorf("without a reason: %q", got)
		}
		h.done(h.CancelGathering(h.ctx(), CancelGatheringInput{ID: g, ExpectedVersion: 1, Reason: "Мороз"}))
		if h.reread(g).State != Cancelled || meeting(g) != meetings.Cancelled {
			t.Errorf("%v, %v", h.reread(g).State, meeting(g))
		}
	}
}

func (h *house) topics(of core.ID) []GatheringTopic {
	h.t.Helper()
	var all []GatheringTopic
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.gathering_id = ?", of.Key).Order("number").Scan(h.ctx()))
	return all
}

func TestTopicsRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	city := h.organisation(people.MunicipalDepartment)
	person, post := h.official(city)
	g := h.held(GatheringOfficialInput{PersonID: person, PostID: &post})
	if got := h.code(h.RecordTopics(h.as("auditor", core.Everywhere), RecordTopicsInput{GatheringID: g})); got != "FORBIDDEN" {
		t.Errorf("an auditor: %q", got)
	}
	if got := h.code(h.RecordTopics(h.anonymous(), RecordTopicsInput{GatheringID: g})); got != "NOT_FOUND" {
		t.Errorf("nobody: %q", got)
	}
	for name, c := range map[string]struct {
		in   GatheringTopicInput
		want string
	}{
		"nothing":                       {GatheringTopicInput{Text: " "}, "BAD_USER_INPUT text"},
		"a promise without a day":       {GatheringTopicInput{Text: "а", PromisedByID: &person}, "BAD_USER_INPUT promisedUntil"},
		"promised for the day before":   {GatheringTopicInput{Text: "а", PromisedByID: &person, PromisedUntil: ptr(day(2012, 12, 26))}, "BAD_USER_INPUT promisedUntil"},
		"promised by who was not there": {GatheringTopicInput{Text: "а", PromisedByID: ptr(h.person("Другой")), PromisedUntil: ptr(day(2013, 1, 26))}, "BAD_USER_INPUT promisedById"},
		"at no address":                 {GatheringTopicInput{Text: "а", AddressID: &core.ID{Type: "Address", Key: core.NewID()}}, "NOT_FOUND"},
		"at a district's address":       {GatheringTopicInput{Text: "а", AddressID: &h.districts[0]}, "BAD_USER_INPUT addressId"},
		"by nobody":                     {GatheringTopicInput{Text: "а", ApplicantID: &core.ID{Type: "Person", Key: core.NewID()}}, "NOT_FOUND"},
		"behind it nobody":              {GatheringTopicInput{Text: "а", PeopleCount: ptr(0)}, "BAD_USER_INPUT peopleCount"},
		"for nobody":                    {GatheringTopicInput{Text: "а", OwnerOrganisationID: &core.ID{Type: "Organisation", Key: core.NewID()}}, "NOT_FOUND"},
	} {
		c.in.Kind = Problem
		in := RecordTopicsInput{GatheringID: g, Topics: []GatheringTopicInput{{Kind: Idea, Text: "Сквер"}, c.in}}
		if got := h.code(h.RecordTopics(h.ctx(), in)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if left := h.topics(g); len(left) != 0 {
		t.Errorf("%d topics are left of those that were refused", len(left))
	}
}

// Forty problems on 27 December 2012 are forty cases. The law's 30 days end on Saturday, 26 January 2013, and
// so on Monday the 28th; what was promised is due on its day, whatever day it is. What is answered by then is
// not overdue, and the rest is from the day after.
func TestFortyProblems(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	city := h.organisation(people.MunicipalDepartment)
	person, post := h.official(city)
	g := h.held(GatheringOfficialInput{PersonID: person, PostID: &post})
	address := h.done(h.places.CreateAddress(h.ctx(), places.CreateAddressInput{Locality: "г. Канск", Street: "ул. Ленина", House: "1"}))
	var in RecordTopicsInput
	in.GatheringID = g
	for n := range 40 {
		topic := GatheringTopicInput{Kind: Problem, Text: fmt.Sprintf("Проблема %d: %s", n+1, strings.Repeat("долго не решается, ", 20))}
		switch {
		case n < 5: // promised by Christmas, which is a holiday
			topic.PromisedByID, topic.PromisedUntil = &person, ptr(day(2013, 1, 7))
		case n < 10:
			topic.OwnerOrganisationID, topic.DistrictID = &city, &h.districts[1]
		case n == 10:
			topic.AddressID = &core.ID{Type: "Address", Key: address}
		}
		in.Topics = append(in.Topics, topic)
	}
	h.done(h.RecordTopics(h.as("clerk", core.Everywhere), in))
	topics, due := h.topics(g), map[string]int{}
	for n, topic := range topics {
		c := new(cases.Case)
		must(t, h.db.NewSelect().Model(c).Where("?TableAlias.id = ?", topic.CaseID).Scan(h.ctx()))
		due[c.DueOn.String()]++
		if topic.Number != n+1 || c.Serial != n+1 || c.ReceivedOn != day(2012, 12, 27) || *c.SourceID != g.Key || c.Origin != cases.OriginGathering {
			t.Errorf("%+v of %+v", c, topic)
		}
		if want := h.districts[0]; n >= 5 && n < 10 {
			if *c.DistrictID != h.districts[1].Key || *c.OwnerOrganisationID != city.Key {
				t.Errorf("case %d lies in %v and is %v's", n+1, c.DistrictID, c.OwnerOrganisationID)
			}
		} else if *c.DistrictID != want.Key {
			t.Errorf("case %d lies in %v", n+1, c.DistrictID)
		}
	}
	if len(topics) != 40 || due["2013-01-07"] != 5 || due["2013-01-28"] != 35 {
		t.Fatalf("%d topics, due %v", len(topics), due)
	}
	_, err := h.db.NewRaw("UPDATE case_clocks SET ended_on = '2013-01-06', outcome = 'MET' WHERE kind = 'ANSWER' AND case_id IN (?, ?)", topics[0].CaseID, topics[39].CaseID).Exec(h.ctx())
	must(t, err)
	for on, want := range map[string]int{"2012-12-27": 0, "2013-01-07": 0, "2013-01-08": 4, "2013-01-28": 4, "2013-01-29": 38} {
		if got := h.overdue(g, on); got != want {
			t.Errorf("on %s %d are overdue, want %d", on, got, want)
		}
	}
}

// overdue is the gathering's overdueCount as of a day.
func (h *house) overdue(of core.ID, on string) (many int) {
	h.t.Helper()
	sql := strings.NewReplacer("?TableAlias", "gathering", "?asOf", "'"+on+"'::date").Replace(lateOnes.SQL)
	must(h.t, h.db.NewRaw("SELECT ("+sql+") FROM gatherings AS gathering WHERE gathering.id = ?", of.Key).Scan(h.ctx(), &many))
	return many
}

// However many write down topics at once, their numbers have no gaps.
func TestTopicNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	g := h.held()
	rapid.Check(t, func(r *rapid.T) {
		had := len(h.topics(g))
		sizes := rapid.SliceOfN(rapid.IntRange(1, 4), 1, 6).Draw(r, "sizes")
		codes, all := make(chan string), 0
		for _, many := range sizes {
			all += many
			go func() {
				in := RecordTopicsInput{GatheringID: g}
				for range many {
					in.Topics = append(in.Topics, GatheringTopicInput{Kind: Question, Text: "Когда?"})
				}
				codes <- h.code(h.RecordTopics(h.ctx(), in))
			}()
		}
		for range sizes {
			if code := <-codes; code != "" {
				r.Fatalf("refused: %s", code)
			}
		}
		topics := h.topics(g)
		if len(topics) != had+all || topics[len(topics)-1].Number != len(topics) || h.reread(g).LastTopic != len(topics) {
			r.Fatalf("%d topics, the last is %d", len(topics), topics[len(topics)-1].Number)
		}
	})
}

// An official who was there by mistake goes, one who made a promise stays, and cannot be erased before its day.
func TestOfficialsAndPromises(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	city := h.organisation(people.MunicipalDepartment)
	person, stranger := h.person("Обещавший"), h.person("Чужой")
	there := func(p core.ID) GatheringOfficialInput {
		return GatheringOfficialInput{PersonID: p, OrganisationID: &city, Title: ptr("Инженер")}
	}
	g := h.held(there(person))
	add := func(ctx context.Context, of core.ID) string {
		return h.code(h.AddGatheringOfficials(ctx, AddGatheringOfficialsInput{GatheringID: g, Officials: []GatheringOfficialInput{there(of)}}))
	}
	if got := add(h.as("resident", core.Everywhere), stranger); got != "NOT_FOUND" {
		t.Errorf("by a resident: %q", got)
	}
	if got := add(h.ctx(), person); got != "CONFLICT officials" {
		t.Errorf("twice: %q", got)
	}
	if got := add(h.ctx(), stranger); got != "" {
		t.Errorf("added: %q", got)
	}
	h.done(h.RecordTopics(h.ctx(), RecordTopicsInput{GatheringID: g, Topics: []GatheringTopicInput{{Kind: Problem, Text: "Яма", PromisedByID: &person, PromisedUntil: ptr(day(2013, 3, 1))}}}))
	remove := func(of core.ID) string {
		var key uuid.UUID
		must(t, h.db.NewSelect().Model((*GatheringOfficial)(nil)).Column("id").Where("person_id = ?", of.Key).Scan(h.ctx(), &key))
		return h.code(h.RemoveGatheringOfficial(h.ctx(), RemoveGatheringOfficialInput{ID: core.ID{Type: "GatheringOfficial", Key: key}}))
	}
	if got := remove(person); got != "CONFLICT id" {
		t.Errorf("who promised: %q", got)
	}
	if got := remove(stranger); got != "" {
		t.Errorf("by mistake: %q", got)
	}
	erase := func() string {
		return h.code(h.people.ErasePerson(h.ctx(), people.ErasePersonInput{ID: person, Reason: "просьба"}))
	}
	if got := erase(); !strings.HasPrefix(got, "CONFLICT") {
		t.Errorf("erased before the day of the promise: %q", got)
	}
	h.on(day(2013, 3, 2))
	if got := erase(); got != "" {
		t.Errorf("erased after it: %q", got)
	}
	if sees[people.Person](h.anonymous(), h, person.Key) {
		t.Error("an official of a gathering that is not published is public")
	}
}
