package places

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// CreateVenue adds a venue, in the district of its own point or else of its address.
func (s *Service) CreateVenue(ctx context.Context, in CreateVenueInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "createVenue", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		v := &Venue{ID: core.NewID(), ExternalKey: in.ExternalKey, Kind: in.Kind, Name: in.Name, Capacity: in.Capacity,
			Accessibility: in.Accessibility, Version: 1}
		if err := s.mayWriteSomewhere(ctx); err != nil {
			return v.ID, err
		}
		var p core.Problems
		v.Longitude, v.Latitude = in.Point.point(&p).apart()
		if err := v.setAddress(&p, in.AddressID); err != nil {
			return v.ID, err
		}
		if err := v.validate(p); err != nil {
			return v.ID, err
		}
		if err := shareMap(ctx, tx.Tx); err != nil {
			return v.ID, err
		}
		if err := s.placeVenue(ctx, tx, v); err != nil {
			return v.ID, err
		}
		if err := s.guard.Check(ctx, mayWrite, lies(v.DistrictID)); err != nil {
			return v.ID, err
		}
		if _, err := tx.NewInsert().Model(v).Exec(ctx); err != nil {
			return v.ID, taken(err)
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Venue", ID: v.ID, After: v.record()})
		return v.ID, nil
	})
}

// UpdateVenue corrects a venue; where it moves, the caller needs the right in both districts.
func (s *Service) UpdateVenue(ctx context.Context, in UpdateVenueInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateVenue", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		v, err := s.venue(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		before, was := v.record(), v.DistrictID
		if err := in.apply(v); err != nil {
			return v.ID, err
		}
		if err := s.placeVenue(ctx, tx, v); err != nil {
			return v.ID, err
		}
		if err := s.moveInto(ctx, was, v.DistrictID); err != nil {
			return v.ID, err
		}
		if err := mutation.Save(ctx, tx, v, in.ExpectedVersion, "kind", "name", "address_id", "longitude", "latitude", "district_id",
			"capacity", "accessibility", "closed_on"); err != nil {
			return v.ID, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Venue", ID: v.ID, Before: before, After: v.record()})
		return v.ID, nil
	})
}

func (in UpdateVenueInput) apply(v *Venue) error {
	var p core.Problems
	assign(&p, &v.Kind, in.Kind, "kind")
	assign(&p, &v.Name, in.Name, "name")
	replace(&v.Capacity, in.Capacity)
	replace(&v.Accessibility, in.Accessibility)
	replace(&v.ClosedOn, in.ClosedOn)
	if point, set := in.Point.ValueOK(); set {
		v.Longitude, v.Latitude = point.point(&p).apart()
	}
	if address, set := in.AddressID.ValueOK(); set {
		if err := v.setAddress(&p, address); err != nil {
			return err
		}
	}
	return v.validate(p)
}

// CloseVenue gives a venue its last day.
func (s *Service) CloseVenue(ctx context.Context, in CloseVenueInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "closeVenue", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		v, err := s.venue(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		reason := words(&p, in.Reason, 1000, "reason")
		if err := p.Err(); err != nil {
			return v.ID, err
		}
		before := v.record()
		v.ClosedOn = &in.ClosedOn
		if err := mutation.Save(ctx, tx, v, in.ExpectedVersion, "closed_on"); err != nil {
			return v.ID, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "Venue", ID: v.ID, Before: before, After: v.record(), Reason: reason})
		return v.ID, nil
	})
}

// venue is the row that an input names, for a caller who may change it, locked under the map.
func (s *Service) venue(ctx context.Context, tx *mutation.Tx, id core.ID) (*Venue, error) {
	key, err := id.Of("Venue", "input", "id")
	if err != nil {
		return nil, err
	}
	if err := read.Require[Venue](ctx, s.reads, tx, mayWrite, key, "input", "id"); err != nil {
		return nil, err
	}
	if err := shareMap(ctx, tx.Tx); err != nil {
		return nil, err
	}
	return load[Venue](ctx, tx, key, "input", "id")
}

func (v *Venue) setAddress(p *core.Problems, id *core.ID) (err error) {
	v.AddressID, err = core.KeyOf(id, "Address", "input", "addressId")
	return p.Add(err)
}

// placeVenue works out the district. The address is locked against moving until the venue stands.
func (s *Service) placeVenue(ctx context.Context, tx *mutation.Tx, v *Venue) (err error) {
	v.DistrictID = nil
	if v.AddressID != nil {
		a, err := s.standingAddress(ctx, tx, *v.AddressID)
		if err != nil {
			return err
		}
		v.DistrictID = a.DistrictID
	}
	if v.Longitude != nil {
		v.DistrictID, err = find(ctx, tx, tx.Today(), pointOf(v.Longitude, v.Latitude))
	}
	return err
}

// standingAddress is an address that the caller sees and that was not merged into another.
func (s *Service) standingAddress(ctx context.Context, tx *mutation.Tx, key uuid.UUID) (*Address, error) {
	if err := read.Require[Address](ctx, s.reads, tx, mayRead, key, "input", "addressId"); err != nil {
		return nil, err
	}
	a := new(Address)
	err := tx.NewSelect().Model(a).Column("id", "district_id", "merged_into_id").Where("address.id = ?", key).For("SHARE").Scan(ctx)
	if postgres.NoRows(err) {
		return nil, &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: []string{"input", "addressId"}}
	}
	if err == nil && a.MergedIntoID != nil {
		err = core.Invalid(core.T("This address was merged into another: use that one.", "Этот адрес объединён с другим: используйте тот."), "input", "addressId")
	}
	return a, err
}

func (v *Venue) record() map[string]any {
	return map[string]any{"kind": v.Kind, "name": v.Name, "address": v.AddressID, "longitude": v.Longitude, "latitude": v.Latitude,
		"district": v.DistrictID, "capacity": v.Capacity, "accessibility": v.Accessibility, "closedOn": v.ClosedOn}
}
