package hearings

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// PlanPublicHearing plans a hearing and its sessions. Rights are asked in each district in which it has effect.
func (s *Service) PlanPublicHearing(ctx context.Context, in PlanPublicHearingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "planPublicHearing", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		h := &PublicHearing{
			ID: core.NewID(), ExternalKey: in.ExternalKey, Kind: in.Kind, Form: in.Form, Subject: strings.TrimSpace(in.Subject), Text: strings.TrimSpace(in.Text),
			Initiator: in.Initiator, AppointingAct: strings.TrimSpace(in.AppointingAct), WholeTown: len(in.DistrictIDs) == 0, Link: core.Trimmed(in.Link),
			DisplayPlace: strings.TrimSpace(in.DisplayPlace), DisplayFrom: in.DisplayFrom, DisplayTo: in.DisplayTo, IntakeFrom: in.IntakeFrom, IntakeTo: in.IntakeTo, Version: 1,
		}
		districts, err := s.begin(ctx, tx, h, in)
		if err != nil {
			return uuid.Nil, err
		}
		if _, err := tx.NewInsert().Model(h).Exec(ctx); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		if err := insertAll(ctx, tx, rowsOf(h, districts)); err != nil {
			return uuid.Nil, err
		}
		for i := range in.Sessions {
			if _, err := s.plan(ctx, tx, h, districts, in.Sessions[i], "sessions", i); err != nil {
				return uuid.Nil, err
			}
		}
		if len(in.Sessions) > 0 {
			if _, err := tx.NewUpdate().Model(h).Column("last_session").WherePK().Exec(ctx); err != nil {
				return uuid.Nil, err
			}
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "PublicHearing", ID: h.ID, After: h.facts(), Touched: touched(districts)})
		return h.ID, nil
	})
}

// begin finds what a fresh hearing names, asks for the right where it stands, and holds all rules of a plan.
func (s *Service) begin(ctx context.Context, tx *mutation.Tx, h *PublicHearing, in PlanPublicHearingInput) ([]uuid.UUID, error) {
	districts, err := s.affected(ctx, tx, in.DistrictIDs)
	if err != nil {
		return nil, err
	}
	organiser, err := seen[people.Organisation](ctx, s, tx, &in.OrganiserID, "Organisation", "organiserId")
	if err != nil {
		return nil, err
	}
	h.OrganiserID = *organiser
	if err := s.guard.Check(ctx, mayWrite, resource(districts)); err != nil {
		return nil, err
	}
	if err := s.people.OrganisationStands(ctx, tx, h.OrganiserID, h.DisplayFrom, &h.DisplayFrom, "input", "organiserId"); err != nil {
		return nil, err
	}
	rule, err := ruleOf(ctx, tx, h.Kind)
	if err != nil {
		return nil, err
	}
	var p core.Problems
	if err := p.Add(h.validate()); err != nil {
		return nil, err
	}
	p.Check(h.Form == WithSession || rule.Discussion, core.Textf("Such a draft is heard in a session (%s): choose PUBLIC_HEARING.", "Такой проект выносят на публичные слушания с собранием (%s): выберите PUBLIC_HEARING.", rule.Law), "input", "form")
	p.Check(h.Form == WithSession || len(in.Sessions) == 0, errNoSessions.Text, "input", "sessions")
	p.Check(len(in.Sessions) <= mostSessions, core.Textf("At most %d sessions.", "Не более %d собраний.", mostSessions), "input", "sessions")
	return districts, p.Err()
}

var errNoSessions = core.Conflict(core.T("A discussion has no session: plan a PUBLIC_HEARING for one.", "У общественных обсуждений нет собраний: для собрания назначьте PUBLIC_HEARING."))

// plan plans a session's meeting, and counts it; the caller writes the hearing's last_session.
func (s *Service) plan(ctx context.Context, tx *mutation.Tx, h *PublicHearing, districts []uuid.UUID, in HearingSessionInput, path string, i int) (*HearingSession, error) {
	field := func(name string) []string {
		if path == "sessions" {
			return at(path, i, name)
		}
		return []string{"input", path, name}
	}
	if on := core.DateOf(in.StartsAt.In(core.MunicipalityOf(ctx).Location())); on.Before(h.DisplayFrom) {
		return nil, core.Invalid(core.Textf("People look at the draft first: a session is on %s, the first day of display, at the earliest.",
			"Сначала люди знакомятся с проектом: собрание — не раньше первого дня экспозиции, %s.", h.DisplayFrom), field("startsAt")...)
	}
	venue, err := core.KeyOf(in.VenueID, "Venue", field("venueId")...)
	if err != nil {
		return nil, err
	}
	if venue != nil {
		if err := read.Seen[places.Venue](ctx, s.reads, tx, *venue, field("venueId")...); err != nil {
			return nil, err
		}
	}
	plan := meetings.Plan{Kind: meetings.Hearing, Title: h.title(), OrganiserID: &h.OrganiserID, VenueID: venue, Link: in.Link, StartsAt: in.StartsAt, EndsAt: in.EndsAt}
	if len(districts) == 1 {
		plan.DistrictID = &districts[0]
	}
	meeting, err := s.meetings.Plan(ctx, tx, plan)
	if err != nil {
		return nil, err
	}
	h.LastSession++
	session := &HearingSession{ID: core.NewID(), HearingID: h.ID, Number: h.LastSession, MeetingID: meeting}
	_, err = tx.NewInsert().Model(session).Exec(ctx)
	return session, postgres.Conflicts(err, broken)
}

// title is what a session's meeting is called.
func (h *PublicHearing) title() string {
	const most = 300
	if r := []rune("Публичные слушания: " + h.Subject); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return "Публичные слушания: " + h.Subject
}

func rowsOf(h *PublicHearing, districts []uuid.UUID) []HearingDistrict {
	var rows []HearingDistrict
	for _, district := range districts {
		rows = append(rows, HearingDistrict{ID: core.NewID(), HearingID: h.ID, DistrictID: district})
	}
	return rows
}

// UpdatePublicHearing changes a hearing that is not announced yet.
func (s *Service) UpdatePublicHearing(ctx context.Context, in UpdatePublicHearingInput) (*core.Payload, error) {
	return s.change(ctx, "updatePublicHearing", in, in.ID, in.ExpectedVersion, func(ctx context.Context, tx *mutation.Tx, h *PublicHearing) (*core.Notice, []string, error) {
		if err := h.unannounced(); err != nil {
			return nil, nil, err
		}
		if err := h.put(in); err != nil {
			return nil, nil, err
		}
		if v, ok := in.DistrictIDs.ValueOK(); ok {
			if err := s.moveTo(ctx, tx, h, v); err != nil {
				return nil, nil, err
			}
		}
		return nil, []string{"subject", "text", "initiator", "appointing_act", "whole_town", "link", "display_place", "display_from", "display_to", "intake_from", "intake_to"}, h.validate()
	})
}

// put puts what was given into the hearing.
func (h *PublicHearing) put(in UpdatePublicHearingInput) error {
	var p core.Problems
	for _, text := range []struct {
		given interface{ ValueOK() (*string, bool) }
		into  *string
	}{{in.Subject, &h.Subject}, {in.Text, &h.Text}, {in.AppointingAct, &h.AppointingAct}, {in.DisplayPlace, &h.DisplayPlace}} {
		if v, ok := text.given.ValueOK(); ok {
			*text.into = ""
			if v != nil {
				*text.into = strings.TrimSpace(*v)
			}
		}
	}
	if v, ok := in.Link.ValueOK(); ok {
		h.Link = core.Trimmed(v)
	}
	must := core.T("It has one: give it, or leave the field out.", "Это поле не бывает пустым: укажите значение или не указывайте поле.")
	if v, ok := in.Initiator.ValueOK(); ok {
		if p.Check(v != nil, must, "input", "initiator"); v != nil {
			h.Initiator = *v
		}
	}
	for _, day := range []struct {
		given interface{ ValueOK() (*core.Date, bool) }
		into  *core.Date
		field string
	}{{in.DisplayFrom, &h.DisplayFrom, "displayFrom"}, {in.DisplayTo, &h.DisplayTo, "displayTo"}, {in.IntakeFrom, &h.IntakeFrom, "intakeFrom"}, {in.IntakeTo, &h.IntakeTo, "intakeTo"}} {
		if v, ok := day.given.ValueOK(); ok {
			if p.Check(v != nil, must, "input", day.field); v != nil {
				*day.into = *v
			}
		}
	}
	return p.Err()
}

// moveTo puts other districts in the place of those in which it has effect; the caller needs the right there too.
func (s *Service) moveTo(ctx context.Context, tx *mutation.Tx, h *PublicHearing, ids []core.ID) error {
	districts, err := s.affected(ctx, tx, ids)
	if err != nil {
		return err
	}
	if err := s.guard.Check(ctx, mayWrite, resource(districts)); err != nil {
		return err
	}
	h.WholeTown = len(districts) == 0
	if _, err := tx.NewDelete().Model((*HearingDistrict)(nil)).Where("hearing_id = ?", h.ID).Exec(ctx); err != nil {
		return err
	}
	return insertAll(ctx, tx, rowsOf(h, districts))
}

// AddHearingSession plans one more session; that of an announced hearing is announced at once.
func (s *Service) AddHearingSession(ctx context.Context, in AddHearingSessionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addHearingSession", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		h, err := s.lock(ctx, tx, in.HearingID, mayWrite, "hearingId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := h.goesOn(); err != nil {
			return uuid.Nil, err
		}
		if h.Form == Discussion {
			return uuid.Nil, errNoSessions
		}
		if h.LastSession >= mostSessions {
			return uuid.Nil, core.Conflict(core.Textf("At most %d sessions.", "Не более %d собраний.", mostSessions))
		}
		districts, err := districtsOf(ctx, tx, h.ID)
		if err != nil {
			return uuid.Nil, err
		}
		session, err := s.plan(ctx, tx, h, districts, in.Session, "session", 0)
		if err != nil {
			return uuid.Nil, err
		}
		if h.AnnouncedOn != nil {
			if err := s.meetings.Announce(ctx, tx, session.MeetingID); err != nil {
				return uuid.Nil, err
			}
		}
		if err := mutation.Save(ctx, tx, h, h.Version, "last_session"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "HearingSession", ID: session.ID, Touched: []core.ID{h.id()},
			After: map[string]any{"hearing": h.ID, "number": session.Number, "meeting": session.MeetingID}})
		return h.ID, nil
	})
}
