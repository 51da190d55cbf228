package places

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/veche-city/veche/core"
)

const maxPositions = 20_000

// position is the numbers of one GeoJSON position; pointers, since JSON's null would pass as 0.
type position []*float64

// parseBoundary reads what is drawn as a district's boundary, rounds it, and turns its rings as
// RFC 7946 wants them. The error names the place in the object, below path.
func parseBoundary(g GeoJSON, path ...string) (geom.Geometry, error) {
	kind, polygons, err := readPositions(g, path)
	if err != nil {
		return geom.Geometry{}, err
	}
	built := make([]geom.Polygon, len(polygons))
	read := &positions{}
	for i, rings := range polygons {
		at := append(slices.Clone(path), "coordinates")
		if kind == geom.TypeMultiPolygon {
			at = append(at, fmt.Sprint(i))
		}
		if built[i], err = read.polygon(rings, at); err != nil {
			return geom.Geometry{}, err
		}
	}
	if kind == geom.TypePolygon {
		return built[0].AsGeometry(), nil
	}
	multi := geom.NewMultiPolygon(built)
	if err := multi.Validate(); err != nil {
		return geom.Geometry{}, wrongShape(err, append(path, "coordinates"))
	}
	return multi.AsGeometry(), nil
}

// readPositions takes the object apart; a Polygon comes as the only one of a list.
func readPositions(g GeoJSON, path []string) (geom.GeometryType, [][][]position, error) {
	var object struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
		CRS         json.RawMessage `json:"crs"`
	}
	if err := json.Unmarshal(g, &object); err != nil {
		return 0, nil, &core.Error{Code: core.CodeBadUserInput, Text: errNotObject.Text, Path: path, Err: err}
	}
	if crs := string(object.CRS); crs != "" && crs != "null" && !strings.Contains(crs, "CRS84") {
		return 0, nil, core.Invalid(core.T("GeoJSON knows WGS84 only. Convert the coordinates and leave crs out.",
			"GeoJSON знает только WGS84. Пересчитайте координаты и уберите crs."), append(path, "crs")...)
	}
	var polygons [][][]position
	var kind geom.GeometryType
	var err error
	switch object.Type {
	case "Polygon":
		kind, polygons = geom.TypePolygon, make([][][]position, 1)
		err = json.Unmarshal(object.Coordinates, &polygons[0])
	case "MultiPolygon":
		kind = geom.TypeMultiPolygon
		err = json.Unmarshal(object.Coordinates, &polygons)
	case "Feature", "FeatureCollection":
		return 0, nil, core.Invalid(core.Textf("This is a %s. Give its geometry, a Polygon or MultiPolygon.",
			"Это %s. Нужна его геометрия (geometry): Polygon или MultiPolygon.", object.Type), append(path, "type")...)
	default:
		return 0, nil, core.Invalid(core.T("A boundary is a Polygon or a MultiPolygon.", "Граница — это Polygon или MultiPolygon."), append(path, "type")...)
	}
	if err != nil || len(polygons) == 0 {
		return 0, nil, &core.Error{Code: core.CodeBadUserInput, Text: badNesting(object.Type), Path: append(path, "coordinates"), Err: err}
	}
	return kind, polygons, nil
}

func badNesting(kind string) core.Text {
	if kind == "Polygon" {
		return core.T("A Polygon's coordinates are a list of rings, each a list of [longitude, latitude].",
			"Координаты Polygon — список колец, каждое — список пар [долгота, широта].")
	}
	return core.T("A MultiPolygon's coordinates are a list of polygons, each a list of rings of [longitude, latitude].",
		"Координаты MultiPolygon — список полигонов, каждый — список колец из пар [долгота, широта].")
}

// positions counts what has been read, over all rings.
type positions struct{ n int }

func (p *positions) polygon(rings [][]position, path []string) (geom.Polygon, error) {
	if len(rings) == 0 {
		return geom.Polygon{}, core.Invalid(core.T("This polygon has no ring: its outline is missing.", "У полигона нет ни одного кольца: не задан его контур."), path...)
	}
	lines := make([]geom.LineString, len(rings))
	for i, ring := range rings {
		flat, err := p.ring(ring, append(slices.Clone(path), fmt.Sprint(i)))
		if err != nil {
			return geom.Polygon{}, err
		}
		lines[i] = geom.NewLineString(geom.NewSequence(flat, geom.DimXY))
	}
	polygon := geom.NewPolygon(lines)
	if err := polygon.Validate(); err != nil {
		return geom.Polygon{}, wrongShape(err, path)
	}
	return polygon.ForceCCW(), nil
}

// ring reads a closed line of at least four positions.
func (p *positions) ring(ring []position, path []string) ([]float64, error) {
	if p.n += len(ring); p.n > maxPositions {
		return nil, core.Invalid(core.Textf("At most %[1]d positions. Simplify the boundary.", "Не более %[1]d точек. Упростите границу.", maxPositions), path...)
	}
	if len(ring) < 4 {
		return nil, core.Invalid(core.T("A ring has at least 4 positions; the last repeats the first.", "В кольце не менее 4 точек; последняя повторяет первую."), path...)
	}
	flat := make([]float64, 0, 2*len(ring))
	for i, pos := range ring {
		xy, err := pos.read()
		if err != nil {
			err.Path = append(path, fmt.Sprint(i))
			return nil, err
		}
		flat = append(flat, xy.X, xy.Y)
	}
	if last := len(flat) - 2; flat[0] != flat[last] || flat[1] != flat[last+1] {
		return nil, core.Invalid(core.T("This ring is not closed: repeat its first position as the last.", "Кольцо не замкнуто: повторите первую точку в конце."), path...)
	}
	return flat, nil
}

// read takes a height that may stand third, and leaves it out.
func (p position) read() (geom.XY, *core.Error) {
	if len(p) < 2 || len(p) > 3 || slices.Contains(p, nil) {
		return geom.XY{}, core.Invalid(core.T("A position is [longitude, latitude], two numbers.", "Точка — это [долгота, широта], два числа."))
	}
	at := Point{*p[0], *p[1]}
	if err := at.validate(); err != nil {
		return geom.XY{}, err
	}
	return geom.XY{X: round(at.Longitude), Y: round(at.Latitude)}, nil
}

// round keeps 7 decimals of a degree, about a centimetre: neighbours that two programs drew along
// one line then have the same corners.
func round(degrees float64) float64 {
	const grid = 1e7
	return math.Round(degrees*grid) / grid
}

// validate says in which of the two numbers a point leaves the earth.
func (p Point) validate(path ...string) *core.Error {
	if !(math.Abs(p.Longitude) <= 180) {
		return core.Invalid(core.Textf("The longitude %v is not from −180 to 180.", "Долгота %v не в пределах от −180 до 180.", p.Longitude), path...)
	}
	if !(math.Abs(p.Latitude) <= 90) {
		return core.Invalid(core.Textf("The latitude %v is not from −90 to 90. Longitude comes first, latitude second.",
			"Широта %v не в пределах от −90 до 90. Сначала долгота, затем широта.", p.Latitude), path...)
	}
	return nil
}

// wrongShape puts into words what the geometry library refuses, with the place that it names.
func wrongShape(err error, path []string) *core.Error {
	text := refusal(err.Error())
	if _, place, ok := strings.Cut(err.Error(), "(at or near {"); ok {
		place = strings.TrimRight(place, "})")
		text = core.Textf("%[1]s, near [%[3]s].", "%[2]s, около [%[3]s].", text.En, text.Ru, place)
	} else {
		text = core.Textf("%[1]s.", "%[2]s.", text.En, text.Ru)
	}
	return &core.Error{Code: core.CodeBadUserInput, Text: text, Path: path, Err: err}
}

// refusal is the library's word in the words of people who draw boundaries.
func refusal(message string) core.Text {
	for _, known := range []struct {
		part string
		text core.Text
	}{
		{"ring not simple", core.T("This ring crosses or touches itself", "Кольцо пересекает или касается само себя")},
		{"only one distinct XY", core.T("All positions of this ring are one point", "Все точки кольца совпадают")},
		{"nested rings", core.T("A hole lies within another hole", "Вырез лежит внутри другого выреза")},
		{"interior ring outside", core.T("A hole lies outside of the outline", "Вырез лежит вне контура")},
		{"disconnected interior", core.T("Holes cut this polygon into pieces: give a MultiPolygon", "Вырезы делят полигон на части: задайте MultiPolygon")},
		{"rings intersect at multiple", core.T("Two rings of this polygon cross or share an edge", "Два кольца полигона пересекаются или имеют общую сторону")},
		{"child polygons touch", core.T("Polygons of one boundary overlap or share an edge: join them", "Полигоны одной границы накладываются или имеют общую сторону: объедините их")},
	} {
		if strings.Contains(message, known.part) {
			return known.text
		}
	}
	return core.T("This is not a valid area", "Это не допустимая область")
}
