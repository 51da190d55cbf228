package places

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead   = "places:read"
	mayWrite  = "places:write"
	mayGovern = "places:municipality"
)

// standing is the district's own dates; one without a first day stood as long as anybody knows.
const standing = `(?TableAlias.founded_on IS NULL OR ?TableAlias.founded_on <= ?asOf)
	AND (?TableAlias.abolished_on IS NULL OR ?TableAlias.abolished_on >= ?asOf)`

// dated is a row that holds from starts_on to ends_on, both included.
const dated = `?TableAlias.starts_on <= ?asOf AND (?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?asOf)`

// drawn reads one column of the district's boundary of the day.
func drawn(column string) read.Computed {
	return read.Computed{SQL: `SELECT drawn.` + column + ` FROM district_boundaries AS drawn
		WHERE drawn.municipality_id = ?TableAlias.municipality_id AND drawn.district_id = ?TableAlias.id
		AND drawn.starts_on <= ?asOf AND (drawn.ends_on IS NULL OR drawn.ends_on >= ?asOf)`}
}

// districtRows is where a district stands in the tree of rights: it is a scope itself.
var districtRows = access.Rows{Scopes: map[string]string{scopeDistrict: `?TableAlias.id`}}

// inDistrict is where a row stands that lies in a district; outside of all, only rights in the
// whole municipality reach it.
var inDistrict = access.Rows{Scopes: map[string]string{scopeDistrict: `?TableAlias.district_id`}}

const scopeDistrict = "district"

// point is the row's own position, where it has one.
var point = map[string]read.Group{"point": {
	When:   `?TableAlias.longitude IS NOT NULL AND ?TableAlias.latitude IS NOT NULL`,
	Fields: map[string]read.Computed{"longitude": {SQL: `?TableAlias.longitude`}, "latitude": {SQL: `?TableAlias.latitude`}},
}}

func declare(r *read.Reader) {
	read.Declare[District](r, read.Type{
		Name:  "District",
		Guard: mayRead,
		Rows:  districtRows,
		AsOf:  standing,
		Filters: map[string]read.Filter{
			"number":      {SQL: `?TableAlias.number`},
			"foundedOn":   {SQL: `?TableAlias.founded_on`},
			"abolishedOn": {SQL: `?TableAlias.abolished_on`},
			"search":      {SQL: `?TableAlias.name_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"NUMBER": {{SQL: `?TableAlias.number`, Cast: "int"}},
			"NAME":   {{SQL: `?TableAlias.name_folded`}},
		},
		Order:    "NUMBER",
		Computed: map[string]read.Computed{"boundary": drawn("geometry"), "areaKm2": drawn("area_km2")},
	})
	read.Declare[DistrictBoundary](r, read.Type{
		Name:   "DistrictBoundary",
		Guard:  mayRead,
		Rows:   inDistrict,
		AsOf:   dated,
		Orders: map[string][]read.Key{"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}}},
		Order:  "STARTS_ON",
		Lists:  map[string]read.List{"District.boundaries": {By: "District"}},
	})
	declareAddresses(r)
	declareVenues(r)
}

func declareAddresses(r *read.Reader) {
	read.Declare[Address](r, read.Type{
		Name:   "Address",
		Guard:  mayRead,
		Rows:   inDistrict,
		Listed: `?TableAlias.merged_into_id IS NULL`, ListedUnless: "merged",
		Filters: map[string]read.Filter{
			"district": {SQL: `?TableAlias.district_id`, ID: "District"},
			"locality": {SQL: `?TableAlias.locality`},
			"fiasId":   {SQL: `?TableAlias.fias_id::text`},
			"merged":   {SQL: `(?TableAlias.merged_into_id IS NOT NULL)`},
			"search":   {SQL: `?TableAlias.street_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"STREET":   {{SQL: `?TableAlias.street`}, {SQL: `?TableAlias.house_number`, Cast: "int"}, {SQL: `?TableAlias.house`}},
			"LOCALITY": {{SQL: `?TableAlias.locality`}, {SQL: `?TableAlias.street`}, {SQL: `?TableAlias.house_number`, Cast: "int"}},
		},
		Order: "STREET",
		Lists: map[string]read.List{
			"District.addresses": {By: "District", Where: `?TableAlias.merged_into_id IS NULL`},
			"Address.duplicates": {By: "MergedInto"},
		},
		Groups: point,
	})
}

func declareVenues(r *read.Reader) {
	read.Declare[Venue](r, read.Type{
		Name:  "Venue",
		Guard: mayRead,
		Rows:  inDistrict,
		AsOf:  `?TableAlias.closed_on IS NULL OR ?TableAlias.closed_on >= ?asOf`,
		Filters: map[string]read.Filter{
			"kind":     {SQL: `?TableAlias.kind`},
			"district": {SQL: `?TableAlias.district_id`, ID: "District"},
			"address":  {SQL: `?TableAlias.address_id`, ID: "Address"},
			"closedOn": {SQL: `?TableAlias.closed_on`},
			"search":   {SQL: `?TableAlias.name_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"NAME": {{SQL: `?TableAlias.name_folded`}},
			"KIND": {{SQL: `?TableAlias.kind`}, {SQL: `?TableAlias.name_folded`}},
		},
		Order: "NAME",
		Lists: map[string]read.List{
			"District.venues": {By: "District"},
			"Address.venues":  {By: "Address"},
		},
		Groups: point,
	})
}

// indicators: how much of the town is on the map says how far the figures by district can be
// trusted, since a point outside of every boundary counts under none.
func indicators() []core.Indicator {
	return []core.Indicator{{
		Key:        "places.districts_mapped",
		Name:       core.T("Districts with a boundary", "Микрорайоны с границей"),
		Unit:       core.T("districts", "микрорайонов"),
		Definition: core.T("Districts that stood on the last day of the period and had a boundary on it.", "Микрорайоны, существовавшие в последний день периода и имевшие на него границу."),
		Permission: mayRead,
		Type:       "District",
		Rows: `SELECT d.id, NULL::text AS breakdown, ?to::date AS day FROM districts AS d
			JOIN district_boundaries AS b ON b.municipality_id = d.municipality_id AND b.district_id = d.id
			WHERE d.municipality_id = ?municipality AND b.starts_on <= ?to AND (b.ends_on IS NULL OR b.ends_on >= ?to)
			AND (d.founded_on IS NULL OR d.founded_on <= ?to) AND (d.abolished_on IS NULL OR d.abolished_on >= ?to)`,
	}}
}
