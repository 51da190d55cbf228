package motions

import (
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// TableMotionInput puts a motion to an item.
type TableMotionInput struct {
	ItemID           core.ID
	MoverID          *core.ID
	Text             string
	Question         string
	ClientMutationID *string
}

// UpdateMotionInput changes a motion that is not opened yet; what is not set stays.
type UpdateMotionInput struct {
	ID               core.ID
	ExpectedVersion  int
	Text             graphql.Omittable[*string]
	Question         graphql.Omittable[*string]
	ClientMutationID *string
}

// OpenMotionInput opens a motion for amendments.
type OpenMotionInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// WithdrawMotionInput takes a motion back.
type WithdrawMotionInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// ProposeAmendmentInput moves a change of a motion.
type ProposeAmendmentInput struct {
	MotionID         core.ID
	MoverID          *core.ID
	Text             string
	ClientMutationID *string
}

// WithdrawAmendmentInput takes an amendment back.
type WithdrawAmendmentInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// GiveProxyInput lets one member vote for another.
type GiveProxyInput struct {
	MeetingID        core.ID
	GiverID          *core.ID
	HolderID         core.ID
	Document         string
	ClientMutationID *string
}

// RevokeProxyInput takes a proxy back.
type RevokeProxyInput struct {
	ID               core.ID
	ClientMutationID *string
}

// OpenVoteInput puts a motion or an amendment to the vote.
type OpenVoteInput struct {
	SubjectID        core.ID
	Manner           VoteManner
	Tellers          int
	TellersNeeded    int
	ClientMutationID *string
}

// CastBallotInput casts a ballot. It is never handed to the writer: it holds the choice.
type CastBallotInput struct {
	VoteID           core.ID
	Choice           BallotChoice
	ForID            *core.ID
	ClientMutationID *string
}

// CloseVoteInput counts the ballots. It is never handed to the writer: it holds the tellers' keys.
type CloseVoteInput struct {
	VoteID           core.ID
	TellerKeys       []string
	ClientMutationID *string
}

// CountVoteInput closes a vote by a show of hands.
type CountVoteInput struct {
	VoteID           core.ID
	For              int
	Against          int
	Abstained        int
	ClientMutationID *string
}

// AnnulVoteInput breaks a vote off.
type AnnulVoteInput struct {
	VoteID           core.ID
	Reason           string
	ClientMutationID *string
}

// CreateResolutionInput writes down what a motion resolves.
type CreateResolutionInput struct {
	MotionID         core.ID
	Title            string
	Text             string
	SignerID         core.ID
	SignerPost       string
	SignedOn         core.Date
	Changes          []ResolutionChangeInput
	ClientMutationID *string
}

// ResolutionChangeInput names an earlier resolution that is changed.
type ResolutionChangeInput struct {
	ResolutionID core.ID
	Effect       ResolutionEffect
}

// UpdateResolutionInput changes a resolution before it is published; what is not set stays.
type UpdateResolutionInput struct {
	ID               core.ID
	ExpectedVersion  int
	Title            graphql.Omittable[*string]
	Text             graphql.Omittable[*string]
	SignerID         graphql.Omittable[*core.ID]
	SignerPost       graphql.Omittable[*string]
	SignedOn         graphql.Omittable[*core.Date]
	Changes          graphql.Omittable[[]ResolutionChangeInput]
	ClientMutationID *string
}

// PublishResolutionInput publishes a resolution.
type PublishResolutionInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

const (
	longestText       = 20_000
	longestResolution = 100_000
	longestTitle      = 500
	longestPost       = 300
	longestReason     = 1000
	longestDocument   = 500
)

// words trims the text and notes a problem where nothing, or too much, is left of it.
func words(p *core.Problems, text *string, most int, field string) {
	*text = strings.TrimSpace(*text)
	p.Words(*text, most, "input", field)
}

// given is a text field of an update; null empties it, which words then refuses.
func given(field graphql.Omittable[*string], into *string) {
	if v, ok := field.ValueOK(); ok {
		*into = ""
		if v != nil {
			*into = *v
		}
	}
}
