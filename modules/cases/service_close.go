package cases

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// CloseCase ends the work on a case. A case is not closed before those below it.
func (s *Service) CloseCase(ctx context.Context, in CloseCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "closeCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayClose, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if in.Text != nil {
			if err := reason(*in.Text, "text"); err != nil {
				return uuid.Nil, err
			}
		}
		if err := c.ended(); err != nil {
			return uuid.Nil, err
		}
		return c.ID, s.close(ctx, tx, c, act{step: StepClosed, text: in.Text})
	})
}

func (s *Service) close(ctx context.Context, tx *mutation.Tx, c *Case, a act) error {
	a.before = c.facts()
	if err := move(ctx, tx, c, Closed); err != nil {
		return err
	}
	if err := s.withdraw(ctx, tx, c); err != nil {
		return err
	}
	if err := endClocks(ctx, tx, c.ID, tx.Today(), Stopped, ClockRegistration, ClockForwarding, ClockAnswer); err != nil {
		return err
	}
	today := tx.Today()
	c.ClosedOn, c.PausedOn = &today, nil
	a.kind, a.columns = core.Ended, []string{"state_id", "public_state", "paused_on", "closed_on"}
	a.told = core.Textf("Case %s was closed.", "Обращение %s закрыто.", c.Number)
	return s.do(ctx, tx, c, a)
}

// ReopenCase begins the work on an answered, closed or refused case anew, with a term of its own.
func (s *Service) ReopenCase(ctx context.Context, in ReopenCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "reopenCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayClose, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := reason(in.Reason, "reason"); err != nil {
			return uuid.Nil, err
		}
		if !c.PublicState.Ended() && c.PublicState != Answered {
			return uuid.Nil, core.Conflict(core.T("The case is worked on.", "Работа по обращению идёт."), "input", "id")
		}
		return c.ID, s.reopen(ctx, tx, c, act{
			step: StepReopened, text: &in.Reason,
			told: core.Textf("Case %s was reopened.", "Обращение %s возобновлено.", c.Number),
		})
	})
}

// reopen starts the clock for the answer anew, from today, and tells the owner.
func (s *Service) reopen(ctx context.Context, tx *mutation.Tx, c *Case, a act) error {
	a.before = c.facts()
	if err := move(ctx, tx, c, Reopened); err != nil {
		return err
	}
	kind, err := kindByID(ctx, tx, c.KindID)
	if err != nil {
		return err
	}
	today := tx.Today()
	if c.RegisteredOn == nil { // refused before it was registered
		c.RegisteredOn = &today
	}
	c.ClosedOn, c.Refusal, c.AnsweredOn = nil, nil, nil
	if a.tell, err = ownersOf(ctx, tx, c, today); err != nil {
		return err
	}
	a.columns = []string{"state_id", "public_state", "registered_on", "closed_on", "refusal", "answered_on", "due_on"}
	answer := kind.clock(c.ID, ClockAnswer, today)
	if err := start(ctx, tx, answer); err != nil {
		return err
	}
	c.DueOn = &answer.DueOn
	return s.do(ctx, tx, c, a)
}

// LinkCase puts a case below another, or takes it from there.
func (s *Service) LinkCase(ctx context.Context, in LinkCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "linkCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayWrite, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := c.facts()
		if c.ParentID, err = s.parent(ctx, tx, in.ParentID); err != nil {
			return uuid.Nil, err
		}
		if c.ParentID != nil {
			if err := above(ctx, tx, *c.ParentID, c.ID); err != nil {
				return uuid.Nil, err
			}
		}
		if err := save(ctx, tx, c, "parent_id"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Case", ID: c.ID, Before: before, After: c.facts()})
		return c.ID, nil
	})
}

// above refuses a parent that lies below the case itself. One such link is made at a time, so that two
// cannot close a circle together.
func above(ctx context.Context, tx *mutation.Tx, parent, of uuid.UUID) error {
	town := core.MunicipalityOf(ctx).ID
	if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", "cases.tree "+town.String()).Exec(ctx); err != nil {
		return err
	}
	var circle bool
	err := tx.NewRaw(`WITH RECURSIVE above AS (
			SELECT id, parent_id FROM cases WHERE municipality_id = ?0 AND id = ?1
			UNION SELECT next.id, next.parent_id FROM cases AS next JOIN above ON next.municipality_id = ?0 AND next.id = above.parent_id)
		SELECT EXISTS (SELECT FROM above WHERE id = ?2)`, town, parent, of).Scan(ctx, &circle)
	if err == nil && circle {
		err = core.Invalid(core.T("That case lies below this one itself.", "То обращение само подчинено этому."), "input", "parentId")
	}
	return err
}
