package councilwork

import (
	"slices"

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

// ConsultationQuestion is a question put to a body (вопрос на рассмотрении).
type ConsultationQuestion struct {
	bun.BaseModel `bun:"table:consultation_questions,alias:question"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID            `bun:"id,pk,type:uuid"`
	CouncilID      uuid.UUID            `bun:"council_id,type:uuid"`
	Council        *councils.Council    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	Title          string               `bun:"title"`
	Text           string               `bun:"text"`
	PutBy          QuestionPutter       `bun:"put_by"`
	PersonID       *uuid.UUID           `bun:"person_id,type:uuid"`
	Person         *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	OrganisationID *uuid.UUID           `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	CaseID         *uuid.UUID           `bun:"case_id,type:uuid"`
	Case           *cases.Case          `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:case_id=id"`
	MeetingID      *uuid.UUID           `bun:"meeting_id,type:uuid"`
	Meeting        *meetings.Meeting    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	AgendaItemID   *uuid.UUID           `bun:"agenda_item_id,type:uuid"`
	AgendaItem     *meetings.AgendaItem `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:agenda_item_id=id"`
	State          QuestionState        `bun:"state"`
	SubmittedOn    core.Date            `bun:"submitted_on"`
	Submissions    int                  `bun:"submissions"`
	CompleteBy     *core.Date           `bun:"complete_by"`
	RejectedOn     *core.Date           `bun:"rejected_on"`
	Reasons        *string              `bun:"reasons"`
	AcceptedOn     *core.Date           `bun:"accepted_on"`
	DueOn          *core.Date           `bun:"due_on"`
	ConsideredOn   *core.Date           `bun:"considered_on"`
	DecidedOn      *core.Date           `bun:"decided_on"`
	Decision       *string              `bun:"decision"`
	Version        int                  `bun:"version"`
}

// QuestionPutter is in what role somebody puts a question.
type QuestionPutter string

const (
	PutByMember       QuestionPutter = "MEMBER"
	PutByResident     QuestionPutter = "RESIDENT"
	PutByOrganisation QuestionPutter = "ORGANISATION"
	PutByOfficial     QuestionPutter = "OFFICIAL"
)

// QuestionState is how far a question has come.
type QuestionState string

const (
	QuestionSubmitted  QuestionState = "SUBMITTED"
	QuestionReturned   QuestionState = "RETURNED"
	QuestionRejected   QuestionState = "REJECTED"
	QuestionAccepted   QuestionState = "ACCEPTED"
	QuestionConsidered QuestionState = "CONSIDERED"
	QuestionDecided    QuestionState = "DECIDED"
)

// PutQuestionInput puts a question to a body.
type PutQuestionInput struct {
	CouncilID        core.ID
	Title            string
	Text             string
	PutBy            QuestionPutter
	PersonID         *core.ID
	OrganisationID   *core.ID
	CaseID           *core.ID
	UploadIDs        []core.ID
	ClientMutationID *string
}

// AcceptQuestionInput takes a question up.
type AcceptQuestionInput struct {
	ID               core.ID
	ExpectedVersion  int
	DueOn            *core.Date
	ClientMutationID *string
}

// ReturnQuestionInput gives a question back to be completed.
type ReturnQuestionInput struct {
	ID               core.ID
	ExpectedVersion  int
	Reasons          string
	CompleteBy       core.Date
	ClientMutationID *string
}

// ResubmitQuestionInput submits a completed question again; what is nil stays.
type ResubmitQuestionInput struct {
	ID               core.ID
	ExpectedVersion  int
	Title            *string
	Text             *string
	UploadIDs        []core.ID
	ClientMutationID *string
}

// RejectQuestionInput rejects a question.
type RejectQuestionInput struct {
	ID               core.ID
	ExpectedVersion  int
	Reasons          string
	ClientMutationID *string
}

// ScheduleQuestionInput says where and by when a question is considered; what is not set stays.
type ScheduleQuestionInput struct {
	ID               core.ID
	ExpectedVersion  int
	MeetingID        graphql.Omittable[*core.ID]
	AgendaItemID     graphql.Omittable[*core.ID]
	DueOn            graphql.Omittable[*core.Date]
	ClientMutationID *string
}

// ConsiderQuestionInput notes that a question was considered.
type ConsiderQuestionInput struct {
	ID               core.ID
	ExpectedVersion  int
	ConsideredOn     core.Date
	ClientMutationID *string
}

// DecideQuestionInput notes what was decided on a question.
type DecideQuestionInput struct {
	ID               core.ID
	ExpectedVersion  int
	Decision         string
	DecidedOn        core.Date
	ClientMutationID *string
}

// facts are what the audit keeps of a question: who put it by key, and no words of theirs.
func (q *ConsultationQuestion) facts() any {
	return map[string]any{
		"council": q.CouncilID, "putBy": q.PutBy, "person": q.PersonID, "organisation": q.OrganisationID, "case": q.CaseID, "meeting": q.MeetingID,
		"agendaItem": q.AgendaItemID, "state": q.State, "submittedOn": q.SubmittedOn, "submissions": q.Submissions, "completeBy": q.CompleteBy,
		"acceptedOn": q.AcceptedOn, "dueOn": q.DueOn, "consideredOn": q.ConsideredOn, "decidedOn": q.DecidedOn,
	}
}

// change is what happened to a question; before is nil for a new one.
func (q *ConsultationQuestion) change(kind core.ChangeKind, before any, notice *core.Notice) core.Change {
	touched := ofCouncil(q.CouncilID)
	if q.CaseID != nil {
		touched = append(touched, core.ID{Type: "Case", Key: *q.CaseID})
	}
	if q.MeetingID != nil {
		touched = append(touched, core.ID{Type: "Meeting", Key: *q.MeetingID})
	}
	return core.Change{Kind: kind, Type: "ConsultationQuestion", ID: q.ID, Before: before, After: q.facts(), Touched: touched, Notice: notice}
}

// tell are the persons whom a question concerns.
func (q *ConsultationQuestion) tell() []uuid.UUID {
	if q.PersonID == nil {
		return nil
	}
	return []uuid.UUID{*q.PersonID}
}

// must refuses a question that has come less far than wanted, or farther.
func (q *ConsultationQuestion) must(text core.Text, states ...QuestionState) error {
	if slices.Contains(states, q.State) {
		return nil
	}
	return core.Conflict(text, "input", "id")
}

// validate holds the question's own rules.
func (q *ConsultationQuestion) validate(p *core.Problems) {
	words(p, &q.Title, mostTitle, "title")
	short(p, &q.Text, mostText, "text")
	p.Check(q.PutBy == PutByOrganisation || q.PersonID != nil, core.T("Say who puts it: personId.", "Укажите, кто вносит вопрос: personId."), "input", "personId")
	organisation := q.PutBy == PutByOrganisation || q.PutBy == PutByOfficial
	p.Check(!organisation || q.OrganisationID != nil, core.T("Name the organisation.", "Укажите организацию."), "input", "organisationId")
	p.Check(organisation || q.OrganisationID == nil, core.T("In this role nobody speaks for an organisation: leave it out, or choose ORGANISATION.",
		"В этом качестве не выступают от организации: не указывайте её или выберите ORGANISATION."), "input", "organisationId")
}
