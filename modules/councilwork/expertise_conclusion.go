package councilwork

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// mostProposals is how many proposals one conclusion has at most.
const mostProposals = 100

// DraftConclusion writes the conclusion of an expertise in work, or writes it anew: signatures and opinions
// under what it was before are gone then.
func (s *Service) DraftConclusion(ctx context.Context, input DraftConclusionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "draftConclusion", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		e, err := lock[PublicExpertise](ctx, s, tx, input.ExpertiseID, mayKeep, "expertiseId")
		if err != nil {
			return uuid.Nil, err
		}
		if e.State != ExpertiseInWork {
			return uuid.Nil, core.Conflict(textInWorkOnly, "input", "expertiseId")
		}
		if err := input.validate(); err != nil {
			return uuid.Nil, err
		}
		c, err := conclusionOf(ctx, tx, e.ID)
		if err != nil {
			return uuid.Nil, err
		}
		before, kind := any(nil), core.Created
		if c == nil {
			c = &ExpertiseConclusion{ID: core.NewID(), ExpertiseID: e.ID, Version: 1}
		} else {
			before, kind = c.facts(), core.Updated
		}
		c.Finding, c.Text, c.Risks, c.DraftedOn = input.Finding, input.Text, input.Risks, tx.Today()
		if err := s.write(ctx, tx, e, c, input, kind == core.Updated); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(e.part(kind, core.ID{Type: "ExpertiseConclusion", Key: c.ID}, before, c.facts()))
		return c.ID, nil
	})
}

func (in *DraftConclusionInput) validate() error {
	var p core.Problems
	words(&p, &in.Text, mostPaper, "text")
	short(&p, &in.Risks, mostText, "risks")
	p.Check(len(in.Proposals) <= mostProposals, core.Textf("At most %d proposals.", "Не более %d предложений.", mostProposals), "input", "proposals")
	for i, text := range in.Proposals {
		in.Proposals[i] = strings.TrimSpace(text)
		n := utf8.RuneCountInString(in.Proposals[i])
		p.Check(n >= 1 && n <= mostReasons, core.Textf("From 1 to %d characters each.", "Каждое от 1 до %d знаков.", mostReasons), "input", "proposals")
	}
	return p.Err()
}

// write saves the conclusion, puts the proposals in the place of those that there were, and takes the
// signatures away.
func (s *Service) write(ctx context.Context, tx *mutation.Tx, e *PublicExpertise, c *ExpertiseConclusion, input DraftConclusionInput, anew bool) error {
	if !anew {
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
		return propose(ctx, tx, c.ID, input.Proposals)
	}
	if input.ExpectedVersion == nil {
		return core.Conflict(core.T("There is a conclusion already: give the version that you read as expectedVersion to write it anew.",
			"Заключение уже есть: чтобы изменить его, укажите прочитанную версию в expectedVersion."), "input", "expectedVersion")
	}
	if err := save(ctx, tx, c, *input.ExpectedVersion, "finding", "text", "risks", "drafted_on"); err != nil {
		return err
	}
	if _, err := tx.NewDelete().Model((*ExpertiseProposal)(nil)).Where("conclusion_id = ?", c.ID).Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewUpdate().Model((*ExpertiseExpert)(nil)).Set("signed_on = NULL").Set("opinion = NULL").Set("version = version + 1").
		Where("expertise_id = ?", e.ID).Where("signed_on IS NOT NULL").Exec(ctx); err != nil {
		return err
	}
	return propose(ctx, tx, c.ID, input.Proposals)
}

func propose(ctx context.Context, tx *mutation.Tx, conclusion uuid.UUID, texts []string) error {
	if len(texts) == 0 {
		return nil
	}
	proposals := make([]ExpertiseProposal, len(texts))
	for i, text := range texts {
		proposals[i] = ExpertiseProposal{ID: core.NewID(), ConclusionID: conclusion, Number: i + 1, Text: text, Version: 1}
	}
	return insert(ctx, tx, &proposals)
}

// conclusionOf is the conclusion of a locked expertise; nil while there is none.
func conclusionOf(ctx context.Context, tx *mutation.Tx, expertise uuid.UUID) (*ExpertiseConclusion, error) {
	c := new(ExpertiseConclusion)
	err := tx.NewSelect().Model(c).Where("?TableAlias.expertise_id = ?", expertise).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, nil
	}
	return c, err
}

// proposalsOf are the proposals of a conclusion, in order, locked.
func proposalsOf(ctx context.Context, tx *mutation.Tx, conclusion uuid.UUID) (all []ExpertiseProposal, err error) {
	err = tx.NewSelect().Model(&all).Where("?TableAlias.conclusion_id = ?", conclusion).Order("number").For("NO KEY UPDATE").Scan(ctx)
	return all, err
}
