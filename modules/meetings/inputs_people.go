package meetings

import (
	"time"

	"github.com/veche-city/veche/core"
)

// OpenRegistrationInput opens registration.
type OpenRegistrationInput struct {
	MeetingID        core.ID
	Capacity         int
	ClosesAt         *time.Time
	ClientMutationID *string
}

// CloseRegistrationInput closes registration.
type CloseRegistrationInput struct {
	MeetingID        core.ID
	ClientMutationID *string
}

// ChangeCapacityInput changes the number of places.
type ChangeCapacityInput struct {
	MeetingID        core.ID
	Capacity         int
	ClientMutationID *string
}

// RegisterForMeetingInput registers a person; the caller when none is named.
type RegisterForMeetingInput struct {
	MeetingID        core.ID
	PersonID         *core.ID
	ClientMutationID *string
}

// CancelRegistrationInput gives a place back.
type CancelRegistrationInput struct {
	ID               core.ID
	ClientMutationID *string
}

// CheckInInput notes that a registered person has come.
type CheckInInput struct {
	RegistrationID   *core.ID
	MeetingID        *core.ID
	Code             *string
	ClientMutationID *string
}

// UndoCheckInInput takes a check-in back.
type UndoCheckInInput struct {
	ID               core.ID
	ClientMutationID *string
}

// BulkCheckInInput notes all who came.
type BulkCheckInInput struct {
	MeetingID        core.ID
	Entries          []CheckInEntryInput
	ClientMutationID *string
}

// CheckInEntryInput is one who came.
type CheckInEntryInput struct {
	Code string
	At   time.Time
}

// MarkAttendanceInput notes a member's attendance.
type MarkAttendanceInput struct {
	MeetingID        core.ID
	PersonID         core.ID
	State            AttendanceState
	Reason           *string
	ArrivedAt        *time.Time
	LeftAt           *time.Time
	ClientMutationID *string
}

// MarkAttendancesInput notes the attendance of many.
type MarkAttendancesInput struct {
	MeetingID        core.ID
	Entries          []AttendanceEntryInput
	ClientMutationID *string
}

// AttendanceEntryInput is one member's attendance.
type AttendanceEntryInput struct {
	PersonID  core.ID
	State     AttendanceState
	Reason    *string
	ArrivedAt *time.Time
	LeftAt    *time.Time
}

// RemovePresenceInput takes a time of presence away.
type RemovePresenceInput struct {
	ID               core.ID
	ClientMutationID *string
}
