package councilwork

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

// person finds a person who can be referred to; none stays none.
func (s *Service) person(ctx context.Context, tx *mutation.Tx, id *core.ID, field string) (*uuid.UUID, error) {
	key, err := seen[people.Person](ctx, s, tx, id, field)
	if err != nil || key == nil {
		return nil, err
	}
	return key, s.people.PersonStands(ctx, tx, *key, "input", field)
}

// organisation finds an organisation that stands today; none stays none.
func (s *Service) organisation(ctx context.Context, tx *mutation.Tx, id *core.ID, field string) (*uuid.UUID, error) {
	key, err := seen[people.Organisation](ctx, s, tx, id, field)
	if err != nil || key == nil {
		return nil, err
	}
	today := tx.Today()
	return key, s.people.OrganisationStands(ctx, tx, *key, today, &today, "input", field)
}

// employed refuses a person without a post in the organisation today.
func employed(ctx context.Context, tx *mutation.Tx, person, organisation uuid.UUID, field string) error {
	var posts int
	err := tx.NewSelect().Model((*people.Post)(nil)).ColumnExpr("count(*)").Where("?TableAlias.person_id = ?", person).
		Where("?TableAlias.organisation_id = ?", organisation).Where("?TableAlias.starts_on <= ?", tx.Today()).
		Where("?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?", tx.Today()).Scan(ctx, &posts)
	if err == nil && posts == 0 {
		err = core.Invalid(core.T("This person has no post in the organisation today.", "У этого человека сегодня нет должности в организации."), "input", field)
	}
	return err
}

// seated refuses a person without a seat in the body on every day of that time.
func seated(ctx context.Context, tx *mutation.Tx, council, person uuid.UUID, from core.Date, to *core.Date, field string) error {
	var covered bool
	err := tx.NewSelect().Model((*councils.Membership)(nil)).
		ColumnExpr("coalesce(range_agg(daterange(?TableAlias.starts_on, ?TableAlias.ends_on, '[]')) @> daterange(?, ?, '[]'), false)", from, to).
		Where("?TableAlias.council_id = ?", council).Where("?TableAlias.person_id = ?", person).Scan(ctx, &covered)
	if err == nil && !covered {
		err = core.Invalid(core.T("This person has no seat in the body on all of that time.", "Этот человек не состоит в органе в течение всего этого времени."), "input", field)
	}
	return err
}

// place is where in a meeting something is done.
type place struct {
	meeting *meetings.Meeting
	item    *meetings.AgendaItem
}

func (pl place) keys() (meeting, item *uuid.UUID) {
	if pl.meeting != nil {
		meeting = &pl.meeting.ID
	}
	if pl.item != nil {
		item = &pl.item.ID
	}
	return meeting, item
}

// place finds a meeting of the body and a point of its agenda; an agenda item names its meeting by itself.
func (s *Service) place(ctx context.Context, tx *mutation.Tx, council uuid.UUID, meeting, item *core.ID) (pl place, err error) {
	key, err := seen[meetings.Meeting](ctx, s, tx, meeting, "meetingId")
	if err != nil {
		return pl, err
	}
	itemKey, err := seen[meetings.AgendaItem](ctx, s, tx, item, "agendaItemId")
	if err != nil {
		return pl, err
	}
	if itemKey != nil {
		if pl.item, err = held[meetings.AgendaItem](ctx, tx, *itemKey, "KEY SHARE", "agendaItemId"); err != nil {
			return pl, err
		}
		if key != nil && *key != pl.item.MeetingID {
			return pl, core.Invalid(core.T("That point stands on the agenda of another meeting.", "Этот вопрос стоит в повестке другого заседания."), "input", "agendaItemId")
		}
		key = &pl.item.MeetingID
	}
	if key == nil {
		return pl, nil
	}
	if pl.meeting, err = held[meetings.Meeting](ctx, tx, *key, "KEY SHARE", "meetingId"); err != nil {
		return pl, err
	}
	if pl.meeting.BodyKind != "council" || pl.meeting.BodyID == nil || *pl.meeting.BodyID != council {
		return pl, core.Invalid(core.T("That is no meeting of this body.", "Это заседание не этого органа."), "input", "meetingId")
	}
	return pl, nil
}
