package cases

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// Conclusion is how a case ends together with what it follows.
type Conclusion struct {
	Text       string // the answer
	SignedByID *uuid.UUID
}

// Conclude answers a case and closes it, inside of another module's mutation: what it came from was
// answered. Whether the caller may is that module's to decide. A case that was answered is closed, and one
// that has ended stays as it is; one that is in another body's hands, or has open cases below it, is a
// CONFLICT. The answer of a published case is published.
func (s *Service) Conclude(ctx context.Context, tx *mutation.Tx, key uuid.UUID, end Conclusion) error {
	if err := s.calendar.Hold(ctx, tx); err != nil {
		return err
	}
	c, err := lockCase(ctx, tx, key)
	if err != nil || c.PublicState.Ended() {
		return err
	}
	if c.PublicState != Answered {
		if err := s.answerWith(ctx, tx, c, end); err != nil {
			return err
		}
	}
	return s.close(ctx, tx, c, act{step: StepClosed})
}

func (s *Service) answerWith(ctx context.Context, tx *mutation.Tx, c *Case, end Conclusion) error {
	if err := c.worked(); err != nil {
		return err
	}
	before, today := c.facts(), tx.Today()
	if err := s.conclude(ctx, tx, c, Answered); err != nil {
		return err
	}
	if err := s.writeAnswer(ctx, tx, c, end.Text, end.SignedByID); err != nil {
		return err
	}
	c.AnsweredOn = &today
	if c.PublishedAt != nil {
		c.PublishedAnswer = &end.Text
	}
	return s.do(ctx, tx, c, act{
		step: StepAnswered, before: before, columns: []string{"state_id", "public_state", "paused_on", "due_on", "answered_on", "published_answer"},
		told: core.Textf("Case %s was answered.", "На обращение %s дан ответ.", c.Number),
	})
}
