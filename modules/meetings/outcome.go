package meetings

import (
	"context"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Outcome is how an item is closed.
type Outcome struct {
	Kind        AgendaOutcome
	Text        *string
	Votes       *Votes
	PostponedTo *uuid.UUID // a meeting of the same body that has not begun
}

// Votes are the counts of a vote on an item.
type Votes struct{ For, Against, Abstained int }

// CloseAgendaItem closes an item with its outcome, in session.
func (s *Service) CloseAgendaItem(ctx context.Context, in CloseAgendaItemInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "closeAgendaItem", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, i, err := s.lockItem(ctx, tx, in.ID, mayRecord, "id")
		if err != nil {
			return uuid.Nil, err
		}
		o, err := s.outcome(ctx, tx, in)
		if err != nil {
			return uuid.Nil, err
		}
		return i.ID, closeItem(ctx, tx, m, i, o)
	})
}

// outcome reads the input; the meeting that takes the item up must be one that the caller may write.
func (s *Service) outcome(ctx context.Context, tx *mutation.Tx, in CloseAgendaItemInput) (o Outcome, err error) {
	o = Outcome{Kind: in.Outcome, Text: core.Trimmed(in.Text)}
	var p core.Problems
	counts := []*int{in.VotesFor, in.VotesAgainst, in.VotesAbstained}
	given := 0
	for n, field := range []string{"votesFor", "votesAgainst", "votesAbstained"} {
		if counts[n] != nil {
			given++
			p.Check(*counts[n] >= 0 && *counts[n] <= 1_000_000, core.T("From 0 to 1,000,000.", "От 0 до 1 000 000."), "input", field)
		}
	}
	p.Check(given == 0 || given == 3, core.T("Give all three counts of votes, or none.", "Укажите все три числа голосов или ни одного."), "input", "votesFor")
	if given == 3 {
		o.Votes = &Votes{*in.VotesFor, *in.VotesAgainst, *in.VotesAbstained}
	}
	o.check(&p)
	p.Check(in.PostponedToID == nil || in.Outcome == Postponed, core.T("Only a postponed item is taken up by another meeting.", "Другой встрече передают только перенесённый вопрос."), "input", "postponedToId")
	if err := p.Err(); err != nil || in.PostponedToID == nil {
		return o, err
	}
	key, err := in.PostponedToID.Of("Meeting", "input", "postponedToId")
	if err != nil {
		return o, err
	}
	o.PostponedTo = &key
	return o, read.Require[Meeting](ctx, s.reads, tx, mayWrite, key, "input", "postponedToId")
}

func (o Outcome) check(p *core.Problems) {
	p.Check(o.Text != nil || o.Kind != Decided, core.T("Say what was decided.", "Укажите, что решено."), "input", "text")
	p.Check(o.Text == nil || utf8.RuneCountInString(*o.Text) <= 4000, core.T("At most 4,000 characters.", "Не более 4000 знаков."), "input", "text")
	p.Check(o.Votes == nil || o.Kind == Decided || o.Kind == Noted, core.T("Counts of votes belong to a decision.", "Голоса указывают для принятого решения."), "input", "votesFor")
}

// CloseItem closes an item inside another module's change: a vote was taken on it, say.
func (s *Service) CloseItem(ctx context.Context, tx *mutation.Tx, item uuid.UUID, o Outcome) error {
	i, err := byKey[AgendaItem](ctx, tx, item)
	if err != nil {
		return err
	}
	m, err := lockMeeting(ctx, tx, i.MeetingID)
	if err != nil {
		return err
	}
	if i, err = byKey[AgendaItem](ctx, tx, item); err != nil {
		return err
	}
	var p core.Problems
	if o.check(&p); len(p) > 0 {
		return p.Err()
	}
	return closeItem(ctx, tx, m, i, o)
}

func closeItem(ctx context.Context, tx *mutation.Tx, m *Meeting, i *AgendaItem, o Outcome) error {
	if err := m.must(core.T("Items are closed in session.", "Итоги подводят во время заседания."), InSession); err != nil {
		return err
	}
	if i.Outcome != nil {
		return errItemClosed
	}
	before, now := i.facts(), tx.Now()
	i.Outcome, i.OutcomeText, i.ClosedAt, i.PostponedToID = &o.Kind, o.Text, &now, o.PostponedTo
	if o.Votes != nil {
		i.VotesFor, i.VotesAgainst, i.VotesAbstained = &o.Votes.For, &o.Votes.Against, &o.Votes.Abstained
	}
	if err := mutation.Save(ctx, tx, i, i.Version, outcomeColumns...); err != nil {
		return postgres.Conflicts(err, broken)
	}
	tx.Changed(i.change(core.Updated, before))
	if o.PostponedTo == nil {
		return nil
	}
	return postpone(ctx, tx, m, i, *o.PostponedTo)
}

var outcomeColumns = []string{"outcome", "outcome_text", "votes_for", "votes_against", "votes_abstained", "closed_at", "postponed_to_id"}

// postpone puts the item on the agenda of another meeting of the same body, with what it is about.
func postpone(ctx context.Context, tx *mutation.Tx, m *Meeting, i *AgendaItem, to uuid.UUID) error {
	next, err := lockMeeting(ctx, tx, to)
	if err != nil {
		return err
	}
	same := next.BodyKind == m.BodyKind && (m.BodyID == nil || next.BodyID != nil && *next.BodyID == *m.BodyID)
	if !same || next.ID == m.ID {
		return core.Invalid(core.T("An item is postponed to another meeting of the same body.", "Вопрос переносят на другую встречу того же органа."), "input", "postponedToId")
	}
	if err := next.must(core.T("An item is postponed to a meeting that has not begun.", "Вопрос переносят на встречу, которая не началась."), Planned, Announced); err != nil {
		return err
	}
	return addItem(ctx, tx, &AgendaItem{ID: core.NewID(), MeetingID: next.ID, Title: i.Title, Text: i.Text, SourceCaseID: i.SourceCaseID, PostponedFromID: &i.ID, Version: 1}, nil)
}

// ReopenAgendaItem opens an item again that was closed by mistake.
func (s *Service) ReopenAgendaItem(ctx context.Context, in ReopenAgendaItemInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "reopenAgendaItem", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, i, err := s.lockItem(ctx, tx, in.ID, mayRecord, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Items are opened again in session only.", "Открыть вопрос снова можно только во время заседания."), InSession); err != nil {
			return uuid.Nil, err
		}
		if i.Outcome == nil {
			return uuid.Nil, core.Conflict(core.T("The item is open.", "Вопрос и так открыт."))
		}
		taken, err := takenUp(ctx, tx, i)
		if err != nil {
			return uuid.Nil, err
		}
		if taken {
			return uuid.Nil, core.Conflict(core.T("Another meeting has taken the item up. Take it off that agenda first.", "Вопрос уже в повестке другой встречи. Сначала исключите его оттуда."))
		}
		before := i.facts()
		i.Outcome, i.OutcomeText, i.ClosedAt, i.PostponedToID = nil, nil, nil, nil
		i.VotesFor, i.VotesAgainst, i.VotesAbstained = nil, nil, nil
		if err := mutation.Save(ctx, tx, i, i.Version, outcomeColumns...); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(i.change(core.Updated, before))
		return i.ID, nil
	})
}

func takenUp(ctx context.Context, db bun.IDB, i *AgendaItem) (bool, error) {
	var n int
	err := db.NewSelect().Model((*AgendaItem)(nil)).ColumnExpr("count(*)").Where("postponed_from_id = ?", i.ID).Scan(ctx, &n)
	return n > 0, err
}
