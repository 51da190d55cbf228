package motions

import "github.com/veche-city/veche/core/ballot"

// found is what is known at the close of a vote, before it is decided.
type found struct {
	eligible, present, filled, seats int
	quorum, quorumNeeded             int
	tally                            ballot.Tally
}

// base is of how many people the majority is taken.
func (f found) base(of MajorityBase) int {
	switch of {
	case OfVoted:
		return f.tally.Cast()
	case OfFilled:
		return f.filled
	case OfAll:
		return f.seats
	}
	return f.eligible
}

// decide works out the outcome: without the quorum nothing is decided, and with it as many must be for
// as the majority needs.
func (f found) decide(majority Threshold) (needed int, outcome VoteOutcome) {
	needed = majority.Needed(f.base(majority.Of))
	switch {
	case f.quorum < f.quorumNeeded:
		return needed, NoQuorum
	case f.tally.For >= needed:
		return needed, Carried
	}
	return needed, NotCarried
}

// freeze writes what was found, and what came of it, into the vote.
func (v *Vote) freeze(f found, byHands bool) VoteOutcome {
	needed, outcome := f.decide(v.majority())
	v.State, v.Outcome, v.ByHands = VoteClosed, &outcome, &byHands
	v.Eligible, v.Present, v.Filled, v.Seats = &f.eligible, &f.present, &f.filled, &f.seats
	v.QuorumAtClose, v.QuorumNeeded, v.Needed = &f.quorum, f.quorumNeeded, &needed
	v.For, v.Against, v.Abstained = &f.tally.For, &f.tally.Against, &f.tally.Abstained
	return outcome
}

func (v *Vote) majority() Threshold {
	return Threshold{Share: ballot.Share{Numerator: v.MajorityNumerator, Denominator: v.MajorityDenominator, Strict: v.MajorityStrict}, Of: v.MajorityOf}
}

// resultColumns are what a close writes.
var resultColumns = []string{"state", "closed_at", "outcome", "by_hands", "eligible", "present", "filled", "seats", "quorum_at_close", "quorum_needed",
	"needed", "votes_for", "votes_against", "votes_abstained"}
