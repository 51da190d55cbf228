package meetings

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// PlanMeetingInput plans a meeting.
type PlanMeetingInput struct {
	Kind             MeetingKind
	Title            string
	BodyID           *core.ID
	OrganiserID      *core.ID
	DistrictID       *core.ID
	VenueID          *core.ID
	Link             *string
	StartsAt         time.Time
	EndsAt           *time.Time
	ClientMutationID *string
}

// UpdateMeetingInput changes what moves nothing; what is not set stays.
type UpdateMeetingInput struct {
	ID               core.ID
	ExpectedVersion  int
	Title            graphql.Omittable[*string]
	OrganiserID      graphql.Omittable[*core.ID]
	ClientMutationID *string
}

// AnnounceMeetingInput makes a meeting public.
type AnnounceMeetingInput struct {
	ID               core.ID
	ClientMutationID *string
}

// MoveMeetingInput gives another time or place; what is not set stays.
type MoveMeetingInput struct {
	ID               core.ID
	ExpectedVersion  int
	StartsAt         graphql.Omittable[*time.Time]
	EndsAt           graphql.Omittable[*time.Time]
	VenueID          graphql.Omittable[*core.ID]
	Link             graphql.Omittable[*string]
	ClientMutationID *string
}

// CancelMeetingInput cancels a meeting.
type CancelMeetingInput struct {
	ID               core.ID
	Reason           string
	ClientMutationID *string
}

// SetMeetingNoticeInput says for how many days meetings of a kind are announced.
type SetMeetingNoticeInput struct {
	Kind             MeetingKind
	Days             int
	ClientMutationID *string
}

// OpenSessionInput opens a session.
type OpenSessionInput struct {
	MeetingID        core.ID
	ClientMutationID *string
}

// CloseSessionInput closes a session.
type CloseSessionInput struct {
	MeetingID        core.ID
	ClientMutationID *string
}

// WriteMinutesInput writes the next version of the minutes.
type WriteMinutesInput struct {
	MeetingID        core.ID
	Text             string
	ClientMutationID *string
}

// UpdateMinutesInput changes a draft.
type UpdateMinutesInput struct {
	ID               core.ID
	ExpectedVersion  int
	Text             string
	ClientMutationID *string
}

// AgreeMinutesInput notes that the body agreed to a draft.
type AgreeMinutesInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// PublishMinutesInput publishes agreed minutes.
type PublishMinutesInput struct {
	ID               core.ID
	ExpectedVersion  int
	ClientMutationID *string
}

// ResetCalendarFeedInput makes a new secret address of one's own calendar.
type ResetCalendarFeedInput struct{ ClientMutationID *string }
