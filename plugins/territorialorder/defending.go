package main

import (
	"context"
	"slices"
	"time"

	"github.com/veche-city/veche/plugins/sdk"
)

type defencePlan struct {
	RoundID    sdk.ID
	ProjectIDs []sdk.ID
	PanelIDs   []sdk.ID
	Title      string
	StartsAt   time.Time
	EndsAt     *time.Time
	VenueID    *sdk.ID
}

func planDefence(ctx context.Context, a in[defencePlan]) (*DefencePayload, error) {
	id, err := plan(ctx, a.Input)
	return answerDefence(ctx, id, err)
}

var errPlanned = sdk.Conflict(sdk.T("The defence of this round is planned already.", "Защита по этому голосованию уже назначена."), "input", "roundId")

// plan takes the round's one defence, has Veche plan the meeting under the caller's rights, then writes
// the rest. What is cut short after the first step can be planned anew a minute later.
func plan(ctx context.Context, d defencePlan) (sdk.ID, error) {
	r, chosen, err := d.check(ctx)
	if err != nil {
		return sdk.ID{}, err
	}
	now := sdk.Call(ctx).At
	take := sdk.Statements(ctx)
	taken := sdk.Rows[Defence](take, `INSERT INTO defences (id, round_id, starts_at, state, reserved_at) VALUES ($1, $2, $3, 'PLANNED', $4)
		ON CONFLICT ON CONSTRAINT defences_one_a_round DO UPDATE SET starts_at = excluded.starts_at, reserved_at = excluded.reserved_at
		WHERE defences.meeting_id IS NULL AND defences.reserved_at < excluded.reserved_at - interval '1 minute' RETURNING *`,
		sdk.NewID(typeDefence), r.ID, d.StartsAt, now)
	taken.Expect(errPlanned)
	if err := take.Write(); err != nil {
		return sdk.ID{}, err
	}
	id := taken.First().ID
	meeting, err := d.planMeeting(ctx, r)
	if err == nil {
		err = d.write(ctx, r, id, meeting, chosen)
	}
	if err != nil {
		b := sdk.Statements(ctx)
		b.Do(`DELETE FROM defences WHERE id = $1 AND meeting_id IS NULL`, id)
		if undo := b.Write(); undo != nil {
			sdk.Log(ctx).Warn("a defence without a meeting is left; it can be planned anew in a minute", "error", undo.Error())
		}
	}
	return id, err
}

// write keeps the plan. What of the round is not chosen waits for the next one.
func (d defencePlan) write(ctx context.Context, r *Round, id, meeting sdk.ID, chosen []Project) error {
	left, err := sdk.Select[Project](ctx, `SELECT p.* FROM entries e JOIN projects p ON p.id = e.project_id
		WHERE e.round_id = $1 AND p.stage = $2 AND p.id <> ALL ($3) AND e.round_id = (SELECT max(round_id::text)::uuid FROM entries WHERE project_id = p.id)`, r.ID, ranked, keys(chosen, projectID))
	if err != nil {
		return err
	}
	b := sdk.Statements(ctx)
	b.Do(`UPDATE defences SET meeting_id = $1 WHERE id = $2 AND meeting_id IS NULL`, meeting, id).Expect(errPlanned)
	b.Do(`INSERT INTO defence_projects (defence_id, position, project_id) SELECT $1, position, project FROM unnest($2::uuid[]) WITH ORDINALITY AS p (project, position)`,
		id, keys(chosen, projectID))
	b.Do(`INSERT INTO panel (defence_id, person_id) SELECT $1, unnest($2::uuid[])`, id, keys(d.PanelIDs, func(id sdk.ID) sdk.ID { return id }))
	advance(ctx, b, defending, "", sentChanged, chosen...)
	if len(left) > 0 {
		advance(ctx, b, supported, waits.In(sdk.Call(ctx).Language), sentChanged, left...)
	}
	b.Audit("territorialorder.plan_defence", id, map[string]any{"meeting": meeting})
	return b.Write()
}

var waits = sdk.T("It was not chosen for the defence of its round, and waits for the next one.", "Проект не выбран для защиты по итогам голосования и ждёт следующего.")

// check answers the round and its chosen projects, in the order in which they are heard.
func (d defencePlan) check(ctx context.Context) (*Round, []Project, error) {
	r, err := findRound(ctx, d.RoundID)
	if err == nil {
		err = may(ctx, "territorialorder:defend", r.District)
	}
	if err != nil {
		return nil, nil, err
	}
	var problems sdk.Problems
	checkText(&problems, d.Title, 300, "title")
	problems.Check(r.State == "CLOSED", sdk.T("The round is not counted yet.", "Голосование ещё не подсчитано."), "input", "roundId")
	problems.Check(d.StartsAt.After(sdk.Call(ctx).At), sdk.T("Give a moment to come.", "Укажите момент в будущем."), "input", "startsAt")
	problems.Check(len(d.ProjectIDs) > 0 && len(d.ProjectIDs) <= 100 && distinct(d.ProjectIDs, typeProject), sdk.T("Name 1 to 100 projects, each once.", "Назовите от 1 до 100 проектов, каждый один раз."), "input", "projectIds")
	problems.Check(len(d.PanelIDs) > 0 && len(d.PanelIDs) <= 50 && distinct(d.PanelIDs, "Person"), sdk.T("Name 1 to 50 persons, each once.", "Назовите от 1 до 50 человек, каждого один раз."), "input", "panelIds")
	if err := problems.Err(); err != nil {
		return nil, nil, err
	}
	chosen, err := sdk.Select[Project](ctx, `SELECT p.* FROM unnest($2::uuid[]) WITH ORDINALITY AS c (id, position)
		JOIN entries e ON e.project_id = c.id AND e.round_id = $1 JOIN projects p ON p.id = c.id ORDER BY c.position`,
		r.ID, keys(d.ProjectIDs, func(id sdk.ID) sdk.ID { return id }))
	if err != nil {
		return nil, nil, err
	}
	if len(chosen) != len(d.ProjectIDs) {
		return nil, nil, sdk.Invalid(sdk.T("One of these projects is not of the round.", "Один из этих проектов не участвовал в голосовании."), "input", "projectIds")
	}
	for _, p := range chosen {
		if p.Stage.goTo(defending) != nil {
			return nil, nil, p.Stage.refuses("input", "projectIds")
		}
	}
	return r, chosen, nil
}

func distinct(ids []sdk.ID, typ string) bool {
	seen := map[sdk.ID]bool{}
	return !slices.ContainsFunc(ids, func(id sdk.ID) bool {
		twice := seen[id]
		seen[id] = true
		return twice || id.Type != typ
	})
}

// planMeeting has Veche plan the meeting; what it refuses, it says with its own words and at the same
// places.
func (d defencePlan) planMeeting(ctx context.Context, r *Round) (sdk.ID, error) {
	input := map[string]any{"kind": "OTHER", "title": d.Title, "startsAt": d.StartsAt, "endsAt": d.EndsAt, "venueId": d.VenueID}
	if r.District != nil {
		input["districtId"] = r.District.ID
	}
	answer, err := sdk.Query[struct {
		PlanMeeting *struct {
			Meeting    *sdk.Ref
			UserErrors []sdk.UserError
		}
	}](ctx, `mutation($input: PlanMeetingInput!) { planMeeting(input: $input) { meeting { id } userErrors { code message path } } }`, map[string]any{"input": input})
	if err != nil {
		return sdk.ID{}, err
	}
	var problems sdk.Problems
	if answer.PlanMeeting != nil {
		for _, e := range answer.PlanMeeting.UserErrors {
			problems = append(problems, &sdk.Error{Code: e.Code, Text: sdk.T(e.Message, e.Message), Path: e.Path})
		}
	}
	if err := problems.Err(); err != nil {
		return sdk.ID{}, err
	}
	if answer.PlanMeeting == nil || answer.PlanMeeting.Meeting == nil {
		return sdk.ID{}, sdk.Conflict(sdk.T("The meeting was planned, and you may not see it: ask for the right to see meetings.", "Встреча назначена, но вам она не видна: попросите право видеть встречи."))
	}
	return answer.PlanMeeting.Meeting.ID, nil
}

type asked struct {
	DefenceID, ProjectID, PersonID sdk.ID
	Text, Answer                   string
}

func recordQuestion(ctx context.Context, a in[asked]) (*DefencePayload, error) {
	return answerDefence(ctx, a.Input.DefenceID, insertQuestion(ctx, a.Input))
}

var (
	errNotDefended = sdk.Invalid(sdk.T("This project is not defended there.", "Этот проект там не защищают."), "input", "projectId")
	errHeld        = sdk.Conflict(sdk.T("The defence is over; its minutes are written.", "Защита завершена, протокол составлен."), "input", "defenceId")
	errNotBegun    = sdk.Conflict(sdk.T("The defence has not begun.", "Защита ещё не началась."), "input", "defenceId")
)

func insertQuestion(ctx context.Context, q asked) error {
	d, err := keeping(ctx, q.DefenceID)
	if err != nil {
		return err
	}
	var problems sdk.Problems
	checkText(&problems, q.Text, 5_000, "text")
	checkText(&problems, q.Answer, 10_000, "answer")
	if err := problems.Err(); err != nil {
		return err
	}
	b := sdk.Statements(ctx).Constraint("questions_of_the_defence", errNotDefended)
	b.Do(`SELECT id FROM defences WHERE id = $1 AND state = 'PLANNED' FOR SHARE`, d.ID).Expect(errHeld)
	b.Do(`SELECT person_id FROM panel WHERE defence_id = $1 AND person_id = $2`, d.ID, q.PersonID).
		Expect(sdk.Invalid(sdk.T("This person does not sit on the panel.", "Этот человек не входит в комиссию."), "input", "personId"))
	b.Do(`INSERT INTO questions (id, defence_id, project_id, person_id, text, answer, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		sdk.NewID("TerritorialOrderQuestion"), d.ID, q.ProjectID, q.PersonID, q.Text, q.Answer, sdk.Call(ctx).At)
	return b.Write()
}

// sitting is a defence that has begun and is not over.
func sitting(ctx context.Context, id sdk.ID) (*Defence, error) {
	d, err := findDefence(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case d.State != "PLANNED":
		return nil, errHeld
	case d.Meeting == nil || d.StartsAt.After(sdk.Call(ctx).At):
		return nil, errNotBegun
	}
	return d, nil
}

// keeping is a sitting whose record the caller may keep.
func keeping(ctx context.Context, id sdk.ID) (*Defence, error) {
	d, err := sitting(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := findRound(ctx, d.RoundID)
	if err != nil {
		return nil, err
	}
	return d, may(ctx, "territorialorder:defend", r.District)
}

// criteria are those of a score sheet.
var criteria = []string{"NEED", "FEASIBILITY", "PARTICIPATION", "DURABILITY"}

type sheet struct {
	DefenceID, ProjectID sdk.ID
	Points               []points
}

type points struct {
	Criterion string `json:"criterion"`
	Points    int    `json:"points"`
}

func score(ctx context.Context, a in[sheet]) (*DefencePayload, error) {
	return answerDefence(ctx, a.Input.DefenceID, insertScores(ctx, a.Input))
}

func (s sheet) check() error {
	var problems sdk.Problems
	seen := map[string]bool{}
	for _, p := range s.Points {
		seen[p.Criterion] = true
		problems.Check(0 <= p.Points && p.Points <= 10, sdk.T("Give 0 to 10 points.", "Поставьте от 0 до 10 баллов."), "input", "points")
	}
	problems.Check(len(s.Points) == len(criteria) && len(seen) == len(criteria), sdk.T("Give points for each criterion, once.", "Поставьте баллы по каждому критерию, один раз."), "input", "points")
	return problems.Err()
}

func insertScores(ctx context.Context, s sheet) error {
	me, err := person(ctx)
	if err != nil {
		return err
	}
	d, err := sitting(ctx, s.DefenceID)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	b := sdk.Statements(ctx).Constraint("scores_of_the_defence", errNotDefended).Constraint("scores_of_the_panel", sdk.Forbidden(ctx)).
		Constraint("scores_pkey", sdk.Conflict(sdk.T("You have filled in this sheet.", "Вы уже заполнили этот лист."), "input", "projectId"))
	b.Do(`SELECT id FROM defences WHERE id = $1 AND state = 'PLANNED' FOR SHARE`, d.ID).Expect(errHeld)
	b.Do(`SELECT person_id FROM panel WHERE defence_id = $1 AND person_id = $2`, d.ID, me).Expect(sdk.Forbidden(ctx))
	b.Do(`INSERT INTO scores (defence_id, project_id, person_id, criterion, points)
		SELECT $1, $2, $3, criterion, points FROM jsonb_to_recordset($4::jsonb) AS p (criterion text, points int)`, d.ID, s.ProjectID, me, sdk.JSON(s.Points))
	return b.Write()
}

type minutes struct {
	DefenceID       sdk.ID
	ExpectedVersion int
	Minutes         string
	AbsentIDs       []sdk.ID
}

func closeDefence(ctx context.Context, a in[minutes]) (*DefencePayload, error) {
	return answerDefence(ctx, a.Input.DefenceID, hold(ctx, a.Input))
}

func hold(ctx context.Context, m minutes) error {
	d, err := keeping(ctx, m.DefenceID)
	if err != nil {
		return err
	}
	var problems sdk.Problems
	checkText(&problems, m.Minutes, 50_000, "minutes")
	problems.Check(distinct(m.AbsentIDs, "Person"), sdk.T("Name persons, each once.", "Назовите людей, каждого один раз."), "input", "absentIds")
	if err := problems.Err(); err != nil {
		return err
	}
	b := sdk.Statements(ctx)
	b.Do(`UPDATE defences SET state = 'HELD', minutes = $1, version = version + 1 WHERE id = $2 AND version = $3 AND state = 'PLANNED'`, m.Minutes, d.ID, m.ExpectedVersion).
		Expect(sdk.Stale("input", "expectedVersion"))
	b.Do(`UPDATE panel p SET absent = true WHERE defence_id = $1 AND person_id = ANY ($2)
		AND NOT EXISTS (SELECT FROM scores s WHERE s.defence_id = p.defence_id AND s.person_id = p.person_id)`, d.ID, keys(m.AbsentIDs, func(id sdk.ID) sdk.ID { return id }))
	b.Do(`SELECT 1 WHERE EXISTS (SELECT FROM scores WHERE defence_id = $1) AND (SELECT count(*) FROM scores WHERE defence_id = $1) =
		(SELECT count(*) FROM panel WHERE defence_id = $1 AND NOT absent) * (SELECT count(*) FROM defence_projects WHERE defence_id = $1) * $2::int`, d.ID, len(criteria)).
		Expect(sdk.Conflict(sdk.T("Score sheets are missing: each of the panel who came scores each project.", "Не хватает листов: каждый пришедший член комиссии оценивает каждый проект."), "input", "defenceId"))
	b.Audit("territorialorder.hold_defence", d.ID, map[string]any{})
	return b.Write()
}
