package main

import (
	"context"

	"github.com/veche-city/veche/plugins/sdk"
)

// meetingEnded hears that a meeting is over or was cancelled. The defence that a cancelled one was planned
// for is planned no more: its projects keep their places, and wait for it to be planned anew. What was
// written down there stands against that. The second time there is no such defence.
func meetingEnded(ctx context.Context, e sdk.Event) error {
	planned, err := sdk.Select[Defence](ctx, `SELECT * FROM defences d WHERE meeting_id = $1 AND state = 'PLANNED'
		AND NOT EXISTS (SELECT FROM questions WHERE defence_id = d.id) AND NOT EXISTS (SELECT FROM scores WHERE defence_id = d.id)`, e.Object)
	if err != nil || len(planned) == 0 {
		return err
	}
	answer, err := sdk.Query[struct{ Meeting *struct{ State string } }](ctx, `query($id: ID!) { meeting(id: $id) { state } }`, map[string]any{"id": e.Object})
	if err != nil || answer.Meeting == nil || answer.Meeting.State != "CANCELLED" {
		return err
	}
	return unplan(ctx, planned[0], e.Object)
}

// unplan takes back what planning a defence did to it and its projects, at once or not at all.
func unplan(ctx context.Context, d Defence, meeting sdk.ID) error {
	chosen, err := sdk.Select[Project](ctx, `SELECT p.* FROM defence_projects c JOIN projects p ON p.id = c.project_id
		WHERE c.defence_id = $1 AND p.stage = $2 ORDER BY c.position`, d.ID, defending)
	if err != nil {
		return err
	}
	reason := sdk.T("The meeting of its defence was cancelled. The defence is planned anew.", "Встреча для защиты отменена. Защита будет назначена заново.")
	b := sdk.Statements(ctx)
	b.Do(`SELECT id FROM defences WHERE id = $1 AND state = 'PLANNED' AND version = $2 FOR UPDATE`, d.ID, d.Version).Expect(sdk.Stale())
	b.Do(`DELETE FROM defences d WHERE id = $1 AND NOT EXISTS (SELECT FROM questions WHERE defence_id = d.id) AND NOT EXISTS (SELECT FROM scores WHERE defence_id = d.id)`, d.ID).Expect(sdk.Stale())
	if len(chosen) > 0 {
		advance(ctx, b, ranked, reason.In(sdk.Call(ctx).Language), sentChanged, chosen...)
	}
	b.Audit("territorialorder.cancel_defence", d.ID, map[string]any{"meeting": meeting})
	return b.Write()
}
