package places

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// CreateDistrict adds a district; it lies nowhere until its boundary is drawn.
func (s *Service) CreateDistrict(ctx context.Context, in CreateDistrictInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "createDistrict", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		d := &District{ID: core.NewID(), ExternalKey: in.ExternalKey, Number: in.Number, Name: in.Name, FoundedOn: in.FoundedOn, Version: 1}
		if err := s.guard.Check(ctx, mayWrite, access.Resource{}); err != nil {
			return d.ID, err
		}
		if err := d.validate(); err != nil {
			return d.ID, err
		}
		if _, err := tx.NewInsert().Model(d).Exec(ctx); err != nil {
			return d.ID, taken(err)
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "District", ID: d.ID, After: d.record()})
		return d.ID, nil
	})
}

// UpdateDistrict corrects what is not dated.
func (s *Service) UpdateDistrict(ctx context.Context, in UpdateDistrictInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateDistrict", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := s.districtKey(ctx, tx, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		d, err := load[District](ctx, tx, key, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := d.record()
		var p core.Problems
		assign(&p, &d.Number, in.Number, "number")
		assign(&p, &d.Name, in.Name, "name")
		replace(&d.FoundedOn, in.FoundedOn)
		if err := p.Err(); err != nil {
			return d.ID, err
		}
		if err := d.validate(); err != nil {
			return d.ID, err
		}
		if err := s.withinLife(ctx, tx, d); err != nil {
			return d.ID, err
		}
		if err := mutation.Save(ctx, tx, d, in.ExpectedVersion, "number", "name", "founded_on"); err != nil {
			return d.ID, taken(err)
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "District", ID: d.ID, Before: before, After: d.record()})
		return d.ID, nil
	})
}

// AbolishDistrict sets, moves or takes back the last day. The boundary that lasted as long as the
// district does so again, which is refused when another district has taken the ground meanwhile.
func (s *Service) AbolishDistrict(ctx context.Context, in AbolishDistrictInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "abolishDistrict", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := s.districtKey(ctx, tx, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := redrawMap(ctx, tx.Tx); err != nil {
			return uuid.Nil, err
		}
		d, err := load[District](ctx, tx, key, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		before, was := d.record(), d.AbolishedOn
		d.AbolishedOn = in.AbolishedOn
		var p core.Problems
		reason := words(&p, in.Reason, 1000, "reason")
		if err := p.Err(); err != nil {
			return d.ID, err
		}
		if err := d.validate(); err != nil {
			return d.ID, err
		}
		if err := mutation.Save(ctx, tx, d, in.ExpectedVersion, "abolished_on"); err != nil {
			return d.ID, taken(err)
		}
		if err := s.endBoundary(ctx, tx, d, was); err != nil {
			return d.ID, err
		}
		kind := core.Ended
		if d.AbolishedOn == nil {
			kind = core.Updated
		}
		tx.Changed(core.Change{Kind: kind, Type: "District", ID: d.ID, Before: before, After: d.record(), Reason: reason})
		return d.ID, s.relocate(ctx, tx, d.ID, dayAfter(was), dayAfter(d.AbolishedOn))
	})
}

// districtKey is the district that an input names, for a caller who may change it.
func (s *Service) districtKey(ctx context.Context, tx *mutation.Tx, id core.ID, field string) (uuid.UUID, error) {
	key, err := id.Of("District", "input", field)
	if err != nil {
		return key, err
	}
	return key, read.Require[District](ctx, s.reads, tx, mayWrite, key, "input", field)
}

// withinLife sees to it that no boundary begins before the district does.
func (s *Service) withinLife(ctx context.Context, tx *mutation.Tx, d *District) error {
	if d.FoundedOn == nil {
		return nil
	}
	var early int
	err := tx.NewSelect().Model((*DistrictBoundary)(nil)).ColumnExpr("count(*)").Where("boundary.district_id = ?", d.ID).
		Where("boundary.starts_on < ?", d.FoundedOn).Scan(ctx, &early)
	if err != nil {
		return fmt.Errorf("places: boundaries before %s: %w", d.FoundedOn, err)
	}
	if early > 0 {
		return core.Invalid(core.T("A boundary of this district begins before that day.", "Граница этого микрорайона действует с более раннего дня."), "input", "foundedOn")
	}
	return nil
}

func (d *District) record() map[string]any {
	return map[string]any{"number": d.Number, "name": d.Name, "foundedOn": d.FoundedOn, "abolishedOn": d.AbolishedOn}
}

func dayAfter(day *core.Date) *core.Date {
	if day == nil {
		return nil
	}
	next := day.AddDays(1)
	return &next
}
