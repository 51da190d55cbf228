package councilwork

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
)

// PutQuestion puts a question to a body. Whoever may only put their own does so as a member, in their own
// name.
func (s *Service) PutQuestion(ctx context.Context, input PutQuestionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "putQuestion", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.body(ctx, tx, input.CouncilID, "councilId")
		if err != nil {
			return uuid.Nil, err
		}
		q := &ConsultationQuestion{
			ID: core.NewID(), CouncilID: c.ID, Title: input.Title, Text: input.Text, PutBy: input.PutBy,
			State: QuestionSubmitted, SubmittedOn: tx.Today(), Submissions: 1, Version: 1,
		}
		if err := s.mayPut(ctx, c, input); err != nil {
			return uuid.Nil, err
		}
		if err := s.putter(ctx, tx, q, input); err != nil {
			return uuid.Nil, err
		}
		if q.CaseID, err = seen[cases.Case](ctx, s, tx, input.CaseID, "caseId"); err != nil {
			return uuid.Nil, err
		}
		if err := stands(c, tx.Today(), "councilId"); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, q); err != nil {
			return uuid.Nil, err
		}
		notice, err := s.notice(ctx, tx, c.ID, "a question was put.", "внесён вопрос.")
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(q.change(core.Created, nil, notice))
		return q.ID, s.attach(ctx, tx, "ConsultationQuestion", q.ID, input.UploadIDs)
	})
}

// mayPut asks for the right to put a question in that name.
func (s *Service) mayPut(ctx context.Context, c *councils.Council, input PutQuestionInput) error {
	own := core.ActorOf(ctx).Person
	if input.PutBy == PutByMember && own != uuid.Nil && (input.PersonID == nil || input.PersonID.Key == own) {
		return s.guard.Check(ctx, mayPut, in(c, "own"))
	}
	return s.guard.Check(ctx, mayPut, in(c))
}

// putter finds who puts a question: the caller where nobody is named, and an organisation need not.
func (s *Service) putter(ctx context.Context, tx *mutation.Tx, q *ConsultationQuestion, input PutQuestionInput) (err error) {
	if own := core.ActorOf(ctx).Person; input.PersonID == nil && input.PutBy != PutByOrganisation && own != uuid.Nil {
		input.PersonID = &core.ID{Type: "Person", Key: own}
	}
	if q.PersonID, err = s.person(ctx, tx, input.PersonID, "personId"); err != nil {
		return err
	}
	if q.OrganisationID, err = s.organisation(ctx, tx, input.OrganisationID, "organisationId"); err != nil {
		return err
	}
	var p core.Problems
	if q.validate(&p); len(p) > 0 {
		return p.Err()
	}
	switch q.PutBy {
	case PutByMember:
		today := tx.Today()
		return seated(ctx, tx, q.CouncilID, *q.PersonID, today, &today, "personId")
	case PutByOfficial:
		return employed(ctx, tx, *q.PersonID, *q.OrganisationID, "personId")
	}
	return nil
}

// attach makes uploads of the caller attachments.
func (s *Service) attach(ctx context.Context, tx *mutation.Tx, typ string, key uuid.UUID, uploads []core.ID) error {
	return s.files.Take(ctx, tx, core.ID{Type: typ, Key: key}, uploads, "input", "uploadIds")
}

// step is one step of a question: found under a permission, changed by fn, saved with columns. What fn
// answers are the words for the body's followers and who put it, English first.
func (s *Service) step(ctx context.Context, action string, input any, id core.ID, permission string, expected int,
	fn func(ctx context.Context, tx *mutation.Tx, q *ConsultationQuestion) (told [2]string, err error),
) (*core.Payload, error) {
	return s.writer.Do(ctx, action, input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		q, err := lock[ConsultationQuestion](ctx, s, tx, id, permission, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := q.facts()
		told, err := fn(ctx, tx, q)
		if err != nil {
			return uuid.Nil, err
		}
		if err := save(ctx, tx, q, expected, questionColumns...); err != nil {
			return uuid.Nil, err
		}
		notice, err := s.notice(ctx, tx, q.CouncilID, told[0], told[1], q.tell()...)
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(q.change(core.Updated, before, notice))
		return q.ID, nil
	})
}

// questionColumns are what a step may change.
var questionColumns = []string{
	"title", "text", "meeting_id", "agenda_item_id", "state", "submitted_on", "submissions", "complete_by", "rejected_on", "reasons", "accepted_on",
	"due_on", "considered_on", "decided_on", "decision",
}

var textSubmittedOnly = core.T("The body decides on this of a submitted question only. See its state.", "Так поступают только с внесённым вопросом. Посмотрите его состояние.")

// AcceptQuestion takes a submitted question up.
func (s *Service) AcceptQuestion(ctx context.Context, input AcceptQuestionInput) (*core.Payload, error) {
	return s.step(ctx, "acceptQuestion", input, input.ID, mayKeep, input.ExpectedVersion, func(_ context.Context, tx *mutation.Tx, q *ConsultationQuestion) (told [2]string, err error) {
		today := tx.Today()
		var p core.Problems
		if ahead(&p, input.DueOn, today, "dueOn"); len(p) > 0 {
			return told, p.Err()
		}
		q.AcceptedOn, q.DueOn = &today, input.DueOn
		err, q.State = q.must(textSubmittedOnly, QuestionSubmitted), QuestionAccepted
		return [2]string{"a question was accepted for consultation.", "вопрос принят к рассмотрению."}, err
	})
}

// ReturnQuestion gives a submitted question back to be completed by a day.
func (s *Service) ReturnQuestion(ctx context.Context, input ReturnQuestionInput) (*core.Payload, error) {
	return s.step(ctx, "returnQuestion", input, input.ID, mayKeep, input.ExpectedVersion, func(_ context.Context, tx *mutation.Tx, q *ConsultationQuestion) (told [2]string, err error) {
		var p core.Problems
		words(&p, &input.Reasons, mostReasons, "reasons")
		if ahead(&p, &input.CompleteBy, tx.Today(), "completeBy"); len(p) > 0 {
			return told, p.Err()
		}
		q.Reasons, q.CompleteBy = &input.Reasons, &input.CompleteBy
		err, q.State = q.must(textSubmittedOnly, QuestionSubmitted), QuestionReturned
		return [2]string{"a question was returned to be completed.", "вопрос возвращён на доработку."}, err
	})
}

// ResubmitQuestion submits a returned question again, on its last day at the latest.
func (s *Service) ResubmitQuestion(ctx context.Context, input ResubmitQuestionInput) (*core.Payload, error) {
	return s.step(ctx, "resubmitQuestion", input, input.ID, mayPut, input.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, q *ConsultationQuestion) (told [2]string, err error) {
		if err := q.must(core.T("Only a returned question is submitted again.", "Повторно вносят только вопрос, возвращённый на доработку."), QuestionReturned); err != nil {
			return told, err
		}
		if q.CompleteBy.Before(tx.Today()) {
			return told, core.Conflict(core.Textf("It was to be completed by %s. Put a new question.", "Доработать вопрос нужно было до %s. Внесите новый.", *q.CompleteBy), "input", "id")
		}
		if input.Title != nil {
			q.Title = *input.Title
		}
		if input.Text != nil {
			q.Text = *input.Text
		}
		var p core.Problems
		if q.validate(&p); len(p) > 0 {
			return told, p.Err()
		}
		q.State, q.SubmittedOn, q.Submissions, q.CompleteBy, q.Reasons = QuestionSubmitted, tx.Today(), q.Submissions+1, nil, nil
		told = [2]string{"a question was submitted again.", "вопрос внесён повторно."}
		return told, s.attach(ctx, tx, "ConsultationQuestion", q.ID, input.UploadIDs)
	})
}

// RejectQuestion rejects a submitted question, or a returned one that was not completed in time.
func (s *Service) RejectQuestion(ctx context.Context, input RejectQuestionInput) (*core.Payload, error) {
	return s.step(ctx, "rejectQuestion", input, input.ID, mayKeep, input.ExpectedVersion, func(_ context.Context, tx *mutation.Tx, q *ConsultationQuestion) (told [2]string, err error) {
		var p core.Problems
		if words(&p, &input.Reasons, mostReasons, "reasons"); len(p) > 0 {
			return told, p.Err()
		}
		today := tx.Today()
		if q.State == QuestionReturned && !q.CompleteBy.Before(today) {
			return told, core.Conflict(core.Textf("It may be completed until %s. Wait for that day.", "Вопрос ещё могут доработать до %s. Дождитесь этого дня.", *q.CompleteBy), "input", "id")
		}
		if err := q.must(textSubmittedOnly, QuestionSubmitted, QuestionReturned); err != nil {
			return told, err
		}
		q.State, q.RejectedOn, q.Reasons, q.CompleteBy = QuestionRejected, &today, &input.Reasons, nil
		return [2]string{"a question was rejected.", "вопрос отклонён."}, nil
	})
}
