// Package places holds where things are: the municipality itself, its districts with their
// boundaries, addresses, and the venues where the town meets its public.
//
// It owns the tables districts, district_boundaries, addresses, venues and address_merge_moves,
// and alone changes the rows of municipalities. Boundaries are dated; a point finds its district
// (Service.DistrictAt, and the stored district_id of addresses and venues, which is the district
// of today). Reads are declared (declare.go); writes go through Service, which decides about the
// row again: the graph, the demonstration loader and later modules all come by it.
//
// Order: whoever places a point holds the municipality's map shared, whoever draws a boundary
// holds it alone (map.go). So an address that was placed by the old boundary is there to be
// found by the job that the new one leaves behind (relocate.go), and none is missed. When a
// boundary begins on a later day the job waits for that day.
package places

import (
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// District is a part of the municipality (микрорайон).
type District struct {
	bun.BaseModel `bun:"table:districts,alias:district"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID  `bun:"id,pk,type:uuid"`
	ExternalKey *string    `bun:"external_key"`
	Number      int        `bun:"number"`
	Name        string     `bun:"name"`
	FoundedOn   *core.Date `bun:"founded_on"`
	AbolishedOn *core.Date `bun:"abolished_on"`
	Version     int        `bun:"version"`
}

// DistrictBoundary is where a district lay for a time.
type DistrictBoundary struct {
	bun.BaseModel `bun:"table:district_boundaries,alias:boundary"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID  `bun:"id,pk,type:uuid"`
	DistrictID uuid.UUID  `bun:"district_id,type:uuid"`
	District   *District  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
	StartsOn   core.Date  `bun:"starts_on"`
	EndsOn     *core.Date `bun:"ends_on"`
	Geometry   GeoJSON    `bun:"geometry,type:jsonb"`
	AreaKm2    float64    `bun:"area_km2"`
	West       float64    `bun:"west"`
	South      float64    `bun:"south"`
	East       float64    `bun:"east"`
	North      float64    `bun:"north"`
}

// Address is a place in a street.
type Address struct {
	bun.BaseModel `bun:"table:addresses,alias:address"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID           uuid.UUID  `bun:"id,pk,type:uuid"`
	ExternalKey  *string    `bun:"external_key"`
	Locality     string     `bun:"locality"`
	Street       string     `bun:"street"`
	House        string     `bun:"house"`
	Building     *string    `bun:"building"`
	PostalIndex  *string    `bun:"postal_index"`
	FiasID       *string    `bun:"fias_id,type:uuid"`
	Longitude    *float64   `bun:"longitude"`
	Latitude     *float64   `bun:"latitude"`
	DistrictID   *uuid.UUID `bun:"district_id,type:uuid"`
	District     *District  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
	MergedIntoID *uuid.UUID `bun:"merged_into_id,type:uuid"`
	MergedInto   *Address   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:merged_into_id=id"`
	Version      int        `bun:"version"`
}

// Venue is a place where the town meets its public.
type Venue struct {
	bun.BaseModel `bun:"table:venues,alias:venue"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID            uuid.UUID  `bun:"id,pk,type:uuid"`
	ExternalKey   *string    `bun:"external_key"`
	Kind          VenueKind  `bun:"kind"`
	Name          string     `bun:"name"`
	AddressID     *uuid.UUID `bun:"address_id,type:uuid"`
	Address       *Address   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:address_id=id"`
	Longitude     *float64   `bun:"longitude"`
	Latitude      *float64   `bun:"latitude"`
	DistrictID    *uuid.UUID `bun:"district_id,type:uuid"`
	District      *District  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
	Capacity      *int       `bun:"capacity"`
	Accessibility *string    `bun:"accessibility"`
	ClosedOn      *core.Date `bun:"closed_on"`
	Version       int        `bun:"version"`
}

// VenueKind is what sort of place a venue is.
type VenueKind string

const (
	HouseOfCulture  VenueKind = "HOUSE_OF_CULTURE"
	Library         VenueKind = "LIBRARY"
	School          VenueKind = "SCHOOL"
	SportsHall      VenueKind = "SPORTS_HALL"
	Administration  VenueKind = "ADMINISTRATION"
	ReceptionOffice VenueKind = "RECEPTION_OFFICE"
	Hospital        VenueKind = "HOSPITAL"
	OpenAir         VenueKind = "OPEN_AIR"
	OtherVenue      VenueKind = "OTHER"
)

// Point is a position in WGS84, in degrees.
type Point struct{ Longitude, Latitude float64 }

func pointOf(longitude, latitude *float64) *Point {
	if longitude == nil || latitude == nil {
		return nil
	}
	return &Point{*longitude, *latitude}
}

// apart is the point as two columns.
func (p *Point) apart() (longitude, latitude *float64) {
	if p == nil {
		return nil, nil
	}
	return &p.Longitude, &p.Latitude
}
