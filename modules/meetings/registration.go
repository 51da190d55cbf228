package meetings

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

// OpenRegistration opens registration for an announced meeting, or opens it again.
func (s *Service) OpenRegistration(ctx context.Context, in OpenRegistrationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "openRegistration", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lockRegistration(ctx, tx, in.MeetingID)
		if err != nil {
			return uuid.Nil, err
		}
		if m.takesNames(tx.Now()) {
			return uuid.Nil, core.Conflict(core.T("Registration is open. Change its places (changeCapacity), or close it first.",
				"Запись уже открыта. Измените число мест (changeCapacity) или сначала закройте её."))
		}
		var p core.Problems
		if in.ClosesAt != nil {
			p.Check(in.ClosesAt.After(tx.Now()) && !in.ClosesAt.After(m.StartsAt), core.T("After now, and by the meeting's start.", "Позже текущего момента и не позже начала встречи."), "input", "closesAt")
		}
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		before, now := m.facts(), tx.Now()
		m.RegistrationOpenedAt, m.RegistrationClosesAt = &now, in.ClosesAt
		return m.ID, s.resize(ctx, tx, m, in.Capacity, before)
	})
}

// lockRegistration locks a meeting whose registration changes: an announced one.
func (s *Service) lockRegistration(ctx context.Context, tx *mutation.Tx, id core.ID) (*Meeting, error) {
	m, err := s.lock(ctx, tx, id, mayWrite, "input", "meetingId")
	if err != nil {
		return nil, err
	}
	return m, m.must(core.T("Registration is for announced meetings.", "Запись ведётся на объявленные встречи."), Announced)
}

// takesNames says whether registration is open at that moment.
func (m *Meeting) takesNames(now time.Time) bool {
	return m.State == Announced && m.RegistrationOpenedAt != nil && now.Before(m.closesAt())
}

func (m *Meeting) closesAt() time.Time {
	if m.RegistrationClosesAt != nil {
		return *m.RegistrationClosesAt
	}
	return m.StartsAt
}

// CloseRegistration closes registration now.
func (s *Service) CloseRegistration(ctx context.Context, in CloseRegistrationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "closeRegistration", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lockRegistration(ctx, tx, in.MeetingID)
		if err != nil {
			return uuid.Nil, err
		}
		if !m.takesNames(tx.Now()) {
			return uuid.Nil, core.Conflict(core.T("Registration is not open.", "Запись не открыта."))
		}
		before, now := m.facts(), tx.Now()
		m.RegistrationClosesAt, m.ChangedAt = &now, now
		if err := m.store(ctx, tx, "registration_closes_at"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(m.change(core.Updated, before))
		return m.ID, nil
	})
}

// ChangeCapacity changes the number of places, and moves up as many as fit.
func (s *Service) ChangeCapacity(ctx context.Context, in ChangeCapacityInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "changeCapacity", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lockRegistration(ctx, tx, in.MeetingID)
		if err != nil {
			return uuid.Nil, err
		}
		if m.Capacity == nil {
			return uuid.Nil, core.Conflict(core.T("Registration was not opened yet (openRegistration).", "Запись ещё не открывали (openRegistration)."))
		}
		return m.ID, s.resize(ctx, tx, m, in.Capacity, m.facts())
	})
}

func (s *Service) resize(ctx context.Context, tx *mutation.Tx, m *Meeting, capacity int, before any) error {
	if capacity < 1 || capacity > 100_000 {
		return core.Invalid(core.T("From 1 to 100,000 places.", "От 1 до 100 000 мест."), "input", "capacity")
	}
	if capacity < m.RegisteredCount {
		return core.Conflict(core.Textf("%d people are registered already. Cancel some of the registrations first.", "Уже записано: %d. Сначала отмените часть записей.", m.RegisteredCount), "input", "capacity")
	}
	m.Capacity, m.ChangedAt = &capacity, tx.Now()
	if err := promote(ctx, tx, m); err != nil {
		return err
	}
	err := m.store(ctx, tx, "registration_opened_at", "registration_closes_at", "capacity", "registered_count", "waiting_count")
	if err != nil {
		return err
	}
	tx.Changed(m.change(core.Updated, before))
	return nil
}

// promote moves up from the waiting list, in order of arrival, as many as fit, and tells each. The meeting
// is locked; its counts are the caller's to store.
func promote(ctx context.Context, tx *mutation.Tx, m *Meeting) error {
	free := min(*m.Capacity-m.RegisteredCount, m.WaitingCount)
	if free <= 0 {
		return nil
	}
	var up []Registration
	err := tx.NewRaw(`UPDATE meeting_registrations SET state = 'REGISTERED', promoted_at = ?0, version = version + 1
		WHERE municipality_id = ?1 AND id IN (SELECT id FROM meeting_registrations
			WHERE municipality_id = ?1 AND meeting_id = ?2 AND state = 'WAITING' ORDER BY arrival LIMIT ?3) RETURNING *`,
		tx.Now(), core.MunicipalityOf(ctx).ID, m.ID, free).Scan(ctx, &up)
	if err != nil {
		return fmt.Errorf("promotion: %w", err)
	}
	if len(up) != free {
		return fmt.Errorf("promotion: %d of %d moved up", len(up), free)
	}
	slices.SortFunc(up, func(a, b Registration) int { return a.Arrival - b.Arrival })
	m.RegisteredCount, m.WaitingCount = m.RegisteredCount+free, m.WaitingCount-free
	for i := range up {
		c := up[i].change(core.Updated, map[string]any{"state": Waiting})
		c.Notice = &core.Notice{
			Text: core.Textf("A place became free at the meeting on %[2]s: %[1]s", "Освободилось место на встрече %[2]s: %[1]s", m.Title, m.day()), Tell: []uuid.UUID{up[i].PersonID},
		}
		c.Touched = nil // the notice is for the person alone, and the meeting's own change is recorded beside it
		tx.Changed(c)
	}
	return nil
}

// RegisterForMeeting registers a person: with a place while there are some, and else on the waiting list.
func (s *Service) RegisterForMeeting(ctx context.Context, in RegisterForMeetingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "registerForMeeting", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		person, permission, err := s.whom(ctx, tx, in.PersonID)
		if err != nil {
			return uuid.Nil, err
		}
		m, err := s.lock(ctx, tx, in.MeetingID, permission, "input", "meetingId")
		if err != nil {
			return uuid.Nil, err
		}
		if !m.takesNames(tx.Now()) {
			return uuid.Nil, m.takesNone(ctx)
		}
		if err := s.people.PersonStands(ctx, tx, person, "input", "personId"); err != nil {
			return uuid.Nil, err
		}
		m.LastArrival++
		r := &Registration{
			ID: core.NewID(), MeetingID: m.ID, PersonID: person, State: Registered, Arrival: m.LastArrival, Code: codeOf(m.LastArrival), RegisteredAt: tx.Now(), Version: 1,
		}
		if m.RegisteredCount < *m.Capacity {
			m.RegisteredCount++
		} else {
			r.State = Waiting
			m.WaitingCount++
		}
		if err := insert(ctx, tx, r); err != nil {
			return uuid.Nil, err
		}
		if err := m.count(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(r.change(core.Created, nil))
		return r.ID, nil
	})
}

// whom is the person to register, and the permission that it takes: oneself, or another.
func (s *Service) whom(ctx context.Context, tx *mutation.Tx, id *core.ID) (uuid.UUID, string, error) {
	self := core.ActorOf(ctx).Person
	if id == nil || id.Type == "Person" && id.Key == self && self != uuid.Nil {
		if self == uuid.Nil {
			return uuid.Nil, "", core.Invalid(core.T("Your account belongs to no person: name the person.", "К вашей учётной записи не привязан человек: укажите, кого записать."), "input", "personId")
		}
		return self, mayRegister, nil
	}
	person, err := seen[people.Person](ctx, s, tx, id, "Person", "personId")
	if err != nil {
		return uuid.Nil, "", err
	}
	return *person, mayRegisterOthers, nil
}

// takesNone says why nobody can be registered now.
func (m *Meeting) takesNone(ctx context.Context) error {
	if m.State != Announced {
		return m.must(core.T("Registration is for announced meetings.", "Запись ведётся на объявленные встречи."), Announced)
	}
	if m.RegistrationOpenedAt == nil {
		return core.Conflict(core.T("Nobody registers for this meeting: just come, or ask who calls it.", "Запись на эту встречу не открыта: приходите так или спросите организатора."), "input", "meetingId")
	}
	return core.Conflict(core.Textf("Registration closed on %s.", "Запись закрыта %s.", m.closesAt().In(core.MunicipalityOf(ctx).Location()).Format("02.01.2006 15:04")), "input", "meetingId")
}

// count stores the counts of the locked meeting. Its version stays: who edits it is not disturbed.
func (m *Meeting) count(ctx context.Context, db bun.IDB) error {
	_, err := db.NewUpdate().Model(m).Column("registered_count", "waiting_count", "last_arrival").WherePK().Exec(ctx)
	return err
}

// CancelRegistration gives a place back, and the first who waits moves up.
func (s *Service) CancelRegistration(ctx context.Context, in CancelRegistrationInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "cancelRegistration", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, r, err := s.lockPlace(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("A registration is cancelled before it begins.", "Отменить запись можно до начала встречи."), Announced); err != nil {
			return uuid.Nil, err
		}
		switch {
		case r.State == RegistrationOver:
			return uuid.Nil, core.Conflict(core.T("The registration is cancelled already.", "Запись уже отменена."))
		case r.CheckedInAt != nil:
			return uuid.Nil, core.Conflict(core.T("The person is checked in. Take that back first (undoCheckIn).", "Человек уже отмечен на входе. Сначала снимите отметку (undoCheckIn)."))
		case r.State == Waiting:
			m.WaitingCount--
		default:
			m.RegisteredCount--
		}
		before, now := r.facts(), tx.Now()
		r.State, r.CancelledAt = RegistrationOver, &now
		if err := mutation.Save(ctx, tx, r, r.Version, "state", "cancelled_at"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(r.change(core.Ended, before))
		if err := promote(ctx, tx, m); err != nil {
			return uuid.Nil, err
		}
		return r.ID, m.count(ctx, tx)
	})
}

// lockPlace finds a registration that the caller may cancel: their own, or another's with the permission to
// register others.
func (s *Service) lockPlace(ctx context.Context, tx *mutation.Tx, id core.ID) (*Meeting, *Registration, error) {
	key, err := id.Of("Registration", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	if err := read.Seen[Registration](ctx, s.reads, tx, key, "input", "id"); err != nil {
		return nil, nil, err
	}
	r, err := byKey[Registration](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	permission := mayRegisterOthers
	if r.PersonID == core.ActorOf(ctx).Person {
		permission = mayRegister
	}
	return lockPart(ctx, s, tx, "Registration", id, permission, func(r *Registration) uuid.UUID { return r.MeetingID }, "input", "id")
}

// codeLetters leaves out what is mistaken for another letter or digit.
const codeLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// codeOf is a fresh short code for the door: the arrival, which no other registration for the meeting has, and
// four letters that nobody can guess.
func codeOf(arrival int) string {
	var secret [4]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand
	code := make([]byte, 0, 8)
	for n := arrival; n > 0; n /= len(codeLetters) {
		code = append(code, codeLetters[n%len(codeLetters)])
	}
	code = append(code, '-')
	for _, b := range secret {
		code = append(code, codeLetters[int(b)%len(codeLetters)])
	}
	return string(code)
}
