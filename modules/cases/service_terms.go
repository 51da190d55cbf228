package cases

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// ExtendCase gives the answer more days: once for each term, before its day has passed, and with notice
// to the applicant (59-FZ, article 12, part 2).
func (s *Service) ExtendCase(ctx context.Context, in ExtendCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "extendCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayAnswer, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		kind, answer, err := s.term(ctx, tx, c)
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		p.Words(in.Reason, 4000, "input", "reason")
		p.Check(in.Days >= 1 && in.Days <= kind.ExtensionDays, core.Textf("From 1 to %d days.", "От 1 до %d дней.", kind.ExtensionDays), "input", "days")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		switch {
		case answer.ExtendedDays > 0:
			return uuid.Nil, core.Conflict(core.T("The term was extended already; that is done once.", "Срок уже продлён; продлить его можно один раз."), "input", "id")
		case answer.PausedOn != nil:
			return uuid.Nil, core.Conflict(core.T("The term stands still. Let it run on first (resumeCase).", "Срок приостановлен. Сначала возобновите его (resumeCase)."), "input", "id")
		}
		before := c.facts()
		if err := extend(ctx, tx, answer, in.Days); err != nil {
			return uuid.Nil, err
		}
		c.DueOn = &answer.DueOn
		return c.ID, s.do(ctx, tx, c, act{
			step: StepExtended, before: before, text: &in.Reason, columns: []string{"due_on"},
			told: core.Textf("The term for an answer to case %[1]s was extended to %[2]s.", "Срок ответа на обращение %[1]s продлён до %[2]s.", c.Number, answer.DueOn),
		})
	})
}

// term is the clock for the answer of a case that is worked on, while its day has not passed.
func (s *Service) term(ctx context.Context, tx *mutation.Tx, c *Case) (*CaseKind, *CaseClock, error) {
	if err := c.worked(); err != nil {
		return nil, nil, err
	}
	kind, err := kindByID(ctx, tx, c.KindID)
	if err != nil {
		return nil, nil, err
	}
	answer, err := running(ctx, tx, c.ID, ClockAnswer)
	switch {
	case err != nil:
		return nil, nil, err
	case answer == nil:
		return nil, nil, core.Conflict(core.T("No term for an answer runs.", "Срок ответа не идёт."), "input", "id")
	case answer.PausedOn == nil && answer.DueOn.Before(tx.Today()):
		return nil, nil, core.Conflict(core.Textf("The answer was due on %s: the term can no longer be moved. Answer the case.",
			"Срок ответа истёк %s, изменить его уже нельзя. Дайте ответ.", answer.DueOn), "input", "id")
	}
	return kind, answer, nil
}

// PauseCase lets the term for the answer stand still while the applicant is waited for, where the kind
// allows it. (59-FZ knows no pause: appeals have none until the municipality says otherwise.)
func (s *Service) PauseCase(ctx context.Context, in PauseCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "pauseCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayWrite, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := reason(in.Reason, "reason"); err != nil {
			return uuid.Nil, err
		}
		kind, answer, err := s.term(ctx, tx, c)
		switch {
		case err != nil:
			return uuid.Nil, err
		case !kind.MayPause:
			return uuid.Nil, core.Conflict(core.T("The terms of this kind of case cannot stand still.", "Сроки обращений этого вида не приостанавливаются."), "input", "id")
		case answer.PausedOn != nil:
			return uuid.Nil, core.Conflict(core.Textf("The term has stood still since %s.", "Срок уже приостановлен %s.", *answer.PausedOn), "input", "id")
		}
		before, today := c.facts(), tx.Today()
		c.PausedOn, answer.PausedOn = &today, &today
		if _, err := tx.NewUpdate().Model(answer).Column("paused_on").WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		return c.ID, s.do(ctx, tx, c, act{
			step: StepPaused, before: before, text: &in.Reason, columns: []string{"paused_on"},
			told: core.Textf("Case %s waits for the applicant; its term stands still.", "Обращение %s ожидает заявителя, срок приостановлен.", c.Number),
		})
	})
}

// ResumeCase lets the term run on; its day moves by the days for which it stood.
func (s *Service) ResumeCase(ctx context.Context, in ResumeCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "resumeCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayWrite, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := c.facts()
		if c.PausedOn == nil {
			return uuid.Nil, core.Conflict(core.T("The term runs.", "Срок не приостановлен."), "input", "id")
		}
		if err := s.runOn(ctx, tx, c); err != nil {
			return uuid.Nil, err
		}
		return c.ID, s.do(ctx, tx, c, act{
			step: StepResumed, before: before, columns: []string{"paused_on", "due_on"},
			told: core.Textf("The term of case %[1]s runs on; an answer is due by %[2]s.", "Срок обращения %[1]s возобновлён, ответ — до %[2]s.", c.Number, *c.DueOn),
		})
	})
}

// runOn ends a pause, if there is one; the caller saves paused_on and due_on.
func (s *Service) runOn(ctx context.Context, tx *mutation.Tx, c *Case) error {
	if c.PausedOn == nil {
		return nil
	}
	answer, err := running(ctx, tx, c.ID, ClockAnswer)
	if err != nil || answer == nil || answer.PausedOn == nil {
		return err
	}
	if err := resume(ctx, tx, answer, tx.Today()); err != nil {
		return err
	}
	c.PausedOn, c.DueOn = nil, &answer.DueOn
	return nil
}
