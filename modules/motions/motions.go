// Package motions is how a body decides in its meetings: members move motions and amendments, the
// secretary puts them to the vote, and what is adopted becomes a resolution with a number.
//
// It owns motions, amendments, votes, ballots, proxies and resolutions. It needs meetings (whose
// agenda, who is present, what makes the quorum) and people (who moves, votes, signs), and knows no
// body by name: councils and assemblies tell it their charters' rules (RegisterRules).
//
// # Who votes
//
// Members of the body on the day who are present at the moment of casting, and members away whose
// proxy is held by such a one. A giver who is present votes for themself, and the proxy rests. A
// ballot counts though its voter left after casting it. The quorum is counted at the opening and at
// the close of each vote, by those present at that moment; without it at the close nothing is
// decided, whatever the ballots say.
//
// # The secret vote
//
// Whom it is safe from: somebody who reads all of the database, at all times: every table with its
// system columns, dead rows, the log of writes and every backup; and the logs of this house. They
// shall not learn of any voter what they chose, beyond what the counts say by themselves (where all
// voted alike, each one's choice is known) and beyond who voted at all, which is kept openly.
//
// How: openVote makes a pair of keys (core/ballot). The public half is stored with the vote; the
// private one is shown once to the officer, in pieces for as many tellers as wanted, and is stored
// nowhere. A ballot is sealed for the public half in the memory of the process before anything is
// written, so that its row holds the voter and bytes that are random to whoever has no key, of one
// length for every choice. There are no counters that grow while the vote goes on: they would tell,
// by order and transaction, who cast what. At the close the keys come in again, the ballots are
// opened in memory, one statement writes the three counts, and the sealed ballots are deleted. What
// lingers of them in dead rows, logs and backups stays sealed. Database constraints refuse a choice
// in the clear, and a sealed ballot of a vote that is over.
//
// Nothing else holds the choice: not the idempotency key's hash (castBallot gives it an input without
// the choice, for three hashes are quickly tried), not the audit, the outbox, notices, errors or the
// log of requests (which holds no text, variables or sizes). The keys are kept out of the same places.
//
// Whom it is not safe from: whoever rules the running process or the wire during the vote, as with
// any vote that a server takes; and enough tellers together with a copy of the database from before
// the close. Several tellers (tellersNeeded) make the second hard. Lost keys cannot be had again: the
// vote is annulled and held anew. A restart loses nothing, and any replica can close.
//
// # Order of a write
//
// The meeting's row is locked first, then the motion, the amendment, the vote. Casting locks the vote
// alone, shared: ballots are cast side by side, and the close waits for those under way and refuses
// those after it.
package motions

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

// Motion is what a member asks the body to decide.
type Motion struct {
	bun.BaseModel `bun:"table:motions,alias:motion"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID            `bun:"id,pk,type:uuid"`
	MeetingID  uuid.UUID            `bun:"meeting_id,type:uuid"`
	Meeting    *meetings.Meeting    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	ItemID     uuid.UUID            `bun:"item_id,type:uuid"`
	Item       *meetings.AgendaItem `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:item_id=id"`
	MoverID    uuid.UUID            `bun:"mover_id,type:uuid"`
	Mover      *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:mover_id=id"`
	Resolution *Resolution          `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=motion_id"`
	Text       string               `bun:"text"`
	Question   string               `bun:"question"`
	State      MotionState          `bun:"state"`
	TabledAt   time.Time            `bun:"tabled_at"`
	DecidedAt  *time.Time           `bun:"decided_at"`
	Version    int                  `bun:"version"`
}

// MotionState is how far a motion has come.
type MotionState string

const (
	MotionTabled    MotionState = "TABLED"
	MotionOpen      MotionState = "OPEN"
	MotionVoting    MotionState = "VOTING"
	MotionAdopted   MotionState = "ADOPTED"
	MotionRejected  MotionState = "REJECTED"
	MotionWithdrawn MotionState = "WITHDRAWN"
)

// Amendment is a change of a motion.
type Amendment struct {
	bun.BaseModel `bun:"table:amendments,alias:amendment"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID        uuid.UUID         `bun:"id,pk,type:uuid"`
	MeetingID uuid.UUID         `bun:"meeting_id,type:uuid"`
	Meeting   *meetings.Meeting `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:meeting_id=id"`
	MotionID  uuid.UUID         `bun:"motion_id,type:uuid"`
	Motion    *Motion           `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:motion_id=id"`
	MoverID   uuid.UUID         `bun:"mover_id,type:uuid"`
	Mover     *people.Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:mover_id=id"`
	Text      string            `bun:"text"`
	State     AmendmentState    `bun:"state"`
	MovedAt   time.Time         `bun:"moved_at"`
	Version   int               `bun:"version"`
}

// AmendmentState is how far an amendment has come.
type AmendmentState string

const (
	AmendmentProposed  AmendmentState = "PROPOSED"
	AmendmentVoting    AmendmentState = "VOTING"
	AmendmentAdopted   AmendmentState = "ADOPTED"
	AmendmentRejected  AmendmentState = "REJECTED"
	AmendmentWithdrawn AmendmentState = "WITHDRAWN"
)
