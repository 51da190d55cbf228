package places

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// candidates are the rows, locked, that a change of the district's boundary may move: those that
// stand under it, and those whose point lies in the box of its boundary of the day.
func candidates(ctx context.Context, tx *mutation.Tx, typ string, day core.Date, district, after uuid.UUID, most int) ([]located, error) {
	var rows []located
	err := tx.NewRaw(`SELECT p.id, p.longitude, p.latitude, p.district_id FROM ?0 AS p
		WHERE p.municipality_id = ?1 AND p.id > ?2 AND p.longitude IS NOT NULL AND (p.district_id = ?3 OR EXISTS (
			SELECT FROM district_boundaries AS b WHERE b.municipality_id = p.municipality_id AND b.district_id = ?3
			AND b.starts_on <= ?4 AND (b.ends_on IS NULL OR b.ends_on >= ?4)
			AND p.longitude BETWEEN b.west AND b.east AND p.latitude BETWEEN b.south AND b.north))
		ORDER BY p.id LIMIT ?5 FOR UPDATE OF p`,
		tableOf(typ), core.MunicipalityOf(ctx).ID, after, district, day, most).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("places: rows near a district: %w", err)
	}
	return rows, nil
}

// setDistrict leaves the version alone: the district is worked out, and nobody's edit is stale by it.
func setDistrict(ctx context.Context, tx *mutation.Tx, typ string, keys []uuid.UUID, district *uuid.UUID) error {
	_, err := tx.NewRaw("UPDATE ? SET district_id = ? WHERE municipality_id = ? AND id IN (?)",
		tableOf(typ), district, core.MunicipalityOf(ctx).ID, bun.List(keys)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("places: set the district: %w", err)
	}
	return nil
}

// followAddresses takes venues that stand at these addresses to the addresses' districts.
func followAddresses(ctx context.Context, tx *mutation.Tx, addresses []uuid.UUID) error {
	var moved []uuid.UUID
	err := tx.NewRaw(`UPDATE venues AS v SET district_id = a.district_id FROM addresses AS a
		WHERE v.municipality_id = ? AND a.municipality_id = v.municipality_id AND a.id = v.address_id AND a.id IN (?)
		AND v.longitude IS NULL AND v.district_id IS DISTINCT FROM a.district_id RETURNING v.id`,
		core.MunicipalityOf(ctx).ID, bun.List(addresses)).Scan(ctx, &moved)
	if err != nil {
		return fmt.Errorf("places: venues of moved addresses: %w", err)
	}
	for _, venue := range moved {
		tx.Changed(core.Change{Kind: core.Updated, Type: "Venue", ID: venue, Reason: "its address moved to another district"})
	}
	return nil
}
