package motions

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

// Resolution is an adopted motion, written down. The body stands in it too: numbers are a body's.
type Resolution struct {
	bun.BaseModel `bun:"table:resolutions,alias:resolution"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID         `bun:"id,pk,type:uuid"`
	MeetingID   uuid.UUID         `bun:"meeting_id,type:uuid"`
	Meeting     *meetings.Meeting `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	MotionID    uuid.UUID         `bun:"motion_id,type:uuid"`
	Motion      *Motion           `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:motion_id=id"`
	BodyKind    string            `bun:"body_kind"`
	BodyID      uuid.UUID         `bun:"body_id,type:uuid"`
	Year        int               `bun:"year"`
	Number      int               `bun:"number"`
	Title       string            `bun:"title"`
	Text        string            `bun:"text"`
	AdoptedOn   core.Date         `bun:"adopted_on"`
	SignerID    uuid.UUID         `bun:"signer_id,type:uuid"`
	Signer      *people.Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:signer_id=id"`
	SignerPost  string            `bun:"signer_post"`
	SignedOn    core.Date         `bun:"signed_on"`
	PublishedAt *time.Time        `bun:"published_at"`
	Version     int               `bun:"version"`
}

// ResolutionChange is that a later resolution changes an earlier one of its body.
type ResolutionChange struct {
	bun.BaseModel `bun:"table:resolution_changes,alias:resolution_change"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID        uuid.UUID        `bun:"id,pk,type:uuid"`
	BodyKind  string           `bun:"body_kind"`
	BodyID    uuid.UUID        `bun:"body_id,type:uuid"`
	EarlierID uuid.UUID        `bun:"earlier_id,type:uuid"`
	Earlier   *Resolution      `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:earlier_id=id"`
	LaterID   uuid.UUID        `bun:"later_id,type:uuid"`
	Later     *Resolution      `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:later_id=id"`
	Effect    ResolutionEffect `bun:"effect"`
}

// ResolutionEffect is what a later resolution does to an earlier one.
type ResolutionEffect string

const (
	Amends  ResolutionEffect = "AMENDS"
	Repeals ResolutionEffect = "REPEALS"
)
