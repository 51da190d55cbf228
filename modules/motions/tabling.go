package motions

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
)

// TableMotion puts a motion to an item of a meeting that is not over.
func (s *Service) TableMotion(ctx context.Context, in TableMotionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "tableMotion", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ItemID.Of("AgendaItem", "input", "itemId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[meetings.AgendaItem](ctx, s.reads, tx, mayMove, key, "input", "itemId"); err != nil {
			return uuid.Nil, err
		}
		item, err := find[meetings.AgendaItem](ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		mover, err := personOr(ctx, in.MoverID, "moverId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := mine[meetings.AgendaItem](ctx, s, tx, mayMove, key, mover, "input", "itemId"); err != nil {
			return uuid.Nil, err
		}
		m := &Motion{ID: core.NewID(), MeetingID: item.MeetingID, ItemID: key, MoverID: mover, Text: in.Text, Question: in.Question,
			State: MotionTabled, TabledAt: tx.Now(), Version: 1}
		return m.ID, s.table(ctx, tx, m)
	})
}

// table holds a motion against its meeting, and writes it.
func (s *Service) table(ctx context.Context, tx *mutation.Tx, m *Motion) error {
	meeting, err := lock[meetings.Meeting](ctx, tx, m.MeetingID)
	if err != nil {
		return err
	}
	if err := notOver(meeting); err != nil {
		return err
	}
	if err := itemOpen(ctx, tx, m.ItemID); err != nil {
		return err
	}
	room, err := s.enter(ctx, tx, meeting)
	if err != nil {
		return err
	}
	if err := s.moves(ctx, tx, room, m.MoverID); err != nil {
		return err
	}
	if err := m.validate(room); err != nil {
		return err
	}
	if err := insert(ctx, tx, m); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Created, Type: "Motion", ID: m.ID, After: m.facts(), Touched: touching(meeting)})
	return nil
}

// moves refuses a mover who is no member, or whose record is gone.
func (s *Service) moves(ctx context.Context, tx *mutation.Tx, r *room, mover uuid.UUID) error {
	if err := s.stands(ctx, tx, mover, "moverId"); err != nil {
		return err
	}
	return r.isMember(mover, "moverId")
}

// notOver refuses a meeting that was closed or cancelled.
func notOver(m *meetings.Meeting) error {
	switch m.State {
	case meetings.Planned, meetings.Announced, meetings.InSession:
		return nil
	}
	return core.Conflict(core.T("The meeting is over or cancelled. Take it up in another meeting.", "Заседание закончилось или отменено. Внесите вопрос на другое заседание."))
}

// itemOpen refuses an item that has its outcome.
func itemOpen(ctx context.Context, tx *mutation.Tx, key uuid.UUID) error {
	item, err := lock[meetings.AgendaItem](ctx, tx, key)
	if err == nil && item.Outcome != nil {
		err = core.Conflict(core.T("The item is closed. Open it again first (reopenAgendaItem).", "Пункт повестки закрыт. Сначала откройте его снова (reopenAgendaItem)."))
	}
	return err
}

// UpdateMotion changes a motion's words before it is opened.
func (s *Service) UpdateMotion(ctx context.Context, in UpdateMotionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateMotion", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		meeting, m, err := s.moved(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		if m.State != MotionTabled {
			return uuid.Nil, core.Conflict(core.T("The motion is open already: propose an amendment instead.", "Предложение уже рассматривается: внесите поправку."), "input", "id")
		}
		room, err := s.enter(ctx, tx, meeting)
		if err != nil {
			return uuid.Nil, err
		}
		before := m.facts()
		given(in.Text, &m.Text)
		given(in.Question, &m.Question)
		if err := m.validate(room); err != nil {
			return uuid.Nil, err
		}
		if err := mutation.Save(ctx, tx, m, in.ExpectedVersion, "text", "question"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Motion", ID: m.ID, Before: before, After: m.facts(), Touched: touching(meeting)})
		return m.ID, nil
	})
}

// moved finds a motion for its mover or the secretary, and locks its meeting and then it.
func (s *Service) moved(ctx context.Context, tx *mutation.Tx, id core.ID) (*meetings.Meeting, *Motion, error) {
	key, err := id.Of("Motion", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[Motion](ctx, s.reads, tx, mayMove, key, "input", "id"); err != nil {
		return nil, nil, err
	}
	m, err := find[Motion](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	if err := mine[Motion](ctx, s, tx, mayMove, key, m.MoverID, "input", "id"); err != nil {
		return nil, nil, err
	}
	meeting, err := lock[meetings.Meeting](ctx, tx, m.MeetingID)
	if err != nil {
		return nil, nil, err
	}
	m, err = lock[Motion](ctx, tx, key)
	return meeting, m, err
}

// OpenMotion opens a tabled motion, in session.
func (s *Service) OpenMotion(ctx context.Context, in OpenMotionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "openMotion", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("Motion", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[Motion](ctx, s.reads, tx, mayRun, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		meeting, m, err := s.inSession(ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		if m.State != MotionTabled {
			return uuid.Nil, core.Conflict(core.Textf("Only a tabled motion is opened; this one is %s.", "Открывают внесённое предложение; у этого состояние %s.", m.State), "input", "id")
		}
		if err := itemOpen(ctx, tx, m.ItemID); err != nil {
			return uuid.Nil, err
		}
		before := m.facts()
		m.State = MotionOpen
		if err := mutation.Save(ctx, tx, m, in.ExpectedVersion, "state"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Motion", ID: m.ID, Before: before, After: m.facts(), Touched: touching(meeting)})
		return m.ID, nil
	})
}

// inSession locks the motion's meeting, which must be in session, and then the motion.
func (s *Service) inSession(ctx context.Context, tx *mutation.Tx, motion uuid.UUID) (*meetings.Meeting, *Motion, error) {
	m, err := find[Motion](ctx, tx, motion)
	if err != nil {
		return nil, nil, err
	}
	meeting, err := s.meetings.LockSession(ctx, tx, m.MeetingID)
	if err != nil {
		return nil, nil, err
	}
	m, err = lock[Motion](ctx, tx, motion)
	return meeting, m, err
}

// WithdrawMotion takes a motion back, and its undecided amendments with it.
func (s *Service) WithdrawMotion(ctx context.Context, in WithdrawMotionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "withdrawMotion", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		meeting, m, err := s.moved(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		voting, err := s.withState(ctx, tx, m.ID, AmendmentVoting)
		if err != nil {
			return uuid.Nil, err
		}
		if m.State != MotionTabled && m.State != MotionOpen || len(voting) > 0 {
			return uuid.Nil, core.Conflict(core.T("The motion is being voted on, or is decided: it cannot be taken back.", "Предложение голосуется или уже решено: отозвать его нельзя."), "input", "id")
		}
		before := m.facts()
		now := tx.Now()
		m.State, m.DecidedAt = MotionWithdrawn, &now
		if err := mutation.Save(ctx, tx, m, in.ExpectedVersion, "state", "decided_at"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "Motion", ID: m.ID, Before: before, After: m.facts(), Touched: touching(meeting)})
		return m.ID, s.fall(ctx, tx, meeting, m)
	})
}

// fall withdraws the amendments that their motion leaves behind undecided.
func (s *Service) fall(ctx context.Context, tx *mutation.Tx, meeting *meetings.Meeting, m *Motion) error {
	fallen, err := s.withState(ctx, tx, m.ID, AmendmentProposed)
	if err != nil || len(fallen) == 0 {
		return err
	}
	_, err = tx.NewUpdate().Model((*Amendment)(nil)).Set("state = ?", AmendmentWithdrawn).Set("version = version + 1").
		Where("motion_id = ?", m.ID).Where("state = ?", AmendmentProposed).Exec(ctx)
	for _, a := range fallen {
		before := a.facts()
		a.State = AmendmentWithdrawn
		tx.Changed(core.Change{Kind: core.Ended, Type: "Amendment", ID: a.ID, Before: before, After: a.facts(), Touched: a.touching(meeting)})
	}
	return err
}

// withState are the motion's amendments in that state.
func (s *Service) withState(ctx context.Context, tx *mutation.Tx, motion uuid.UUID, state AmendmentState) ([]Amendment, error) {
	var all []Amendment
	err := tx.NewSelect().Model(&all).Where("?TableAlias.motion_id = ?", motion).Where("?TableAlias.state = ?", state).Order("moved_at", "id").Scan(ctx)
	return all, err
}

// validate holds a motion's own rules.
func (m *Motion) validate(r *room) error {
	var p core.Problems
	words(&p, &m.Text, longestText, "text")
	_, known := r.rules.majority(m.Question)
	p.Check(known, core.Textf("The body's charter knows no such kind of question. It knows: %s.", "В уставе органа нет такого вида вопросов. Есть: %s.", r.rules.questions()), "input", "question")
	return p.Err()
}
