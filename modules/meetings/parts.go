package meetings

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/people"
)

// AgendaItem is a point of a meeting's agenda.
type AgendaItem struct {
	bun.BaseModel `bun:"table:agenda_items,alias:item"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID              uuid.UUID      `bun:"id,pk,type:uuid"`
	MeetingID       uuid.UUID      `bun:"meeting_id,type:uuid"`
	Meeting         *Meeting       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	Position        int            `bun:"position"`
	Title           string         `bun:"title"`
	Text            string         `bun:"text"`
	Outcome         *AgendaOutcome `bun:"outcome"`
	OutcomeText     *string        `bun:"outcome_text"`
	VotesFor        *int           `bun:"votes_for"`
	VotesAgainst    *int           `bun:"votes_against"`
	VotesAbstained  *int           `bun:"votes_abstained"`
	ClosedAt        *time.Time     `bun:"closed_at"`
	SourceCaseID    *uuid.UUID     `bun:"source_case_id,type:uuid"`
	SourceCase      *cases.Case    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:source_case_id=id"`
	PostponedToID   *uuid.UUID     `bun:"postponed_to_id,type:uuid"`
	PostponedTo     *Meeting       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:postponed_to_id=id"`
	PostponedFromID *uuid.UUID     `bun:"postponed_from_id,type:uuid"`
	PostponedFrom   *AgendaItem    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:postponed_from_id=id"`
	Version         int            `bun:"version"`
}

// AgendaOutcome is what came of an item.
type AgendaOutcome string

const (
	Decided   AgendaOutcome = "DECIDED"
	Noted     AgendaOutcome = "NOTED"
	Postponed AgendaOutcome = "POSTPONED"
	Withdrawn AgendaOutcome = "WITHDRAWN"
)

// AgendaSpeaker is a person who speaks to an item.
type AgendaSpeaker struct {
	bun.BaseModel `bun:"table:agenda_speakers,alias:speaker"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID       uuid.UUID      `bun:"id,pk,type:uuid"`
	ItemID   uuid.UUID      `bun:"item_id,type:uuid"`
	Item     *AgendaItem    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:item_id=id"`
	PersonID uuid.UUID      `bun:"person_id,type:uuid"`
	Person   *people.Person `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	Role     SpeakerRole    `bun:"role"`
	Position int            `bun:"position"`
}

// SpeakerRole is in what role a person speaks.
type SpeakerRole string

// Registration is a person's place at a meeting, or on its waiting list.
type Registration struct {
	bun.BaseModel `bun:"table:meeting_registrations,alias:registration"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID         `bun:"id,pk,type:uuid"`
	MeetingID    uuid.UUID         `bun:"meeting_id,type:uuid"`
	Meeting      *Meeting          `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	PersonID     uuid.UUID         `bun:"person_id,type:uuid" class:"meeting_registration"`
	Person       *people.Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	State        RegistrationState `bun:"state"`
	Arrival      int               `bun:"arrival"`
	Code         string            `bun:"code"`
	RegisteredAt time.Time         `bun:"registered_at"`
	PromotedAt   *time.Time        `bun:"promoted_at"`
	CancelledAt  *time.Time        `bun:"cancelled_at"`
	CheckedInAt  *time.Time        `bun:"checked_in_at"`
	Version      int               `bun:"version"`
}

// RegistrationState is how a registration stands.
type RegistrationState string

const (
	Registered       RegistrationState = "REGISTERED"
	Waiting          RegistrationState = "WAITING"
	RegistrationOver RegistrationState = "CANCELLED"
)

// Attendance is a member's attendance at a meeting.
type Attendance struct {
	bun.BaseModel `bun:"table:meeting_attendances,alias:attendance"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID        uuid.UUID       `bun:"id,pk,type:uuid"`
	MeetingID uuid.UUID       `bun:"meeting_id,type:uuid"`
	Meeting   *Meeting        `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	PersonID  uuid.UUID       `bun:"person_id,type:uuid"`
	Person    *people.Person  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	State     AttendanceState `bun:"state"`
	Reason    *string         `bun:"reason" class:"absence_reason"`
	Version   int             `bun:"version"`
}

// AttendanceState is whether a member was there.
type AttendanceState string

const (
	Present       AttendanceState = "PRESENT"
	AbsentExcused AttendanceState = "ABSENT_EXCUSED"
	Absent        AttendanceState = "ABSENT"
)

// Presence is a time during which a member was in the room: from ArrivedAt until before LeftAt.
type Presence struct {
	bun.BaseModel `bun:"table:meeting_presence,alias:presence"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID   `bun:"id,pk,type:uuid"`
	AttendanceID uuid.UUID   `bun:"attendance_id,type:uuid"`
	Attendance   *Attendance `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:attendance_id=id"`
	ArrivedAt    time.Time   `bun:"arrived_at"`
	LeftAt       *time.Time  `bun:"left_at"`
}

// Minutes is a version of a meeting's minutes.
type Minutes struct {
	bun.BaseModel `bun:"table:meeting_minutes,alias:minutes"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID            uuid.UUID      `bun:"id,pk,type:uuid"`
	MeetingID     uuid.UUID      `bun:"meeting_id,type:uuid"`
	Meeting       *Meeting       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	Number        int            `bun:"number"`
	Text          string         `bun:"text"`
	State         MinutesState   `bun:"state"`
	WrittenAt     time.Time      `bun:"written_at"`
	WrittenByID   *uuid.UUID     `bun:"written_by_id,type:uuid"`
	WrittenBy     *people.Person `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:written_by_id=id"`
	AgreedAt      *time.Time     `bun:"agreed_at"`
	AgreedByID    *uuid.UUID     `bun:"agreed_by_id,type:uuid"`
	AgreedBy      *people.Person `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:agreed_by_id=id"`
	PublishedAt   *time.Time     `bun:"published_at"`
	PublishedByID *uuid.UUID     `bun:"published_by_id,type:uuid"`
	PublishedBy   *people.Person `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:published_by_id=id"`
	CorrectedAt   *time.Time     `bun:"corrected_at"`
	Version       int            `bun:"version"`
}

// MinutesState is how far a version of the minutes has come.
type MinutesState string

const (
	Draft     MinutesState = "DRAFT"
	Agreed    MinutesState = "AGREED"
	Published MinutesState = "PUBLISHED"
	Corrected MinutesState = "CORRECTED"
)

// calendarFeed is the secret address of a person's own calendar.
type calendarFeed struct {
	bun.BaseModel `bun:"table:calendar_feeds,alias:feed"`
	postgres.Owned

	ID       uuid.UUID `bun:"id,pk,type:uuid"`
	PersonID uuid.UUID `bun:"person_id,type:uuid"`
	KeyHash  []byte    `bun:"key_hash"`
	MadeAt   time.Time `bun:"made_at"`
}
