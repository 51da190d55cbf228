package cases

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// ConfirmAnswer is the applicant's word that the answer will do, by their account or by number and code.
// The case is closed with it, unless cases below it are open.
func (s *Service) ConfirmAnswer(ctx context.Context, in ConfirmAnswerInput) (*core.Payload, error) {
	key, err := s.byCode(ctx, in.Number, in.Code)
	if err != nil {
		return nil, err
	}
	in.Code = nil // no secret is kept by its hash
	return s.writer.Do(ctx, "confirmAnswer", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, answer, err := s.respond(ctx, tx, in.ID, key)
		if err != nil {
			return uuid.Nil, err
		}
		today := tx.Today()
		answer.ConfirmedOn = &today
		if _, err := tx.NewUpdate().Model(answer).Column("confirmed_on").WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		owners, err := ownersOf(ctx, tx, c, today)
		if err != nil {
			return uuid.Nil, err
		}
		if c.PublicState == Answered && c.OpenChildren == 0 {
			return c.ID, s.close(ctx, tx, c, act{step: StepConfirmed, tell: owners})
		}
		return c.ID, s.do(ctx, tx, c, act{
			step: StepConfirmed, before: c.facts(), tell: owners,
			told: core.Textf("The answer to case %s was confirmed.", "Ответ на обращение %s подтверждён.", c.Number),
		})
	})
}

// ObjectToAnswer is the applicant's word that the answer will not do, within the kind's days. The case is
// reopened, a term for another answer begins, and the owner is told.
func (s *Service) ObjectToAnswer(ctx context.Context, in ObjectToAnswerInput) (*core.Payload, error) {
	key, err := s.byCode(ctx, in.Number, in.Code)
	if err != nil {
		return nil, err
	}
	in.Code = nil
	return s.writer.Do(ctx, "objectToAnswer", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, answer, err := s.respond(ctx, tx, in.ID, key)
		if err != nil {
			return uuid.Nil, err
		}
		if err := reason(in.Text, "text"); err != nil {
			return uuid.Nil, err
		}
		today := tx.Today()
		if answer.ObjectUntil.Before(today) {
			return uuid.Nil, core.Conflict(core.Textf("The time to object ended on %s. Hand in a new case.", "Срок для возражения истёк %s. Подайте новое обращение.", answer.ObjectUntil), "input", "id")
		}
		answer.ObjectedOn, answer.Objection = &today, core.Trimmed(&in.Text)
		if _, err := tx.NewUpdate().Model(answer).Column("objected_on", "objection").WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		return c.ID, s.reopen(ctx, tx, c, act{
			step: StepObjected, text: &in.Text,
			told: core.Textf("The applicant objects to the answer; case %s was reopened.", "Заявитель возражает на ответ, обращение %s возобновлено.", c.Number),
		})
	})
}

// respond locks the case and its last answer, which nobody has spoken on yet. Who knows number and code
// (key) is taken for the applicant.
func (s *Service) respond(ctx context.Context, tx *mutation.Tx, id *core.ID, key *uuid.UUID) (*Case, *CaseAnswer, error) {
	c, err := s.ofApplicant(ctx, tx, id, key)
	if err != nil {
		return nil, nil, err
	}
	var last []CaseAnswer
	if err := tx.NewSelect().Model(&last).Where("?TableAlias.case_id = ?", c.ID).Order("round DESC").Limit(1).Scan(ctx); err != nil {
		return nil, nil, err
	}
	switch {
	case c.PublicState != Answered && c.PublicState != Closed || len(last) == 0:
		return nil, nil, core.Conflict(core.T("The case was not answered yet.", "На обращение ещё нет ответа."), "input", "id")
	case last[0].ConfirmedOn != nil:
		return nil, nil, core.Conflict(core.Textf("The answer was confirmed on %s.", "Ответ подтверждён %s.", *last[0].ConfirmedOn), "input", "id")
	case last[0].ObjectedOn != nil:
		return nil, nil, core.Conflict(core.Textf("The objection of %s was dealt with without an answer; ask for the case to be reopened.",
			"Возражение от %s рассмотрено без нового ответа; попросите возобновить обращение.", *last[0].ObjectedOn), "input", "id")
	}
	return c, &last[0], nil
}

func (s *Service) ofApplicant(ctx context.Context, tx *mutation.Tx, id *core.ID, key *uuid.UUID) (*Case, error) {
	if key != nil {
		if err := s.calendar.Hold(ctx, tx); err != nil {
			return nil, err
		}
		return lockCase(ctx, tx, *key)
	}
	if id == nil {
		return nil, core.Invalid(core.T("Give the case's id, or its number and code.", "Укажите id обращения либо его номер и код."), "input", "id")
	}
	return s.lock(ctx, tx, *id, mayRespond, nil, "id")
}

// ClaimCase links a case that staff wrote down, or that was handed in elsewhere, to the caller's account.
func (s *Service) ClaimCase(ctx context.Context, in ClaimCaseInput) (*core.Payload, error) {
	actor := core.ActorOf(ctx)
	if actor.Kind != core.Account {
		return nil, core.Forbidden(ctx)
	}
	key, err := s.byCode(ctx, &in.Number, &in.Code)
	if err != nil {
		return nil, err
	}
	in.Code = ""
	return s.writer.Do(ctx, "claimCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := lockCase(ctx, tx, *key)
		if err != nil {
			return uuid.Nil, err
		}
		content := new(CaseContent)
		if err := tx.NewSelect().Model(content).Where("?TableAlias.id = ?", c.ID).Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		if content.AccountID != nil && *content.AccountID != actor.Account {
			return uuid.Nil, core.Conflict(core.T("The case is linked to another account.", "Обращение связано с другой учётной записью."), "input", "number")
		}
		content.AccountID = &actor.Account
		if content.ApplicantID == nil && actor.Person != uuid.Nil {
			content.ApplicantID = &actor.Person
			if err := sign(ctx, tx, c, actor.Person); err != nil {
				return uuid.Nil, err
			}
		}
		if _, err := tx.NewUpdate().Model(content).Column("account_id", "applicant_id").WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Case", ID: c.ID})
		return c.ID, save(ctx, tx, c, "state_id")
	})
}
