package hearings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/meetings"
)

// ConcludePublicHearing draws up the conclusion, once everything that was said has its answer.
func (s *Service) ConcludePublicHearing(ctx context.Context, in ConcludePublicHearingInput) (*core.Payload, error) {
	return s.change(ctx, "concludePublicHearing", in, in.ID, in.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, h *PublicHearing) (*core.Notice, []string, error) {
		var p core.Problems
		p.Words(in.Text, 20_000, "input", "text")
		p.Check(!contacts.MatchString(in.Text), errContacts, "input", "text")
		if err := p.Err(); err != nil {
			return nil, nil, err
		}
		if err := h.runs(); err != nil {
			return nil, nil, err
		}
		today := tx.Today()
		if !h.IntakeTo.Before(today) {
			return nil, nil, core.Conflict(core.Textf("Statements are taken until %[1]s: conclude the hearing on %[2]s at the earliest.",
				"Предложения принимаются до %[1]s включительно: завершить слушания можно не раньше %[2]s.", h.IntakeTo, h.IntakeTo.AddDays(1)))
		}
		sessions, err := sessionsOf(ctx, tx, h.ID)
		if err != nil {
			return nil, nil, err
		}
		if err := h.closed(sessions); err != nil {
			return nil, nil, err
		}
		if err := nothingLeft(ctx, tx, h); err != nil {
			return nil, nil, err
		}
		if err := conclude(ctx, tx, h, sessions, strings.TrimSpace(in.Text)); err != nil {
			return nil, nil, err
		}
		h.ConcludedOn = &today
		return h.notice("A public hearing is concluded, its results will be published: %s", "Публичные слушания завершены, результаты будут опубликованы: %s"), []string{"concluded_on"}, nil
	})
}

// closed refuses to go on while a session is not closed, or none was held where one must be.
func (h *PublicHearing) closed(sessions []session) error {
	held := 0
	for i := range sessions {
		switch sessions[i].State {
		case meetings.Closed, meetings.MinutesApproved:
			held++
		case meetings.Cancelled:
		default:
			return core.Conflict(core.Textf("Session %[1]d of %[2]s is not closed: close it (closeSession), or cancel its meeting.",
				"Собрание № %[1]d от %[2]s не закрыто: закройте его (closeSession) или отмените встречу.", sessions[i].Number, sessions[i].StartsOn))
		}
	}
	if h.Form == WithSession && held == 0 {
		return core.Conflict(core.T("No session was held: hold one, or cancel the hearing.", "Ни одного собрания не проведено: проведите его или отмените слушания."))
	}
	return nil
}

// nothingLeft refuses to go on while a proposal has no answer, or a statement no public text.
func nothingLeft(ctx context.Context, tx *mutation.Tx, h *PublicHearing) error {
	var left struct{ Unanswered, FirstProposal, Unpublished, FirstStatement int }
	err := tx.NewRaw(`SELECT count(*) FILTER (WHERE proposal.outcome IS NULL) AS unanswered,
			coalesce(min(proposal.number) FILTER (WHERE proposal.outcome IS NULL), 0) AS first_proposal,
			count(DISTINCT made.id) FILTER (WHERE made.published_at IS NULL) AS unpublished,
			coalesce(min(made.number) FILTER (WHERE made.published_at IS NULL), 0) AS first_statement
		FROM hearing_statements AS made JOIN hearing_proposals AS proposal ON proposal.municipality_id = made.municipality_id AND proposal.statement_id = made.id
		WHERE made.municipality_id = ? AND made.hearing_id = ?`, core.MunicipalityOf(ctx).ID, h.ID).Scan(ctx, &left)
	switch {
	case err != nil:
		return fmt.Errorf("what is left of hearing %s: %w", h.ID, err)
	case left.Unanswered > 0:
		return core.Conflict(core.Textf("%[1]d proposals have no answer, the first is number %[2]d: answer them (answerHearingProposals).",
			"Без ответа предложений: %[1]d, первое — № %[2]d. Рассмотрите их (answerHearingProposals).", left.Unanswered, left.FirstProposal))
	case left.Unpublished > 0:
		return core.Conflict(core.Textf("%[1]d statements have no public text, the first is number %[2]d: clear them (publishHearingStatement).",
			"Не подготовлены к публикации обращения: %[1]d, первое — № %[2]d. Подготовьте тексты (publishHearingStatement).", left.Unpublished, left.FirstStatement))
	}
	return nil
}

// counted is the expression of a figure in a statement on the hearing.
func counted(figure string) string {
	return "(" + strings.ReplaceAll(counts.Fields[figure].SQL, "?TableAlias", "hearing") + ")"
}

// conclude counts, writes the document, and freezes both.
func conclude(ctx context.Context, tx *mutation.Tx, h *PublicHearing, sessions []session, text string) error {
	var n HearingCounts
	err := tx.NewRaw(`SELECT `+counted("residentParticipants")+` AS resident_participants, `+counted("otherParticipants")+` AS other_participants,
		`+counted("residentStatements")+` AS resident_statements, `+counted("otherStatements")+` AS other_statements, `+counted("attended")+` AS attended,
		`+counted("accepted")+` AS accepted, `+counted("partly")+` AS partly, `+counted("refused")+` AS refused
		FROM public_hearings AS hearing WHERE hearing.municipality_id = ? AND hearing.id = ?`, core.MunicipalityOf(ctx).ID, h.ID).Scan(ctx, &n)
	if err != nil {
		return fmt.Errorf("counts of hearing %s: %w", h.ID, err)
	}
	document, err := draw(ctx, tx, h, sessions, &n, text)
	if err != nil {
		return err
	}
	_, err = tx.NewInsert().Model(&HearingConclusion{
		ID: h.ID, Text: text, Document: document, ResidentParticipants: n.ResidentParticipants, OtherParticipants: n.OtherParticipants,
		ResidentStatements: n.ResidentStatements, OtherStatements: n.OtherStatements, Attended: n.Attended, Accepted: n.Accepted, Partly: n.Partly, Refused: n.Refused,
	}).Exec(ctx)
	return err
}

// PublishPublicHearing publishes the conclusion; the protocol, a session's minutes, is public before it. A late
// one is published all the same: that it is late stands in overdue.
func (s *Service) PublishPublicHearing(ctx context.Context, in PublishPublicHearingInput) (*core.Payload, error) {
	return s.change(ctx, "publishPublicHearing", in, in.ID, in.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, h *PublicHearing) (*core.Notice, []string, error) {
		if h.ConcludedOn == nil || h.PublishedOn != nil {
			return nil, nil, core.Conflict(core.T("Only a concluded hearing is published, once (concludePublicHearing).", "Публикуют только завершённые слушания, один раз (concludePublicHearing)."))
		}
		sessions, err := sessionsOf(ctx, tx, h.ID)
		if err != nil {
			return nil, nil, err
		}
		for i := range sessions {
			if sessions[i].State == meetings.Closed {
				return nil, nil, core.Conflict(core.Textf("The minutes of session %[1]d of %[2]s are not published: publish them first (publishMinutes).",
					"Протокол собрания № %[1]d от %[2]s не опубликован: сначала опубликуйте его (publishMinutes).", sessions[i].Number, sessions[i].StartsOn))
			}
		}
		authors, err := authorsOf(ctx, tx, h.ID)
		if err != nil {
			return nil, nil, err
		}
		today := tx.Today()
		h.PublishedOn = &today
		notice := h.notice("The conclusion of a public hearing is published: %s", "Опубликовано заключение о результатах публичных слушаний: %s")
		notice.Tell = authors
		return notice, []string{"published_on"}, nil
	})
}

// authorsOf are the persons who made statements.
func authorsOf(ctx context.Context, tx *mutation.Tx, hearing uuid.UUID) (persons []uuid.UUID, err error) {
	err = tx.NewSelect().Model((*HearingStatementContent)(nil)).Distinct().Column("author_id").Where("?TableAlias.hearing_id = ?", hearing).
		Where("?TableAlias.author_id IS NOT NULL").Scan(ctx, &persons)
	slices.SortFunc(persons, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	return persons, err
}
