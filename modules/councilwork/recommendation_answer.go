package councilwork

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/people"
)

// answerDays is how long a recommendation waits for its answer where no day is set, and so does a
// conclusion for its reply.
const answerDays = 30

// SendRecommendation sends a recommendation to its addressee. It is a public case in the addressee's hands
// from then on, opened in the same transaction.
func (s *Service) SendRecommendation(ctx context.Context, input SendRecommendationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "sendRecommendation", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.calendar.Hold(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		r, err := lock[Recommendation](ctx, s, tx, input.ID, mayKeep, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := r.unsent(); err != nil {
			return uuid.Nil, err
		}
		before, today := r.facts(), tx.Today()
		due, err := s.due(ctx, tx, input.DueOn, nil)
		if err != nil {
			return uuid.Nil, err
		}
		r.SentOn, r.DueOn = &today, &due
		if err := s.followed(ctx, tx, r); err != nil {
			return uuid.Nil, err
		}
		if err := save(ctx, tx, r, input.ExpectedVersion, "sent_on", "due_on", "case_id"); err != nil {
			return uuid.Nil, err
		}
		notice, err := s.notice(ctx, tx, r.CouncilID, fmt.Sprintf("recommendation No. %d was sent; an answer is due by %s.", r.Number, due),
			fmt.Sprintf("рекомендация № %d направлена, срок ответа — %s.", r.Number, due))
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(r.change(core.Updated, before, notice))
		return r.ID, nil
	})
}

// due is the day for an answer: the one that is given, which is not past, else the usual one, else 30 days
// from today.
func (s *Service) due(ctx context.Context, tx *mutation.Tx, given, usual *core.Date) (core.Date, error) {
	switch {
	case given != nil && !tx.Today().Before(*given):
		return *given, core.Invalid(core.T("Give a day after today.", "Укажите день позже сегодняшнего."), "input", "dueOn")
	case given != nil:
		return *given, nil
	case usual != nil && tx.Today().Before(*usual):
		return *usual, nil
	}
	return s.calendar.Deadline(ctx, tx, tx.Today(), answerDays, calendar.Calendar)
}

// followed opens the case by which a recommendation is followed.
func (s *Service) followed(ctx context.Context, tx *mutation.Tx, r *Recommendation) error {
	o := cases.Opening{
		Origin: cases.OriginRecommendation, Source: &core.ID{Type: "Recommendation", Key: r.ID}, Title: r.Title, Text: r.Text,
		OwnerOrganisationID: &r.OrganisationID, DueOn: r.DueOn, Public: true, Channel: cases.ChannelMeeting,
	}
	if r.PostID != nil {
		post, err := held[people.Post](ctx, tx, *r.PostID, "KEY SHARE", "id")
		if err != nil {
			return err
		}
		if post.EndsOn == nil || !post.EndsOn.Before(tx.Today()) {
			o.OwnerPersonID = &post.PersonID
		}
	}
	key, err := s.cases.Open(ctx, tx, o)
	r.CaseID = &key
	return err
}

// AnswerRecommendation answers a recommendation that was sent: accepted, in part, or refused with the
// reasons. The case is answered with it, and closed.
func (s *Service) AnswerRecommendation(ctx context.Context, input AnswerRecommendationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "answerRecommendation", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.calendar.Hold(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		r, err := lock[Recommendation](ctx, s, tx, input.ID, mayAnswer, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := r.answerable(); err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		words(&p, &input.Answer, mostText, "answer")
		if input.Outcome.reasoned(&p, &input.Reasons, "input", "reasons"); len(p) > 0 {
			return uuid.Nil, p.Err()
		}
		before, today := r.facts(), tx.Today()
		if r.SignedByID, err = s.signer(ctx, tx, input.SignedByID, r.OrganisationID); err != nil {
			return uuid.Nil, err
		}
		r.AnsweredOn, r.Outcome, r.Answer, r.Reasons = &today, &input.Outcome, &input.Answer, input.Reasons
		if err := save(ctx, tx, r, input.ExpectedVersion, "answered_on", "outcome", "answer", "reasons", "signed_by_id"); err != nil {
			return uuid.Nil, err
		}
		notice, err := s.notice(ctx, tx, r.CouncilID, fmt.Sprintf("recommendation No. %d was answered.", r.Number), fmt.Sprintf("на рекомендацию № %d дан ответ.", r.Number))
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(r.change(core.Updated, before, notice))
		if err := s.attach(ctx, tx, "Recommendation", r.ID, input.UploadIDs); err != nil {
			return uuid.Nil, err
		}
		return r.ID, s.cases.Conclude(ctx, tx, *r.CaseID, cases.Conclusion{Text: input.Answer, SignedByID: r.SignedByID})
	})
}

func (r *Recommendation) answerable() error {
	switch {
	case r.SentOn == nil:
		return core.Conflict(core.T("The recommendation was not sent yet.", "Рекомендация ещё не направлена."), "input", "id")
	case r.AnsweredOn != nil:
		return core.Conflict(core.Textf("The recommendation was answered on %s already.", "На рекомендацию уже ответили %s.", *r.AnsweredOn), "input", "id")
	}
	return nil
}

// signer is the official who signs for an organisation; nil where none is named.
func (s *Service) signer(ctx context.Context, tx *mutation.Tx, id *core.ID, organisation uuid.UUID) (*uuid.UUID, error) {
	key, err := s.person(ctx, tx, id, "signedById")
	if err != nil || key == nil {
		return nil, err
	}
	return key, employed(ctx, tx, *key, organisation, "signedById")
}
