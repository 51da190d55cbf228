package assemblies

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
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
	read.AddList[motions.Resolution](r, "Assembly.resolutions", read.List{By: "BodyID", Where: `?TableAlias.body_kind = 'assembly'`})
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

// votingOn is what the charter of a day says of votes; without one what motions hold by themselves.
func votingOn(ctx context.Context, db bun.IDB, assembly uuid.UUID, on core.Date) (motions.Rules, error) {
	c, err := charterOn(ctx, db, assembly, on)
	if err != nil || c == nil {
		return motions.Rules{}, err
	}
	var all []CharterMajority
	if err := db.NewSelect().Model(&all).Where("?TableAlias.charter_id = ?", c.ID).Order("position").Scan(ctx); err != nil {
		return motions.Rules{}, err
	}
	rules := motions.Rules{Majorities: map[string]motions.Threshold{}, Amendments: c.AmendmentsAs, Manners: c.Manners, ProxiesPerHolder: c.ProxiesHeld, ProxyCountsForQuorum: c.ProxiesInQuorum}
	for _, m := range all {
		rules.Majorities[m.Question] = motions.Threshold{Of: m.Of, Share: ballot.Share{Numerator: m.Numerator, Denominator: m.Denominator, Strict: m.Kind == Simple}}
	}
	return rules, nil
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
