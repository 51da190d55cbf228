// Package cases keeps one thread from a resident's word to the outcome.
//
// A case (Case) has an origin, an owner, a place in the municipality's own workflow (CaseState, each of
// which is one of a few states that the public knows) and clocks (CaseClock). What hangs on it: steps,
// internal notes, answers, signatories, forwardings, child cases. What was said and by whom
// (CaseContent) is a type of its own with its own permission, and so no statement touches it unless it is
// asked for and allowed; the public sees the case itself only once it is published, in words given anew.
//
// It needs people, places and calendar, and nobody's module that opens cases: those call Service.Open in
// their own transaction, and name themselves as the origin and their object as the source.
//
// Clocks are rows with a due day that deadline_on (calendar) worked out when they were written:
//
//   - REGISTRATION runs from the day of receipt, and is met by registration (59-FZ, article 8, part 2);
//   - FORWARDING runs from registration, and is met by forwarding the case or ends when somebody takes it
//     on (article 8, part 3);
//   - ANSWER runs from registration, and is met by an answer or a reasoned refusal (article 12, part 1).
//     It is extended once at most (article 12, part 2), stands while the applicant is waited for (where
//     the kind allows it; the law knows no pause), stops when the case is forwarded outside, and begins
//     anew when a forwarded case comes back, or an answered one is reopened;
//   - REPLY runs for each forwarding (article 10, part 2; outside: the other body's own terms).
//
// A clock's day moves only while it has not passed. So whether a clock was overdue on any past day
// follows from its row as it is now, and overdue is one condition on an index.
//
// Order of locks: the calendar's settings (calendar.Hold), then the case, then its parent.
package cases

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

// Case is what is public of a case once it is published, and what staff work by.
type Case struct {
	bun.BaseModel `bun:"table:cases,alias:a_case"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID                  uuid.UUID            `bun:"id,pk,type:uuid"`
	Year                int                  `bun:"year"`
	Serial              int                  `bun:"serial"`
	Number              string               `bun:"number,nullzero"`
	KindID              uuid.UUID            `bun:"kind_id,type:uuid"`
	Kind                *CaseKind            `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:kind_id=id"`
	Origin              CaseOrigin           `bun:"origin"`
	SourceType          *string              `bun:"source_type"`
	SourceID            *uuid.UUID           `bun:"source_id,type:uuid"`
	Channel             CaseChannel          `bun:"channel"`
	DistrictID          *uuid.UUID           `bun:"district_id,type:uuid"`
	District            *places.District     `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
	ParentID            *uuid.UUID           `bun:"parent_id,type:uuid"`
	Parent              *Case                `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:parent_id=id"`
	OpenChildren        int                  `bun:"open_children"`
	OwnerOrganisationID *uuid.UUID           `bun:"owner_organisation_id,type:uuid"`
	OwnerOrganisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:owner_organisation_id=id"`
	OwnerPersonID       *uuid.UUID           `bun:"owner_person_id,type:uuid"`
	OwnerPerson         *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:owner_person_id=id"`
	StateID             uuid.UUID            `bun:"state_id,type:uuid"`
	State               *CaseState           `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:state_id=id"`
	PublicState         CasePublicState      `bun:"public_state"`
	ReceivedOn          core.Date            `bun:"received_on"`
	RegisteredOn        *core.Date           `bun:"registered_on"`
	DueOn               *core.Date           `bun:"due_on"`
	PausedOn            *core.Date           `bun:"paused_on"`
	AnsweredOn          *core.Date           `bun:"answered_on"`
	ClosedOn            *core.Date           `bun:"closed_on"`
	Refusal             *CaseRefusal         `bun:"refusal"`
	PublishedAt         *time.Time           `bun:"published_at"`
	PublishedTitle      *string              `bun:"published_title"`
	PublishedText       *string              `bun:"published_text"`
	PublishedAnswer     *string              `bun:"published_answer"`
	OpenedAt            time.Time            `bun:"opened_at"`
	Version             int                  `bun:"version"`
	Content             *CaseContent         `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=id"`
}

// CaseContent is what was said in a case, and by whom. It is the same row of the same table.
type CaseContent struct {
	bun.BaseModel `bun:"table:cases,alias:case_content"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID       `bun:"id,pk,type:uuid"`
	Case        *Case           `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=id"`
	Title       string          `bun:"title" class:"case_text"`
	Text        string          `bun:"text" class:"case_text"`
	ApplicantID *uuid.UUID      `bun:"applicant_id,type:uuid"`
	Applicant   *people.Person  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:applicant_id=id"`
	AccountID   *uuid.UUID      `bun:"account_id,type:uuid"`
	OperatorID  *uuid.UUID      `bun:"operator_id,type:uuid"`
	ConsentID   *uuid.UUID      `bun:"consent_id,type:uuid"`
	Consent     *people.Consent `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:consent_id=id"`
	Code        *string         `bun:"code" class:"case_code"`
}

// CaseOrigin is where a case came from.
type CaseOrigin string

// Origin is CaseOrigin, as other modules call it.
type Origin = CaseOrigin

const (
	OriginGathering      Origin = "GATHERING"
	OriginReception      Origin = "RECEPTION"
	OriginComplaint      Origin = "COMPLAINT"
	OriginFinding        Origin = "FINDING"
	OriginHearing        Origin = "HEARING"
	OriginRecommendation Origin = "RECOMMENDATION"
	OriginProposal       Origin = "PROPOSAL"
	OriginQuestion       Origin = "QUESTION" // from the floor
	OriginExpertise      Origin = "EXPERTISE"
	OriginStaff          Origin = "STAFF" // paper, phone, in person
	OriginOnline         Origin = "ONLINE"
)

// CaseChannel is how a case was handed in.
type CaseChannel string

// Channel is CaseChannel, as other modules call it.
type Channel = CaseChannel

const (
	ChannelOnline   Channel = "ONLINE"
	ChannelPaper    Channel = "PAPER"
	ChannelEmail    Channel = "EMAIL"
	ChannelPhone    Channel = "PHONE"
	ChannelInPerson Channel = "IN_PERSON"
	ChannelMeeting  Channel = "MEETING"
)

// CaseRefusal is a ground on which a case is not considered (59-FZ, article 11).
type CaseRefusal string

// CasePublication is a case in the words in which everybody may read it.
type CasePublication struct {
	Title, Text string
	Answer      *string
	PublishedAt time.Time
}
