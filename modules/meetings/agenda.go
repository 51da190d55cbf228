package meetings

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/people"
)

// mostItems is the most items that one agenda has.
const mostItems = 500

var agendaWay = core.T("The agenda changes until the session is closed.", "Повестка меняется до закрытия заседания.")

// AddAgendaItem puts an item on the agenda, at the end or at a position.
func (s *Service) AddAgendaItem(ctx context.Context, in AddAgendaItemInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addAgendaItem", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.MeetingID, mayWrite, "input", "meetingId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(agendaWay, Planned, Announced, InSession); err != nil {
			return uuid.Nil, err
		}
		i := &AgendaItem{ID: core.NewID(), MeetingID: m.ID, Title: strings.TrimSpace(in.Title), Text: strings.TrimSpace(in.Text), Version: 1}
		if err := i.validate(); err != nil {
			return uuid.Nil, err
		}
		if i.SourceCaseID, err = seen[cases.Case](ctx, s, tx, in.SourceCaseID, "Case", "sourceCaseId"); err != nil {
			return uuid.Nil, err
		}
		return i.ID, addItem(ctx, tx, i, in.Position)
	})
}

// addItem inserts an item; those from its position on make room.
func addItem(ctx context.Context, tx *mutation.Tx, i *AgendaItem, position *int) error {
	count, err := itemsOf(i.MeetingID).count(ctx, tx)
	if err != nil {
		return err
	}
	if count >= mostItems {
		return core.Conflict(core.Textf("An agenda has at most %d items.", "В повестке не более %d вопросов.", mostItems))
	}
	if i.Position, err = place(count+1, position); err != nil {
		return err
	}
	if err := itemsOf(i.MeetingID).shift(ctx, tx, i.Position, count, 1); err != nil {
		return err
	}
	if err := insert(ctx, tx, i); err != nil {
		return err
	}
	tx.Changed(i.change(core.Created, nil))
	return nil
}

// place is the position asked for, the last where none is; it is from 1 to last.
func place(last int, asked *int) (int, error) {
	if asked == nil {
		return last, nil
	}
	if *asked < 1 || *asked > last {
		return 0, core.Invalid(core.Textf("From 1 to %d.", "От 1 до %d.", last), "input", "position")
	}
	return *asked, nil
}

func (i *AgendaItem) validate() error {
	var p core.Problems
	p.Words(i.Title, 500, "input", "title")
	p.Check(utf8.RuneCountInString(i.Text) <= 4000, core.T("At most 4,000 characters.", "Не более 4000 знаков."), "input", "text")
	return p.Err()
}

// UpdateAgendaItem changes an open item's words.
func (s *Service) UpdateAgendaItem(ctx context.Context, in UpdateAgendaItemInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateAgendaItem", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		i, err := s.lockOpenItem(ctx, tx, in.ID, mayWrite, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := i.facts()
		for _, text := range []struct {
			given interface{ ValueOK() (*string, bool) }
			into  *string
		}{{in.Title, &i.Title}, {in.Text, &i.Text}} {
			if v, ok := text.given.ValueOK(); ok {
				*text.into = ""
				if v != nil {
					*text.into = strings.TrimSpace(*v)
				}
			}
		}
		if err := i.validate(); err != nil {
			return uuid.Nil, err
		}
		if err := mutation.Save(ctx, tx, i, in.ExpectedVersion, "title", "text"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(i.change(core.Updated, before))
		return i.ID, nil
	})
}

// lockItem locks an item's meeting, whose agenda must be one that changes, and then the item.
func (s *Service) lockItem(ctx context.Context, tx *mutation.Tx, id core.ID, permission, field string) (*Meeting, *AgendaItem, error) {
	m, i, err := lockPart(ctx, s, tx, "AgendaItem", id, permission, func(i *AgendaItem) uuid.UUID { return i.MeetingID }, "input", field)
	if err != nil {
		return nil, nil, err
	}
	return m, i, m.must(agendaWay, Planned, Announced, InSession)
}

func (s *Service) lockOpenItem(ctx context.Context, tx *mutation.Tx, id core.ID, permission, field string) (*AgendaItem, error) {
	_, i, err := s.lockItem(ctx, tx, id, permission, field)
	if err == nil && i.Outcome != nil {
		err = errItemClosed
	}
	return i, err
}

var errItemClosed = core.Conflict(core.T("The item is closed. Open it again first (reopenAgendaItem).", "Вопрос закрыт. Сначала откройте его снова (reopenAgendaItem)."))

// MoveAgendaItem gives an item another position.
func (s *Service) MoveAgendaItem(ctx context.Context, in MoveAgendaItemInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "moveAgendaItem", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, i, err := s.lockItem(ctx, tx, in.ID, mayWrite, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := i.facts()
		if err := itemsOf(m.ID).move(ctx, tx, i.ID, i.Position, in.Position); err != nil {
			return uuid.Nil, err
		}
		i.Position = in.Position
		tx.Changed(i.change(core.Updated, before))
		return i.ID, nil
	})
}

// RemoveAgendaItem takes an item off the agenda of a meeting that has not begun.
func (s *Service) RemoveAgendaItem(ctx context.Context, in RemoveAgendaItemInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "removeAgendaItem", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, i, err := s.lockItem(ctx, tx, in.ID, mayWrite, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Close the item as WITHDRAWN instead.", "Вместо этого снимите вопрос с рассмотрения (WITHDRAWN)."), Planned, Announced); err != nil {
			return uuid.Nil, err
		}
		count, err := itemsOf(m.ID).count(ctx, tx)
		if err != nil {
			return uuid.Nil, err
		}
		if _, err := tx.NewDelete().Model(i).WherePK().Exec(ctx); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		tx.Changed(i.change(core.Deleted, i.facts()))
		return m.ID, itemsOf(m.ID).shift(ctx, tx, i.Position+1, count, -1)
	})
}

// AddSpeaker names a person who speaks to an item.
func (s *Service) AddSpeaker(ctx context.Context, in AddSpeakerInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addSpeaker", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		i, err := s.lockOpenItem(ctx, tx, in.ItemID, mayWrite, "itemId")
		if err != nil {
			return uuid.Nil, err
		}
		person, err := seen[people.Person](ctx, s, tx, &in.PersonID, "Person", "personId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.people.PersonStands(ctx, tx, *person, "input", "personId"); err != nil {
			return uuid.Nil, err
		}
		count, err := speakersOf(i.ID).count(ctx, tx)
		if err != nil {
			return uuid.Nil, err
		}
		sp := &AgendaSpeaker{ID: core.NewID(), ItemID: i.ID, PersonID: *person, Role: in.Role}
		if sp.Position, err = place(count+1, in.Position); err != nil {
			return uuid.Nil, err
		}
		if err := speakersOf(i.ID).shift(ctx, tx, sp.Position, count, 1); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, sp); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(i.spoken(core.Created, nil, sp))
		return i.ID, nil
	})
}

// spoken is a change of an item's speaker.
func (i *AgendaItem) spoken(kind core.ChangeKind, before any, sp *AgendaSpeaker) core.Change {
	return core.Change{Kind: kind, Type: "AgendaSpeaker", ID: sp.ID, Before: before, After: sp.facts(), Touched: append(of(i.MeetingID), core.ID{Type: "AgendaItem", Key: i.ID})}
}

// lockSpeaker finds a speaker for a change: its item is open and its meeting locked.
func (s *Service) lockSpeaker(ctx context.Context, tx *mutation.Tx, id core.ID) (*AgendaItem, *AgendaSpeaker, error) {
	key, err := id.Of("AgendaSpeaker", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[AgendaSpeaker](ctx, s.reads, tx, mayWrite, key, "input", "id"); err != nil {
		return nil, nil, err
	}
	sp, err := byKey[AgendaSpeaker](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	i, err := s.lockOpenItem(ctx, tx, core.ID{Type: "AgendaItem", Key: sp.ItemID}, mayWrite, "id")
	if err != nil {
		return nil, nil, err
	}
	sp, err = byKey[AgendaSpeaker](ctx, tx, key)
	return i, sp, err
}

// MoveSpeaker gives a speaker another position.
func (s *Service) MoveSpeaker(ctx context.Context, in MoveSpeakerInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "moveSpeaker", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		i, sp, err := s.lockSpeaker(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		before := sp.facts()
		if err := speakersOf(i.ID).move(ctx, tx, sp.ID, sp.Position, in.Position); err != nil {
			return uuid.Nil, err
		}
		sp.Position = in.Position
		tx.Changed(i.spoken(core.Updated, before, sp))
		return i.ID, nil
	})
}

// RemoveSpeaker takes a speaker away.
func (s *Service) RemoveSpeaker(ctx context.Context, in RemoveSpeakerInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "removeSpeaker", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		i, sp, err := s.lockSpeaker(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		count, err := speakersOf(i.ID).count(ctx, tx)
		if err != nil {
			return uuid.Nil, err
		}
		if _, err := tx.NewDelete().Model(sp).WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(i.spoken(core.Deleted, sp.facts(), sp))
		return i.ID, speakersOf(i.ID).shift(ctx, tx, sp.Position+1, count, -1)
	})
}

// ordered is a list whose positions run from 1 without gaps: the items of a meeting, the speakers of an item.
// They are checked at the end of the transaction.
type ordered struct {
	model  any
	column string
	of     uuid.UUID
}

func itemsOf(meeting uuid.UUID) ordered { return ordered{(*AgendaItem)(nil), "meeting_id", meeting} }
func speakersOf(item uuid.UUID) ordered { return ordered{(*AgendaSpeaker)(nil), "item_id", item} }

func (o ordered) count(ctx context.Context, db bun.IDB) (n int, err error) {
	err = db.NewSelect().Model(o.model).ColumnExpr("count(*)").Where("? = ?", bun.Ident(o.column), o.of).Scan(ctx, &n)
	return n, err
}

// shift moves the rows from one position to another, both included, by a step.
func (o ordered) shift(ctx context.Context, db bun.IDB, from, to, step int) error {
	_, err := db.NewUpdate().Model(o.model).Set("position = position + ?", step).Where("? = ?", bun.Ident(o.column), o.of).
		Where("position BETWEEN ? AND ?", from, to).Exec(ctx)
	return err
}

// move gives one row another position; those between close up.
func (o ordered) move(ctx context.Context, db bun.IDB, row uuid.UUID, from, to int) error {
	count, err := o.count(ctx, db)
	if err != nil {
		return err
	}
	if _, err := place(count, &to); err != nil {
		return err
	}
	_, err = db.NewUpdate().Model(o.model).
		Set("position = CASE WHEN id = ?0 THEN ?1 WHEN ?2 < ?1 THEN position - 1 ELSE position + 1 END", row, to, from).
		Where("? = ?", bun.Ident(o.column), o.of).Where("position BETWEEN ? AND ?", min(from, to), max(from, to)).Exec(ctx)
	return err
}
