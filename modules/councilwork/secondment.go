package councilwork

import (
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/people"
)

// Secondment is a member of a body sent to a commission for a time. It hangs on the person's seats in the
// body, whichever post they bear, and so goes on through a change of post.
type Secondment struct {
	bun.BaseModel `bun:"table:secondments,alias:secondment"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID            `bun:"id,pk,type:uuid"`
	CouncilID    uuid.UUID            `bun:"council_id,type:uuid"`
	Council      *councils.Council    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	CommissionID uuid.UUID            `bun:"commission_id,type:uuid"`
	Commission   *councils.Council    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:commission_id=id"`
	PersonID     uuid.UUID            `bun:"person_id,type:uuid"`
	Person       *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	SeatID       *uuid.UUID           `bun:"seat_id,type:uuid"`
	Seat         *councils.Membership `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:seat_id=id"`
	Act          *string              `bun:"act"`
	StartsOn     core.Date            `bun:"starts_on"`
	EndsOn       *core.Date           `bun:"ends_on"`
	EndReason    *SecondmentEndReason `bun:"end_reason"`
	Version      int                  `bun:"version"`
}

// SecondmentEndReason is why a secondment ended before its time.
type SecondmentEndReason string

// SeatEnded is that the seat ended on which the secondment hung.
const SeatEnded SecondmentEndReason = "SEAT_ENDED"

// SecondmentReport is what a seconded member reports back, or owes.
type SecondmentReport struct {
	bun.BaseModel `bun:"table:secondment_reports,alias:report"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID   `bun:"id,pk,type:uuid"`
	SecondmentID uuid.UUID   `bun:"secondment_id,type:uuid"`
	Secondment   *Secondment `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:secondment_id=id"`
	DueOn        *core.Date  `bun:"due_on"`
	ReportedOn   *core.Date  `bun:"reported_on"`
	Text         *string     `bun:"text"`
	Version      int         `bun:"version"`
}

// SecondMemberInput seconds a member to a commission.
type SecondMemberInput struct {
	CouncilID        core.ID
	CommissionID     core.ID
	PersonID         core.ID
	StartsOn         core.Date
	EndsOn           *core.Date
	Act              *string
	WithSeat         bool
	ReportDueOn      *core.Date
	ClientMutationID *string
}

// EndSecondmentInput ends a secondment.
type EndSecondmentInput struct {
	ID               core.ID
	ExpectedVersion  int
	EndsOn           core.Date
	Reason           SecondmentEndReason
	ClientMutationID *string
}

// AskSecondmentReportInput asks for a report.
type AskSecondmentReportInput struct {
	SecondmentID     core.ID
	DueOn            core.Date
	ClientMutationID *string
}

// GiveSecondmentReportInput reports back.
type GiveSecondmentReportInput struct {
	SecondmentID     core.ID
	Text             string
	ClientMutationID *string
}

// facts are what the audit keeps of a secondment: who, by key.
func (d *Secondment) facts() any {
	return map[string]any{
		"council": d.CouncilID, "commission": d.CommissionID, "person": d.PersonID, "seat": d.SeatID,
		"startsOn": d.StartsOn, "endsOn": d.EndsOn, "endReason": d.EndReason,
	}
}

// change is what happened to a secondment.
func (d *Secondment) change(kind core.ChangeKind, before, after any, notice *core.Notice) core.Change {
	touched := append(ofCouncil(d.CouncilID), core.ID{Type: "Council", Key: d.CommissionID}, core.ID{Type: "Person", Key: d.PersonID})
	return core.Change{Kind: kind, Type: "Secondment", ID: d.ID, Before: before, After: after, Touched: touched, Notice: notice}
}

// facts are what the audit keeps of a report: not its words.
func (r *SecondmentReport) facts() any {
	return map[string]any{"secondment": r.SecondmentID, "dueOn": r.DueOn, "reportedOn": r.ReportedOn}
}

// change is what happened to a report of d.
func (r *SecondmentReport) change(kind core.ChangeKind, d *Secondment, before any, notice *core.Notice) core.Change {
	return core.Change{
		Kind: kind, Type: "SecondmentReport", ID: r.ID, Before: before, After: r.facts(), Notice: notice,
		Touched: append(ofCouncil(d.CouncilID), core.ID{Type: "Secondment", Key: d.ID}),
	}
}
