package hearings

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

// HearingStatement is what is public of a statement.
type HearingStatement struct {
	bun.BaseModel `bun:"table:hearing_statements,alias:hearing_statement"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID                `bun:"id,pk,type:uuid"`
	HearingID      uuid.UUID                `bun:"hearing_id,type:uuid"`
	Hearing        *PublicHearing           `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:hearing_id=id"`
	Number         int                      `bun:"number"`
	Channel        HearingChannel           `bun:"channel"`
	ReceivedOn     core.Date                `bun:"received_on"`
	OrganisationID *uuid.UUID               `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation     `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	Claimed        HearingStanding          `bun:"claimed"`
	StandingCheck  HearingStandingCheck     `bun:"standing_check"`
	CheckedOn      *core.Date               `bun:"checked_on"`
	Standing       HearingStanding          `bun:"standing,nullzero"`
	PublishedAt    *time.Time               `bun:"published_at"`
	Version        int                      `bun:"version"`
	Content        *HearingStatementContent `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=id"`
}

// HearingStatementContent is who made a statement. It is the same row of the same table.
type HearingStatementContent struct {
	bun.BaseModel `bun:"table:hearing_statements,alias:hearing_content"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID         `bun:"id,pk,type:uuid"`
	Statement  *HearingStatement `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=id"`
	AuthorID   *uuid.UUID        `bun:"author_id,type:uuid" class:"hearing_author"`
	Author     *people.Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:author_id=id"`
	AccountID  *uuid.UUID        `bun:"account_id,type:uuid" class:"hearing_author"`
	OperatorID *uuid.UUID        `bun:"operator_id,type:uuid"`
	AddressID  *uuid.UUID        `bun:"address_id,type:uuid" class:"hearing_author"`
	Address    *places.Address   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:address_id=id"`
	DistrictID *uuid.UUID        `bun:"district_id,type:uuid" class:"hearing_author"`
	District   *places.District  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
	ShowName   bool              `bun:"show_name"`
}

// HearingChannel is how a statement came.
type HearingChannel string

const (
	Online    HearingChannel = "ONLINE"
	InSession HearingChannel = "SESSION"
	OnPaper   HearingChannel = "PAPER"
)

// HearingStanding is whether an author belongs to the affected area.
type HearingStanding string

const (
	ResidentOfArea HearingStanding = "RESIDENT_OF_AREA"
	Other          HearingStanding = "OTHER"
)

// HearingStandingCheck is what the staff found of a claim.
type HearingStandingCheck string

const (
	Unchecked HearingStandingCheck = "UNCHECKED"
	Confirmed HearingStandingCheck = "CONFIRMED"
	Refuted   HearingStandingCheck = "REFUTED"
)

// HearingProposal is a proposal or remark in a statement.
type HearingProposal struct {
	bun.BaseModel `bun:"table:hearing_proposals,alias:hearing_proposal"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID            uuid.UUID         `bun:"id,pk,type:uuid"`
	HearingID     uuid.UUID         `bun:"hearing_id,type:uuid"`
	Hearing       *PublicHearing    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:hearing_id=id"`
	StatementID   uuid.UUID         `bun:"statement_id,type:uuid"`
	Statement     *HearingStatement `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:statement_id=id"`
	Number        int               `bun:"number"`
	Clause        *string           `bun:"clause"`
	SubmittedText *string           `bun:"submitted_text" class:"hearing_text"`
	Text          *string           `bun:"published_text"`
	Outcome       *HearingOutcome   `bun:"outcome"`
	Reasons       *string           `bun:"reasons"`
	AnsweredOn    *core.Date        `bun:"answered_on"`
}

// HearingOutcome is what became of a proposal.
type HearingOutcome string

const (
	Accepted HearingOutcome = "ACCEPTED"
	Partly   HearingOutcome = "PARTLY"
	Refused  HearingOutcome = "REFUSED"
)
