package councilwork

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

var textInWorkOnly = core.T("This is done while the expertise is in work. See its state.", "Это делают, пока экспертиза в работе. Посмотрите её состояние.")

// AddExpert names an expert of an expertise that goes on.
func (s *Service) AddExpert(ctx context.Context, input AddExpertInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addExpert", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		e, err := lock[PublicExpertise](ctx, s, tx, input.ExpertiseID, mayKeep, "expertiseId")
		if err != nil {
			return uuid.Nil, err
		}
		if e.State != ExpertiseAccepted && e.State != ExpertiseInWork {
			return uuid.Nil, core.Conflict(core.T("Experts are named while the expertise is accepted or in work. See its state.",
				"Экспертов назначают, пока экспертиза принята или в работе. Посмотрите её состояние."), "input", "expertiseId")
		}
		x := &ExpertiseExpert{ID: core.NewID(), ExpertiseID: e.ID, Qualification: input.Qualification, Version: 1}
		var p core.Problems
		if optional(&p, &x.Qualification, 500, "qualification"); len(p) > 0 {
			return uuid.Nil, p.Err()
		}
		person, err := s.person(ctx, tx, &input.PersonID, "personId")
		if err != nil {
			return uuid.Nil, err
		}
		x.PersonID = *person
		if err := insert(ctx, tx, x); err != nil {
			return uuid.Nil, err
		}
		change := e.part(core.Created, x.id(), nil, x.facts())
		if change.Notice, err = s.notice(ctx, tx, e.CouncilID, "an expert of a public expertise was named.", "назначен эксперт общественной экспертизы.", x.PersonID); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(change)
		return x.ID, nil
	})
}

func (x *ExpertiseExpert) id() core.ID { return core.ID{Type: "ExpertiseExpert", Key: x.ID} }

// lockExpert finds an expert for a change, and locks the expertise and then the expert.
func (s *Service) lockExpert(ctx context.Context, tx *mutation.Tx, id core.ID) (*PublicExpertise, *ExpertiseExpert, error) {
	key, err := id.Of("ExpertiseExpert", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[ExpertiseExpert](ctx, s.reads, tx, maySign, key, "input", "id"); err != nil {
		return nil, nil, err
	}
	x, err := held[ExpertiseExpert](ctx, tx, key, "KEY SHARE", "id")
	if err != nil {
		return nil, nil, err
	}
	e, err := held[PublicExpertise](ctx, tx, x.ExpertiseID, "NO KEY UPDATE", "id")
	if err != nil {
		return nil, nil, err
	}
	x, err = held[ExpertiseExpert](ctx, tx, key, "NO KEY UPDATE", "id")
	return e, x, err
}

// DeclareConflict notes what an expert declares. A declaration that there is a conflict is never taken
// back; one that there is none may be corrected until the expert signs.
func (s *Service) DeclareConflict(ctx context.Context, input DeclareConflictInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "declareConflict", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		e, x, err := s.lockExpert(ctx, tx, input.ID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := e.must(core.T("Experts declare themselves while the expertise is accepted or in work. See its state.",
			"Эксперты делают заявления, пока экспертиза принята или в работе. Посмотрите её состояние."), ExpertiseAccepted, ExpertiseInWork); err != nil {
			return uuid.Nil, err
		}
		switch {
		case x.SignedOn != nil:
			return uuid.Nil, core.Conflict(core.T("The expert has signed already. Write the conclusion anew first.", "Эксперт уже подписал заключение. Сначала составьте его заново."), "input", "id")
		case x.Conflict != nil && (*x.Conflict == ConflictPresent || *x.Conflict == input.Conflict):
			return uuid.Nil, core.Conflict(core.T("The expert's declaration stands.", "Заявление эксперта уже сделано."), "input", "conflict")
		}
		before, today := x.facts(), tx.Today()
		x.Conflict, x.DeclaredOn = &input.Conflict, &today
		if err := save(ctx, tx, x, input.ExpectedVersion, "conflict", "declared_on"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(e.part(core.Updated, x.id(), before, x.facts()))
		return x.ID, nil
	})
}

// SignConclusion signs the conclusion as it stands. Nobody signs who has a conflict of interest, or has not
// declared that there is none.
func (s *Service) SignConclusion(ctx context.Context, input SignConclusionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "signConclusion", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		e, x, err := s.lockExpert(ctx, tx, input.ID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.signable(ctx, tx, e, x, input.ConclusionVersion); err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		if optional(&p, &input.Opinion, mostText, "opinion"); len(p) > 0 {
			return uuid.Nil, p.Err()
		}
		before, today := x.facts(), tx.Today()
		x.SignedOn, x.Opinion = &today, input.Opinion
		if err := save(ctx, tx, x, input.ExpectedVersion, "signed_on", "opinion"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(e.part(core.Updated, x.id(), before, x.facts()))
		return x.ID, nil
	})
}

func (s *Service) signable(ctx context.Context, tx *mutation.Tx, e *PublicExpertise, x *ExpertiseExpert, version int) error {
	if err := e.must(textInWorkOnly, ExpertiseInWork); err != nil {
		return err
	}
	c, err := conclusionOf(ctx, tx, e.ID)
	switch {
	case err != nil:
		return err
	case c == nil:
		return core.Conflict(core.T("There is no conclusion to sign yet.", "Заключения, которое можно подписать, ещё нет."), "input", "id")
	case c.Version != version:
		return core.Conflict(core.T("The conclusion was written anew. Read it again before you sign.", "Заключение изменено. Прочитайте его ещё раз, прежде чем подписать."), "input", "conclusionVersion")
	case x.Conflict == nil:
		return core.Conflict(core.T("Declare first whether there is a conflict of interest (declareConflict).", "Сначала заявите, есть ли конфликт интересов (declareConflict)."), "input", "id")
	case *x.Conflict == ConflictPresent:
		return core.Conflict(core.T("An expert with a conflict of interest does not sign.", "Эксперт с конфликтом интересов заключение не подписывает."), "input", "id")
	case x.SignedOn != nil:
		return core.Conflict(core.Textf("It was signed on %s already.", "Заключение уже подписано %s.", *x.SignedOn), "input", "id")
	}
	return nil
}
