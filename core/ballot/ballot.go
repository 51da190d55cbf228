// Package ballot is the arithmetic of voting and the box of a secret vote. It knows no table and
// no body: modules keep what it makes, and ask it to count.
//
// A Share is a majority or a quorum as a charter says it, and is worked out in whole numbers.
//
// A box is a pair of keys for one secret vote. Ballots are sealed for its public half, which may lie
// beside them; they are read with its private half, which is shown once to whoever opened the box,
// in pieces for several tellers if so wanted, and is kept nowhere. Without enough pieces nobody reads
// a ballot, this house included: a lost key means that the vote is held again.
//
// Sealing is HPKE (RFC 9180) over X25519 together with ML-KEM-768, so that ballots copied out of a
// backup today are of no use to tomorrow's computers; it is randomised, and all ballots are of one
// length, so that equal choices cannot be told from different ones. The pieces are Shamir's.
package ballot

import "fmt"

// Choice is what a ballot says.
type Choice string

const (
	For       Choice = "FOR"
	Against   Choice = "AGAINST"
	Abstained Choice = "ABSTAINED"
)

// Tally is how many said what.
type Tally struct{ For, Against, Abstained int }

// Cast is how many ballots were counted.
func (t Tally) Cast() int { return t.For + t.Against + t.Abstained }

// Add counts one ballot; false when the choice is none of the three.
func (t *Tally) Add(c Choice) bool {
	switch c {
	case For:
		t.For++
	case Against:
		t.Against++
	case Abstained:
		t.Abstained++
	default:
		return false
	}
	return true
}

// Share is a part of a number of people: two thirds, more than a half.
type Share struct {
	Numerator, Denominator int
	// Strict asks for more than the share; otherwise the share itself is enough.
	Strict bool
}

// MoreThanHalf is the simple majority.
var MoreThanHalf = Share{Numerator: 1, Denominator: 2, Strict: true}

// Needed is the least number of people that is the share of the base. It is more than the base where
// the share cannot be had (more than the whole), and never below one: nothing is carried by nobody.
func (s Share) Needed(base int) int {
	if err := s.Validate(); err != nil || base < 0 {
		panic(fmt.Sprintf("ballot: %+v of %d", s, base))
	}
	parts := base * s.Numerator
	needed := parts / s.Denominator
	if s.Strict || parts%s.Denominator != 0 {
		needed++
	}
	return max(needed, 1)
}

// Validate says whether it is a share: from 0 to 1, in small whole numbers.
func (s Share) Validate() error {
	const most = 1000
	if s.Denominator < 1 || s.Denominator > most || s.Numerator < 0 || s.Numerator > s.Denominator {
		return fmt.Errorf("ballot: %d/%d is no share: from 0 to 1, with a denominator of 1 to %d", s.Numerator, s.Denominator, most)
	}
	return nil
}
