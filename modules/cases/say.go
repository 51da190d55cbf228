package cases

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// act is what one mutation does to a locked case: the columns that it changed are saved, and the step is
// noted and told.
type act struct {
	step         CaseStepKind
	text         *string    // what the step says to who may read the case
	organisation *uuid.UUID // whom the step is about
	columns      []string
	before       any
	told         core.Text   // what followers and those behind the case are told
	tell         []uuid.UUID // whom else
	kind         core.ChangeKind
}

// do saves the case, and says what was done.
func (s *Service) do(ctx context.Context, tx *mutation.Tx, c *Case, a act) error {
	if err := save(ctx, tx, c, a.columns...); err != nil {
		return err
	}
	step := &CaseStep{ID: core.NewID(), CaseID: c.ID, Kind: a.step, StateID: c.StateID, OrganisationID: a.organisation, Text: core.Trimmed(a.text), At: tx.Now()}
	if _, err := tx.NewInsert().Model(step).Exec(ctx); err != nil {
		return err
	}
	tell, err := behind(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if a.kind == "" {
		a.kind = core.Updated
	}
	tx.Changed(core.Change{
		Kind: a.kind, Type: "Case", ID: c.ID, Before: a.before, After: c.facts(), Touched: c.touched(),
		Notice: &core.Notice{Text: a.told, Tell: append(tell, a.tell...)},
	})
	return nil
}

// reason checks the words that a mutation asks for.
func reason(text, field string) error {
	var p core.Problems
	p.Words(text, 4000, "input", field)
	return p.Err()
}

// ended refuses what is done to cases that go on.
func (c *Case) ended() error {
	if c.PublicState.Ended() {
		return core.Conflict(core.T("The case has ended. Reopen it first.", "Работа по обращению завершена. Сначала возобновите его."), "input", "id")
	}
	return nil
}

// worked refuses what only the owner of a case that is worked on does.
func (c *Case) worked() error {
	switch c.PublicState {
	case Received:
		return core.Conflict(core.T("The case is not registered yet. Register it first.", "Обращение ещё не зарегистрировано. Сначала зарегистрируйте его."), "input", "id")
	case Forwarded:
		return core.Conflict(core.T("The case is in another body's hands. Say first what came of that (endForwarding).",
			"Обращение передано в другой орган. Сначала укажите, чем это завершилось (endForwarding)."), "input", "id")
	case Answered:
		return core.Conflict(core.T("The case was answered. Reopen it first.", "На обращение дан ответ. Сначала возобновите его."), "input", "id")
	}
	return c.ended()
}
