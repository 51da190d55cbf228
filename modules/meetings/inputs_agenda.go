package meetings

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// AddAgendaItemInput puts an item on the agenda.
type AddAgendaItemInput struct {
	MeetingID        core.ID
	Title            string
	Text             string
	Position         *int
	SourceCaseID     *core.ID
	ClientMutationID *string
}

// UpdateAgendaItemInput changes an item's words; what is not set stays.
type UpdateAgendaItemInput struct {
	ID               core.ID
	ExpectedVersion  int
	Title            graphql.Omittable[*string]
	Text             graphql.Omittable[*string]
	ClientMutationID *string
}

// MoveAgendaItemInput gives an item another position.
type MoveAgendaItemInput struct {
	ID               core.ID
	Position         int
	ClientMutationID *string
}

// RemoveAgendaItemInput takes an item off the agenda.
type RemoveAgendaItemInput struct {
	ID               core.ID
	ClientMutationID *string
}

// AddSpeakerInput names a speaker.
type AddSpeakerInput struct {
	ItemID           core.ID
	PersonID         core.ID
	Role             SpeakerRole
	Position         *int
	ClientMutationID *string
}

// MoveSpeakerInput gives a speaker another position.
type MoveSpeakerInput struct {
	ID               core.ID
	Position         int
	ClientMutationID *string
}

// RemoveSpeakerInput takes a speaker away.
type RemoveSpeakerInput struct {
	ID               core.ID
	ClientMutationID *string
}

// CloseAgendaItemInput closes an item with its outcome.
type CloseAgendaItemInput struct {
	ID               core.ID
	Outcome          AgendaOutcome
	Text             *string
	VotesFor         *int
	VotesAgainst     *int
	VotesAbstained   *int
	PostponedToID    *core.ID
	ClientMutationID *string
}

// ReopenAgendaItemInput opens an item again.
type ReopenAgendaItemInput struct {
	ID               core.ID
	ClientMutationID *string
}
