package motions

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

// Vote is a body's vote on a motion or an amendment.
type Vote struct {
	bun.BaseModel `bun:"table:votes,alias:vote"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID                  uuid.UUID         `bun:"id,pk,type:uuid"`
	MeetingID           uuid.UUID         `bun:"meeting_id,type:uuid"`
	Meeting             *meetings.Meeting `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	MotionID            uuid.UUID         `bun:"motion_id,type:uuid"`
	Motion              *Motion           `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:motion_id=id"`
	AmendmentID         *uuid.UUID        `bun:"amendment_id,type:uuid"`
	Amendment           *Amendment        `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:amendment_id=id"`
	Manner              VoteManner        `bun:"manner"`
	State               VoteState         `bun:"state"`
	MajorityNumerator   int               `bun:"majority_numerator"`
	MajorityDenominator int               `bun:"majority_denominator"`
	MajorityStrict      bool              `bun:"majority_strict"`
	MajorityOf          MajorityBase      `bun:"majority_of"`
	OpenedAt            time.Time         `bun:"opened_at"`
	ClosedAt            *time.Time        `bun:"closed_at"`
	AnnulmentReason     *string           `bun:"annulment_reason"`
	Box                 []byte            `bun:"box"`
	TellersNeeded       *int              `bun:"tellers_needed"`
	QuorumAtOpening     int               `bun:"quorum_at_opening"`
	QuorumNeeded        int               `bun:"quorum_needed"`
	Outcome             *VoteOutcome      `bun:"outcome"`
	Eligible            *int              `bun:"eligible"`
	Present             *int              `bun:"present"`
	Filled              *int              `bun:"filled"`
	Seats               *int              `bun:"seats"`
	QuorumAtClose       *int              `bun:"quorum_at_close"`
	For                 *int              `bun:"votes_for"`
	Against             *int              `bun:"votes_against"`
	Abstained           *int              `bun:"votes_abstained"`
	Needed              *int              `bun:"needed"`
	ByHands             *bool             `bun:"by_hands"`
	Version             int               `bun:"version"`
}

// VoteState is whether ballots are cast.
type VoteState string

const (
	VoteOpen     VoteState = "OPEN"
	VoteClosed   VoteState = "CLOSED"
	VoteAnnulled VoteState = "ANNULLED"
)

// VoteOutcome is how a vote ended.
type VoteOutcome string

const (
	Carried    VoteOutcome = "CARRIED"
	NotCarried VoteOutcome = "NOT_CARRIED"
	NoQuorum   VoteOutcome = "NO_QUORUM"
)

// Ballot is that a member voted, and in votes that are not secret how.
type Ballot struct {
	bun.BaseModel `bun:"table:ballots,alias:ballot"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID        uuid.UUID         `bun:"id,pk,type:uuid"`
	MeetingID uuid.UUID         `bun:"meeting_id,type:uuid"`
	Meeting   *meetings.Meeting `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	VoteID    uuid.UUID         `bun:"vote_id,type:uuid"`
	Vote      *Vote             `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:vote_id=id"`
	Manner    VoteManner        `bun:"manner"`
	VoterID   uuid.UUID         `bun:"voter_id,type:uuid"`
	Voter     *people.Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:voter_id=id"`
	CastByID  *uuid.UUID        `bun:"cast_by_id,type:uuid"`
	CastBy    *people.Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:cast_by_id=id"`
	CastAt    time.Time         `bun:"cast_at"`
	Choice    *BallotChoice     `bun:"choice" class:"ballot"`
}

// BallotChoice is what a ballot says: one of core/ballot's choices.
type BallotChoice string

// sealedBallot is a ballot of an open secret vote. The graph does not know it.
type sealedBallot struct {
	bun.BaseModel `bun:"table:sealed_ballots,alias:sealed_ballot"`
	postgres.Owned

	BallotID uuid.UUID `bun:"ballot_id,pk,type:uuid"`
	VoteID   uuid.UUID `bun:"vote_id,type:uuid"`
	Content  []byte    `bun:"content"`
}

// Proxy is that one member votes for another in a meeting.
type Proxy struct {
	bun.BaseModel `bun:"table:proxies,alias:proxy"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID        uuid.UUID         `bun:"id,pk,type:uuid"`
	MeetingID uuid.UUID         `bun:"meeting_id,type:uuid"`
	Meeting   *meetings.Meeting `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	GiverID   uuid.UUID         `bun:"giver_id,type:uuid"`
	Giver     *people.Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:giver_id=id"`
	HolderID  uuid.UUID         `bun:"holder_id,type:uuid"`
	Holder    *people.Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:holder_id=id"`
	Document  *string           `bun:"document"`
	GivenAt   time.Time         `bun:"given_at"`
	RevokedAt *time.Time        `bun:"revoked_at"`
}

// VoteChange is something that happened to a vote.
type VoteChange struct {
	EventID core.ID
	Kind    core.ChangeKind
	At      time.Time
	Vote    read.Ref[Vote]
}

// OpenedVotePayload answers the opening of a vote.
type OpenedVotePayload struct {
	core.Payload
	TellerKeys []string
}

// Majority is what a vote needs, as the graph shows it.
type Majority struct {
	Numerator, Denominator int
	MoreThan               bool
	Of                     MajorityBase
}

// VoteResult is how a vote ended, as the graph shows it.
type VoteResult struct {
	Outcome                                      VoteOutcome
	Eligible, Present, Filled, Seats             int
	QuorumNeeded, QuorumAtOpening, QuorumAtClose int
	For, Against, Abstained, NotVoted, Needed    int
	ByHands                                      bool
}
