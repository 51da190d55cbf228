package core

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// ChangeKind says what happened to an object.
type ChangeKind string

const (
	Created ChangeKind = "CREATED"
	Updated ChangeKind = "UPDATED"
	Ended   ChangeKind = "ENDED" // dated things end; they are not deleted
	Merged  ChangeKind = "MERGED"
	Erased  ChangeKind = "ERASED" // personal data removed, the row kept for statistics
	Deleted ChangeKind = "DELETED"
)

// Change is one thing that happened to one object: an audit row for people, an event for programs.
type Change struct {
	Kind ChangeKind
	Type string // GraphQL type, e.g. Council
	ID   uuid.UUID
	// Before and After are what the audit keeps, as JSON; nil where there is none. Values of
	// columns with a data class are left out by whoever writes them.
	Before, After any
	// Reason is the actor's own words for why, where the action asks for them.
	Reason string
	// Touched are other objects whose watchers care: a membership's change touches its council.
	Touched []ID
	// Notice is what people are told of it; nil where it concerns programs only.
	Notice *Notice
	// Name and Payload are those of a plugin's own event, whose Kind is Updated; empty otherwise.
	Name    string
	Payload json.RawMessage
}

// Notice is a change in words for people. It comes to those who follow the object or one that it
// touches, and to those that Tell names. It holds no personal data, and no more than every follower
// may know.
type Notice struct {
	Text Text
	Tell []uuid.UUID // keys of persons whom it concerns, followers or not
}

// Event is a Change as it is delivered, after commit: at least once, to every replica.
type Event struct {
	ID           uuid.UUID // the same at each delivery
	Municipality uuid.UUID
	Kind         ChangeKind
	Type         string
	Object       uuid.UUID
	Touched      []ID
	At           time.Time
	Notice       *Notice // for consumers of the outbox; subscriptions get none
	Name         string  // of a plugin's event, territorialorder.accepted; empty for the core's
	Payload      json.RawMessage
}

// Payload is what every mutation answers: the object that it changed, read anew for the caller,
// or what a form can show. It is kept under the idempotency key, so it holds names, not data.
type Payload struct {
	Key              uuid.UUID   `json:"key"`
	UserErrors       []UserError `json:"-"`
	ClientMutationID *string     `json:"clientMutationId,omitempty"`
}

// UserError is a failure that a form shows beside the field that path names.
type UserError struct {
	Code    Code
	Message string
	Path    []string
}

// Node is any object with an id of its own (Relay's Global Object Identification).
type Node interface{ IsNode() }
