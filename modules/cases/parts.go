package cases

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/people"
)

// CaseClock is one term that runs, or ran, against a case.
type CaseClock struct {
	bun.BaseModel `bun:"table:case_clocks,alias:case_clock"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID             `bun:"id,pk,type:uuid"`
	CaseID       uuid.UUID             `bun:"case_id,type:uuid"`
	Case         *Case                 `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	Kind         CaseClockKind         `bun:"kind"`
	ForwardingID *uuid.UUID            `bun:"forwarding_id,type:uuid"`
	Forwarding   *CaseForwarding       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:forwarding_id=id"`
	BeginsOn     core.Date             `bun:"begins_on"`
	Days         int                   `bun:"days"`
	Unit         calendar.DeadlineUnit `bun:"unit"`
	FixedOn      *core.Date            `bun:"fixed_on"`
	ExtendedDays int                   `bun:"extended_days"`
	PausedDays   int                   `bun:"paused_days"`
	PausedOn     *core.Date            `bun:"paused_on"`
	DueOn        core.Date             `bun:"due_on"`
	EndedOn      *core.Date            `bun:"ended_on"`
	Outcome      *CaseClockOutcome     `bun:"outcome"`
}

// CaseClockKind is what a clock counts towards.
type CaseClockKind string

const (
	ClockRegistration CaseClockKind = "REGISTRATION"
	ClockForwarding   CaseClockKind = "FORWARDING"
	ClockAnswer       CaseClockKind = "ANSWER"
	ClockReply        CaseClockKind = "REPLY"
)

// CaseClockOutcome is how a clock ended.
type CaseClockOutcome string

const (
	Met     CaseClockOutcome = "MET"
	Stopped CaseClockOutcome = "STOPPED"
)

// CaseStep is one entry of a case's public course.
type CaseStep struct {
	bun.BaseModel `bun:"table:case_steps,alias:case_step"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID            `bun:"id,pk,type:uuid"`
	CaseID         uuid.UUID            `bun:"case_id,type:uuid"`
	Case           *Case                `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	Kind           CaseStepKind         `bun:"kind"`
	StateID        uuid.UUID            `bun:"state_id,type:uuid"`
	State          *CaseState           `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:state_id=id"`
	OrganisationID *uuid.UUID           `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	Text           *string              `bun:"text" class:"case_text"`
	At             time.Time            `bun:"at"`
}

// CaseStepKind is what a step was.
type CaseStepKind string

const (
	StepOpened          CaseStepKind = "OPENED"
	StepRegistered      CaseStepKind = "REGISTERED"
	StepAssigned        CaseStepKind = "ASSIGNED"
	StepHandedOver      CaseStepKind = "HANDED_OVER"
	StepForwarded       CaseStepKind = "FORWARDED"
	StepForwardingEnded CaseStepKind = "FORWARDING_ENDED"
	StepProgress        CaseStepKind = "PROGRESS"
	StepExtended        CaseStepKind = "EXTENDED"
	StepPaused          CaseStepKind = "PAUSED"
	StepResumed         CaseStepKind = "RESUMED"
	StepAnswered        CaseStepKind = "ANSWERED"
	StepConfirmed       CaseStepKind = "CONFIRMED"
	StepObjected        CaseStepKind = "OBJECTED"
	StepClosed          CaseStepKind = "CLOSED"
	StepReopened        CaseStepKind = "REOPENED"
	StepRefused         CaseStepKind = "REFUSED"
)

// CaseNote is a note for those who work on a case.
type CaseNote struct {
	bun.BaseModel `bun:"table:case_notes,alias:case_note"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID       uuid.UUID      `bun:"id,pk,type:uuid"`
	CaseID   uuid.UUID      `bun:"case_id,type:uuid"`
	Case     *Case          `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	AuthorID *uuid.UUID     `bun:"author_id,type:uuid"`
	Author   *people.Person `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:author_id=id"`
	Text     string         `bun:"text" class:"case_text"`
	At       time.Time      `bun:"at"`
}

// CaseAnswer is an answer that the applicant was given; a case that was reopened has several.
type CaseAnswer struct {
	bun.BaseModel `bun:"table:case_answers,alias:case_answer"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID      `bun:"id,pk,type:uuid"`
	CaseID      uuid.UUID      `bun:"case_id,type:uuid"`
	Case        *Case          `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	Round       int            `bun:"round"`
	Text        string         `bun:"text" class:"case_text"`
	SignedByID  *uuid.UUID     `bun:"signed_by_id,type:uuid"`
	SignedBy    *people.Person `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:signed_by_id=id"`
	AnsweredOn  core.Date      `bun:"answered_on"`
	ObjectUntil core.Date      `bun:"object_until"`
	ConfirmedOn *core.Date     `bun:"confirmed_on"`
	ObjectedOn  *core.Date     `bun:"objected_on"`
	Objection   *string        `bun:"objection" class:"case_text"`
}

// CaseSignatory is a person who stands behind a case.
type CaseSignatory struct {
	bun.BaseModel `bun:"table:case_signatories,alias:case_signatory"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID      `bun:"id,pk,type:uuid"`
	CaseID      uuid.UUID      `bun:"case_id,type:uuid"`
	Case        *Case          `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	PersonID    uuid.UUID      `bun:"person_id,type:uuid"`
	Person      *people.Person `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	SignedOn    core.Date      `bun:"signed_on"`
	WithdrawnOn *core.Date     `bun:"withdrawn_on"`
}

// CaseForwarding is a case, or a question of it, in the hands of another body.
type CaseForwarding struct {
	bun.BaseModel `bun:"table:case_forwardings,alias:case_forwarding"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID            `bun:"id,pk,type:uuid"`
	CaseID         uuid.UUID            `bun:"case_id,type:uuid"`
	Case           *Case                `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	OrganisationID uuid.UUID            `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	Outside        bool                 `bun:"outside"`
	Reason         *string              `bun:"reason" class:"case_text"`
	ForwardedOn    core.Date            `bun:"forwarded_on"`
	EndedOn        *core.Date           `bun:"ended_on"`
	Outcome        *CaseForwardOutcome  `bun:"outcome"`
	Reply          *string              `bun:"reply" class:"case_text"`
}

// CaseForwardOutcome is how a forwarding ended.
type CaseForwardOutcome string

const (
	ForwardAnswered  CaseForwardOutcome = "ANSWERED"
	ForwardReturned  CaseForwardOutcome = "RETURNED"
	ForwardWithdrawn CaseForwardOutcome = "WITHDRAWN"
)
