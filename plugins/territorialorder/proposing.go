package main

import (
	"context"
	"errors"
	"strings"

	"github.com/veche-city/veche/plugins/sdk"
)

type proposal struct {
	DistrictID         sdk.ID
	Title, Text, Place string
	Kind               string
	CostRubles         int64
}

func (p proposal) check(ctx context.Context) error {
	var problems sdk.Problems
	checkText(&problems, p.Title, 200, "title")
	checkText(&problems, p.Text, 10_000, "text")
	checkText(&problems, p.Place, 500, "place")
	checkCost(ctx, &problems, p.CostRubles, "costRubles")
	return problems.Err()
}

// checkCost holds a sum within what a project may cost here.
func checkCost(ctx context.Context, problems *sdk.Problems, rubles int64, field string) {
	most := sdk.SettingsOf[settings](ctx).ProjectRubles
	problems.Check(0 < rubles && rubles <= most, sdk.Textf("Give 1 to %d rubles: a project may cost no more here.", "Укажите от 1 до %d рублей: дороже проект здесь быть не может.", most), "input", field)
}

// errRepeated says that the same call came before: its project is answered.
var errRepeated = errors.New("the project was put forward by an earlier attempt of the same call")

func propose(ctx context.Context, a in[proposal]) (*ProjectPayload, error) {
	id := sdk.NewIDOnce(ctx, typeProject)
	err := insertProject(ctx, id, a.Input)
	if errors.Is(err, errRepeated) {
		err = nil
	}
	return answerProject(ctx, id, err)
}

func insertProject(ctx context.Context, id sdk.ID, p proposal) error {
	me, err := person(ctx)
	if err != nil {
		return err
	}
	if err := p.check(ctx); err != nil {
		return err
	}
	if err := districtStands(ctx, p.DistrictID); err != nil {
		return err
	}
	at := sdk.Call(ctx).At
	b := sdk.Statements(ctx).Constraint("projects_pkey", errRepeated)
	b.Do(`INSERT INTO projects (id, district_id, author_id, title, text, place, kind, cost_rubles, stage, proposed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, p.DistrictID, me, strings.TrimSpace(p.Title), p.Text, p.Place, p.Kind, p.CostRubles, idea, at)
	b.Do(`INSERT INTO steps (id, project_id, stage, person_id, taken_at) VALUES ($1, $2, $3, $4, $5)`, sdk.NewID("TerritorialOrderStep"), id, idea, me, at)
	b.Publish(sdk.Notice{Name: sentProposed, Object: id, Touched: []sdk.ID{p.DistrictID}})
	b.Audit("territorialorder.propose", id, map[string]any{})
	return b.Write()
}

// districtStands asks Veche whether there is such a district today.
func districtStands(ctx context.Context, id sdk.ID) error {
	if err := id.Of("District", "input", "districtId"); err != nil {
		return err
	}
	answer, err := sdk.Query[struct {
		District *struct{ AbolishedOn *sdk.Date }
	}](ctx, `query($id: ID!) { district(id: $id) { id abolishedOn } }`, map[string]any{"id": id})
	switch {
	case err != nil:
		return err
	case answer.District == nil:
		return sdk.Invalid(sdk.T("There is no such district.", "Такого микрорайона нет."), "input", "districtId")
	case answer.District.AbolishedOn != nil && *answer.District.AbolishedOn < sdk.Call(ctx).Today():
		return sdk.Invalid(sdk.T("The district was abolished.", "Микрорайон упразднён."), "input", "districtId")
	}
	return nil
}

type revision struct {
	ProjectID          sdk.ID
	ExpectedVersion    int
	Title, Text, Place sdk.Opt[string]
	Kind               sdk.Opt[string]
	CostRubles         sdk.Opt[int64]
}

func revise(ctx context.Context, a in[revision]) (*ProjectPayload, error) {
	return answerProject(ctx, a.Input.ProjectID, reviseProject(ctx, a.Input))
}

func reviseProject(ctx context.Context, r revision) error {
	p, err := ownProject(ctx, r.ProjectID, r.ExpectedVersion)
	if err != nil {
		return err
	}
	if p.Stage != idea && p.Stage != returned {
		return p.Stage.refuses("input", "projectId")
	}
	after := proposal{
		Title: r.Title.Or(p.Title), Text: r.Text.Or(p.Text), Place: r.Place.Or(p.Place), Kind: r.Kind.Or(p.Kind), CostRubles: r.CostRubles.Or(p.CostRubles),
	}
	if err := after.check(ctx); err != nil {
		return err
	}
	b := sdk.Statements(ctx)
	b.Do(`UPDATE projects SET title = $1, text = $2, place = $3, kind = $4, cost_rubles = $5, version = version + 1 WHERE id = $6 AND version = $7`,
		strings.TrimSpace(after.Title), after.Text, after.Place, after.Kind, after.CostRubles, p.ID, p.Version).Expect(sdk.Stale("input", "expectedVersion"))
	b.Publish(sdk.Notice{Name: sentChanged, Object: p.ID, Touched: touched(p)})
	b.Audit("territorialorder.revise", p.ID, map[string]any{})
	return b.Write()
}

type submission struct {
	ProjectID       sdk.ID
	ExpectedVersion int
	CouncilID       sdk.ID
}

func submit(ctx context.Context, a in[submission]) (*ProjectPayload, error) {
	return answerProject(ctx, a.Input.ProjectID, submitProject(ctx, a.Input))
}

func submitProject(ctx context.Context, s submission) error {
	p, err := ownProject(ctx, s.ProjectID, s.ExpectedVersion)
	if err != nil {
		return err
	}
	if err := p.Stage.goTo(discussion); err != nil {
		return err
	}
	if err := councilOf(ctx, s.CouncilID, p.District.ID); err != nil {
		return err
	}
	b := sdk.Statements(ctx)
	b.Do(`UPDATE projects SET council_id = $1 WHERE id = $2 AND version = $3`, s.CouncilID, p.ID, p.Version).Expect(sdk.Stale("input", "expectedVersion"))
	p.Council = s.CouncilID.Ref()
	advance(ctx, b, discussion, "", sentChanged, *p)
	return b.Write()
}

// bodyOf is what the plugin knows of a council.
type bodyOf struct {
	DissolvedOn *sdk.Date
	District    *sdk.Ref
}

func askCouncil(ctx context.Context, id sdk.ID) (*bodyOf, error) {
	answer, err := sdk.Query[struct{ Council *bodyOf }](ctx,
		`query($id: ID!) { council(id: $id) { id dissolvedOn district { id } } }`, map[string]any{"id": id})
	return answer.Council, err
}

// councilOf asks Veche whether a council stands and speaks for the district.
func councilOf(ctx context.Context, id, district sdk.ID) error {
	if err := id.Of("Council", "input", "councilId"); err != nil {
		return err
	}
	c, err := askCouncil(ctx, id)
	switch {
	case err != nil:
		return err
	case c == nil:
		return sdk.Invalid(sdk.T("There is no such council.", "Такого совета нет."), "input", "councilId")
	case c.District == nil || c.District.ID != district:
		return sdk.Invalid(sdk.T("This council does not speak for the project's district. Give it to one that does.", "Этот совет — не совет микрорайона проекта. Передайте проект совету его микрорайона."), "input", "councilId")
	case c.DissolvedOn != nil && *c.DissolvedOn < sdk.Call(ctx).Today():
		return sdk.Invalid(sdk.T("This council was dissolved.", "Этот совет упразднён."), "input", "councilId")
	}
	return nil
}

type withdrawal struct {
	ProjectID       sdk.ID
	ExpectedVersion int
	Reason          string
}

func withdraw(ctx context.Context, a in[withdrawal]) (*ProjectPayload, error) {
	return answerProject(ctx, a.Input.ProjectID, withdrawProject(ctx, a.Input))
}

func withdrawProject(ctx context.Context, w withdrawal) error {
	p, err := ownProject(ctx, w.ProjectID, w.ExpectedVersion)
	if err != nil {
		return err
	}
	if err := p.Stage.goTo(withdrawn); err != nil {
		return err
	}
	var problems sdk.Problems
	checkText(&problems, w.Reason, 10_000, "reason")
	if err := problems.Err(); err != nil {
		return err
	}
	b := sdk.Statements(ctx)
	advance(ctx, b, withdrawn, w.Reason, sentChanged, *p)
	return b.Write()
}
