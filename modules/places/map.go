package places

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/peterstace/simplefeatures/geom"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// area is one district as it lies on a day.
type area struct {
	district uuid.UUID
	box      geom.Envelope
	shape    geom.Geometry
}

// areas are the districts of one day, by number: the order in which they claim a shared edge.
type areas []area

// at is the district in which a point lies: exactly one where several share an edge, none outside
// of all.
func (all areas) at(p Point) *uuid.UUID {
	xy := geom.XY{X: p.Longitude, Y: p.Latitude}
	point := xy.AsPoint().AsGeometry()
	for _, a := range all {
		if a.box.Contains(xy) && geom.Intersects(point, a.shape) {
			return &a.district
		}
	}
	return nil
}

// loadAreas reads the districts of a day; with a point, only those whose box holds it.
func loadAreas(ctx context.Context, db bun.IDB, day core.Date, near *Point) (areas, error) {
	var rows []DistrictBoundary
	q := db.NewSelect().Model(&rows).Column("boundary.district_id", "boundary.geometry").
		Join("JOIN districts AS district ON district.municipality_id = boundary.municipality_id AND district.id = boundary.district_id").
		Where("boundary.starts_on <= ? AND (boundary.ends_on IS NULL OR boundary.ends_on >= ?)", day, day).
		Order("district.number", "district.id")
	if near != nil {
		q.Where("? BETWEEN boundary.west AND boundary.east AND ? BETWEEN boundary.south AND boundary.north", near.Longitude, near.Latitude)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("places: boundaries of %s: %w", day, err)
	}
	all := make(areas, len(rows))
	for i, row := range rows {
		g, err := shape(row.Geometry)
		if err != nil {
			return nil, fmt.Errorf("places: boundary of district %s: %w", row.DistrictID, err)
		}
		all[i] = area{row.DistrictID, g.Envelope(), g}
	}
	return all, nil
}

// find is the district of a point on a day; nil without a point and outside of all districts.
func find(ctx context.Context, db bun.IDB, day core.Date, p *Point) (*uuid.UUID, error) {
	if p == nil {
		return nil, nil
	}
	all, err := loadAreas(ctx, db, day, p)
	if err != nil {
		return nil, err
	}
	return all.at(*p), nil
}

// The municipality's map is held by a lock of Postgres' that ends with the transaction: shared by
// those who place points by it, alone by those who redraw it. It is taken before the rows are
// read, so that what is read stands until the commit.
const mapLock = "hashtextextended('places.map:' || ?::text, 0)"

func shareMap(ctx context.Context, tx postgres.Tx) error {
	return lockMap(ctx, tx, "SELECT pg_advisory_xact_lock_shared("+mapLock+")")
}

func redrawMap(ctx context.Context, tx postgres.Tx) error {
	return lockMap(ctx, tx, "SELECT pg_advisory_xact_lock("+mapLock+")")
}

func lockMap(ctx context.Context, tx postgres.Tx, statement string) error {
	if _, err := tx.NewRaw(statement, core.MunicipalityOf(ctx).ID).Exec(ctx); err != nil {
		return fmt.Errorf("places: lock the map: %w", err)
	}
	return nil
}
