package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core/coretest/pgtest"
	"github.com/veche-city/veche/plugins/manifest"
	"github.com/veche-city/veche/plugins/sdk"
	"github.com/veche-city/veche/plugins/sdk/sdktest"
)

// house is a town with two districts, each with its council, in which the plugin is enabled.
type house struct {
	*sdktest.Town
	t              *testing.T
	north, south   sdk.ID // districts
	council, other sdk.ID // of north, of south
	dissolved      sdk.ID // council of north that is no more
	resident       *sdktest.Caller
	member, writer *sdktest.Caller // of north's council: a member, its secretary
	official       *sdktest.Caller

	mu       sync.Mutex
	meetings int
	refuse   error // what planMeeting says
	ends     *sdk.Date
	meets    string // the state of every meeting
}

func newHouse(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	return newHouseApart(t)
}

// newHouseApart is for tests that need more than one.
func newHouseApart(t *testing.T) *house {
	t.Helper()
	tables := sha256.New()
	for _, name := range []string{"00001_territorialorder", "00002_persons"} {
		text, err := files.ReadFile("migrations/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = tables.Write(text)
	}
	url := pgtest.New(t, pgtest.Template{Name: "territorialorder", Fingerprint: fmt.Sprintf("%x", tables.Sum(nil))[:16], Build: func(ctx context.Context, url string) error {
		return sdktest.Prepare(ctx, url, plugin())
	}})
	h := &house{
		t: t, north: sdk.NewID("District"), south: sdk.NewID("District"), council: sdk.NewID("Council"), other: sdk.NewID("Council"), dissolved: sdk.NewID("Council"),
		Town: sdktest.New(t, plugin(), sdktest.Database(url)),
	}
	h.Query = h.answer
	h.resident = h.newResident()
	h.member = h.newResident().May("territorialorder:discuss", h.council).May("territorialorder:rank_council", h.council)
	h.writer = h.newResident().May("territorialorder:discuss", h.council).May("territorialorder:conclude", h.council)
	h.official = h.newResident().May("territorialorder:rank_administration")
	for _, permission := range []string{"rounds", "defend", "decide", "report"} {
		h.official.May("territorialorder:"+permission, h.north)
	}
	h.configure(10_000_000)
	return h
}

func (h *house) newResident() *sdktest.Caller { return h.Person().May("territorialorder:rank") }

func (h *house) configure(budget int64) {
	h.t.Helper()
	set := settings{BudgetRubles: budget, ProjectRubles: 2_000_000, Choices: 3, RankingDays: 14}
	set.Weights.Residents, set.Weights.Council, set.Weights.Administration = 50, 30, 20
	if err := h.Configure(set, 1); err != nil {
		h.t.Fatal(err)
	}
}

// answer is Veche: it holds queries against its schema and the manifest's grants, as the host does.
func (h *house) answer(q sdktest.Asked) (any, error) {
	if err := granted(q.Query); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var v struct{ ID sdk.ID }
	if err := json.Unmarshal(q.Variables, &v); err != nil {
		return nil, err
	}
	switch {
	case strings.Contains(q.Query, "planMeeting"):
		if h.refuse != nil {
			return nil, h.refuse
		}
		h.meetings++
		return map[string]any{"planMeeting": map[string]any{"meeting": sdk.NewID("Meeting").Ref(), "userErrors": []any{}}}, nil
	case v.ID.Type == "Meeting":
		return map[string]any{"meeting": map[string]any{"state": h.meets}}, nil
	case v.ID == h.north || v.ID == h.south:
		return map[string]any{"district": map[string]any{"id": v.ID, "abolishedOn": nil}}, nil
	case v.ID == h.council:
		return map[string]any{"council": map[string]any{"id": v.ID, "dissolvedOn": h.ends, "district": h.north.Ref()}}, nil
	case v.ID == h.other:
		return map[string]any{"council": map[string]any{"id": v.ID, "dissolvedOn": nil, "district": h.south.Ref()}}, nil
	case v.ID == h.dissolved:
		return map[string]any{"council": map[string]any{"id": v.ID, "dissolvedOn": "2012-09-30", "district": h.north.Ref()}}, nil
	}
	return map[string]any{}, nil
}

var grants = sync.OnceValues(func() (*ast.Schema, error) {
	text, err := os.ReadFile("../../graph/schema.graphql")
	if err != nil {
		return nil, err
	}
	return gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
})

// granted says whether a query is right by the core's schema, and asks for nothing but what plugin.yaml
// reads and what the payloads of its actions bear.
func granted(query string) error {
	schema, err := grants()
	if err != nil {
		return err
	}
	doc, problems := gqlparser.LoadQueryWithRules(schema, query, nil)
	if problems != nil {
		return problems
	}
	m, err := manifest.Read(files)
	if err != nil {
		return err
	}
	var walk func(set ast.SelectionSet) error
	walk = func(set ast.SelectionSet) error {
		for _, one := range set {
			f := one.(*ast.Field)
			at := f.ObjectDefinition.Name + "." + f.Name
			action := f.ObjectDefinition.Name == "Mutation" && slices.Contains(m.Actions, f.Name)
			payload := strings.HasSuffix(f.ObjectDefinition.Name, "Payload") || f.ObjectDefinition.Name == "UserError"
			if !action && !payload && !slices.Contains(m.Reads, at) {
				return errors.New("plugin.yaml does not read " + at)
			}
			if err := walk(f.SelectionSet); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(doc.Operations[0].SelectionSet)
}

type input map[string]any

// change runs a mutation and answers its payload's object; what stood against it is an error.
func change[P any](c *sdktest.Caller, mutation string, in input) (P, error) {
	var payload struct {
		Object     P
		UserErrors []sdk.UserError
	}
	raw, err := sdktest.Root[map[string]json.RawMessage](c, "Mutation."+mutation, map[string]any{"input": in})
	if err != nil {
		return payload.Object, err
	}
	for key, value := range raw {
		to := any(&payload.Object)
		if key == "userErrors" {
			to = &payload.UserErrors
		}
		if err := json.Unmarshal(value, to); err != nil {
			return payload.Object, err
		}
	}
	var problems sdk.Problems
	for _, e := range payload.UserErrors {
		problems = append(problems, &sdk.Error{Code: e.Code, Text: sdk.T(e.Message, e.Message), Path: e.Path})
	}
	return payload.Object, problems.Err()
}

func must[V any](v V, err error) func(t *testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused says that err is of that code, with words at that place.
func refused(t *testing.T, err error, code, path string) {
	t.Helper()
	var many sdk.Problems
	var e *sdk.Error
	switch {
	case errors.As(err, &many):
		e = many[0]
	case !errors.As(err, &e):
		t.Fatalf("%v is no refusal", err)
	}
	if e.Code != code || strings.Join(e.Path, " ") != path || e.Text.En == "" {
		t.Errorf("%s at %q (%s), not %s at %q", e.Code, strings.Join(e.Path, " "), e.Text.En, code, path)
	}
}

func idea1(district sdk.ID) input {
	return input{"districtId": district, "title": "Light for the yard", "text": "Six lamps.", "place": "Yard of house 5", "kind": "LIGHTING", "costRubles": 300_000}
}

// The steps of the way, each from what the one before answered.

func (h *house) propose(district sdk.ID) Project {
	h.t.Helper()
	return must(change[Project](h.resident, "proposeTerritorialOrderProject", idea1(district)))(h.t)
}

func (h *house) submit(p Project) Project {
	h.t.Helper()
	return must(change[Project](h.resident, "submitTerritorialOrderProject", input{"projectId": p.ID, "expectedVersion": p.Version, "councilId": h.council}))(h.t)
}

func (h *house) support(p Project) Project {
	h.t.Helper()
	return must(change[Project](h.writer, "concludeTerritorialOrderDiscussion", input{"projectId": p.ID, "expectedVersion": p.Version, "supported": true, "reasons": ""}))(h.t)
}

func (h *house) supported(n int) []Project {
	h.t.Helper()
	all := make([]Project, n)
	for i := range all {
		all[i] = h.support(h.submit(h.propose(h.north)))
	}
	return all
}

func (h *house) open() Round {
	h.t.Helper()
	return must(change[Round](h.official, "openTerritorialOrderRound", input{"title": "Autumn", "districtId": h.north}))(h.t)
}

func vote1(c *sdktest.Caller, r Round, chamber string, projects ...Project) error {
	_, err := change[Round](c, "voteInTerritorialOrderRound", input{"roundId": r.ID, "chamber": chamber, "projectIds": ids(projects)})
	return err
}

func ids(projects []Project) []sdk.ID {
	all := []sdk.ID{}
	for _, p := range projects {
		all = append(all, p.ID)
	}
	return all
}

func (h *house) close(r Round) Round {
	h.t.Helper()
	return must(change[Round](h.official, "closeTerritorialOrderRound", input{"roundId": r.ID, "expectedVersion": r.Version}))(h.t)
}

func (h *house) planInput(r Round, projects []Project) input {
	return input{
		"roundId": r.ID, "projectIds": ids(projects), "panelIds": []sdk.ID{h.official.Person(), h.writer.Person()}, "title": "Defence",
		"startsAt": h.Now().Add(24 * time.Hour),
	}
}

func (h *house) plan(r Round, projects []Project) Defence {
	h.t.Helper()
	return must(change[Defence](h.official, "planTerritorialOrderDefence", h.planInput(r, projects)))(h.t)
}

func scoreInput(d Defence, p Project, points int) input {
	var all []input
	for _, criterion := range criteria {
		all = append(all, input{"criterion": criterion, "points": points})
	}
	return input{"defenceId": d.ID, "projectId": p.ID, "points": all}
}

// defended are n projects whose defence is over.
func (h *house) defended(n int) ([]Project, Defence) {
	h.t.Helper()
	projects := h.supported(n)
	d := h.plan(h.close(h.open()), projects)
	h.Pass(25 * time.Hour)
	for _, p := range projects {
		for _, c := range []*sdktest.Caller{h.official, h.writer} {
			must(change[Defence](c, "scoreTerritorialOrderProject", scoreInput(d, p, 7)))(h.t)
		}
	}
	d = must(change[Defence](h.official, "closeTerritorialOrderDefence", input{"defenceId": d.ID, "expectedVersion": d.Version, "minutes": "All spoke."}))(h.t)
	for i, p := range projects {
		projects[i] = h.now(p)
	}
	return projects, d
}

func (h *house) now(p Project) Project {
	h.t.Helper()
	return must(sdktest.Root[Project](h.Anonymous(), "Query.territorialOrderProject", map[string]any{"id": p.ID}))(h.t)
}

func acceptInput(p Project, rubles int64, days ...string) input {
	var promises []input
	for _, day := range days {
		promises = append(promises, input{"title": "Lamps by " + day, "dueOn": day})
	}
	return input{"projectId": p.ID, "expectedVersion": p.Version, "fundingRubles": rubles, "reasons": "", "milestones": promises}
}
