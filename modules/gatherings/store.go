package gatherings

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/places"
)

// lock finds a gathering for a change: seen by the caller, changed under the permission, and held until the
// end of the transaction.
func (s *Service) lock(ctx context.Context, tx *mutation.Tx, id core.ID, permission, field string) (*Gathering, error) {
	key, err := id.Of("Gathering", "input", field)
	if err != nil {
		return nil, err
	}
	if err := read.Require[Gathering](ctx, s.reads, tx, permission, key, "input", field); err != nil {
		return nil, err
	}
	return lockGathering(ctx, tx, key)
}

func lockGathering(ctx context.Context, db bun.IDB, key uuid.UUID) (*Gathering, error) {
	g := new(Gathering)
	return g, db.NewSelect().Model(g).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx)
}

// save writes columns of a gathering; without any it only holds the version.
func save(ctx context.Context, tx *mutation.Tx, g *Gathering, expected int, columns []string) error {
	if len(columns) == 0 {
		columns = []string{"state"}
	}
	return postgres.Conflicts(mutation.Save(ctx, tx, g, expected, columns...), broken)
}

func insertGathering(ctx context.Context, tx *mutation.Tx, g *Gathering, districts []uuid.UUID) error {
	if _, err := tx.NewInsert().Model(g).Exec(ctx); err != nil {
		return postgres.Conflicts(err, broken)
	}
	return insertAll(ctx, tx, callsOf(g.ID, districts))
}

func callsOf(gathering uuid.UUID, districts []uuid.UUID) []GatheringDistrict {
	var calls []GatheringDistrict
	for _, district := range districts {
		calls = append(calls, GatheringDistrict{ID: core.NewID(), GatheringID: gathering, DistrictID: district})
	}
	return calls
}

// insertAll writes rows in one statement; none is no statement.
func insertAll[M any](ctx context.Context, tx *mutation.Tx, rows []M) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&rows).Exec(ctx)
	return postgres.Conflicts(err, broken)
}

func replaceDistricts(ctx context.Context, tx *mutation.Tx, gathering uuid.UUID, districts []uuid.UUID) error {
	if _, err := tx.NewDelete().Model((*GatheringDistrict)(nil)).Where("gathering_id = ?", gathering).Exec(ctx); err != nil {
		return err
	}
	return insertAll(ctx, tx, callsOf(gathering, districts))
}

// districtsOf are those that a gathering called.
func districtsOf(ctx context.Context, db bun.IDB, gathering uuid.UUID) (keys []uuid.UUID, err error) {
	err = db.NewSelect().Model((*GatheringDistrict)(nil)).Column("district_id").Where("?TableAlias.gathering_id = ?", gathering).Order("id").Scan(ctx, &keys)
	return keys, err
}

// meetingOf is the gathering's meeting.
func meetingOf(ctx context.Context, db bun.IDB, g *Gathering) (*meetings.Meeting, error) {
	m := new(meetings.Meeting)
	return m, db.NewSelect().Model(m).Column("id", "state", "announced_at").Where("?TableAlias.id = ?", *g.MeetingID).Scan(ctx)
}

// seen finds what an input refers to; one that the caller may not see is NOT_FOUND.
func seen[M any](ctx context.Context, s *Service, tx *mutation.Tx, id *core.ID, typ, field string) (*uuid.UUID, error) {
	key, err := core.KeyOf(id, typ, "input", field)
	if err != nil || key == nil {
		return nil, err
	}
	return key, read.Seen[M](ctx, s.reads, tx, *key, "input", field)
}

// called finds the districts of an input, in one statement. One that is named twice counts once.
func (s *Service) called(ctx context.Context, tx *mutation.Tx, ids []core.ID) ([]uuid.UUID, error) {
	if len(ids) > mostDistricts {
		return nil, core.Invalid(core.Textf("At most %d districts.", "Не более %d районов.", mostDistricts), "input", "districtIds")
	}
	var keys []uuid.UUID
	for _, id := range once(ids) {
		key, err := id.Of("District", "input", "districtIds")
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	found, err := visible(ctx, s.reads, tx, "district", keys, func(d *places.District) uuid.UUID { return d.ID })
	if err == nil && len(found) < len(keys) {
		err = notFound("input", "districtIds")
	}
	return keys, err
}

// visible are the rows among those keys that the caller may see, kept from merging and erasure until the
// transaction ends.
func visible[M any](ctx context.Context, r *read.Reader, tx *mutation.Tx, alias string, keys []uuid.UUID, key func(*M) uuid.UUID) (map[uuid.UUID]*M, error) {
	found := map[uuid.UUID]*M{}
	if len(keys) == 0 {
		return found, nil
	}
	filter, err := read.Visible[M](ctx, r, alias)
	if err != nil {
		return nil, err
	}
	var rows []M
	err = tx.NewSelect().Model(&rows).Where("?TableAlias.id IN (?)", bun.List(keys)).Where("?", filter).Order("id").For("KEY SHARE").Scan(ctx)
	for i := range rows {
		found[key(&rows[i])] = &rows[i]
	}
	return found, err
}

// notFound is the error at a place of the input whose object the caller does not see.
func notFound(path ...string) *core.Error {
	return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
}

// ByExternalKey is the gathering that an importer brought in before, and its version, which tells how far
// the importer came; version 0 when there is none.
func (s *Service) ByExternalKey(ctx context.Context, external string) (key uuid.UUID, version int, err error) {
	var found []Gathering
	err = s.reads.DB().NewSelect().Model(&found).Column("id", "version").Where("external_key = ?", external).Scan(ctx)
	if err != nil || len(found) == 0 {
		return uuid.Nil, 0, err
	}
	return found[0].ID, found[0].Version, nil
}
