package meetings

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// WriteMinutes writes the next version: the first, or one that takes the place of an agreed or published one.
// An agreed version that was not published is replaced at once; a published one stays until the next is.
func (s *Service) WriteMinutes(ctx context.Context, in WriteMinutesInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "writeMinutes", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.MeetingID, mayRecord, "input", "meetingId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Minutes are written from its opening on.", "Протокол ведут с открытия встречи."), InSession, Closed, MinutesApproved); err != nil {
			return uuid.Nil, err
		}
		next := &Minutes{ID: core.NewID(), MeetingID: m.ID, Text: strings.TrimSpace(in.Text), State: Draft, WrittenAt: tx.Now(), WrittenByID: writer(ctx), Version: 1}
		if err := next.validate(); err != nil {
			return uuid.Nil, err
		}
		if err := replace(ctx, tx, m.ID, Agreed); err != nil {
			return uuid.Nil, err
		}
		if next.Number, err = lastNumber(ctx, tx, m.ID); err != nil {
			return uuid.Nil, err
		}
		next.Number++
		if err := insert(ctx, tx, next); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(next.change(core.Created, nil))
		return next.ID, nil
	})
}

// writer is the person who acts; nil for a program.
func writer(ctx context.Context) *uuid.UUID {
	if person := core.ActorOf(ctx).Person; person != uuid.Nil {
		return &person
	}
	return nil
}

func (m *Minutes) validate() error {
	var p core.Problems
	p.Words(m.Text, 200_000, "input", "text")
	return p.Err()
}

// replace marks the version that is in that state as corrected; it stays with its dates.
func replace(ctx context.Context, tx *mutation.Tx, meeting uuid.UUID, state MinutesState) error {
	var old Minutes
	err := tx.NewSelect().Model(&old).Where("?TableAlias.meeting_id = ?", meeting).Where("?TableAlias.state = ?", state).Scan(ctx)
	if postgres.NoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	before, now := old.facts(), tx.Now()
	old.State, old.CorrectedAt = Corrected, &now
	if err := mutation.Save(ctx, tx, &old, old.Version, "state", "corrected_at"); err != nil {
		return err
	}
	tx.Changed(old.change(core.Ended, before))
	return nil
}

func lastNumber(ctx context.Context, db bun.IDB, meeting uuid.UUID) (n int, err error) {
	err = db.NewSelect().Model((*Minutes)(nil)).ColumnExpr("coalesce(max(number), 0)").Where("?TableAlias.meeting_id = ?", meeting).Scan(ctx, &n)
	return n, err
}

func (s *Service) lockMinutes(ctx context.Context, tx *mutation.Tx, id core.ID) (*Meeting, *Minutes, error) {
	return lockPart(ctx, s, tx, "Minutes", id, mayRecord, func(v *Minutes) uuid.UUID { return v.MeetingID }, "input", "id")
}

// must refuses any other state than that one, and says the way out.
func (m *Minutes) must(state MinutesState, way core.Text) error {
	if m.State == state {
		return nil
	}
	return core.Conflict(way, "input", "id")
}

// UpdateMinutes changes a draft.
func (s *Service) UpdateMinutes(ctx context.Context, in UpdateMinutesInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateMinutes", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		_, v, err := s.lockMinutes(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := v.must(Draft, core.T("Only a draft is changed. Write the next version instead (writeMinutes).", "Изменить можно только проект. Напишите следующую версию (writeMinutes).")); err != nil {
			return uuid.Nil, err
		}
		before := v.facts()
		v.Text = strings.TrimSpace(in.Text)
		if err := v.validate(); err != nil {
			return uuid.Nil, err
		}
		if err := mutation.Save(ctx, tx, v, in.ExpectedVersion, "text"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(v.change(core.Updated, before))
		return v.ID, nil
	})
}

// AgreeMinutes notes that the body agreed to the draft.
func (s *Service) AgreeMinutes(ctx context.Context, in AgreeMinutesInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "agreeMinutes", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, v, err := s.lockMinutes(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Minutes are agreed after its close.", "Протокол согласуют после закрытия встречи."), Closed, MinutesApproved); err != nil {
			return uuid.Nil, err
		}
		if err := v.must(Draft, core.T("Only a draft is agreed.", "Согласовать можно только проект.")); err != nil {
			return uuid.Nil, err
		}
		before, now := v.facts(), tx.Now()
		v.State, v.AgreedAt, v.AgreedByID = Agreed, &now, writer(ctx)
		if err := mutation.Save(ctx, tx, v, in.ExpectedVersion, "state", "agreed_at", "agreed_by_id"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(v.change(core.Updated, before))
		return v.ID, nil
	})
}

// PublishMinutes publishes agreed minutes; the version that was public before is kept as corrected.
func (s *Service) PublishMinutes(ctx context.Context, in PublishMinutesInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "publishMinutes", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, v, err := s.lockMinutes(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := v.must(Agreed, core.T("Only agreed minutes are published: agree to them first (agreeMinutes).", "Опубликовать можно только согласованный протокол: сначала согласуйте его (agreeMinutes).")); err != nil {
			return uuid.Nil, err
		}
		if err := replace(ctx, tx, m.ID, Published); err != nil {
			return uuid.Nil, err
		}
		before, now := v.facts(), tx.Now()
		v.State, v.PublishedAt, v.PublishedByID = Published, &now, writer(ctx)
		if err := mutation.Save(ctx, tx, v, in.ExpectedVersion, "state", "published_at", "published_by_id"); err != nil {
			return uuid.Nil, err
		}
		c := v.change(core.Updated, before)
		c.Touched = append(c.Touched, m.touched()...)
		c.Notice = &core.Notice{Text: core.Textf("Minutes are published of the meeting on %[2]s: %[1]s", "Опубликован протокол встречи %[2]s: %[1]s", m.Title, m.day())}
		tx.Changed(c)
		return v.ID, m.approved(ctx, tx)
	})
}

// approved notes that the meeting's minutes are public.
func (m *Meeting) approved(ctx context.Context, tx *mutation.Tx) error {
	if m.State == MinutesApproved {
		return nil
	}
	before := m.facts()
	m.State, m.ChangedAt = MinutesApproved, tx.Now()
	if err := m.store(ctx, tx, "state"); err != nil {
		return err
	}
	tx.Changed(m.change(core.Updated, before))
	return nil
}
