package places

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/peterstace/simplefeatures/geom"
)

// The ellipsoid of WGS84.
const (
	equatorRadius = 6_378_137.0
	flattening    = 1 / 298.257223563
)

// equalArea is Lambert's cylindrical projection of the ellipsoid, in metres: areas are true, which
// is what districts are measured and compared by (Snyder 1987, Map Projections, equation 3-12).
func equalArea(p geom.XY) geom.XY {
	sin, e := math.Sin(p.Y*math.Pi/180), math.Sqrt(flattening*(2-flattening))
	q := (1 - e*e) * (sin/(1-e*e*sin*sin) - math.Log((1-e*sin)/(1+e*sin))/(2*e))
	return geom.XY{X: equatorRadius * p.X * math.Pi / 180, Y: equatorRadius * q / 2}
}

func areaKm2(g geom.Geometry) float64 { return g.Area(geom.WithTransform(equalArea)) / 1e6 }

// nearby is metres around a place, with distances true within a town: for lengths, which the
// projection above would stretch.
func nearby(middle geom.XY) func(geom.XY) geom.XY {
	metres := equatorRadius * math.Pi / 180
	narrow := math.Cos(middle.Y * math.Pi / 180)
	return func(p geom.XY) geom.XY {
		return geom.XY{X: (p.X - middle.X) * metres * narrow, Y: (p.Y - middle.Y) * metres}
	}
}

// sliver is how wide, in metres, two districts may overlap and still count as sharing an edge.
// Neighbours are often drawn apart from each other: where one has a corner in the middle of the
// other's edge, or was kept with fewer decimals, hairlines are held by both. Half a metre is well
// above such hairlines (6 decimals are 0.1 m) and below anything that stands on the ground.
const sliver = 0.5

// overlap is by how much two areas share ground, in square metres: 0 when they only share edges.
// Each piece of their intersection is judged by its mean width, twice its area by its perimeter,
// so that neither a long hairline counts nor a small true overlap is hidden by one.
func overlap(a, b geom.Geometry) (float64, error) {
	if !a.Envelope().Intersects(b.Envelope()) {
		return 0, nil
	}
	shared, err := geom.Intersection(a, b)
	if err != nil {
		return 0, fmt.Errorf("places: intersect two boundaries: %w", err)
	}
	var square float64
	for _, piece := range polygonsOf(shared) {
		middle, _ := piece.Envelope().Center().XY()
		flat := piece.TransformXY(nearby(middle))
		if 2*flat.Area()/flat.Boundary().Length() > sliver {
			square += flat.Area()
		}
	}
	return square, nil
}

// polygonsOf leaves out the lines and points in which areas merely touch.
func polygonsOf(g geom.Geometry) []geom.Polygon {
	var polygons []geom.Polygon
	for _, part := range g.Dump() {
		if p, ok := part.AsPolygon(); ok && !p.IsEmpty() {
			polygons = append(polygons, p)
		}
	}
	return polygons
}

// text is the geometry as it is stored and shown.
func text(g geom.Geometry) (GeoJSON, error) {
	raw, err := json.Marshal(g)
	return GeoJSON(raw), err
}

// shape reads what text wrote. It was checked when it was stored.
func shape(g GeoJSON) (geom.Geometry, error) {
	return geom.UnmarshalGeoJSON(g, geom.NoValidate{})
}
