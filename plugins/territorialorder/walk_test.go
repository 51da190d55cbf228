package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/veche-city/veche/plugins/sdk"
	"github.com/veche-city/veche/plugins/sdk/sdktest"
)

// walk is a town in which somebody does something, whether it is its time or not.
type walk struct {
	*house
	random   *rand.Rand
	projects []sdk.ID
	rounds   []Round
	defences []Defence
}

// TestWhateverIsDoneInWhateverOrder does things at random: each is done or refused with words, none is
// a defect, and what stands afterwards is a way that the stages allow and money that there was.
func TestWhateverIsDoneInWhateverOrder(t *testing.T) {
	for _, seed := range []uint64{1} { // one that comes to decisions; more by hand
		w := &walk{house: newHouseApart(t), random: rand.New(rand.NewPCG(seed, 1))}
		w.configure(1_000_000)
		for range 350 {
			err := w.step()
			var one *sdk.Error
			var many sdk.Problems
			if err != nil && !errors.As(err, &one) && !errors.As(err, &many) {
				t.Fatalf("seed %d: a defect: %v", seed, err)
			}
			if w.random.IntN(4) == 0 {
				w.Pass(time.Duration(w.random.IntN(60)) * time.Hour)
				if err := w.RunDue(); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
		w.checkWays(seed)
	}
}

// actor is mostly the right one.
func (w *walk) actor(right *sdktest.Caller) *sdktest.Caller {
	return []*sdktest.Caller{w.resident, w.member, w.writer, w.official, right, right, right, right, right, right}[w.random.IntN(10)]
}

func pick[V any](w *walk, all []V) (none V) {
	if len(all) == 0 {
		return none
	}
	return all[w.random.IntN(len(all))]
}

func (w *walk) step() error {
	if len(w.projects) < 4 {
		p := w.propose(w.north)
		w.projects = append(w.projects, p.ID)
		return nil
	}
	p := w.now(Project{ID: pick(w, w.projects)})
	of := input{"projectId": p.ID, "expectedVersion": p.Version}
	with := func(more input) input {
		for key, value := range of {
			more[key] = value
		}
		return more
	}
	change := func(right *sdktest.Caller, mutation string, in input) error {
		_, err := change[Project](w.actor(right), mutation, in)
		return err
	}
	switch w.random.IntN(20) {
	case 0, 1:
		return change(w.resident, "submitTerritorialOrderProject", with(input{"councilId": w.council}))
	case 2, 3:
		return change(w.writer, "concludeTerritorialOrderDiscussion", with(input{"supported": w.random.IntN(4) > 0, "reasons": "So."}))
	case 4:
		return change(w.member, "discussTerritorialOrderProject", input{"projectId": p.ID, "text": "Yes."})
	case 5:
		return change(w.resident, "reviseTerritorialOrderProject", with(input{"costRubles": 1 + w.random.IntN(2_500_000)}))
	case 6:
		if w.random.IntN(5) > 0 {
			return nil
		}
		return change(w.resident, "withdrawTerritorialOrderProject", with(input{"reason": "Enough."}))
	case 7, 8:
		return change(w.official, "acceptTerritorialOrderProject", acceptInput(p, int64(w.random.IntN(900_000)), string(sdk.DateOf(w.Now(), time.UTC).AddDays(w.random.IntN(60)))))
	case 9:
		return change(w.official, "returnTerritorialOrderProject", with(input{"reasons": "Not yet."}))
	case 10:
		milestones, err := sdktest.Ask[[]Milestone](w.Anonymous(), "TerritorialOrderProject.milestones", nil, p)
		if err != nil || len(milestones[0]) == 0 {
			return err
		}
		return change(w.official, "reportTerritorialOrderMilestone", input{"milestoneId": milestones[0][0].ID, "report": "Done."})
	}
	return w.stepTogether(p)
}

// stepTogether does what is about rounds and defences.
func (w *walk) stepTogether(p Project) error {
	what := w.random.IntN(6)
	if len(w.rounds) == 0 || len(w.defences) == 0 && what > 3 {
		what = 0
	}
	switch r := pick(w, w.rounds); what {
	case 0:
		opened, err := change[Round](w.actor(w.official), "openTerritorialOrderRound", input{"title": "Round", "districtId": w.north, "closesAt": w.Now().Add(36 * time.Hour)})
		if err == nil {
			w.rounds = append(w.rounds, opened)
		}
		return err
	case 1:
		return vote1(w.actor(w.resident), r, []string{residents, council, administration}[w.random.IntN(3)], p)
	case 2:
		_, err := change[Round](w.actor(w.official), "closeTerritorialOrderRound", input{"roundId": r.ID, "expectedVersion": r.Version})
		return err
	case 3:
		d, err := change[Defence](w.actor(w.official), "planTerritorialOrderDefence", w.planInput(r, []Project{p}))
		if err == nil {
			w.defences = append(w.defences, d)
		}
		return err
	case 4:
		d := pick(w, w.defences)
		for _, c := range []*sdktest.Caller{w.official, w.writer} {
			defended, err := sdktest.Ask[[]Project](c, "TerritorialOrderDefence.projects", nil, d)
			if err != nil || len(defended[0]) == 0 {
				return err
			}
			if _, err := change[Defence](c, "scoreTerritorialOrderProject", scoreInput(d, defended[0][0], w.random.IntN(11))); err != nil {
				return err
			}
		}
		return nil
	}
	d := pick(w, w.defences)
	_, err := change[Defence](w.official, "closeTerritorialOrderDefence", input{"defenceId": d.ID, "expectedVersion": d.Version, "minutes": "Heard."})
	return err
}

func (w *walk) checkWays(seed uint64) {
	w.t.Helper()
	var spent int64
	ends := map[stage]int{}
	for _, id := range w.projects {
		p := w.now(Project{ID: id})
		ends[p.Stage]++
		steps := must(sdktest.Ask[[]Step](w.Anonymous(), "TerritorialOrderProject.history", nil, p))(w.t)[0]
		at := idea
		for _, s := range steps[1:] {
			if !slices.Contains(ways[at], s.Stage) {
				w.t.Errorf("seed %d: from %s to %s", seed, at, s.Stage)
			}
			at = s.Stage
		}
		if at != p.Stage {
			w.t.Errorf("seed %d: the history ends at %s, the project stands at %s", seed, at, p.Stage)
		}
		for _, d := range must(sdktest.Ask[[]Decision](w.Anonymous(), "TerritorialOrderProject.decisions", nil, p))(w.t)[0] {
			if d.Accepted {
				spent += *d.FundingRubles
			}
		}
	}
	if spent > 1_000_000 {
		w.t.Errorf("seed %d: %d rubles were spent of 1,000,000", seed, spent)
	}
	w.t.Logf("seed %d: %v, %d rounds, %d defences, %d rubles", seed, ends, len(w.rounds), len(w.defences), spent)
}
