package places

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/veche-city/veche/core"
)

// circle is a polygon of n corners around a place in Kansk.
func circle(n int) string {
	var ring []string
	for i := range n {
		a := 2 * math.Pi * float64(i%(n-1)) / float64(n-1)
		ring = append(ring, fmt.Sprintf("[%.7f,%.7f]", 95.7+0.1*math.Cos(a), 56.2+0.05*math.Sin(a)))
	}
	return `{"type":"Polygon","coordinates":[[` + strings.Join(ring, ",") + `]]}`
}

func TestBoundaryRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, path, says string }{
		"not JSON":              {`{"type":`, "b", "object"},
		"a list":                {`[1,2]`, "b", "object"},
		"no type":               {`{"coordinates":[]}`, "b.type", "Polygon or a MultiPolygon"},
		"a point":               {`{"type":"Point","coordinates":[95,56]}`, "b.type", "Polygon or a MultiPolygon"},
		"a line":                {`{"type":"LineString","coordinates":[[0,0],[1,1]]}`, "b.type", "Polygon or a MultiPolygon"},
		"lower case":            {`{"type":"polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`, "b.type", "Polygon or a MultiPolygon"},
		"a feature":             {`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[]}}`, "b.type", "Feature"},
		"another reference":     {`{"type":"Polygon","crs":{"properties":{"name":"EPSG:3857"}},"coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`, "b.crs", "WGS84"},
		"no coordinates":        {`{"type":"Polygon"}`, "b.coordinates", "list of rings"},
		"null coordinates":      {`{"type":"Polygon","coordinates":null}`, "b.coordinates", "no ring"},
		"no ring":               {`{"type":"Polygon","coordinates":[]}`, "b.coordinates", "no ring"},
		"empty ring":            {`{"type":"Polygon","coordinates":[[]]}`, "b.coordinates.0", "at least 4"},
		"no polygon":            {`{"type":"MultiPolygon","coordinates":[]}`, "b.coordinates", "list of polygons"},
		"empty polygon":         {`{"type":"MultiPolygon","coordinates":[[]]}`, "b.coordinates.0", "no ring"},
		"one level short":       {`{"type":"Polygon","coordinates":[[0,0],[1,0],[1,1],[0,0]]}`, "b.coordinates", "list of rings"},
		"one level deep":        {`{"type":"Polygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}`, "b.coordinates", "list of rings"},
		"words":                 {`{"type":"Polygon","coordinates":[[["0","0"],["1","0"],["1","1"],["0","0"]]]}`, "b.coordinates", "list of rings"},
		"NaN":                   {`{"type":"Polygon","coordinates":[[[NaN,0],[1,0],[1,1],[NaN,0]]]}`, "b", "object"},
		"beyond every number":   {`{"type":"Polygon","coordinates":[[[1e999,0],[1,0],[1,1],[1e999,0]]]}`, "b.coordinates", "list of rings"},
		"null in a position":    {`{"type":"Polygon","coordinates":[[[null,0],[1,0],[1,1],[null,0]]]}`, "b.coordinates.0.0", "two numbers"},
		"one number":            {`{"type":"Polygon","coordinates":[[[0,0],[1],[1,1],[0,0]]]}`, "b.coordinates.0.1", "two numbers"},
		"four numbers":          {`{"type":"Polygon","coordinates":[[[0,0],[1,0,0,0],[1,1],[0,0]]]}`, "b.coordinates.0.1", "two numbers"},
		"three positions":       {`{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0]]]}`, "b.coordinates.0", "at least 4"},
		"unclosed":              {`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}`, "b.coordinates.0", "not closed"},
		"swapped":               {`{"type":"Polygon","coordinates":[[[56.2,95.7],[56.3,95.7],[56.3,95.8],[56.2,95.7]]]}`, "b.coordinates.0.0", "Longitude comes first"},
		"longitude off":         {`{"type":"Polygon","coordinates":[[[0,0],[181,0],[1,1],[0,0]]]}`, "b.coordinates.0.1", "longitude 181"},
		"crosses itself":        {`{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}`, "b.coordinates", "crosses or touches itself"},
		"no area":               {`{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,2],[0,0]]]}`, "b.coordinates", "crosses or touches itself"},
		"one point":             {`{"type":"Polygon","coordinates":[[[1,1],[1,1],[1,1],[1,1]]]}`, "b.coordinates", "one point"},
		"smaller than the grid": {`{"type":"Polygon","coordinates":[[[1,1],[1.00000001,1],[1,1.00000001],[1,1]]]}`, "b.coordinates", "one point"},
		"hole outside":          {`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],[[5,5],[6,5],[6,6],[5,5]]]}`, "b.coordinates", "outside of the outline"},
		"hole crosses":          {`{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[3,1],[6,1],[6,2],[3,2],[3,1]]]}`, "b.coordinates", "cross or share"},
		"polygons overlap":      {`{"type":"MultiPolygon","coordinates":[[[[0,0],[2,0],[2,2],[0,2],[0,0]]],[[[1,1],[3,1],[3,3],[1,3],[1,1]]]]}`, "b.coordinates", "join them"},
		"second one unclosed":   {`{"type":"MultiPolygon","coordinates":[[[[0,0],[2,0],[2,2],[0,2],[0,0]]],[[[5,5],[6,5],[6,6],[5,6]]]]}`, "b.coordinates.1.0", "not closed"},
		"huge":                  {circle(maxPositions + 1), "b.coordinates.0", "20000"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseBoundary(GeoJSON(c.text), "b")
			var e *core.Error
			if !errors.As(err, &e) || e.Code != core.CodeBadUserInput {
				t.Fatalf("got %v", err)
			}
			if got := strings.Join(e.Path, "."); got != c.path {
				t.Errorf("path %s, want %s", got, c.path)
			}
			if !strings.Contains(e.Text.En, c.says) {
				t.Errorf("says %q, want %q in it", e.Text.En, c.says)
			}
			if e.Text.Ru == "" || e.Text.Ru == e.Text.En {
				t.Errorf("no Russian for %q", e.Text.En)
			}
		})
	}
}

func TestBoundaryTaken(t *testing.T) {
	for name, c := range map[string]struct{ text, stored string }{
		"a square":        {`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}`, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}`},
		"clockwise":       {`{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[1,0],[0,0]]]}`, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}`},
		"with a height":   {`{"type":"Polygon","coordinates":[[[0,0,200],[1,0,200],[1,1,200],[0,0,200]]]}`, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`},
		"rounded":         {`{"type":"Polygon","coordinates":[[[0.123456789,0],[1,0],[1,1],[0.123456789,0]]]}`, `{"type":"Polygon","coordinates":[[[0.1234568,0],[1,0],[1,1],[0.1234568,0]]]}`},
		"a hole":          {`{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[1,1],[2,1],[2,2],[1,2],[1,1]]]}`, `{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[1,1],[1,2],[2,2],[2,1],[1,1]]]}`},
		"foreign members": {`{"type":"Polygon","bbox":[0,0,1,1],"crs":null,"coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`},
		"two parts":       {`{"type":"MultiPolygon","coordinates":[[[[0,0],[0,1],[1,1],[0,0]]],[[[5,5],[6,5],[6,6],[5,5]]]]}`, `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,1],[0,1],[0,0]]],[[[5,5],[6,5],[6,6],[5,5]]]]}`},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := parseBoundary(GeoJSON(c.text), "b")
			if err != nil {
				t.Fatal(err)
			}
			stored, err := text(g)
			if err != nil || string(stored) != c.stored {
				t.Errorf("stored %s, %v\nwant   %s", stored, err, c.stored)
			}
		})
	}
	if _, err := parseBoundary(GeoJSON(circle(maxPositions))); err != nil {
		t.Errorf("the largest boundary allowed: %v", err)
	}
}

func TestGeoJSONFromGraphQL(t *testing.T) {
	var g GeoJSON
	for _, wrong := range []any{nil, "{}", 5, []any{}} {
		if err := g.UnmarshalGQL(wrong); core.CodeOf(err) != core.CodeBadUserInput {
			t.Errorf("%#v: %v", wrong, err)
		}
	}
	literal := map[string]any{"type": "Polygon", "coordinates": []any{[]any{
		[]any{int64(0), json.Number("0")}, []any{1.5, int64(0)}, []any{int64(1), int64(1)}, []any{int64(0), int64(0)}}}}
	if err := g.UnmarshalGQL(literal); err != nil {
		t.Fatal(err)
	}
	if _, err := parseBoundary(g); err != nil {
		t.Errorf("%s: %v", g, err)
	}
	var out strings.Builder
	GeoJSON(nil).MarshalGQL(&out)
	if out.String() != "null" {
		t.Errorf("none is written as %q", out.String())
	}
}

// square is a shape of that size in metres at a place of Kansk, east and north of a corner.
func square(t *testing.T, east, north, width, height float64) geom.Geometry {
	t.Helper()
	g, err := parseBoundary(GeoJSON(squareText(east, north, width, height)))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func squareText(east, north, width, height float64) string {
	const metre = 180 / (math.Pi * equatorRadius)
	narrow := math.Cos(56.2 * math.Pi / 180)
	x := func(e float64) float64 { return 95.7 + e*metre/narrow }
	y := func(n float64) float64 { return 56.2 + n*metre }
	ring := [][2]float64{{x(east), y(north)}, {x(east + width), y(north)}, {x(east + width), y(north + height)}, {x(east), y(north + height)}, {x(east), y(north)}}
	raw, _ := json.Marshal(map[string]any{"type": "Polygon", "coordinates": []any{ring}})
	return string(raw)
}

func TestOverlap(t *testing.T) {
	base := square(t, 0, 0, 1000, 1000)
	for name, c := range map[string]struct {
		other geom.Geometry
		holds bool
	}{
		"far away":        {square(t, 5000, 0, 100, 100), false},
		"a corner":        {square(t, 1000, 1000, 100, 100), false},
		"an edge":         {square(t, 1000, 0, 1000, 1000), false},
		"part of an edge": {square(t, 1000, 300, 1000, 100), false},
		"a hairline":      {square(t, 999.8, 0, 1000, 1000), false},
		"a metre":         {square(t, 999, 0, 1000, 1000), true},
		"a small house":   {square(t, 995, 500, 100, 5), true},
		"inside":          {square(t, 400, 400, 100, 100), true},
		"around":          {square(t, -100, -100, 1200, 1200), true},
		"the same":        {base, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, pair := range [][2]geom.Geometry{{base, c.other}, {c.other, base}} {
				m2, err := overlap(pair[0], pair[1])
				if err != nil || (m2 > 0) != c.holds {
					t.Errorf("%v m², %v", m2, err)
				}
			}
		})
	}
	if km2 := areaKm2(base); math.Abs(km2-1) > 0.01 {
		t.Errorf("a square kilometre measures %v", km2)
	}
}

func TestAreaIsTheEarths(t *testing.T) {
	// The area of WGS84's ellipsoid is 510,065,621.7 km².
	world := `{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}`
	g, err := parseBoundary(GeoJSON(world))
	if err != nil {
		t.Fatal(err)
	}
	if km2 := areaKm2(g); math.Abs(km2-510_065_621.7) > 1 {
		t.Errorf("the earth measures %.1f km²", km2)
	}
}

func TestNamesOnOneLine(t *testing.T) {
	for _, bad := range []string{"", "  ", "a\x00b", "a\x1bb", "\xff", strings.Repeat("я", 201)} {
		var p core.Problems
		if words(&p, bad, 200, "name"); p.Err() == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	var p core.Problems
	if got := words(&p, "  Первый \t микрорайон\n", 200, "name"); got != "Первый микрорайон" || !slices.Equal(p, nil) {
		t.Errorf("%q, %v", got, p)
	}
}
