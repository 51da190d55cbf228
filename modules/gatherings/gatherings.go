// Package gatherings holds citizens' gatherings: residents come together, often called by somebody
// outside the town hall, officials listen, and what is raised is followed to its outcome.
//
// It owns gatherings (Gathering), whose residents were called (GatheringDistrict), which officials were
// there and as what (GatheringOfficial), and what was raised (GatheringTopic). It needs people, places,
// files, meetings (time, venue, notice, registration, minutes are a meeting's) and cases: each topic opens one,
// in the transaction in which it is written down, received on the day of the gathering. What was promised
// on the spot is the case's due date.
//
// Order of locks: the gathering, then its meeting, then what cases locks. Reads are declared
// (declare.go); writes go through Service, which decides about the row again.
package gatherings

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Gathering is a gathering of citizens.
type Gathering struct {
	bun.BaseModel `bun:"table:gatherings,alias:gathering"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID            `bun:"id,pk,type:uuid"`
	ExternalKey *string              `bun:"external_key"`
	Title       string               `bun:"title"`
	Purpose     string               `bun:"purpose"`
	OrganiserID *uuid.UUID           `bun:"organiser_id,type:uuid"`
	Organiser   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organiser_id=id"`
	MeetingID   *uuid.UUID           `bun:"meeting_id,type:uuid"`
	Meeting     *meetings.Meeting    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	Place       *string              `bun:"place"`
	HeldOn      core.Date            `bun:"held_on"`
	State       GatheringState       `bun:"state"`
	HeadCount   *int                 `bun:"head_count"`
	Estimated   *bool                `bun:"estimated"`
	CountedByID *uuid.UUID           `bun:"counted_by_id,type:uuid"`
	CountedBy   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:counted_by_id=id"`
	Summary     *string              `bun:"summary"`
	PublishedAt *time.Time           `bun:"published_at"`
	CancelledAt *time.Time           `bun:"cancelled_at"`

	CancellationReason *string `bun:"cancellation_reason"`
	LastTopic          int     `bun:"last_topic"`
	Version            int     `bun:"version"`
}

// GatheringState is how far a gathering has come.
type GatheringState string

const (
	Planned   GatheringState = "PLANNED"
	Held      GatheringState = "HELD"
	Published GatheringState = "PUBLISHED"
	Cancelled GatheringState = "CANCELLED"
)

// GatheringDistrict is a district whose residents were called.
type GatheringDistrict struct {
	bun.BaseModel `bun:"table:gathering_districts,alias:gathering_district"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID        `bun:"id,pk,type:uuid"`
	GatheringID uuid.UUID        `bun:"gathering_id,type:uuid"`
	Gathering   *Gathering       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:gathering_id=id"`
	DistrictID  uuid.UUID        `bun:"district_id,type:uuid"`
	District    *places.District `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
}

// GatheringOfficial is somebody who was there for the authorities.
type GatheringOfficial struct {
	bun.BaseModel `bun:"table:gathering_officials,alias:gathering_official"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID            `bun:"id,pk,type:uuid"`
	GatheringID    uuid.UUID            `bun:"gathering_id,type:uuid"`
	Gathering      *Gathering           `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:gathering_id=id"`
	PersonID       uuid.UUID            `bun:"person_id,type:uuid"`
	Person         *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	OrganisationID uuid.UUID            `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	Title          string               `bun:"title"`
}

// GatheringTopic is something that was raised.
type GatheringTopic struct {
	bun.BaseModel `bun:"table:gathering_topics,alias:gathering_topic"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID            uuid.UUID          `bun:"id,pk,type:uuid"`
	GatheringID   uuid.UUID          `bun:"gathering_id,type:uuid"`
	Gathering     *Gathering         `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:gathering_id=id"`
	Number        int                `bun:"number"`
	Kind          GatheringTopicKind `bun:"kind"`
	Text          string             `bun:"text"`
	Place         *string            `bun:"place"`
	AddressID     *uuid.UUID         `bun:"address_id,type:uuid"`
	Address       *places.Address    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:address_id=id"`
	PeopleCount   *int               `bun:"people_count"`
	PromisedByID  *uuid.UUID         `bun:"promised_by_id,type:uuid"`
	PromisedBy    *people.Person     `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:promised_by_id=id"`
	PromisedUntil *core.Date         `bun:"promised_until"`
	CaseID        uuid.UUID          `bun:"case_id,type:uuid"`
	Case          *cases.Case        `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
}

// GatheringTopicKind is what sort of thing was raised.
type GatheringTopicKind string

const (
	Problem  GatheringTopicKind = "PROBLEM"
	Idea     GatheringTopicKind = "IDEA"
	Question GatheringTopicKind = "QUESTION"
)

// GatheringChange is something that happened to a gathering, or to what hangs on it.
type GatheringChange struct {
	EventID   core.ID
	Kind      core.ChangeKind
	At        time.Time
	Gathering read.Ref[Gathering]
}
