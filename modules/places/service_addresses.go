package places

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// Every method here and in service_merge.go and service_venues.go shares the map before it locks
// a row: a redrawing that waits between the two would otherwise wait for ever.

// CreateAddress adds an address and finds its district.
func (s *Service) CreateAddress(ctx context.Context, in CreateAddressInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "createAddress", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a := &Address{ID: core.NewID(), ExternalKey: in.ExternalKey, Locality: in.Locality, Street: in.Street, House: in.House,
			Building: in.Building, PostalIndex: in.PostalIndex, FiasID: in.FiasID, Version: 1}
		if err := s.mayWriteSomewhere(ctx); err != nil {
			return a.ID, err
		}
		var p core.Problems
		a.Longitude, a.Latitude = in.Point.point(&p).apart()
		if err := a.validate(p); err != nil {
			return a.ID, err
		}
		if err := shareMap(ctx, tx.Tx); err != nil {
			return a.ID, err
		}
		var err error
		if a.DistrictID, err = find(ctx, tx, tx.Today(), pointOf(a.Longitude, a.Latitude)); err != nil {
			return a.ID, err
		}
		if err := s.guard.Check(ctx, mayWrite, lies(a.DistrictID)); err != nil {
			return a.ID, err
		}
		if _, err := tx.NewInsert().Model(a).Exec(ctx); err != nil {
			return a.ID, taken(err)
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Address", ID: a.ID, After: a.record()})
		return a.ID, nil
	})
}

// UpdateAddress corrects an address. With its point its district may change, and with that the
// district of the venues at it; the caller needs the right in both districts.
func (s *Service) UpdateAddress(ctx context.Context, in UpdateAddressInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateAddress", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, err := s.address(ctx, tx, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before, was := a.record(), a.DistrictID
		if err := in.apply(a); err != nil {
			return a.ID, err
		}
		if a.DistrictID, err = find(ctx, tx, tx.Today(), pointOf(a.Longitude, a.Latitude)); err != nil {
			return a.ID, err
		}
		if err := s.moveInto(ctx, was, a.DistrictID); err != nil {
			return a.ID, err
		}
		err = mutation.Save(ctx, tx, a, in.ExpectedVersion, "locality", "street", "house", "building", "postal_index", "fias_id",
			"longitude", "latitude", "district_id")
		if err != nil {
			return a.ID, taken(err)
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Address", ID: a.ID, Before: before, After: a.record()})
		return a.ID, followAddresses(ctx, tx, []uuid.UUID{a.ID})
	})
}

func (in UpdateAddressInput) apply(a *Address) error {
	var p core.Problems
	if a.MergedIntoID != nil {
		return core.Conflict(core.T("This address was merged into another. Change that one, or undo the merge first.",
			"Этот адрес объединён с другим. Измените тот адрес или сначала отмените объединение."), "input", "id")
	}
	assign(&p, &a.Locality, in.Locality, "locality")
	assign(&p, &a.Street, in.Street, "street")
	assign(&p, &a.House, in.House, "house")
	replace(&a.Building, in.Building)
	replace(&a.PostalIndex, in.PostalIndex)
	replace(&a.FiasID, in.FiasID)
	if point, set := in.Point.ValueOK(); set {
		a.Longitude, a.Latitude = point.point(&p).apart()
	}
	return a.validate(p)
}

// address is the row that an input names, for a caller who may change it, locked under the map.
func (s *Service) address(ctx context.Context, tx *mutation.Tx, id core.ID, field string) (*Address, error) {
	key, err := id.Of("Address", "input", field)
	if err != nil {
		return nil, err
	}
	if err := read.Require[Address](ctx, s.reads, tx, mayWrite, key, "input", field); err != nil {
		return nil, err
	}
	if err := shareMap(ctx, tx.Tx); err != nil {
		return nil, err
	}
	return load[Address](ctx, tx, key, "input", field)
}

func (a *Address) record() map[string]any {
	return map[string]any{"locality": a.Locality, "street": a.Street, "house": a.House, "building": a.Building,
		"postalIndex": a.PostalIndex, "fiasId": a.FiasID, "longitude": a.Longitude, "latitude": a.Latitude, "district": a.DistrictID}
}
