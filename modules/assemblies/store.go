package assemblies

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
)

func insert(ctx context.Context, db bun.IDB, model any) error {
	_, err := db.NewInsert().Model(model).Exec(ctx)
	return postgres.Conflicts(err, broken)
}

// find reads one row.
func find[M any](ctx context.Context, db bun.IDB, key uuid.UUID) (*M, error) {
	m := new(M)
	return m, db.NewSelect().Model(m).Where("?TableAlias.id = ?", key).Scan(ctx)
}

// lock keeps others from changing a row until the transaction ends; rows that only refer to it may be
// written meanwhile. One that is gone since it was seen is NOT_FOUND at the path.
func lock[M any](ctx context.Context, db bun.IDB, key uuid.UUID, path ...string) (*M, error) {
	m := new(M)
	err := db.NewSelect().Model(m).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx)
	if postgres.NoRows(err) {
		err = &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
	}
	return m, err
}

// lockBody keeps a body below, and who sits in it, as they are until the transaction ends.
func lockBody(ctx context.Context, db bun.IDB, key uuid.UUID) (*councils.Council, error) {
	c := new(councils.Council)
	return c, db.NewSelect().Model(c).Where("?TableAlias.id = ?", key).For("SHARE").Scan(ctx)
}

// seen finds what a change refers to: its key, for a caller who may see it.
func seen[M any](ctx context.Context, s *Service, tx *mutation.Tx, id core.ID, typ string, path ...string) (uuid.UUID, error) {
	key, err := id.Of(typ, path...)
	if err != nil {
		return key, err
	}
	return key, read.Seen[M](ctx, s.reads, tx, key, path...)
}

// may is seen for a caller who also holds the permission on the row.
func may[M any](ctx context.Context, s *Service, tx *mutation.Tx, permission string, id core.ID, typ string, path ...string) (uuid.UUID, error) {
	key, err := id.Of(typ, path...)
	if err != nil {
		return key, err
	}
	return key, read.Require[M](ctx, s.reads, tx, permission, key, path...)
}

// during are the charter's versions in force on a day or after, in order, with what they make of a rule;
// Seats is 0 where one has no such rule.
type during struct {
	StartsOn           core.Date
	EndsOn             *core.Date
	TermMonths         *int
	SubstitutesAllowed bool
	Seats              int
}

func chartersFrom(ctx context.Context, db bun.IDB, rule *SeatRule, from core.Date) ([]during, error) {
	var all []during
	err := db.NewSelect().Model((*Charter)(nil)).ColumnExpr("?TableAlias.starts_on, ?TableAlias.ends_on, ?TableAlias.term_months, ?TableAlias.substitutes_allowed").
		ColumnExpr("coalesce(part.seats, 0) AS seats").
		Join("LEFT JOIN charter_rules AS part ON part.municipality_id = ?TableAlias.municipality_id AND part.charter_id = ?TableAlias.id AND part.rule_id = ?", rule.ID).
		Where("?TableAlias.assembly_id = ?", rule.AssemblyID).Where("?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?", from).
		OrderExpr("?TableAlias.starts_on").Scan(ctx, &all)
	return all, err
}

// taken are the times, on a day or after, for which numbered seats are taken already.
type taken struct {
	Number   int
	StartsOn core.Date
	EndsOn   *core.Date
}

func takenFrom(ctx context.Context, db bun.IDB, d *Delegate) ([]taken, error) {
	var all []taken
	err := db.NewSelect().Model((*Delegate)(nil)).Column("number", "starts_on", "ends_on").Where("rule_id = ?", d.RuleID).
		Where("place_id = ?", d.place()).Where("capacity = ?", d.Capacity).Where("ends_on IS NULL OR ends_on >= ?", d.StartsOn).Scan(ctx, &all)
	return all, err
}

// below is how long the person goes on sitting in the body without a break, from the delegate's first day
// on. Seats that follow each other day by day (a change of post) are one time.
const below = `LEFT JOIN LATERAL (
		SELECT part, upper(part) - 1 AS last_day FROM (
			SELECT range_agg(daterange(m.starts_on, m.ends_on, '[]')) AS times FROM memberships AS m
			WHERE m.municipality_id = delegate.municipality_id AND m.council_id = delegate.council_id AND m.person_id = delegate.person_id) AS seats,
			unnest(seats.times) AS part
		WHERE part @> delegate.starts_on) AS below ON TRUE`

// leaving is why the time below ended.
const leaving = `(SELECT m.leaving_reason FROM memberships AS m WHERE m.municipality_id = delegate.municipality_id
	AND m.council_id = delegate.council_id AND m.person_id = delegate.person_id AND m.ends_on = below.last_day)`

// seatBelow is how long a seat below lasts.
type seatBelow struct {
	Covered bool       // the person is a member on the delegate's first day
	LastDay *core.Date // nil: no end is known
	Leaving *councils.LeavingReason
}

func seatBelowOf(ctx context.Context, db bun.IDB, d *Delegate) (seatBelow, error) {
	var b seatBelow
	err := db.NewRaw(`SELECT below.part IS NOT NULL AS covered, below.last_day, `+leaving+` AS leaving
		FROM (SELECT ?::uuid AS municipality_id, ?::uuid AS council_id, ?::uuid AS person_id, ?::date AS starts_on) AS delegate `+below,
		core.MunicipalityOf(ctx).ID, d.CouncilID, d.PersonID, d.StartsOn).Scan(ctx, &b)
	return b, err
}

// ByExternalKey is the key of the assembly that an importer brought in before.
func (s *Service) ByExternalKey(ctx context.Context, external string) (key uuid.UUID, found bool, err error) {
	var keys []uuid.UUID
	err = s.reads.DB().NewSelect().Model((*Assembly)(nil)).Column("id").Where("external_key = ?", external).Scan(ctx, &keys)
	if err != nil || len(keys) == 0 {
		return uuid.Nil, false, err
	}
	return keys[0], true, nil
}

// Rule is the key of the assembly's rule of that name; importers ask it.
func (s *Service) Rule(ctx context.Context, assembly uuid.UUID, key string) (rule uuid.UUID, found bool, err error) {
	var keys []uuid.UUID
	err = s.reads.DB().NewSelect().Model((*SeatRule)(nil)).Column("id").Where("assembly_id = ?", assembly).Where("key = ?", key).Scan(ctx, &keys)
	if err != nil || len(keys) == 0 {
		return uuid.Nil, false, err
	}
	return keys[0], true, nil
}

// Named says whether the person is, was or will be named to the assembly; importers ask it.
func (s *Service) Named(ctx context.Context, assembly, person uuid.UUID) (bool, error) {
	var n int
	err := s.reads.DB().NewSelect().Model((*Delegate)(nil)).ColumnExpr("count(*)").Where("assembly_id = ?", assembly).Where("person_id = ?", person).Scan(ctx, &n)
	return n > 0, err
}
