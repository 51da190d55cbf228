package cases

import "github.com/veche-city/veche/core"

// OpenCaseInput hands a case in, or writes it down for somebody else.
type OpenCaseInput struct {
	KindID              *core.ID
	Title               string
	Text                string
	DistrictID          *core.ID
	Channel             *CaseChannel
	Origin              *CaseOrigin
	SourceID            *core.ID
	ApplicantID         *core.ID
	ConsentID           *core.ID
	ReceivedOn          *core.Date
	RegisteredOn        *core.Date
	DueOn               *core.Date
	OwnerOrganisationID *core.ID
	OwnerPersonID       *core.ID
	ParentID            *core.ID
	UploadIDs           []core.ID
	ClientMutationID    *string
}

// byStaff says whether the input holds what staff alone may say.
func (in *OpenCaseInput) byStaff() bool {
	return in.Channel != nil && *in.Channel != ChannelOnline || in.Origin != nil && *in.Origin != OriginOnline || in.SourceID != nil || in.ApplicantID != nil ||
		in.ConsentID != nil || in.ReceivedOn != nil || in.RegisteredOn != nil || in.DueOn != nil || in.OwnerOrganisationID != nil || in.OwnerPersonID != nil || in.ParentID != nil
}

// RegisterCaseInput registers a case that was handed in.
type RegisterCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	KindID           *core.ID
	ClientMutationID *string
}

// AssignCaseInput gives a case to its owner.
type AssignCaseInput struct {
	ID                  core.ID
	ExpectedVersion     *int
	OwnerOrganisationID *core.ID
	OwnerPersonID       *core.ID
	ClientMutationID    *string
}

// HandOverCaseInput gives a case to another owner.
type HandOverCaseInput struct {
	ID                  core.ID
	ExpectedVersion     *int
	OwnerOrganisationID *core.ID
	OwnerPersonID       *core.ID
	Reason              string
	ClientMutationID    *string
}

// ForwardCaseInput sends a case to another body.
type ForwardCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	OrganisationID   core.ID
	Outside          bool
	Reason           string
	ReplyDays        *int
	ClientMutationID *string
}

// EndForwardingInput says what came of a forwarding.
type EndForwardingInput struct {
	ID               core.ID
	Outcome          CaseForwardOutcome
	Reply            *string
	ClientMutationID *string
}

// AddCaseStepInput notes a step of the work.
type AddCaseStepInput struct {
	CaseID           core.ID
	Text             string
	StateID          *core.ID
	ClientMutationID *string
}

// AddCaseNoteInput writes an internal note.
type AddCaseNoteInput struct {
	CaseID           core.ID
	Text             string
	ClientMutationID *string
}

// AddCaseSignatoryInput puts a person behind a case.
type AddCaseSignatoryInput struct {
	CaseID           core.ID
	PersonID         *core.ID
	ClientMutationID *string
}

// WithdrawCaseSignatoryInput takes a signature back.
type WithdrawCaseSignatoryInput struct {
	ID               core.ID
	ClientMutationID *string
}

// ExtendCaseInput gives the answer more days.
type ExtendCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	Days             int
	Reason           string
	ClientMutationID *string
}

// PauseCaseInput stops the clock while the applicant is waited for.
type PauseCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	Reason           string
	ClientMutationID *string
}

// ResumeCaseInput lets the clock run on.
type ResumeCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	ClientMutationID *string
}

// AnswerCaseInput answers the applicant.
type AnswerCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	Text             string
	SignedByID       *core.ID
	ClientMutationID *string
}

// RefuseCaseInput says why a case is not considered.
type RefuseCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	Ground           CaseRefusal
	Text             string
	ClientMutationID *string
}

// ConfirmAnswerInput is the applicant's word that the answer will do.
type ConfirmAnswerInput struct {
	ID               *core.ID
	Number           *string
	Code             *string
	ClientMutationID *string
}

// ObjectToAnswerInput is the applicant's word that it will not.
type ObjectToAnswerInput struct {
	ID               *core.ID
	Number           *string
	Code             *string
	Text             string
	ClientMutationID *string
}

// CloseCaseInput ends the work on a case.
type CloseCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	Text             *string
	ClientMutationID *string
}

// ReopenCaseInput begins the work anew.
type ReopenCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	Reason           string
	ClientMutationID *string
}

// PublishCaseInput shows a case to everybody, in words without personal data.
type PublishCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	Title            string
	Text             string
	Answer           *string
	ClientMutationID *string
}

// UnpublishCaseInput takes a publication back.
type UnpublishCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	ClientMutationID *string
}

// ClaimCaseInput links a paper case to the caller's account.
type ClaimCaseInput struct {
	Number           string
	Code             string
	ClientMutationID *string
}

// LinkCaseInput puts a case below another, or takes it from there.
type LinkCaseInput struct {
	ID               core.ID
	ExpectedVersion  *int
	ParentID         *core.ID
	ClientMutationID *string
}
