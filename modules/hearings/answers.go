package hearings

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// CheckHearingStanding notes whether an author lives where they said, or that nobody has looked yet.
func (s *Service) CheckHearingStanding(ctx context.Context, in CheckHearingStandingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "checkHearingStanding", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		h, t, err := s.lockStatement(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		before := t.facts()
		t.StandingCheck, t.CheckedOn = in.Check, nil
		if in.Check != Unchecked {
			today := tx.Today()
			t.CheckedOn = &today
		}
		if err := mutation.Save(ctx, tx, t, in.ExpectedVersion, "standing_check", "checked_on"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "HearingStatement", ID: t.ID, Before: before, After: t.facts(), Touched: []core.ID{h.id()}})
		return t.ID, nil
	})
}

// PublishHearingStatement gives a statement's proposals the texts that the public reads. Texts that bear the
// author's family name without their consent, a telephone number or an e-mail address are refused; whoever
// publishes answers for the rest.
func (s *Service) PublishHearingStatement(ctx context.Context, in PublishHearingStatementInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "publishHearingStatement", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		h, t, err := s.lockStatement(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		texts, err := clean(ctx, tx, t, in.Texts)
		if err != nil {
			return uuid.Nil, err
		}
		raw, err := json.Marshal(texts)
		if err != nil {
			return uuid.Nil, fmt.Errorf("texts: %w", err)
		}
		_, err = tx.NewRaw(`UPDATE hearing_proposals AS proposal SET published_text = given.value FROM jsonb_each_text(?::jsonb) AS given
			WHERE proposal.municipality_id = ? AND proposal.statement_id = ? AND proposal.id = given.key::uuid`, string(raw), core.MunicipalityOf(ctx).ID, t.ID).Exec(ctx)
		if err != nil {
			return uuid.Nil, err
		}
		before, now := t.facts(), tx.Now()
		t.PublishedAt = &now
		if err := mutation.Save(ctx, tx, t, in.ExpectedVersion, "published_at"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "HearingStatement", ID: t.ID, Before: before, After: t.facts(), Touched: []core.ID{h.id()}})
		return t.ID, nil
	})
}

// contacts are telephone numbers and e-mail addresses.
var contacts = regexp.MustCompile(`[\pL\pN._%+-]+@[\pL\pN-]+\.[\pL\pN]+|(?:\+?\d[\s()-]*){10,}`)

var errContacts = core.T("Leave out telephone numbers and e-mail addresses.", "Уберите телефоны и адреса электронной почты.")

// clean are the texts for each of the statement's proposals, none of which tells who the author is, as far as
// a program sees that.
func clean(ctx context.Context, tx *mutation.Tx, t *HearingStatement, in []HearingTextInput) (map[uuid.UUID]string, error) {
	var proposals []HearingProposal
	if err := tx.NewSelect().Model(&proposals).Where("?TableAlias.statement_id = ?", t.ID).Order("number").Scan(ctx); err != nil {
		return nil, err
	}
	submitted, texts := map[uuid.UUID]*string{}, map[uuid.UUID]string{}
	for i := range proposals {
		submitted[proposals[i].ID] = proposals[i].SubmittedText
	}
	family, err := familyName(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	var p core.Problems
	for i := range in {
		key, err := in[i].ProposalID.Of("HearingProposal", at("texts", i, "proposalId")...)
		if err != nil {
			return nil, err
		}
		text, of := submitted[key]
		if !of {
			return nil, notFound(at("texts", i, "proposalId")...)
		}
		if in[i].Text != nil {
			text = in[i].Text
		}
		if text == nil {
			empty := ""
			text = &empty
		}
		texts[key] = strings.TrimSpace(*text)
		n := utf8.RuneCountInString(texts[key])
		p.Check(n >= 1 && n <= 10_000, core.T("From 1 to 10,000 characters.", "От 1 до 10 000 знаков."), at("texts", i, "text")...)
		p.Check(!contacts.MatchString(texts[key]), errContacts, at("texts", i, "text")...)
		p.Check(family == "" || !strings.Contains(strings.ToLower(texts[key]), family), core.T("Leave out the author's name.", "Уберите имя автора."), at("texts", i, "text")...)
	}
	p.Check(len(texts) == len(submitted), core.Textf("Give a text for each of the %d proposals.", "Дайте текст для каждого из предложений (%d).", len(submitted)), "input", "texts")
	return texts, p.Err()
}

// familyName is what must not stand in a public text, in small letters; empty where the author's name may.
func familyName(ctx context.Context, tx *mutation.Tx, t *HearingStatement) (string, error) {
	var names []string
	err := tx.NewRaw(`SELECT lower(p.family_name) FROM hearing_statements AS s JOIN persons AS p ON p.municipality_id = s.municipality_id AND p.id = s.author_id
		WHERE s.municipality_id = ? AND s.id = ? AND NOT s.show_name AND length(p.family_name) > 2`, core.MunicipalityOf(ctx).ID, t.ID).Scan(ctx, &names)
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}

// AnswerHearingProposals answers proposals of one hearing, in one statement, whatever their number.
func (s *Service) AnswerHearingProposals(ctx context.Context, in AnswerHearingProposalsInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "answerHearingProposals", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		keys, err := in.keys()
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[HearingProposal](ctx, s.reads, tx, mayAnswer, keys[0], "input", "proposalIds"); err != nil {
			return uuid.Nil, err
		}
		first := new(HearingProposal)
		if err := tx.NewSelect().Model(first).Column("hearing_id").Where("?TableAlias.id = ?", keys[0]).Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		h, err := lockHearing(ctx, tx, first.HearingID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := h.runs(); err != nil {
			return uuid.Nil, err
		}
		var numbers []int
		err = tx.NewUpdate().Model((*HearingProposal)(nil)).Set("outcome = ?", in.Outcome).Set("reasons = ?", strings.TrimSpace(in.Reasons)).Set("answered_on = ?", tx.Today()).
			Where("hearing_id = ?", h.ID).Where("id IN (?)", bun.List(keys)).Returning("number").Scan(ctx, &numbers)
		if err != nil {
			return uuid.Nil, err
		}
		if len(numbers) < len(keys) {
			return uuid.Nil, core.Invalid(core.T("Answer the proposals of one hearing at a time.", "За один раз отвечают на предложения одних слушаний."), "input", "proposalIds")
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "HearingProposal", ID: keys[0], Touched: []core.ID{h.id()},
			After: map[string]any{"hearing": h.ID, "proposals": numbers, "outcome": in.Outcome}})
		return h.ID, nil
	})
}

// keys are those of the proposals, each once; what the answer says is held to its rules.
func (in *AnswerHearingProposalsInput) keys() ([]uuid.UUID, error) {
	var p core.Problems
	p.Words(in.Reasons, 10_000, "input", "reasons")
	p.Check(!contacts.MatchString(in.Reasons), errContacts, "input", "reasons")
	p.Check(len(in.ProposalIDs) >= 1 && len(in.ProposalIDs) <= mostAnswered, core.Textf("From 1 to %d proposals.", "От 1 до %d предложений.", mostAnswered), "input", "proposalIds")
	if err := p.Err(); err != nil {
		return nil, err
	}
	var keys []uuid.UUID
	named := map[uuid.UUID]bool{}
	for _, id := range in.ProposalIDs {
		key, err := id.Of("HearingProposal", "input", "proposalIds")
		if err != nil {
			return nil, err
		}
		if !named[key] {
			named[key], keys = true, append(keys, key)
		}
	}
	return keys, nil
}
