// Package follow tells people in their inbox of what happens to what they follow: a case, a body, a
// district, a meeting.
//
// It owns what an account follows (Follow) and what it was told (Notice). It knows no other module:
// objects of the types that the modules' cards name (Info.Follows) can be followed, and a change that
// bears words for people (core.Notice) is told to the followers of its object and of those that it
// touches, and to the persons whom it names.
//
// Who follows a thing is nobody else's business: an account sees its own alone. A notice is shown only
// to who may see, at that moment, the object that it is about.
//
// Notices are written by a consumer of the outbox, after the change was committed: a change does not
// wait for its thousand followers, and each is told exactly once, whoever was away meanwhile.
package follow

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Follow is that an account is told of what happens to an object.
type Follow struct {
	bun.BaseModel `bun:"table:follows,alias:follow"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID  `bun:"id,pk,type:uuid"`
	AccountID   uuid.UUID  `bun:"account_id,type:uuid"`
	SubjectType string     `bun:"subject_type"`
	SubjectKey  uuid.UUID  `bun:"subject_key,type:uuid"`
	Since       time.Time  `bun:"since"`
	EndedAt     *time.Time `bun:"ended_at"`
}

// Notice is what an account was told of one change.
type Notice struct {
	bun.BaseModel `bun:"table:notices,alias:notice"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID       `bun:"id,pk,type:uuid"`
	AccountID   uuid.UUID       `bun:"account_id,type:uuid"`
	SubjectType string          `bun:"subject_type"`
	SubjectKey  uuid.UUID       `bun:"subject_key,type:uuid"`
	Kind        core.ChangeKind `bun:"kind"`
	At          time.Time       `bun:"at"`
	ReadAt      *time.Time      `bun:"read_at"`
}

// InboxChange is a notice that has come.
type InboxChange struct {
	Notice read.Ref[Notice]
}

// FollowInput names what to follow.
type FollowInput struct {
	SubjectID        core.ID
	ClientMutationID *string
}

// UnfollowInput names what to follow no more.
type UnfollowInput struct {
	SubjectID        core.ID
	ClientMutationID *string
}

// MarkNoticesInput marks notices as read, or as not read.
type MarkNoticesInput struct {
	NoticeIDs        []core.ID
	Read             bool
	ClientMutationID *string
}
