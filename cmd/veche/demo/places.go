package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/places"
)

// The districts are drawn as squares of a grid about the town's centre, five in a row: the source
// gives their number and nothing else.
const (
	west, south = 95.62, 56.16
	width       = 0.034
	height      = 0.03
	inRow       = 5
)

// districts brings in the districts with a boundary each, and a house of culture in each.
func (l *loader) districts(ctx context.Context) error {
	for n := 1; n <= l.city.Districts.Total; n++ {
		if _, err := l.district(ctx, n); err != nil {
			return err
		}
		if err := l.venue(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func districtKey(n int) string { return fmt.Sprintf("demo/district/%02d", n) }

func (l *loader) district(ctx context.Context, n int) (core.ID, error) {
	if id, ok, err := l.places.Known(ctx, "District", districtKey(n)); ok || err != nil {
		return id, err
	}
	key, founded := districtKey(n), on(2010, 1, 1)
	id, err := l.newDistrict(ctx, places.CreateDistrictInput{ExternalKey: &key, Number: n, Name: fmt.Sprintf("Микрорайон № %d", n), FoundedOn: &founded})
	if err != nil {
		return id, err
	}
	_, err = saved(l.places.SetDistrictBoundary(ctx, places.SetDistrictBoundaryInput{DistrictID: id, ExpectedVersion: 1, Boundary: square(n), StartsOn: founded}))
	return id, err
}

func (l *loader) newDistrict(ctx context.Context, in places.CreateDistrictInput) (core.ID, error) {
	p, err := l.places.CreateDistrict(ctx, in)
	return savedAs("District", p, err)
}

// corner is the south-west corner of the n-th square.
func corner(n int) (lon, lat float64) {
	return west + float64((n-1)%inRow)*width, south + float64((n-1)/inRow)*height
}

func square(n int) places.GeoJSON {
	lon, lat := corner(n)
	ring := [][2]float64{{lon, lat}, {lon + width, lat}, {lon + width, lat + height}, {lon, lat + height}, {lon, lat}}
	text, err := json.Marshal(map[string]any{"type": "Polygon", "coordinates": [][][2]float64{ring}})
	if err != nil {
		panic(err) // numbers always marshal
	}
	return places.GeoJSON(text)
}

func (l *loader) venue(ctx context.Context, n int) error {
	key := fmt.Sprintf("demo/venue/%02d", n)
	if _, ok, err := l.places.Known(ctx, "Venue", key); ok || err != nil {
		return err
	}
	lon, lat := corner(n)
	capacity := 80 + 10*n
	_, err := saved(l.places.CreateVenue(ctx, places.CreateVenueInput{
		ExternalKey: &key, Kind: places.HouseOfCulture, Name: fmt.Sprintf("Дом культуры микрорайона № %d", n),
		Point: &places.PointInput{Longitude: lon + width/2, Latitude: lat + height/2}, Capacity: &capacity,
	}))
	return err
}
