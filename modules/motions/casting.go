package motions

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
)

// casting is what the writer is told of a ballot: the hash of it is kept under the Idempotency-Key, and
// a hash of one of three choices is no secret. clientMutationId is the client's own text and is kept
// with the key too, so it stays out as well.
type casting struct {
	VoteID core.ID
	ForID  *core.ID
}

// CastBallot casts the caller's ballot, or that of a member whose proxy they hold. Nothing that it
// writes or says, save the ballot itself, depends on the choice.
func (s *Service) CastBallot(ctx context.Context, in CastBallotInput) (*core.Payload, error) {
	p, err := s.writer.Do(ctx, "castBallot", casting{in.VoteID, in.ForID}, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.VoteID.Of("Vote", "input", "voteId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[Vote](ctx, s.reads, tx, mayVote, key, "input", "voteId"); err != nil {
			return uuid.Nil, err
		}
		v, err := share(ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		b := &Ballot{ID: core.NewID(), MeetingID: v.MeetingID, VoteID: v.ID, Manner: v.Manner, CastAt: tx.Now()}
		if err := s.admit(ctx, tx, b, in.ForID); err != nil {
			return uuid.Nil, err
		}
		if v.Manner == Secret {
			return b.ID, b.seal(ctx, tx, v, ballot.Choice(in.Choice))
		}
		b.Choice = &in.Choice
		return b.put(ctx, tx)
	})
	if p != nil {
		p.ClientMutationID = in.ClientMutationID
	}
	return p, err
}

// share reads an open vote and keeps it open until the transaction ends. Ballots are cast side by side;
// the close waits for them.
func share(ctx context.Context, tx *mutation.Tx, key uuid.UUID) (*Vote, error) {
	v := new(Vote)
	err := tx.NewSelect().Model(v).Where("?TableAlias.id = ?", key).For("SHARE").Scan(ctx)
	if err == nil && v.State != VoteOpen {
		err = core.Conflict(core.T("The vote is over.", "Голосование окончено."), "input", "voteId")
	}
	return v, err
}

// admit says whose ballot it is and who casts it, and refuses who may not at this moment.
func (s *Service) admit(ctx context.Context, tx *mutation.Tx, b *Ballot, whose *core.ID) error {
	me := core.ActorOf(ctx).Person
	b.VoterID = me
	if whose != nil {
		key, err := whose.Of("Person", "input", "forId")
		if err != nil {
			return err
		}
		b.VoterID = key
	}
	meeting, err := find[meetings.Meeting](ctx, tx, b.MeetingID)
	if err != nil {
		return err
	}
	if meeting.State != meetings.InSession {
		return core.Conflict(core.T("The meeting is over, and nobody votes any more.", "Заседание закончилось, голосовать больше нельзя."), "input", "voteId")
	}
	room, err := s.enter(ctx, tx, meeting)
	if err != nil {
		return err
	}
	mine, member := room.members[me]
	switch {
	case !member:
		return core.Forbidden(ctx)
	case !mine.present:
		return core.Conflict(core.T("Only members present vote. Have the secretary note that you are here.", "Голосуют только присутствующие члены органа. Попросите секретаря отметить вас."), "input", "voteId")
	case b.VoterID == me:
		return nil
	}
	b.CastByID = &me
	return room.byProxy(me, b.VoterID)
}

// byProxy refuses a ballot for a member who did not give the holder their proxy, or is there themself.
func (r *room) byProxy(holder, giver uuid.UUID) error {
	at := r.members[giver]
	if at.holder == nil || *at.holder != holder {
		return core.Conflict(core.T("You hold no proxy of this person for this meeting.", "У вас нет доверенности этого человека на это заседание."), "input", "forId")
	}
	if at.present {
		return core.Conflict(core.T("This member is present and votes in person; the proxy rests.", "Этот член присутствует и голосует сам; доверенность не действует."), "input", "forId")
	}
	return nil
}

// seal writes a secret ballot: that it was cast, and beside it what only the tellers can read.
func (b *Ballot) seal(ctx context.Context, tx *mutation.Tx, v *Vote, choice ballot.Choice) error {
	content, err := ballot.Seal(v.Box, b.place(), choice)
	if err != nil {
		return err
	}
	if err := insert(ctx, tx, b); err != nil {
		return err
	}
	if err := insert(ctx, tx, &sealedBallot{BallotID: b.ID, VoteID: v.ID, Content: content}); err != nil {
		return err
	}
	b.said(tx, core.Created)
	return nil
}

// place binds a sealed ballot to its vote and its row.
func (b *Ballot) place() []byte { return append(b.VoteID[:], b.ID[:]...) }

// put writes an open or named ballot, or puts it in the place of the one cast before.
func (b *Ballot) put(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
	fresh := b.ID
	_, err := tx.NewInsert().Model(b).On("CONFLICT ON CONSTRAINT ballots_once DO UPDATE").
		Set("choice = EXCLUDED.choice").Set("cast_by_id = EXCLUDED.cast_by_id").Set("cast_at = EXCLUDED.cast_at").Returning("id").Exec(ctx)
	if err != nil {
		return uuid.Nil, postgres.Conflicts(err, broken)
	}
	kind := core.Created
	if b.ID != fresh {
		kind = core.Updated
	}
	b.said(tx, kind)
	return b.ID, nil
}

// said tells that a ballot was cast. A meeting's watchers hear of it, its body's followers do not.
func (b *Ballot) said(tx *mutation.Tx, kind core.ChangeKind) {
	tx.Changed(core.Change{Kind: kind, Type: "Ballot", ID: b.ID, After: b.facts(),
		Touched: []core.ID{{Type: "Vote", Key: b.VoteID}, {Type: "Meeting", Key: b.MeetingID}}})
}
