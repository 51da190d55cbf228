package meetings

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Plan is a meeting that another module plans within its own change.
type Plan struct {
	ExternalKey *string // the meeting's name in the system that it came from
	Kind        MeetingKind
	Title       string
	Body        *core.ID // the body that meets: Council, Assembly
	OrganiserID *uuid.UUID
	DistrictID  *uuid.UUID
	VenueID     *uuid.UUID
	Link        *string
	StartsAt    time.Time
	EndsAt      *time.Time
}

// PlanMeeting plans a meeting: of a body with the right in the body, of none with the right in the district.
func (s *Service) PlanMeeting(ctx context.Context, in PlanMeetingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "planMeeting", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		p := Plan{Kind: in.Kind, Title: in.Title, Body: in.BodyID, Link: in.Link, StartsAt: in.StartsAt, EndsAt: in.EndsAt}
		var err error
		if p.OrganiserID, err = seen[people.Organisation](ctx, s, tx, in.OrganiserID, "Organisation", "organiserId"); err != nil {
			return uuid.Nil, err
		}
		if p.DistrictID, err = seen[places.District](ctx, s, tx, in.DistrictID, "District", "districtId"); err != nil {
			return uuid.Nil, err
		}
		if p.VenueID, err = seen[places.Venue](ctx, s, tx, in.VenueID, "Venue", "venueId"); err != nil {
			return uuid.Nil, err
		}
		if in.BodyID != nil {
			if err := s.meets(in.BodyID); err != nil {
				return uuid.Nil, err
			}
			if _, err := s.reads.Scope(ctx, tx, mayWrite, *in.BodyID, "input", "bodyId"); err != nil {
				return uuid.Nil, err
			}
		}
		m, err := s.planned(ctx, tx, p)
		if err != nil {
			return uuid.Nil, err
		}
		if m.BodyID == nil {
			if err := s.guard.Check(ctx, mayWrite, m.resource()); err != nil {
				return uuid.Nil, err
			}
		}
		return m.ID, s.plan(ctx, tx, m)
	})
}

// Plan plans a meeting inside another module's change; the rights are that module's to check.
func (s *Service) Plan(ctx context.Context, tx *mutation.Tx, p Plan) (uuid.UUID, error) {
	if p.Body != nil {
		if err := s.meets(p.Body); err != nil {
			return uuid.Nil, err
		}
	}
	m, err := s.planned(ctx, tx, p)
	if err != nil {
		return uuid.Nil, err
	}
	return m.ID, s.plan(ctx, tx, m)
}

// meets refuses an object that is no body that meets.
func (s *Service) meets(body *core.ID) error {
	var types []string
	for _, kind := range s.kinds() {
		if s.bodies[kind].Type == body.Type {
			return nil
		}
		types = append(types, s.bodies[kind].Type)
	}
	return core.Invalid(core.Textf("A meeting is held by one of these: %s. This is the id of a %s.",
		"Собираются такие органы: %s. Это идентификатор объекта %s.", strings.Join(types, ", "), body.Type), "input", "bodyId")
}

// planned makes the meeting of a plan: its district is the venue's when none is named.
func (s *Service) planned(ctx context.Context, tx *mutation.Tx, p Plan) (*Meeting, error) {
	m := &Meeting{
		ID: core.NewID(), ExternalKey: p.ExternalKey, Kind: p.Kind, Title: strings.TrimSpace(p.Title), OrganiserID: p.OrganiserID, DistrictID: p.DistrictID,
		VenueID: p.VenueID, Link: core.Trimmed(p.Link), StartsAt: p.StartsAt, EndsAt: p.EndsAt, StartsOn: dayOf(ctx, p.StartsAt),
		State: Planned, ChangedAt: tx.Now(), Version: 1,
	}
	if p.Body != nil {
		m.BodyKind, m.BodyID = Body{Type: p.Body.Type}.kind(), &p.Body.Key
	}
	if m.DistrictID == nil && m.VenueID != nil {
		venue, err := byKey[places.Venue](ctx, tx, *m.VenueID)
		if err != nil {
			return nil, err
		}
		m.DistrictID = venue.DistrictID
	}
	return m, s.suits(ctx, tx, m)
}

// suits holds all rules of a plan against the meeting.
func (s *Service) suits(ctx context.Context, tx *mutation.Tx, m *Meeting) error {
	var p core.Problems
	m.check(&p)
	p.Check(m.StartsAt.After(tx.Now()), core.T("The start is in the past.", "Время начала уже прошло."), "input", "startsAt")
	if body, err := s.bodyOf(m); err != nil {
		return err
	} else if body != nil && len(body.Kinds) > 0 {
		p.Check(slices.Contains(body.Kinds, m.Kind), core.T("A body of this sort does not hold meetings of this kind.", "Органы этого типа не проводят таких встреч."), "input", "kind")
	}
	if err := p.Err(); err != nil {
		return err
	}
	if m.OrganiserID != nil {
		if err := s.people.OrganisationStands(ctx, tx, *m.OrganiserID, m.StartsOn, &m.StartsOn, "input", "organiserId"); err != nil {
			return err
		}
	}
	return s.venueOpen(ctx, tx, m)
}

func (s *Service) venueOpen(ctx context.Context, tx *mutation.Tx, m *Meeting) error {
	if m.VenueID == nil {
		return nil
	}
	venue, err := byKey[places.Venue](ctx, tx, *m.VenueID)
	if err == nil && venue.ClosedOn != nil && venue.ClosedOn.Before(m.StartsOn) {
		err = core.Invalid(core.Textf("This place is closed since %s: choose another.", "Эта площадка закрыта с %s: выберите другую.", *venue.ClosedOn), "input", "venueId")
	}
	return err
}

func (s *Service) plan(ctx context.Context, tx *mutation.Tx, m *Meeting) error {
	if _, err := s.readRules(ctx, tx, m); err != nil {
		return err
	}
	if err := insert(ctx, tx, m); err != nil {
		return err
	}
	tx.Changed(m.change(core.Created, nil))
	return nil
}

// check holds the meeting's own rules.
func (m *Meeting) check(p *core.Problems) {
	p.Words(m.Title, 300, "input", "title")
	p.Check(m.EndsAt == nil || m.EndsAt.After(m.StartsAt), core.T("The end is not after the start.", "Окончание не позже начала."), "input", "endsAt")
	p.Check(m.EndsAt == nil || m.EndsAt.Sub(m.StartsAt) <= 31*24*time.Hour, core.T("At most 31 days.", "Не более 31 дня."), "input", "endsAt")
	if m.Link != nil {
		u, err := url.Parse(*m.Link)
		p.Check(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(*m.Link) <= 2000,
			core.T("A link begins with https:// or http://.", "Ссылка начинается с https:// или http://."), "input", "link")
	}
}

// UpdateMeeting changes what moves nothing in a calendar.
func (s *Service) UpdateMeeting(ctx context.Context, in UpdateMeetingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateMeeting", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		m, err := s.lock(ctx, tx, in.ID, mayWrite, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := m.must(core.T("Only a meeting that has not begun is changed.", "Изменить можно только встречу, которая не началась."), Planned, Announced); err != nil {
			return uuid.Nil, err
		}
		before := m.facts()
		if v, ok := in.Title.ValueOK(); ok {
			m.Title = ""
			if v != nil {
				m.Title = strings.TrimSpace(*v)
			}
		}
		if v, ok := in.OrganiserID.ValueOK(); ok {
			if m.OrganiserID, err = seen[people.Organisation](ctx, s, tx, v, "Organisation", "organiserId"); err != nil {
				return uuid.Nil, err
			}
			if m.OrganiserID != nil {
				if err := s.people.OrganisationStands(ctx, tx, *m.OrganiserID, m.StartsOn, &m.StartsOn, "input", "organiserId"); err != nil {
					return uuid.Nil, err
				}
			}
		}
		var p core.Problems
		if m.check(&p); len(p) > 0 {
			return uuid.Nil, p.Err()
		}
		m.ChangedAt = tx.Now()
		if err := mutation.Save(ctx, tx, m, in.ExpectedVersion, "title", "organiser_id", "changed_at"); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		tx.Changed(m.change(core.Updated, before))
		return m.ID, nil
	})
}

// seen finds what an input refers to; one that the caller may not see is NOT_FOUND.
func seen[M any](ctx context.Context, s *Service, tx *mutation.Tx, id *core.ID, typ, field string) (*uuid.UUID, error) {
	key, err := core.KeyOf(id, typ, "input", field)
	if err != nil || key == nil {
		return nil, err
	}
	return key, read.Seen[M](ctx, s.reads, tx, *key, "input", field)
}
