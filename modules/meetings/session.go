package meetings

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// quorumAt counts the members of the meeting's day and those in the room at a moment; nil for a meeting
// without a body.
func (s *Service) quorumAt(ctx context.Context, db bun.IDB, m *Meeting, at time.Time) (*Quorum, error) {
	if m.BodyID == nil {
		return nil, nil
	}
	members, err := s.MembersSQL(m)
	if err != nil {
		return nil, err
	}
	present, err := s.PresentMembersSQL(m)
	if err != nil {
		return nil, err
	}
	q := &Quorum{}
	err = db.NewRaw("SELECT (SELECT count(DISTINCT person_id) FROM (?) AS member), (SELECT count(*) FROM (?) AS present)",
		Query(ctx, db, m, members, at), Query(ctx, db, m, present, at)).Scan(ctx, &q.Members, &q.Present)
	if err != nil {
		return nil, fmt.Errorf("quorum of meeting %s: %w", m.ID, err)
	}
	q.Seats = q.Members
	if *m.Seats > 0 {
		q.Seats = *m.Seats
	}
	share, of := Share{*m.QuorumOf, *m.QuorumNumerator, *m.QuorumDenominator, *m.QuorumStrict}, q.Members
	if share.Of == OfAll {
		of = q.Seats
	}
	q.Required = share.Required(of)
	q.Reached = q.Present >= q.Required
	return q, nil
}

// QuorumAt is the quorum of a meeting at a moment, by the rules read last; nil without a body. Modules that
// vote ask it of a meeting that they hold by LockSession.
func (s *Service) QuorumAt(ctx context.Context, db bun.IDB, m *Meeting, at time.Time) (*Quorum, error) {
	return s.quorumAt(ctx, db, m, at)
}

// OpenSession opens an announced meeting on its day, with a quorum where it has a body.
func (s *Service) OpenSession(ctx context.Context, in OpenSessionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "openSession", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.MeetingID, mayRecord, "input", "meetingId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Only an announced one is opened.", "Открыть можно только объявленную."), Announced); err != nil {
			return uuid.Nil, err
		}
		if tx.Today().Before(m.StartsOn) {
			return uuid.Nil, core.Conflict(core.Textf("The meeting is on %s: open it on that day, or move it.", "Встреча назначена на %s: откройте её в этот день или перенесите.", m.StartsOn))
		}
		if _, err := s.readRules(ctx, tx, m); err != nil {
			return uuid.Nil, err
		}
		q, err := s.quorumAt(ctx, tx, m, tx.Now())
		if err != nil {
			return uuid.Nil, err
		}
		if q != nil && !q.Reached {
			return uuid.Nil, core.Conflict(core.Textf("There is no quorum: %[1]d of %[2]d members are present, %[3]d are needed. Note who has come (markAttendance), or move the meeting.",
				"Нет кворума: присутствуют %[1]d из %[2]d, нужно %[3]d. Отметьте пришедших (markAttendance) или перенесите встречу.", q.Present, q.Members, q.Required))
		}
		return m.ID, m.open(ctx, tx, q)
	})
}

func (m *Meeting) open(ctx context.Context, tx *mutation.Tx, q *Quorum) error {
	before, now := map[string]any{"state": m.State}, tx.Now()
	m.State, m.OpenedAt, m.ChangedAt = InSession, &now, now
	if q != nil {
		m.OpeningMembers, m.OpeningRequired, m.OpeningPresent = &q.Members, &q.Required, &q.Present
	}
	err := m.store(ctx, tx, append(ruleColumns, "state", "opened_at", "opening_members", "opening_required", "opening_present")...)
	if err != nil {
		return err
	}
	c := m.change(core.Updated, before)
	c.After = quorumFacts(m.State, q)
	tx.Changed(c)
	return nil
}

// CloseSession closes a session whose items all have an outcome.
func (s *Service) CloseSession(ctx context.Context, in CloseSessionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "closeSession", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.MeetingID, mayRecord, "input", "meetingId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Only one in session is closed.", "Закрыть можно только идущую."), InSession); err != nil {
			return uuid.Nil, err
		}
		if err := nothingOpen(ctx, tx, m); err != nil {
			return uuid.Nil, err
		}
		q, err := s.quorumAt(ctx, tx, m, tx.Now())
		if err != nil {
			return uuid.Nil, err
		}
		if err := leaveAll(ctx, tx, m); err != nil {
			return uuid.Nil, err
		}
		return m.ID, m.close(ctx, tx, q)
	})
}

func (m *Meeting) close(ctx context.Context, tx *mutation.Tx, q *Quorum) error {
	before, now := map[string]any{"state": m.State}, tx.Now()
	m.State, m.ClosedAt, m.ChangedAt = Closed, &now, now
	if q != nil {
		m.ClosingMembers, m.ClosingRequired, m.ClosingPresent = &q.Members, &q.Required, &q.Present
	}
	if err := m.store(ctx, tx, "state", "closed_at", "closing_members", "closing_required", "closing_present"); err != nil {
		return err
	}
	c := m.change(core.Ended, before)
	c.After = quorumFacts(m.State, q)
	tx.Changed(c)
	return nil
}

// named is how many open items a refusal names.
const named = 5

// nothingOpen refuses to go on while items have no outcome, and names them.
func nothingOpen(ctx context.Context, db bun.IDB, m *Meeting) error {
	var open []AgendaItem
	err := db.NewSelect().Model(&open).Column("position", "title").Where("?TableAlias.meeting_id = ?", m.ID).
		Where("?TableAlias.outcome IS NULL").Order("position").Scan(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	var titles []string
	for _, item := range open[:min(named, len(open))] {
		titles = append(titles, fmt.Sprintf("%d. %s", item.Position, item.Title))
	}
	if len(open) > named {
		titles = append(titles, "…")
	}
	return core.Conflict(core.Textf("%[1]d items have no outcome: %[2]s. Close each of them first (closeAgendaItem).",
		"Вопросы без итога (%[1]d): %[2]s. Сначала подведите итог по каждому (closeAgendaItem).", len(open), strings.Join(titles, "; ")))
}

// leaveAll ends the presence of whoever is in the room.
func leaveAll(ctx context.Context, tx *mutation.Tx, m *Meeting) error {
	_, err := tx.NewRaw(`UPDATE meeting_presence AS presence SET left_at = greatest(?, presence.arrived_at + interval '1 microsecond')
		FROM meeting_attendances AS attendance WHERE attendance.municipality_id = ? AND attendance.meeting_id = ? AND presence.left_at IS NULL
		AND presence.municipality_id = attendance.municipality_id AND presence.attendance_id = attendance.id`,
		tx.Now(), core.MunicipalityOf(ctx).ID, m.ID).Exec(ctx)
	return err
}
