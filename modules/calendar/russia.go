package calendar

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/veche-city/veche/core"
)

//go:embed russia.yaml
var russia []byte

// russianYear is a year of the file.
type russianYear struct {
	Source string
	Days   []struct {
		Day    string
		Kind   CalendarDayKind
		Ru, En string
	}
}

// Russian are the production calendars of Russia that come with Veche, the earliest first, as they are
// imported. A town on other days imports its own.
func Russian() ([]ImportCalendarInput, error) {
	var years map[int]russianYear
	if err := yaml.NewDecoder(bytes.NewReader(russia), yaml.Strict()).Decode(&years); err != nil {
		return nil, fmt.Errorf("russia.yaml: %w", err)
	}
	var all []ImportCalendarInput
	for _, number := range slices.Sorted(maps.Keys(years)) {
		in := ImportCalendarInput{Year: number, Source: years[number].Source}
		for _, d := range years[number].Days {
			day, err := core.ParseDate(d.Day)
			if err != nil {
				return nil, fmt.Errorf("russia.yaml: %w", err)
			}
			in.Days = append(in.Days, CalendarDayInput{Day: day, Kind: d.Kind, Name: core.T(d.En, d.Ru)})
		}
		all = append(all, in)
	}
	return all, nil
}

// ImportRussian imports those of the Russian calendars whose year the municipality has none for.
func (s *Service) ImportRussian(ctx context.Context) error {
	all, err := Russian()
	if err != nil {
		return err
	}
	var had []int
	if err := s.reads.DB().NewSelect().Model((*CalendarYear)(nil)).Column("year").Scan(ctx, &had); err != nil {
		return err
	}
	for _, in := range all {
		if slices.Contains(had, in.Year) {
			continue
		}
		payload, err := s.ImportCalendar(ctx, in)
		if err != nil {
			return fmt.Errorf("calendar of %d: %w", in.Year, err)
		}
		if len(payload.UserErrors) > 0 {
			return fmt.Errorf("calendar of %d: %s", in.Year, payload.UserErrors[0].Message)
		}
	}
	return nil
}
