package councilwork

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
)

// AdoptRecommendation notes what a body recommends. It gets the body's next number of the year; others
// who adopt one there in that year wait for the commit, so numbers have no gaps.
func (s *Service) AdoptRecommendation(ctx context.Context, input AdoptRecommendationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "adoptRecommendation", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.body(ctx, tx, input.CouncilID, "councilId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.guard.Check(ctx, mayKeep, in(c)); err != nil {
			return uuid.Nil, err
		}
		r := &Recommendation{
			ID: core.NewID(), CouncilID: c.ID, Year: input.AdoptedOn.Time().Year(), Title: input.Title, Text: input.Text, AdoptedOn: input.AdoptedOn,
			VotesFor: input.VotesFor, VotesAgainst: input.VotesAgainst, VotesAbstained: input.VotesAbstained, Version: 1,
		}
		var p core.Problems
		r.validate(&p)
		if past(&p, r.AdoptedOn, tx.Today(), "adoptedOn"); len(p) > 0 {
			return uuid.Nil, p.Err()
		}
		if err := stands(c, r.AdoptedOn, "adoptedOn"); err != nil {
			return uuid.Nil, err
		}
		if err := s.ground(ctx, tx, r, input); err != nil {
			return uuid.Nil, err
		}
		if err := s.addressee(ctx, tx, r, input.AddresseeID, input.AddresseePostID); err != nil {
			return uuid.Nil, err
		}
		if r.Number, err = nextNumber(ctx, tx, c.ID, r.Year); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, r); err != nil {
			return uuid.Nil, err
		}
		notice, err := s.notice(ctx, tx, c.ID, fmt.Sprintf("recommendation No. %d was adopted.", r.Number), fmt.Sprintf("принята рекомендация № %d.", r.Number))
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(r.change(core.Created, nil, notice))
		return r.ID, s.attach(ctx, tx, "Recommendation", r.ID, input.UploadIDs)
	})
}

// ground finds the question on which, and the meeting at which, a recommendation was adopted.
func (s *Service) ground(ctx context.Context, tx *mutation.Tx, r *Recommendation, input AdoptRecommendationInput) (err error) {
	if r.QuestionID, err = seen[ConsultationQuestion](ctx, s, tx, input.QuestionID, "questionId"); err != nil {
		return err
	}
	if r.QuestionID != nil {
		q, err := held[ConsultationQuestion](ctx, tx, *r.QuestionID, "SHARE", "questionId")
		switch {
		case err != nil:
			return err
		case q.CouncilID != r.CouncilID:
			return core.Invalid(core.T("That question was put to another body.", "Этот вопрос внесён в другой орган."), "input", "questionId")
		case q.State != QuestionConsidered && q.State != QuestionDecided:
			return core.Conflict(core.T("The body has not considered that question yet. Note first that it has (considerQuestion).",
				"Орган ещё не рассмотрел этот вопрос. Сначала отметьте рассмотрение (considerQuestion)."), "input", "questionId")
		}
	}
	pl, err := s.place(ctx, tx, r.CouncilID, input.MeetingID, input.AgendaItemID)
	if err != nil {
		return err
	}
	if pl.meeting != nil && pl.meeting.OpenedAt == nil {
		return core.Conflict(core.T("That meeting has not been opened: nothing was adopted at it.", "Это заседание не открывалось: на нём ничего не принимали."), "input", "meetingId")
	}
	r.MeetingID, r.AgendaItemID = pl.keys()
	return nil
}

// addressee finds whom a recommendation is addressed to: an organisation, or an official by their post.
func (s *Service) addressee(ctx context.Context, tx *mutation.Tx, r *Recommendation, organisation, post *core.ID) error {
	if (organisation == nil) == (post == nil) {
		return core.Invalid(core.T("Name the addressee: an organisation (addresseeId) or the post of an official (addresseePostId), one of them.",
			"Укажите адресата: организацию (addresseeId) или должность (addresseePostId), что-то одно."), "input", "addresseeId")
	}
	key, err := s.organisation(ctx, tx, organisation, "addresseeId")
	if err != nil {
		return err
	}
	if key != nil {
		r.OrganisationID, r.PostID = *key, nil
		return nil
	}
	if r.PostID, err = seen[people.Post](ctx, s, tx, post, "addresseePostId"); err != nil {
		return err
	}
	p, err := held[people.Post](ctx, tx, *r.PostID, "SHARE", "addresseePostId")
	if err != nil {
		return err
	}
	if p.EndsOn != nil && p.EndsOn.Before(tx.Today()) {
		return core.Conflict(core.Textf("That post ended on %s. Choose the one of today.", "Эти полномочия закончились %s. Выберите действующую должность.", *p.EndsOn), "input", "addresseePostId")
	}
	r.OrganisationID = p.OrganisationID
	return nil
}

// nextNumber takes the body's next number of the year.
func nextNumber(ctx context.Context, tx *mutation.Tx, council uuid.UUID, year int) (number int, err error) {
	err = tx.NewRaw(`INSERT INTO recommendation_numbers AS given (municipality_id, council_id, year, last) VALUES (?, ?, ?, 1)
		ON CONFLICT (municipality_id, council_id, year) DO UPDATE SET last = given.last + 1 RETURNING last`,
		core.MunicipalityOf(ctx).ID, council, year).Scan(ctx, &number)
	return number, err
}

// UpdateRecommendation corrects a recommendation that was not sent yet.
func (s *Service) UpdateRecommendation(ctx context.Context, input UpdateRecommendationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateRecommendation", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		r, err := lock[Recommendation](ctx, s, tx, input.ID, mayKeep, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := r.unsent(); err != nil {
			return uuid.Nil, err
		}
		before := r.facts()
		if err := s.correct(ctx, tx, r, input); err != nil {
			return uuid.Nil, err
		}
		err = save(ctx, tx, r, input.ExpectedVersion, "title", "text", "organisation_id", "post_id", "votes_for", "votes_against", "votes_abstained")
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(r.change(core.Updated, before, nil))
		return r.ID, nil
	})
}

func (s *Service) correct(ctx context.Context, tx *mutation.Tx, r *Recommendation, input UpdateRecommendationInput) error {
	for _, text := range []struct {
		given interface{ ValueOK() (*string, bool) }
		into  *string
	}{{input.Title, &r.Title}, {input.Text, &r.Text}} {
		if v, ok := text.given.ValueOK(); ok {
			*text.into = ""
			if v != nil {
				*text.into = *v
			}
		}
	}
	for _, votes := range []struct {
		given interface{ ValueOK() (*int, bool) }
		into  **int
	}{{input.VotesFor, &r.VotesFor}, {input.VotesAgainst, &r.VotesAgainst}, {input.VotesAbstained, &r.VotesAbstained}} {
		if v, ok := votes.given.ValueOK(); ok {
			*votes.into = v
		}
	}
	var p core.Problems
	if r.validate(&p); len(p) > 0 {
		return p.Err()
	}
	organisation, given := input.AddresseeID.ValueOK()
	post, postGiven := input.AddresseePostID.ValueOK()
	if !given && !postGiven {
		return nil
	}
	return s.addressee(ctx, tx, r, organisation, post)
}

// unsent refuses a recommendation that is out of the body's hands.
func (r *Recommendation) unsent() error {
	if r.SentOn != nil {
		return core.Conflict(core.Textf("The recommendation was sent on %s already. Adopt another one to change it.",
			"Рекомендация уже направлена %s. Чтобы изменить её, примите новую.", *r.SentOn), "input", "id")
	}
	return nil
}
