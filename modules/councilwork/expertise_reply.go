package councilwork

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
)

var textConcludedOnly = core.T("The conclusion is not published yet.", "Заключение ещё не опубликовано.")

// OpenProposalCase follows a proposal of a published conclusion as a public case in the hands of who asked.
func (s *Service) OpenProposalCase(ctx context.Context, input OpenProposalCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "openProposalCase", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.calendar.Hold(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		e, p, err := s.lockProposal(ctx, tx, input.ID)
		if err != nil {
			return uuid.Nil, err
		}
		switch {
		case e.State != ExpertiseConcluded:
			return uuid.Nil, core.Conflict(textConcludedOnly, "input", "id")
		case p.CaseID != nil:
			return uuid.Nil, core.Conflict(core.T("The proposal is followed by a case already.", "По предложению уже ведётся дело."), "input", "id")
		case p.Outcome != nil:
			return uuid.Nil, core.Conflict(core.T("The proposal was answered already.", "На предложение уже дан ответ."), "input", "id")
		}
		due, err := s.due(ctx, tx, input.DueOn, e.ReplyDueOn)
		if err != nil {
			return uuid.Nil, err
		}
		before := p.facts()
		key, err := s.cases.Open(ctx, tx, cases.Opening{
			Origin: cases.OriginExpertise, Source: &core.ID{Type: "ExpertiseProposal", Key: p.ID}, Title: e.Title, Text: p.Text,
			OwnerOrganisationID: &e.OrganisationID, DueOn: &due, Public: true, Channel: cases.ChannelMeeting,
		})
		if err != nil {
			return uuid.Nil, err
		}
		p.CaseID = &key
		if err := save(ctx, tx, p, input.ExpectedVersion, "case_id"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(e.part(core.Updated, core.ID{Type: "ExpertiseProposal", Key: p.ID}, before, p.facts()))
		return p.ID, nil
	})
}

// lockProposal finds a proposal for a change, and locks its expertise and then the proposal.
func (s *Service) lockProposal(ctx context.Context, tx *mutation.Tx, id core.ID) (*PublicExpertise, *ExpertiseProposal, error) {
	key, err := id.Of("ExpertiseProposal", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[ExpertiseProposal](ctx, s.reads, tx, mayKeep, key, "input", "id"); err != nil {
		return nil, nil, err
	}
	var expertise uuid.UUID
	err = tx.NewSelect().Model((*ExpertiseConclusion)(nil)).Column("expertise_id").
		Where("?TableAlias.id = (SELECT conclusion_id FROM expertise_proposals WHERE municipality_id = ? AND id = ?)", core.MunicipalityOf(ctx).ID, key).Scan(ctx, &expertise)
	if err != nil {
		return nil, nil, err
	}
	e, err := held[PublicExpertise](ctx, tx, expertise, "NO KEY UPDATE", "id")
	if err != nil {
		return nil, nil, err
	}
	p, err := held[ExpertiseProposal](ctx, tx, key, "NO KEY UPDATE", "id")
	return e, p, err
}

// ReplyToExpertise replies to a conclusion as a whole and to each of its proposals. Cases that follow
// proposals are answered with it, and closed.
func (s *Service) ReplyToExpertise(ctx context.Context, input ReplyToExpertiseInput) (*core.Payload, error) {
	return s.examine(ctx, "replyToExpertise", input, input.ID, mayAnswer, input.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, e *PublicExpertise) (told [2]string, err error) {
		if err := e.must(textConcludedOnly, ExpertiseConcluded); err != nil {
			return told, err
		}
		if e.RepliedOn != nil {
			return told, core.Conflict(core.Textf("The conclusion was replied to on %s already.", "На заключение уже ответили %s.", *e.RepliedOn), "input", "id")
		}
		var p core.Problems
		if words(&p, &input.Reply, mostText, "reply"); len(p) > 0 {
			return told, p.Err()
		}
		if e.SignedByID, err = s.signer(ctx, tx, input.SignedByID, e.OrganisationID); err != nil {
			return told, err
		}
		today := tx.Today()
		e.RepliedOn, e.Reply = &today, &input.Reply
		told = [2]string{"the conclusion of a public expertise was replied to.", "на заключение общественной экспертизы дан ответ."}
		return told, s.answerProposals(ctx, tx, e, input)
	})
}

// answerProposals answers each proposal of the conclusion, and closes the cases that follow them.
func (s *Service) answerProposals(ctx context.Context, tx *mutation.Tx, e *PublicExpertise, input ReplyToExpertiseInput) error {
	c, err := conclusionOf(ctx, tx, e.ID)
	if err != nil || c == nil {
		return err
	}
	proposals, err := proposalsOf(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	answers, err := match(proposals, input.Proposals)
	if err != nil {
		return err
	}
	for i := range proposals {
		p, a := &proposals[i], answers[i]
		before := p.facts()
		p.Outcome, p.Reasons, p.AnsweredOn = &a.Outcome, a.Reasons, e.RepliedOn
		if err := save(ctx, tx, p, p.Version, "outcome", "reasons", "answered_on"); err != nil {
			return err
		}
		tx.Changed(e.part(core.Updated, core.ID{Type: "ExpertiseProposal", Key: p.ID}, before, p.facts()))
		if p.CaseID == nil {
			continue
		}
		text := input.Reply
		if a.Reasons != nil {
			text = *a.Reasons
		}
		if err := s.cases.Conclude(ctx, tx, *p.CaseID, cases.Conclusion{Text: text, SignedByID: e.SignedByID}); err != nil {
			return err
		}
	}
	return nil
}

// match finds the one answer to each proposal, in the proposals' order.
func match(proposals []ExpertiseProposal, given []ProposalAnswerInput) ([]ProposalAnswerInput, error) {
	var p core.Problems
	answers := map[uuid.UUID]ProposalAnswerInput{}
	for i, a := range given {
		at := []string{"input", "proposals", strconv.Itoa(i)}
		key, err := a.ProposalID.Of("ExpertiseProposal", append(at, "proposalId")...)
		if err != nil {
			return nil, err
		}
		_, twice := answers[key]
		p.Check(!twice, core.T("This proposal is answered twice.", "На это предложение отвечают дважды."), append(at, "proposalId")...)
		a.Outcome.reasoned(&p, &a.Reasons, append(at, "reasons")...)
		answers[key] = a
	}
	ordered := make([]ProposalAnswerInput, 0, len(proposals))
	for _, proposal := range proposals {
		a, ok := answers[proposal.ID]
		p.Check(ok, core.Textf("Proposal %d is not answered.", "Нет ответа на предложение %d.", proposal.Number), "input", "proposals")
		ordered = append(ordered, a)
		delete(answers, proposal.ID)
	}
	p.Check(len(answers) == 0, core.T("An answer names a proposal that the conclusion does not have.", "Ответ относится к предложению, которого в заключении нет."), "input", "proposals")
	return ordered, p.Err()
}
