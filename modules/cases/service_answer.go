package cases

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/people"
)

// AnswerCase answers the applicant; that meets the term, and ends the one for forwarding. A late answer
// is still an answer.
func (s *Service) AnswerCase(ctx context.Context, in AnswerCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "answerCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayAnswer, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		p.Words(in.Text, 20_000, "input", "text")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := c.worked(); err != nil {
			return uuid.Nil, err
		}
		signed, err := seen[people.Person](ctx, s, tx, in.SignedByID, "Person", "signedById")
		if err != nil {
			return uuid.Nil, err
		}
		if signed == nil {
			signed = actorPerson(ctx)
		} else if err := s.people.PersonStands(ctx, tx, *signed, "input", "signedById"); err != nil {
			return uuid.Nil, err
		}
		before := c.facts()
		if err := s.conclude(ctx, tx, c, Answered); err != nil {
			return uuid.Nil, err
		}
		if err := s.writeAnswer(ctx, tx, c, strings.TrimSpace(in.Text), signed); err != nil {
			return uuid.Nil, err
		}
		today := tx.Today()
		c.AnsweredOn = &today
		return c.ID, s.do(ctx, tx, c, act{
			step: StepAnswered, before: before, columns: []string{"state_id", "public_state", "paused_on", "due_on", "answered_on"},
			told: core.Textf("Case %s was answered.", "На обращение %s дан ответ.", c.Number),
		})
	})
}

// conclude brings a case to the state in which the municipality has had its say, and meets its terms. A
// pause ends with it.
func (s *Service) conclude(ctx context.Context, tx *mutation.Tx, c *Case, to CasePublicState) error {
	if err := move(ctx, tx, c, to); err != nil {
		return err
	}
	if err := s.runOn(ctx, tx, c); err != nil {
		return err
	}
	if err := endClocks(ctx, tx, c.ID, tx.Today(), Met, ClockRegistration, ClockAnswer); err != nil {
		return err
	}
	return endClocks(ctx, tx, c.ID, tx.Today(), Stopped, ClockForwarding)
}

func (s *Service) writeAnswer(ctx context.Context, tx *mutation.Tx, c *Case, text string, signed *uuid.UUID) error {
	kind, err := kindByID(ctx, tx, c.KindID)
	if err != nil {
		return err
	}
	until, err := s.calendar.Deadline(ctx, tx, tx.Today(), kind.ObjectionDays, calendar.Calendar)
	if err != nil {
		return err
	}
	var last int
	if err := tx.NewSelect().Model((*CaseAnswer)(nil)).ColumnExpr("coalesce(max(round), 0)").Where("?TableAlias.case_id = ?", c.ID).Scan(ctx, &last); err != nil {
		return err
	}
	answer := &CaseAnswer{ID: core.NewID(), CaseID: c.ID, Round: last + 1, Text: text, SignedByID: signed, AnsweredOn: tx.Today(), ObjectUntil: until}
	_, err = tx.NewInsert().Model(answer).Exec(ctx)
	return err
}

// RefuseCase says that a case is not considered, on one of the grounds of article 11 of 59-FZ, and why.
func (s *Service) RefuseCase(ctx context.Context, in RefuseCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "refuseCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayAnswer, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := reason(in.Text, "text"); err != nil {
			return uuid.Nil, err
		}
		if c.PublicState != Received {
			if err := c.worked(); err != nil {
				return uuid.Nil, err
			}
		}
		before, today := c.facts(), tx.Today()
		if err := s.conclude(ctx, tx, c, Refused); err != nil {
			return uuid.Nil, err
		}
		if err := s.withdraw(ctx, tx, c); err != nil {
			return uuid.Nil, err
		}
		c.Refusal, c.ClosedOn = &in.Ground, &today
		return c.ID, s.do(ctx, tx, c, act{
			step: StepRefused, kind: core.Ended, before: before, text: &in.Text,
			columns: []string{"state_id", "public_state", "paused_on", "due_on", "refusal", "closed_on"},
			told:    core.Textf("Case %s will not be considered; the reasons stand with it.", "В рассмотрении обращения %s отказано, основания указаны в нём.", c.Number),
		})
	})
}

// withdraw ends what other bodies were asked, with the case.
func (s *Service) withdraw(ctx context.Context, tx *mutation.Tx, c *Case) error {
	_, err := tx.NewUpdate().Model((*CaseForwarding)(nil)).Set("ended_on = ?", tx.Today()).Set("outcome = ?", ForwardWithdrawn).
		Where("case_id = ?", c.ID).Where("ended_on IS NULL").Exec(ctx)
	if err != nil {
		return err
	}
	return endClocks(ctx, tx, c.ID, tx.Today(), Stopped, ClockReply)
}
