package places

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// QueryResolver answers the root fields that are worked out in Go.
type QueryResolver struct{ Module *Module }

func (r QueryResolver) Municipality(ctx context.Context) (*Municipality, error) {
	return r.Module.Service.municipality(core.MunicipalityOf(ctx)), nil
}

func (r QueryResolver) DistrictAt(ctx context.Context, longitude, latitude float64, asOf *core.Date) (*District, error) {
	key, err := r.Module.Service.DistrictAt(ctx, Point{longitude, latitude}, asOf)
	if err != nil {
		return nil, err
	}
	return read.Changed[District](ctx, r.Module.reads, key)
}

func (r QueryResolver) DistrictsGeoJSON(ctx context.Context, asOf *core.Date) (GeoJSON, error) {
	return r.Module.Service.DistrictsGeoJSON(ctx, asOf)
}

// MunicipalityResolver answers what the tenant's cached row does not hold.
type MunicipalityResolver struct{ Module *Module }

func (r MunicipalityResolver) Version(ctx context.Context, _ *Municipality) (int, error) {
	town, err := r.Module.Service.town(ctx)
	if err != nil {
		return 0, err
	}
	return town.Version, nil
}

// MutationResolver hands each mutation to the service.
type MutationResolver struct{ Module *Module }

func (r MutationResolver) UpdateMunicipality(ctx context.Context, input UpdateMunicipalityInput) (*UpdateMunicipalityPayload, error) {
	return r.Module.Service.UpdateMunicipality(ctx, input)
}

func (r MutationResolver) CreateDistrict(ctx context.Context, input CreateDistrictInput) (*core.Payload, error) {
	return r.Module.Service.CreateDistrict(ctx, input)
}

func (r MutationResolver) UpdateDistrict(ctx context.Context, input UpdateDistrictInput) (*core.Payload, error) {
	return r.Module.Service.UpdateDistrict(ctx, input)
}

func (r MutationResolver) AbolishDistrict(ctx context.Context, input AbolishDistrictInput) (*core.Payload, error) {
	return r.Module.Service.AbolishDistrict(ctx, input)
}

func (r MutationResolver) SetDistrictBoundary(ctx context.Context, input SetDistrictBoundaryInput) (*core.Payload, error) {
	return r.Module.Service.SetDistrictBoundary(ctx, input)
}

func (r MutationResolver) CreateAddress(ctx context.Context, input CreateAddressInput) (*core.Payload, error) {
	return r.Module.Service.CreateAddress(ctx, input)
}

func (r MutationResolver) UpdateAddress(ctx context.Context, input UpdateAddressInput) (*core.Payload, error) {
	return r.Module.Service.UpdateAddress(ctx, input)
}

func (r MutationResolver) MergeAddresses(ctx context.Context, input MergeAddressesInput) (*core.Payload, error) {
	return r.Module.Service.MergeAddresses(ctx, input)
}

func (r MutationResolver) UndoMergeAddresses(ctx context.Context, input UndoMergeAddressesInput) (*core.Payload, error) {
	return r.Module.Service.UndoMergeAddresses(ctx, input)
}

func (r MutationResolver) CreateVenue(ctx context.Context, input CreateVenueInput) (*core.Payload, error) {
	return r.Module.Service.CreateVenue(ctx, input)
}

func (r MutationResolver) UpdateVenue(ctx context.Context, input UpdateVenueInput) (*core.Payload, error) {
	return r.Module.Service.UpdateVenue(ctx, input)
}

func (r MutationResolver) CloseVenue(ctx context.Context, input CloseVenueInput) (*core.Payload, error) {
	return r.Module.Service.CloseVenue(ctx, input)
}
