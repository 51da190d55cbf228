package places

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// boundariesOf are all of a district's, from the first to the last.
func boundariesOf(ctx context.Context, db bun.IDB, district uuid.UUID) (line, error) {
	var l line
	err := db.NewSelect().Model(&l).Where("boundary.district_id = ?", district).Order("boundary.starts_on").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("places: boundaries of a district: %w", err)
	}
	return l, nil
}

// neighbour is another district's boundary, with what an error says of it.
type neighbour struct {
	Number   int
	Name     string
	StartsOn core.Date
	Geometry GeoJSON
}

// neighbours are the other districts' boundaries of any day of b whose boxes meet b's.
func neighbours(ctx context.Context, db bun.IDB, b *DistrictBoundary) ([]neighbour, error) {
	var all []neighbour
	err := db.NewSelect().Model((*DistrictBoundary)(nil)).
		ColumnExpr("district.number, district.name, boundary.starts_on, boundary.geometry").
		Join("JOIN districts AS district ON district.municipality_id = boundary.municipality_id AND district.id = boundary.district_id").
		Where("boundary.district_id <> ?", b.DistrictID).
		Where("daterange(boundary.starts_on, boundary.ends_on, '[]') && daterange(?, ?, '[]')", b.StartsOn, b.EndsOn).
		Where("boundary.west <= ? AND boundary.east >= ? AND boundary.south <= ? AND boundary.north >= ?", b.East, b.West, b.North, b.South).
		Order("district.number", "boundary.starts_on").Scan(ctx, &all)
	if err != nil {
		return nil, fmt.Errorf("places: neighbours: %w", err)
	}
	return all, nil
}

func insertBoundary(ctx context.Context, db bun.IDB, b *DistrictBoundary) error {
	_, err := db.NewInsert().Model(b).Exec(ctx)
	return taken(err)
}

func replaceBoundary(ctx context.Context, db bun.IDB, b *DistrictBoundary) error {
	_, err := db.NewUpdate().Model(b).Column("geometry", "area_km2", "west", "south", "east", "north").
		Where("boundary.id = ?", b.ID).Exec(ctx)
	return taken(err)
}

func endBoundaryOn(ctx context.Context, db bun.IDB, b *DistrictBoundary) error {
	_, err := db.NewUpdate().Model(b).Column("ends_on").Where("boundary.id = ?", b.ID).Exec(ctx)
	return taken(err)
}
