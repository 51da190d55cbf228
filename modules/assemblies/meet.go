package assemblies

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
)

// meet tells meetings how assemblies meet: whoever sits on the day is a member, and the charter of that
// day says what makes a quorum.
func meet(r *read.Reader, m *meetings.Module) {
	m.RegisterBody(meetings.Body{
		Type:    "Assembly",
		Name:    `SELECT name FROM assemblies WHERE municipality_id = ?municipality AND id = ?body`,
		Members: `SELECT seat.person_id FROM assembly_seats(?municipality, ?body, ?day) AS seat WHERE seat.filled`,
		Kinds:   []meetings.MeetingKind{meetings.AssemblySession, meetings.OtherMeeting},
		Rules:   rulesOn,
	})
	read.AddList[meetings.Meeting](r, "Assembly.meetings", read.List{By: "BodyID", Where: `?TableAlias.body_kind = 'assembly'`})
}

// rulesOn are an assembly's rules for its meetings on a day; without a charter more than half of nobody.
func rulesOn(ctx context.Context, db bun.IDB, assembly uuid.UUID, on core.Date) (meetings.Rules, error) {
	c, err := charterOn(ctx, db, assembly, on)
	if err != nil || c == nil {
		return meetings.Rules{Quorum: meetings.MoreThanHalf}, err
	}
	seats, err := compositionOn(ctx, db, assembly, on)
	if err != nil {
		return meetings.Rules{}, err
	}
	return meetings.Rules{
		Seats: seats.Expected, NoticeDays: c.NoticeDays,
		Quorum: meetings.Share{Of: meetings.Basis(c.QuorumOf), Numerator: c.QuorumNumerator, Denominator: c.QuorumDenominator, Strict: c.QuorumStrict},
	}, nil
}

// charterOn is the charter in force on a day; nil without one.
func charterOn(ctx context.Context, db bun.IDB, assembly uuid.UUID, on core.Date) (*Charter, error) {
	c := new(Charter)
	err := db.NewSelect().Model(c).Where("?TableAlias.assembly_id = ?", assembly).Where("?TableAlias.starts_on <= ?", on).
		Where("?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?", on).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, nil
	}
	return c, err
}
