package assemblies

import (
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/motions"
)

// CreateAssemblyInput founds an assembly.
type CreateAssemblyInput struct {
	// ExternalKey is the assembly's name in the system that it came from; importers set it, and the
	// graph does not show it.
	ExternalKey      *string
	Kind             AssemblyKind
	Name             string
	Purpose          string
	FoundingAct      string
	FoundedOn        core.Date
	ActiveFrom       *core.Date
	ClientMutationID *string
}

// UpdateAssemblyInput changes what is not dated; what is not set stays.
type UpdateAssemblyInput struct {
	ID               core.ID
	ExpectedVersion  int
	Name             graphql.Omittable[*string]
	Purpose          graphql.Omittable[*string]
	FoundingAct      graphql.Omittable[*string]
	ActiveFrom       graphql.Omittable[*core.Date]
	ClientMutationID *string
}

// DissolveAssemblyInput ends an assembly.
type DissolveAssemblyInput struct {
	ID               core.ID
	ExpectedVersion  int
	DissolvedOn      core.Date
	Reason           string
	ClientMutationID *string
}

// AdoptCharterInput is a charter, or its next version.
type AdoptCharterInput struct {
	AssemblyID         core.ID
	Act                string
	StartsOn           core.Date
	TermMonths         *int
	QuorumOf           SeatBase
	QuorumNumerator    int
	QuorumDenominator  int
	QuorumStrict       bool
	SubstitutesAllowed bool
	ProxiesHeld        int
	ProxiesInQuorum    bool
	Manners            []motions.VoteManner
	AmendmentsAs       string
	NoticeDays         int
	Rules              []CharterRuleInput
	Majorities         []CharterMajorityInput
	ClientMutationID   *string
}

// CharterRuleInput is one rule of composition.
type CharterRuleInput struct {
	Key            string
	Name           string
	Kind           SeatRuleKind
	Seats          *int
	CouncilKind    *councils.CouncilKind
	CouncilID      *core.ID
	OrganisationID *core.ID
}

// CharterMajorityInput is the majority for one kind of question.
type CharterMajorityInput struct {
	Question    string
	Name        string
	Kind        MajorityKind
	Of          motions.MajorityBase
	Numerator   *int
	Denominator *int
}

// NameDelegateInput names a member of a body for a seat.
type NameDelegateInput struct {
	RuleID           core.ID
	CouncilID        core.ID
	PersonID         core.ID
	Number           *int
	StartsOn         core.Date
	EndsOn           *core.Date
	Minutes          string
	MeetingID        *core.ID
	ClientMutationID *string
}

// NameSubstituteInput names a member of a body to stand in.
type NameSubstituteInput NameDelegateInput

// RecallDelegateInput ends a delegate's or substitute's time.
type RecallDelegateInput struct {
	ID               core.ID
	ExpectedVersion  int
	EndsOn           core.Date
	Reason           RecallReason
	Minutes          string
	ClientMutationID *string
}

// CallSubstituteInput lets a substitute sit for a delegate.
type CallSubstituteInput struct {
	DelegateID       core.ID
	SubstituteID     core.ID
	StartsOn         core.Date
	EndsOn           *core.Date
	ClientMutationID *string
}

// EndSubstituteCallInput ends a call.
type EndSubstituteCallInput struct {
	ID               core.ID
	ExpectedVersion  int
	EndsOn           core.Date
	ClientMutationID *string
}

// SuspendDelegateInput keeps a delegate from sitting.
type SuspendDelegateInput struct {
	DelegateID       core.ID
	StartsOn         core.Date
	EndsOn           *core.Date
	Minutes          string
	ClientMutationID *string
}

// EndSuspensionInput ends a suspension.
type EndSuspensionInput EndSubstituteCallInput

// NominateInput proposes somebody.
type NominateInput struct {
	RuleID           core.ID
	PersonID         core.ID
	OrganisationID   *core.ID
	CouncilID        *core.ID
	Minutes          string
	NominatedOn      core.Date
	ClientMutationID *string
}

// AcceptNominationInput seats who was proposed.
type AcceptNominationInput struct {
	ID               core.ID
	ExpectedVersion  int
	StartsOn         core.Date
	EndsOn           *core.Date
	Number           *int
	Reason           *string
	ClientMutationID *string
}

// RejectNominationInput turns a proposal down.
type RejectNominationInput struct {
	ID               core.ID
	ExpectedVersion  int
	Reason           string
	ClientMutationID *string
}

// WithdrawNominationInput takes a proposal back.
type WithdrawNominationInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// words checks a text that must say something, and trims it.
func words(p *core.Problems, text string, most int, path ...string) string {
	text = strings.TrimSpace(text)
	p.Words(text, most, path...)
	return text
}

// minutes checks what is cited of a body's minutes.
func minutes(p *core.Problems, text string) string {
	return words(p, text, 500, "input", "minutes")
}

// between checks a number.
func between(p *core.Problems, n, least, most int, path ...string) {
	p.Check(n >= least && n <= most, core.Textf("From %d to %d.", "От %d до %d.", least, most), path...)
}

var isKey = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// key checks a short name by which charters go on.
func key(p *core.Problems, text string, path ...string) {
	p.Check(isKey.MatchString(text), core.T("Latin letters, digits and hyphens, at most 40, a letter first.",
		"Латинские буквы, цифры и дефисы, не более 40, первая — буква."), path...)
}

// inOrder checks that a time does not end before it begins.
func inOrder(p *core.Problems, from core.Date, to *core.Date) {
	p.Check(to == nil || !to.Before(from), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
}
