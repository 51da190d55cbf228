package hearings

import (
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// HearingSessionInput is when and where a session is held.
type HearingSessionInput struct {
	StartsAt time.Time
	EndsAt   *time.Time
	VenueID  *core.ID
	Link     *string
}

// PlanPublicHearingInput plans a hearing.
type PlanPublicHearingInput struct {
	// ExternalKey is the hearing's name in the system that it came from. Importers set it; the graph does not show it.
	ExternalKey      *string
	Kind             HearingKind
	Form             HearingForm
	Subject          string
	Text             string
	Initiator        HearingInitiator
	AppointingAct    string
	OrganiserID      core.ID
	DistrictIDs      []core.ID
	Link             *string
	DisplayPlace     string
	DisplayFrom      core.Date
	DisplayTo        core.Date
	IntakeFrom       core.Date
	IntakeTo         core.Date
	Sessions         []HearingSessionInput
	ClientMutationID *string
}

// UpdatePublicHearingInput changes a hearing that is not announced; what is not set stays.
type UpdatePublicHearingInput struct {
	ID               core.ID
	ExpectedVersion  int
	Subject          graphql.Omittable[*string]
	Text             graphql.Omittable[*string]
	Initiator        graphql.Omittable[*HearingInitiator]
	AppointingAct    graphql.Omittable[*string]
	DistrictIDs      graphql.Omittable[[]core.ID]
	Link             graphql.Omittable[*string]
	DisplayPlace     graphql.Omittable[*string]
	DisplayFrom      graphql.Omittable[*core.Date]
	DisplayTo        graphql.Omittable[*core.Date]
	IntakeFrom       graphql.Omittable[*core.Date]
	IntakeTo         graphql.Omittable[*core.Date]
	ClientMutationID *string
}

// AddHearingSessionInput plans one more session.
type AddHearingSessionInput struct {
	HearingID        core.ID
	Session          HearingSessionInput
	ClientMutationID *string
}

// AnnouncePublicHearingInput gives the notice.
type AnnouncePublicHearingInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// CancelPublicHearingInput cancels a hearing.
type CancelPublicHearingInput struct {
	ID               core.ID
	ExpectedVersion  int
	Reason           string
	ClientMutationID *string
}

// ConcludePublicHearingInput concludes a hearing.
type ConcludePublicHearingInput struct {
	ID               core.ID
	ExpectedVersion  int
	Text             string
	ClientMutationID *string
}

// PublishPublicHearingInput publishes the conclusion.
type PublishPublicHearingInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// SetHearingRuleInput says what the town asks of hearings of a kind.
type SetHearingRuleInput struct {
	Kind             HearingKind
	ExpectedVersion  int
	NoticeDays       int
	MaxMonths        *int
	Discussion       bool
	Law              string
	ClientMutationID *string
}

const (
	mostDistricts = 100
	mostSessions  = 20
	mostProposals = 50
	mostAnswered  = 200
)

// validate holds the hearing's own rules; the kind's rule is the service's to hold.
func (h *PublicHearing) validate() error {
	var p core.Problems
	p.Words(h.Subject, 500, "input", "subject")
	p.Short(&h.Text, 20_000, "input", "text")
	p.Words(h.AppointingAct, 500, "input", "appointingAct")
	p.Words(h.DisplayPlace, 500, "input", "displayPlace")
	if h.Link != nil {
		p.Check((strings.HasPrefix(*h.Link, "https://") || strings.HasPrefix(*h.Link, "http://")) && len(*h.Link) <= 2000,
			core.T("A link begins with https:// or http://.", "Ссылка начинается с https:// или http://."), "input", "link")
	}
	p.Check(!h.DisplayTo.Before(h.DisplayFrom), core.T("The display ends before it begins.", "Экспозиция заканчивается раньше, чем начинается."), "input", "displayTo")
	p.Check(!h.IntakeTo.Before(h.IntakeFrom), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "intakeTo")
	p.Check(!h.IntakeFrom.Before(h.DisplayFrom), core.T("Statements are taken while the draft is displayed: not before it is.", "Предложения принимают, пока проект представлен: не раньше начала экспозиции."), "input", "intakeFrom")
	p.Check(!h.DisplayTo.Before(h.IntakeTo), core.T("Statements are taken while the draft is displayed: not after that.", "Предложения принимают, пока проект представлен: не позже конца экспозиции."), "input", "intakeTo")
	return p.Err()
}

// at is the path of a field of the n-th part of a list.
func at(list string, i int, field string) []string {
	return []string{"input", list, strconv.Itoa(i), field}
}
