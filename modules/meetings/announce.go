package meetings

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/modules/places"
)

// AnnounceMeeting makes a planned meeting public.
func (s *Service) AnnounceMeeting(ctx context.Context, in AnnounceMeetingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "announceMeeting", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.ID, mayWrite, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		return m.ID, s.announce(ctx, tx, m)
	})
}

// Announce announces a planned meeting inside another module's change.
func (s *Service) Announce(ctx context.Context, tx *mutation.Tx, meeting uuid.UUID) error {
	m, err := lockMeeting(ctx, tx, meeting)
	if err != nil {
		return err
	}
	return s.announce(ctx, tx, m)
}

func (s *Service) announce(ctx context.Context, tx *mutation.Tx, m *Meeting) error {
	if err := m.must(core.T("Only a planned one is announced.", "Объявить можно только запланированную."), Planned); err != nil {
		return err
	}
	if m.VenueID == nil && m.Link == nil {
		return core.Conflict(core.T("Nobody could come: give it a place or a link first (moveMeeting).", "Прийти некуда: сначала укажите место или ссылку (moveMeeting)."))
	}
	before := m.facts()
	if err := s.notify(ctx, tx, m, "id"); err != nil {
		return err
	}
	now := tx.Now()
	m.State, m.AnnouncedAt, m.ChangedAt = Announced, &now, now
	if err := m.store(ctx, tx, append(ruleColumns, "state", "announced_at", "notice_days")...); err != nil {
		return err
	}
	c := m.change(core.Updated, before)
	c.Notice = &core.Notice{Text: core.Textf("A meeting is announced for %[2]s: %[1]s", "Назначена встреча на %[2]s: %[1]s", m.Title, m.day())}
	tx.Changed(c)
	return nil
}

// day is the start as people read it.
func (m *Meeting) day() string { return m.StartsOn.Time().Format("02.01.2006") }

// notify reads the rules anew, and refuses a start that leaves too few days after today. field is the
// input's field at fault.
func (s *Service) notify(ctx context.Context, tx *mutation.Tx, m *Meeting, field string) error {
	days, err := s.readRules(ctx, tx, m)
	if err != nil {
		return err
	}
	var ofKind int
	err = tx.NewSelect().Model((*MeetingNotice)(nil)).Column("days").Where("kind = ?", m.Kind).Scan(ctx, &ofKind)
	if err != nil && !postgres.NoRows(err) {
		return fmt.Errorf("notice of %s: %w", m.Kind, err)
	}
	days = max(days, ofKind)
	m.NoticeDays = &days
	if !m.StartsAt.After(tx.Now()) {
		return core.Invalid(core.T("The start is in the past: move the meeting.", "Время начала уже прошло: перенесите встречу."), "input", field)
	}
	if earliest := tx.Today().AddDays(days); m.StartsOn.Before(earliest) {
		return core.Invalid(core.Textf("It must be announced %[1]d days before it: announced today, it is on %[2]s at the earliest.",
			"О встрече сообщают за %[1]d дн. до неё: если объявить сегодня, она состоится не раньше %[2]s.", days, earliest), "input", field)
	}
	return nil
}

// MoveMeeting gives a meeting another time or place.
func (s *Service) MoveMeeting(ctx context.Context, in MoveMeetingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "moveMeeting", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.ID, mayWrite, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Only a meeting that has not begun is moved.", "Перенести можно только встречу, которая не началась."), Planned, Announced); err != nil {
			return uuid.Nil, err
		}
		before, was := m.facts(), *m
		if err := s.moved(ctx, tx, m, in); err != nil {
			return uuid.Nil, err
		}
		m.Sequence, m.ChangedAt = m.Sequence+1, tx.Now()
		columns := append(ruleColumns, "starts_at", "ends_at", "starts_on", "venue_id", "link", "notice_days", "registration_closes_at", "sequence", "changed_at")
		if err := mutation.Save(ctx, tx, m, in.ExpectedVersion, columns...); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		c := m.change(core.Updated, before)
		if m.State == Announced {
			text := core.Textf("A meeting has another place: %s", "У встречи другое место: %s", m.Title)
			if !m.StartsAt.Equal(was.StartsAt) {
				text = core.Textf("A meeting is moved to %[2]s: %[1]s", "Встреча перенесена на %[2]s: %[1]s", m.Title, m.day())
			}
			if c.Notice, err = s.noticeToList(ctx, tx, m, text); err != nil {
				return uuid.Nil, err
			}
		}
		tx.Changed(c)
		return m.ID, nil
	})
}

// moved puts the new time and place into the meeting and holds the rules against it.
func (s *Service) moved(ctx context.Context, tx *mutation.Tx, m *Meeting, in MoveMeetingInput) error {
	was := *m
	if v, ok := in.StartsAt.ValueOK(); ok {
		if v == nil {
			return core.Invalid(core.T("A meeting has a start: give it, or leave the field out.", "У встречи есть время начала: укажите его или не указывайте поле."), "input", "startsAt")
		}
		m.StartsAt, m.StartsOn = *v, dayOf(ctx, *v)
		if m.EndsAt != nil { // it lasts as long as it would have
			end := v.Add(m.EndsAt.Sub(was.StartsAt))
			m.EndsAt = &end
		}
	}
	if v, ok := in.EndsAt.ValueOK(); ok {
		m.EndsAt = v
	}
	if v, ok := in.VenueID.ValueOK(); ok {
		venue, err := seen[places.Venue](ctx, s, tx, v, "Venue", "venueId")
		if err != nil {
			return err
		}
		m.VenueID = venue
	}
	if v, ok := in.Link.ValueOK(); ok {
		m.Link = core.Trimmed(v)
	}
	if m.RegistrationClosesAt != nil && m.RegistrationClosesAt.After(m.StartsAt) {
		m.RegistrationClosesAt = &m.StartsAt
	}
	if err := s.suits(ctx, tx, m); err != nil {
		return err
	}
	if m.State == Announced && m.VenueID == nil && m.Link == nil {
		return core.Invalid(core.T("An announced meeting has a place or a link: give one of them.", "У объявленной встречи есть место или ссылка: укажите что-нибудь из этого."), "input", "venueId")
	}
	if m.State == Announced && !m.StartsAt.Equal(was.StartsAt) {
		return s.notify(ctx, tx, m, "startsAt")
	}
	_, err := s.readRules(ctx, tx, m)
	return err
}

// CancelMeeting cancels a meeting that has not begun.
func (s *Service) CancelMeeting(ctx context.Context, in CancelMeetingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "cancelMeeting", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.ID, mayWrite, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		if p.Words(in.Reason, 1000, "input", "reason"); len(p) > 0 {
			return uuid.Nil, p.Err()
		}
		return m.ID, s.cancel(ctx, tx, m, in.Reason)
	})
}

// Cancel cancels a meeting that has not begun, inside another module's change.
func (s *Service) Cancel(ctx context.Context, tx *mutation.Tx, meeting uuid.UUID, reason string) error {
	m, err := lockMeeting(ctx, tx, meeting)
	if err != nil {
		return err
	}
	return s.cancel(ctx, tx, m, reason)
}

func (s *Service) cancel(ctx context.Context, tx *mutation.Tx, m *Meeting, reason string) error {
	if err := m.must(core.T("Only a meeting that has not begun is cancelled.", "Отменить можно только встречу, которая не началась."), Planned, Announced); err != nil {
		return err
	}
	before, public, now := m.facts(), m.State == Announced, tx.Now()
	reason = strings.TrimSpace(reason)
	m.State, m.CancelledAt, m.CancellationReason = Cancelled, &now, &reason
	m.Sequence, m.ChangedAt = m.Sequence+1, now
	if err := m.store(ctx, tx, "state", "cancelled_at", "cancellation_reason", "sequence"); err != nil {
		return err
	}
	c := m.change(core.Ended, before)
	c.Reason = reason
	if public {
		var err error
		text := core.Textf("A meeting is cancelled that was to be on %[2]s: %[1]s", "Отменена встреча, назначенная на %[2]s: %[1]s", m.Title, m.day())
		if c.Notice, err = s.noticeToList(ctx, tx, m, text); err != nil {
			return err
		}
	}
	tx.Changed(c)
	return nil
}

// noticeToList tells also those who registered or wait.
func (s *Service) noticeToList(ctx context.Context, db bun.IDB, m *Meeting, text core.Text) (*core.Notice, error) {
	n := &core.Notice{Text: text}
	err := db.NewSelect().Model((*Registration)(nil)).Column("person_id").Where("?TableAlias.meeting_id = ?", m.ID).
		Where("?TableAlias.state <> ?", RegistrationOver).Order("arrival").Scan(ctx, &n.Tell)
	return n, err
}

// SetMeetingNotice says for how many days meetings of a kind are announced in the town.
func (s *Service) SetMeetingNotice(ctx context.Context, in SetMeetingNoticeInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "setMeetingNotice", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayConfigure, everywhere); err != nil {
			return uuid.Nil, err
		}
		if in.Days < 0 || in.Days > 365 {
			return uuid.Nil, core.Invalid(core.T("From 0 to 365 days.", "От 0 до 365 дней."), "input", "days")
		}
		n := &MeetingNotice{ID: core.NewID(), Kind: in.Kind, Days: in.Days, Version: 1}
		_, err := tx.NewInsert().Model(n).On("CONFLICT (municipality_id, kind) DO UPDATE").Set("days = EXCLUDED.days").
			Set("version = ?TableAlias.version + 1").Returning("id, version").Exec(ctx)
		if err != nil {
			return uuid.Nil, err
		}
		kind := core.Updated
		if n.Version == 1 {
			kind = core.Created
		}
		tx.Changed(core.Change{Kind: kind, Type: "MeetingNotice", ID: n.ID, After: map[string]any{"kind": n.Kind, "days": n.Days}})
		return n.ID, nil
	})
}
