package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/sdk"
	"github.com/veche-city/veche/plugins/sdk/sdktest"
)

func TestAProjectsWayFromIdeaToDone(t *testing.T) {
	h := newHouse(t)
	p := h.propose(h.north)
	p = must(change[Project](h.resident, "reviseTerritorialOrderProject", input{"projectId": p.ID, "expectedVersion": p.Version, "title": "Eight lamps"}))(t)
	if p.Title != "Eight lamps" || p.Text != "Six lamps." || p.Author.ID != h.resident.Person() {
		t.Errorf("revised: %+v", p)
	}
	p = h.submit(p)
	must(change[Project](h.member, "discussTerritorialOrderProject", input{"projectId": p.ID, "text": "Needed for years."}))(t)
	p = h.support(p)
	others := h.supported(1)

	r := h.open()
	rival := others[0]
	for _, err := range []error{
		vote1(h.resident, r, residents, p, rival), vote1(h.newResident(), r, residents, rival), vote1(h.member, r, council, p), vote1(h.official, r, administration, p, rival),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r = h.close(r)
	places := must(sdktest.Ask[[]Ranking](h.Anonymous(), "TerritorialOrderRound.rankings", nil, r))(t)[0]
	// residents: 2 of 4 points against 3 of 4; council and administration: 2 of 2 against 0 and 1 of 2.
	if places[0].ProjectID != p.ID || *places[0].Score != 750_000 || *places[1].Score != 475_000 {
		t.Errorf("places: %+v", places)
	}
	turn := must(sdktest.Ask[[]Turnout](h.Anonymous(), "TerritorialOrderRound.chambers", nil, r))(t)[0]
	if diff := cmp.Diff([]Turnout{{residents, 50, 2}, {council, 30, 1}, {administration, 20, 1}}, turn); diff != "" {
		t.Error(diff)
	}

	d := h.plan(r, []Project{p})
	if left := h.now(rival); left.Stage != supported {
		t.Errorf("what was not chosen is %s", left.Stage)
	}
	h.Pass(25 * time.Hour)
	must(change[Defence](h.official, "recordTerritorialOrderQuestion", input{"defenceId": d.ID, "projectId": p.ID, "personId": h.writer.Person(), "text": "Who keeps them?", "answer": "The town."}))(t)
	for i, c := range []*sdktest.Caller{h.official, h.writer} {
		must(change[Defence](c, "scoreTerritorialOrderProject", scoreInput(d, p, 6+i)))(t)
	}
	d = must(change[Defence](h.official, "closeTerritorialOrderDefence", input{"defenceId": d.ID, "expectedVersion": d.Version, "minutes": "Heard."}))(t)
	sums := must(sdktest.Ask[[]Score](h.Anonymous(), "TerritorialOrderDefence.scores", nil, d))(t)[0]
	if len(sums) != len(criteria) || sums[0].Sum != 13 || sums[0].Sheets != 2 {
		t.Errorf("scores: %+v", sums)
	}

	p = must(change[Project](h.official, "acceptTerritorialOrderProject", acceptInput(h.now(p), 280_000, "2012-11-01", "2012-12-01")))(t)
	if err := h.RunDue(); err != nil {
		t.Fatal(err)
	}
	if p = h.now(p); p.Case == nil || len(h.Cases()) != 1 {
		t.Errorf("no case is open: %+v, %v", p, h.Cases())
	}
	for i, m := range must(sdktest.Ask[[]Milestone](h.Anonymous(), "TerritorialOrderProject.milestones", nil, p))(t)[0] {
		p = must(change[Project](h.official, "reportTerritorialOrderMilestone", input{"milestoneId": m.ID, "report": "Done."}))(t)
		if want := []stage{accepted, done}[i]; p.Stage != want {
			t.Errorf("after milestone %d: %s", i+1, p.Stage)
		}
	}
	h.checkHistory(p)
}

func (h *house) checkHistory(p Project) {
	h.t.Helper()
	var way []stage
	for _, s := range must(sdktest.Ask[[]Step](h.Anonymous(), "TerritorialOrderProject.history", nil, p))(h.t)[0] {
		way = append(way, s.Stage)
	}
	if diff := cmp.Diff([]stage{idea, discussion, supported, ranking, ranked, defending, accepted, done}, way); diff != "" {
		h.t.Error(diff)
	}
	for event, times := range map[string]int{sentProposed: 2, sentRanked: 2, sentAccepted: 1, sentReturned: 0, sentMilestone: 2} {
		heard := slices.DeleteFunc(h.Events(), func(name string) bool { return name != event })
		if len(heard) != times {
			h.t.Errorf("%s came %d times, not %d", event, len(heard), times)
		}
	}
	if !slices.Contains(h.Audits(), "territorialorder.accepted") {
		h.t.Errorf("audits: %v", h.Audits())
	}
}

func TestAnIndicatorsRowsAreTheProjectsAcceptedInTheseDays(t *testing.T) {
	h := newHouse(t)
	projects, _ := h.defended(3)
	must(change[Project](h.official, "acceptTerritorialOrderProject", acceptInput(projects[0], 100_000, "2012-12-01")))(t)
	must(change[Project](h.official, "returnTerritorialOrderProject", input{"projectId": projects[1].ID, "expectedVersion": projects[1].Version, "reasons": "Too dear."}))(t)
	for days, want := range map[[2]string]int{{"2012-10-01", "2012-10-31"}: 1, {"2012-01-01", "2012-09-30"}: 0} {
		rows, err := h.Indicator(plugin(), "territorialorder.accepted", days[0], days[1])
		if err != nil || len(rows) != want {
			t.Errorf("%v: %v, %v", days, rows, err)
			continue
		}
		for _, row := range rows {
			if row["breakdown"] != "LIGHTING" || row["day"] != "2012-10-02" || row["id"] != projects[0].ID.Key.String() {
				t.Errorf("%v", row)
			}
		}
	}
}

func TestProjectsOfManyDistrictsArePagesOfTheirOwn(t *testing.T) {
	h := newHouse(t)
	for range 3 {
		h.propose(h.north)
	}
	h.submit(h.propose(h.north))
	h.propose(h.south)
	ask := func(field string, args map[string]any, parents ...any) []Page {
		return must(sdktest.Ask[Page](h.Anonymous(), field, args, parents...))(t)
	}
	pages := ask("District.territorialOrderProjects", map[string]any{"first": 3}, h.north.Ref(), sdk.NewID("District").Ref(), h.south.Ref())
	if len(pages[0].Nodes) != 3 || !pages[0].HasNextPage || len(pages[1].Nodes) != 0 || pages[1].Nodes == nil || len(pages[2].Nodes) != 1 || pages[2].HasNextPage {
		t.Errorf("%+v", pages)
	}
	next := ask("District.territorialOrderProjects", map[string]any{"first": 3, "after": pages[0].EndCursor}, h.north.Ref())
	if len(next[0].Nodes) != 1 || next[0].HasNextPage {
		t.Errorf("the next page: %+v", next)
	}
	of := ask("Council.territorialOrderProjects", map[string]any{"first": 3, "stages": []string{"DISCUSSION"}}, h.council.Ref(), h.other.Ref())
	if len(of[0].Nodes) != 1 || len(of[1].Nodes) != 0 {
		t.Errorf("of councils: %+v", of)
	}
	_, err := sdktest.Ask[Page](h.Anonymous(), "District.territorialOrderProjects", map[string]any{"first": 101}, h.north.Ref())
	var each sdk.Errors
	if !errors.As(err, &each) {
		t.Fatal(err)
	}
	refused(t, each[0], sdk.CodeInvalid, "first")
}

func TestARoundClosesByItselfAtItsTime(t *testing.T) {
	h := newHouse(t)
	h.supported(1)
	r := h.open()
	if err := h.Run(jobClose, roundArgs{r.ID}); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		return must(sdktest.Root[Round](h.Anonymous(), "Query.territorialOrderRound", map[string]any{"id": r.ID}))(t).State
	}
	if state() != "OPEN" {
		t.Error("closed before its time")
	}
	h.Pass(15 * 24 * time.Hour)
	for range 2 { // at least once
		if err := h.RunDue(); err != nil {
			t.Fatal(err)
		}
		if err := h.Run(jobClose, roundArgs{r.ID}); err != nil || state() != "CLOSED" {
			t.Errorf("%s, %v", state(), err)
		}
	}
}

func TestWhatIsBeforeADissolvedCouncilGoesBackToItsAuthor(t *testing.T) {
	h := newHouse(t)
	p := h.submit(h.propose(h.north))
	last := sdk.Date("2012-10-02") // tomorrow
	h.ends = &last
	ended := &contract.Event{Name: "Council.ENDED", Object: h.council.String()}
	if acks := h.Deliver(ended, ended); acks[0].Outcome != contract.Ack_OUTCOME_DONE || acks[1].Outcome != contract.Ack_OUTCOME_DONE {
		t.Fatal(acks)
	}
	for _, want := range []stage{discussion, discussion, idea} { // today, on its last day, after it
		if err := h.RunDue(); err != nil {
			t.Fatal(err)
		}
		if got := h.now(p); got.Stage != want || (got.Council == nil) != (want == idea) {
			t.Errorf("%s, not %s", got.Stage, want)
		}
		h.Pass(24 * time.Hour)
	}
}

// A cancelled meeting takes its defence with it, once however often it is told; what is over, or written
// down, stands.
func TestTheDefenceOfACancelledMeetingIsPlannedAnew(t *testing.T) {
	h := newHouse(t)
	projects := h.supported(2)
	r := h.close(h.open())
	d := h.plan(r, projects)
	ended := func(meeting sdk.ID) {
		t.Helper()
		e := &contract.Event{Name: "Meeting.ENDED", Object: meeting.String()}
		for _, ack := range h.Deliver(e, e) {
			if ack.Outcome != contract.Ack_OUTCOME_DONE {
				t.Fatal(ack)
			}
		}
	}
	stands := func(want stage) {
		t.Helper()
		for _, p := range projects {
			if got := h.now(p); got.Stage != want {
				t.Errorf("%s, not %s", got.Stage, want)
			}
		}
	}
	h.meets = "CANCELLED"
	ended(sdk.NewID("Meeting")) // of nothing here
	h.meets = "CLOSED"
	ended(d.Meeting.ID)
	stands(defending)
	h.meets = "CANCELLED"
	before := len(h.Events())
	ended(d.Meeting.ID)
	stands(ranked)
	if got := len(h.Events()) - before; got != len(projects) || !slices.Contains(h.Audits(), "territorialorder.cancel_defence") {
		t.Errorf("%d events, audits %v", got, h.Audits())
	}
	next := h.plan(r, projects[:1])
	if next.Meeting == nil || next.Meeting.ID == d.Meeting.ID {
		t.Errorf("%+v", next)
	}
	projects = projects[:1]
	stands(defending)
	h.Pass(25 * time.Hour)
	must(change[Defence](h.official, "scoreTerritorialOrderProject", scoreInput(next, projects[0], 7)))(t)
	ended(next.Meeting.ID)
	stands(defending)
}

func TestAnIdempotencyKeyProposesOnce(t *testing.T) {
	h := newHouse(t)
	h.resident.IdempotencyKey = "once"
	if one, two := h.propose(h.north), h.propose(h.north); one.ID != two.ID || len(h.Events()) != 1 {
		t.Errorf("%v and %v, %v", one.ID, two.ID, h.Events())
	}
}

func TestASubscriptionHearsOfItsProject(t *testing.T) {
	h := newHouse(t)
	p, other := h.propose(h.north), h.propose(h.north)
	next := sdktest.Listen[Change](h.Anonymous(), "Subscription.territorialOrderProjectChanged", map[string]any{"id": p.ID})
	h.AwaitWatch(1)
	h.submit(other)
	h.submit(p)
	c := must(next())(t)
	if c.Project.ID != p.ID || c.Project.Stage != discussion || c.EventID == "" {
		t.Errorf("%+v", c)
	}
	bad := sdktest.Listen[Change](h.Anonymous(), "Subscription.territorialOrderProjectChanged", map[string]any{"id": h.north})
	_, err := bad()
	refused(t, err, sdk.CodeInvalid, "id")
}

func TestEveryFieldOfValuesIsAsTheSchemaNamesIt(t *testing.T) {
	h := newHouse(t)
	projects, d := h.defended(1)
	p := must(change[Project](h.official, "acceptTerritorialOrderProject", acceptInput(projects[0], 1, "2012-12-01")))(t)
	ranks := must(sdktest.Ask[[]json.RawMessage](h.Anonymous(), "TerritorialOrderProject.rankings", nil, p))(t)[0]
	for field, parent := range map[string]any{
		"TerritorialOrderProject.statements": p, "TerritorialOrderProject.decisions": p, "TerritorialOrderRanking.project": ranks[0], "TerritorialOrderRanking.round": ranks[0],
		"TerritorialOrderDefence.round": d, "TerritorialOrderDefence.projects": d, "TerritorialOrderDefence.panel": d, "TerritorialOrderDefence.questions": d,
	} {
		values, err := sdktest.Ask[json.RawMessage](h.Anonymous(), field, map[string]any{"first": 10}, parent)
		if err != nil || string(values[0]) == "null" || strings.Contains(string(values[0]), uuid.Nil.String()) {
			t.Errorf("%s: %s, %v", field, values, err)
		}
	}
}
