package calendar

import "github.com/veche-city/veche/core/read"

const (
	mayRead   = "calendar:read"
	mayImport = "calendar:import"
	mayRule   = "calendar:rule"
)

func declare(r *read.Reader) {
	read.Declare[CalendarYear](r, read.Type{
		Name: "CalendarYear", Guard: mayRead,
		Filters: map[string]read.Filter{"year": {SQL: `?TableAlias.year`}},
		Orders:  map[string][]read.Key{"YEAR": {{SQL: `?TableAlias.year`, Cast: "int"}}},
		Order:   "YEAR",
	})
	read.Declare[CalendarDay](r, read.Type{
		Name: "CalendarDay", Guard: mayRead,
		Filters: map[string]read.Filter{
			"day":  {SQL: `?TableAlias.day`},
			"kind": {SQL: `?TableAlias.kind`},
			"year": {SQL: `?TableAlias.year_id`, ID: "CalendarYear"},
		},
		Orders:   map[string][]read.Key{"DAY": {{SQL: `?TableAlias.day`, Cast: "date"}}},
		Order:    "DAY",
		Computed: map[string]read.Computed{"name": {SQL: `CASE WHEN ?language = 'ru' THEN ?TableAlias.name_ru ELSE ?TableAlias.name_en END`}},
		Lists:    map[string]read.List{"CalendarYear.days": {By: "Year"}},
	})
	read.Declare[CalendarSettings](r, read.Type{Name: "CalendarSettings", Guard: mayRead})
}
