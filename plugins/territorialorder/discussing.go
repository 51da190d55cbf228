package main

import (
	"context"
	"time"

	"github.com/veche-city/veche/plugins/sdk"
)

type remark struct {
	ProjectID sdk.ID
	Text      string
}

func discuss(ctx context.Context, a in[remark]) (*ProjectPayload, error) {
	return answerProject(ctx, a.Input.ProjectID, addStatement(ctx, a.Input))
}

func addStatement(ctx context.Context, r remark) error {
	me, err := person(ctx)
	if err != nil {
		return err
	}
	p, err := findProject(ctx, r.ProjectID)
	if err != nil {
		return err
	}
	if err := before(ctx, p, "territorialorder:discuss"); err != nil {
		return err
	}
	var problems sdk.Problems
	checkText(&problems, r.Text, 10_000, "text")
	if err := problems.Err(); err != nil {
		return err
	}
	b := sdk.Statements(ctx)
	b.Do(`SELECT id FROM projects WHERE id = $1 AND stage = $2 AND council_id = $3 FOR SHARE`, p.ID, discussion, p.Council).Expect(sdk.Stale("input", "projectId"))
	b.Do(`INSERT INTO statements (id, project_id, council_id, person_id, text, made_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		sdk.NewID("TerritorialOrderStatement"), p.ID, p.Council, me, r.Text, sdk.Call(ctx).At)
	b.Publish(sdk.Notice{Name: sentChanged, Object: p.ID, Touched: touched(p)})
	return b.Write()
}

// before says whether the project is before a council in which the caller holds the permission.
func before(ctx context.Context, p *Project, permission string) error {
	if p.Stage != discussion {
		return p.Stage.refuses("input", "projectId")
	}
	return sdk.Require(ctx, permission, p.Council.ID)
}

type conclusion struct {
	ProjectID       sdk.ID
	ExpectedVersion int
	Supported       bool
	Reasons         string
}

func conclude(ctx context.Context, a in[conclusion]) (*ProjectPayload, error) {
	return answerProject(ctx, a.Input.ProjectID, concludeDiscussion(ctx, a.Input))
}

func concludeDiscussion(ctx context.Context, c conclusion) error {
	p, err := loadProject(ctx, c.ProjectID, c.ExpectedVersion)
	if err != nil {
		return err
	}
	if err := before(ctx, p, "territorialorder:conclude"); err != nil {
		return err
	}
	to, event := supported, sentChanged
	if !c.Supported {
		to, event = returned, sentReturned
	}
	var problems sdk.Problems
	if !c.Supported || c.Reasons != "" {
		checkText(&problems, c.Reasons, 10_000, "reasons")
	}
	if err := problems.Err(); err != nil {
		return err
	}
	b := sdk.Statements(ctx)
	advance(ctx, b, to, c.Reasons, event, *p)
	return b.Write()
}

const jobDissolved = "council_dissolved"

type dissolvedArgs struct{ Council sdk.ID }

// councilEnded hears that a council is dissolved, on a day that may be to come: the day after, its
// projects go back to their authors.
func councilEnded(ctx context.Context, e sdk.Event) error {
	c, err := askCouncil(ctx, e.Object)
	if err != nil || c == nil || c.DissolvedOn == nil {
		return err
	}
	day, err := time.ParseInLocation(time.DateOnly, string(c.DissolvedOn.AddDays(1)), sdk.Call(ctx).Zone)
	if err != nil {
		return err
	}
	return sdk.Schedule(ctx, sdk.Task{ID: "dissolved/" + e.ID, Kind: jobDissolved, Args: dissolvedArgs{e.Object}, At: sdk.At(day)})
}

// councilDissolved gives what is under discussion in a council that is no more back to the authors. The
// council is asked about again: the day may have been moved since.
func councilDissolved(ctx context.Context, a dissolvedArgs) error {
	c, err := askCouncil(ctx, a.Council)
	if err != nil {
		return err
	}
	if c != nil && (c.DissolvedOn == nil || *c.DissolvedOn >= sdk.Call(ctx).Today()) {
		return nil
	}
	left, err := sdk.Select[Project](ctx, `SELECT * FROM projects WHERE council_id = $1 AND stage = $2 ORDER BY id`, a.Council, discussion)
	if err != nil {
		return err
	}
	reason := sdk.T("The council was dissolved. Give the project to another council of the district.", "Совет упразднён. Передайте проект другому совету микрорайона.")
	for _, p := range left {
		b := sdk.Statements(ctx)
		b.Do(`UPDATE projects SET council_id = NULL, stage = $1 WHERE id = $2 AND version = $3`, idea, p.ID, p.Version).Expect(sdk.Stale())
		advance(ctx, b, idea, reason.In(sdk.Call(ctx).Language), sentChanged, p)
		if err := b.Write(); err != nil {
			return err
		}
	}
	return nil
}
