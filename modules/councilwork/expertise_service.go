package councilwork

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/calendar"
)

// AskExpertise asks a body for a public expertise.
func (s *Service) AskExpertise(ctx context.Context, input AskExpertiseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "askExpertise", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.body(ctx, tx, input.CouncilID, "councilId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.guard.Check(ctx, mayAsk, in(c)); err != nil {
			return uuid.Nil, err
		}
		e := &PublicExpertise{
			ID: core.NewID(), CouncilID: c.ID, Kind: input.Kind, Title: input.Title, Text: input.Text,
			AskedOn: tx.Today(), DueOn: input.DueOn, State: ExpertiseRequested, Version: 1,
		}
		var p core.Problems
		words(&p, &e.Title, mostTitle, "title")
		short(&p, &e.Text, mostPaper, "text")
		ahead(&p, &e.DueOn, tx.Today(), "dueOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := s.asker(ctx, tx, e, input); err != nil {
			return uuid.Nil, err
		}
		if err := stands(c, tx.Today(), "councilId"); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, e); err != nil {
			return uuid.Nil, err
		}
		notice, err := s.notice(ctx, tx, c.ID, "a public expertise was asked for.", "запрошена общественная экспертиза.")
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(e.change(core.Created, nil, notice))
		return e.ID, s.attach(ctx, tx, "PublicExpertise", e.ID, input.UploadIDs)
	})
}

// asker finds who asks.
func (s *Service) asker(ctx context.Context, tx *mutation.Tx, e *PublicExpertise, input AskExpertiseInput) error {
	organisation, err := s.organisation(ctx, tx, &input.OrganisationID, "organisationId")
	if err != nil {
		return err
	}
	e.OrganisationID = *organisation
	if e.AskedByID, err = s.person(ctx, tx, input.AskedByID, "askedById"); err != nil || e.AskedByID == nil {
		return err
	}
	return employed(ctx, tx, *e.AskedByID, e.OrganisationID, "askedById")
}

// examine is one step of an expertise: found under a permission, changed by fn, saved. What fn answers are
// the words for the body's followers, English first.
func (s *Service) examine(ctx context.Context, action string, input any, id core.ID, permission string, expected int,
	fn func(ctx context.Context, tx *mutation.Tx, e *PublicExpertise) (told [2]string, err error),
) (*core.Payload, error) {
	return s.writer.Do(ctx, action, input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.calendar.Hold(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		e, err := lock[PublicExpertise](ctx, s, tx, id, permission, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := e.facts()
		told, err := fn(ctx, tx, e)
		if err != nil {
			return uuid.Nil, err
		}
		if err := save(ctx, tx, e, expected, expertiseColumns...); err != nil {
			return uuid.Nil, err
		}
		notice, err := s.notice(ctx, tx, e.CouncilID, told[0], told[1])
		if err != nil {
			return uuid.Nil, err
		}
		if e.AskedByID != nil {
			notice.Tell = []uuid.UUID{*e.AskedByID}
		}
		tx.Changed(e.change(core.Updated, before, notice))
		return e.ID, nil
	})
}

// expertiseColumns are what a step may change.
var expertiseColumns = []string{
	"due_on", "state", "declined_on", "reasons", "accepted_on", "started_on", "concluded_on", "reply_due_on", "replied_on", "reply", "signed_by_id",
}

var textRequestedOnly = core.T("The body decides on this of a requested expertise only. See its state.", "Так поступают только с запрошенной экспертизой. Посмотрите её состояние.")

// AcceptExpertise takes an expertise on, and announces it by that.
func (s *Service) AcceptExpertise(ctx context.Context, input AcceptExpertiseInput) (*core.Payload, error) {
	return s.examine(ctx, "acceptExpertise", input, input.ID, mayKeep, input.ExpectedVersion, func(_ context.Context, tx *mutation.Tx, e *PublicExpertise) (told [2]string, err error) {
		if err := e.must(textRequestedOnly, ExpertiseRequested); err != nil {
			return told, err
		}
		if input.DueOn != nil {
			e.DueOn = *input.DueOn
		}
		var p core.Problems
		if ahead(&p, &e.DueOn, tx.Today(), "dueOn"); len(p) > 0 {
			return told, p.Err()
		}
		today := tx.Today()
		e.State, e.AcceptedOn = ExpertiseAccepted, &today
		return [2]string{"a public expertise was announced.", "объявлена общественная экспертиза."}, nil
	})
}

// DeclineExpertise declines an expertise, with the reasons.
func (s *Service) DeclineExpertise(ctx context.Context, input DeclineExpertiseInput) (*core.Payload, error) {
	return s.examine(ctx, "declineExpertise", input, input.ID, mayKeep, input.ExpectedVersion, func(_ context.Context, tx *mutation.Tx, e *PublicExpertise) (told [2]string, err error) {
		if err := e.must(textRequestedOnly, ExpertiseRequested); err != nil {
			return told, err
		}
		var p core.Problems
		if words(&p, &input.Reasons, mostReasons, "reasons"); len(p) > 0 {
			return told, p.Err()
		}
		today := tx.Today()
		e.State, e.DeclinedOn, e.Reasons = ExpertiseDeclined, &today, &input.Reasons
		return [2]string{"a public expertise was declined.", "в проведении общественной экспертизы отказано."}, nil
	})
}

// StartExpertise begins the work, when there is somebody who may sign.
func (s *Service) StartExpertise(ctx context.Context, input StartExpertiseInput) (*core.Payload, error) {
	return s.examine(ctx, "startExpertise", input, input.ID, mayKeep, input.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, e *PublicExpertise) (told [2]string, err error) {
		if err := e.must(core.T("Work begins on an accepted expertise. See its state.", "В работу берут принятую экспертизу. Посмотрите её состояние."), ExpertiseAccepted); err != nil {
			return told, err
		}
		impartial, err := countExperts(ctx, tx, e.ID, "?TableAlias.conflict = 'NONE'")
		if err != nil {
			return told, err
		}
		if impartial == 0 {
			return told, core.Conflict(core.T("No expert has declared to be without a conflict of interest. Name one, and note the declaration.",
				"Ни один эксперт не заявил об отсутствии конфликта интересов. Назначьте эксперта и отметьте его заявление."), "input", "id")
		}
		today := tx.Today()
		e.State, e.StartedOn = ExpertiseInWork, &today
		return [2]string{"work on a public expertise began.", "начата работа по общественной экспертизе."}, nil
	})
}

func countExperts(ctx context.Context, tx *mutation.Tx, expertise uuid.UUID, condition string) (n int, err error) {
	err = tx.NewSelect().Model((*ExpertiseExpert)(nil)).ColumnExpr("count(*)").Where("?TableAlias.expertise_id = ?", expertise).Where(condition).Scan(ctx, &n)
	return n, err
}

// ConcludeExpertise publishes the conclusion and sends it to who asked.
func (s *Service) ConcludeExpertise(ctx context.Context, input ConcludeExpertiseInput) (*core.Payload, error) {
	return s.examine(ctx, "concludeExpertise", input, input.ID, mayKeep, input.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, e *PublicExpertise) (told [2]string, err error) {
		if err := e.must(textInWorkOnly, ExpertiseInWork); err != nil {
			return told, err
		}
		c, err := conclusionOf(ctx, tx, e.ID)
		if err != nil {
			return told, err
		}
		if c == nil {
			return told, core.Conflict(core.T("There is no conclusion yet. Write it (draftConclusion).", "Заключения ещё нет. Составьте его (draftConclusion)."), "input", "id")
		}
		signed, err := countExperts(ctx, tx, e.ID, "?TableAlias.signed_on IS NOT NULL")
		if err != nil {
			return told, err
		}
		if signed == 0 {
			return told, core.Conflict(core.T("No expert has signed the conclusion.", "Заключение не подписал ни один эксперт."), "input", "id")
		}
		before, today := c.facts(), tx.Today()
		c.PublishedOn = &today
		if err := save(ctx, tx, c, c.Version, "published_on"); err != nil {
			return told, err
		}
		tx.Changed(e.part(core.Updated, core.ID{Type: "ExpertiseConclusion", Key: c.ID}, before, c.facts()))
		due, err := s.calendar.Deadline(ctx, tx, today, answerDays, calendar.Calendar)
		e.State, e.ConcludedOn, e.ReplyDueOn = ExpertiseConcluded, &today, &due
		return [2]string{"the conclusion of a public expertise was published.", "опубликовано заключение общественной экспертизы."}, err
	})
}
