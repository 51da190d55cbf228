package calendar

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// The resolvers that gqlgen asks for and no declaration answers.
type (
	QueryResolver    struct{ Module *Module }
	MutationResolver struct{ Module *Module }
)

func (r QueryResolver) CalendarSettings(ctx context.Context) (*CalendarSettings, error) {
	key, err := r.Module.Service.settingsKey(ctx)
	if err != nil {
		return nil, err
	}
	return read.Changed[CalendarSettings](ctx, r.Module.Service.reads, key)
}

func (r QueryResolver) IsDayOff(ctx context.Context, day *core.Date) (bool, error) {
	s := r.Module.Service
	if day == nil {
		today := core.MunicipalityOf(ctx).Today(s.clock)
		day = &today
	}
	return s.IsDayOff(ctx, s.reads.DB(), *day)
}

func (r QueryResolver) WorkingDays(ctx context.Context, from, to core.Date) (int, error) {
	return r.Module.Service.WorkingDays(ctx, r.Module.Service.reads.DB(), from, to)
}

func (r QueryResolver) Deadline(ctx context.Context, begins core.Date, days int, unit DeadlineUnit) (*core.Date, error) {
	due, err := r.Module.Service.Deadline(ctx, r.Module.Service.reads.DB(), begins, days, unit)
	return &due, err
}

func (r MutationResolver) ImportCalendar(ctx context.Context, input ImportCalendarInput) (*core.Payload, error) {
	return r.Module.Service.ImportCalendar(ctx, input)
}

func (r MutationResolver) SetDeadlineRule(ctx context.Context, input SetDeadlineRuleInput) (*core.Payload, error) {
	return r.Module.Service.SetDeadlineRule(ctx, input)
}
