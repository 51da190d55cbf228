package motions

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// ProposeAmendment moves a change of an open motion, in session.
func (s *Service) ProposeAmendment(ctx context.Context, in ProposeAmendmentInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "proposeAmendment", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.MotionID.Of("Motion", "input", "motionId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[Motion](ctx, s.reads, tx, mayMove, key, "input", "motionId"); err != nil {
			return uuid.Nil, err
		}
		mover, err := personOr(ctx, in.MoverID, "moverId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := mine[Motion](ctx, s, tx, mayMove, key, mover, "input", "motionId"); err != nil {
			return uuid.Nil, err
		}
		a := &Amendment{ID: core.NewID(), MotionID: key, MoverID: mover, Text: in.Text, State: AmendmentProposed, MovedAt: tx.Now(), Version: 1}
		return a.ID, s.propose(ctx, tx, a)
	})
}

// propose holds an amendment against its motion and meeting, and writes it.
func (s *Service) propose(ctx context.Context, tx *mutation.Tx, a *Amendment) error {
	meeting, motion, err := s.inSession(ctx, tx, a.MotionID)
	if err != nil {
		return err
	}
	if motion.State != MotionOpen {
		return core.Conflict(core.Textf("Amendments are moved to an open motion; this one is %s.", "Поправки вносят к открытому предложению; у этого состояние %s.", motion.State), "input", "motionId")
	}
	room, err := s.enter(ctx, tx, meeting)
	if err != nil {
		return err
	}
	if err := s.moves(ctx, tx, room, a.MoverID); err != nil {
		return err
	}
	var p core.Problems
	if words(&p, &a.Text, longestText, "text"); p.Err() != nil {
		return p.Err()
	}
	a.MeetingID = meeting.ID
	if err := insert(ctx, tx, a); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Created, Type: "Amendment", ID: a.ID, After: a.facts(), Touched: a.touching(meeting)})
	return nil
}

// WithdrawAmendment takes an amendment back before it is put to the vote.
func (s *Service) WithdrawAmendment(ctx context.Context, in WithdrawAmendmentInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "withdrawAmendment", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("Amendment", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[Amendment](ctx, s.reads, tx, mayMove, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		a, err := find[Amendment](ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		if err := mine[Amendment](ctx, s, tx, mayMove, key, a.MoverID, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		meeting, _, err := s.inSession(ctx, tx, a.MotionID)
		if err != nil {
			return uuid.Nil, err
		}
		if a, err = lock[Amendment](ctx, tx, key); err != nil {
			return uuid.Nil, err
		}
		if a.State != AmendmentProposed {
			return uuid.Nil, core.Conflict(core.T("The amendment is being voted on, or is decided: it cannot be taken back.", "Поправка голосуется или уже решена: отозвать её нельзя."), "input", "id")
		}
		before := a.facts()
		a.State = AmendmentWithdrawn
		if err := mutation.Save(ctx, tx, a, in.ExpectedVersion, "state"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "Amendment", ID: a.ID, Before: before, After: a.facts(), Touched: a.touching(meeting)})
		return a.ID, nil
	})
}
