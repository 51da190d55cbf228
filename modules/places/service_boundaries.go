package places

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/peterstace/simplefeatures/geom"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// SetDistrictBoundary draws the boundary from a day up to the next that is known, or to the
// district's last day. What the new line takes from a boundary of an earlier day ends the day
// before; one of the same day is replaced. Addresses and venues follow by a job.
//
// Order: the right, the shape, then the map alone; so bad shapes hold nobody up.
func (s *Service) SetDistrictBoundary(ctx context.Context, in SetDistrictBoundaryInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "setDistrictBoundary", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := s.districtKey(ctx, tx, in.DistrictID, "districtId")
		if err != nil {
			return uuid.Nil, err
		}
		g, err := parseBoundary(in.Boundary, "input", "boundary")
		if err != nil {
			return uuid.Nil, err
		}
		if err := redrawMap(ctx, tx.Tx); err != nil {
			return uuid.Nil, err
		}
		d, err := load[District](ctx, tx, key, "input", "districtId")
		if err != nil {
			return uuid.Nil, err
		}
		// The district's version guards its boundaries too.
		if err := mutation.Save(ctx, tx, d, in.ExpectedVersion, "name"); err != nil {
			return d.ID, err
		}
		b, before, err := s.draw(ctx, tx, d, g, in.StartsOn)
		if err != nil {
			return d.ID, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "District", ID: d.ID, Before: before, After: b.record()})
		return d.ID, s.relocate(ctx, tx, d.ID, &b.StartsOn, dayAfter(b.EndsOn))
	})
}

// draw puts a boundary into the district's line of boundaries, and tells what it replaced.
func (s *Service) draw(ctx context.Context, tx *mutation.Tx, d *District, g geom.Geometry, day core.Date) (*DistrictBoundary, map[string]any, error) {
	if d.FoundedOn != nil && day.Before(*d.FoundedOn) || d.AbolishedOn != nil && d.AbolishedOn.Before(day) {
		return nil, nil, core.Invalid(core.T("The district does not stand on that day.", "В этот день микрорайона нет."), "input", "startsOn")
	}
	b, err := newBoundary(d.ID, g)
	if err != nil {
		return nil, nil, err
	}
	line, err := boundariesOf(ctx, tx, d.ID)
	if err != nil {
		return nil, nil, err
	}
	b.StartsOn, b.EndsOn = day, d.AbolishedOn
	previous := line.take(b)
	if err := s.apart(ctx, tx, b, g, "boundary"); err != nil {
		return nil, nil, err
	}
	if previous == nil {
		return b, nil, insertBoundary(ctx, tx, b)
	}
	if sameDay(&previous.StartsOn, &day) {
		before := previous.record()
		before["boundary"] = previous.Geometry // kept nowhere else
		return b, before, replaceBoundary(ctx, tx, b)
	}
	before := previous.record()
	last := day.AddDays(-1)
	previous.EndsOn = &last
	if err := endBoundaryOn(ctx, tx, previous); err != nil {
		return nil, nil, err
	}
	return b, before, insertBoundary(ctx, tx, b)
}

func newBoundary(district uuid.UUID, g geom.Geometry) (*DistrictBoundary, error) {
	raw, err := text(g)
	if err != nil {
		return nil, fmt.Errorf("places: write a boundary: %w", err)
	}
	low, high, _ := g.Envelope().MinMaxXYs()
	return &DistrictBoundary{ID: core.NewID(), DistrictID: district, Geometry: raw, AreaKm2: areaKm2(g),
		West: low.X, South: low.Y, East: high.X, North: high.Y}, nil
}

// line is a district's boundaries in the order of their days.
type line []*DistrictBoundary

// take fits b between its neighbours and returns the one that held on its first day, which b cuts
// short or, when both begin on one day, replaces under the same id.
func (l line) take(b *DistrictBoundary) (previous *DistrictBoundary) {
	for _, other := range l {
		switch {
		case sameDay(&other.StartsOn, &b.StartsOn):
			b.ID, b.EndsOn = other.ID, other.EndsOn
			return other
		case b.StartsOn.Before(other.StartsOn):
			last := other.StartsOn.AddDays(-1)
			b.EndsOn = &last
			return previous
		case other.EndsOn == nil || !other.EndsOn.Before(b.StartsOn):
			previous = other
		}
	}
	return previous
}

// apart refuses ground that another district holds on any day of b.
func (s *Service) apart(ctx context.Context, tx *mutation.Tx, b *DistrictBoundary, g geom.Geometry, field string) error {
	others, err := neighbours(ctx, tx, b)
	if err != nil {
		return err
	}
	for _, other := range others {
		theirs, err := shape(other.Geometry)
		if err != nil {
			return fmt.Errorf("places: boundary of district %d: %w", other.Number, err)
		}
		square, err := overlap(g, theirs)
		if err != nil {
			return err
		}
		if square > 0 {
			return core.Invalid(core.Textf(
				"This boundary takes %.0[1]f m² of district %[2]d (%[3]s), whose boundary holds from %[4]s. Districts share edges, not ground: move one of the two.",
				"Эта граница захватывает %.0[1]f м² микрорайона %[2]d (%[3]s), граница которого действует с %[4]s. У микрорайонов могут быть общие стороны, но не общая территория: сдвиньте одну из границ.",
				square, other.Number, other.Name, other.StartsOn), "input", field)
		}
	}
	return nil
}

// endBoundary lets the boundary that lasted as long as the district do so again.
func (s *Service) endBoundary(ctx context.Context, tx *mutation.Tx, d *District, was *core.Date) error {
	l, err := boundariesOf(ctx, tx, d.ID)
	if err != nil || len(l) == 0 {
		return err
	}
	last := l[len(l)-1]
	if d.AbolishedOn != nil && d.AbolishedOn.Before(last.StartsOn) {
		return core.Invalid(core.Textf("A boundary of this district begins on %[1]s, after that day.", "Граница этого микрорайона действует с %[1]s, то есть позже этого дня.", last.StartsOn), "input", "abolishedOn")
	}
	if !sameDay(last.EndsOn, was) {
		return nil
	}
	last.EndsOn = d.AbolishedOn
	g, err := shape(last.Geometry)
	if err != nil {
		return fmt.Errorf("places: boundary of district %d: %w", d.Number, err)
	}
	if err := s.apart(ctx, tx, last, g, "abolishedOn"); err != nil {
		return err
	}
	return endBoundaryOn(ctx, tx, last)
}

func (b *DistrictBoundary) record() map[string]any {
	return map[string]any{"boundaryId": b.ID, "startsOn": b.StartsOn, "endsOn": b.EndsOn, "areaKm2": b.AreaKm2}
}

func sameDay(a, b *core.Date) bool {
	return a == nil && b == nil || a != nil && b != nil && a.String() == b.String()
}
