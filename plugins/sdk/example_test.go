package sdk_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/sdk"
)

// Bench is a value of the plugin's own: what its members do not bear, a function answers.
type Bench struct {
	ID       sdk.ID   `json:"id" sql:"id,type=GardenBench"`
	Seats    int      `json:"seats"`
	District *sdk.Ref `json:"district" sql:"district_id,type=District"`
}

// A plugin that adds a field to the core's districts. In a program of its own the files are embedded,
// and Main takes the place of Check.
func Example() {
	p := sdk.New(fstest.MapFS{
		"plugin.yaml": {Data: []byte("name: garden\nversion: 1.0.0\nschema: garden.graphqls\n")},
		"garden.graphqls": {Data: []byte(`
			extend type District { gardenBenches(first: Int! = 10): [GardenBench!] @public }
			type GardenBench { id: ID! seats: Int! free: Int! district: District }`)},
	})
	sdk.Field(p, "District.gardenBenches", func(ctx context.Context, districts []sdk.Ref, a struct{ First int }) ([][]Bench, error) {
		type row struct {
			Of uuid.UUID
			Bench
		}
		rows, err := sdk.Select[row](ctx, `SELECT d AS of, b.* FROM unnest($1::uuid[]) AS d,
			LATERAL (SELECT * FROM benches WHERE district_id = d ORDER BY id LIMIT $2) b`, districts, a.First)
		all := make([][]Bench, len(districts))
		for i, district := range districts {
			for _, one := range rows {
				if one.Of == district.ID.Key {
					all[i] = append(all[i], one.Bench)
				}
			}
		}
		return all, err
	})
	fmt.Println(p.Check())
	// Output: GardenBench.free: sdk_test.Bench has no member of the json name free; give it one, or register a function with sdk.Own
}
