package motions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
)

// MajorityBase is of whom a share is taken.
type MajorityBase string

const (
	// OfPresent are those who take part: present at the close, represented by a proxy whose giver is
	// away, or gone after having cast.
	OfPresent MajorityBase = "PRESENT"
	OfVoted   MajorityBase = "VOTED"  // those who cast a ballot, abstentions with them
	OfFilled  MajorityBase = "FILLED" // the members on the day
	OfAll     MajorityBase = "ALL"    // all seats, filled or not
)

// Threshold is a share of a number of people: two thirds of all seats.
type Threshold struct {
	ballot.Share
	Of MajorityBase
}

// VoteManner is how a vote is taken.
type VoteManner string

const (
	Open   VoteManner = "OPEN"
	Named  VoteManner = "NAMED"
	Secret VoteManner = "SECRET"
)

// Rules are what a body's charter says of votes.
type Rules struct {
	// Majorities are what carries a question, by its kind; "" is the ordinary question, and what stands
	// for kinds that are not in here is refused. Without an entry for "": more than half of those present.
	Majorities map[string]Threshold
	// Amendments is the kind of question that amendments are, whatever their motion's.
	Amendments string
	// Manners are the ways of voting that the charter allows; none named: all.
	Manners []VoteManner
	// Quorum, of filled or of all seats, is what votes need where it is another than the meeting's own;
	// nil: the meeting's.
	Quorum *Threshold
	// ProxiesPerHolder is how many proxies a member may hold in one meeting; 0: the body knows none.
	ProxiesPerHolder int
	// ProxyCountsForQuorum counts a member away, but represented by one who is present, as present for
	// the quorum.
	ProxyCountsForQuorum bool
}

// RulesOf answers a body's rules on a day.
type RulesOf func(ctx context.Context, db bun.IDB, body uuid.UUID, on core.Date) (Rules, error)

// RegisterRules says how bodies of a type (Council, Assembly) vote. A type without rules decides by
// more than half of those present, in any manner, without proxies. It is called while modules are made.
func (m *Module) RegisterRules(typ string, rules RulesOf) {
	m.Service.rules[strings.ToLower(typ[:1])+typ[1:]] = rules
}

// simple is what carries where no charter says otherwise.
var simple = Threshold{Share: ballot.MoreThanHalf, Of: OfPresent}

// majority is what carries a question of that kind; false where the charter knows no such kind.
func (r *Rules) majority(question string) (Threshold, bool) {
	t, ok := r.Majorities[question]
	if !ok && question == "" {
		return simple, true
	}
	return t, ok
}

// allows says whether the charter knows the manner.
func (r *Rules) allows(m VoteManner) bool {
	return len(r.Manners) == 0 || slices.Contains(r.Manners, m)
}

// validate finds rules that cannot be applied: a defect of the module that registered them.
func (r *Rules) validate() error {
	for question, t := range r.Majorities {
		if err := t.validate(OfPresent, OfVoted, OfFilled, OfAll); err != nil {
			return fmt.Errorf("motions: majority of %q: %w", question, err)
		}
	}
	if _, ok := r.majority(r.Amendments); !ok {
		return fmt.Errorf("motions: no majority for amendments, %q", r.Amendments)
	}
	if r.Quorum != nil {
		if err := r.Quorum.validate(OfFilled, OfAll); err != nil {
			return fmt.Errorf("motions: quorum: %w", err)
		}
	}
	return nil
}

func (t Threshold) validate(of ...MajorityBase) error {
	if !slices.Contains(of, t.Of) {
		return fmt.Errorf("of %q", t.Of)
	}
	return t.Validate()
}

// questions are the kinds of question that the charter names, for people.
func (r *Rules) questions() string {
	kinds := slices.Sorted(maps.Keys(r.Majorities))
	return strings.Join(slices.DeleteFunc(kinds, func(k string) bool { return k == "" }), ", ")
}
