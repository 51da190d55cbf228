package councilwork

import "github.com/veche-city/veche/core"

// AskExpertiseInput asks a body for a public expertise.
type AskExpertiseInput struct {
	CouncilID        core.ID
	Kind             ExpertiseKind
	Title            string
	Text             string
	OrganisationID   core.ID
	AskedByID        *core.ID
	DueOn            core.Date
	UploadIDs        []core.ID
	ClientMutationID *string
}

// AcceptExpertiseInput takes an expertise on.
type AcceptExpertiseInput struct {
	ID               core.ID
	ExpectedVersion  int
	DueOn            *core.Date
	ClientMutationID *string
}

// DeclineExpertiseInput declines an expertise.
type DeclineExpertiseInput struct {
	ID               core.ID
	ExpectedVersion  int
	Reasons          string
	ClientMutationID *string
}

// AddExpertInput names an expert.
type AddExpertInput struct {
	ExpertiseID      core.ID
	PersonID         core.ID
	Qualification    *string
	ClientMutationID *string
}

// DeclareConflictInput says whether an expert has a conflict of interest.
type DeclareConflictInput struct {
	ID               core.ID
	ExpectedVersion  int
	Conflict         ConflictOfInterest
	ClientMutationID *string
}

// StartExpertiseInput begins the work.
type StartExpertiseInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// DraftConclusionInput writes the conclusion.
type DraftConclusionInput struct {
	ExpertiseID      core.ID
	ExpectedVersion  *int
	Finding          ExpertiseFinding
	Text             string
	Risks            string
	Proposals        []string
	ClientMutationID *string
}

// SignConclusionInput signs the conclusion as it stands.
type SignConclusionInput struct {
	ID                core.ID
	ExpectedVersion   int
	ConclusionVersion int
	Opinion           *string
	ClientMutationID  *string
}

// ConcludeExpertiseInput publishes the conclusion.
type ConcludeExpertiseInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// OpenProposalCaseInput follows a proposal as a case.
type OpenProposalCaseInput struct {
	ID               core.ID
	ExpectedVersion  int
	DueOn            *core.Date
	ClientMutationID *string
}

// ReplyToExpertiseInput replies to a conclusion and to each of its proposals.
type ReplyToExpertiseInput struct {
	ID               core.ID
	ExpectedVersion  int
	Reply            string
	Proposals        []ProposalAnswerInput
	SignedByID       *core.ID
	ClientMutationID *string
}

// ProposalAnswerInput answers one proposal.
type ProposalAnswerInput struct {
	ProposalID core.ID
	Outcome    RecommendationOutcome
	Reasons    *string
}
