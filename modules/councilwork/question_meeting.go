package councilwork

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/meetings"
)

var textAcceptedOnly = core.T("Only a question that was accepted, and not considered yet, goes this way. See its state.",
	"Так поступают только с принятым и ещё не рассмотренным вопросом. Посмотрите его состояние.")

// ScheduleQuestion says at which meeting a question is considered, and by which day.
func (s *Service) ScheduleQuestion(ctx context.Context, input ScheduleQuestionInput) (*core.Payload, error) {
	return s.step(ctx, "scheduleQuestion", input, input.ID, mayKeep, input.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, q *ConsultationQuestion) (told [2]string, err error) {
		if err := q.must(textAcceptedOnly, QuestionAccepted); err != nil {
			return told, err
		}
		if due, ok := input.DueOn.ValueOK(); ok {
			var p core.Problems
			if ahead(&p, due, tx.Today(), "dueOn"); len(p) > 0 {
				return told, p.Err()
			}
			q.DueOn = due
		}
		told = [2]string{"a question was put on a meeting's agenda, or its day was changed.", "рассмотрение вопроса назначено или перенесено."}
		return told, s.schedule(ctx, tx, q, input)
	})
}

// schedule finds the meeting and the point of its agenda. A meeting alone takes the point of another away.
func (s *Service) schedule(ctx context.Context, tx *mutation.Tx, q *ConsultationQuestion, input ScheduleQuestionInput) error {
	meeting, given := input.MeetingID.ValueOK()
	item, itemGiven := input.AgendaItemID.ValueOK()
	if !given && !itemGiven {
		return nil
	}
	if !given && item == nil { // the point goes, the meeting stays
		q.AgendaItemID = nil
		return nil
	}
	pl, err := s.place(ctx, tx, q.CouncilID, meeting, item)
	if err != nil {
		return err
	}
	if m := pl.meeting; m != nil && m.State != meetings.Planned && m.State != meetings.Announced && m.State != meetings.InSession {
		return core.Conflict(core.T("That meeting is over or cancelled: choose another.", "Это заседание прошло или отменено: выберите другое."), "input", "meetingId")
	}
	if pl.item != nil && pl.item.ClosedAt != nil {
		return core.Conflict(core.T("That point of the agenda is closed: choose another.", "Этот вопрос повестки закрыт: выберите другой."), "input", "agendaItemId")
	}
	q.MeetingID, q.AgendaItemID = pl.keys()
	return nil
}

// ConsiderQuestion notes that the body has considered an accepted question.
func (s *Service) ConsiderQuestion(ctx context.Context, input ConsiderQuestionInput) (*core.Payload, error) {
	return s.step(ctx, "considerQuestion", input, input.ID, mayKeep, input.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, q *ConsultationQuestion) (told [2]string, err error) {
		if err := q.must(textAcceptedOnly, QuestionAccepted); err != nil {
			return told, err
		}
		var p core.Problems
		past(&p, input.ConsideredOn, tx.Today(), "consideredOn")
		p.Check(!input.ConsideredOn.Before(*q.AcceptedOn), core.T("It was accepted later than that.", "Вопрос принят позже этого дня."), "input", "consideredOn")
		if err := p.Err(); err != nil {
			return told, err
		}
		if q.MeetingID != nil {
			if err := opened(ctx, tx, *q.MeetingID); err != nil {
				return told, err
			}
		}
		q.State, q.ConsideredOn = QuestionConsidered, &input.ConsideredOn
		return [2]string{"a question was considered.", "вопрос рассмотрен."}, nil
	})
}

// opened refuses a meeting that has not begun.
func opened(ctx context.Context, tx *mutation.Tx, meeting uuid.UUID) error {
	m, err := held[meetings.Meeting](ctx, tx, meeting, "KEY SHARE", "id")
	if err == nil && m.OpenedAt == nil {
		err = core.Conflict(core.T("The meeting at which it is considered has not been opened. Open it, or schedule the question anew.",
			"Заседание, на котором рассматривается вопрос, не открыто. Откройте его или назначьте рассмотрение заново."), "input", "id")
	}
	return err
}

// DecideQuestion notes what the body decided on a question that it has considered.
func (s *Service) DecideQuestion(ctx context.Context, input DecideQuestionInput) (*core.Payload, error) {
	return s.step(ctx, "decideQuestion", input, input.ID, mayKeep, input.ExpectedVersion, func(_ context.Context, tx *mutation.Tx, q *ConsultationQuestion) (told [2]string, err error) {
		if err := q.must(core.T("Only a question that was considered is decided. See its state.", "Решение принимают только по рассмотренному вопросу. Посмотрите его состояние."), QuestionConsidered); err != nil {
			return told, err
		}
		var p core.Problems
		words(&p, &input.Decision, mostReasons, "decision")
		past(&p, input.DecidedOn, tx.Today(), "decidedOn")
		p.Check(!input.DecidedOn.Before(*q.ConsideredOn), core.T("It was considered later than that.", "Вопрос рассмотрен позже этого дня."), "input", "decidedOn")
		if err := p.Err(); err != nil {
			return told, err
		}
		q.State, q.Decision, q.DecidedOn = QuestionDecided, &input.Decision, &input.DecidedOn
		return [2]string{"a question was decided.", "по вопросу принято решение."}, nil
	})
}
