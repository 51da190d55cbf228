package assemblies

import (
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Delegate is a person's time in a seat of an assembly, or in the row of substitutes.
type Delegate struct {
	bun.BaseModel `bun:"table:delegates,alias:delegate"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID            uuid.UUID               `bun:"id,pk,type:uuid"`
	AssemblyID    uuid.UUID               `bun:"assembly_id,type:uuid"`
	Assembly      *Assembly               `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:assembly_id=id"`
	RuleID        uuid.UUID               `bun:"rule_id,type:uuid"`
	Rule          *SeatRule               `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:rule_id=id"`
	CouncilID     *uuid.UUID              `bun:"council_id,type:uuid"`
	Council       *councils.Council       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	DistrictID    *uuid.UUID              `bun:"district_id,type:uuid"`
	District      *places.District        `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
	NominationID  *uuid.UUID              `bun:"nomination_id,type:uuid"`
	Nomination    *Nomination             `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:nomination_id=id"`
	PersonID      uuid.UUID               `bun:"person_id,type:uuid"`
	Person        *people.Person          `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	Capacity      DelegateCapacity        `bun:"capacity"`
	Number        int                     `bun:"number"`
	Minutes       string                  `bun:"minutes"`
	MeetingID     *uuid.UUID              `bun:"meeting_id,type:uuid"`
	Meeting       *meetings.Meeting       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	StartsOn      core.Date               `bun:"starts_on"`
	EndsOn        *core.Date              `bun:"ends_on,type:date"`
	EndReason     *DelegateEndReason      `bun:"end_reason"`
	LeavingReason *councils.LeavingReason `bun:"leaving_reason"`
	EndMinutes    *string                 `bun:"end_minutes"`
	Version       int                     `bun:"version"`
}

// DelegateCapacity is whether somebody holds a seat or stands in for those who do.
type DelegateCapacity string

const (
	Holder     DelegateCapacity = "HOLDER"
	Substitute DelegateCapacity = "SUBSTITUTE"
)

// DelegateEndReason is why a delegate's time ends.
type DelegateEndReason string

const (
	SeatBelowEnded    DelegateEndReason = "SEAT_BELOW_ENDED"
	TermEnded         DelegateEndReason = "TERM_ENDED"
	CharterChanged    DelegateEndReason = "CHARTER_CHANGED"
	AssemblyDissolved DelegateEndReason = "ASSEMBLY_DISSOLVED"
)

// RecallReason is a DelegateEndReason by hand.
type RecallReason string

// Recalled is the usual one.
const Recalled RecallReason = "RECALLED"

// DelegateSuspension is a time in which a delegate may not sit.
type DelegateSuspension struct {
	bun.BaseModel `bun:"table:delegate_suspensions,alias:suspension"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID  `bun:"id,pk,type:uuid"`
	AssemblyID uuid.UUID  `bun:"assembly_id,type:uuid"`
	DelegateID uuid.UUID  `bun:"delegate_id,type:uuid"`
	Delegate   *Delegate  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:delegate_id=id"`
	StartsOn   core.Date  `bun:"starts_on"`
	EndsOn     *core.Date `bun:"ends_on"`
	Minutes    string     `bun:"minutes"`
	Version    int        `bun:"version"`
}

// SubstituteCall is a time for which a substitute sits for a delegate.
type SubstituteCall struct {
	bun.BaseModel `bun:"table:substitute_calls,alias:call"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID  `bun:"id,pk,type:uuid"`
	AssemblyID   uuid.UUID  `bun:"assembly_id,type:uuid"`
	DelegateID   uuid.UUID  `bun:"delegate_id,type:uuid"`
	Delegate     *Delegate  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:delegate_id=id"`
	SubstituteID uuid.UUID  `bun:"substitute_id,type:uuid"`
	Substitute   *Delegate  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:substitute_id=id"`
	StartsOn     core.Date  `bun:"starts_on"`
	EndsOn       *core.Date `bun:"ends_on"`
	Version      int        `bun:"version"`
}

// Nomination is a proposal to seat a person by nomination.
type Nomination struct {
	bun.BaseModel `bun:"table:nominations,alias:nomination"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID            `bun:"id,pk,type:uuid"`
	AssemblyID     uuid.UUID            `bun:"assembly_id,type:uuid"`
	Assembly       *Assembly            `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:assembly_id=id"`
	RuleID         uuid.UUID            `bun:"rule_id,type:uuid"`
	Rule           *SeatRule            `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:rule_id=id"`
	PersonID       uuid.UUID            `bun:"person_id,type:uuid"`
	Person         *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	OrganisationID *uuid.UUID           `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	CouncilID      *uuid.UUID           `bun:"council_id,type:uuid"`
	Council        *councils.Council    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	Minutes        string               `bun:"minutes"`
	NominatedOn    core.Date            `bun:"nominated_on"`
	Status         NominationStatus     `bun:"status"`
	DecidedOn      *core.Date           `bun:"decided_on"`
	DecisionReason *string              `bun:"decision_reason"`
	Version        int                  `bun:"version"`
}

// NominationStatus is how far a nomination has come.
type NominationStatus string

const (
	Pending   NominationStatus = "PENDING"
	Accepted  NominationStatus = "ACCEPTED"
	Rejected  NominationStatus = "REJECTED"
	Withdrawn NominationStatus = "WITHDRAWN"
)
