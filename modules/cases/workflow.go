package cases

import (
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
)

// CaseKind is a sort of case, with its terms.
type CaseKind struct {
	bun.BaseModel `bun:"table:case_kinds,alias:case_kind"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID               uuid.UUID             `bun:"id,pk,type:uuid"`
	Key              string                `bun:"key"`
	NameEn           string                `bun:"name_en"`
	NameRu           string                `bun:"name_ru"`
	RegistrationDays int                   `bun:"registration_days"`
	RegistrationUnit calendar.DeadlineUnit `bun:"registration_unit"`
	ForwardingDays   int                   `bun:"forwarding_days"`
	ForwardingUnit   calendar.DeadlineUnit `bun:"forwarding_unit"`
	AnswerDays       int                   `bun:"answer_days"`
	AnswerUnit       calendar.DeadlineUnit `bun:"answer_unit"`
	ExtensionDays    int                   `bun:"extension_days"`
	ReplyDays        int                   `bun:"reply_days"`
	ObjectionDays    int                   `bun:"objection_days"`
	RemindDays       int                   `bun:"remind_days"`
	MayPause         bool                  `bun:"may_pause"`
	IsDefault        bool                  `bun:"is_default"`
	RetiredOn        *core.Date            `bun:"retired_on"`
	Version          int                   `bun:"version"`
}

// CaseState is a step of the municipality's own workflow.
type CaseState struct {
	bun.BaseModel `bun:"table:case_states,alias:case_state"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID       `bun:"id,pk,type:uuid"`
	Key         string          `bun:"key"`
	NameEn      string          `bun:"name_en"`
	NameRu      string          `bun:"name_ru"`
	PublicState CasePublicState `bun:"public_state"`
	Entry       bool            `bun:"entry"`
	Version     int             `bun:"version"`
}

// CaseTransition is a way of the workflow from one state to another.
type CaseTransition struct {
	bun.BaseModel `bun:"table:case_transitions,alias:case_transition"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID     uuid.UUID  `bun:"id,pk,type:uuid"`
	FromID uuid.UUID  `bun:"from_id,type:uuid"`
	From   *CaseState `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:from_id=id"`
	ToID   uuid.UUID  `bun:"to_id,type:uuid"`
	To     *CaseState `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:to_id=id"`
}

// CasePublicState is what the public sees of a workflow.
type CasePublicState string

const (
	Received   CasePublicState = "RECEIVED"
	Registered CasePublicState = "REGISTERED"
	InProgress CasePublicState = "IN_PROGRESS"
	Forwarded  CasePublicState = "FORWARDED"
	Answered   CasePublicState = "ANSWERED"
	Closed     CasePublicState = "CLOSED"
	Reopened   CasePublicState = "REOPENED"
	Refused    CasePublicState = "REFUSED"
)

// Ended says whether nothing more is done in the state.
func (s CasePublicState) Ended() bool { return s == Closed || s == Refused }

// Worked says whether the case is in the hands of its owner.
func (s CasePublicState) Worked() bool { return s == Registered || s == InProgress || s == Reopened }
