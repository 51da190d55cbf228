package gatherings

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Service is every way to change gatherings. Each method checks the caller's right on the row, so it may be
// called from anywhere.
type Service struct {
	reads    *read.Reader
	guard    *access.Guard
	writer   *mutation.Writer
	people   *people.Service
	cases    *cases.Service
	meetings *meetings.Service
}

// broken are the words for what the database holds true.
var broken = map[string]*core.Error{
	"gatherings_external_key": core.Conflict(core.T("A gathering with this external key is there already.", "Сход с таким внешним ключом уже есть.")),
	"gathering_officials_once": core.Conflict(core.T("This person is noted as present already. Remove the entry first to correct it.",
		"Этот человек уже отмечен. Чтобы исправить запись, сначала удалите её."), "input", "officials"),
}

// PlanGathering plans a gathering and its meeting. Rights are asked in each district that is called.
func (s *Service) PlanGathering(ctx context.Context, in PlanGatheringInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "planGathering", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		g := &Gathering{
			ID: core.NewID(), ExternalKey: in.ExternalKey, Title: strings.TrimSpace(in.Title), Purpose: strings.TrimSpace(in.Purpose), Place: core.Trimmed(in.Place),
			HeldOn: core.DateOf(in.StartsAt.In(core.MunicipalityOf(ctx).Location())), State: Planned, Version: 1,
		}
		districts, err := s.begin(ctx, tx, g, mayWrite, in.DistrictIDs, in.OrganiserID)
		if err != nil {
			return uuid.Nil, err
		}
		venue, err := seen[places.Venue](ctx, s, tx, in.VenueID, "Venue", "venueId")
		if err != nil {
			return uuid.Nil, err
		}
		plan := meetings.Plan{
			ExternalKey: in.ExternalKey, Kind: meetings.Gathering, Title: g.Title, OrganiserID: g.OrganiserID, VenueID: venue, Link: in.Link,
			StartsAt: in.StartsAt, EndsAt: in.EndsAt,
		}
		if len(districts) == 1 {
			plan.DistrictID = &districts[0]
		}
		meeting, err := s.meetings.Plan(ctx, tx, plan)
		if err != nil {
			return uuid.Nil, err
		}
		g.MeetingID = &meeting
		if err := insertGathering(ctx, tx, g, districts); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Gathering", ID: g.ID, After: g.facts(), Touched: g.touched(districts)})
		return g.ID, nil
	})
}

// RecordGathering writes down one that was held already.
func (s *Service) RecordGathering(ctx context.Context, in RecordGatheringInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "recordGathering", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		g := &Gathering{
			ID: core.NewID(), ExternalKey: in.ExternalKey, Title: strings.TrimSpace(in.Title), Purpose: strings.TrimSpace(in.Purpose), Place: core.Trimmed(in.Place),
			HeldOn: in.HeldOn, State: Held, HeadCount: &in.HeadCount, Estimated: &in.Estimated, Version: 1,
		}
		districts, err := s.begin(ctx, tx, g, mayRecord, in.DistrictIDs, in.OrganiserID)
		if err != nil {
			return uuid.Nil, err
		}
		officials, err := s.attended(ctx, tx, g, in.CountedByID, in.Officials)
		if err != nil {
			return uuid.Nil, err
		}
		if err := insertGathering(ctx, tx, g, districts); err != nil {
			return uuid.Nil, err
		}
		if err := insertAll(ctx, tx, officials); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Gathering", ID: g.ID, After: g.facts(), Touched: g.touched(districts)})
		return g.ID, nil
	})
}

// begin finds what a fresh gathering names, asks for the right where it stands, and holds its own rules.
func (s *Service) begin(ctx context.Context, tx *mutation.Tx, g *Gathering, permission string, called []core.ID, organiser *core.ID) ([]uuid.UUID, error) {
	districts, err := s.called(ctx, tx, called)
	if err != nil {
		return nil, err
	}
	if g.OrganiserID, err = s.organiser(ctx, tx, organiser, g.HeldOn); err != nil {
		return nil, err
	}
	if err := s.guard.Check(ctx, permission, resource(districts)); err != nil {
		return nil, err
	}
	return districts, g.validate()
}

// attended puts who counted and who was there into a gathering that was held.
func (s *Service) attended(ctx context.Context, tx *mutation.Tx, g *Gathering, countedBy *core.ID, officials []GatheringOfficialInput) ([]GatheringOfficial, error) {
	var p core.Problems
	p.Check(!tx.Today().Before(g.HeldOn), core.T("That day is still to come.", "Этот день ещё не наступил."), "input", "heldOn")
	p.Check(len(officials) <= mostOfficials, core.Textf("At most %d officials.", "Не более %d должностных лиц.", mostOfficials), "input", "officials")
	if err := p.Err(); err != nil {
		return nil, err
	}
	var err error
	if g.CountedByID, err = seen[people.Organisation](ctx, s, tx, countedBy, "Organisation", "countedById"); err != nil {
		return nil, err
	}
	if g.CountedByID != nil {
		if err := s.people.OrganisationStands(ctx, tx, *g.CountedByID, g.HeldOn, &g.HeldOn, "input", "countedById"); err != nil {
			return nil, err
		}
	}
	return s.officials(ctx, tx, g, officials)
}

func (s *Service) organiser(ctx context.Context, tx *mutation.Tx, id *core.ID, on core.Date) (*uuid.UUID, error) {
	key, err := seen[people.Organisation](ctx, s, tx, id, "Organisation", "organiserId")
	if err != nil || key == nil {
		return nil, err
	}
	return key, s.people.OrganisationStands(ctx, tx, *key, on, &on, "input", "organiserId")
}

// AnnounceGathering makes a planned gathering and its meeting public.
func (s *Service) AnnounceGathering(ctx context.Context, in AnnounceGatheringInput) (*core.Payload, error) {
	return s.change(ctx, "announceGathering", in, in.ID, in.ExpectedVersion, mayWrite, func(ctx context.Context, tx *mutation.Tx, g *Gathering) (*core.Notice, []string, error) {
		if err := g.must(core.T("Only a planned one is announced.", "Объявить можно только запланированный."), Planned); err != nil {
			return nil, nil, err
		}
		if err := s.meetings.Announce(ctx, tx, *g.MeetingID); err != nil {
			return nil, nil, err
		}
		return g.notice("A gathering is announced for %[2]s: %[1]s", "Назначен сход на %[2]s: %[1]s"), nil, nil
	})
}

// UpdateGathering changes what is not its meeting's.
func (s *Service) UpdateGathering(ctx context.Context, in UpdateGatheringInput) (*core.Payload, error) {
	return s.change(ctx, "updateGathering", in, in.ID, in.ExpectedVersion, mayWrite, func(ctx context.Context, tx *mutation.Tx, g *Gathering) (*core.Notice, []string, error) {
		if err := g.must(core.T("Only one that is neither published nor cancelled is changed.", "Изменить можно только неопубликованный и неотменённый."), Planned, Held); err != nil {
			return nil, nil, err
		}
		for _, text := range []struct {
			given interface{ ValueOK() (*string, bool) }
			put   func(*string)
		}{
			{in.Title, func(v *string) { g.Title = orEmpty(v) }}, {in.Purpose, func(v *string) { g.Purpose = orEmpty(v) }}, {in.Place, func(v *string) { g.Place = v }},
		} {
			if v, ok := text.given.ValueOK(); ok {
				text.put(core.Trimmed(v))
			}
		}
		if v, ok := in.OrganiserID.ValueOK(); ok {
			var err error
			if g.OrganiserID, err = s.organiser(ctx, tx, v, g.HeldOn); err != nil {
				return nil, nil, err
			}
		}
		if v, ok := in.DistrictIDs.ValueOK(); ok {
			if err := s.callOthers(ctx, tx, g, v); err != nil {
				return nil, nil, err
			}
		}
		return nil, []string{"title", "purpose", "place", "organiser_id"}, g.validate()
	})
}

// callOthers puts other districts in the place of those that were called; the caller needs the right there too.
func (s *Service) callOthers(ctx context.Context, tx *mutation.Tx, g *Gathering, ids []core.ID) error {
	districts, err := s.called(ctx, tx, ids)
	if err != nil {
		return err
	}
	if err := s.guard.Check(ctx, mayWrite, resource(districts)); err != nil {
		return err
	}
	return replaceDistricts(ctx, tx, g.ID, districts)
}

// CancelGathering cancels a planned gathering and its meeting.
func (s *Service) CancelGathering(ctx context.Context, in CancelGatheringInput) (*core.Payload, error) {
	return s.change(ctx, "cancelGathering", in, in.ID, in.ExpectedVersion, mayWrite, func(ctx context.Context, tx *mutation.Tx, g *Gathering) (*core.Notice, []string, error) {
		var p core.Problems
		if p.Words(in.Reason, 1000, "input", "reason"); len(p) > 0 {
			return nil, nil, p.Err()
		}
		if err := g.must(core.T("Only a planned one is cancelled.", "Отменить можно только запланированный."), Planned); err != nil {
			return nil, nil, err
		}
		meeting, err := meetingOf(ctx, tx, g)
		if err != nil {
			return nil, nil, err
		}
		if meeting.State != meetings.Cancelled {
			if err := s.meetings.Cancel(ctx, tx, meeting.ID, in.Reason); err != nil {
				return nil, nil, err
			}
		}
		now, reason := tx.Now(), strings.TrimSpace(in.Reason)
		g.State, g.CancelledAt, g.CancellationReason = Cancelled, &now, &reason
		var notice *core.Notice
		if meeting.AnnouncedAt != nil {
			notice = g.notice("A gathering is cancelled that was to be on %[2]s: %[1]s", "Отменён сход, назначенный на %[2]s: %[1]s")
		}
		return notice, []string{"state", "cancelled_at", "cancellation_reason"}, nil
	})
}

// change is a mutation of one gathering: found, locked, changed by fn, written and told of. fn names the
// columns that it changed; none when it changed only what hangs on it.
func (s *Service) change(ctx context.Context, action string, in any, id core.ID, expected int, permission string,
	fn func(context.Context, *mutation.Tx, *Gathering) (*core.Notice, []string, error),
) (*core.Payload, error) {
	return s.writer.Do(ctx, action, in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		g, err := s.lock(ctx, tx, id, permission, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := g.facts()
		notice, columns, err := fn(ctx, tx, g)
		if err != nil {
			return uuid.Nil, err
		}
		if err := save(ctx, tx, g, expected, columns); err != nil {
			return uuid.Nil, err
		}
		districts, err := districtsOf(ctx, tx, g.ID)
		if err != nil {
			return uuid.Nil, err
		}
		kind := core.Updated
		if g.State == Cancelled {
			kind = core.Ended
		}
		c := core.Change{Kind: kind, Type: "Gathering", ID: g.ID, Before: before, After: g.facts(), Touched: g.touched(districts), Notice: notice}
		if g.CancellationReason != nil {
			c.Reason = *g.CancellationReason
		}
		tx.Changed(c)
		return g.ID, nil
	})
}
