package councilwork

import (
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/people"
)

// PublicExpertise is what a body is asked to examine for the public (Federal Law 212-FZ, article 22).
type PublicExpertise struct {
	bun.BaseModel `bun:"table:public_expertises,alias:expertise"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID            `bun:"id,pk,type:uuid"`
	CouncilID      uuid.UUID            `bun:"council_id,type:uuid"`
	Council        *councils.Council    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	Kind           ExpertiseKind        `bun:"kind"`
	Title          string               `bun:"title"`
	Text           string               `bun:"text"`
	OrganisationID uuid.UUID            `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	AskedByID      *uuid.UUID           `bun:"asked_by_id,type:uuid"`
	AskedBy        *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:asked_by_id=id"`
	AskedOn        core.Date            `bun:"asked_on"`
	DueOn          core.Date            `bun:"due_on"`
	State          ExpertiseState       `bun:"state"`
	DeclinedOn     *core.Date           `bun:"declined_on"`
	Reasons        *string              `bun:"reasons"`
	AcceptedOn     *core.Date           `bun:"accepted_on"`
	StartedOn      *core.Date           `bun:"started_on"`
	ConcludedOn    *core.Date           `bun:"concluded_on"`
	ReplyDueOn     *core.Date           `bun:"reply_due_on"`
	RepliedOn      *core.Date           `bun:"replied_on"`
	Reply          *string              `bun:"reply"`
	SignedByID     *uuid.UUID           `bun:"signed_by_id,type:uuid"`
	SignedBy       *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:signed_by_id=id"`
	Version        int                  `bun:"version"`
	Conclusion     *ExpertiseConclusion `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=expertise_id"`
}

// ExpertiseKind is what is examined.
type ExpertiseKind string

// ExpertiseState is how far an expertise has come.
type ExpertiseState string

const (
	ExpertiseRequested ExpertiseState = "REQUESTED"
	ExpertiseDeclined  ExpertiseState = "DECLINED"
	ExpertiseAccepted  ExpertiseState = "ACCEPTED"
	ExpertiseInWork    ExpertiseState = "IN_WORK"
	ExpertiseConcluded ExpertiseState = "CONCLUDED"
)

// ExpertiseExpert is a person who examines for the public.
type ExpertiseExpert struct {
	bun.BaseModel `bun:"table:expertise_experts,alias:expert"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID            uuid.UUID           `bun:"id,pk,type:uuid"`
	ExpertiseID   uuid.UUID           `bun:"expertise_id,type:uuid"`
	Expertise     *PublicExpertise    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:expertise_id=id"`
	PersonID      uuid.UUID           `bun:"person_id,type:uuid"`
	Person        *people.Person      `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	Qualification *string             `bun:"qualification"`
	Conflict      *ConflictOfInterest `bun:"conflict"`
	DeclaredOn    *core.Date          `bun:"declared_on"`
	SignedOn      *core.Date          `bun:"signed_on"`
	Opinion       *string             `bun:"opinion"`
	Version       int                 `bun:"version"`
}

// ConflictOfInterest is what an expert declares.
type ConflictOfInterest string

const (
	ConflictNone    ConflictOfInterest = "NONE"
	ConflictPresent ConflictOfInterest = "PRESENT"
)

// ExpertiseConclusion is what the experts found.
type ExpertiseConclusion struct {
	bun.BaseModel `bun:"table:expertise_conclusions,alias:conclusion"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID        `bun:"id,pk,type:uuid"`
	ExpertiseID uuid.UUID        `bun:"expertise_id,type:uuid"`
	Expertise   *PublicExpertise `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:expertise_id=id"`
	Finding     ExpertiseFinding `bun:"finding"`
	Text        string           `bun:"text"`
	Risks       string           `bun:"risks"`
	DraftedOn   core.Date        `bun:"drafted_on"`
	PublishedOn *core.Date       `bun:"published_on"`
	Version     int              `bun:"version"`
}

// ExpertiseFinding is what a conclusion comes to.
type ExpertiseFinding string

// ExpertiseProposal is one proposal of a conclusion.
type ExpertiseProposal struct {
	bun.BaseModel `bun:"table:expertise_proposals,alias:proposal"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID              `bun:"id,pk,type:uuid"`
	ConclusionID uuid.UUID              `bun:"conclusion_id,type:uuid"`
	Conclusion   *ExpertiseConclusion   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:conclusion_id=id"`
	Number       int                    `bun:"number"`
	Text         string                 `bun:"text"`
	Outcome      *RecommendationOutcome `bun:"outcome"`
	Reasons      *string                `bun:"reasons"`
	AnsweredOn   *core.Date             `bun:"answered_on"`
	CaseID       *uuid.UUID             `bun:"case_id,type:uuid"`
	Case         *cases.Case            `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	Version      int                    `bun:"version"`
}

// facts are what the audit keeps of an expertise.
func (e *PublicExpertise) facts() any {
	return map[string]any{
		"council": e.CouncilID, "kind": e.Kind, "title": e.Title, "organisation": e.OrganisationID, "askedBy": e.AskedByID, "askedOn": e.AskedOn,
		"dueOn": e.DueOn, "state": e.State, "acceptedOn": e.AcceptedOn, "startedOn": e.StartedOn, "concludedOn": e.ConcludedOn,
		"replyDueOn": e.ReplyDueOn, "repliedOn": e.RepliedOn, "signedBy": e.SignedByID,
	}
}

// facts are what the audit keeps of an expert: who, by key, and not their opinion.
func (x *ExpertiseExpert) facts() any {
	return map[string]any{"expertise": x.ExpertiseID, "person": x.PersonID, "conflict": x.Conflict, "declaredOn": x.DeclaredOn, "signedOn": x.SignedOn}
}

// facts are what the audit keeps of a conclusion.
func (c *ExpertiseConclusion) facts() any {
	return map[string]any{"expertise": c.ExpertiseID, "finding": c.Finding, "draftedOn": c.DraftedOn, "publishedOn": c.PublishedOn}
}

// facts are what the audit keeps of a proposal.
func (p *ExpertiseProposal) facts() any {
	return map[string]any{"conclusion": p.ConclusionID, "number": p.Number, "outcome": p.Outcome, "answeredOn": p.AnsweredOn, "case": p.CaseID}
}

// touched are the objects whose watchers care about an expertise.
func (e *PublicExpertise) touched() []core.ID {
	return append(ofCouncil(e.CouncilID), core.ID{Type: "Organisation", Key: e.OrganisationID})
}

// change is what happened to an expertise; before is nil for a new one.
func (e *PublicExpertise) change(kind core.ChangeKind, before any, notice *core.Notice) core.Change {
	return core.Change{Kind: kind, Type: "PublicExpertise", ID: e.ID, Before: before, After: e.facts(), Touched: e.touched(), Notice: notice}
}

// part is what happened to something of an expertise.
func (e *PublicExpertise) part(kind core.ChangeKind, id core.ID, before, after any) core.Change {
	return core.Change{Kind: kind, Type: id.Type, ID: id.Key, Before: before, After: after, Touched: append(e.touched(), core.ID{Type: "PublicExpertise", Key: e.ID})}
}

// must refuses an expertise that has come less far than wanted, or farther.
func (e *PublicExpertise) must(text core.Text, states ...ExpertiseState) error {
	if slices.Contains(states, e.State) {
		return nil
	}
	return core.Conflict(text, "input", "id")
}
