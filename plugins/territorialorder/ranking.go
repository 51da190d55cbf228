package main

import (
	"math/big"
	"slices"
	"time"

	"github.com/google/uuid"
)

// The chambers whose votes are weighed against each other.
const (
	residents      = "RESIDENTS"
	council        = "COUNCIL"
	administration = "ADMINISTRATION"
)

// entrant is a project in a round.
type entrant struct {
	Project uuid.UUID `sql:"id"`
	Cost    int64     `sql:"cost_rubles"`
	At      time.Time `sql:"proposed_at"`
}

// ballot is a vote: projects in order, best first.
type ballot struct {
	ID      uuid.UUID
	Voter   uuid.UUID `sql:"person_id"`
	Chamber string
	Choices []uuid.UUID
}

// placed is what a project came to.
type placed struct {
	Project uuid.UUID `json:"project"`
	Place   int       `json:"place"`
	Score   int64     `json:"score"` // millionths
}

// tally is what a project has gathered.
type tally struct {
	entrant
	points map[string]int64 // by chamber
	firsts int              // of residents
	score  *big.Rat
}

// rank counts a round (Borda): with n projects a ballot gives its first n points, its second n-1, and
// those that it does not name none. A chamber's points are taken as a share of the most that its voters
// could give, and the shares weighed, over the chambers that have voted. Equal projects stand by
// residents' first choices, then the cheaper, the older, the lower key. The outcome depends on nothing
// else: not on the order of ballots or projects. Of two ballots of one voter the first cast counts.
func rank(entrants []entrant, ballots []ballot, weights map[string]int64) []placed {
	all := make(map[uuid.UUID]*tally, len(entrants))
	for _, e := range entrants {
		all[e.Project] = &tally{entrant: e, points: map[string]int64{}, score: new(big.Rat)}
	}
	voters := count(all, ballots)
	order := make([]*tally, 0, len(all))
	for _, t := range all {
		t.score = weigh(t.points, voters, weights, int64(len(all)))
		order = append(order, t)
	}
	slices.SortFunc(order, compare)
	out := make([]placed, len(order))
	for i, t := range order {
		millionths := new(big.Int).Mul(t.score.Num(), big.NewInt(1_000_000))
		out[i] = placed{t.Project, i + 1, millionths.Quo(millionths, t.score.Denom()).Int64()}
	}
	return out
}

// count adds the ballots up, and says how many voted in each chamber.
func count(all map[uuid.UUID]*tally, ballots []ballot) map[string]int64 {
	ballots = slices.Clone(ballots)
	slices.SortFunc(ballots, func(a, b ballot) int { return slices.Compare(a.ID[:], b.ID[:]) })
	voters, seen := map[string]int64{}, map[uuid.UUID]bool{}
	for _, b := range ballots {
		if seen[b.Voter] {
			continue
		}
		seen[b.Voter] = true
		voters[b.Chamber]++
		points, first := int64(len(all)), true
		named := map[uuid.UUID]bool{}
		for _, project := range b.Choices {
			t := all[project]
			if t == nil || named[project] { // withdrawn meanwhile: those after it move up
				continue
			}
			named[project] = true
			t.points[b.Chamber] += points
			if first && b.Chamber == residents {
				t.firsts++
			}
			points, first = points-1, false
		}
	}
	return voters
}

func weigh(points, voters, weights map[string]int64, projects int64) *big.Rat {
	sum, total := new(big.Rat), int64(0)
	for _, chamber := range []string{residents, council, administration} {
		if voters[chamber] == 0 {
			continue
		}
		total += weights[chamber]
		share := big.NewRat(points[chamber]*weights[chamber], voters[chamber]*projects)
		sum.Add(sum, share)
	}
	if total == 0 {
		return new(big.Rat)
	}
	return sum.Quo(sum, new(big.Rat).SetInt64(total))
}

// compare puts the better first.
func compare(a, b *tally) int {
	switch {
	case a.score.Cmp(b.score) != 0:
		return b.score.Cmp(a.score)
	case a.firsts != b.firsts:
		return b.firsts - a.firsts
	case a.Cost != b.Cost:
		if a.Cost < b.Cost {
			return -1
		}
		return 1
	case !a.At.Equal(b.At):
		return a.At.Compare(b.At)
	}
	return slices.Compare(a.Project[:], b.Project[:])
}
