package councilwork

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

// Recommendation is what a body recommends, and what it was answered.
type Recommendation struct {
	bun.BaseModel `bun:"table:recommendations,alias:recommendation"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID              `bun:"id,pk,type:uuid"`
	CouncilID      uuid.UUID              `bun:"council_id,type:uuid"`
	Council        *councils.Council      `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	QuestionID     *uuid.UUID             `bun:"question_id,type:uuid"`
	Question       *ConsultationQuestion  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:question_id=id"`
	Year           int                    `bun:"year"`
	Number         int                    `bun:"number"`
	Title          string                 `bun:"title"`
	Text           string                 `bun:"text"`
	OrganisationID uuid.UUID              `bun:"organisation_id,type:uuid"`
	Addressee      *people.Organisation   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	PostID         *uuid.UUID             `bun:"post_id,type:uuid"`
	AddresseePost  *people.Post           `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:post_id=id"`
	AdoptedOn      core.Date              `bun:"adopted_on"`
	MeetingID      *uuid.UUID             `bun:"meeting_id,type:uuid"`
	Meeting        *meetings.Meeting      `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	AgendaItemID   *uuid.UUID             `bun:"agenda_item_id,type:uuid"`
	AgendaItem     *meetings.AgendaItem   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:agenda_item_id=id"`
	VotesFor       *int                   `bun:"votes_for"`
	VotesAgainst   *int                   `bun:"votes_against"`
	VotesAbstained *int                   `bun:"votes_abstained"`
	SentOn         *core.Date             `bun:"sent_on"`
	DueOn          *core.Date             `bun:"due_on"`
	CaseID         *uuid.UUID             `bun:"case_id,type:uuid"`
	Case           *cases.Case            `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	AnsweredOn     *core.Date             `bun:"answered_on"`
	Outcome        *RecommendationOutcome `bun:"outcome"`
	Answer         *string                `bun:"answer"`
	Reasons        *string                `bun:"reasons"`
	SignedByID     *uuid.UUID             `bun:"signed_by_id,type:uuid"`
	SignedBy       *people.Person         `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:signed_by_id=id"`
	Version        int                    `bun:"version"`
}

// RecommendationState is how a recommendation stands on a day; it follows from its dates.
type RecommendationState string

// AdoptRecommendationInput notes a recommendation that a body adopted.
type AdoptRecommendationInput struct {
	CouncilID        core.ID
	QuestionID       *core.ID
	Title            string
	Text             string
	AddresseeID      *core.ID
	AddresseePostID  *core.ID
	AdoptedOn        core.Date
	MeetingID        *core.ID
	AgendaItemID     *core.ID
	VotesFor         *int
	VotesAgainst     *int
	VotesAbstained   *int
	UploadIDs        []core.ID
	ClientMutationID *string
}

// UpdateRecommendationInput corrects what was not sent yet; what is not set stays.
type UpdateRecommendationInput struct {
	ID               core.ID
	ExpectedVersion  int
	Title            graphql.Omittable[*string]
	Text             graphql.Omittable[*string]
	AddresseeID      graphql.Omittable[*core.ID]
	AddresseePostID  graphql.Omittable[*core.ID]
	VotesFor         graphql.Omittable[*int]
	VotesAgainst     graphql.Omittable[*int]
	VotesAbstained   graphql.Omittable[*int]
	ClientMutationID *string
}

// SendRecommendationInput sends a recommendation to its addressee.
type SendRecommendationInput struct {
	ID               core.ID
	ExpectedVersion  int
	DueOn            *core.Date
	ClientMutationID *string
}

// AnswerRecommendationInput answers a recommendation.
type AnswerRecommendationInput struct {
	ID               core.ID
	ExpectedVersion  int
	Outcome          RecommendationOutcome
	Answer           string
	Reasons          *string
	SignedByID       *core.ID
	UploadIDs        []core.ID
	ClientMutationID *string
}

// facts are what the audit keeps of a recommendation.
func (r *Recommendation) facts() any {
	return map[string]any{
		"council": r.CouncilID, "question": r.QuestionID, "number": r.Number, "title": r.Title, "addressee": r.OrganisationID, "addresseePost": r.PostID,
		"adoptedOn": r.AdoptedOn, "meeting": r.MeetingID, "agendaItem": r.AgendaItemID, "votesFor": r.VotesFor, "votesAgainst": r.VotesAgainst,
		"votesAbstained": r.VotesAbstained, "sentOn": r.SentOn, "dueOn": r.DueOn, "case": r.CaseID, "answeredOn": r.AnsweredOn, "outcome": r.Outcome,
		"signedBy": r.SignedByID,
	}
}

// change is what happened to a recommendation; before is nil for a new one.
func (r *Recommendation) change(kind core.ChangeKind, before any, notice *core.Notice) core.Change {
	touched := append(ofCouncil(r.CouncilID), core.ID{Type: "Organisation", Key: r.OrganisationID})
	if r.QuestionID != nil {
		touched = append(touched, core.ID{Type: "ConsultationQuestion", Key: *r.QuestionID})
	}
	if r.CaseID != nil {
		touched = append(touched, core.ID{Type: "Case", Key: *r.CaseID})
	}
	return core.Change{Kind: kind, Type: "Recommendation", ID: r.ID, Before: before, After: r.facts(), Touched: touched, Notice: notice}
}

// validate holds the recommendation's own rules.
func (r *Recommendation) validate(p *core.Problems) {
	words(p, &r.Title, mostTitle, "title")
	words(p, &r.Text, mostText, "text")
	given := 0
	for field, votes := range map[string]*int{"votesFor": r.VotesFor, "votesAgainst": r.VotesAgainst, "votesAbstained": r.VotesAbstained} {
		if votes != nil {
			given++
			p.Check(*votes >= 0 && *votes <= 1_000_000, core.T("From 0 to 1,000,000 votes.", "От 0 до 1 000 000 голосов."), "input", field)
		}
	}
	p.Check(given == 0 || given == 3, core.T("Give all three counts of votes, or none.", "Укажите все три числа голосов или ни одного."), "input", "votesFor")
}
