// Package hearings holds public hearings and public discussions on drafts, from the notice to the published
// conclusion (Federal Law 131-FZ, article 28; Urban Planning Code, article 5.1).
//
// It owns hearings (PublicHearing), where they have effect (HearingDistrict), their sessions (HearingSession),
// statements (HearingStatement, and who made them: HearingStatementContent), the proposals in them
// (HearingProposal), conclusions (HearingConclusion), and what the town asks of hearings of a kind
// (HearingRule, data with the law's article). It needs people, places, files (the draft) and meetings: time,
// place, registration of speakers and minutes of a session are a meeting's.
//
// How a hearing stands on a day follows from its days: nobody opens or closes a display. What is entered for
// it, a statement or an answer, locks its row, and so comes one after another: numbers have no gaps, nothing
// comes in after the last day, and what is concluded stands as it was counted.
//
// Who made a statement, and in which words, is seen by the author and the staff. The public reads texts that
// the staff have read and cleared, or given anew, and a name where its bearer agreed.
//
// Reads are declared (declare.go and its neighbour); writes go through Service.
package hearings

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// PublicHearing is a hearing on a draft.
type PublicHearing struct {
	bun.BaseModel `bun:"table:public_hearings,alias:hearing"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID            uuid.UUID            `bun:"id,pk,type:uuid"`
	ExternalKey   *string              `bun:"external_key"`
	Kind          HearingKind          `bun:"kind"`
	Form          HearingForm          `bun:"form"`
	Subject       string               `bun:"subject"`
	Text          string               `bun:"text"`
	Initiator     HearingInitiator     `bun:"initiator"`
	AppointingAct string               `bun:"appointing_act"`
	OrganiserID   uuid.UUID            `bun:"organiser_id,type:uuid"`
	Organiser     *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organiser_id=id"`
	WholeTown     bool                 `bun:"whole_town"`
	Link          *string              `bun:"link"`
	DisplayPlace  string               `bun:"display_place"`
	DisplayFrom   core.Date            `bun:"display_from"`
	DisplayTo     core.Date            `bun:"display_to"`
	IntakeFrom    core.Date            `bun:"intake_from"`
	IntakeTo      core.Date            `bun:"intake_to"`
	AnnouncedOn   *core.Date           `bun:"announced_on"`
	PublishBy     *core.Date           `bun:"publish_by"`
	ConcludedOn   *core.Date           `bun:"concluded_on"`
	PublishedOn   *core.Date           `bun:"published_on"`
	CancelledOn   *core.Date           `bun:"cancelled_on"`

	CancellationReason *string            `bun:"cancellation_reason"`
	LastSession        int                `bun:"last_session"`
	LastStatement      int                `bun:"last_statement"`
	LastProposal       int                `bun:"last_proposal"`
	Version            int                `bun:"version"`
	Conclusion         *HearingConclusion `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=id"`
}

// HearingKind is what the draft is.
type HearingKind string

const (
	Charter         HearingKind = "CHARTER"
	Budget          HearingKind = "BUDGET"
	GeneralPlan     HearingKind = "GENERAL_PLAN"
	PlanningProject HearingKind = "PLANNING_PROJECT"
)

// HearingForm is whether there is a session.
type HearingForm string

const (
	WithSession HearingForm = "PUBLIC_HEARING"
	Discussion  HearingForm = "PUBLIC_DISCUSSION"
)

// HearingInitiator is who called it.
type HearingInitiator string

const (
	ByResidents HearingInitiator = "RESIDENTS"
	ByCouncil   HearingInitiator = "COUNCIL"
	ByHead      HearingInitiator = "HEAD"
)

// HearingState is how a hearing stands on a day.
type HearingState string

// HearingCounts are who took part.
type HearingCounts struct {
	ResidentParticipants, OtherParticipants, ResidentStatements, OtherStatements int
	Attended, Accepted, Partly, Refused                                          int
}

// HearingDistrict is a district in which what is heard has effect.
type HearingDistrict struct {
	bun.BaseModel `bun:"table:hearing_districts,alias:hearing_district"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID        `bun:"id,pk,type:uuid"`
	HearingID  uuid.UUID        `bun:"hearing_id,type:uuid"`
	Hearing    *PublicHearing   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:hearing_id=id"`
	DistrictID uuid.UUID        `bun:"district_id,type:uuid"`
	District   *places.District `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
}

// HearingSession is a session of a hearing.
type HearingSession struct {
	bun.BaseModel `bun:"table:hearing_sessions,alias:hearing_session"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID        uuid.UUID         `bun:"id,pk,type:uuid"`
	HearingID uuid.UUID         `bun:"hearing_id,type:uuid"`
	Hearing   *PublicHearing    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:hearing_id=id"`
	Number    int               `bun:"number"`
	MeetingID uuid.UUID         `bun:"meeting_id,type:uuid"`
	Meeting   *meetings.Meeting `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
}

// HearingConclusion is what came of a hearing; its key is the hearing's.
type HearingConclusion struct {
	bun.BaseModel `bun:"table:hearing_conclusions,alias:hearing_conclusion"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID       uuid.UUID      `bun:"id,pk,type:uuid"`
	Hearing  *PublicHearing `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:id=id"`
	Text     string         `bun:"text"`
	Document string         `bun:"document"`

	ResidentParticipants int `bun:"resident_participants"`
	OtherParticipants    int `bun:"other_participants"`
	ResidentStatements   int `bun:"resident_statements"`
	OtherStatements      int `bun:"other_statements"`
	Attended             int `bun:"attended"`
	Accepted             int `bun:"accepted"`
	Partly               int `bun:"partly"`
	Refused              int `bun:"refused"`
}

// HearingRule is what the town asks of hearings of a kind.
type HearingRule struct {
	bun.BaseModel `bun:"table:hearing_rules,alias:hearing_rule"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID   `bun:"id,pk,type:uuid"`
	Kind       HearingKind `bun:"kind"`
	NoticeDays int         `bun:"notice_days"`
	MaxMonths  *int        `bun:"max_months"`
	Discussion bool        `bun:"discussion"`
	Law        string      `bun:"law"`
	Version    int         `bun:"version"`
}

// HearingChange is something that happened to a hearing, or to what hangs on it.
type HearingChange struct {
	EventID core.ID
	Kind    core.ChangeKind
	At      time.Time
	Hearing read.Ref[PublicHearing]
}
