package places

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// CreateDistrictInput adds a district. In this and the other Create inputs ExternalKey is the
// row's name in the system that it came from; a second row with the same is refused. Importers set
// it (see Service.Known); the graph does not show it.
type CreateDistrictInput struct {
	ExternalKey      *string
	Number           int
	Name             string
	FoundedOn        *core.Date
	ClientMutationID *string
}

// UpdateDistrictInput corrects a district; what is not set stays.
type UpdateDistrictInput struct {
	ID               core.ID
	ExpectedVersion  int
	Number           graphql.Omittable[*int]
	Name             graphql.Omittable[*string]
	FoundedOn        graphql.Omittable[*core.Date]
	ClientMutationID *string
}

// AbolishDistrictInput sets, moves or takes back a district's last day.
type AbolishDistrictInput struct {
	ID               core.ID
	ExpectedVersion  int
	AbolishedOn      *core.Date
	Reason           string
	ClientMutationID *string
}

// SetDistrictBoundaryInput draws a boundary.
type SetDistrictBoundaryInput struct {
	DistrictID       core.ID
	ExpectedVersion  int
	Boundary         GeoJSON
	StartsOn         core.Date
	ClientMutationID *string
}

// PointInput is a position in WGS84.
type PointInput struct{ Longitude, Latitude float64 }

// point is nil for none, and rounded as boundaries are, so that both meet on edges.
func (in *PointInput) point(p *core.Problems) *Point {
	if in == nil {
		return nil
	}
	at := Point(*in)
	if err := at.validate("input", "point"); err != nil {
		*p = append(*p, err)
	}
	return &Point{round(at.Longitude), round(at.Latitude)}
}

// CreateAddressInput adds an address.
type CreateAddressInput struct {
	ExternalKey      *string
	Locality         string
	Street           string
	House            string
	Building         *string
	PostalIndex      *string
	FiasID           *string
	Point            *PointInput
	ClientMutationID *string
}

// UpdateAddressInput corrects an address; what is not set stays.
type UpdateAddressInput struct {
	ID               core.ID
	ExpectedVersion  int
	Locality         graphql.Omittable[*string]
	Street           graphql.Omittable[*string]
	House            graphql.Omittable[*string]
	Building         graphql.Omittable[*string]
	PostalIndex      graphql.Omittable[*string]
	FiasID           graphql.Omittable[*string]
	Point            graphql.Omittable[*PointInput]
	ClientMutationID *string
}

// MergeAddressesInput folds duplicates into one address.
type MergeAddressesInput struct {
	KeptID           core.ID
	DuplicateIds     []core.ID
	ClientMutationID *string
}

// UndoMergeAddressesInput takes one duplicate out again.
type UndoMergeAddressesInput struct {
	ID               core.ID
	ClientMutationID *string
}

// CreateVenueInput adds a venue.
type CreateVenueInput struct {
	ExternalKey      *string
	Kind             VenueKind
	Name             string
	AddressID        *core.ID
	Point            *PointInput
	Capacity         *int
	Accessibility    *string
	ClientMutationID *string
}

// UpdateVenueInput corrects a venue; what is not set stays.
type UpdateVenueInput struct {
	ID               core.ID
	ExpectedVersion  int
	Kind             graphql.Omittable[*VenueKind]
	Name             graphql.Omittable[*string]
	AddressID        graphql.Omittable[*core.ID]
	Point            graphql.Omittable[*PointInput]
	Capacity         graphql.Omittable[*int]
	Accessibility    graphql.Omittable[*string]
	ClosedOn         graphql.Omittable[*core.Date]
	ClientMutationID *string
}

// CloseVenueInput ends a venue.
type CloseVenueInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClosedOn         core.Date
	Reason           string
	ClientMutationID *string
}

// UpdateMunicipalityInput changes the municipality; what is not set stays.
type UpdateMunicipalityInput struct {
	ExpectedVersion  int
	Name             graphql.Omittable[*core.Text]
	Region           graphql.Omittable[*core.Text]
	TimeZone         graphql.Omittable[*string]
	Hosts            graphql.Omittable[[]string]
	DisabledModules  graphql.Omittable[[]string]
	ClientMutationID *string
}
