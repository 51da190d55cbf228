package hearings

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/meetings"
)

// AnnouncePublicHearing gives the notice, today. The kind's rule is held as it stands today.
func (s *Service) AnnouncePublicHearing(ctx context.Context, in AnnouncePublicHearingInput) (*core.Payload, error) {
	return s.change(ctx, "announcePublicHearing", in, in.ID, in.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, h *PublicHearing) (*core.Notice, []string, error) {
		if err := h.unannounced(); err != nil {
			return nil, nil, err
		}
		sessions, err := sessionsOf(ctx, tx, h.ID)
		if err != nil {
			return nil, nil, err
		}
		rule, err := ruleOf(ctx, tx, h.Kind)
		if err != nil {
			return nil, nil, err
		}
		today := tx.Today()
		h.AnnouncedOn = &today
		if rule.MaxMonths != nil {
			by := monthsAfter(today, *rule.MaxMonths)
			h.PublishBy = &by
		}
		if err := h.timely(rule, sessions); err != nil {
			return nil, nil, err
		}
		for i := range sessions {
			if sessions[i].State == meetings.Planned {
				if err := s.meetings.Announce(ctx, tx, sessions[i].MeetingID); err != nil {
					return nil, nil, err
				}
			}
		}
		return h.notice("A public hearing is announced: %[1]s The draft is displayed from %[2]s, statements are taken until %[3]s.",
			"Объявлены публичные слушания: %[1]s Проект представлен с %[2]s, предложения принимаются до %[3]s.", day(h.DisplayFrom), day(h.IntakeTo)), []string{"announced_on", "publish_by"}, nil
	})
}

// timely holds the days of a hearing that is announced today against the kind's rule.
func (h *PublicHearing) timely(rule *HearingRule, sessions []session) error {
	earliest := h.AnnouncedOn.AddDays(rule.NoticeDays)
	if h.DisplayFrom.Before(earliest) {
		return core.Invalid(core.Textf("Between the notice and the display lie %[1]d days (%[2]s): announced today, the display begins on %[3]s at the earliest. Change displayFrom (updatePublicHearing).",
			"Оповещение публикуют за %[1]d дн. до размещения проекта (%[2]s): если объявить сегодня, экспозиция начнётся не раньше %[3]s. Измените displayFrom (updatePublicHearing).",
			rule.NoticeDays, rule.Law, earliest), "input", "id")
	}
	if h.PublishBy != nil && !h.IntakeTo.Before(*h.PublishBy) {
		return core.Invalid(core.Textf("Announced today, the conclusion must be published by %[1]s (%[2]s): statements cannot be taken until %[3]s. Change intakeTo (updatePublicHearing).",
			"Если объявить сегодня, заключение нужно опубликовать не позднее %[1]s (%[2]s): принимать предложения до %[3]s нельзя. Измените intakeTo (updatePublicHearing).",
			*h.PublishBy, rule.Law, h.IntakeTo), "input", "id")
	}
	held := 0
	for i := range sessions {
		on := sessions[i].StartsOn
		if sessions[i].State == meetings.Cancelled {
			continue
		}
		held++
		if on.Before(h.DisplayFrom) || h.PublishBy != nil && !on.Before(*h.PublishBy) {
			return core.Invalid(core.Textf("Session %[1]d is on %[2]s: it must be after the display has begun and before the conclusion is due. Move it (moveMeeting).",
				"Собрание № %[1]d назначено на %[2]s: оно должно быть после начала экспозиции и до срока заключения. Перенесите его (moveMeeting).", sessions[i].Number, on), "input", "id")
		}
	}
	if h.Form == WithSession && held == 0 {
		return core.Conflict(core.T("It is held with a session: plan one first (addHearingSession).", "Слушания проводятся с собранием: сначала назначьте его (addHearingSession)."))
	}
	return nil
}

// session is a session with what its meeting says.
type session struct {
	Number    int
	MeetingID uuid.UUID
	State     meetings.MeetingState
	StartsOn  core.Date
}

func sessionsOf(ctx context.Context, db bun.IDB, hearing uuid.UUID) (all []session, err error) {
	err = db.NewSelect().Model((*HearingSession)(nil)).ColumnExpr("?TableAlias.number, ?TableAlias.meeting_id, met.state, met.starts_on").
		Join("JOIN meetings AS met ON met.municipality_id = ?TableAlias.municipality_id AND met.id = ?TableAlias.meeting_id").
		Where("?TableAlias.hearing_id = ?", hearing).Order("number").Scan(ctx, &all)
	return all, err
}

// CancelPublicHearing cancels a hearing that is not concluded.
func (s *Service) CancelPublicHearing(ctx context.Context, in CancelPublicHearingInput) (*core.Payload, error) {
	return s.change(ctx, "cancelPublicHearing", in, in.ID, in.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, h *PublicHearing) (*core.Notice, []string, error) {
		var p core.Problems
		if p.Words(in.Reason, 1000, "input", "reason"); len(p) > 0 {
			return nil, nil, p.Err()
		}
		if err := h.goesOn(); err != nil {
			return nil, nil, err
		}
		sessions, err := sessionsOf(ctx, tx, h.ID)
		if err != nil {
			return nil, nil, err
		}
		for i := range sessions {
			if sessions[i].State == meetings.Planned || sessions[i].State == meetings.Announced {
				if err := s.meetings.Cancel(ctx, tx, sessions[i].MeetingID, in.Reason); err != nil {
					return nil, nil, err
				}
			}
		}
		today, reason := tx.Today(), strings.TrimSpace(in.Reason)
		h.CancelledOn, h.CancellationReason = &today, &reason
		var notice *core.Notice
		if h.AnnouncedOn != nil {
			notice = h.notice("A public hearing is cancelled: %s", "Публичные слушания отменены: %s")
		}
		return notice, []string{"cancelled_on", "cancellation_reason"}, nil
	})
}

// notice is what followers are told.
func (h *PublicHearing) notice(en, ru string, args ...any) *core.Notice {
	return &core.Notice{Text: core.Textf(en, ru, append([]any{strings.TrimSuffix(h.Subject, ".") + "."}, args...)...)}
}

// day is a day as people read it.
func day(d core.Date) string { return d.Time().Format("02.01.2006") }

// monthsAfter is the day that bears the same number so many months on; the month's last where it has no such
// day (Civil Code, article 192, part 3).
func monthsAfter(d core.Date, months int) core.Date {
	year, month, number := d.Time().Date()
	month += time.Month(months)
	last := core.NewDate(year, month+1, 0)
	if same := core.NewDate(year, month, number); same.Before(last) {
		return same
	}
	return last
}
