package main

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/sdk"
)

// stage is how far a project has come.
type stage string

// The stages, in the order of the way.
const (
	idea       stage = "IDEA"
	discussion stage = "DISCUSSION"
	supported  stage = "SUPPORTED"
	ranking    stage = "RANKING"
	ranked     stage = "RANKED"
	defending  stage = "DEFENCE"
	accepted   stage = "ACCEPTED"
	returned   stage = "RETURNED"
	done       stage = "DONE"
	withdrawn  stage = "WITHDRAWN"
)

// ways are the stages that a project can go on to.
var ways = map[stage][]stage{
	idea:       {discussion, withdrawn},
	discussion: {supported, returned, idea, withdrawn}, // idea: its council was dissolved
	supported:  {ranking, withdrawn},
	ranking:    {ranked, withdrawn},
	ranked:     {defending, supported, withdrawn}, // supported: not chosen for the defence, it waits for the next round
	defending:  {accepted, returned, ranked},      // ranked: the meeting of its defence was cancelled
	returned:   {discussion, withdrawn},
	accepted:   {done},
}

var stageNames = map[stage]sdk.Text{
	idea:       sdk.T("an idea that its author works on", "идея, над которой работает автор"),
	discussion: sdk.T("under discussion in the council", "на обсуждении в совете"),
	supported:  sdk.T("supported and waiting for a round of ranking", "поддержан и ждёт голосования"),
	ranking:    sdk.T("in a round of ranking", "в голосовании"),
	ranked:     sdk.T("ranked and waiting for its defence", "получил место и ждёт защиты"),
	defending:  sdk.T("before the panel", "на защите"),
	accepted:   sdk.T("accepted for funding", "принят к финансированию"),
	returned:   sdk.T("sent back with reasons", "возвращён с замечаниями"),
	done:       sdk.T("carried out", "исполнен"),
	withdrawn:  sdk.T("withdrawn", "отозван"),
}

// goTo says why a project cannot go on to a stage.
func (from stage) goTo(to stage) error {
	if slices.Contains(ways[from], to) {
		return nil
	}
	return from.refuses("input", "projectId")
}

// refuses is the CONFLICT of what a project at this stage does not allow.
func (from stage) refuses(path ...string) error {
	name := stageNames[from]
	return sdk.Conflict(sdk.Text{En: "This is not possible now: the project is " + name.En + ".", Ru: "Сейчас это невозможно: проект — " + name.Ru + "."}, path...)
}

// The events that the plugin sends.
const (
	sentProposed  = "territorialorder.proposed"
	sentChanged   = "territorialorder.changed"
	sentRanked    = "territorialorder.ranked"
	sentAccepted  = "territorialorder.accepted"
	sentReturned  = "territorialorder.returned"
	sentMilestone = "territorialorder.milestone_done"
)

// advance adds projects' next step to a batch, from the versions that were read: what came in between
// is a CONFLICT. The caller has asked goTo. It is two statements however many the projects are.
func advance(ctx context.Context, b *sdk.Batch, to stage, reason, event string, projects ...Project) {
	type moved struct {
		Step    uuid.UUID `json:"step"`
		ID      uuid.UUID `json:"id"`
		Version int       `json:"version"`
	}
	all := make([]moved, len(projects))
	for i, p := range projects {
		all[i] = moved{uuid.Must(uuid.NewV7()), p.ID.Key, p.Version}
		b.Publish(sdk.Notice{Name: event, Object: p.ID, Touched: touched(&p), Payload: map[string]any{"stage": to}})
		b.Audit("territorialorder."+strings.ToLower(string(to)), p.ID, map[string]any{"from": p.Stage})
	}
	b.Do(`WITH moved AS (UPDATE projects p SET stage = $1, version = p.version + 1 FROM jsonb_to_recordset($2::jsonb) AS was (id uuid, version int)
			WHERE p.id = was.id AND p.version = was.version RETURNING p.id)
		SELECT count(*) FROM moved HAVING count(*) = $3::bigint`, to, sdk.JSON(all), len(all)).Expect(sdk.Stale("input", "expectedVersion"))
	b.Do(`INSERT INTO steps (id, project_id, stage, reason, person_id, taken_at)
		SELECT step, id, $1, $2, $3, $4 FROM jsonb_to_recordset($5::jsonb) AS m (step uuid, id uuid)`,
		to, reason, sdk.Call(ctx).Actor.Person, sdk.Call(ctx).At, sdk.JSON(all))
}

// touched are the core objects whose followers hear of the project.
func touched(p *Project) []sdk.ID {
	var all []sdk.ID
	for _, ref := range []*sdk.Ref{p.District, p.Council} {
		if ref != nil {
			all = append(all, ref.ID)
		}
	}
	return all
}
