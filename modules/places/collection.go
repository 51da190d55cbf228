package places

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// feature is a district as maps read it (RFC 7946, section 3.2).
type feature struct {
	Type       string          `json:"type"`
	ID         string          `json:"id"`
	Geometry   json.RawMessage `json:"geometry"`
	Properties properties      `json:"properties"`
}

type properties struct {
	Number      int        `json:"number"`
	Name        string     `json:"name"`
	FoundedOn   *core.Date `json:"foundedOn"`
	AbolishedOn *core.Date `json:"abolishedOn"`
	AreaKm2     *float64   `json:"areaKm2"`
}

// DistrictsGeoJSON is the map of a day, of the districts that the caller may see.
func (s *Service) DistrictsGeoJSON(ctx context.Context, asOf *core.Date) (GeoJSON, error) {
	decision, err := s.guard.Decide(ctx, mayRead)
	if err != nil {
		return nil, err
	}
	visible, args := decision.SQL(districtRows, "district")
	day := s.day(ctx, asOf)
	var rows []struct {
		ID       uuid.UUID
		Geometry GeoJSON
		properties
	}
	err = s.db.NewSelect().Model((*District)(nil)).
		ColumnExpr("district.id, district.number, district.name, district.founded_on, district.abolished_on, boundary.geometry, boundary.area_km2").
		Join("LEFT JOIN district_boundaries AS boundary").
		JoinOn("boundary.municipality_id = district.municipality_id AND boundary.district_id = district.id").
		JoinOn("boundary.starts_on <= ? AND (boundary.ends_on IS NULL OR boundary.ends_on >= ?)", day, day).
		Where("(district.founded_on IS NULL OR district.founded_on <= ?) AND (district.abolished_on IS NULL OR district.abolished_on >= ?)", day, day).
		Where("("+visible+")", args...).Order("district.number", "district.id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("places: the map of %s: %w", day, err)
	}
	features := make([]feature, len(rows))
	for i, row := range rows {
		features[i] = feature{"Feature", core.ID{Type: "District", Key: row.ID}.String(), json.RawMessage(row.Geometry), row.properties}
	}
	raw, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": features})
	return raw, err
}
