// Package meetings holds the meetings of the town: sessions of councils, commissions and assemblies,
// citizens' gatherings, hearings, joint receptions. It is the one core for all of them.
//
// It owns meetings (Meeting) with their agenda, speakers, registration with its waiting list, the
// attendance of members with the times at which they were in the room, the quorum, the minutes in
// all their versions, and the calendar feeds. It needs people (who comes, who calls the meeting),
// places (where), and cases (what a question from the floor becomes). Of the bodies that meet it
// knows what they register with it (RegisterBody): who their members are on a day, and their rules.
//
// Reads are declared (declare.go and its neighbours). Writes go through Service. Other modules plan
// meetings inside their own transactions (Service.Plan), and hold a session while they write what
// happens in it (Service.LockSession).
package meetings

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Meeting is a meeting of people, in whatever form.
type Meeting struct {
	bun.BaseModel `bun:"table:meetings,alias:meeting"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID            `bun:"id,pk,type:uuid"`
	ExternalKey *string              `bun:"external_key"`
	Kind        MeetingKind          `bun:"kind"`
	Title       string               `bun:"title"`
	BodyKind    string               `bun:"body_kind"` // the body's kind of scope: council, assembly; empty for none
	BodyID      *uuid.UUID           `bun:"body_id,type:uuid"`
	OrganiserID *uuid.UUID           `bun:"organiser_id,type:uuid"`
	Organiser   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organiser_id=id"`
	DistrictID  *uuid.UUID           `bun:"district_id,type:uuid"`
	District    *places.District     `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
	VenueID     *uuid.UUID           `bun:"venue_id,type:uuid"`
	Venue       *places.Venue        `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:venue_id=id"`
	Link        *string              `bun:"link"`
	StartsAt    time.Time            `bun:"starts_at"`
	EndsAt      *time.Time           `bun:"ends_at"`
	StartsOn    core.Date            `bun:"starts_on"`
	State       MeetingState         `bun:"state"`
	AnnouncedAt *time.Time           `bun:"announced_at"`
	NoticeDays  *int                 `bun:"notice_days"`
	OpenedAt    *time.Time           `bun:"opened_at"`
	ClosedAt    *time.Time           `bun:"closed_at"`
	CancelledAt *time.Time           `bun:"cancelled_at"`

	CancellationReason *string   `bun:"cancellation_reason"`
	Sequence           int       `bun:"sequence"`
	ChangedAt          time.Time `bun:"changed_at"`

	// The body's rules as they were read last, and the quorum as it was frozen.
	Seats             *int   `bun:"seats"`
	QuorumOf          *Basis `bun:"quorum_of"`
	QuorumNumerator   *int   `bun:"quorum_numerator"`
	QuorumDenominator *int   `bun:"quorum_denominator"`
	QuorumStrict      *bool  `bun:"quorum_strict"`
	OpeningMembers    *int   `bun:"opening_members"`
	OpeningRequired   *int   `bun:"opening_required"`
	OpeningPresent    *int   `bun:"opening_present"`
	ClosingMembers    *int   `bun:"closing_members"`
	ClosingRequired   *int   `bun:"closing_required"`
	ClosingPresent    *int   `bun:"closing_present"`

	RegistrationOpenedAt *time.Time `bun:"registration_opened_at"`
	RegistrationClosesAt *time.Time `bun:"registration_closes_at"`
	Capacity             *int       `bun:"capacity"`
	RegisteredCount      int        `bun:"registered_count"`
	WaitingCount         int        `bun:"waiting_count"`
	LastArrival          int        `bun:"last_arrival"`
	Version              int        `bun:"version"`
}

// MeetingKind is what sort of meeting it is.
type MeetingKind string

const (
	CouncilSession    MeetingKind = "COUNCIL_SESSION"
	CommissionSession MeetingKind = "COMMISSION_SESSION"
	AssemblySession   MeetingKind = "ASSEMBLY_SESSION"
	Gathering         MeetingKind = "GATHERING"
	Hearing           MeetingKind = "HEARING"
	JointReception    MeetingKind = "JOINT_RECEPTION"
	OtherMeeting      MeetingKind = "OTHER"
)

// MeetingForm is how one takes part; it follows from place and link.
type MeetingForm string

// MeetingState is how far a meeting has come.
type MeetingState string

const (
	Planned         MeetingState = "PLANNED"
	Announced       MeetingState = "ANNOUNCED"
	InSession       MeetingState = "IN_SESSION"
	Closed          MeetingState = "CLOSED"
	MinutesApproved MeetingState = "MINUTES_APPROVED"
	Cancelled       MeetingState = "CANCELLED"
)

// Quorum is whether enough members are there.
type Quorum struct {
	Members, Seats, Required, Present int
	Reached                           bool
}

// MeetingRegistration is how registration for a meeting stands.
type MeetingRegistration struct {
	OpenedAt, ClosesAt                       time.Time
	Capacity, Registered, Waiting, CheckedIn int
}

// MeetingNotice is for how many days before it a meeting of a kind must be announced.
type MeetingNotice struct {
	bun.BaseModel `bun:"table:meeting_notices,alias:notice"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID      uuid.UUID   `bun:"id,pk,type:uuid"`
	Kind    MeetingKind `bun:"kind"`
	Days    int         `bun:"days"`
	Version int         `bun:"version"`
}

// MeetingChange is something that happened to a meeting, or to what hangs on it.
type MeetingChange struct {
	EventID core.ID
	Kind    core.ChangeKind
	At      time.Time
	Meeting read.Ref[Meeting]
}

// CalendarFeedPayload answers the making of a calendar's secret address.
type CalendarFeedPayload struct {
	Path             *string
	UserErrors       []core.UserError
	ClientMutationID *string
}
