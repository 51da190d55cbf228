package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/sdk"
)

type acceptance struct {
	ProjectID       sdk.ID
	ExpectedVersion int
	FundingRubles   int64
	Reasons         string
	Milestones      []promise
}

type promise struct {
	Title string   `json:"title"`
	DueOn sdk.Date `json:"dueOn"`
}

type keyedPromise struct {
	Key uuid.UUID `json:"key"`
	promise
}

// keyed gives milestones keys that are in their order.
func keyed(all []promise) []keyedPromise {
	to := make([]keyedPromise, len(all))
	for i, one := range all {
		to[i] = keyedPromise{uuid.Must(uuid.NewV7()), one}
	}
	return to
}

func accept(ctx context.Context, a in[acceptance]) (*ProjectPayload, error) {
	return answerProject(ctx, a.Input.ProjectID, acceptProject(ctx, a.Input))
}

func (a acceptance) check(ctx context.Context) error {
	var problems sdk.Problems
	checkCost(ctx, &problems, a.FundingRubles, "fundingRubles")
	if a.Reasons != "" {
		checkText(&problems, a.Reasons, 10_000, "reasons")
	}
	problems.Check(len(a.Milestones) > 0 && len(a.Milestones) <= 50, sdk.T("Give 1 to 50 milestones.", "Укажите от 1 до 50 этапов."), "input", "milestones")
	today := sdk.Call(ctx).Today()
	for i, m := range a.Milestones {
		at := strconv.Itoa(i)
		problems.Check(strings.TrimSpace(m.Title) != "" && len([]rune(m.Title)) <= 300, sdk.T("Give 1 to 300 characters.", "Введите от 1 до 300 знаков."), "input", "milestones", at, "title")
		problems.Check(m.DueOn >= today, sdk.T("Give a day to come.", "Укажите день в будущем."), "input", "milestones", at, "dueOn")
	}
	ordered := slices.IsSortedFunc(a.Milestones, func(a, b promise) int { return strings.Compare(string(a.DueOn), string(b.DueOn)) })
	problems.Check(ordered, sdk.T("Put the milestones in the order of their days.", "Расположите этапы по их дням."), "input", "milestones")
	return problems.Err()
}

// acceptProject spends the year's money under a lock on the year's row, so that two decisions at once
// cannot spend the same.
func acceptProject(ctx context.Context, a acceptance) error {
	p, b, err := decide(ctx, a.ProjectID, a.ExpectedVersion, accepted, &a.FundingRubles, a.Reasons, a.check)
	if err != nil {
		return err
	}
	today := sdk.Call(ctx).Today()
	year, _, _ := strings.Cut(string(today), "-")
	budget := sdk.SettingsOf[settings](ctx).BudgetRubles
	b.Do(`INSERT INTO years (year, accepted_rubles) VALUES ($1, 0) ON CONFLICT DO NOTHING`, year)
	b.Do(`UPDATE years SET accepted_rubles = accepted_rubles + $2::bigint WHERE year = $1 AND accepted_rubles + $2::bigint <= $3::bigint`, year, a.FundingRubles, budget).
		Expect(sdk.Conflict(sdk.Textf("The year's money, %d rubles, does not suffice for this.", "Средств на год, %d рублей, на это не хватает.", budget), "input", "fundingRubles"))
	b.Do(`INSERT INTO milestones (id, project_id, position, title, due_on) SELECT key, $1, row_number() OVER (ORDER BY key), title, "dueOn"
		FROM jsonb_to_recordset($2::jsonb) AS m (key uuid, title text, "dueOn" date)`, p.ID, sdk.JSON(keyed(a.Milestones)))
	b.Schedule(sdk.Task{ID: jobCase + "/" + p.ID.Key.String(), Kind: jobCase, Args: caseArgs{p.ID}})
	advance(ctx, b, accepted, a.Reasons, sentAccepted, *p)
	return b.Write()
}

type refusal struct {
	ProjectID       sdk.ID
	ExpectedVersion int
	Reasons         string
}

func sendBack(ctx context.Context, a in[refusal]) (*ProjectPayload, error) {
	return answerProject(ctx, a.Input.ProjectID, returnProject(ctx, a.Input))
}

func returnProject(ctx context.Context, r refusal) error {
	p, b, err := decide(ctx, r.ProjectID, r.ExpectedVersion, returned, nil, r.Reasons, func(context.Context) error {
		var problems sdk.Problems
		checkText(&problems, r.Reasons, 10_000, "reasons")
		return problems.Err()
	})
	if err != nil {
		return err
	}
	advance(ctx, b, returned, r.Reasons, sentReturned, *p)
	return b.Write()
}

// decide begins the batch of a decision on a project that was defended: signed, and once a defence.
func decide(ctx context.Context, id sdk.ID, version int, to stage, funding *int64, reasons string, check func(context.Context) error) (*Project, *sdk.Batch, error) {
	me, err := person(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, err := loadProject(ctx, id, version)
	if err != nil {
		return nil, nil, err
	}
	if err := may(ctx, "territorialorder:decide", p.District); err != nil {
		return nil, nil, err
	}
	if p.Stage != defending {
		return nil, nil, p.Stage.refuses("input", "projectId")
	}
	if err := check(ctx); err != nil {
		return nil, nil, err
	}
	d, err := sdk.SelectOne[Defence](ctx, `SELECT d.* FROM defences d JOIN defence_projects p ON p.defence_id = d.id WHERE p.project_id = $1 ORDER BY d.id DESC LIMIT 1`, p.ID)
	if err != nil {
		return nil, nil, err
	}
	if d == nil || d.State != "HELD" {
		return nil, nil, sdk.Conflict(sdk.T("The project's defence is not over.", "Защита проекта не завершена."), "input", "projectId")
	}
	c := sdk.Call(ctx)
	b := sdk.Statements(ctx).Constraint("decisions_once_a_defence", sdk.Stale("input", "expectedVersion"))
	b.Do(`INSERT INTO decisions (id, project_id, defence_id, accepted, funding_rubles, reasons, person_id, decided_at, decided_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		sdk.NewID("TerritorialOrderDecision"), p.ID, d.ID, to == accepted, funding, reasons, me, c.At, c.Today())
	return p, b, nil
}

const jobCase = "open_case"

type caseArgs struct{ Project sdk.ID }

// openCase opens the case by which what was promised is followed; at each attempt the same one.
func openCase(ctx context.Context, a caseArgs) error {
	p, err := findProject(ctx, a.Project)
	if err != nil || p.Case != nil {
		return err
	}
	id, err := sdk.OpenCase(ctx, sdk.Case{
		Title: p.Title, Text: sdk.T("Accepted for funding as a project of the territorial order.\n\n", "Принят к финансированию как проект территориального заказа.\n\n").In(sdk.Call(ctx).Language) + p.Text,
		About: p.ID, Person: &p.Author.ID, Key: "project/" + p.ID.Key.String(),
	})
	if err != nil {
		return err
	}
	b := sdk.Statements(ctx)
	b.Do(`UPDATE projects SET case_id = $1 WHERE id = $2 AND case_id IS NULL`, id, p.ID)
	b.Publish(sdk.Notice{Name: sentChanged, Object: p.ID, Touched: touched(p)})
	return b.Write()
}

type reached struct {
	MilestoneID sdk.ID
	Report      string
}

func report(ctx context.Context, a in[reached]) (*ProjectPayload, error) {
	id, err := reach(ctx, a.Input)
	return answerProject(ctx, id, err)
}

// reach notes a milestone as reached, under a lock on the project: of two that are the last, one at a
// time, the second makes the project done.
func reach(ctx context.Context, r reached) (sdk.ID, error) {
	if err := r.MilestoneID.Of(typeMilestone, "input", "milestoneId"); err != nil {
		return sdk.ID{}, err
	}
	var problems sdk.Problems
	checkText(&problems, r.Report, 10_000, "report")
	if err := problems.Err(); err != nil {
		return sdk.ID{}, err
	}
	m, err := sdk.SelectOne[Milestone](ctx, `SELECT * FROM milestones WHERE id = $1`, r.MilestoneID)
	if err != nil {
		return sdk.ID{}, err
	}
	if m == nil {
		return sdk.ID{}, sdk.NotFound("input", "milestoneId")
	}
	p, err := findProject(ctx, m.ProjectID)
	if err == nil {
		err = may(ctx, "territorialorder:report", p.District)
	}
	if err != nil {
		return sdk.ID{}, err
	}
	c := sdk.Call(ctx)
	b := sdk.Statements(ctx)
	b.Do(`UPDATE projects SET version = version + 1 WHERE id = $1 AND stage = $2`, m.ProjectID, accepted).Expect(errReported)
	b.Do(`UPDATE milestones SET done_at = $1, report = $2 WHERE id = $3 AND done_at IS NULL`, c.At, r.Report, m.ID).Expect(errReported)
	b.Do(`WITH finished AS (UPDATE projects SET stage = $2 WHERE id = $1 AND NOT EXISTS (SELECT FROM milestones WHERE project_id = $1 AND done_at IS NULL) RETURNING id)
		INSERT INTO steps (id, project_id, stage, person_id, taken_at) SELECT $3, id, $2, $4, $5 FROM finished`,
		m.ProjectID, done, sdk.NewID("TerritorialOrderStep"), c.Actor.Person, c.At)
	b.Publish(sdk.Notice{Name: sentMilestone, Object: m.ProjectID, Payload: map[string]any{"position": m.Position}})
	b.Audit("territorialorder.report", m.ProjectID, map[string]any{"milestone": m.Position})
	return m.ProjectID, b.Write()
}

var errReported = sdk.Conflict(sdk.T("This milestone was reported already.", "Об этом этапе уже отчитались."), "input", "milestoneId")
