package hearings

import "github.com/veche-city/veche/core"

// HearingProposalInput is a proposal or remark.
type HearingProposalInput struct {
	Clause *string
	Text   string
}

// HearingResidenceInput is where an author lives: one of the three.
type HearingResidenceInput struct {
	AddressID  *core.ID
	DistrictID *core.ID
	Elsewhere  bool
}

// SubmitHearingStatementInput hands in a statement of the caller's.
type SubmitHearingStatementInput struct {
	HearingID        core.ID
	OrganisationID   *core.ID
	Residence        HearingResidenceInput
	Proposals        []HearingProposalInput
	ShowName         bool
	ClientMutationID *string
}

// RecordHearingStatementInput writes down somebody else's.
type RecordHearingStatementInput struct {
	HearingID        core.ID
	Channel          HearingChannel
	ReceivedOn       core.Date
	AuthorID         *core.ID
	OrganisationID   *core.ID
	Residence        HearingResidenceInput
	Proposals        []HearingProposalInput
	ShowName         bool
	ClientMutationID *string
}

// CheckHearingStandingInput notes whether an author lives where they said.
type CheckHearingStandingInput struct {
	ID               core.ID
	ExpectedVersion  int
	Check            HearingStandingCheck
	ClientMutationID *string
}

// HearingTextInput is the text of a proposal that the public reads; nil: as it was handed in.
type HearingTextInput struct {
	ProposalID core.ID
	Text       *string
}

// PublishHearingStatementInput makes a statement public.
type PublishHearingStatementInput struct {
	ID               core.ID
	ExpectedVersion  int
	Texts            []HearingTextInput
	ClientMutationID *string
}

// AnswerHearingProposalsInput answers proposals.
type AnswerHearingProposalsInput struct {
	ProposalIDs      []core.ID
	Outcome          HearingOutcome
	Reasons          string
	ClientMutationID *string
}
