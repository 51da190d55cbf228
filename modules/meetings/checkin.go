package meetings

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// mostAtOnce is the most people that one mutation notes.
const mostAtOnce = 1000

// CheckIn notes at the door that a registered person has come.
func (s *Service) CheckIn(ctx context.Context, in CheckInInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "checkIn", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		id, field, err := s.shown(ctx, tx, in)
		if err != nil {
			return uuid.Nil, err
		}
		m, r, err := lockPart(ctx, s, tx, "Registration", id, mayCheckIn, func(r *Registration) uuid.UUID { return r.MeetingID }, "input", field)
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.doorOpen(tx); err != nil {
			return uuid.Nil, err
		}
		if err := r.hasPlace("input", field); err != nil {
			return uuid.Nil, err
		}
		if r.CheckedInAt != nil {
			return uuid.Nil, core.Conflict(core.T("The person is checked in already.", "Человек уже отмечен на входе."), "input", field)
		}
		now := tx.Now()
		return r.ID, r.came(ctx, tx, &now)
	})
}

// shown is the registration that the input names, by its id or by meeting and code, and the field that names it.
func (s *Service) shown(ctx context.Context, tx *mutation.Tx, in CheckInInput) (core.ID, string, error) {
	byCode := in.MeetingID != nil && in.Code != nil
	if (in.RegistrationID != nil) == byCode {
		return core.ID{}, "", core.Invalid(core.T("Give registrationId, or meetingId and code.", "Укажите registrationId или meetingId и code."), "input", "registrationId")
	}
	if !byCode {
		return *in.RegistrationID, "registrationId", nil
	}
	meeting, err := in.MeetingID.Of("Meeting", "input", "meetingId")
	if err != nil {
		return core.ID{}, "", err
	}
	if err := read.Require[Meeting](ctx, s.reads, tx, mayCheckIn, meeting, "input", "meetingId"); err != nil {
		return core.ID{}, "", err
	}
	var keys []uuid.UUID
	err = tx.NewSelect().Model((*Registration)(nil)).Column("id").Where("?TableAlias.meeting_id = ?", meeting).Where("?TableAlias.code = ?", codeAsKept(*in.Code)).Scan(ctx, &keys)
	if err == nil && len(keys) == 0 {
		err = core.Invalid(errNoCode, "input", "code")
	}
	if err != nil {
		return core.ID{}, "", err
	}
	return core.ID{Type: "Registration", Key: keys[0]}, "code", nil
}

var errNoCode = core.T("No registration for this meeting has this code.", "Записи с таким кодом на эту встречу нет.")

// codeAsKept forgives small letters and blanks.
func codeAsKept(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// doorOpen refuses check-ins on any other day than the meeting's, and after it was closed.
func (m *Meeting) doorOpen(tx *mutation.Tx) error {
	if err := m.must(core.T("People are checked in from its day until its close.", "Пришедших отмечают в день встречи до её закрытия."), Announced, InSession); err != nil {
		return err
	}
	if tx.Today().Before(m.StartsOn) {
		return core.Conflict(core.Textf("The meeting is on %s: people are checked in on that day.", "Встреча назначена на %s: пришедших отмечают в этот день.", m.StartsOn))
	}
	return nil
}

// hasPlace refuses a registration that gives no entry.
func (r *Registration) hasPlace(path ...string) error {
	switch r.State {
	case Waiting:
		return core.Conflict(core.T("The person is on the waiting list. Raise the number of places (changeCapacity).", "Человек в листе ожидания. Увеличьте число мест (changeCapacity)."), path...)
	case RegistrationOver:
		return core.Conflict(core.T("The registration is cancelled. Register the person anew.", "Запись отменена. Запишите человека заново."), path...)
	}
	return nil
}

func (r *Registration) came(ctx context.Context, tx *mutation.Tx, at *time.Time) error {
	before := r.facts()
	r.CheckedInAt = at
	if err := mutation.Save(ctx, tx, r, r.Version, "checked_in_at"); err != nil {
		return err
	}
	tx.Changed(r.change(core.Updated, before))
	return nil
}

// UndoCheckIn takes a check-in back.
func (s *Service) UndoCheckIn(ctx context.Context, in UndoCheckInInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "undoCheckIn", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, r, err := lockPart(ctx, s, tx, "Registration", in.ID, mayCheckIn, func(r *Registration) uuid.UUID { return r.MeetingID }, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.doorOpen(tx); err != nil {
			return uuid.Nil, err
		}
		if r.CheckedInAt == nil {
			return uuid.Nil, core.Conflict(core.T("The person is not checked in.", "Человек не отмечен на входе."))
		}
		return r.ID, r.came(ctx, tx, nil)
	})
}

// BulkCheckIn notes all who came, after work without a network, in one statement. Who is checked in already
// keeps the earlier time, so that the same list can be sent twice.
func (s *Service) BulkCheckIn(ctx context.Context, in BulkCheckInInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "bulkCheckIn", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.MeetingID, mayCheckIn, "input", "meetingId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Who came is noted once it is announced.", "Пришедших отмечают на объявленных встречах."), Announced, InSession, Closed, MinutesApproved); err != nil {
			return uuid.Nil, err
		}
		if len(in.Entries) < 1 || len(in.Entries) > mostAtOnce {
			return uuid.Nil, core.Invalid(core.Textf("From 1 to %d entries.", "От 1 до %d записей.", mostAtOnce), "input", "entries")
		}
		codes, times := make([]string, len(in.Entries)), make([]time.Time, len(in.Entries))
		for i, e := range in.Entries {
			codes[i], times[i] = codeAsKept(e.Code), e.At
		}
		if err := m.known(ctx, tx, codes, times); err != nil {
			return uuid.Nil, err
		}
		return m.ID, m.allCame(ctx, tx, codes, times)
	})
}

// known names each entry that gives no entry to the meeting.
func (m *Meeting) known(ctx context.Context, tx *mutation.Tx, codes []string, times []time.Time) error {
	var found []Registration
	if err := tx.NewSelect().Model(&found).Where("?TableAlias.meeting_id = ?", m.ID).Where("?TableAlias.code IN (?)", bun.List(codes)).Scan(ctx); err != nil {
		return err
	}
	byCode := map[string]*Registration{}
	for i := range found {
		byCode[found[i].Code] = &found[i]
	}
	var p core.Problems
	for i, code := range codes {
		at := strconv.Itoa(i)
		r := byCode[code]
		p.Check(r != nil, errNoCode, "input", "entries", at, "code")
		p.Check(r == nil || r.State == Registered, core.T("This registration gives no place: it waits, or is cancelled.", "Эта запись не даёт места: она в листе ожидания или отменена."), "input", "entries", at, "code")
		p.Check(!times[i].After(tx.Now()) && !dayOf(ctx, times[i]).Before(m.StartsOn), core.T("From the day of the meeting until now.", "Со дня встречи до текущего момента."), "input", "entries", at, "at")
	}
	return p.Err()
}

func (m *Meeting) allCame(ctx context.Context, tx *mutation.Tx, codes []string, times []time.Time) error {
	var came []Registration
	err := tx.NewRaw(`UPDATE meeting_registrations AS registration SET checked_in_at = least(registration.checked_in_at, entry.at), version = registration.version + 1
		FROM (SELECT code, min(at) AS at FROM unnest(ARRAY[?]::text[], ARRAY[?]::timestamptz[]) AS each (code, at) GROUP BY code) AS entry
		WHERE registration.municipality_id = ? AND registration.meeting_id = ? AND registration.code = entry.code
		RETURNING registration.*`, bun.List(codes), bun.List(times), core.MunicipalityOf(ctx).ID, m.ID).Scan(ctx, &came)
	if err != nil {
		return err
	}
	for i := range came {
		tx.Changed(came[i].change(core.Updated, nil))
	}
	return nil
}
