package meetings

import (
	"context"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

// MarkAttendance notes that a member is present, leaves, comes back or is absent.
func (s *Service) MarkAttendance(ctx context.Context, in MarkAttendanceInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "markAttendance", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lockAttendance(ctx, tx, in.MeetingID)
		if err != nil {
			return uuid.Nil, err
		}
		entry := AttendanceEntryInput{in.PersonID, in.State, in.Reason, in.ArrivedAt, in.LeftAt}
		marked, err := s.mark(ctx, tx, m, []AttendanceEntryInput{entry}, func(int) []string { return []string{"input"} })
		if err != nil {
			return uuid.Nil, err
		}
		return marked[0].ID, nil
	})
}

// MarkAttendances notes many at once; all or none.
func (s *Service) MarkAttendances(ctx context.Context, in MarkAttendancesInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "markAttendances", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lockAttendance(ctx, tx, in.MeetingID)
		if err != nil {
			return uuid.Nil, err
		}
		if len(in.Entries) < 1 || len(in.Entries) > mostAtOnce {
			return uuid.Nil, core.Invalid(core.Textf("From 1 to %d entries.", "От 1 до %d записей.", mostAtOnce), "input", "entries")
		}
		_, err = s.mark(ctx, tx, m, in.Entries, func(i int) []string { return []string{"input", "entries", strconv.Itoa(i)} })
		return m.ID, err
	})
}

func (s *Service) lockAttendance(ctx context.Context, tx *mutation.Tx, id core.ID) (*Meeting, error) {
	m, err := s.lock(ctx, tx, id, mayRecord, "input", "meetingId")
	if err != nil {
		return nil, err
	}
	return m, m.must(core.T("Attendance is noted from the announcement until the minutes are published.", "Явку отмечают от объявления до публикации протокола."), Announced, InSession, Closed)
}

// entry is one member's attendance as it is to be noted, beside what was noted before.
type entry struct {
	*Attendance
	fresh  bool
	before any
	open   *Presence // the time of presence that goes on
	times  int       // how many there are
	arrive *Presence // a time to be written
	leave  *time.Time
}

// mark holds the rules against all entries, and writes them in one statement for each table.
func (s *Service) mark(ctx context.Context, tx *mutation.Tx, m *Meeting, in []AttendanceEntryInput, path func(int) []string) ([]*entry, error) {
	persons, err := s.members(ctx, tx, m, in, path)
	if err != nil {
		return nil, err
	}
	had, err := noted(ctx, tx, m, persons)
	if err != nil {
		return nil, err
	}
	var p core.Problems
	entries, met := make([]*entry, len(in)), map[uuid.UUID]bool{}
	for i, given := range in {
		e := had[persons[i]]
		if e == nil {
			e = &entry{Attendance: &Attendance{ID: core.NewID(), MeetingID: m.ID, PersonID: persons[i], Version: 1}, fresh: true}
		}
		p.Check(!met[persons[i]], core.T("Each person once.", "Каждый человек — один раз."), append(path(i), "personId")...)
		met[persons[i]], entries[i] = true, e
		if err := e.take(ctx, m, given, tx.Now(), &p, path(i)); err != nil {
			return nil, err
		}
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	return entries, write(ctx, tx, m, entries)
}

// members are the keys of the persons: members of the body on its day, or anybody where there is no body.
func (s *Service) members(ctx context.Context, tx *mutation.Tx, m *Meeting, in []AttendanceEntryInput, path func(int) []string) ([]uuid.UUID, error) {
	keys := make([]uuid.UUID, len(in))
	for i, e := range in {
		key, err := e.PersonID.Of("Person", append(path(i), "personId")...)
		if err != nil {
			return nil, err
		}
		keys[i] = key
	}
	if m.BodyID == nil {
		for i, key := range keys {
			if err := read.Seen[people.Person](ctx, s.reads, tx, key, append(path(i), "personId")...); err != nil {
				return nil, err
			}
		}
		return keys, nil
	}
	sql, err := s.MembersSQL(m)
	if err != nil {
		return nil, err
	}
	var sitting []uuid.UUID
	if err := tx.NewRaw("SELECT DISTINCT member.person_id FROM (?) AS member WHERE member.person_id IN (?)", Query(ctx, tx, m, sql, tx.Now()), bun.List(keys)).Scan(ctx, &sitting); err != nil {
		return nil, fmt.Errorf("members of meeting %s: %w", m.ID, err)
	}
	is := map[uuid.UUID]bool{}
	for _, key := range sitting {
		is[key] = true
	}
	var p core.Problems
	for i, key := range keys {
		p.Check(is[key], core.Textf("Not a member of the body on %s.", "На %s этот человек не входит в орган.", m.StartsOn), append(path(i), "personId")...)
	}
	return keys, p.Err()
}

// noted is what was noted of the persons before.
func noted(ctx context.Context, db bun.IDB, m *Meeting, persons []uuid.UUID) (map[uuid.UUID]*entry, error) {
	var rows []Attendance
	if err := db.NewSelect().Model(&rows).Where("?TableAlias.meeting_id = ?", m.ID).Where("?TableAlias.person_id IN (?)", bun.List(persons)).Scan(ctx); err != nil {
		return nil, err
	}
	had, byID, ids := map[uuid.UUID]*entry{}, map[uuid.UUID]*entry{}, make([]uuid.UUID, len(rows))
	for i := range rows {
		e := &entry{Attendance: &rows[i], before: rows[i].facts()}
		had[rows[i].PersonID], byID[rows[i].ID], ids[i] = e, e, rows[i].ID
	}
	if len(ids) == 0 {
		return had, nil
	}
	var times []Presence
	if err := db.NewSelect().Model(&times).Where("?TableAlias.attendance_id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	for i := range times {
		e := byID[times[i].AttendanceID]
		e.times++
		if times[i].LeftAt == nil {
			e.open = &times[i]
		}
	}
	return had, nil
}

// take puts what is given into the entry.
func (e *entry) take(ctx context.Context, m *Meeting, in AttendanceEntryInput, now time.Time, p *core.Problems, path []string) error {
	e.State, e.Reason = in.State, core.Trimmed(in.Reason)
	at := func(field string) []string { return append(append([]string{}, path...), field) }
	p.Check(e.Reason == nil || in.State != Present, core.T("A reason belongs to an absence.", "Причину указывают для отсутствия."), at("reason")...)
	p.Check(e.Reason == nil || utf8.RuneCountInString(*e.Reason) <= 1000, core.T("At most 1,000 characters.", "Не более 1000 знаков."), at("reason")...)
	if in.State != Present {
		p.Check(in.ArrivedAt == nil, core.T("Who is absent does not arrive.", "Отсутствующий не приходит."), at("arrivedAt")...)
		p.Check(in.LeftAt == nil, core.T("Who is absent does not leave.", "Отсутствующий не уходит."), at("leftAt")...)
		if e.times > 0 {
			return core.Conflict(core.T("The member was in the room. Note when they left (leftAt), or remove the time of presence (removePresence).",
				"Член органа отмечен присутствующим. Укажите время ухода (leftAt) или удалите отметку (removePresence)."), at("state")...)
		}
		return nil
	}
	for field, moment := range map[string]*time.Time{"arrivedAt": in.ArrivedAt, "leftAt": in.LeftAt} {
		if moment != nil {
			p.Check(!moment.After(now) && !dayOf(ctx, *moment).Before(m.StartsOn) && (m.ClosedAt == nil || !moment.After(*m.ClosedAt)),
				core.T("From the day of the meeting until now, and not after its close.", "Со дня встречи до текущего момента и не позже её закрытия."), at(field)...)
		}
	}
	if in.ArrivedAt == nil && in.LeftAt != nil {
		return e.leaves(*in.LeftAt, p, at("leftAt"))
	}
	return e.come(ctx, m, in, now, p, at)
}

// leaves ends the time of presence that goes on.
func (e *entry) leaves(left time.Time, p *core.Problems, path []string) error {
	if e.open == nil {
		return core.Conflict(core.T("The member is not in the room: give arrivedAt too.", "Член органа не отмечен присутствующим: укажите и arrivedAt."), path...)
	}
	p.Check(left.After(e.open.ArrivedAt), core.T("After the arrival.", "Позже прихода."), path...)
	e.leave = &left
	return nil
}

// come begins a time of presence, and ends it where the end is given.
func (e *entry) come(ctx context.Context, m *Meeting, in AttendanceEntryInput, now time.Time, p *core.Problems, at func(string) []string) error {
	if e.open != nil && in.LeftAt == nil {
		return core.Conflict(core.T("The member is in the room already.", "Член органа уже отмечен присутствующим."), at("state")...)
	}
	arrived := now
	if in.ArrivedAt != nil {
		arrived = *in.ArrivedAt
	}
	p.Check(in.LeftAt == nil || in.LeftAt.After(arrived), core.T("After the arrival.", "Позже прихода."), at("leftAt")...)
	p.Check(m.State != Closed || in.LeftAt != nil, core.T("The meeting is closed: say when the member left.", "Встреча закрыта: укажите, когда член органа ушёл."), at("leftAt")...)
	p.Check(in.ArrivedAt != nil || !dayOf(ctx, now).Before(m.StartsOn), core.Textf("The meeting is on %s: nobody has come yet.", "Встреча назначена на %s: никто ещё не пришёл.", m.StartsOn), at("state")...)
	e.arrive = &Presence{ID: core.NewID(), AttendanceID: e.ID, ArrivedAt: arrived, LeftAt: in.LeftAt}
	return nil
}

// write stores the entries: one statement for each table, however many there are.
func write(ctx context.Context, tx *mutation.Tx, m *Meeting, entries []*entry) error {
	rows, arrive, leave := []*Attendance{}, []*Presence{}, []*Presence{}
	for _, e := range entries {
		rows = append(rows, e.Attendance)
		if e.arrive != nil {
			arrive = append(arrive, e.arrive)
		}
		if e.leave != nil {
			e.open.LeftAt = e.leave
			leave = append(leave, e.open)
		}
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (municipality_id, id) DO UPDATE").Set("state = EXCLUDED.state").Set("reason = EXCLUDED.reason").
		Set("version = attendance.version + 1").Returning("NULL").Exec(ctx)
	if err == nil && len(leave) > 0 {
		_, err = tx.NewInsert().Model(&leave).On("CONFLICT (municipality_id, id) DO UPDATE").Set("left_at = EXCLUDED.left_at").Exec(ctx)
	}
	if err == nil && len(arrive) > 0 {
		_, err = tx.NewInsert().Model(&arrive).Exec(ctx)
	}
	if err != nil {
		return postgres.Conflicts(err, broken)
	}
	for _, e := range entries {
		kind := core.Updated
		if e.fresh {
			kind = core.Created
		}
		tx.Changed(core.Change{Kind: kind, Type: "Attendance", ID: e.ID, Before: e.before, After: e.facts(), Touched: of(m.ID)})
	}
	return nil
}

// RemovePresence takes away a time of presence that was noted by mistake; not after the close, by which the
// quorum was frozen.
func (s *Service) RemovePresence(ctx context.Context, in RemovePresenceInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "removePresence", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("Presence", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[Presence](ctx, s.reads, tx, mayRecord, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		time, err := byKey[Presence](ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		id := core.ID{Type: "Attendance", Key: time.AttendanceID}
		m, a, err := lockPart(ctx, s, tx, "Attendance", id, mayRecord, func(a *Attendance) uuid.UUID { return a.MeetingID }, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("What was frozen at the close stays.", "Зафиксированное при закрытии не меняется."), Announced, InSession); err != nil {
			return uuid.Nil, err
		}
		if _, err := tx.NewDelete().Model(time).WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Attendance", ID: a.ID, Before: a.facts(), After: a.facts(), Touched: of(m.ID)})
		return a.ID, nil
	})
}
