package main

import (
	"errors"
	"sync"
	"testing"

	"github.com/veche-city/veche/plugins/sdk"
	"github.com/veche-city/veche/plugins/sdk/sdktest"
)

// atOnce runs what it is given together, and says how many were not refused.
func atOnce(t *testing.T, all ...func() error) (done int) {
	t.Helper()
	var mu sync.Mutex
	var under sync.WaitGroup
	for _, one := range all {
		under.Go(func() {
			err := one()
			mu.Lock()
			defer mu.Unlock()
			var problems sdk.Problems
			switch {
			case err == nil:
				done++
			case !errors.As(err, &problems) || problems[0].Code != sdk.CodeConflict:
				t.Errorf("%v is no CONFLICT", err)
			}
		})
	}
	under.Wait()
	return done
}

func TestTwoVotesOfOnePersonAtOnceAreOne(t *testing.T) {
	h := newHouse(t)
	p := h.supported(1)[0]
	r := h.open()
	again := func() error { return vote1(h.resident, r, residents, p) }
	if done := atOnce(t, again, again, again, again); done != 1 {
		t.Errorf("%d votes were taken", done)
	}
}

// TestEveryVoteThatWasTakenIsCounted has people vote while the round is closed: who was told that the
// vote stands is in the count.
func TestEveryVoteThatWasTakenIsCounted(t *testing.T) {
	h := newHouse(t)
	p := h.supported(1)[0]
	r := h.open()
	all := []func() error{func() error { h.close(r); return errRefusedForTheCount }}
	for range 12 {
		c := h.newResident()
		all = append(all, func() error { return vote1(c, r, residents, p) })
	}
	done := atOnce(t, all...)
	turn := must(sdktest.Ask[[]Turnout](h.Anonymous(), "TerritorialOrderRound.chambers", nil, r))(t)[0]
	if turn[0].Votes != done {
		t.Errorf("%d votes were taken, %d stand", done, turn[0].Votes)
	}
	place := must(sdktest.Ask[[]Ranking](h.Anonymous(), "TerritorialOrderRound.rankings", nil, r))(t)[0][0]
	if place.Place == nil || (*place.Score == 1_000_000) != (done > 0) {
		t.Errorf("%+v of %d votes", place, done)
	}
}

// errRefusedForTheCount keeps the close itself out of the number of votes.
var errRefusedForTheCount = sdk.Problems{sdk.Stale()}

func TestTwoDecisionsAtOnceDoNotSpendTheSameMoney(t *testing.T) {
	h := newHouse(t)
	projects, _ := h.defended(3)
	h.configure(2000)
	var all []func() error
	for _, p := range projects {
		all = append(all, func() error {
			_, err := change[Project](h.official, "acceptTerritorialOrderProject", acceptInput(p, 900, "2012-12-01"))
			return err
		})
	}
	if done := atOnce(t, all...); done != 2 {
		t.Errorf("%d of three were accepted", done)
	}
}

func TestTheLastTwoMilestonesAtOnceMakeTheProjectDone(t *testing.T) {
	h := newHouse(t)
	projects, _ := h.defended(1)
	p := must(change[Project](h.official, "acceptTerritorialOrderProject", acceptInput(projects[0], 900, "2012-11-01", "2012-12-01")))(t)
	var all []func() error
	for _, m := range must(sdktest.Ask[[]Milestone](h.Anonymous(), "TerritorialOrderProject.milestones", nil, p))(t)[0] {
		all = append(all, func() error {
			_, err := change[Project](h.official, "reportTerritorialOrderMilestone", input{"milestoneId": m.ID, "report": "Done."})
			return err
		})
	}
	if done1 := atOnce(t, all...); done1 != 2 || h.now(p).Stage != done {
		t.Errorf("%d reports, %s", done1, h.now(p).Stage)
	}
}

func TestOneRoundHasOneDefence(t *testing.T) {
	h := newHouse(t)
	projects := h.supported(2)
	r := h.close(h.open())
	plan := func(projects ...Project) func() error {
		return func() error {
			_, err := change[Defence](h.official, "planTerritorialOrderDefence", h.planInput(r, projects))
			return err
		}
	}
	if done := atOnce(t, plan(projects[0]), plan(projects[1])); done != 1 || h.meetings != 1 {
		t.Errorf("%d defences, %d meetings", done, h.meetings)
	}
}
