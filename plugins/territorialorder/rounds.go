package main

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/sdk"
)

const jobClose = "close_round"

type roundArgs struct{ Round sdk.ID }

// mostEntries is how many projects one round takes.
const mostEntries = 500

type opening struct {
	Title      string
	DistrictID *sdk.ID
	ClosesAt   *time.Time
}

func openRound(ctx context.Context, a in[opening]) (*RoundPayload, error) {
	id := sdk.NewID(typeRound)
	return answerRound(ctx, id, insertRound(ctx, id, a.Input))
}

func (o opening) district() *sdk.Ref {
	if o.DistrictID == nil {
		return nil
	}
	return o.DistrictID.Ref()
}

func (o opening) check(ctx context.Context) (closes time.Time, err error) {
	set, now := sdk.SettingsOf[settings](ctx), sdk.Call(ctx).At
	closes = now.AddDate(0, 0, set.RankingDays)
	if o.ClosesAt != nil {
		closes = *o.ClosesAt
	}
	var problems sdk.Problems
	checkText(&problems, o.Title, 200, "title")
	problems.Check(closes.After(now) && closes.Before(now.AddDate(1, 0, 0)), sdk.T("Give a moment within the next year.", "Укажите момент в пределах года."), "input", "closesAt")
	if o.DistrictID != nil {
		if err := problems.Add(o.DistrictID.Of("District", "input", "districtId")); err != nil {
			return closes, err
		}
	}
	return closes, problems.Err()
}

func insertRound(ctx context.Context, id sdk.ID, o opening) error {
	closes, err := o.check(ctx)
	if err != nil {
		return err
	}
	if err := may(ctx, "territorialorder:rounds", o.district()); err != nil {
		return err
	}
	enter, err := sdk.Select[Project](ctx, `SELECT * FROM projects WHERE stage = $1 AND ($2::uuid IS NULL OR district_id = $2) ORDER BY id LIMIT $3`,
		supported, o.DistrictID, mostEntries)
	if err != nil {
		return err
	}
	if len(enter) == 0 {
		return sdk.Conflict(sdk.T("No project that a council supports waits for a round here.", "Нет поддержанных советом проектов, которые ждут голосования."), "input", "districtId")
	}
	set, now := sdk.SettingsOf[settings](ctx), sdk.Call(ctx).At
	b := sdk.Statements(ctx)
	b.Do(`INSERT INTO rounds (id, district_id, title, opened_at, closes_at, state, weight_residents, weight_council, weight_administration, choices)
		VALUES ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9)`,
		id, o.DistrictID, o.Title, now, closes, set.Weights.Residents, set.Weights.Council, set.Weights.Administration, set.Choices)
	b.Do(`INSERT INTO entries (round_id, project_id) SELECT $1, unnest($2::uuid[])`, id, keys(enter, projectID))
	advance(ctx, b, ranking, "", sentChanged, enter...)
	b.Schedule(sdk.Task{ID: jobClose + "/" + id.Key.String(), Kind: jobClose, Args: roundArgs{id}, At: sdk.At(closes)})
	b.Audit("territorialorder.open_round", id, map[string]any{"projects": len(enter)})
	return b.Write()
}

func projectID(p Project) sdk.ID { return p.ID }

type votes struct {
	RoundID    sdk.ID
	Chamber    string
	ProjectIDs []sdk.ID
}

func vote(ctx context.Context, a in[votes]) (*RoundPayload, error) {
	return answerRound(ctx, a.Input.RoundID, castVote(ctx, a.Input))
}

var (
	errRoundOver = sdk.Conflict(sdk.T("The round is closed. Nobody votes in it any more.", "Голосование закрыто, голоса больше не принимаются."), "input", "roundId")
	errVoted     = sdk.Conflict(sdk.T("You have voted in this round. Each person votes once.", "Вы уже голосовали в этом голосовании. Каждый голосует один раз."), "input", "roundId")
	errTwice     = sdk.Invalid(sdk.T("A project stands here twice.", "Проект указан дважды."), "input", "projectIds")
	errElsewhere = sdk.Invalid(sdk.T("One of these projects is not in the round.", "Одного из этих проектов нет в голосовании."), "input", "projectIds")
)

// castVote takes a ballot. That the round is open is asked in the transaction that takes it, under a
// lock that the close waits for: no ballot comes in after the count began.
func castVote(ctx context.Context, v votes) error {
	me, err := person(ctx)
	if err != nil {
		return err
	}
	r, err := findRound(ctx, v.RoundID)
	if err != nil {
		return err
	}
	if err := v.check(r); err != nil {
		return err
	}
	if err := mayVote(ctx, r, v.Chamber); err != nil {
		return err
	}
	now, id := sdk.Call(ctx).At, uuid.Must(uuid.NewV7())
	b := sdk.Statements(ctx).Constraint("votes_one_a_person", errVoted).Constraint("choices_one_a_project", errTwice).Constraint("choices_of_the_round", errElsewhere)
	b.Do(`SELECT id FROM rounds WHERE id = $1 AND state = 'OPEN' AND closes_at > $2 FOR SHARE`, r.ID, now).Expect(errRoundOver)
	b.Do(`INSERT INTO votes (id, round_id, person_id, chamber, cast_at) VALUES ($1, $2, $3, $4, $5)`, id, r.ID, me, v.Chamber, now)
	b.Do(`INSERT INTO choices (vote_id, round_id, position, project_id) SELECT $1, $2, position, project FROM unnest($3::uuid[]) WITH ORDINALITY AS c (project, position)`,
		id, r.ID, keys(v.ProjectIDs, func(id sdk.ID) sdk.ID { return id }))
	return b.Write()
}

func (v votes) check(r *Round) error {
	var problems sdk.Problems
	problems.Check(len(v.ProjectIDs) > 0 && len(v.ProjectIDs) <= r.Choices,
		sdk.Textf("Name 1 to %d projects, best first.", "Назовите от 1 до %d проектов, лучший первым.", r.Choices), "input", "projectIds")
	for _, id := range v.ProjectIDs {
		if err := problems.Add(id.Of(typeProject, "input", "projectIds")); err != nil {
			return err
		}
	}
	return problems.Err()
}

// mayVote says whether the caller may vote in a chamber: for a council, in the scope of one that has a
// project in the round.
func mayVote(ctx context.Context, r *Round, chamber string) error {
	switch chamber {
	case residents:
		return sdk.Require(ctx, "territorialorder:rank")
	case administration:
		return sdk.Require(ctx, "territorialorder:rank_administration")
	}
	councils, err := sdk.Select[struct {
		ID sdk.ID `sql:"council_id,type=Council"`
	}](ctx, `SELECT DISTINCT p.council_id FROM entries e JOIN projects p ON p.id = e.project_id WHERE e.round_id = $1 AND p.council_id IS NOT NULL ORDER BY 1 LIMIT 100`, r.ID)
	if err != nil {
		return err
	}
	for _, c := range councils {
		if ok, err := sdk.Can(ctx, "territorialorder:rank_council", c.ID); err != nil || ok {
			return err
		}
	}
	return sdk.Forbidden(ctx)
}

type closing struct {
	RoundID         sdk.ID
	ExpectedVersion int
}

func closeRound(ctx context.Context, a in[closing]) (*RoundPayload, error) {
	r, err := findRound(ctx, a.Input.RoundID)
	if err == nil {
		err = may(ctx, "territorialorder:rounds", r.District)
	}
	if err == nil {
		switch {
		case r.State != "OPEN":
			err = errRoundOver
		case r.Version != a.Input.ExpectedVersion:
			err = sdk.Stale("input", "expectedVersion")
		default:
			err = finish(ctx, r)
		}
	}
	return answerRound(ctx, a.Input.RoundID, err)
}

// closeOverdue is the job that closes a round at its time, and counts one whose count was cut short.
func closeOverdue(ctx context.Context, a roundArgs) error {
	r, err := findRound(ctx, a.Round)
	if err != nil || r.State == "CLOSED" || r.State == "OPEN" && r.ClosesAt.After(sdk.Call(ctx).At) {
		return err
	}
	err = finish(ctx, r)
	if errors.Is(err, sdk.Stale()) { // somebody else closes it, or a project was withdrawn during the count
		if r, again := findRound(ctx, a.Round); again == nil && r.State == "CLOSED" {
			return nil
		}
	}
	return err
}

// finish ends the voting, then counts. Between the two nothing can change the outcome, so that a count
// that was cut short is done again with the same one.
func finish(ctx context.Context, r *Round) error {
	b := sdk.Statements(ctx)
	b.Do(`UPDATE rounds SET state = 'COUNTING', version = version + 1 WHERE id = $1 AND version = $2 AND state <> 'CLOSED'`, r.ID, r.Version).Expect(sdk.Stale("input", "expectedVersion"))
	// Should the process end between the two, the job counts; it is scheduled with the close.
	b.Schedule(sdk.Task{ID: "count/" + r.ID.Key.String(), Kind: jobClose, Args: roundArgs{r.ID}, At: sdk.At(sdk.Call(ctx).At.Add(time.Minute))})
	if err := b.Write(); err != nil {
		return err
	}
	return countRound(ctx, r)
}

func countRound(ctx context.Context, r *Round) error {
	read := sdk.Statements(ctx)
	entered := sdk.Rows[Project](read, `SELECT p.* FROM entries e JOIN projects p ON p.id = e.project_id WHERE e.round_id = $1 AND p.stage = $2`, r.ID, ranking)
	ballots := sdk.Rows[ballot](read, `SELECT v.id, v.person_id, v.chamber, array_agg(c.project_id ORDER BY c.position) AS choices
		FROM votes v JOIN choices c ON c.vote_id = v.id WHERE v.round_id = $1 GROUP BY v.id`, r.ID)
	if err := read.Read(); err != nil {
		return err
	}
	entrants := make([]entrant, len(entered.Rows))
	for i, p := range entered.Rows {
		entrants[i] = entrant{p.ID.Key, p.CostRubles, p.ProposedAt}
	}
	outcome := rank(entrants, ballots.Rows, r.weights())
	b := sdk.Statements(ctx)
	b.Do(`UPDATE rounds SET state = 'CLOSED', version = version + 1 WHERE id = $1 AND state = 'COUNTING'`, r.ID).Expect(sdk.Stale("input", "expectedVersion"))
	b.Do(`UPDATE entries e SET place = o.place, score = o.score FROM jsonb_to_recordset($2::jsonb) AS o (project uuid, place int, score bigint)
		WHERE e.round_id = $1 AND e.project_id = o.project`, r.ID, sdk.JSON(outcome))
	advance(ctx, b, ranked, "", sentRanked, entered.Rows...)
	b.Audit("territorialorder.close_round", r.ID, map[string]any{"ballots": len(ballots.Rows)})
	return b.Write()
}
