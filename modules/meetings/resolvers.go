package meetings

import (
	"context"

	"github.com/veche-city/veche/core"
)

// The resolvers that gqlgen asks for and no declaration answers; each calls the service.
type (
	MutationResolver     struct{ Module *Module }
	SubscriptionResolver struct{ Module *Module }
)

func (r SubscriptionResolver) MeetingChanged(ctx context.Context, id *core.ID) (<-chan *MeetingChange, error) {
	return r.Module.watch(ctx, id)
}

func (r MutationResolver) PlanMeeting(ctx context.Context, input PlanMeetingInput) (*core.Payload, error) {
	return r.Module.Service.PlanMeeting(ctx, input)
}

func (r MutationResolver) UpdateMeeting(ctx context.Context, input UpdateMeetingInput) (*core.Payload, error) {
	return r.Module.Service.UpdateMeeting(ctx, input)
}

func (r MutationResolver) AnnounceMeeting(ctx context.Context, input AnnounceMeetingInput) (*core.Payload, error) {
	return r.Module.Service.AnnounceMeeting(ctx, input)
}

func (r MutationResolver) MoveMeeting(ctx context.Context, input MoveMeetingInput) (*core.Payload, error) {
	return r.Module.Service.MoveMeeting(ctx, input)
}

func (r MutationResolver) CancelMeeting(ctx context.Context, input CancelMeetingInput) (*core.Payload, error) {
	return r.Module.Service.CancelMeeting(ctx, input)
}

func (r MutationResolver) SetMeetingNotice(ctx context.Context, input SetMeetingNoticeInput) (*core.Payload, error) {
	return r.Module.Service.SetMeetingNotice(ctx, input)
}

func (r MutationResolver) AddAgendaItem(ctx context.Context, input AddAgendaItemInput) (*core.Payload, error) {
	return r.Module.Service.AddAgendaItem(ctx, input)
}

func (r MutationResolver) UpdateAgendaItem(ctx context.Context, input UpdateAgendaItemInput) (*core.Payload, error) {
	return r.Module.Service.UpdateAgendaItem(ctx, input)
}

func (r MutationResolver) MoveAgendaItem(ctx context.Context, input MoveAgendaItemInput) (*core.Payload, error) {
	return r.Module.Service.MoveAgendaItem(ctx, input)
}

func (r MutationResolver) RemoveAgendaItem(ctx context.Context, input RemoveAgendaItemInput) (*core.Payload, error) {
	return r.Module.Service.RemoveAgendaItem(ctx, input)
}

func (r MutationResolver) AddSpeaker(ctx context.Context, input AddSpeakerInput) (*core.Payload, error) {
	return r.Module.Service.AddSpeaker(ctx, input)
}

func (r MutationResolver) MoveSpeaker(ctx context.Context, input MoveSpeakerInput) (*core.Payload, error) {
	return r.Module.Service.MoveSpeaker(ctx, input)
}

func (r MutationResolver) RemoveSpeaker(ctx context.Context, input RemoveSpeakerInput) (*core.Payload, error) {
	return r.Module.Service.RemoveSpeaker(ctx, input)
}

func (r MutationResolver) CloseAgendaItem(ctx context.Context, input CloseAgendaItemInput) (*core.Payload, error) {
	return r.Module.Service.CloseAgendaItem(ctx, input)
}

func (r MutationResolver) ReopenAgendaItem(ctx context.Context, input ReopenAgendaItemInput) (*core.Payload, error) {
	return r.Module.Service.ReopenAgendaItem(ctx, input)
}

func (r MutationResolver) OpenRegistration(ctx context.Context, input OpenRegistrationInput) (*core.Payload, error) {
	return r.Module.Service.OpenRegistration(ctx, input)
}

func (r MutationResolver) CloseRegistration(ctx context.Context, input CloseRegistrationInput) (*core.Payload, error) {
	return r.Module.Service.CloseRegistration(ctx, input)
}

func (r MutationResolver) ChangeCapacity(ctx context.Context, input ChangeCapacityInput) (*core.Payload, error) {
	return r.Module.Service.ChangeCapacity(ctx, input)
}

func (r MutationResolver) RegisterForMeeting(ctx context.Context, input RegisterForMeetingInput) (*core.Payload, error) {
	return r.Module.Service.RegisterForMeeting(ctx, input)
}

func (r MutationResolver) CancelRegistration(ctx context.Context, input CancelRegistrationInput) (*core.Payload, error) {
	return r.Module.Service.CancelRegistration(ctx, input)
}

func (r MutationResolver) CheckIn(ctx context.Context, input CheckInInput) (*core.Payload, error) {
	return r.Module.Service.CheckIn(ctx, input)
}

func (r MutationResolver) UndoCheckIn(ctx context.Context, input UndoCheckInInput) (*core.Payload, error) {
	return r.Module.Service.UndoCheckIn(ctx, input)
}

func (r MutationResolver) BulkCheckIn(ctx context.Context, input BulkCheckInInput) (*core.Payload, error) {
	return r.Module.Service.BulkCheckIn(ctx, input)
}

func (r MutationResolver) MarkAttendance(ctx context.Context, input MarkAttendanceInput) (*core.Payload, error) {
	return r.Module.Service.MarkAttendance(ctx, input)
}

func (r MutationResolver) MarkAttendances(ctx context.Context, input MarkAttendancesInput) (*core.Payload, error) {
	return r.Module.Service.MarkAttendances(ctx, input)
}

func (r MutationResolver) RemovePresence(ctx context.Context, input RemovePresenceInput) (*core.Payload, error) {
	return r.Module.Service.RemovePresence(ctx, input)
}

func (r MutationResolver) OpenSession(ctx context.Context, input OpenSessionInput) (*core.Payload, error) {
	return r.Module.Service.OpenSession(ctx, input)
}

func (r MutationResolver) CloseSession(ctx context.Context, input CloseSessionInput) (*core.Payload, error) {
	return r.Module.Service.CloseSession(ctx, input)
}

func (r MutationResolver) WriteMinutes(ctx context.Context, input WriteMinutesInput) (*core.Payload, error) {
	return r.Module.Service.WriteMinutes(ctx, input)
}

func (r MutationResolver) UpdateMinutes(ctx context.Context, input UpdateMinutesInput) (*core.Payload, error) {
	return r.Module.Service.UpdateMinutes(ctx, input)
}

func (r MutationResolver) AgreeMinutes(ctx context.Context, input AgreeMinutesInput) (*core.Payload, error) {
	return r.Module.Service.AgreeMinutes(ctx, input)
}

func (r MutationResolver) PublishMinutes(ctx context.Context, input PublishMinutesInput) (*core.Payload, error) {
	return r.Module.Service.PublishMinutes(ctx, input)
}

func (r MutationResolver) ResetCalendarFeed(ctx context.Context, input ResetCalendarFeedInput) (*CalendarFeedPayload, error) {
	return r.Module.Service.ResetCalendarFeed(ctx, input)
}

func (r MutationResolver) AskFloorQuestion(ctx context.Context, input AskFloorQuestionInput) (*core.Payload, error) {
	return r.Module.Service.AskFloorQuestion(ctx, input)
}
