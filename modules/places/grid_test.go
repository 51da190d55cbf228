package places

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

// partition cuts a square of Kansk into quadrilaterals that share their edges: the corners of a
// grid, each moved a little.
type partition struct {
	corners [][]([2]float64)
	cells   areas
}

func drawPartition(t *rapid.T) *partition {
	n := rapid.IntRange(1, 5).Draw(t, "cells a side")
	jitter := rapid.Float64Range(-0.2, 0.2)
	p := &partition{}
	for y := range n + 1 {
		row := make([][2]float64, n+1)
		for x := range n + 1 {
			dx, dy := 0.0, 0.0
			if x > 0 && x < n {
				dx = jitter.Draw(t, "dx")
			}
			if y > 0 && y < n {
				dy = jitter.Draw(t, "dy")
			}
			row[x] = [2]float64{round(95.7 + (float64(x)+dx)/100), round(56.2 + (float64(y)+dy)/100)}
		}
		p.corners = append(p.corners, row)
	}
	for y := range n {
		for x := range n {
			g, err := parseBoundary(p.cell(x, y))
			if err != nil {
				t.Fatal(err)
			}
			p.cells = append(p.cells, area{core.NewID(), g.Envelope(), g})
		}
	}
	return p
}

func (p *partition) cell(x, y int) GeoJSON {
	c := p.corners
	ring := [][2]float64{c[y][x], c[y][x+1], c[y+1][x+1], c[y+1][x], c[y][x]}
	raw, _ := json.Marshal(map[string]any{"type": "Polygon", "coordinates": []any{ring}})
	return raw
}

// side says by the sides of its edges whether a convex cell holds a point: 1 inside, -1 outside,
// 0 too near an edge to say.
func (p *partition) side(at Point, x, y int) int {
	c := p.corners
	ring := [][2]float64{c[y][x], c[y][x+1], c[y+1][x+1], c[y+1][x], c[y][x]}
	inside := 1
	for i, a := range ring[:4] {
		b := ring[i+1]
		side := (b[0]-a[0])*(at.Latitude-a[1]) - (b[1]-a[1])*(at.Longitude-a[0])
		if math.Abs(side) < 1e-12 {
			return 0
		}
		if side < 0 {
			inside = -1
		}
	}
	return inside
}

// A point of a partition is found in exactly one district: the one that holds it, or on an edge
// one of those that share it. A small jitter keeps every cell convex.
func TestEveryPointHasOneDistrict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPartition(t)
		n := len(p.corners) - 1
		at := Point{round(rapid.Float64Range(95.7, 95.7+float64(n)/100).Draw(t, "longitude")),
			round(rapid.Float64Range(56.2, 56.2+float64(n)/100).Draw(t, "latitude"))}
		if rapid.Bool().Draw(t, "on a corner") {
			c := p.corners[rapid.IntRange(0, n).Draw(t, "row")][rapid.IntRange(0, n).Draw(t, "column")]
			at = Point{c[0], c[1]}
		}
		found := p.cells.at(at)
		if found == nil {
			t.Fatalf("%v is in no district", at)
		}
		for i, cell := range p.cells {
			side, isFound := p.side(at, i%n, i/n), cell.district == *found
			if side > 0 && !isFound {
				t.Fatalf("%v lies in cell %d and was found elsewhere", at, i)
			}
			if side < 0 && isFound {
				t.Fatalf("%v was found in cell %d and lies elsewhere", at, i)
			}
		}
	})
}

// Neighbours that share an edge are never refused, and a cell moved onto another always is.
func TestPartitionsDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPartition(t)
		i := rapid.IntRange(0, len(p.cells)-1).Draw(t, "cell")
		for j, other := range p.cells {
			m2, err := overlap(p.cells[i].shape, other.shape)
			if err != nil {
				t.Fatalf("cells %d and %d: %v", i, j, err)
			}
			if (m2 > 0) != (i == j) {
				t.Fatalf("cells %d and %d share %v m²", i, j, m2)
			}
		}
	})
}

// The same through the database: the box in SQL, then the shape; the lower number has the edge.
func TestDistrictAt(t *testing.T) {
	h := open(t)
	var keys []uuid.UUID
	for _, number := range []int{7, 3} {
		d := h.district(number)
		h.done("District")(h.draw(d, squareText(float64(1000*len(keys)), 0, 1000, 1000), day(time.May, 1)))
		keys = append(keys, d.Key)
	}
	seven, three := keys[0], keys[1]
	low, high, _ := square(t, 0, 0, 1000, 1000).Envelope().MinMaxXYs()
	for name, c := range map[string]struct {
		at   Point
		want uuid.UUID
	}{
		"inside":          {Point(*inside(t, 0)), seven},
		"inside the next": {Point(*inside(t, 1000)), three},
		"shared edge":     {Point{high.X, (low.Y + high.Y) / 2}, three},
		"shared corner":   {Point{high.X, high.Y}, three},
		"own corner":      {Point{low.X, low.Y}, seven},
		"outside":         {Point{low.X - 1e-6, low.Y}, uuid.Nil},
	} {
		if got, err := h.Service.DistrictAt(h.nobody(), c.at, nil); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, wrong := range []Point{{181, 0}, {0, 91}, {math.NaN(), 0}, {0, math.Inf(1)}} {
		if _, err := h.Service.DistrictAt(h.nobody(), wrong, nil); core.CodeOf(err) != core.CodeBadUserInput {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}
