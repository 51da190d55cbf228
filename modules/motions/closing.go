package motions

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
)

// CloseVote counts the ballots of an open vote and freezes the result. The tellers' keys go no further
// than the count.
func (s *Service) CloseVote(ctx context.Context, in CloseVoteInput) (*core.Payload, error) {
	named := struct {
		VoteID           core.ID
		ClientMutationID *string
	}{in.VoteID, in.ClientMutationID}
	return s.writer.Do(ctx, "closeVote", named, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		meeting, v, err := s.running(ctx, tx, in.VoteID)
		if err != nil {
			return uuid.Nil, err
		}
		f, err := s.look(ctx, tx, meeting, v)
		if err != nil {
			return uuid.Nil, err
		}
		if v.Manner == Secret {
			f.tally, err = unseal(ctx, tx, v, in.TellerKeys)
		} else {
			f.tally, err = count(ctx, tx, v)
		}
		if err != nil {
			return uuid.Nil, err
		}
		return v.ID, s.end(ctx, tx, meeting, v, f, false)
	})
}

// CountVote closes an open vote by a show of hands.
func (s *Service) CountVote(ctx context.Context, in CountVoteInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "countVote", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		meeting, v, err := s.running(ctx, tx, in.VoteID)
		if err != nil {
			return uuid.Nil, err
		}
		f, err := s.look(ctx, tx, meeting, v)
		if err != nil {
			return uuid.Nil, err
		}
		if v.Manner != Open {
			return uuid.Nil, core.Conflict(core.T("Hands are counted in an OPEN vote only. Close this one by its ballots.", "Руки считают только при открытом голосовании. Завершите это по бюллетеням."), "input", "voteId")
		}
		cast, err := voters(ctx, tx, v)
		if err != nil {
			return uuid.Nil, err
		}
		if len(cast) > 0 {
			return uuid.Nil, core.Conflict(core.Textf("%d ballots were cast one by one. Close the vote by them, or annul it.", "Уже подано бюллетеней: %d. Завершите голосование по ним или отмените его.", len(cast)), "input", "voteId")
		}
		var p core.Problems
		for _, hands := range []struct {
			field string
			n     int
		}{{"for", in.For}, {"against", in.Against}, {"abstained", in.Abstained}} {
			p.Check(hands.n >= 0 && hands.n <= f.eligible, core.Textf("From 0 to %d, who take part.", "От 0 до %d — столько участвует.", f.eligible), "input", hands.field)
		}
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		f.tally = ballot.Tally{For: in.For, Against: in.Against, Abstained: in.Abstained}
		if f.tally.Cast() > f.eligible {
			return uuid.Nil, core.Invalid(core.Textf("More hands (%d) than take part (%d).", "Рук (%d) больше, чем участвующих (%d).", f.tally.Cast(), f.eligible), "input", "for")
		}
		return v.ID, s.end(ctx, tx, meeting, v, f, true)
	})
}

// running finds an open vote for who runs it, and locks its meeting, which must be in session, and then
// the vote.
func (s *Service) running(ctx context.Context, tx *mutation.Tx, id core.ID) (*meetings.Meeting, *Vote, error) {
	v, err := s.vote(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	meeting, err := s.meetings.LockSession(ctx, tx, v.MeetingID)
	if err != nil {
		return nil, nil, err
	}
	v, err = lockOpen(ctx, tx, v.ID)
	return meeting, v, err
}

// vote finds a vote for who runs it.
func (s *Service) vote(ctx context.Context, tx *mutation.Tx, id core.ID) (*Vote, error) {
	key, err := id.Of("Vote", "input", "voteId")
	if err != nil {
		return nil, err
	}
	if err := read.Require[Vote](ctx, s.reads, tx, mayRun, key, "input", "voteId"); err != nil {
		return nil, err
	}
	return find[Vote](ctx, tx, key)
}

// lockOpen locks a vote, waiting for ballots under way; no more are cast from then on.
func lockOpen(ctx context.Context, tx *mutation.Tx, key uuid.UUID) (*Vote, error) {
	v, err := lockVote(ctx, tx, key)
	if err == nil && v.State != VoteOpen {
		err = core.Conflict(core.T("The vote is over already.", "Голосование уже окончено."), "input", "voteId")
	}
	return v, err
}

// look finds who is there at the close. A ballot counts though its voter has left since; the quorum
// counts those who are there now.
func (s *Service) look(ctx context.Context, tx *mutation.Tx, meeting *meetings.Meeting, v *Vote) (f found, err error) {
	room, err := s.enter(ctx, tx, meeting)
	if err != nil {
		return f, err
	}
	cast, err := voters(ctx, tx, v)
	if err != nil {
		return f, err
	}
	for person := range cast { // whoever left the body in the middle of its meeting took part as well
		if _, member := room.members[person]; !member {
			f.eligible++
		}
	}
	f.eligible += room.eligible(cast)
	f.present, f.filled, f.seats = room.present(), len(room.members), room.seats
	f.quorum, f.quorumNeeded = room.counted(), room.quorumNeeded()
	return f, nil
}

// voters are those whose ballots were cast.
func voters(ctx context.Context, tx *mutation.Tx, v *Vote) (map[uuid.UUID]bool, error) {
	var persons []uuid.UUID
	err := tx.NewSelect().Model((*Ballot)(nil)).Column("voter_id").Where("vote_id = ?", v.ID).Scan(ctx, &persons)
	cast := make(map[uuid.UUID]bool, len(persons))
	for _, p := range persons {
		cast[p] = true
	}
	return cast, err
}

// count counts ballots that lie open.
func count(ctx context.Context, tx *mutation.Tx, v *Vote) (t ballot.Tally, err error) {
	err = tx.NewSelect().Model((*Ballot)(nil)).Where("vote_id = ?", v.ID).
		ColumnExpr("count(*) FILTER (WHERE choice = 'FOR')").ColumnExpr("count(*) FILTER (WHERE choice = 'AGAINST')").
		ColumnExpr("count(*) FILTER (WHERE choice = 'ABSTAINED')").Scan(ctx, &t.For, &t.Against, &t.Abstained)
	return t, err
}

// unseal counts sealed ballots, and destroys them.
func unseal(ctx context.Context, tx *mutation.Tx, v *Vote, keys []string) (t ballot.Tally, err error) {
	var sealed []sealedBallot
	if err := tx.NewSelect().Model(&sealed).Where("?TableAlias.vote_id = ?", v.ID).Order("ballot_id").Scan(ctx); err != nil {
		return t, err
	}
	box := make([]ballot.Sealed, len(sealed))
	for i, b := range sealed {
		box[i] = ballot.Sealed{Place: (&Ballot{ID: b.BallotID, VoteID: v.ID}).place(), Content: b.Content}
	}
	switch t, err = ballot.Count(v.Box, keys, box); {
	case errors.Is(err, ballot.ErrFewKeys):
		return t, core.Invalid(core.Textf("Give %d tellers' keys.", "Укажите ключи счётчиков: нужно %d.", *v.TellersNeeded), "input", "tellerKeys")
	case errors.Is(err, ballot.ErrKey):
		return t, core.Invalid(core.T("One of these is no key of this vote. Check how it was written down; if the keys are lost, annul the vote.",
			"Один из ключей не от этого голосования. Проверьте запись; если ключи утрачены, отмените голосование."), "input", "tellerKeys")
	case errors.Is(err, ballot.ErrSeal):
		return t, core.Conflict(core.T("A ballot was changed after it was sealed. Annul the vote and hold it again.", "Бюллетень изменён после запечатывания. Отмените голосование и проведите его заново."), "input", "voteId")
	case err != nil:
		return t, err
	}
	return t, destroy(ctx, tx, v)
}

// destroy deletes a vote's sealed ballots. What the database keeps of deleted rows stays sealed.
func destroy(ctx context.Context, tx *mutation.Tx, v *Vote) error {
	_, err := tx.NewDelete().Model((*sealedBallot)(nil)).Where("vote_id = ?", v.ID).Exec(ctx)
	return err
}

// end freezes the result, and gives the vote's subject the state that follows.
func (s *Service) end(ctx context.Context, tx *mutation.Tx, meeting *meetings.Meeting, v *Vote, f found, byHands bool) error {
	before, now := v.facts(), tx.Now()
	v.ClosedAt = &now
	outcome := v.freeze(f, byHands)
	if err := mutation.Save(ctx, tx, v, v.Version, resultColumns...); err != nil {
		return err
	}
	change := core.Change{Kind: core.Ended, Type: "Vote", ID: v.ID, Before: before, After: v.facts(), Touched: v.touching(meeting)}
	if v.AmendmentID == nil {
		change.Notice = &core.Notice{Text: notices[outcome]}
	}
	tx.Changed(change)
	if v.AmendmentID != nil {
		a, err := lock[Amendment](ctx, tx, *v.AmendmentID)
		if err != nil {
			return err
		}
		return a.turn(ctx, tx, meeting, map[VoteOutcome]AmendmentState{Carried: AmendmentAdopted, NotCarried: AmendmentRejected, NoQuorum: AmendmentProposed}[outcome])
	}
	m, err := lock[Motion](ctx, tx, v.MotionID)
	if err != nil {
		return err
	}
	return m.turn(ctx, tx, meeting, map[VoteOutcome]MotionState{Carried: MotionAdopted, NotCarried: MotionRejected, NoQuorum: MotionOpen}[outcome])
}

// notices are what followers are told of a vote on a motion.
var notices = map[VoteOutcome]core.Text{
	Carried:    core.T("A motion was adopted.", "Предложение принято."),
	NotCarried: core.T("A motion was rejected.", "Предложение не принято."),
	NoQuorum:   core.T("A vote ended without a quorum: nothing was decided.", "Голосование завершилось без кворума: решение не принято."),
}

// AnnulVote breaks an open vote off, whether the meeting still goes on or not.
func (s *Service) AnnulVote(ctx context.Context, in AnnulVoteInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "annulVote", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		v, err := s.vote(ctx, tx, in.VoteID)
		if err != nil {
			return uuid.Nil, err
		}
		meeting, err := lock[meetings.Meeting](ctx, tx, v.MeetingID)
		if err != nil {
			return uuid.Nil, err
		}
		if v, err = lockOpen(ctx, tx, v.ID); err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		if words(&p, &in.Reason, longestReason, "reason"); p.Err() != nil {
			return uuid.Nil, p.Err()
		}
		return v.ID, s.annul(ctx, tx, meeting, v, in.Reason)
	})
}

func (s *Service) annul(ctx context.Context, tx *mutation.Tx, meeting *meetings.Meeting, v *Vote, reason string) error {
	if err := destroy(ctx, tx, v); err != nil {
		return err
	}
	if _, err := tx.NewDelete().Model((*Ballot)(nil)).Where("vote_id = ?", v.ID).Exec(ctx); err != nil {
		return err
	}
	before, now := v.facts(), tx.Now()
	v.State, v.ClosedAt, v.AnnulmentReason = VoteAnnulled, &now, &reason
	if err := mutation.Save(ctx, tx, v, v.Version, "state", "closed_at", "annulment_reason"); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Ended, Type: "Vote", ID: v.ID, Before: before, After: v.facts(), Reason: reason, Touched: v.touching(meeting)})
	if v.AmendmentID != nil {
		a, err := lock[Amendment](ctx, tx, *v.AmendmentID)
		if err != nil {
			return err
		}
		return a.turn(ctx, tx, meeting, AmendmentProposed)
	}
	m, err := lock[Motion](ctx, tx, v.MotionID)
	if err != nil {
		return err
	}
	return m.turn(ctx, tx, meeting, MotionOpen)
}
