package main

import (
	"strings"
	"testing"
	"time"

	"github.com/veche-city/veche/plugins/sdk"
	"github.com/veche-city/veche/plugins/sdk/sdktest"
)

// TestTheStageMachineRefusesAllButItsWays asks every pair of stages.
func TestTheStageMachineRefusesAllButItsWays(t *testing.T) {
	open := 0
	for from := range stageNames {
		for to := range stageNames {
			if err := from.goTo(to); err == nil {
				open++
			} else {
				refused(t, err, sdk.CodeConflict, "input projectId")
			}
		}
	}
	if open != 19 || accepted.goTo(returned) == nil || done.goTo(idea) == nil || withdrawn.goTo(discussion) == nil || idea.goTo(supported) == nil {
		t.Errorf("%d ways are open", open)
	}
}

func TestProposalsAreRefusedWithTheirFields(t *testing.T) {
	h := newHouse(t)
	for path, wrong := range map[string]input{
		"input title":      {"title": " "},
		"input text":       {"text": strings.Repeat("ё", 10_001)},
		"input place":      {"place": "a\x00b"},
		"input costRubles": {"costRubles": 2_000_001},
		"input districtId": {"districtId": sdk.NewID("District")},
	} {
		in := idea1(h.north)
		for key, value := range wrong {
			in[key] = value
		}
		_, err := change[Project](h.resident, "proposeTerritorialOrderProject", in)
		refused(t, err, sdk.CodeInvalid, path)
	}
	in := idea1(h.council)
	_, err := change[Project](h.resident, "proposeTerritorialOrderProject", in)
	refused(t, err, sdk.CodeInvalid, "input districtId")
	_, err = change[Project](h.Anonymous(), "proposeTerritorialOrderProject", idea1(h.north))
	refused(t, err, sdk.CodeUnauthenticated, "")
}

func TestAProjectIsItsAuthorsAndOfItsDistrictsCouncil(t *testing.T) {
	h := newHouse(t)
	p := h.propose(h.north)
	submit := func(c *sdktest.Caller, version int, council sdk.ID) error {
		_, err := change[Project](c, "submitTerritorialOrderProject", input{"projectId": p.ID, "expectedVersion": version, "councilId": council})
		return err
	}
	refused(t, submit(h.newResident(), p.Version, h.council), sdk.CodeForbidden, "")
	refused(t, submit(h.resident, p.Version+1, h.council), sdk.CodeConflict, "input expectedVersion")
	refused(t, submit(h.resident, p.Version, h.other), sdk.CodeInvalid, "input councilId")
	refused(t, submit(h.resident, p.Version, h.dissolved), sdk.CodeInvalid, "input councilId")
	refused(t, submit(h.resident, p.Version, sdk.NewID("Council")), sdk.CodeInvalid, "input councilId")
	refused(t, submit(h.resident, p.Version, h.north), sdk.CodeInvalid, "input councilId")
	_, err := change[Project](h.resident, "reviseTerritorialOrderProject", input{"projectId": sdk.NewID(typeProject), "expectedVersion": 1})
	refused(t, err, sdk.CodeNotFound, "input projectId")

	talk := func(c *sdktest.Caller) error {
		_, err := change[Project](c, "discussTerritorialOrderProject", input{"projectId": p.ID, "text": "Yes."})
		return err
	}
	refused(t, talk(h.member), sdk.CodeConflict, "input projectId") // still an idea
	p = h.submit(p)
	refused(t, talk(h.newResident().May("territorialorder:discuss", h.other)), sdk.CodeForbidden, "")
	refused(t, talk(h.resident), sdk.CodeForbidden, "")
	refused(t, submit(h.resident, p.Version, h.council), sdk.CodeConflict, "input projectId") // twice
	_, err = change[Project](h.resident, "reviseTerritorialOrderProject", input{"projectId": p.ID, "expectedVersion": p.Version, "title": "Other"})
	refused(t, err, sdk.CodeConflict, "input projectId")

	conclude := func(c *sdktest.Caller, in input) error {
		in["projectId"], in["expectedVersion"] = p.ID, p.Version
		_, err := change[Project](c, "concludeTerritorialOrderDiscussion", in)
		return err
	}
	refused(t, conclude(h.member, input{"supported": true, "reasons": ""}), sdk.CodeForbidden, "")
	refused(t, conclude(h.writer, input{"supported": false, "reasons": ""}), sdk.CodeInvalid, "input reasons")
	if err := conclude(h.writer, input{"supported": false, "reasons": "Say who keeps it."}); err != nil || h.now(p).Stage != returned {
		t.Errorf("sent back: %v, %s", err, h.now(p).Stage)
	}
}

func TestVotesAreRefused(t *testing.T) {
	h := newHouse(t)
	_, err := change[Round](h.official, "openTerritorialOrderRound", input{"title": "Autumn", "districtId": h.north})
	refused(t, err, sdk.CodeConflict, "input districtId") // nothing to rank
	projects := h.supported(4)
	_, err = change[Round](h.Person().May("territorialorder:rounds", h.south), "openTerritorialOrderRound", input{"title": "Autumn", "districtId": h.north})
	refused(t, err, sdk.CodeForbidden, "")
	stranger := h.propose(h.south)
	_, err = change[Round](h.official, "openTerritorialOrderRound", input{"title": "Autumn", "districtId": h.north, "closesAt": h.Now()})
	refused(t, err, sdk.CodeInvalid, "input closesAt")
	r := h.open()

	refused(t, vote1(h.resident, r, residents), sdk.CodeInvalid, "input projectIds")
	refused(t, vote1(h.resident, r, residents, projects...), sdk.CodeInvalid, "input projectIds")              // more than three
	refused(t, vote1(h.resident, r, residents, projects[0], projects[0]), sdk.CodeInvalid, "input projectIds") // one twice
	refused(t, vote1(h.resident, r, residents, projects[0], stranger), sdk.CodeInvalid, "input projectIds")    // not of the round
	refused(t, vote1(h.resident, r, council, projects[0]), sdk.CodeForbidden, "")                              // sits in no council
	refused(t, vote1(h.resident, r, administration, projects[0]), sdk.CodeForbidden, "")                       // no official
	other := h.newResident().May("territorialorder:rank_council", h.other)
	refused(t, vote1(other, r, council, projects[0]), sdk.CodeForbidden, "") // of another district's council
	if err := vote1(h.member, r, residents, projects[0]); err != nil {
		t.Fatal(err)
	}
	refused(t, vote1(h.member, r, residents, projects[0]), sdk.CodeConflict, "input roundId") // twice
	refused(t, vote1(h.member, r, council, projects[0]), sdk.CodeConflict, "input roundId")   // once in one chamber

	h.Pass(15 * 24 * time.Hour) // the job that closes it has not run yet
	refused(t, vote1(h.resident, r, residents, projects[0]), sdk.CodeConflict, "input roundId")
	_, err = change[Round](h.official, "closeTerritorialOrderRound", input{"roundId": r.ID, "expectedVersion": r.Version + 1})
	refused(t, err, sdk.CodeConflict, "input expectedVersion")
	r = h.close(r)
	_, err = change[Round](h.official, "closeTerritorialOrderRound", input{"roundId": r.ID, "expectedVersion": r.Version})
	refused(t, err, sdk.CodeConflict, "input roundId")
}

func TestADefenceIsPlannedWithTheRightToPlanMeetings(t *testing.T) {
	h := newHouse(t)
	projects := h.supported(2)
	r := h.open()
	try := func(change1 func(in input)) error {
		in := h.planInput(r, projects)
		change1(in)
		_, err := change[Defence](h.official, "planTerritorialOrderDefence", in)
		return err
	}
	same := func(input) {}
	refused(t, try(same), sdk.CodeInvalid, "input roundId") // not counted
	r = h.close(r)
	refused(t, try(func(in input) { in["panelIds"] = []sdk.ID{} }), sdk.CodeInvalid, "input panelIds")
	refused(t, try(func(in input) { in["panelIds"] = []sdk.ID{h.north} }), sdk.CodeInvalid, "input panelIds")
	refused(t, try(func(in input) { in["projectIds"] = []sdk.ID{projects[0].ID, projects[0].ID} }), sdk.CodeInvalid, "input projectIds")
	refused(t, try(func(in input) { in["projectIds"] = ids([]Project{h.propose(h.south)}) }), sdk.CodeInvalid, "input projectIds")
	refused(t, try(func(in input) { in["startsAt"] = h.Now() }), sdk.CodeInvalid, "input startsAt")

	h.refuse = &sdk.Error{Code: sdk.CodeForbidden, Text: sdk.T("No right.", "Нет права.")}
	refused(t, try(same), sdk.CodeForbidden, "")
	h.refuse = nil
	h.plan(r, projects) // what was refused has left nothing behind
	refused(t, try(same), sdk.CodeConflict, "input projectIds")
	if h.meetings != 1 {
		t.Errorf("%d meetings were planned", h.meetings)
	}
}

func TestScoresAreThePanelsOnce(t *testing.T) {
	h := newHouse(t)
	projects := h.supported(2)
	d := h.plan(h.close(h.open()), projects[:1])
	give := func(c *sdktest.Caller, in input) error {
		_, err := change[Defence](c, "scoreTerritorialOrderProject", in)
		return err
	}
	refused(t, give(h.official, scoreInput(d, projects[0], 5)), sdk.CodeConflict, "input defenceId") // not begun
	h.Pass(25 * time.Hour)
	refused(t, give(h.resident, scoreInput(d, projects[0], 5)), sdk.CodeForbidden, "") // not of the panel
	refused(t, give(h.official, scoreInput(d, projects[1], 5)), sdk.CodeInvalid, "input projectId")
	refused(t, give(h.official, scoreInput(d, projects[0], 11)), sdk.CodeInvalid, "input points")
	refused(t, give(h.official, input{"defenceId": d.ID, "projectId": projects[0].ID, "points": []input{}}), sdk.CodeInvalid, "input points")
	end := func(absent ...*sdktest.Caller) error {
		persons := []sdk.ID{}
		for _, c := range absent {
			persons = append(persons, c.Person())
		}
		_, err := change[Defence](h.official, "closeTerritorialOrderDefence", input{"defenceId": d.ID, "expectedVersion": d.Version, "minutes": "Heard.", "absentIds": persons})
		return err
	}
	refused(t, end(h.official, h.writer), sdk.CodeConflict, "input defenceId") // nobody has scored
	if err := give(h.official, scoreInput(d, projects[0], 5)); err != nil {
		t.Fatal(err)
	}
	refused(t, give(h.official, scoreInput(d, projects[0], 5)), sdk.CodeConflict, "input projectId") // twice
	refused(t, end(), sdk.CodeConflict, "input defenceId")                                           // a sheet is missing
	refused(t, end(h.official), sdk.CodeConflict, "input defenceId")                                 // who has scored was there
	p := h.now(projects[0])
	_, err := change[Project](h.official, "acceptTerritorialOrderProject", acceptInput(p, 1000, "2012-12-01"))
	refused(t, err, sdk.CodeConflict, "input projectId") // before the defence is over
	if err := end(h.writer); err != nil {
		t.Fatal(err)
	}
	refused(t, end(h.writer), sdk.CodeConflict, "input defenceId")
	_, err = change[Defence](h.official, "recordTerritorialOrderQuestion", input{"defenceId": d.ID, "projectId": p.ID, "personId": h.writer.Person(), "text": "?", "answer": "!"})
	refused(t, err, sdk.CodeConflict, "input defenceId")
}

func TestDecisionsKeepWithinTheMoneyAndAreMadeOnce(t *testing.T) {
	h := newHouse(t)
	projects, _ := h.defended(2)
	p := projects[0]
	try := func(in input) error {
		_, err := change[Project](h.official, "acceptTerritorialOrderProject", in)
		return err
	}
	_, err := change[Project](h.Person().May("territorialorder:decide", h.south), "acceptTerritorialOrderProject", acceptInput(p, 1, "2012-12-01"))
	refused(t, err, sdk.CodeForbidden, "") // an official of another district
	refused(t, try(acceptInput(p, 0, "2012-12-01")), sdk.CodeInvalid, "input fundingRubles")
	refused(t, try(acceptInput(p, 1000)), sdk.CodeInvalid, "input milestones")
	refused(t, try(acceptInput(p, 1000, "2012-12-01", "2012-11-01")), sdk.CodeInvalid, "input milestones")
	refused(t, try(acceptInput(p, 1000, "2012-09-01")), sdk.CodeInvalid, "input milestones 0 dueOn")
	stale := p
	stale.Version--
	refused(t, try(acceptInput(stale, 1000, "2012-12-01")), sdk.CodeConflict, "input expectedVersion")
	h.configure(1500)
	if err := try(acceptInput(p, 1000, "2012-12-01")); err != nil {
		t.Fatal(err)
	}
	refused(t, try(acceptInput(projects[1], 501, "2012-12-01")), sdk.CodeConflict, "input fundingRubles")
	_, err = change[Project](h.official, "returnTerritorialOrderProject", input{"projectId": p.ID, "expectedVersion": h.now(p).Version, "reasons": "No."})
	refused(t, err, sdk.CodeConflict, "input projectId") // decided
	_, err = change[Project](h.resident, "withdrawTerritorialOrderProject", input{"projectId": p.ID, "expectedVersion": h.now(p).Version, "reason": "No."})
	refused(t, err, sdk.CodeConflict, "input projectId")
	m := must(sdktest.Ask[[]Milestone](h.Anonymous(), "TerritorialOrderProject.milestones", nil, p))(t)[0][0]
	for i := range 2 {
		_, err := change[Project](h.official, "reportTerritorialOrderMilestone", input{"milestoneId": m.ID, "report": "Done."})
		if i == 1 {
			refused(t, err, sdk.CodeConflict, "input milestoneId")
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
