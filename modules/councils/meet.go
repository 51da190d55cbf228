package councils

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
)

// meet tells meetings how bodies meet: who their members are on a day, and by what rules.
func meet(r *read.Reader, m *meetings.Module) {
	m.RegisterBody(meetings.Body{
		Type: "Council",
		Name: `SELECT name FROM councils WHERE municipality_id = ?municipality AND id = ?body`,
		Members: `SELECT seat.person_id FROM memberships AS seat WHERE seat.municipality_id = ?municipality AND seat.council_id = ?body
			AND seat.starts_on <= ?day AND (seat.ends_on IS NULL OR seat.ends_on >= ?day)`,
		Kinds: []meetings.MeetingKind{meetings.CouncilSession, meetings.CommissionSession, meetings.OtherMeeting},
		Rules: rules,
	})
	read.AddList[meetings.Meeting](r, "Council.meetings", read.List{By: "BodyID", Where: `?TableAlias.body_kind = 'council'`})
	read.AddList[motions.Resolution](r, "Council.resolutions", read.List{By: "BodyID", Where: `?TableAlias.body_kind = 'council'`})
}

// rules are a body's for its meetings: more than half of its members.
func rules(ctx context.Context, db bun.IDB, body uuid.UUID, _ core.Date) (meetings.Rules, error) {
	c := new(Council)
	if err := db.NewSelect().Model(c).Column("seat_limit").Where("?TableAlias.id = ?", body).Scan(ctx); err != nil {
		return meetings.Rules{}, err
	}
	r := meetings.Rules{Quorum: meetings.MoreThanHalf}
	if c.SeatLimit != nil {
		r.Seats = *c.SeatLimit
	}
	return r, nil
}
