package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var (
	key     = rapid.Custom(func(t *rapid.T) uuid.UUID { return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key")) })
	weights = map[string]int64{residents: 50, council: 30, administration: 20}
)

func drawRound(t *rapid.T) ([]entrant, []ballot) {
	projects := rapid.SliceOfNDistinct(key, 1, 8, func(k uuid.UUID) uuid.UUID { return k }).Draw(t, "projects")
	entrants := make([]entrant, len(projects))
	for i, p := range projects {
		entrants[i] = entrant{p, int64(rapid.IntRange(1, 3).Draw(t, "cost")), time.Unix(int64(rapid.IntRange(0, 2).Draw(t, "at")), 0)}
	}
	voters := rapid.SliceOfNDistinct(key, 0, 12, func(k uuid.UUID) uuid.UUID { return k }).Draw(t, "voters")
	ballots := make([]ballot, len(voters))
	for i, v := range voters {
		order := rapid.Permutation(projects).Draw(t, "choices")
		ballots[i] = ballot{
			ID: uuid.UUID{15: byte(i)}, Voter: v, Choices: order[:rapid.IntRange(1, len(order)).Draw(t, "named")],
			Chamber: rapid.SampledFrom([]string{residents, council, administration}).Draw(t, "chamber"),
		}
	}
	return entrants, ballots
}

// TestARankingDependsOnTheBallotsAlone shuffles what comes in, and has voters vote again.
func TestARankingDependsOnTheBallotsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entrants, ballots := drawRound(t)
		want := rank(entrants, ballots, weights)
		again := slices.Clone(ballots)
		for i, b := range ballots {
			if rapid.Bool().Draw(t, "votes again") {
				again = append(again, ballot{ID: uuid.UUID{14: 1, 15: byte(i)}, Voter: b.Voter, Chamber: residents, Choices: []uuid.UUID{entrants[0].Project}})
			}
		}
		got := rank(rapid.Permutation(entrants).Draw(t, "entrants"), rapid.Permutation(again).Draw(t, "ballots"), weights)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		for i, one := range want {
			if one.Place != i+1 || one.Score < 0 || one.Score > 1_000_000 || i > 0 && one.Score > want[i-1].Score {
				t.Fatalf("%+v", want)
			}
		}
	})
}

// TestAnotherVoteForAProjectNeverMakesItWorse: of a chamber that has voted, one more ballot that names
// the project first does not lower its place.
func TestAnotherVoteForAProjectNeverMakesItWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entrants, ballots := drawRound(t)
		if len(ballots) == 0 {
			return
		}
		project, chamber := entrants[0].Project, ballots[0].Chamber
		place := func(all []placed) int {
			return all[slices.IndexFunc(all, func(p placed) bool { return p.Project == project })].Place
		}
		more := append(slices.Clone(ballots), ballot{ID: uuid.UUID{14: 1}, Voter: uuid.UUID{0: 255, 15: 1}, Chamber: chamber, Choices: []uuid.UUID{project}})
		if was, is := place(rank(entrants, ballots, weights)), place(rank(entrants, more, weights)); is > was {
			t.Fatalf("place %d became %d", was, is)
		}
	})
}

func TestEqualProjectsStandByFirstChoicesThenCostThenAge(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2012, 10, day, 0, 0, 0, 0, time.UTC) }
	a, b, c, d := uuid.UUID{15: 1}, uuid.UUID{15: 2}, uuid.UUID{15: 3}, uuid.UUID{15: 4}
	order := func(entrants []entrant, ballots ...ballot) (keys []uuid.UUID) {
		for _, p := range rank(entrants, ballots, weights) {
			keys = append(keys, p.Project)
		}
		return keys
	}
	entrants := []entrant{{a, 200, at(1)}, {b, 100, at(2)}, {c, 100, at(1)}, {d, 100, at(1)}}
	if diff := cmp.Diff([]uuid.UUID{c, d, b, a}, order(entrants)); diff != "" {
		t.Error(diff)
	}
	// Two residents of three: a has 4+2, b 3+3 points; a was put first once.
	first := []ballot{{ID: a, Voter: a, Chamber: residents, Choices: []uuid.UUID{a, b}}, {ID: b, Voter: b, Chamber: residents, Choices: []uuid.UUID{c, b, a}}}
	if got := order(entrants, first...); got[0] != a || got[1] != b {
		t.Errorf("%v", got)
	}
	// A chamber whose votes weigh nothing, and a project that is not in the round, change nothing.
	none := append(first, ballot{ID: c, Voter: c, Chamber: "OTHER", Choices: []uuid.UUID{d, {15: 9}}})
	if diff := cmp.Diff(order(entrants, first...), order(entrants, none...)); diff != "" {
		t.Error(diff)
	}
}
