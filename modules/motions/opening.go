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

// OpenVote puts a motion or an amendment to the vote. The keys of a secret vote are answered this once;
// what is kept under an Idempotency-Key is the vote's id alone.
func (s *Service) OpenVote(ctx context.Context, in OpenVoteInput) (*OpenedVotePayload, error) {
	var keys []string
	p, err := s.writer.Do(ctx, "openVote", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		v := &Vote{ID: core.NewID(), Manner: in.Manner, State: VoteOpen, OpenedAt: tx.Now(), Version: 1}
		meeting, motion, amendment, err := s.subject(ctx, tx, in.SubjectID)
		if err != nil {
			return uuid.Nil, err
		}
		question := ""
		v.MeetingID, v.MotionID = meeting.ID, motion.ID
		if amendment != nil {
			v.AmendmentID = &amendment.ID
			err = amendment.votable(motion)
		} else {
			question = motion.Question
			err = s.votable(ctx, tx, motion)
		}
		if err == nil {
			err = itemOpen(ctx, tx, motion.ItemID)
		}
		if err != nil {
			return uuid.Nil, err
		}
		room, err := s.enter(ctx, tx, meeting)
		if err != nil {
			return uuid.Nil, err
		}
		if amendment != nil {
			question = room.rules.Amendments
		}
		if err := v.prepare(room, question); err != nil {
			return uuid.Nil, err
		}
		if keys, err = v.lockUp(in); err != nil {
			return uuid.Nil, err
		}
		return v.ID, s.begin(ctx, tx, meeting, v, motion, amendment)
	})
	if err != nil {
		return nil, err
	}
	opened := &OpenedVotePayload{Payload: *p}
	if len(p.UserErrors) == 0 {
		opened.TellerKeys = keys
	}
	return opened, nil
}

// subject finds what is voted on, and locks its meeting, which must be in session, the motion and the
// amendment.
func (s *Service) subject(ctx context.Context, tx *mutation.Tx, id core.ID) (*meetings.Meeting, *Motion, *Amendment, error) {
	motion, amendment := id.Key, (*uuid.UUID)(nil)
	switch id.Type {
	case "Motion":
		if err := read.Require[Motion](ctx, s.reads, tx, mayRun, id.Key, "input", "subjectId"); err != nil {
			return nil, nil, nil, err
		}
	case "Amendment":
		if err := read.Require[Amendment](ctx, s.reads, tx, mayRun, id.Key, "input", "subjectId"); err != nil {
			return nil, nil, nil, err
		}
		a, err := find[Amendment](ctx, tx, id.Key)
		if err != nil {
			return nil, nil, nil, err
		}
		motion, amendment = a.MotionID, &a.ID
	default:
		return nil, nil, nil, core.Invalid(core.Textf("A motion's or an amendment's id is wanted here; this is the id of a %s.", "Нужен идентификатор предложения или поправки, а это идентификатор объекта %s.", id.Type), "input", "subjectId")
	}
	meeting, m, err := s.inSession(ctx, tx, motion)
	if err != nil || amendment == nil {
		return meeting, m, nil, err
	}
	a, err := lock[Amendment](ctx, tx, *amendment)
	return meeting, m, a, err
}

// votable refuses a motion that is not open, or has amendments that are not decided.
func (s *Service) votable(ctx context.Context, tx *mutation.Tx, m *Motion) error {
	if m.State != MotionOpen {
		return core.Conflict(core.Textf("Only an open motion is put to the vote; this one is %s.", "На голосование ставят открытое предложение; у этого состояние %s.", m.State), "input", "subjectId")
	}
	var undecided int
	err := tx.NewSelect().Model((*Amendment)(nil)).ColumnExpr("count(*)").Where("motion_id = ?", m.ID).Where("state IN ('PROPOSED', 'VOTING')").Scan(ctx, &undecided)
	if err == nil && undecided > 0 {
		err = core.Conflict(core.Textf("%d amendments are not decided. Put them to the vote first, or withdraw them.", "Не решены поправки: %d. Сначала проголосуйте за них или отзовите.", undecided), "input", "subjectId")
	}
	return err
}

// votable refuses an amendment that is decided, or whose motion is.
func (a *Amendment) votable(m *Motion) error {
	if a.State != AmendmentProposed || m.State != MotionOpen {
		return core.Conflict(core.Textf("Only a proposed amendment to an open motion is put to the vote; these are %s and %s.", "На голосование ставят внесённую поправку к открытому предложению; здесь состояния %s и %s.", a.State, m.State), "input", "subjectId")
	}
	return nil
}

// prepare holds the vote against the body's charter and who is there, and notes what it needs.
func (v *Vote) prepare(r *room, question string) error {
	if !r.rules.allows(v.Manner) {
		return core.Invalid(core.Textf("The body's charter does not allow this manner of voting. It allows: %v.", "Устав органа не допускает такого способа голосования. Допустимы: %v.", r.rules.Manners), "input", "manner")
	}
	majority, ok := r.rules.majority(question)
	if !ok {
		return core.Conflict(core.Textf("The body's charter knows the kind of question %q no more. Withdraw the motion and put it anew.", "В уставе органа больше нет вида вопросов %q. Отзовите предложение и внесите его заново.", question), "input", "subjectId")
	}
	v.MajorityNumerator, v.MajorityDenominator, v.MajorityStrict, v.MajorityOf = majority.Numerator, majority.Denominator, majority.Strict, majority.Of
	v.QuorumAtOpening, v.QuorumNeeded = r.counted(), r.quorumNeeded()
	if v.QuorumAtOpening < v.QuorumNeeded {
		return core.Conflict(core.Textf("There is no quorum: %d are counted, %d are needed. Note who has come, or wait.", "Нет кворума: учтено %d, нужно %d. Отметьте пришедших или подождите.", v.QuorumAtOpening, v.QuorumNeeded), "input", "subjectId")
	}
	return nil
}

// lockUp makes the box of a secret vote, and answers its keys.
func (v *Vote) lockUp(in OpenVoteInput) (keys []string, err error) {
	var p core.Problems
	if v.Manner != Secret {
		p.Check(in.Tellers == 1, core.T("Only a secret vote has tellers' keys.", "Ключи есть только у тайного голосования."), "input", "tellers")
		p.Check(in.TellersNeeded == 1, core.T("Only a secret vote has tellers' keys.", "Ключи есть только у тайного голосования."), "input", "tellersNeeded")
		return nil, p.Err()
	}
	p.Check(in.Tellers >= 1 && in.Tellers <= ballot.MaxTellers, core.Textf("From 1 to %d keys.", "От 1 до %d ключей.", ballot.MaxTellers), "input", "tellers")
	p.Check(in.TellersNeeded >= 1 && in.TellersNeeded <= in.Tellers, core.T("At least 1, and no more than there are tellers.", "Не меньше 1 и не больше числа ключей."), "input", "tellersNeeded")
	if err := p.Err(); err != nil {
		return nil, err
	}
	v.TellersNeeded = &in.TellersNeeded
	v.Box, keys, err = ballot.NewBox(in.TellersNeeded, in.Tellers)
	return keys, err
}

// begin writes the vote, and that its subject is voted on.
func (s *Service) begin(ctx context.Context, tx *mutation.Tx, meeting *meetings.Meeting, v *Vote, motion *Motion, amendment *Amendment) error {
	if err := insert(ctx, tx, v); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Created, Type: "Vote", ID: v.ID, After: v.facts(), Touched: v.touching(meeting)})
	if amendment != nil {
		return amendment.turn(ctx, tx, meeting, AmendmentVoting)
	}
	return motion.turn(ctx, tx, meeting, MotionVoting)
}

// turn brings a motion into another state by a vote.
func (m *Motion) turn(ctx context.Context, tx *mutation.Tx, meeting *meetings.Meeting, to MotionState) error {
	before, now := m.facts(), tx.Now()
	if m.State = to; to == MotionAdopted || to == MotionRejected {
		m.DecidedAt = &now
	}
	if err := mutation.Save(ctx, tx, m, m.Version, "state", "decided_at"); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Updated, Type: "Motion", ID: m.ID, Before: before, After: m.facts(), Touched: touching(meeting)})
	return nil
}

// turn brings an amendment into another state by a vote.
func (a *Amendment) turn(ctx context.Context, tx *mutation.Tx, meeting *meetings.Meeting, to AmendmentState) error {
	before := a.facts()
	a.State = to
	if err := mutation.Save(ctx, tx, a, a.Version, "state"); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Updated, Type: "Amendment", ID: a.ID, Before: before, After: a.facts(), Touched: a.touching(meeting)})
	return nil
}

// lockVote finds a vote for who runs it. Whoever calls it has locked the meeting before.
func lockVote(ctx context.Context, tx *mutation.Tx, key uuid.UUID) (*Vote, error) {
	v := new(Vote)
	err := tx.NewSelect().Model(v).Where("?TableAlias.id = ?", key).For("UPDATE").Scan(ctx)
	if postgres.NoRows(err) {
		err = core.ErrNotFound
	}
	return v, err
}
