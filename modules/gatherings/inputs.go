package gatherings

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// PlanGatheringInput plans a gathering.
type PlanGatheringInput struct {
	// ExternalKey is the gathering's name in the system that it came from. Importers set it; the graph does not show it.
	ExternalKey      *string
	Title            string
	Purpose          string
	OrganiserID      *core.ID
	DistrictIDs      []core.ID
	VenueID          *core.ID
	Place            *string
	Link             *string
	StartsAt         time.Time
	EndsAt           *time.Time
	ClientMutationID *string
}

// AnnounceGatheringInput makes a gathering public.
type AnnounceGatheringInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// RecordGatheringInput writes down a gathering that was held.
type RecordGatheringInput struct {
	ExternalKey      *string // as in PlanGatheringInput
	Title            string
	Purpose          string
	OrganiserID      *core.ID
	DistrictIDs      []core.ID
	Place            *string
	HeldOn           core.Date
	HeadCount        int
	Estimated        bool
	CountedByID      *core.ID
	Officials        []GatheringOfficialInput
	ClientMutationID *string
}

// UpdateGatheringInput changes a gathering; what is not set stays.
type UpdateGatheringInput struct {
	ID               core.ID
	ExpectedVersion  int
	Title            graphql.Omittable[*string]
	Purpose          graphql.Omittable[*string]
	OrganiserID      graphql.Omittable[*core.ID]
	Place            graphql.Omittable[*string]
	DistrictIDs      graphql.Omittable[[]core.ID]
	ClientMutationID *string
}

// HoldGatheringInput notes that a gathering was held.
type HoldGatheringInput struct {
	ID               core.ID
	ExpectedVersion  int
	HeldOn           *core.Date
	HeadCount        int
	Estimated        bool
	CountedByID      *core.ID
	Officials        []GatheringOfficialInput
	ClientMutationID *string
}

// GatheringOfficialInput is who was there, and for whom.
type GatheringOfficialInput struct {
	PersonID       core.ID
	PostID         *core.ID
	OrganisationID *core.ID
	Title          *string
}

// AddGatheringOfficialsInput adds officials.
type AddGatheringOfficialsInput struct {
	GatheringID      core.ID
	Officials        []GatheringOfficialInput
	ClientMutationID *string
}

// RemoveGatheringOfficialInput takes one away.
type RemoveGatheringOfficialInput struct {
	ID               core.ID
	ClientMutationID *string
}

// RecordTopicsInput writes down what was raised.
type RecordTopicsInput struct {
	GatheringID core.ID
	Topics      []GatheringTopicInput
	// RegisteredOn is the day on which the cases were registered; today when nil. Importers set it for
	// what was registered on paper; the graph does not show it.
	RegisteredOn     *core.Date
	ClientMutationID *string
}

// GatheringTopicInput is one thing that was raised.
type GatheringTopicInput struct {
	Kind                GatheringTopicKind
	Text                string
	Place               *string
	AddressID           *core.ID
	DistrictID          *core.ID
	PeopleCount         *int
	PromisedByID        *core.ID
	PromisedUntil       *core.Date
	OwnerOrganisationID *core.ID
	ApplicantID         *core.ID
}

// PublishGatheringInput publishes the summary and what was raised.
type PublishGatheringInput struct {
	ID                  core.ID
	ExpectedVersion     int
	Summary             string
	WithoutPersonalData bool
	ClientMutationID    *string
}

// CancelGatheringInput cancels a planned gathering.
type CancelGatheringInput struct {
	ID               core.ID
	ExpectedVersion  int
	Reason           string
	ClientMutationID *string
}

const (
	mostDistricts = 100
	mostOfficials = 100
	mostTopics    = 200
	mostPeople    = 1_000_000
)

// validate holds the gathering's own rules.
func (g *Gathering) validate() error {
	var p core.Problems
	p.Words(g.Title, 300, "input", "title")
	p.Short(&g.Purpose, 4000, "input", "purpose")
	p.Short(g.Place, 300, "input", "place")
	p.Check(g.HeadCount == nil || inRange(*g.HeadCount), core.T("From 1 to 1,000,000 people.", "От 1 до 1 000 000 человек."), "input", "headCount")
	return p.Err()
}

func inRange(people int) bool { return people >= 1 && people <= mostPeople }

// check holds a topic's own rules against its gathering.
func (in *GatheringTopicInput) check(p *core.Problems, i int, heldOn core.Date) {
	at := func(field string) []string { return at("topics", i, field) }
	n := utf8.RuneCountInString(strings.TrimSpace(in.Text))
	p.Check(n >= 1 && n <= 4000, core.T("From 1 to 4,000 characters.", "От 1 до 4000 знаков."), at("text")...)
	p.Check(in.Place == nil || utf8.RuneCountInString(*in.Place) <= 300, core.T("At most 300 characters.", "Не более 300 знаков."), at("place")...)
	p.Check(in.PeopleCount == nil || inRange(*in.PeopleCount), core.T("From 1 to 1,000,000 people.", "От 1 до 1 000 000 человек."), at("peopleCount")...)
	p.Check((in.PromisedByID == nil) == (in.PromisedUntil == nil),
		core.T("A promise has both: who gave it, and the day.", "У обещания есть и тот, кто его дал, и день: укажите оба."), at("promisedUntil")...)
	p.Check(in.PromisedUntil == nil || !in.PromisedUntil.Before(heldOn),
		core.Textf("The gathering was on %s: nothing was promised for an earlier day.", "Сход был %s: обещать к более раннему дню нельзя.", heldOn), at("promisedUntil")...)
}

// at is the path of a field of the n-th part of a list.
func at(list string, i int, field string) []string {
	return []string{"input", list, strconv.Itoa(i), field}
}

// title is what a case of the topic is called: the beginning of its text, cut between words.
func title(text string) string {
	const most = 120
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		cut := string(r[:most])
		if i := strings.LastIndexByte(cut, ' '); i > 0 {
			cut = cut[:i]
		}
		return cut + "…"
	}
	return text
}

// once drops repeated ids.
func once(ids []core.ID) []core.ID {
	var all []core.ID
	for _, id := range ids {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}
