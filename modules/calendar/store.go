package calendar

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// lockSettings reads the municipality's row and keeps everybody else from writing deadlines.
func lockSettings(ctx context.Context, tx bun.IDB) (*CalendarSettings, error) {
	settings := new(CalendarSettings)
	return settings, tx.NewSelect().Model(settings).For("UPDATE").Scan(ctx)
}

// replaceDays puts a year's exceptions in the place of those that there were: two statements, however
// many they are.
func replaceDays(ctx context.Context, tx bun.IDB, year uuid.UUID, days []CalendarDayInput) error {
	if _, err := tx.NewDelete().Model((*CalendarDay)(nil)).Where("year_id = ?", year).Exec(ctx); err != nil || len(days) == 0 {
		return err
	}
	rows := make([]CalendarDay, len(days))
	for i, d := range days {
		rows[i] = CalendarDay{ID: core.NewID(), YearID: year, Day: d.Day, Kind: d.Kind, NameEn: d.Name.En, NameRu: d.Name.Ru}
	}
	_, err := tx.NewInsert().Model(&rows).Exec(ctx)
	return err
}

// settingsKey is the key of the municipality's row.
func (s *Service) settingsKey(ctx context.Context) (key uuid.UUID, err error) {
	err = s.reads.DB().NewSelect().Model((*CalendarSettings)(nil)).Column("id").Scan(ctx, &key)
	return key, err
}
